//! What the share coordinator keeps of one share partition (`ShareGroupOffset`, `PersisterStateBatchCombiner`).
//!
//! Invariant: batches do not overlap, are sorted, and neighbours differ.

use crate::api::share::{StateBatch, StateSummary, StoredState, WrittenState};
use crate::ids::{LeaderEpoch, Offset};
use alloc::vec::Vec;

/// The state of one share partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareState {
    /// Counts initializations.
    pub state_epoch: i32,
    /// Of the partition's leader that wrote or read last.
    pub leader_epoch: LeaderEpoch,
    /// SPSO; -1 until a leader has chosen one.
    pub start_offset: Offset,
    /// Final records at or above the start.
    pub delivery_complete_count: i32,
    /// Counts snapshots.
    pub snapshot_epoch: i32,
    /// Updates since the last snapshot.
    pub updates: i32,
    /// States of offsets.
    pub batches: Vec<StateBatch>,
}

impl ShareState {
    /// As a group coordinator initializes it.
    pub const fn initialized(state_epoch: i32, start_offset: Offset, snapshot_epoch: i32) -> Self {
        Self {
            state_epoch,
            leader_epoch: 0,
            start_offset,
            delivery_complete_count: if start_offset < 0 { -1 } else { 0 },
            snapshot_epoch,
            updates: 0,
            batches: Vec::new(),
        }
    }

    /// Takes in what a leader wrote.
    pub fn merge(&mut self, written: &WrittenState) {
        self.leader_epoch = self.leader_epoch.max(written.leader_epoch);
        if written.start_offset >= 0 {
            self.start_offset = written.start_offset;
        }
        self.delivery_complete_count = written.delivery_complete_count;
        let before = core::mem::take(&mut self.batches);
        self.batches = combine(before, &written.batches, self.start_offset);
    }

    /// For the leader.
    pub fn stored(&self) -> StoredState {
        let (state_epoch, start_offset) = (self.state_epoch, self.start_offset);
        StoredState { state_epoch, start_offset, batches: self.batches.clone() }
    }

    /// For the group coordinator.
    pub const fn summary(&self) -> StateSummary {
        StateSummary {
            state_epoch: self.state_epoch,
            leader_epoch: self.leader_epoch,
            start_offset: self.start_offset,
            delivery_complete_count: self.delivery_complete_count,
        }
    }
}

/// New states over old ones; where both know an offset, the one with more deliveries counts.
fn combine(before: Vec<StateBatch>, news: &[StateBatch], start: Offset) -> Vec<StateBatch> {
    let mut batches = before;
    for new in news {
        batches = batches.into_iter().flat_map(|old| without(old, *new)).collect();
        batches.extend(uncovered(*new, &batches));
        batches.sort_unstable_by_key(|batch| batch.first);
    }
    let mut combined: Vec<StateBatch> = Vec::new();
    for mut batch in batches.into_iter().filter(|batch| batch.last >= start) {
        batch.first = batch.first.max(start);
        match combined.last_mut() {
            Some(last) if last.last + 1 == batch.first && weight(last) == weight(&batch) => {
                last.last = batch.last;
            }
            Some(_) | None => combined.push(batch),
        }
    }
    combined
}

const fn weight(batch: &StateBatch) -> (i16, i8) {
    (batch.delivery_count, batch.state as i8)
}

/// What stays of `old` beside `new`.
fn without(old: StateBatch, new: StateBatch) -> Vec<StateBatch> {
    let apart = old.last < new.first || old.first > new.last;
    if apart || weight(&old) > weight(&new) {
        return alloc::vec![old];
    }
    let before = (old.first < new.first).then(|| StateBatch { last: new.first - 1, ..old });
    let after = (old.last > new.last).then(|| StateBatch { first: new.last + 1, ..old });
    before.into_iter().chain(after).collect()
}

/// The offsets of `new` that none of `batches` has.
fn uncovered(new: StateBatch, batches: &[StateBatch]) -> Vec<StateBatch> {
    let (mut parts, mut first) = (Vec::new(), new.first);
    for old in batches.iter().filter(|old| old.last >= new.first && old.first <= new.last) {
        if old.first > first {
            parts.push(StateBatch { first, last: old.first - 1, ..new });
        }
        first = first.max(old.last + 1);
    }
    if first <= new.last {
        parts.push(StateBatch { first, ..new });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::share::RecordState::{self, Acknowledged, Available};

    fn batch(first: Offset, last: Offset, state: RecordState, delivery_count: i16) -> StateBatch {
        StateBatch { first, last, state, delivery_count }
    }

    #[test]
    fn later_states_replace_earlier_ones_and_neighbours_that_agree_become_one() {
        let old = alloc::vec![batch(0, 9, Available, 1)];
        let news = [batch(0, 3, Acknowledged, 2), batch(4, 4, Acknowledged, 2)];
        let expected = [batch(0, 4, Acknowledged, 2), batch(5, 9, Available, 1)];
        assert_eq!(combine(old.clone(), &news, 0), expected);
        assert_eq!(combine(old.clone(), &news, 3)[0], batch(3, 4, Acknowledged, 2));
        let stale = [batch(2, 12, Available, 0)];
        let expected = [batch(0, 9, Available, 1), batch(10, 12, Available, 0)];
        assert_eq!(combine(old, &stale, 0), expected);
    }
}
