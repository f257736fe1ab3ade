//! How the window of a share partition moves: past what is final, and past what the log no longer has.
//!
//! Invariant: neither start nor end ever falls.

use super::SharePartition;
use crate::api::share::RecordState;
use crate::ids::Offset;
use crate::share::in_flight::InFlightBatch;
use alloc::vec::Vec;

impl SharePartition {
    /// Moves the start past the leading run of final records; whether it could (`maybeUpdateCachedStateAndOffsets`).
    pub(super) fn move_start(&mut self) -> bool {
        if !self.can_move_start() {
            return false;
        }
        let (Some((last, finished)), Some(end)) = (self.leading_run(), self.last_in_flight())
        else {
            return false;
        };
        if last == end {
            self.start_offset = end + 1;
            self.end_offset = end + 1;
            self.batches.clear();
            self.delivery_complete_count = 0;
            return true;
        }
        let Some(batch) = self.floor(last) else { return false };
        let (first, ends_batch) = (batch.first, batch.last == last);
        if ends_batch {
            let next = self.batches.range(last + 1..).next().map_or(last + 1, |(key, _)| *key);
            self.start_offset = self.start_offset.max(next);
            if let Some(gap) = self.active_gap() {
                self.start_offset = self.start_offset.min(gap.start);
            }
        } else {
            self.start_offset = self.start_offset.max(last + 1);
        }
        self.delivery_complete_count -= finished;
        self.batches.retain(|key, _| *key > first || (*key == first && !ends_batch));
        true
    }

    /// The log begins later than this partition: what is not there any more is archived (`updateCacheAndOffsets`).
    pub fn follow_log_start(&mut self, log_start: Offset) {
        if log_start <= self.start_offset {
            return;
        }
        if self.batches.is_empty() {
            self.start_offset = log_start;
            self.end_offset = log_start;
            self.delivery_complete_count = 0;
            return;
        }
        let finished = self.finished_below(log_start);
        let from = self.start_offset;
        self.looks_back |= self.archive(from, log_start, RecordState::Available, false);
        self.start_offset = log_start;
        self.delivery_complete_count -= finished;
        self.end_offset = self.end_offset.max(log_start);
    }

    /// Archives what is in `state` at `from .. to`; whether there was any (`archiveRecords`).
    pub(super) fn archive(
        &mut self,
        from: Offset,
        to: Offset,
        state: RecordState,
        counts: bool,
    ) -> bool {
        let first = self.floor(from).map_or(from, |batch| batch.first).min(to);
        let mut archived = 0;
        for (_, batch) in self.batches.range_mut(first..to) {
            archived += archive_in(batch, from, to, state);
        }
        if counts {
            self.delivery_complete_count += archived;
        }
        archived > 0
    }

    fn can_move_start(&self) -> bool {
        let batch = self.floor(self.start_offset);
        batch.is_some_and(|batch| batch.state_of(self.start_offset).is_settled())
    }

    /// The last offset of the leading run of final records, and how many of them count.
    fn leading_run(&self) -> Option<(Offset, i32)> {
        let (mut end, mut finished) = (None, 0);
        for batch in self.batches.values() {
            if self.active_gap().is_some_and(|gap| batch.last >= gap.start) {
                break;
            }
            for (first, last, state) in batch.states() {
                if !state.is_settled() {
                    return end.map(|end| (end, finished));
                }
                end = Some(last);
                finished += self.counted(first, last);
            }
        }
        end.map(|end| (end, finished))
    }

    fn finished_below(&self, to: Offset) -> i32 {
        let states = self.batches.range(..to).flat_map(|(_, batch)| batch.states());
        let ends: Vec<(Offset, Offset)> = states
            .filter(|(_, _, state)| state.state.is_terminal())
            .map(|(first, last, _)| (first, last.min(to - 1)))
            .collect();
        ends.into_iter().map(|(first, last)| self.counted(first, last)).sum()
    }
}

fn archive_in(batch: &mut InFlightBatch, from: Offset, to: Offset, state: RecordState) -> i32 {
    if batch.last < from {
        return 0;
    }
    let whole = batch.offsets.is_none();
    if whole && batch.whole.state != state {
        return 0;
    }
    if whole && !batch.is_within(from, to - 1) {
        batch.split();
    }
    let mut archived = 0;
    for (first, last, own) in batch.states_in_mut(from, to - 1) {
        if own.state == state {
            own.archive();
            archived += super::count(first, last);
        }
    }
    archived
}
