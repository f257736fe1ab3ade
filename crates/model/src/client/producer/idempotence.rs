//! Producer id, epoch and sequences (`TransactionManager`, `TxnPartitionMap` without transactions).
//!
//! Brokers drop duplicates and refuse gaps by these numbers. Invariant: batches of a partition get their sequences in the order
//! in which they are first sent, and keep them until the epoch is bumped.

use super::batch::{BatchId, ProducerBatch, ProducerIdentity, Slot, increment_sequence};
use crate::api::ErrorCode;
use crate::api::response::ProducedPartition;
use crate::ids::Offset;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Every batch that is not done, by identity.
pub type Batches = FlatMap<BatchId, ProducerBatch>;

/// What an idempotent producer keeps in mind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Idempotence {
    identity: ProducerIdentity,
    bump_required: bool,
    rewrite: FlatSet<Slot>,
    unresolved: FlatMap<Slot, i32>,
    partitions: FlatMap<Slot, Sequences>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sequences {
    identity: ProducerIdentity,
    next: i32,
    last_acked: Option<i32>,
    last_acked_offset: Offset,
    /// Sent and not done, retries among them, in the order of their sequences.
    in_flight: Vec<BatchId>,
}

impl Sequences {
    const NEW: Self = Self {
        identity: ProducerIdentity::NONE,
        next: 0,
        last_acked: None,
        last_acked_offset: -1,
        in_flight: Vec::new(),
    };

    fn is_next(&self, sequence: i32) -> bool {
        i64::from(sequence) - self.last_acked.map_or(-1, i64::from) == 1
    }
}

impl Default for Idempotence {
    fn default() -> Self {
        Self {
            identity: ProducerIdentity::NONE,
            bump_required: false,
            rewrite: FlatSet::new(),
            unresolved: FlatMap::new(),
            partitions: FlatMap::new(),
        }
    }
}

impl Idempotence {
    /// Who this producer is to the brokers.
    pub const fn identity(&self) -> ProducerIdentity {
        self.identity
    }

    /// Whether INIT_PRODUCER_ID was answered.
    pub const fn has_identity(&self) -> bool {
        self.identity.id >= 0
    }

    /// INIT_PRODUCER_ID was answered.
    pub const fn assign(&mut self, identity: ProducerIdentity) {
        self.identity = identity;
    }

    /// Whether a batch must wait although its turn has come (`RecordAccumulator.shouldStopDrainBatchesForPartition`).
    pub fn must_wait(&self, batch: &ProducerBatch, batches: &Batches) -> bool {
        if !self.has_identity() {
            return true;
        }
        let Some(sequences) = self.partitions.get(&batch.slot) else { return false };
        let first = sequences.in_flight.first().and_then(|id| batches[id].base_sequence);
        match batch.base_sequence {
            None => {
                let stale = first.is_some() && sequences.identity != self.identity;
                stale || self.unresolved.contains_key(&batch.slot)
            }
            Some(base) => first.is_some_and(|first| first != base),
        }
    }

    /// Gives a batch its sequence, if it has none yet, and keeps track of it.
    pub fn number(&mut self, id: BatchId, batches: &mut Batches) {
        let batch = batches.get_mut(&id).expect("drained batches exist");
        if batch.base_sequence.is_some() {
            return;
        }
        let sequences = self.partitions.entry(batch.slot.clone()).or_insert(Sequences::NEW);
        if sequences.identity != self.identity && sequences.in_flight.is_empty() {
            *sequences = Sequences { identity: self.identity, ..Sequences::NEW };
        }
        batch.identity = self.identity;
        batch.base_sequence = Some(sequences.next);
        sequences.next = increment_sequence(sequences.next, batch.count() as i32);
        sequences.in_flight.push(id);
    }

    /// Keeps track of the parts of a batch that was split; they have its sequences.
    pub fn replace(&mut self, whole: BatchId, slot: &Slot, parts: &[BatchId]) {
        let Some(sequences) = self.partitions.get_mut(slot) else { return };
        if let Some(index) = sequences.in_flight.iter().position(|id| *id == whole) {
            sequences.in_flight.splice(index..=index, parts.iter().copied());
        }
    }

    /// A batch was acknowledged (`TransactionManager.handleCompletedBatch`).
    pub fn completed(&mut self, id: BatchId, batch: &ProducerBatch, base_offset: Offset) {
        let Some(sequences) = self.partitions.get_mut(&batch.slot) else { return };
        sequences.last_acked = sequences.last_acked.max(batch.last_sequence());
        if base_offset >= 0 {
            let last = base_offset + i64::from(batch.count()) - 1;
            sequences.last_acked_offset = sequences.last_acked_offset.max(last);
        }
        sequences.in_flight.retain(|other| *other != id);
    }

