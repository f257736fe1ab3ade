//! What applications do with Kafka: which events a producer's application sends and when, how a consumer's application works.
//!
//! Plain data that scenarios fill in; the clients carry it out. Invariant: everything here is finite and decided before the run.

use crate::api::share::AckType;
use crate::command::GroupOffsets;
use crate::cx::Cx;
use crate::ids::{Bytes, EpochMs, Name, NodeId, Offset, RecordId, TopicPartition};
use crate::log::Header;
use crate::trace::Fact;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;
use kafkascope_kernel::Shared;

/// A record as an application hands it to `send()`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NewRecord {
    /// Null means keyless.
    pub key: Option<Bytes>,
    /// Null with a key is a tombstone.
    pub value: Option<Bytes>,
    /// A partition chosen by the application itself.
    pub partition: Option<i32>,
    /// A timestamp set by the application itself; otherwise the producer's clock.
    pub timestamp: Option<EpochMs>,
    /// Headers in order.
    pub headers: Option<Shared<Header>>,
}

/// A stream of events that a producer's application sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// Where they go.
    pub topic: Name,
    /// The events, in order; shared by every copy of the world.
    pub events: Arc<[NewRecord]>,
    /// Whether to begin again after the last.
    pub repeat: bool,
    /// Mean time between two events, or two bursts.
    pub every: Micros,
    /// How many events come at once; none is as good as one.
    pub burst: u32,
    /// Largest deviation from `every`, either way; drawn from the workload's own random stream.
    pub jitter: Micros,
    /// When the first event comes, counted from when the application starts.
    pub first_after: Micros,
}

/// How an application with a producer goes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerApp {
    /// Which client library it is built with; its configs are that library's.
    pub library: Library,
    /// A partitioner of its own: partitions by key. Other keys are hashed, keyless records take turns.
    pub partition_of: Option<Arc<[(Bytes, i32)]>>,
    /// How it groups what it sends into transactions.
    pub transactions: Option<TxnPlan>,
    /// Where what it makes of a consumer's records goes.
    pub writes_to: Option<Name>,
}

/// What the two halves of one application, its consumer and its producer, hand each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hand {
    /// The consumer is done with a batch: what the application made of it, and how far it read.
    Batch(Vec<NewRecord>, GroupOffsets),
    /// The transaction that answers the batch ended; whether it was committed.
    Ended(bool),
    /// The producer cannot go on.
    Failed,
}

/// A client library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Library {
    /// Kafka's own.
    #[default]
    Java,
    /// The C library under most others.
    Librdkafka,
}

/// How an application groups what it sends into transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnPlan {
    /// How many records a transaction has. Of one that answers a consumer's batch, the batch decides.
    pub records: u32,
    /// It aborts every so-manieth transaction, counted from 1; 0 none.
    pub abort_every: u32,
    /// It forgets to end this transaction, counted from 1, and sends nothing more; 0 none.
    pub hang_at: u32,
}

/// How a consumer's application works through what `poll()` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Processing {
    /// Work for each record.
    pub per_record: Micros,
    /// Time out of `poll()` besides, each round.
    pub per_poll: Micros,
    /// The argument of `poll()`.
    pub poll_timeout: Micros,
    /// How it commits.
    pub commits: CommitStrategy,
    /// What it does with a record that it cannot decode.
    pub on_poison: OnPoison,
    /// What each record makes it do to the world outside Kafka.
    pub effect: Option<SideEffect>,
}

/// What an application does outside Kafka when it is done with a record; no transaction of Kafka's takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SideEffect {
    /// What it does.
    pub kind: Outside,
    /// Whether whoever it asks knows topic, partition and offset of what was done already, and does nothing twice.
    pub knows_again: bool,
}

/// Something outside Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outside {
    /// A database gets a row.
    Row,
    /// A card is charged.
    Charge,
    /// A mail is sent.
    Mail,
}

impl Outside {
    /// One of them, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Row => "database row",
            Self::Charge => "card charge",
            Self::Mail => "mail",
        }
    }
}

/// How a consumer's application commits what it has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitStrategy {
    /// As the configs have it: by itself, or not at all.
    #[default]
    ByConfig,
    /// `commitSync` after each batch that `poll()` returned.
    SyncPerBatch,
    /// What was made of a batch is sent, and its offsets with it, in one transaction of this producer of the same application.
    InTransaction {
        /// The producer.
        producer: NodeId,
    },
    /// `commitSync` after each record.
    SyncPerRecord,
    /// `commitAsync` after each batch.
    AsyncPerBatch,
    /// Records go to workers in the background and `poll()` goes on; commits are as the configs have them.
    Background {
        /// How many records are worked on at once.
        workers: u8,
    },
    /// Records go to a pool of workers and finish out of order. With `careful`, only what lies before every unfinished record is
    /// committed; without, what lies before the furthest finished one.
    Pool {
        /// How many records are worked on at once.
        workers: u8,
        /// Whether unfinished records hold the commit back.
        careful: bool,
    },
}

/// What a consumer's application does with a record that it cannot decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnPoison {
    /// It can: values mean nothing to it.
    #[default]
    Harmless,
    /// `poll()` throws, again and again, and goes no further.
    Stuck,
    /// It goes on with the next one.
    Skip,
    /// It tries again and again, without calling `poll()` meanwhile.
    RetryInPlace,
    /// It sends a copy to `TOPIC.retry`, then goes on.
    RetryTopic,
    /// It sends a copy to `TOPIC.dlt`, then goes on.
    DeadLetter,
}

impl OnPoison {
    /// In a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harmless => "process it",
            Self::Stuck => "stand still",
            Self::Skip => "skip it",
            Self::RetryInPlace => "try again",
            Self::RetryTopic => "send it to the retry topic",
            Self::DeadLetter => "send it to the dead-letter topic",
        }
    }
}

impl Processing {
    /// The application is done with a record: what is to be told of that.
    pub(crate) fn done(
        &self,
        record: RecordId,
        (tp, offset): (TopicPartition, Offset),
        cx: &mut Cx<'_>,
    ) {
        if let Some(SideEffect { kind, knows_again }) = self.effect {
            cx.note(Fact::SideEffect { record, kind, knows_again });
        }
        cx.note(Fact::Processed { record, tp, offset });
    }
}

impl Default for Processing {
    fn default() -> Self {
        Self {
            per_record: Micros::ZERO,
            per_poll: Micros::ZERO,
            poll_timeout: Micros::from_ms(100),
            commits: CommitStrategy::ByConfig,
            on_poison: OnPoison::Harmless,
            effect: None,
        }
    }
}

/// What a share consumer's application says of the records it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Answers {
    /// Of most.
    pub usual: AckType,
    /// Of every so-manieth offset, counted from 1, and what it says of it.
    pub odd: Option<(u32, AckType)>,
}

impl Answers {
    /// What it says of the record at an offset.
    pub fn of(self, offset: Offset) -> AckType {
        match self.odd {
            Some((every, answer)) if (offset + 1) % i64::from(every.max(1)) == 0 => answer,
            Some(_) | None => self.usual,
        }
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self { usual: AckType::Accept, odd: None }
    }
}
