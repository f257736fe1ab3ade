//! Two tracks side by side: their longest common subsequence.
//!
//! Invariant: as many requests as possible are found on both sides, none out of order.

use super::line::Line;

/// One step of an alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side<'a> {
    /// The same request on both sides.
    Both,
    /// The model did not do this.
    Recorded(&'a Line),
    /// Kafka did not do this.
    Modelled(&'a Line),
}

/// Aligns what was recorded with what the model did.
pub fn align<'a>(recorded: &'a [Line], modelled: &'a [Line]) -> Vec<Side<'a>> {
    let lengths = lengths(recorded, modelled);
    let width = modelled.len() + 1;
    let (mut i, mut j) = (0, 0);
    let mut sides = Vec::new();
    while i < recorded.len() || j < modelled.len() {
        let both = i < recorded.len() && j < modelled.len();
        if both && recorded[i].is_like(&modelled[j]) {
            sides.push(Side::Both);
            (i, j) = (i + 1, j + 1);
        } else if j == modelled.len()
            || both && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]
        {
            sides.push(Side::Recorded(&recorded[i]));
            i += 1;
        } else {
            sides.push(Side::Modelled(&modelled[j]));
            j += 1;
        }
    }
    sides
}

/// For each pair of suffixes, the length of their longest common subsequence.
fn lengths(recorded: &[Line], modelled: &[Line]) -> Vec<u32> {
    let width = modelled.len() + 1;
    let mut lengths = vec![0; (recorded.len() + 1) * width];
    for i in (0..recorded.len()).rev() {
        for j in (0..modelled.len()).rev() {
            lengths[i * width + j] = if recorded[i].is_like(&modelled[j]) {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    lengths
}
