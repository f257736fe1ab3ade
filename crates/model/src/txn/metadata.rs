//! What a coordinator knows of one transactional id (`TransactionMetadata`, `TxnTransitMetadata`).
//!
//! A change is prepared, written to the log as a [`Transit`], and completed once that is durable. Invariant: at most one
//! change is pending, and nothing of it shows before it is completed.

use super::state::TxnState;
use crate::api::ErrorCode;
use crate::ids::{EpochMs, Name, ProducerEpoch, ProducerId};
use kafkascope_kernel::FlatSet;

/// A partition as transactions name it.
pub type Partition = (Name, i32);

/// Epochs end one below the largest: the last one is for the fence.
const LAST_EPOCH: ProducerEpoch = ProducerEpoch::MAX - 1;

/// One transactional id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// Its name.
    pub transactional_id: Name,
    /// Its producer.
    pub producer_id: ProducerId,
    /// The producer before the last change; -1 none.
    pub previous_producer_id: ProducerId,
    /// The producer after a completion that uses epochs up; -1 none.
    pub next_producer_id: ProducerId,
    /// Its producer's epoch; -1 before the first INIT_PRODUCER_ID is written.
    pub producer_epoch: ProducerEpoch,
    /// The epoch before, as far as retries go; -1 none.
    pub last_producer_epoch: ProducerEpoch,
    /// `transaction.timeout.ms` of its producer.
    pub timeout_ms: i32,
    /// Where it stands.
    pub state: TxnState,
    /// What is being written.
    pub pending: Option<TxnState>,
    /// Partitions that take part.
    pub partitions: FlatSet<Partition>,
    /// When the first of them joined; -1 none.
    pub started_at: EpochMs,
    /// When it last changed.
    pub updated_at: EpochMs,
    /// Whether its producer has its epoch bumped with every transaction (`transaction.version` 2).
    pub epoch_bumps: bool,
    /// A fence was decided and could not be written: the epoch it took is not taken again.
    pub has_failed_epoch_fence: bool,
}

/// A change of a transactional id, as its record has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named as in `Transaction`")]
pub struct Transit {
    pub producer_id: ProducerId,
    pub previous_producer_id: ProducerId,
    pub next_producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub last_producer_epoch: ProducerEpoch,
    pub timeout_ms: i32,
    pub state: TxnState,
    pub partitions: FlatSet<Partition>,
    pub started_at: EpochMs,
    pub updated_at: EpochMs,
    pub epoch_bumps: bool,
}

impl Transaction {
    /// A transactional id that nobody has used yet.
    pub const fn new(
        transactional_id: Name,
        producer_id: ProducerId,
        timeout_ms: i32,
        now: EpochMs,
    ) -> Self {
        Self {
            transactional_id,
            producer_id,
            previous_producer_id: -1,
            next_producer_id: -1,
            producer_epoch: -1,
            last_producer_epoch: -1,
            timeout_ms,
            state: TxnState::Empty,
            pending: None,
            partitions: FlatSet::new(),
            started_at: -1,
            updated_at: now,
            epoch_bumps: false,
            has_failed_epoch_fence: false,
        }
    }

    /// As a record left it.
    pub fn loaded(transactional_id: Name, stored: Transit) -> Self {
        let mut loaded =
            Self::new(transactional_id, stored.producer_id, stored.timeout_ms, stored.updated_at);
        loaded.take(stored);
        loaded
    }

    /// Whether no further epoch may be given to a client.
    pub const fn is_epoch_exhausted(&self) -> bool {
        is_exhausted(self.producer_epoch)
    }

    /// Whether it is open for longer than its producer allowed.
    pub const fn has_timed_out(&self, now: EpochMs) -> bool {
        matches!(self.state, TxnState::Ongoing)
            && self.pending.is_none()
            && self.started_at + (self.timeout_ms as i64) < now
    }

    /// The next epoch for a producer that initialises; `expected` is the epoch it has, if it has one (KIP-360).
    pub fn prepare_next_epoch(
        &mut self,
        timeout_ms: i32,
        expected: Option<ProducerEpoch>,
        now: EpochMs,
    ) -> Result<Transit, ErrorCode> {
        let bumped = self.producer_epoch + 1;
        let (epoch, last) = match expected {
            None => (bumped, -1),
            Some(expected) if self.producer_epoch == -1 || expected == self.producer_epoch => {
                (bumped, self.producer_epoch)
            }
            Some(expected) if expected == self.last_producer_epoch => {
                (self.producer_epoch, self.last_producer_epoch)
            }
            Some(_) => return Err(ErrorCode::ProducerFenced),
        };
        Ok(self.prepare_empty(self.producer_id, (epoch, last), timeout_ms, now))
    }

