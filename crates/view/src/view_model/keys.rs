//! The legend of keys.
//!
//! Invariant: in order of first appearance, with the faces used everywhere.

use super::{Face, Text};

/// The legend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeysVm {
    /// The keys seen first.
    pub entries: Vec<KeyVm>,
    /// How many more there are.
    pub more: u32,
    /// How a key finds its partition: "murmur2(key) mod 3".
    pub rule: Text,
}

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyVm {
    /// Its face.
    pub face: Face,
    /// The key as text.
    pub name: Text,
    /// Where it goes: "trips-0"; empty with several topics.
    pub partition: Text,
}
