//! The life of one record as a waterfall of stages.
//!
//! Invariant: stages stand in the order of a record's way; a stage that was reached has its moment.

use super::{Face, Text, Tone};
use crate::ui::Question;
use kafkascope_kernel::SimTime;
use kafkascope_model::ids::RecordId;

/// A record's life.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordVm {
    /// Its identity.
    pub record: RecordId,
    /// Its face.
    pub face: Face,
    /// "Alice · trip requested".
    pub title: Text,
    /// "trips-0 @ 131".
    pub place: Text,
    /// Which producer sent it, and with which acks.
    pub sender: Text,
    /// Its stages.
    pub stages: Vec<StageVm>,
    /// What became of it, if something did: "acknowledged, then lost".
    pub verdict: Option<VerdictVm>,
    /// What one can ask.
    pub question: Option<Question>,
    /// Whether it is followed.
    pub followed: bool,
}

/// One stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageVm {
    /// Which.
    pub kind: StageKind,
    /// "in flight to broker 1".
    pub name: Text,
    /// When it was reached.
    pub at: Option<SimTime>,
    /// `7.481 902`; empty if it was not reached.
    pub time: Text,
    /// Whether it was.
    pub state: StageState,
    /// Its bar in the waterfall: from where to where, 0 to 1 of the record's life so far.
    pub bar: (f32, f32),
    /// The fact it was reached by, as its sequence number.
    pub seq: Option<u64>,
}

/// Which stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "what they are")]
pub enum StageKind {
    Sent,
    Batched,
    InFlight,
    Appended,
    Replicated,
    Acknowledged,
    Visible,
    Delivered,
    Processed,
    Committed,
}

/// Whether a stage was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "what they are")]
pub enum StageState {
    Done,
    Current,
    Ahead,
    /// It went wrong here: refused, lost, cut off.
    Failed,
    /// It will not come: acks=0 has no acknowledgement.
    Skipped,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictVm {
    /// One sentence.
    pub text: Text,
    /// Its colour.
    pub tone: Tone,
}
