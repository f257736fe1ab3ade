//! Markers: control batches of one record that end a transaction in a partition (`EndTransactionMarker`).
//!
//! Invariant: a marker is transactional, has no sequence and is never shown to an application.

use super::batch::ControlType;
use super::{Batch, Codec, Record, TimestampType};
use crate::ids::{Bytes, EpochMs, ProducerEpoch, ProducerId, RecordId};
use alloc::sync::Arc;

/// Bytes of a marker: header, and a record with a key of 4 and a value of 6.
pub const MARKER_BYTES: u32 = 78;

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndMarker {
    /// Committed or aborted.
    pub control: ControlType,
    /// Leader epoch of the coordinator's partition of `__transaction_state`.
    pub coordinator_epoch: i32,
}

impl EndMarker {
    /// What a batch says, if it is a marker that still has its record.
    pub fn of(batch: &Batch) -> Option<Self> {
        let control = match batch.control? {
            control @ (ControlType::Abort | ControlType::Commit) => control,
            ControlType::LeaderChange => return None,
        };
        let value = batch.records.first()?.value.as_ref()?;
        let epoch = value.get(2..6)?.try_into().ok()?;
        Some(Self { control, coordinator_epoch: i32::from_be_bytes(epoch) })
    }

    /// The batch that says so.
    pub fn batch(self, id: ProducerId, epoch: ProducerEpoch, now: EpochMs) -> Batch {
        let kind: u8 = if self.control == ControlType::Commit { 1 } else { 0 };
        let mut value = [0; 6];
        value[2..].copy_from_slice(&self.coordinator_epoch.to_be_bytes());
        let record = Record {
            id: RecordId::INTERNAL,
            offset_delta: 0,
            timestamp: now,
            key: Some(Bytes::from([0, 0, 0, kind])),
            value: Some(Bytes::from(value)),
            headers: None,
        };
        Batch {
            base_offset: 0,
            last_offset_delta: 0,
            leader_epoch: -1,
            producer_id: id,
            producer_epoch: epoch,
            base_sequence: -1,
            max_timestamp: now,
            timestamp_type: TimestampType::CreateTime,
            codec: Codec::None,
            transactional: true,
            control: Some(self.control),
            delete_horizon: -1,
            corrupt: false,
            size_bytes: MARKER_BYTES,
            records: Arc::from([record]),
        }
    }
}
