//! A record batch, the unit in which producers send, logs store and fetches return (`DefaultRecordBatch`, magic 2).
//!
//! Invariant: records of a batch share one producer id, epoch and leader epoch, and their offsets rise within
//! `base_offset ..= last_offset()`.

use super::record::Record;
use super::sizes::Payload;
use crate::ids::{EpochMs, LeaderEpoch, Offset, ProducerEpoch, ProducerId};
use alloc::sync::Arc;

/// Who sets a record's timestamp (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimestampType {
    /// The producer.
    #[default]
    CreateTime,
    /// The leader, when it appends.
    LogAppendTime,
}

/// A batch's compression codec (attribute bits 0-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "Kafka's own names")]
pub enum Codec {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// What a control batch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControlType {
    /// The transaction was aborted.
    Abort,
    /// The transaction was committed.
    Commit,
    /// A new leader of the metadata quorum.
    LeaderChange,
}

/// A batch of records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    /// Offset of the first record; set by the leader.
    pub base_offset: Offset,
    /// Last record's offset less `base_offset`; survives compaction.
    pub last_offset_delta: i32,
    /// Epoch of the leader that appended it.
    pub leader_epoch: LeaderEpoch,
    /// -1 without idempotence.
    pub producer_id: ProducerId,
    /// -1 without idempotence.
    pub producer_epoch: ProducerEpoch,
    /// Sequence number of the first record; -1 without idempotence.
    pub base_sequence: i32,
    /// Latest timestamp in it.
    pub max_timestamp: EpochMs,
    /// How the timestamps came about.
    pub timestamp_type: TimestampType,
    /// How it is compressed.
    pub codec: Codec,
    /// Part of a transaction.
    pub transactional: bool,
    /// A marker instead of data.
    pub control: Option<ControlType>,
    /// When the cleaner may drop its tombstones, or the marker it is; -1 before a pass has set it.
    pub delete_horizon: EpochMs,
    /// Its CRC does not match what it holds.
    pub corrupt: bool,
    /// Bytes on the wire and on disk, header included.
    pub size_bytes: u32,
    /// What it carries; shared with every copy of the batch.
    pub records: Arc<[Record]>,
}

impl Codec {
    /// What is left of so many bytes: the model does not compress, it assumes what each codec makes of JSON-like text, header
    /// and trailer of its format included.
    pub const fn compressed(self, bytes: u32) -> u32 {
        let (frame, percent) = match self {
            Self::None => (0, 100),
            Self::Gzip => (20, 25),
            Self::Snappy => (20, 45),
            Self::Lz4 => (19, 45),
            Self::Zstd => (13, 25),
        };
        frame + (bytes as u64 * percent / 100) as u32
    }
}

impl Batch {
    /// Compresses it anew with another codec, or not at all.
    pub fn recompress(&mut self, codec: Codec) {
        self.codec = codec;
        self.size_bytes = super::sizes::BATCH_OVERHEAD + codec.compressed(self.records_size());
    }

    /// Offset of the last record.
    pub const fn last_offset(&self) -> Offset {
        self.base_offset + self.last_offset_delta as i64
    }

    /// Offset after the last record.
    pub const fn next_offset(&self) -> Offset {
        self.last_offset() + 1
    }

    /// Bytes of its records, uncompressed.
    pub fn records_size(&self) -> u32 {
        let first = self.records.first().map_or(-1, |record| record.timestamp);
        let base = if self.delete_horizon >= 0 { self.delete_horizon } else { first };
        let size = |record: &Record| {
            let payload = Payload {
                key: record.key.as_ref(),
                value: record.value.as_ref(),
                headers: record.headers.as_deref().unwrap_or(&[]),
            };
            payload.record_size(record.offset_delta.unsigned_abs(), record.timestamp - base)
        };
        self.records.iter().map(size).sum()
    }

    /// Sequence number of the last record, which wraps at the largest integer; -1 without idempotence.
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            return -1;
        }
        let last = self.base_sequence as i64 + self.last_offset_delta as i64;
        if last > i32::MAX as i64 { (last - i32::MAX as i64 - 1) as i32 } else { last as i32 }
    }

    /// Offset of a record of this batch.
    pub const fn offset_of(&self, record: &Record) -> Offset {
        self.base_offset + record.offset_delta as i64
    }
}
