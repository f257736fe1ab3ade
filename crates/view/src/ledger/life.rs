//! One record's life.
//!
//! Invariant: lists are in order of time; a moment is set once.

use crate::picture::Moment;
use kafkascope_model::ids::{Bytes, LeaderEpoch, Name, NodeId, Offset, TopicPartition};
use kafkascope_model::workload::Outside;

/// Everything that happened to a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    /// Its topic.
    pub topic: Name0,
    /// Its key.
    pub key: Option<Bytes>,
    /// The key's place in the legend.
    pub key_index: Option<usize>,
    /// Its value.
    pub value: Option<Bytes>,
    /// `send()` was called.
    pub sent: Moment,
    /// It joined a batch.
    pub batched: Option<Moment>,
    /// Its partition, chosen with that.
    pub tp: Option<TopicPartition>,
    /// Whether the key chose it.
    pub by_key: bool,
    /// Requests that carried it.
    pub flights: Vec<Flight>,
    /// Appends by leaders.
    pub appends: Vec<Append>,
    /// Copies on followers.
    pub replicated: Vec<(NodeId, Moment)>,
    /// The leader's high watermark passed it.
    pub visible: Option<Moment>,
    /// The application was told of its success; -1 with acks=0.
    pub acked: Option<(Moment, Offset)>,
    /// The application was told of its failure.
    pub failed: Option<(Moment, &'static str)>,
    /// Its producer ended before it had left the buffer.
    pub never_left: Option<Moment>,
    /// Handed to applications.
    pub deliveries: Vec<Delivery>,
    /// Applications were done with it.
    pub processed: Vec<(NodeId, Moment)>,
    /// What was done outside Kafka because of it.
    pub effects: Vec<Effect>,
    /// Groups whose commit passed it.
    pub committed: Vec<(Name, Moment)>,
    /// It is not in the leader's log although it had been in a leader's.
    pub loss: Option<Loss>,
    /// It is in a log twice.
    pub duplicate: Option<Moment>,
    /// A later record of the same producer and partition was appended before it.
    pub reordered: Option<Moment>,
}

/// A name that may be empty.
pub type Name0 = Option<Name>;

/// A request that carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Flight {
    pub moment: Moment,
    pub leader: NodeId,
    pub attempt: u32,
}

/// An append by a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Append {
    pub moment: Moment,
    pub broker: NodeId,
    pub offset: Offset,
    pub epoch: LeaderEpoch,
}

/// Something that an application had done outside Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Effect {
    pub moment: Moment,
    pub consumer: NodeId,
    pub group: Option<Name>,
    pub kind: Outside,
    /// The group had it done for this record before.
    pub again: bool,
    /// Asked for again, and not done: it was known already.
    pub known: bool,
}

/// A hand-over to an application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Delivery {
    pub moment: Moment,
    pub consumer: NodeId,
    pub group: Option<Name>,
    pub offset: Offset,
    /// Whether this group had it before.
    pub again: bool,
}

/// How it was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The new leader without it began to lead; the loss is certain.
    pub moment: Moment,
    /// That leader.
    pub leader: NodeId,
    /// Where that leader's log ended then.
    pub log_end: Offset,
    /// The offset it had.
    pub offset: Offset,
    /// The broker that had appended it.
    pub had_it: NodeId,
}

/// What became of a record, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Its fate is open.
    Open,
    /// Acknowledged, and in the leader's log.
    Safe,
    /// Not acknowledged, and not in the leader's log; its producer may send it again.
    Dropped,
    /// Given up by its producer, or gone with the buffer of one that ended.
    Failed,
    /// Acknowledged, and lost.
    Lost,
    /// In the log more than once.
    Duplicated,
    /// Behind a later one.
    Reordered,
}

impl Life {
    /// Key present, value null.
    pub const fn is_tombstone(&self) -> bool {
        self.key.is_some() && self.value.is_none()
    }

    /// Acknowledged with an offset.
    pub fn is_acknowledged(&self) -> bool {
        self.acked.is_some_and(|(_, offset)| offset >= 0)
    }

    /// Where it is in the log: its last append.
    pub fn place(&self) -> Option<Append> {
        self.appends.last().copied()
    }

    /// What became of it.
    pub fn verdict(&self) -> Verdict {
        match (self.loss.is_some(), self.is_acknowledged()) {
            (true, true) => Verdict::Lost,
            (true, false) if self.failed.is_none() => Verdict::Dropped,
            _ if self.duplicate.is_some() => Verdict::Duplicated,
            _ if self.reordered.is_some() => Verdict::Reordered,
            _ if self.failed.is_some() || self.never_left.is_some() => Verdict::Failed,
            (false, true) => Verdict::Safe,
            (_, false) => Verdict::Open,
        }
    }
}
