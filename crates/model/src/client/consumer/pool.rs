//! A pool of workers: records are handed over and `poll()` goes on, so they finish out of order.
//!
//! What may be committed then is a choice. Invariant: the careful choice never covers a record that is still being worked on.

use super::Consumer;
use super::commit::{OffsetsToCommit, Purpose};
use super::records::Handed;
use crate::cx::Cx;
use crate::ids::{Offset, TopicPartition};
use crate::workload::CommitStrategy;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// The most records that wait in a pool before the application stops polling for more.
const MAX_BACKLOG: usize = 500;

/// Records with workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pool {
    /// When each worker is free.
    free_at: Vec<SimTime>,
    /// Records with the moment at which each is done.
    working: Vec<(SimTime, Handed)>,
    /// The offset after the furthest record done, by partition.
    furthest: FlatMap<TopicPartition, Offset>,
    /// When offsets are committed next.
    commit_at: SimTime,
}

impl Pool {
    /// When the first worker is done, or it is time to commit.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        let commit = (!self.furthest.is_empty()).then_some(self.commit_at);
        self.working.iter().map(|(at, _)| *at).chain(commit).min()
    }

    /// When there is room for more, if there is none.
    pub fn full_until(&self) -> Option<SimTime> {
        let full = self.working.len() >= MAX_BACKLOG;
        self.working.iter().map(|(at, _)| *at).min().filter(|_| full)
    }

    fn hand_over(
        &mut self,
        records: VecDeque<Handed>,
        workers: u8,
        per_record: Micros,
        now: SimTime,
    ) {
        self.free_at.resize(usize::from(workers.max(1)), SimTime::ZERO);
        for handed in records {
            let worker = (0..self.free_at.len()).min_by_key(|index| self.free_at[*index]);
            let free_at = &mut self.free_at[worker.unwrap_or(0)];
            // Some take four times as long as others, always the same ones.
            let weight = 1 + (handed.offset.unsigned_abs() * 7 + 3) % 4;
            *free_at = (*free_at).max(now) + per_record.scale(weight, 1);
            self.working.push((*free_at, handed));
        }
    }

    /// Takes out what is done, in the order in which it was.
    fn finish(&mut self, now: SimTime) -> Vec<Handed> {
        let (mut done, rest): (Vec<_>, Vec<_>) =
            core::mem::take(&mut self.working).into_iter().partition(|(at, _)| *at <= now);
        self.working = rest;
        done.sort_by_key(|(at, handed)| (*at, handed.tp, handed.offset));
        for (_, handed) in &done {
            let furthest = self.furthest.entry(handed.tp).or_insert(0);
            *furthest = (*furthest).max(handed.offset + 1);
        }
        done.into_iter().map(|(_, handed)| handed).collect()
    }

    fn committable(&mut self, careful: bool) -> Vec<(TopicPartition, Offset)> {
        let mut offsets = core::mem::take(&mut self.furthest);
        if careful {
            for (_, handed) in &self.working {
                if let Some(offset) = offsets.get_mut(&handed.tp) {
                    *offset = (*offset).min(handed.offset);
                }
            }
        }
        offsets.into_iter().collect()
    }
}

impl Consumer {
    /// Hands what `poll()` returned to the pool, if there is one.
    pub(super) fn hand_to_pool(
        &mut self,
        records: VecDeque<Handed>,
        cx: &Cx<'_>,
    ) -> Option<VecDeque<Handed>> {
        let workers = match self.app.processing.commits {
            CommitStrategy::Pool { workers, .. } | CommitStrategy::Background { workers } => {
                workers
            }
            CommitStrategy::ByConfig
            | CommitStrategy::SyncPerBatch
            | CommitStrategy::SyncPerRecord
            | CommitStrategy::InTransaction { .. }
            | CommitStrategy::AsyncPerBatch => return Some(records),
        };
        self.pool.hand_over(records, workers, self.app.processing.per_record, cx.now);
        None
    }

    /// Workers finish, and offsets are committed every `auto.commit.interval.ms`.
    pub(super) fn pool_turn(&mut self, cx: &mut Cx<'_>) {
        for Handed { record, tp, offset, .. } in self.pool.finish(cx.now) {
            self.app.processing.done(record, (tp, offset), cx);
        }
        let CommitStrategy::Pool { careful, .. } = self.app.processing.commits else { return };
        if self.pool.furthest.is_empty() || cx.now < self.pool.commit_at {
            return;
        }
        let interval = i64::from(self.config.auto_commit_interval_ms);
        self.pool.commit_at = cx.now + Micros::from_config_ms(interval);
        let offsets = self.pool.committable(careful);
        let offsets = self.still_owned(offsets);
        if !offsets.is_empty() && self.ensure_coordinator(cx) {
            self.send_commit(Purpose::Async, offsets, cx);
        }
    }

    /// What the records done so far of a batch amount to, as offsets to commit.
    pub(super) fn done_offsets(&self, done: &[(TopicPartition, Offset)]) -> OffsetsToCommit {
        self.still_owned(done.iter().map(|(tp, offset)| (*tp, *offset + 1)).collect())
    }

    /// One record as an offset to commit.
    pub(super) fn done_offset(&self, tp: TopicPartition, offset: Offset) -> OffsetsToCommit {
        self.still_owned(vec![(tp, offset + 1)])
    }

    fn still_owned(&self, offsets: Vec<(TopicPartition, Offset)>) -> OffsetsToCommit {
        let named = offsets.into_iter().filter_map(|(tp, offset)| {
            let partition = (self.topic_in_hand(tp.topic)?, tp.partition);
            self.subscriptions.get(&partition)?;
            Some((partition, offset, -1))
        });
        named.collect()
    }
}
