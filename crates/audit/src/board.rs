//! The board: what became of each property.
//!
//! Invariant: the first violation and the first excused one are kept, whatever comes later.

use crate::catalogue::{Id, Property};
use kafkascope_kernel::SimTime;

/// Something that should not be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When.
    pub at: SimTime,
    /// The number of the fact after which it was so.
    pub seq: u64,
    /// What, in one sentence.
    pub what: String,
    /// Why the property need not hold; none if it must.
    pub excuse: Option<&'static str>,
}

/// The state of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing happened that it speaks of.
    Unseen,
    /// It held each time.
    Holds,
    /// It did not hold, and need not: its condition is not met.
    Excused(Finding),
    /// It must hold and did not.
    Violated(Finding),
}

/// A property with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is promised.
    pub property: &'static Property,
    /// How often it was looked at.
    pub checks: u64,
    /// What came of it.
    pub verdict: Verdict,
}

/// Everything known so far.
#[derive(Clone, Debug)]
pub struct Board {
    rows: Vec<Row>,
    at: SimTime,
    seq: u64,
}

#[derive(Clone, Debug, Default)]
struct Row {
    checks: u64,
    excused: Option<Finding>,
    violated: Option<Finding>,
}

impl Board {
    pub fn new() -> Self {
        Self { rows: vec![Row::default(); Id::ALL.len()], at: SimTime::ZERO, seq: 0 }
    }

    /// The moment that the next checks are about.
    pub const fn set_moment(&mut self, at: SimTime, seq: u64) {
        (self.at, self.seq) = (at, seq);
    }

    /// A property that must hold is looked at.
    pub fn check(&mut self, id: Id, holds: bool, what: impl FnOnce() -> String) {
        self.check_unless(id, None, holds, what);
    }

    /// A property is looked at that need not hold if there is an excuse.
    pub fn check_unless(
        &mut self,
        id: Id,
        excuse: Option<&'static str>,
        holds: bool,
        what: impl FnOnce() -> String,
    ) {
        let row = &mut self.rows[id as usize];
        row.checks += 1;
        if holds {
            return;
        }
        let slot = if excuse.is_some() { &mut row.excused } else { &mut row.violated };
        if slot.is_none() {
            *slot = Some(Finding { at: self.at, seq: self.seq, what: what(), excuse });
        }
    }

    /// Every property, in the order of the catalogue.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.rows.iter().zip(Id::ALL).map(|(row, id)| Line {
            property: id.property(),
            checks: row.checks,
            verdict: match (&row.violated, &row.excused) {
                (Some(finding), _) => Verdict::Violated(finding.clone()),
                (None, Some(finding)) => Verdict::Excused(finding.clone()),
                (None, None) if row.checks > 0 => Verdict::Holds,
                (None, None) => Verdict::Unseen,
            },
        })
    }

    /// Whether anything that must hold did not.
    pub fn is_violated(&self) -> bool {
        self.rows.iter().any(|row| row.violated.is_some())
    }
}
