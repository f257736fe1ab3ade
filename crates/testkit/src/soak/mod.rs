//! The soak: thousands of scripts that nobody wrote, each lived under the auditor and beside a reference model.
//!
//! A script is a scenario file: what fails is printed, shrunk, as a file that replays it. Invariant: a seed names a script for
//! ever, as long as the generator is not changed.

mod generate;
mod plan;
mod reference;
mod run;
mod shrink;

pub use generate::generate;
pub use plan::Plan;
pub use run::{Failure, Kind, Outcome, run};
pub use shrink::shrink;

use kafkascope_audit::{Id, Verdict};
use std::collections::BTreeMap;

/// What a soak has seen so far.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Scripts lived to their end.
    pub scripts: u64,
    /// Events handled in all of them.
    pub events: u64,
    /// Records acknowledged and read back.
    pub records: u64,
    /// Looks at each property, and scripts in which it was excused.
    pub properties: BTreeMap<Id, (u64, u64)>,
}

impl Report {
    /// Adds a script that ended well.
    pub fn add(&mut self, outcome: &Outcome) {
        self.scripts += 1;
        self.events += outcome.events;
        self.records += outcome.records;
        for line in &outcome.lines {
            let entry = self.properties.entry(line.property.id).or_default();
            entry.0 += line.checks;
            entry.1 += u64::from(matches!(line.verdict, Verdict::Excused(_)));
        }
    }

    /// All looks at all properties.
    pub fn checks(&self) -> u64 {
        self.properties.values().map(|(checks, _)| checks).sum()
    }
}
