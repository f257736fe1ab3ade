//! What became of all records so far.
//!
//! Invariant: the numbers are the ledger's own; a row with a question can be clicked.

use super::{Text, Tone};
use crate::ui::Question;

/// The ledger's counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerVm {
    /// The rows as they are shown.
    pub rows: Vec<CountVm>,
    /// Handed to `send()`.
    pub sent: u64,
    /// Acknowledged to the application.
    pub acknowledged: u64,
    /// Acknowledged, and in no log any more that could become the partition's.
    pub acknowledged_and_lost: u64,
    /// In the log more than once.
    pub duplicated: u64,
    /// Behind a later record of the same key.
    pub reordered: u64,
    /// Given up by the producer.
    pub failed: u64,
    /// Handed to an application of some group.
    pub delivered: u64,
    /// Handed to the same group more than once.
    pub delivered_again: u64,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct CountVm {
    /// "acknowledged and lost".
    pub label: Text,
    /// "0", "9.2 s".
    pub value: Text,
    /// Its colour.
    pub tone: Tone,
    /// What one can ask.
    pub question: Option<Question>,
}
