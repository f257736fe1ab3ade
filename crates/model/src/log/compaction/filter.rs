//! Which batches and records a pass keeps (`Cleaner.cleanInto`, `MemoryRecords.filterTo`).
//!
//! Invariant: what is kept of a batch has its offsets, sequence numbers and producer.

use super::offset_map::OffsetMap;
use super::transactions::{CleanedTransactions, Marker};
use crate::ids::{EpochMs, Offset, ProducerId};
use crate::log::producers::ProducerStates;
use crate::log::sizes::BATCH_OVERHEAD;
use crate::log::{Batch, Record};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One pass's rules.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) map: &'a OffsetMap,
    pub(super) now: EpochMs,
    pub(super) delete_retention_ms: i64,
    /// Where the cleaning round ends; the batch before it is kept even if it is empty.
    pub(super) round_end: Offset,
    pub(super) producers: &'a ProducerStates,
    pub(super) transactions: CleanedTransactions,
    /// Aborted transactions whose marker is still needed: producer and first offset.
    pub(super) kept: Vec<(ProducerId, Offset)>,
}

/// What a transaction says of a batch.
#[derive(Clone, Copy)]
struct Verdict {
    /// None of its records is needed.
    discard: bool,
    /// It is a marker that may go after a while.
    idle_marker: bool,
}

impl Filter<'_> {
    /// The offsets `from..to` come next, and with them what is left of these aborted transactions.
    pub(super) fn expect_aborted(&mut self, from: Offset, to: Offset) {
        self.transactions.add(self.producers.transactions().aborted(), from, to);
    }

    /// What stays of a batch.
    pub(super) fn apply(&mut self, batch: &Batch) -> Option<Batch> {
        let verdict = self.judge(batch);
        let retain_empty =
            self.producers.last_batch_is(batch) || batch.next_offset() == self.round_end;
        if verdict.discard && !retain_empty {
            return None;
        }
        let retained: Vec<Record> = if verdict.discard {
            Vec::new()
        } else {
            batch.records.iter().filter(|record| self.retains(batch, record)).cloned().collect()
        };
        if retained.is_empty() {
            return retain_empty.then(|| emptied(batch));
        }
        let tombstones = batch.control.is_none() && retained.iter().any(|r| r.value.is_none());
        let dies = (tombstones || verdict.idle_marker) && batch.delete_horizon < 0;
        if retained.len() == batch.records.len() && !dies {
            return Some(batch.clone());
        }
        let horizon = if dies {
            self.now.saturating_add(self.delete_retention_ms)
        } else {
            batch.delete_horizon
        };
        Some(rebuilt(batch, retained, horizon))
    }

    fn judge(&mut self, batch: &Batch) -> Verdict {
        if batch.control.is_none() {
            let discard = self.transactions.on_data(batch);
            return Verdict { discard, idle_marker: false };
        }
        let marker = self.transactions.on_marker(batch);
        if let Marker::Aborts(producer_id, first_offset) = marker {
            self.kept.push((producer_id, first_offset));
        }
        let idle = marker == Marker::Idle;
        let expired = batch.delete_horizon >= 0 && batch.delete_horizon <= self.now;
        Verdict { discard: idle && expired, idle_marker: idle }
    }

    fn retains(&self, batch: &Batch, record: &Record) -> bool {
        let offset = batch.offset_of(record);
        if batch.control.is_some() || self.map.is_beyond(offset) {
            return true;
        }
        let lives =
            record.value.is_some() || batch.delete_horizon < 0 || self.now < batch.delete_horizon;
        lives && self.map.is_newest(record, offset)
    }
}

/// Only the header stays, which tells offsets and sequence numbers.
fn emptied(batch: &Batch) -> Batch {
    Batch {
        records: Arc::default(),
        delete_horizon: -1,
        corrupt: false,
        size_bytes: BATCH_OVERHEAD,
        ..batch.clone()
    }
}

fn rebuilt(batch: &Batch, retained: Vec<Record>, delete_horizon: EpochMs) -> Batch {
    let was = batch.records_size();
    let latest = retained.iter().map(|record| record.timestamp).max();
    let mut rebuilt = Batch {
        max_timestamp: match batch.timestamp_type {
            crate::log::TimestampType::CreateTime => latest.unwrap_or(batch.max_timestamp),
            crate::log::TimestampType::LogAppendTime => batch.max_timestamp,
        },
        delete_horizon,
        corrupt: false,
        records: retained.into(),
        ..batch.clone()
    };
    // What compression saves, it saves in the same measure as before.
    let payload = u64::from(batch.size_bytes.saturating_sub(BATCH_OVERHEAD));
    let packed = u64::from(rebuilt.records_size()) * payload / u64::from(was.max(1));
    rebuilt.size_bytes = BATCH_OVERHEAD + packed as u32;
    rebuilt
}
