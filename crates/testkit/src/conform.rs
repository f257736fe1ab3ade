//! One file of whatever kind, checked against the model.
//!
//! A file is known by what it holds, never by its name. Invariant: a file that nothing here understands is a [`Problem`].

use crate::golden::{self, GoldenRun};
use crate::problem::{Problem, json};
use crate::vectors;
use kafkascope_kernel::Seed;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether everything in it agreed.
    pub passed: bool,
    /// One line, and what differs below it.
    pub report: String,
}

/// Checks the text of a file; `seed` decides the chance in a played run.
pub fn check(text: &str, seed: Seed) -> Result<Checked, Problem> {
    let document = json(text)?;
    if GoldenRun::is(&document) {
        let run = GoldenRun::from_value(&document)?;
        let played = golden::play(&run, seed);
        return Ok(Checked { passed: played.passed(), report: golden::report(&run, &played) });
    }
    vectors::check(&document)
}
