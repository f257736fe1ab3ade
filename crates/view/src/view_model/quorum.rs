//! The controllers, closely: what each voter is, and the metadata log as far as each of them has it.
//!
//! Invariant: every row says of every voter what it has there, in the order of the voters.

use super::log::KnownVm;
use super::{Text, Tone};
use crate::ui_command::UiCommand;
use kafkascope_model::ids::NodeId;

/// The quorum and its log.
#[derive(Clone, Debug, PartialEq)]
pub struct QuorumVm {
    /// "Controller 100 leads epoch 3; two of three voters decide".
    pub subtitle: Text,
    /// Whether somebody leads.
    pub tone: Tone,
    /// By id.
    pub voters: Vec<VoterVm>,
    /// From new to old.
    pub rows: Vec<MetadataRowVm>,
    /// Records before the last row that there was no room for.
    pub earlier: u64,
    /// How far each broker is.
    pub brokers: Vec<KnownVm>,
    /// What the rows mean now.
    pub says: Vec<Text>,
}

/// One voter.
#[derive(Clone, Debug, PartialEq)]
pub struct VoterVm {
    /// Which.
    pub id: NodeId,
    /// "Controller 100".
    pub name: Text,
    /// "leader", "follower", "candidate", "not running".
    pub role: Text,
    /// Its colour.
    pub tone: Tone,
    /// "epoch 3 · log ends at 124 · committed below 122".
    pub text: Text,
    /// Opens its inspector.
    pub wish: UiCommand,
    /// Whether it is selected.
    pub chosen: bool,
}

/// One record of the metadata log, or several that say nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRowVm {
    /// "124", or "101–123".
    pub offsets: Text,
    /// The epoch in which it was written.
    pub epoch: i32,
    /// Kafka's name of the record.
    pub kind: &'static str,
    /// What it says.
    pub text: Text,
    /// What each voter has.
    pub held: Vec<Held>,
}

/// What a voter has of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// It is not there.
    Nothing,
    /// Another record has its offset.
    Other,
    /// It is written, and not known to be committed.
    Written,
    /// It is known to be committed.
    Committed,
}

impl Held {
    /// As it is told.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Nothing => "not here yet",
            Self::Other => "another record is here",
            Self::Written => "written, not known to be committed",
            Self::Committed => "committed",
        }
    }
}
