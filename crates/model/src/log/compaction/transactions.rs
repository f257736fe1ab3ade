//! Which transactions the cleaner is in the middle of (`CleanedTransactionMetadata`).
//!
//! A marker may go once nothing of its transaction is left. Invariant: batches are told in the order of their offsets.

use crate::ids::{Offset, ProducerId};
use crate::log::batch::ControlType;
use crate::log::{AbortedTxn, Batch};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Transactions seen on the way through a log.
#[derive(Debug, Default)]
pub(super) struct CleanedTransactions {
    /// Aborted ones still to come, the next one last.
    ahead: Vec<AbortedTxn>,
    /// Aborted ones whose marker is still to come, and whether a batch of theirs was seen.
    aborted: FlatMap<ProducerId, (AbortedTxn, bool)>,
    committed: FlatSet<ProducerId>,
}

/// What a marker leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// Nothing of its transaction is left: it may go.
    Idle,
    /// It still says something.
    Needed,
    /// It still says that this transaction was aborted.
    Aborts(ProducerId, Offset),
}

impl CleanedTransactions {
    /// Aborted transactions that touch `from..to` are to be expected.
    pub(super) fn add(&mut self, index: &[AbortedTxn], from: Offset, to: Offset) {
        let touching = |txn: &&AbortedTxn| txn.last_offset >= from && txn.first_offset < to;
        self.ahead.extend(index.iter().filter(touching).copied());
        self.ahead.sort_by_key(|txn| core::cmp::Reverse(txn.first_offset));
    }

    /// A data batch; whether it belongs to an aborted transaction.
    pub(super) fn on_data(&mut self, batch: &Batch) -> bool {
        self.advance(batch.last_offset());
        if !batch.transactional {
            return false;
        }
        if let Some((_, seen)) = self.aborted.get_mut(&batch.producer_id) {
            *seen = true;
            return true;
        }
        self.committed.insert(batch.producer_id);
        false
    }

    /// A control batch; whether it is still needed.
    pub(super) fn on_marker(&mut self, batch: &Batch) -> Marker {
        self.advance(batch.last_offset());
        if batch.records.is_empty() {
            return Marker::Idle;
        }
        match batch.control {
            Some(ControlType::Abort) => match self.aborted.remove(&batch.producer_id) {
                Some((txn, true)) => Marker::Aborts(txn.producer_id, txn.first_offset),
                Some((_, false)) | None => Marker::Idle,
            },
            Some(ControlType::Commit) if self.committed.remove(&batch.producer_id) => {
                Marker::Needed
            }
            Some(ControlType::Commit) => Marker::Idle,
            Some(ControlType::LeaderChange) | None => Marker::Needed,
        }
    }

    fn advance(&mut self, offset: Offset) {
        while let Some(txn) = self.ahead.pop_if(|txn| txn.first_offset <= offset) {
            self.aborted.entry(txn.producer_id).or_insert((txn, false));
        }
    }
}
