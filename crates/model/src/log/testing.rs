//! Small logs for tests.
//!
//! Invariant: a batch of tests has 100 bytes.

use super::{Batch, Codec, PartitionLog, Record, TimestampType};
use crate::config::topic::TopicConfig;
use crate::ids::{EpochMs, LeaderEpoch, RecordId};

/// A batch of `count` keyless records of one timestamp.
pub(crate) fn batch(count: i32, timestamp: EpochMs) -> Batch {
    let record = |offset_delta| Record {
        id: RecordId::INTERNAL,
        offset_delta,
        timestamp,
        key: None,
        value: None,
        headers: None,
    };
    Batch {
        base_offset: 0,
        last_offset_delta: count - 1,
        leader_epoch: -1,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        max_timestamp: timestamp,
        timestamp_type: TimestampType::CreateTime,
        codec: Codec::None,
        transactional: false,
        control: None,
        delete_horizon: -1,
        corrupt: false,
        size_bytes: 100,
        records: (0..count).map(record).collect(),
    }
}

/// A log of batches, each with this many records and this leader epoch.
pub(crate) fn log_of(batches: &[(i32, LeaderEpoch)]) -> PartitionLog {
    let mut log = PartitionLog::new(0);
    for (count, epoch) in batches {
        let appended = log.append_as_leader(batch(*count, 0), *epoch, 0, &TopicConfig::default());
        assert!(appended.is_ok());
    }
    log
}
