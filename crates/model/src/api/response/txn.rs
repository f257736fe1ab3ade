//! Responses of transactions, field by field as Kafka names them.
//!
//! Invariant: partitions are named as the request named them, in its order.

use crate::api::ErrorCode;
use crate::ids::{EpochMs, Name, Offset, ProducerEpoch, ProducerId, TopicPartition};
use alloc::vec::Vec;

/// Topic, partition and verdict.
pub type PartitionErrors = Vec<(Name, i32, ErrorCode)>;

/// END_TXN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndTxn {
    /// The verdict.
    pub error: ErrorCode,
    /// The producer of the next transaction; -1 on an error.
    pub producer_id: ProducerId,
    /// Its epoch; -1 on an error.
    pub producer_epoch: ProducerEpoch,
}

/// One entry of a LIST_TRANSACTIONS answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedTransaction {
    /// Its name.
    pub transactional_id: Name,
    /// Its producer.
    pub producer_id: ProducerId,
    /// Kafka's name of its state.
    pub transaction_state: &'static str,
}

/// One partition of a DESCRIBE_PRODUCERS answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedProducers {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict.
    pub error: ErrorCode,
    /// Everyone that the log knows.
    pub active_producers: Vec<ActiveProducer>,
}

/// One producer of a DESCRIBE_PRODUCERS answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActiveProducer {
    /// Who.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// Its last sequence; -1 none.
    pub last_sequence: i32,
    /// Its last timestamp.
    pub last_timestamp: EpochMs,
    /// Epoch of the coordinator that wrote its last marker; -1 none.
    pub coordinator_epoch: i32,
    /// Where its open transaction begins; -1 none.
    pub current_txn_start_offset: Offset,
}
