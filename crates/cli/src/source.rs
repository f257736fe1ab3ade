//! Where a run comes from: a scenario, or a recording of a real Kafka.
//!
//! Told apart by what the file holds. Invariant: a source is read to the end and checked before anything runs.

use crate::trouble::{Trouble, read};
use kafkascope_testkit::golden::GoldenRun;
use kafkascope_testkit::problem::json;

/// A recording in a file.
pub fn recording(path: &str) -> Result<GoldenRun, Trouble> {
    let text = read(path)?;
    let told = |problem: kafkascope_testkit::problem::Problem| {
        Trouble::new(problem.in_file(path).to_string())
    };
    let document = json(&text).map_err(told)?;
    if !GoldenRun::is(&document) {
        return Err(Trouble::new(format!(
            "{path}: this JSON is no recording: one has `cluster` and `steps`"
        )));
    }
    GoldenRun::from_value(&document).map_err(told)
}