    /// A batch that had expired was acknowledged after all.
    pub fn acked_late(&mut self, slot: &Slot, last_sequence: Option<i32>) {
        if let Some(sequences) = self.partitions.get_mut(slot) {
            sequences.last_acked = sequences.last_acked.max(last_sequence);
        }
    }

    /// A batch failed for good. If the broker said so (`refused`), what follows it needs new sequences.
    pub fn failed(&mut self, id: BatchId, batch: &ProducerBatch, error: ErrorCode, refused: bool) {
        if let Some(sequences) = self.partitions.get_mut(&batch.slot) {
            sequences.in_flight.retain(|other| *other != id);
        }
        if error == ErrorCode::UnknownProducerId {
            self.partitions.remove(&batch.slot);
            self.unresolved.remove(&batch.slot);
        } else if refused || error == ErrorCode::OutOfOrderSequenceNumber {
            self.request_bump(&batch.slot);
        }
    }

    /// A batch that had been sent expired: whether the broker has it is unknown until what is under way is done.
    pub fn mark_unresolved(&mut self, batch: &ProducerBatch) {
        let Some(last) = batch.last_sequence() else { return };
        let next = last.wrapping_add(1);
        let known = self.unresolved.entry(batch.slot.clone()).or_insert(next);
        *known = (*known).max(next);
    }

    /// Whether an error of a batch is a reason to try again; may ask for an epoch bump (`TransactionManager.canRetry`).
    pub fn can_retry(&mut self, batch: &ProducerBatch, answer: &ProducedPartition) -> bool {
        if answer.error == ErrorCode::UnknownProducerId {
            if answer.log_start_offset != -1 && !batch.sequence_was_reset {
                self.request_bump(&batch.slot);
            }
            return true;
        }
        if answer.error == ErrorCode::OutOfOrderSequenceNumber {
            self.judge_gap(batch);
            return true;
        }
        answer.error.is_retriable()
    }

    /// Settles partitions with unresolved sequences and nothing under way, then bumps the epoch if someone asked for it
    /// (`maybeResolveSequences`, `bumpIdempotentEpochAndResetIdIfNeeded`). The answer is whether the epoch was bumped.
    pub fn settle(&mut self, batches: &mut Batches) -> bool {
        let quiet = |slot: &Slot| self.partitions.get(slot).is_none_or(|s| s.in_flight.is_empty());
        let settled: Vec<Slot> =
            self.unresolved.keys().filter(|slot| quiet(slot)).cloned().collect();
        for slot in settled {
            self.unresolved.remove(&slot);
            let sequences = self.partitions.entry(slot.clone()).or_insert(Sequences::NEW);
            if !sequences.is_next(sequences.next) {
                self.request_bump(&slot);
            }
        }
        let bump = core::mem::take(&mut self.bump_required);
        if bump {
            self.bump(batches);
        }
        bump
    }

    fn judge_gap(&mut self, batch: &ProducerBatch) {
        let base = batch.base_sequence.unwrap_or(-1);
        let unresolved = self.unresolved.get(&batch.slot).copied();
        let is_next = self.partitions.get(&batch.slot).is_none_or(|s| s.is_next(base));
        let just_wait = unresolved.is_none() && (batch.sequence_was_reset || !is_next);
        if !just_wait && unresolved.is_none_or(|next| next == base) {
            self.request_bump(&batch.slot);
        }
    }

    fn request_bump(&mut self, slot: &Slot) {
        self.bump_required = true;
        self.rewrite.insert(slot.clone());
    }

    fn bump(&mut self, batches: &mut Batches) {
        self.identity = match self.identity.epoch.checked_add(1) {
            Some(epoch) => ProducerIdentity { epoch, ..self.identity },
            None => ProducerIdentity::NONE,
        };
        for slot in core::mem::take(&mut self.rewrite) {
            self.unresolved.remove(&slot);
            if let Some(sequences) = self.partitions.get_mut(&slot) {
                restart(sequences, self.identity, batches);
            }
        }
    }
}

/// Sequences from 0 under a new identity, for what is under way too (`TxnPartitionEntry.startSequencesAtBeginning`).
fn restart(sequences: &mut Sequences, identity: ProducerIdentity, batches: &mut Batches) {
    let mut next = 0;
    for id in &sequences.in_flight {
        let batch = batches.get_mut(id).expect("what is under way exists");
        batch.identity = identity;
        batch.base_sequence = Some(next);
        batch.sequence_was_reset = true;
        next = increment_sequence(next, batch.count() as i32);
    }
    sequences.identity = identity;
    sequences.next = next;
    sequences.last_acked = None;
}
