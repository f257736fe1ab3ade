//! What just happened, in plain sentences.
//!
//! Invariant: newest last; a sentence is never told twice and never changes once told.

use super::{Text, Tone};
use crate::ui::Selection;
use kafkascope_kernel::SimTime;
use std::rc::Rc;

/// The last sentences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NarrationVm {
    /// Oldest first; the newest is the strongest.
    pub lines: Vec<Rc<SentenceVm>>,
    /// How many sentences were told before these.
    pub earlier: u32,
}

/// One sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct SentenceVm {
    /// The fact it tells, as its sequence number; with a summary, its last.
    pub seq: u64,
    /// When.
    pub at: SimTime,
    /// `16.520`.
    pub time: Text,
    /// The sentence, with a full stop.
    pub text: Text,
    /// How much it matters.
    pub tone: Tone,
    /// What to select when it is clicked.
    pub about: Selection,
}
