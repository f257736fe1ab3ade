//! How many cases of a file agree, and which do not.
//!
//! Invariant: a file without a single case never passes.

use crate::conform::Checked;
use crate::diff::Diff;
use serde_json::Value;
use std::fmt::Write;

/// How many failed cases are told in full.
const SHOWN: usize = 40;

/// Cases counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    cases: usize,
    failed: Vec<(String, Diff)>,
}

impl Tally {
    /// Counts a case: what Kafka answered, and what the model did.
    pub fn case(&mut self, name: impl Into<String>, expected: &Value, got: &Value) {
        self.cases += 1;
        let diff = Diff::between(expected, got, &[]);
        if !diff.is_empty() {
            self.failed.push((name.into(), diff));
        }
    }

    /// The verdict on the file.
    pub fn checked(&self, kind: &str) -> Checked {
        let passed = self.failed.is_empty() && self.cases > 0;
        let agreed = self.cases - self.failed.len();
        let mut report = if passed {
            format!("passed: {kind} ({agreed} cases)\n")
        } else {
            format!("failed: {kind} ({agreed} of {} cases agree)\n", self.cases)
        };
        for (name, diff) in self.failed.iter().take(SHOWN) {
            let _ = write!(report, "  {name}\n{diff}");
        }
        if self.failed.len() > SHOWN {
            let _ = writeln!(report, "  and {} more cases", self.failed.len() - SHOWN);
        }
        let failures = if passed { 0 } else { self.failed.len().max(1) };
        Checked { passed, passes: agreed, failures, report }
    }
}
