//! Requests of transactions, field by field as Kafka names them.
//!
//! Invariant: partitions are named, as they are in the transaction log.

use crate::ids::{LeaderEpoch, Name, Offset, ProducerEpoch, ProducerId, TopicPartition};
use alloc::vec::Vec;

/// ADD_PARTITIONS_TO_TXN, from a partition leader to the coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddPartitionsToTxn {
    /// One entry a transactional id.
    pub transactions: Vec<AddedPartitions>,
}

/// One transaction of an ADD_PARTITIONS_TO_TXN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddedPartitions {
    /// Whose.
    pub transactional_id: Name,
    /// The producer that sent to them.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// Only asks whether they take part.
    pub verify_only: bool,
    /// Which.
    pub partitions: Vec<(Name, i32)>,
}

/// END_TXN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndTxn {
    /// Whose.
    pub transactional_id: Name,
    /// The producer.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// Committed or aborted.
    pub committed: bool,
}

/// WRITE_TXN_MARKERS, from a coordinator to a partition leader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteTxnMarkers {
    /// One entry a transaction.
    pub markers: Vec<TxnMarker>,
}

/// One transaction of a WRITE_TXN_MARKERS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxnMarker {
    /// Whose transaction.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// Committed or aborted.
    pub committed: bool,
    /// Where markers go.
    pub partitions: Vec<(Name, i32)>,
    /// Leader epoch of the coordinator's partition.
    pub coordinator_epoch: i32,
    /// `transaction.version` of the transaction.
    pub transaction_version: u8,
}

/// TXN_OFFSET_COMMIT, to a group coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TxnOffsetCommit {
    /// Whose transaction.
    pub transactional_id: Name,
    /// `group.id`.
    pub group_id: Name,
    /// The producer.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// The consumer's generation, or -1.
    pub generation_id: i32,
    /// The consumer's member id, or empty.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
    /// Topic, partition, offset, leader epoch (-1 unknown).
    pub offsets: Vec<(Name, i32, Offset, LeaderEpoch)>,
}

/// DESCRIBE_PRODUCERS, to partition leaders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeProducers {
    /// Which.
    pub partitions: Vec<TopicPartition>,
}
