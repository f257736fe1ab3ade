//! One producer in one log (`org.apache.kafka.storage.internals.log.ProducerStateEntry`).
//!
//! Invariant: the batches remembered are of the current epoch, the newest last.

use super::Terms;
use crate::api::ErrorCode;
use crate::ids::{EpochMs, Offset, ProducerEpoch};
use crate::log::Batch;
use crate::log::marker::EndMarker;

/// How many batches are remembered a producer (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
const RETAINED: usize = 5;

/// One producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerState {
    /// Its latest epoch.
    pub epoch: ProducerEpoch,
    /// Epoch of the coordinator that wrote its last marker; -1 none.
    pub coordinator_epoch: i32,
    /// Timestamp of its latest batch.
    pub last_timestamp: EpochMs,
    /// Where its open transaction begins.
    pub txn_first_offset: Option<Offset>,
    batches: [Option<BatchMetadata>; RETAINED],
}

/// What is kept of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchMetadata {
    /// First and last sequence number.
    pub sequences: (i32, i32),
    /// Offset of the first record.
    pub base_offset: Offset,
    /// Offset of the last record.
    pub last_offset: Offset,
    /// Timestamp as the log has it.
    pub timestamp: EpochMs,
}

impl ProducerState {
    /// A producer about whom nothing but this batch's epoch is known yet.
    pub(super) const fn new(batch: &Batch) -> Self {
        Self {
            epoch: batch.producer_epoch,
            coordinator_epoch: -1,
            last_timestamp: batch.max_timestamp,
            txn_first_offset: None,
            batches: [None; RETAINED],
        }
    }

    /// The last sequence number seen; -1 when no batch of this epoch is known.
    pub fn last_sequence(&self) -> i32 {
        self.last_batch().map_or(-1, |batch| batch.sequences.1)
    }

    /// The batches remembered, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &BatchMetadata> {
        self.batches.iter().flatten()
    }

    pub(super) fn last_batch(&self) -> Option<&BatchMetadata> {
        self.batches[RETAINED - 1].as_ref()
    }

    pub(super) fn duplicate_of(&self, batch: &Batch) -> Option<BatchMetadata> {
        if batch.producer_epoch != self.epoch {
            return None;
        }
        let sequences = sequences(batch);
        self.batches().find(|known| known.sequences == sequences).copied()
    }

    /// A batch of a new epoch begins at 0, any other where the last one ended.
    pub(super) fn check_sequence(&self, batch: &Batch) -> Result<(), ErrorCode> {
        let last = self.last_sequence();
        let expected =
            if batch.producer_epoch != self.epoch || last == i32::MAX { 0 } else { last + 1 };
        if batch.base_sequence == expected {
            Ok(())
        } else {
            Err(ErrorCode::OutOfOrderSequenceNumber)
        }
    }

    /// Under transaction version 2 a marker carries a higher epoch than the data; one that is equal can only be a marker that was
    /// written before (`ProducerAppendInfo.appendEndTxnMarker`).
    pub(super) fn check_marker(
        &self,
        batch: &Batch,
        marker: &EndMarker,
        terms: &Terms,
    ) -> Result<(), ErrorCode> {
        let must_rise = terms.transaction_version >= 2 && self.txn_first_offset.is_some();
        let stale =
            batch.producer_epoch < self.epoch || must_rise && batch.producer_epoch == self.epoch;
        if stale {
            Err(ErrorCode::InvalidProducerEpoch)
        } else if marker.coordinator_epoch < self.coordinator_epoch {
            Err(ErrorCode::TransactionCoordinatorFenced)
        } else {
            Ok(())
        }
    }

    /// Takes note of a data batch; where a transaction begins, if one does.
    pub(super) fn append(&mut self, batch: &Batch) -> Option<Offset> {
        self.take_epoch(batch);
        self.last_timestamp = batch.max_timestamp;
        self.batches.rotate_left(1);
        self.batches[RETAINED - 1] = Some(BatchMetadata {
            sequences: sequences(batch),
            base_offset: batch.base_offset,
            last_offset: batch.last_offset(),
            timestamp: batch.max_timestamp,
        });
        let begins = batch.transactional && self.txn_first_offset.is_none();
        begins.then(|| *self.txn_first_offset.insert(batch.base_offset))
    }

    /// Takes note of a marker; where the transaction that it ends began, if one was open.
    pub(super) fn end(&mut self, batch: &Batch, marker: &EndMarker) -> Option<Offset> {
        self.take_epoch(batch);
        self.last_timestamp = batch.max_timestamp;
        self.coordinator_epoch = marker.coordinator_epoch;
        self.txn_first_offset.take()
    }

    fn take_epoch(&mut self, batch: &Batch) {
        if batch.producer_epoch != self.epoch {
            self.epoch = batch.producer_epoch;
            self.batches = [None; RETAINED];
        }
    }
}

/// First and last sequence of a batch; they wrap at the largest integer.
fn sequences(batch: &Batch) -> (i32, i32) {
    if batch.base_sequence < 0 {
        return (-1, -1);
    }
    let last = i64::from(batch.base_sequence) + i64::from(batch.last_offset_delta);
    let wrapped = if last > i64::from(i32::MAX) { last - i64::from(i32::MAX) - 1 } else { last };
    (batch.base_sequence, wrapped as i32)
}
