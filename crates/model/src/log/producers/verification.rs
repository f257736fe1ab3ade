//! Proof that the transaction coordinator knows of a batch's transaction before it is appended (KIP-890;
//! `VerificationStateEntry`, `VerificationGuard`).
//!
//! Invariant: a guard opens the log only while the verification that it was made for is the current one: a marker written
//! meanwhile makes it void, unless it ends the transaction before and epochs rise with every transaction.

use super::ProducerState;
use crate::api::ErrorCode;
use crate::ids::{EpochMs, ProducerEpoch};
use crate::log::Batch;

/// What comes with a transactional batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Nobody asks for any (`transaction.partition.verification.enable` is false, or it is no client's batch).
    #[default]
    NotNeeded,
    /// None: its transaction must be open already.
    Missing,
    /// Of the verification of this number.
    Held(u32),
}

/// A verification that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Verification {
    /// Counts verifications of a log.
    pub number: u32,
    /// When it was begun.
    pub at: EpochMs,
    lowest_sequence: i32,
    epoch: ProducerEpoch,
    epoch_bumps: bool,
}

impl Guard {
    pub(super) fn opens(self, verification: Option<&Verification>) -> bool {
        match self {
            Self::NotNeeded => true,
            Self::Missing => false,
            Self::Held(number) => verification.is_some_and(|known| known.number == number),
        }
    }
}

impl Verification {
    pub(super) const fn new(number: u32, batch: &Batch, epoch_bumps: bool, at: EpochMs) -> Self {
        let (lowest_sequence, epoch) = (batch.base_sequence, batch.producer_epoch);
        Self { number, at, lowest_sequence, epoch, epoch_bumps }
    }

    /// Another batch waits for it too: the lowest sequence of the newest epoch counts.
    pub(super) fn saw(&mut self, batch: &Batch, epoch_bumps: bool) {
        if batch.producer_epoch > self.epoch {
            self.lowest_sequence = batch.base_sequence;
        } else if batch.producer_epoch == self.epoch {
            self.lowest_sequence = self.lowest_sequence.min(batch.base_sequence);
        }
        self.epoch = self.epoch.max(batch.producer_epoch);
        self.epoch_bumps = epoch_bumps;
    }

    /// Whether a batch that was appended ends it: its transaction's first, or a marker. Where epochs rise with every transaction, a
    /// marker has the next one's epoch, whose first batch may be waiting already (`UnifiedLog.updateProducers`).
    pub(super) fn is_over(&self, batch: &Batch) -> bool {
        let next_has_begun =
            self.epoch_bumps && batch.control.is_some() && batch.producer_epoch == self.epoch;
        !next_has_begun
    }

    /// No batch may come before one that was seen waiting; where epochs rise with every transaction, none but the first may open it.
    pub(super) fn check(
        &self,
        batch: &Batch,
        known: Option<&ProducerState>,
    ) -> Result<(), ErrorCode> {
        let unknown = known.is_none_or(|state| state.last_batch().is_none());
        let not_first = self.epoch_bumps && unknown && batch.base_sequence != 0;
        if not_first || batch.base_sequence > self.lowest_sequence {
            return Err(ErrorCode::OutOfOrderSequenceNumber);
        }
        Ok(())
    }
}
