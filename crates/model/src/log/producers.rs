//! What a log remembers of idempotent producers (`org.apache.kafka.storage.internals.log.ProducerStateManager`).
//!
//! Invariant: the state is a pure function of the log's batches, so every replica that has them comes to the same verdict.

use super::Batch;
use crate::api::ErrorCode;
use crate::ids::{EpochMs, Offset, ProducerEpoch, ProducerId};
use kafkascope_kernel::FlatMap;

/// How many batches are remembered a producer (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
const RETAINED: usize = 5;
/// `producer.id.expiration.ms`.
const EXPIRATION_MS: i64 = 86_400_000;

/// All producers of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerStates {
    entries: FlatMap<ProducerId, ProducerState>,
}

/// One producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerState {
    /// Its latest epoch.
    pub epoch: ProducerEpoch,
    /// Timestamp of its latest batch.
    pub last_timestamp: EpochMs,
    batches: [Option<BatchMetadata>; RETAINED],
}

/// What is kept of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchMetadata {
    /// First and last sequence number.
    pub sequences: (i32, i32),
    /// Offset of the first record.
    pub base_offset: Offset,
    /// Timestamp as the log has it.
    pub timestamp: EpochMs,
}

/// What to do with a client's batch.
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
    /// Judges a batch that a client sent (`ProducerAppendInfo`).
    pub fn check(&self, batch: &Batch, now: EpochMs) -> Verdict {
        if batch.producer_id < 0 {
            return Verdict::New;
        }
        let known = self.entries.get(&batch.producer_id);
        let Some(state) = known.filter(|state| now - state.last_timestamp < EXPIRATION_MS) else {
            return Verdict::New;
        };
        if let Some(found) = state.duplicate_of(batch) {
            return Verdict::Duplicate(found);
        }
        if batch.producer_epoch < state.epoch {
            return Verdict::Refused(ErrorCode::InvalidProducerEpoch);
        }
        let expected = if batch.producer_epoch > state.epoch { 0 } else { state.next_sequence() };
        if batch.base_sequence == expected {
            Verdict::New
        } else {
            Verdict::Refused(ErrorCode::OutOfOrderSequenceNumber)
        }
    }

    /// Takes note of an appended batch.
    pub fn update(&mut self, batch: &Batch) {
        if batch.producer_id < 0 {
            return;
        }
        let state = self.entries.entry(batch.producer_id).or_insert(ProducerState {
            epoch: batch.producer_epoch,
            last_timestamp: batch.max_timestamp,
            batches: [None; RETAINED],
        });
        if batch.producer_epoch > state.epoch {
            state.epoch = batch.producer_epoch;
            state.batches = [None; RETAINED];
        }
        state.last_timestamp = batch.max_timestamp;
        if batch.control.is_none() {
            state.remember(batch);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Every producer by id.
    pub fn entries(&self) -> impl Iterator<Item = (ProducerId, &ProducerState)> {
        self.entries.iter().map(|(id, state)| (*id, state))
    }
}

impl ProducerState {
    /// The last sequence number seen; -1 when no batch of this epoch is known.
    pub fn last_sequence(&self) -> i32 {
        self.batches.iter().rev().flatten().next().map_or(-1, |batch| batch.sequences.1)
    }

    fn next_sequence(&self) -> i32 {
        let last = self.last_sequence();
        if last == i32::MAX { 0 } else { last + 1 }
    }

    fn duplicate_of(&self, batch: &Batch) -> Option<BatchMetadata> {
        let sequences = sequences(batch);
        let same = |known: &&BatchMetadata| known.sequences == sequences;
        (batch.producer_epoch == self.epoch)
            .then(|| self.batches.iter().flatten().find(same).copied())
            .flatten()
    }

    fn remember(&mut self, batch: &Batch) {
        self.batches.rotate_left(1);
        self.batches[RETAINED - 1] = Some(BatchMetadata {
            sequences: sequences(batch),
            base_offset: batch.base_offset,
            timestamp: batch.max_timestamp,
        });
    }
}

/// First and last sequence of a batch; they wrap at the largest integer.
fn sequences(batch: &Batch) -> (i32, i32) {
    let last = i64::from(batch.base_sequence) + i64::from(batch.last_offset_delta);
    let wrapped = if last > i64::from(i32::MAX) { last - i64::from(i32::MAX) - 1 } else { last };
    (batch.base_sequence, wrapped as i32)
}

#[cfg(test)]
mod tests {
    use super::super::testing::batch;
    use super::*;

    fn idempotent(sequence: i32, count: i32, epoch: ProducerEpoch) -> Batch {
        Batch { producer_id: 7, producer_epoch: epoch, base_sequence: sequence, ..batch(count, 0) }
    }

    #[test]
    fn sequences_must_follow_each_other_and_repeats_are_recognized() {
        use ErrorCode::{InvalidProducerEpoch, OutOfOrderSequenceNumber};
        let mut states = ProducerStates::default();
        assert_eq!(states.check(&idempotent(40, 1, 1), 0), Verdict::New, "an unknown producer");
        for sequence in 0..6 {
            let mut next = idempotent(sequence, 1, 1);
            next.base_offset = 100 + i64::from(sequence);
            assert_eq!(states.check(&next, 0), Verdict::New);
            states.update(&next);
        }
        let Verdict::Duplicate(found) = states.check(&idempotent(1, 1, 1), 0) else {
            panic!("the fifth last batch is remembered")
        };
        assert_eq!(found.base_offset, 101);
        let refused = [
            (idempotent(0, 1, 1), OutOfOrderSequenceNumber),
            (idempotent(7, 1, 1), OutOfOrderSequenceNumber),
            (idempotent(6, 1, 0), InvalidProducerEpoch),
            (idempotent(6, 1, 2), OutOfOrderSequenceNumber),
        ];
        for (batch, error) in refused {
            assert_eq!(states.check(&batch, 0), Verdict::Refused(error));
        }
        assert_eq!(states.check(&idempotent(6, 3, 1), 0), Verdict::New);
        assert_eq!(states.check(&idempotent(0, 1, 2), 0), Verdict::New, "a new epoch begins at 0");
    }

    #[test]
    fn sequence_numbers_wrap_at_the_largest_integer() {
        let mut states = ProducerStates::default();
        states.update(&idempotent(i32::MAX - 1, 3, 0));
        assert_eq!(states.check(&idempotent(1, 1, 0), 0), Verdict::New);
    }

    #[test]
    fn a_silent_producer_is_forgotten_after_a_day() {
        let mut states = ProducerStates::default();
        states.update(&idempotent(0, 1, 0));
        assert_eq!(states.check(&idempotent(9, 1, 0), EXPIRATION_MS), Verdict::New);
    }
}
