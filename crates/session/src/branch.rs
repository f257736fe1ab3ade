//! Futures that were left behind when the past was edited.
//!
//! Invariant: a branch can be run again from its script alone.

use crate::script::Script;
use kafkascope_kernel::SimTime;

/// A future that was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// What decides it.
    pub script: Script,
    /// Where it was left.
    pub forked_at: SimTime,
    /// How far it had run.
    pub head: SimTime,
}

/// How many left futures are kept; the oldest makes room.
pub(crate) const KEPT: u32 = 16;
