//! What a log remembers of idempotent and transactional producers (`org.apache.kafka.storage.internals.log.ProducerStateManager`).
//!
//! Invariant: but for verifications, which live in the leader's memory, the state is a pure function of the log's batches, so
//! every replica that has them comes to the same verdict.

mod state;
#[cfg(test)]
mod tests;
mod verification;

use super::Batch;
use super::batch::ControlType;
use super::marker::EndMarker;
use super::transactions::{AbortedTxn, Transactions};
use crate::api::ErrorCode;
use crate::ids::{EpochMs, Offset, ProducerEpoch, ProducerId};
use kafkascope_kernel::FlatMap;
pub use state::{BatchMetadata, ProducerState};
pub use verification::{Guard, Verification};

/// All producers of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerStates {
    entries: FlatMap<ProducerId, ProducerState>,
    transactions: Transactions,
    verifications: FlatMap<ProducerId, Verification>,
    verifications_made: u32,
}

/// Where a batch comes from, which decides what is checked (`org.apache.kafka.storage.internals.log.AppendOrigin`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A producer.
    #[default]
    Client,
    /// A coordinator: markers and offsets have no sequences.
    Coordinator,
}

/// On what terms a leader is asked to append a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Where it comes from.
    pub origin: Origin,
    /// What proves that the transaction coordinator knows of it.
    pub guard: Guard,
    /// `transaction.version` of the coordinator that sends a marker.
    pub transaction_version: u8,
}

/// What to do with a batch that a leader was asked to append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Append it.
    New,
    /// It is there already.
    Duplicate(BatchMetadata),
    /// Refuse it.
    Refused(ErrorCode),
}

impl ProducerStates {
    /// Judges a batch (`UnifiedLog.analyzeAndValidateProducerState`, `ProducerAppendInfo`).
    pub fn check(&self, batch: &Batch, terms: &Terms) -> Verdict {
        if batch.producer_id < 0 {
            return Verdict::New;
        }
        let known = self.entries.get(&batch.producer_id);
        let from_client = terms.origin == Origin::Client;
        if from_client && let Some(found) = known.and_then(|state| state.duplicate_of(batch)) {
            return Verdict::Duplicate(found);
        }
        let verdict = if let Some(marker) = EndMarker::of(batch) {
            known.map_or(Ok(()), |state| state.check_marker(batch, &marker, terms))
        } else {
            self.check_data(batch, known, terms)
        };
        verdict.map_or_else(Verdict::Refused, |()| Verdict::New)
    }

    /// Takes note of an appended batch.
    pub fn update(&mut self, batch: &Batch) {
        if batch.producer_id < 0 {
            return;
        }
        let id = batch.producer_id;
        if batch.transactional && self.verifications.get(&id).is_some_and(|v| v.is_over(batch)) {
            self.verifications.remove(&id);
        }
        let state = self.entries.entry(id).or_insert_with(|| ProducerState::new(batch));
        match (batch.control, EndMarker::of(batch)) {
            (None, _) => {
                if let Some(first) = state.append(batch) {
                    self.transactions.begin(first, id);
                }
            }
            (Some(_), Some(marker)) => {
                if let Some(first) = state.end(batch, &marker) {
                    let aborted = marker.control == ControlType::Abort;
                    self.transactions.complete(first, id, batch.base_offset, aborted);
                }
            }
            // A marker whose transaction was compacted away wholly says nothing more.
            (Some(_), None) => {}
        }
    }

    /// The high watermark moved.
    pub fn on_high_watermark(&mut self, high_watermark: Offset) {
        self.transactions.on_high_watermark(high_watermark);
    }

    /// The log begins later: `base` is its first segment's offset.
    pub fn on_log_start(&mut self, base: Offset, log_start: Offset) {
        self.transactions.forget_before(base, log_start);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.transactions = Transactions::default();
        self.verifications.clear();
    }

    /// The process is gone, and the verifications under way with it.
    pub fn forget_verifications(&mut self) {
        self.verifications.clear();
    }

    /// Forgets producers that were silent for `producer.id.expiration.ms` and have no transaction open
    /// (`ProducerStateManager.removeExpiredProducers`).
    pub fn expire(&mut self, now: EpochMs, expiration_ms: i64) {
        let old = |at: EpochMs| now - at >= expiration_ms;
        self.entries
            .retain(|_, state| state.txn_first_offset.is_some() || !old(state.last_timestamp));
        self.verifications.retain(|_, verification| !old(verification.at));
    }

    /// Whether a producer's state rests on a batch: its last data, or the marker that began its epoch
    /// (`UnifiedLog.lastRecordsOfActiveProducers`).
    pub fn last_batch_is(&self, batch: &Batch) -> bool {
        let Some(state) = self.entries.get(&batch.producer_id) else { return false };
        match state.last_batch() {
            Some(last) => last.last_offset == batch.last_offset(),
            None => batch.control.is_some() && batch.producer_epoch == state.epoch,
        }
    }

    /// Forgets a producer, as if it had been silent for long.
    pub fn remove(&mut self, id: ProducerId) {
        self.entries.remove(&id);
    }

    /// The cleaner dropped what was left of some aborted transactions: they leave the index.
    pub fn retain_aborted(&mut self, stays: impl FnMut(&AbortedTxn) -> bool) {
        self.transactions.retain_aborted(stays);
    }

    /// Every producer by id.
    pub fn entries(&self) -> impl Iterator<Item = (ProducerId, &ProducerState)> {
        self.entries.iter().map(|(id, state)| (*id, state))
    }

    /// The log's transactions.
    pub const fn transactions(&self) -> &Transactions {
        &self.transactions
    }

    /// Whether a producer has a transaction open at this epoch.
    pub fn has_ongoing(&self, id: ProducerId, epoch: ProducerEpoch) -> bool {
        let state = self.entries.get(&id);
        state.is_some_and(|state| state.txn_first_offset.is_some() && state.epoch == epoch)
    }

    /// A batch of a transaction that the log does not know came: the guard it needs to be appended, unless its transaction is open
    /// already (`UnifiedLog.maybeStartTransactionVerification`).
    pub fn begin_verification(
        &mut self,
        batch: &Batch,
        epoch_bumps: bool,
        now: EpochMs,
    ) -> Option<Guard> {
        if self.has_ongoing(batch.producer_id, batch.producer_epoch) {
            return None;
        }
        let made = &mut self.verifications_made;
        let entry = self.verifications.entry(batch.producer_id).or_insert_with(|| {
            *made += 1;
            Verification::new(*made, batch, epoch_bumps, now)
        });
        entry.saw(batch, epoch_bumps);
        Some(Guard::Held(entry.number))
    }

    fn check_data(
        &self,
        batch: &Batch,
        known: Option<&ProducerState>,
        terms: &Terms,
    ) -> Result<(), ErrorCode> {
        let (id, epoch) = (batch.producer_id, batch.producer_epoch);
        let verification = self.verifications.get(&id);
        if known.is_some_and(|state| epoch < state.epoch) {
            return Err(ErrorCode::InvalidProducerEpoch);
        }
        if batch.transactional && !self.has_ongoing(id, epoch) && !terms.guard.opens(verification) {
            return Err(ErrorCode::InvalidTxnState);
        }
        if terms.origin == Origin::Client {
            if let Some(verification) = verification {
                verification.check(batch, known)?;
            }
            known.map_or(Ok(()), |state| state.check_sequence(batch))?;
        }
        let mixed =
            !batch.transactional && known.is_some_and(|state| state.txn_first_offset.is_some());
        if mixed { Err(ErrorCode::InvalidTxnState) } else { Ok(()) }
    }
}