    /// A new producer id, since the epochs of the old one are used up.
    pub fn prepare_new_producer_id(
        &mut self,
        producer_id: ProducerId,
        timeout_ms: i32,
        keep_last: bool,
        now: EpochMs,
    ) -> Transit {
        let last = if keep_last { self.producer_epoch } else { -1 };
        self.prepare_empty(producer_id, (0, last), timeout_ms, now)
    }

    /// More partitions take part.
    pub fn prepare_add(&mut self, partitions: &[Partition], now: EpochMs) -> Transit {
        let mut transit = self.prepare(TxnState::Ongoing, now);
        if self.state != TxnState::Ongoing {
            transit.started_at = now;
        }
        transit.partitions.extend(partitions.iter().cloned());
        transit
    }

    /// The fence: the epoch that its producer will not have. It is not written by itself; the abort that follows is.
    pub fn prepare_fence(&mut self) -> ProducerEpoch {
        assert!(self.pending.is_none() && self.state == TxnState::Ongoing, "an open one is fenced");
        self.pending = Some(TxnState::PrepareEpochFence);
        self.producer_epoch + ProducerEpoch::from(!self.has_failed_epoch_fence)
    }

    /// The outcome is decided. With `bump` the epoch rises, and `next` is the producer to come if that was the last one.
    pub fn prepare_end(
        &mut self,
        commit: bool,
        bump: bool,
        next: ProducerId,
        now: EpochMs,
    ) -> Transit {
        let state = if commit { TxnState::PrepareCommit } else { TxnState::PrepareAbort };
        let empty = self.state != TxnState::Ongoing;
        let mut transit = self.prepare(state, now);
        if empty {
            transit.started_at = now;
        }
        transit.next_producer_id = next;
        if bump {
            transit.epoch_bumps = true;
            transit.last_producer_epoch = self.producer_epoch;
            transit.producer_epoch = self.producer_epoch + 1;
        }
        transit
    }

    /// Every partition knows the outcome.
    pub fn prepare_complete(&mut self, now: EpochMs) -> Transit {
        let commit = self.state == TxnState::PrepareCommit;
        self.has_failed_epoch_fence = false;
        let state = if commit { TxnState::CompleteCommit } else { TxnState::CompleteAbort };
        let mut transit = self.prepare(state, now);
        transit.partitions.clear();
        transit.next_producer_id = -1;
        if self.epoch_bumps && self.next_producer_id >= 0 {
            transit.producer_id = self.next_producer_id;
            transit.producer_epoch = 0;
        }
        transit
    }

    /// What was prepared is durable.
    pub fn complete(&mut self, transit: Transit) {
        assert!(self.pending == Some(transit.state), "what is completed was prepared");
        self.take(transit);
    }

    fn take(&mut self, transit: Transit) {
        self.producer_id = transit.producer_id;
        self.previous_producer_id = transit.previous_producer_id;
        self.next_producer_id = transit.next_producer_id;
        self.producer_epoch = transit.producer_epoch;
        self.last_producer_epoch = transit.last_producer_epoch;
        self.timeout_ms = transit.timeout_ms;
        self.state = transit.state;
        self.partitions = transit.partitions;
        self.started_at = transit.started_at;
        self.updated_at = transit.updated_at;
        self.epoch_bumps = transit.epoch_bumps;
        self.pending = None;
    }

    fn prepare_empty(
        &mut self,
        producer_id: ProducerId,
        (epoch, last): (ProducerEpoch, ProducerEpoch),
        timeout_ms: i32,
        now: EpochMs,
    ) -> Transit {
        let mut transit = self.prepare(TxnState::Empty, now);
        transit.producer_id = producer_id;
        transit.producer_epoch = epoch;
        transit.last_producer_epoch = last;
        transit.timeout_ms = timeout_ms;
        transit.partitions.clear();
        transit.started_at = -1;
        transit
    }

    /// The same in another state.
    fn prepare(&mut self, state: TxnState, now: EpochMs) -> Transit {
        assert!(self.pending.is_none(), "one change at a time");
        assert!(state.valid_previous().contains(&self.state), "{:?} to {state:?}", self.state);
        self.pending = Some(state);
        Transit {
            producer_id: self.producer_id,
            previous_producer_id: self.producer_id,
            next_producer_id: self.next_producer_id,
            producer_epoch: self.producer_epoch,
            last_producer_epoch: self.last_producer_epoch,
            timeout_ms: self.timeout_ms,
            state,
            partitions: self.partitions.clone(),
            started_at: self.started_at,
            updated_at: now,
            epoch_bumps: self.epoch_bumps,
        }
    }
}

/// Whether no epoch may follow this one.
pub const fn is_exhausted(epoch: ProducerEpoch) -> bool {
    epoch >= LAST_EPOCH
}
