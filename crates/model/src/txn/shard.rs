//! One partition of `__transaction_state` with its transactional ids (`TransactionStateManager`).
//!
//! Invariant: changes are appended in the order in which they were prepared, and completed in that order.

use super::TxnTimer;
use super::log::TxnLog;
use super::metadata::{Transaction, Transit};
use super::records;
use super::state::TxnState;
use crate::api::ErrorCode;
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::write::append_error;
use crate::ids::{Name, Offset};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// A partition of the transaction log that this broker leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// Which partition.
    pub partition: i32,
    /// This coordinator's epoch: the partition's leader epoch.
    pub epoch: i32,
    /// Whether it has been read to its end.
    pub is_loaded: bool,
    /// Transactional ids by name.
    pub transactions: FlatMap<Name, Transaction>,
    pending: VecDeque<PendingWrite>,
}

/// What follows a change that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// The producer has its identity; who waits for it.
    Init(Caller),
    /// Partitions take part; which request waits for it, and which of its transactions this is.
    Add(u32, u32),
    /// The outcome is decided; who waits for it, if it is not the coordinator itself.
    End(Option<Caller>),
    /// An open transaction is aborted so that its producer is fenced; who waits for that.
    Fence(Option<Caller>),
    /// Every partition knows the outcome.
    Complete,
    /// The id is forgotten.
    Expire,
}

/// A change that has been written, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of which id.
    pub id: Name,
    /// What was to be written; none for a tombstone.
    pub transit: Option<Transit>,
    /// What follows.
    pub done: Done,
    /// Whether it was, in a client's words.
    pub error: ErrorCode,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PendingWrite {
    until: Offset,
    deadline: SimTime,
    id: Name,
    transit: Option<Transit>,
    done: Done,
}

impl Shard {
    /// A partition that is still to be read.
    pub const fn loading(partition: i32, epoch: i32) -> Self {
        Self {
            partition,
            epoch,
            is_loaded: false,
            transactions: FlatMap::new(),
            pending: VecDeque::new(),
        }
    }

    /// Replays the log; the ids whose outcome is decided and not known everywhere.
    pub fn load(&mut self, log: &dyn TxnLog, cx: &mut Cx<'_>) -> Vec<Name> {
        for batch in log.batches(self.partition) {
            for record in batch.records.iter().filter(|_| batch.control.is_none()) {
                let key = record.key.as_deref().unwrap_or_default();
                match records::read(key, record.value.as_deref()) {
                    Some((id, Some(stored))) => {
                        self.transactions.insert(id.clone(), Transaction::loaded(id, stored));
                    }
                    Some((id, None)) => {
                        self.transactions.remove(&id);
                    }
                    None => {}
                }
            }
        }
        self.is_loaded = true;
        if !self.transactions.is_empty() {
            let transactions = self.transactions.len() as u32;
            cx.note(Fact::TxnCoordinatorLoaded { partition: self.partition, transactions });
        }
        let completing = self.transactions.values().filter(|txn| txn.state.is_completing());
        completing.map(|txn| txn.transactional_id.clone()).collect()
    }

    /// Appends a change; what became of those that are durable by then, or failed.
    pub fn store(
        &mut self,
        id: Name,
        transit: Option<Transit>,
        done: Done,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) -> Vec<Outcome> {
        let record = match &transit {
            Some(transit) => records::record(&id, transit),
            None => records::tombstone(&id),
        };
        match log.append(self.partition, vec![record], cx) {
            Err(error) => {
                vec![self.settle(id, transit, done, append_error(error), cx)]
            }
            Ok(until) => {
                let wait = Micros::from_config_ms(i64::from(log.config().request_timeout_ms));
                let deadline = cx.now + wait;
                self.pending.push_back(PendingWrite { until, deadline, id, transit, done });
                if self.pending.len() == 1 {
                    cx.arm(TxnTimer::Write(self.partition), wait);
                }
                self.on_high_watermark(log.high_watermark(self.partition), cx)
            }
        }
    }

    /// The high watermark moved: what it has passed is durable.
    pub fn on_high_watermark(&mut self, high_watermark: Offset, cx: &mut Cx<'_>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while self.pending.front().is_some_and(|write| write.until <= high_watermark) {
            let Some(write) = self.pending.pop_front() else { break };
            if self.pending.is_empty() {
                cx.disarm(TxnTimer::Write(self.partition));
            }
            let PendingWrite { id, transit, done, .. } = write;
            outcomes.push(self.settle(id, transit, done, ErrorCode::None, cx));
        }
        outcomes
    }

    /// Changes that were not replicated in time count as failed; their records may still be read after the next election.
    pub fn on_write_timer(&mut self, cx: &mut Cx<'_>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        while self.pending.front().is_some_and(|write| write.deadline <= cx.now) {
            let Some(PendingWrite { id, transit, done, .. }) = self.pending.pop_front() else {
                break;
            };
            let error = append_error(ErrorCode::RequestTimedOut);
            outcomes.push(self.settle(id, transit, done, error, cx));
        }
        if let Some(write) = self.pending.front() {
            cx.arm(TxnTimer::Write(self.partition), write.deadline.since(cx.now));
        }
        outcomes
    }

    /// This broker no longer leads the partition: who waits is told to look for the next coordinator.
    pub fn unload(mut self, cx: &mut Cx<'_>) -> Vec<Outcome> {
        cx.disarm(TxnTimer::Write(self.partition));
        cx.disarm(TxnTimer::Loaded(self.partition));
        let pending = core::mem::take(&mut self.pending);
        let lost = |write: PendingWrite| Outcome {
            id: write.id,
            transit: write.transit,
            done: write.done,
            error: ErrorCode::NotCoordinator,
        };
        pending.into_iter().map(lost).collect()
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, conn: ConnId) {
        for write in &mut self.pending {
            match &mut write.done {
                Done::Init(caller) | Done::End(Some(caller)) | Done::Fence(Some(caller)) => {
                    caller.gone(conn);
                }
                Done::End(None)
                | Done::Fence(None)
                | Done::Add(..)
                | Done::Complete
                | Done::Expire => {}
            }
        }
    }

    fn settle(
        &mut self,
        id: Name,
        transit: Option<Transit>,
        done: Done,
        error: ErrorCode,
        cx: &mut Cx<'_>,
    ) -> Outcome {
        if let Some(txn) = self.transactions.get_mut(&id) {
            if !error.is_ok() {
                txn.pending = None;
                txn.has_failed_epoch_fence |= matches!(done, Done::Fence(_));
            } else if let Some(transit) = transit.clone() {
                txn.complete(transit);
                note(txn, cx);
            } else {
                self.transactions.remove(&id);
            }
        }
        Outcome { id, transit, done, error }
    }
}

fn note(txn: &Transaction, cx: &mut Cx<'_>) {
    cx.note(Fact::TransactionMoved {
        transactional_id: txn.transactional_id.clone(),
        producer_id: txn.producer_id,
        epoch: txn.producer_epoch,
        state: txn.state,
        partitions: txn.partitions.len() as u32,
    });
}

/// Whether a transactional id has been of no use for so long that it may be forgotten.
pub fn is_forgettable(txn: &Transaction, before: crate::ids::EpochMs) -> bool {
    let idle = TxnState::Dead.valid_previous().contains(&txn.state);
    idle && txn.pending.is_none() && txn.updated_at <= before
}
