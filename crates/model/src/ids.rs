//! Names and numbers by which things are known, as newtypes or Kafka's own integers.
//!
//! Invariant: ids are `Copy`, ordered and stable within a run; only [`Name`] owns memory, and shares it.

use alloc::sync::Arc;
use kafkascope_kernel::Shared;

/// A topic, group, client or config name; cloning shares it.
pub type Name = Arc<str>;
/// Raw bytes of a key, a value or a header; cloning shares them.
pub type Bytes = Shared<u8>;
/// A position in a partition's log.
pub type Offset = i64;
/// A partition's leader epoch.
pub type LeaderEpoch = i32;
/// A broker's registration epoch: the metadata offset of its registration record.
pub type BrokerEpoch = i64;
/// An idempotent or transactional producer's id; -1 is none.
pub type ProducerId = i64;
/// An idempotent or transactional producer's epoch; -1 is none.
pub type ProducerEpoch = i16;
/// Milliseconds since 1970 as records carry them; -1 is none.
pub type EpochMs = i64;
/// Which request a response answers, per connection.
pub type Correlation = i32;

/// A process: brokers use Kafka's `node.id` (1 and up), controllers too (100 and up), clients start at 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub i32);

/// A topic's identity; stands for Kafka's random topic uuid, so a recreated topic has a new one. 0 is the zero uuid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId(pub u32);

/// One partition of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicId,
    /// The partition's index, from 0.
    pub partition: i32,
}

/// A record's identity in the ledger, from `send()` to the last deletion. Kafka knows nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u64);

/// One message on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MsgId(pub u64);

impl NodeId {
    /// The first id given to a client.
    pub const FIRST_CLIENT: Self = Self(1_000);
    /// The first id given to a controller.
    pub const FIRST_CONTROLLER: Self = Self(100);
    /// Kafka's "no node".
    pub const NONE: Self = Self(-1);

    /// Whether this is a producer, a consumer or an admin client.
    pub const fn is_client(self) -> bool {
        self.0 >= Self::FIRST_CLIENT.0
    }

    /// Whether this is a controller.
    pub const fn is_controller(self) -> bool {
        self.0 >= Self::FIRST_CONTROLLER.0 && !self.is_client()
    }

    /// Whether this is a broker.
    pub const fn is_broker(self) -> bool {
        self.0 >= 0 && self.0 < Self::FIRST_CONTROLLER.0
    }
}

impl TopicId {
    /// The zero uuid: no topic.
    pub const ZERO: Self = Self(0);
}

impl TopicPartition {
    /// Shorthand.
    pub const fn new(topic: TopicId, partition: i32) -> Self {
        Self { topic, partition }
    }
}

impl RecordId {
    /// Written by the cluster itself (offset commits, markers): no application sent it.
    pub const INTERNAL: Self = Self(0);

    /// The `count`-th record (from 1) of a producer.
    pub const fn of(producer: NodeId, count: u32) -> Self {
        Self((producer.0 as u64) << 32 | count as u64)
    }

    /// The producer that sent it; none for internal records.
    pub const fn producer(self) -> Option<NodeId> {
        if self.0 == 0 { None } else { Some(NodeId((self.0 >> 32) as i32)) }
    }
}

impl core::fmt::Display for NodeId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.0)
    }
}
