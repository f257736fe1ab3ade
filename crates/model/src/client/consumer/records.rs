//! One partition's part of a FETCH answer, record by record (`CompletedFetch`).
//!
//! Invariant: records come out in offset order; control records and those of aborted transactions never do, though the
//! position passes them.

use super::subscription::Partition;
use crate::api::response::FetchedPartition;
use crate::ids::{LeaderEpoch, Offset, ProducerId, RecordId, TopicPartition};
use crate::log::Batch;
use crate::log::batch::ControlType;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// A record handed to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Handed {
    pub record: RecordId,
    pub tp: TopicPartition,
    pub offset: Offset,
    pub epoch: LeaderEpoch,
}

/// A partition's answer that is not used up yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CompletedFetch {
    pub partition: Partition,
    /// What was asked for.
    pub fetch_offset: Offset,
    /// What comes next.
    pub next_offset: Offset,
    /// Epoch of the last batch that was entered.
    pub last_epoch: Option<LeaderEpoch>,
    pub answer: FetchedPartition,
    read_committed: bool,
    aborted: BTreeSet<ProducerId>,
    /// The batch being read, and whether it was entered.
    batch: u32,
    entered: bool,
}

impl CompletedFetch {
    /// Nothing used up yet.
    pub fn new(
        partition: Partition,
        fetch_offset: Offset,
        answer: FetchedPartition,
        read_committed: bool,
    ) -> Self {
        Self {
            partition,
            fetch_offset,
            next_offset: fetch_offset,
            last_epoch: None,
            answer,
            read_committed,
            aborted: BTreeSet::new(),
            batch: 0,
            entered: false,
        }
    }

    /// Up to `limit` more records (`CompletedFetch.fetchRecords`).
    pub fn take(&mut self, limit: usize) -> Vec<Handed> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(batch) = self.answer.batches.get(self.batch as usize).cloned() else { break };
            if !core::mem::replace(&mut self.entered, true) {
                self.enter(&batch);
            }
            if self.is_visible(&batch) {
                self.take_from(&batch, limit, &mut taken);
                if taken.len() == limit && self.next_offset <= batch.last_offset() {
                    break;
                }
            }
            self.next_offset = self.next_offset.max(batch.next_offset());
            self.batch += 1;
            self.entered = false;
        }
        taken
    }

    /// Whether every batch has been passed.
    pub fn is_used_up(&self) -> bool {
        self.batch as usize >= self.answer.batches.len()
    }

    fn enter(&mut self, batch: &Batch) {
        self.last_epoch = Some(batch.leader_epoch);
        let last = batch.last_offset();
        let begun = self.answer.aborted_transactions.iter().filter(|(_, first)| *first <= last);
        self.aborted.extend(begun.map(|(producer, _)| *producer));
        self.answer.aborted_transactions.retain(|(_, first)| *first > last);
        if batch.control == Some(ControlType::Abort) {
            self.aborted.remove(&batch.producer_id);
        }
    }

    fn is_visible(&self, batch: &Batch) -> bool {
        let aborted =
            self.read_committed && batch.transactional && self.aborted.contains(&batch.producer_id);
        batch.control.is_none() && !aborted
    }

    fn take_from(&mut self, batch: &Batch, limit: usize, taken: &mut Vec<Handed>) {
        for record in batch.records.iter() {
            let offset = batch.offset_of(record);
            if offset < self.next_offset {
                continue;
            }
            if taken.len() == limit {
                return;
            }
            let (tp, epoch) = (self.answer.tp, batch.leader_epoch);
            taken.push(Handed { record: record.id, tp, offset, epoch });
            self.next_offset = offset + 1;
        }
    }
}
