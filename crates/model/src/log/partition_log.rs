//! The log of one replica: segments, offsets, epochs, producers (`org.apache.kafka.storage.internals.log.UnifiedLog`).
//!
//! All of it lies on the broker's disk; a killed process loses none of it, since the operating system keeps the page cache.
//! Invariant: `log_start <= high_watermark <= log_end`, except that the high watermark is unknown (log start) after a restart
//! until it was read from its checkpoint.

use super::compaction::CleanerState;
use super::epochs::EpochCache;
use super::producers::{BatchMetadata, ProducerStates, Terms, Verdict};
use super::segment::Segment;
use super::validation::validate;
use super::{Batch, TimestampType};
use crate::api::ErrorCode;
use crate::config::topic::{MessageTimestampType, TopicConfig};
use crate::disk::PageCache;
use crate::ids::{EpochMs, LeaderEpoch, Offset};
use alloc::vec::Vec;

/// A replica's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionLog {
    pub(super) segments: Vec<Segment>,
    pub(super) log_start: Offset,
    pub(super) log_end: Offset,
    pub(super) high_watermark: Offset,
    pub(super) epochs: EpochCache,
    pub(super) producers: ProducerStates,
    pub(super) cleaner: CleanerState,
    pub(super) cache: PageCache,
    /// When Kafka last flushed it.
    pub(super) flushed_at: EpochMs,
}

/// What became of a batch that a leader was asked to append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaderAppend {
    /// It was written.
    Appended {
        /// Where it lies.
        base_offset: Offset,
        /// The broker's time under LogAppendTime, else -1.
        log_append_time: EpochMs,
        /// Where a new segment began for it.
        rolled: Option<Offset>,
    },
    /// It was there already.
    Duplicate(BatchMetadata),
}

impl PartitionLog {
    /// An empty log.
    pub fn new(now: EpochMs) -> Self {
        Self {
            segments: alloc::vec![Segment::new(0, now)],
            log_start: 0,
            log_end: 0,
            high_watermark: 0,
            epochs: EpochCache::default(),
            producers: ProducerStates::default(),
            cleaner: CleanerState::default(),
            cache: PageCache::default(),
            flushed_at: now,
        }
    }

    /// First offset that can be read.
    pub const fn log_start(&self) -> Offset {
        self.log_start
    }

    /// Offset of the next record (LEO).
    pub const fn log_end(&self) -> Offset {
        self.log_end
    }

    /// Everything below it is committed, as far as this replica knows.
    pub const fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Below it nothing can change any more: every transaction there is decided, and its outcome replicated
    /// (`UnifiedLog.lastStableOffset`). If records were deleted into an open transaction, it lies where their batch begins.
    pub fn last_stable_offset(&self) -> Offset {
        let Some(first) = self.producers.transactions().first_unstable() else {
            return self.high_watermark;
        };
        let first = if first < self.log_start { self.batch_start(self.log_start) } else { first };
        first.min(self.high_watermark)
    }

    /// The leader epochs in it.
    pub const fn epochs(&self) -> &EpochCache {
        &self.epochs
    }

    /// The producers known to it.
    pub const fn producers(&self) -> &ProducerStates {
        &self.producers
    }

    /// The producers, to begin verifications and to forget them.
    pub const fn producers_mut(&mut self) -> &mut ProducerStates {
        &mut self.producers
    }

    /// Its segments, oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// A new leader's epoch begins at the log's end.
    pub fn begin_epoch(&mut self, epoch: LeaderEpoch) {
        self.epochs.assign(epoch, self.log_end);
    }

    /// Appends what a client sent, without asking whether a coordinator knows of its transaction.
    pub fn append_as_leader(
        &mut self,
        batch: Batch,
        epoch: LeaderEpoch,
        now: EpochMs,
        config: &TopicConfig,
    ) -> Result<LeaderAppend, ErrorCode> {
        self.append_on(&Terms::default(), batch, epoch, now, config)
    }

    /// Appends a batch: checks it, gives it offsets, this leader's epoch and, if the topic says so, its time.
    pub fn append_on(
        &mut self,
        terms: &Terms,
        mut batch: Batch,
        epoch: LeaderEpoch,
        now: EpochMs,
        config: &TopicConfig,
    ) -> Result<LeaderAppend, ErrorCode> {
        validate(&batch, now, config)?;
        if let Some(codec) = config.compression_type.codec()
            && codec != batch.codec
            && batch.control.is_none()
        {
            batch.recompress(codec);
            super::validation::check_size(&batch, config)?;
        }
        batch.base_offset = self.log_end;
        batch.leader_epoch = epoch;
        let mut log_append_time = -1;
        if config.message_timestamp_type == MessageTimestampType::LogAppendTime {
            batch.timestamp_type = TimestampType::LogAppendTime;
            batch.max_timestamp = now;
            log_append_time = now;
        }
        let rolled = self.maybe_roll(&batch, now, config);
        match self.producers.check(&batch, terms) {
            Verdict::Refused(error) => return Err(error),
            Verdict::Duplicate(found) => return Ok(LeaderAppend::Duplicate(found)),
            Verdict::New => {}
        }
        let base_offset = batch.base_offset;
        self.push(batch);
        self.flush_if_full(now, config);
        Ok(LeaderAppend::Appended { base_offset, log_append_time, rolled })
    }

    /// Whether a batch of the leader begins before the end of this log, and it is not empty: it cannot be appended
    /// (`UnexpectedAppendOffsetException`).
    pub fn is_straddled_by(&self, batch: &Batch) -> bool {
        batch.base_offset < self.log_end
            && batch.next_offset() > self.log_end
            && self.log_end > self.log_start
    }

    /// Appends what the leader has; a batch below the log's end was fetched twice and is passed over. An empty log that begins
    /// within a batch, where records were deleted up to there, begins anew with that batch
    /// (`Partition.appendRecordsToFollowerOrFutureReplica`). The segment that began, if any.
    pub fn append_as_follower(
        &mut self,
        batch: Batch,
        now: EpochMs,
        config: &TopicConfig,
    ) -> Option<Offset> {
        if batch.base_offset < self.log_end {
            let begins_within =
                self.log_end == self.log_start && batch.next_offset() > self.log_end;
            if !begins_within {
                return None;
            }
            self.restart_at(batch.base_offset, now);
        }
        let rolled = self.maybe_roll(&batch, now, config);
        self.push(batch);
        self.flush_if_full(now, config);
        rolled
    }

    /// Moves the high watermark, within log start and log end. Where it was and where it is, if that differs.
    pub fn set_high_watermark(&mut self, to: Offset) -> Option<(Offset, Offset)> {
        let from = self.high_watermark;
        self.high_watermark = to.min(self.log_end).max(self.log_start);
        self.producers.on_high_watermark(self.high_watermark);
        (from != self.high_watermark).then_some((from, self.high_watermark))
    }

    /// Cuts the log back, so that `to` is its end. The old end, if anything was cut.
    pub fn truncate_to(&mut self, to: Offset) -> Option<Offset> {
        if to >= self.log_end {
            // A leader that was deposed before it appended anything leaves an epoch behind that nobody else knows.
            self.epochs.truncate_from_end(self.log_end);
            return None;
        }
        let from = self.log_end;
        if to < self.log_start {
            self.restart_at(to, self.segments[0].created);
            return Some(from);
        }
        while self.segments.len() > 1
            && self.segments.last().is_some_and(|segment| segment.base_offset > to)
        {
            self.segments.pop();
        }
        self.active().truncate(to);
        self.log_end = to;
        self.cache.truncate(to);
        self.high_watermark = self.high_watermark.min(to);
        self.epochs.truncate_from_end(to);
        self.cleaner.checkpoint = self.cleaner.checkpoint.map(|clean| clean.min(to));
        self.reload_producers();
        Some(from)
    }

    /// Throws everything away and begins anew at `start` (`UnifiedLog.truncateFullyAndStartAt`).
    pub fn restart_at(&mut self, start: Offset, now: EpochMs) {
        self.segments = alloc::vec![Segment::new(start, now)];
        self.log_start = start;
        self.log_end = start;
        self.cache = PageCache::default();
        self.cache.flush(start);
        self.high_watermark = start;
        self.epochs.clear();
        self.cleaner = CleanerState::default();
        self.producers.clear();
    }

    /// Raises the log start, never above the high watermark; segments wholly below it go when retention comes by. Whether it
    /// moved.
    pub fn raise_log_start(&mut self, to: Offset) -> bool {
        let to = to.min(self.high_watermark);
        if to <= self.log_start {
            return false;
        }
        self.log_start = to;
        self.epochs.truncate_from_start(to);
        self.producers.on_log_start(self.segments[0].base_offset, to);
        true
    }

    /// Begins a new segment at the log's end, unless the active one is empty and begins there.
    pub fn roll(&mut self, now: EpochMs) {
        let base = self.log_end;
        self.segments.pop_if(|active| active.is_empty() && active.base_offset == base);
        self.segments.push(Segment::new(base, now));
        // Full segments are flushed in the background (`UnifiedLog.roll`).
        self.cache.flush(base);
        self.flushed_at = now;
    }

    /// Takes note of one more batch at the end, whose offsets are right.
    fn push(&mut self, batch: Batch) {
        self.epochs.assign(batch.leader_epoch, batch.base_offset);
        self.producers.update(&batch);
        self.log_end = batch.next_offset();
        self.active().push(batch);
    }

    fn maybe_roll(&mut self, batch: &Batch, now: EpochMs, config: &TopicConfig) -> Option<Offset> {
        let base = self.log_end;
        if !self.active().should_roll(batch, now, config) {
            return None;
        }
        self.roll(now);
        Some(base)
    }

    fn active(&mut self) -> &mut Segment {
        self.segments.last_mut().expect("a log has a segment")
    }

    fn reload_producers(&mut self) {
        self.producers.clear();
        for batch in self.segments.iter().flat_map(Segment::batches) {
            self.producers.update(batch);
        }
        self.producers.on_high_watermark(self.high_watermark);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{batch, log_of};
    use super::*;

    fn config(segment_bytes: i32) -> TopicConfig {
        TopicConfig { segment_bytes, ..TopicConfig::default() }
    }

    #[test]
    fn a_leader_gives_offsets_and_its_epoch() {
        let log = log_of(&[(3, 0), (2, 0), (1, 4)]);
        assert_eq!(log.log_end(), 6);
        assert_eq!(log.epochs().entries(), &[(0, 0), (4, 5)]);
        assert_eq!(log.high_watermark(), 0);
    }

    #[test]
    fn a_full_segment_is_rolled_at_the_log_end() {
        let mut log = PartitionLog::new(0);
        let rolls = (0..5).map(|_| match log.append_as_leader(batch(1, 0), 0, 0, &config(250)) {
            Ok(LeaderAppend::Appended { rolled, .. }) => rolled,
            other => panic!("{other:?}"),
        });
        assert_eq!(rolls.collect::<Vec<_>>(), [None, None, Some(2), None, Some(4)]);
    }

    #[test]
    fn a_segment_is_rolled_when_its_first_record_is_too_old() {
        let mut log = PartitionLog::new(0);
        let config = TopicConfig { segment_ms: 1_000, ..TopicConfig::default() };
        for timestamp in [0, 1_000, 1_001] {
            let _ = log.append_as_leader(batch(1, timestamp), 0, timestamp, &config);
        }
        assert_eq!(log.segments().len(), 2);
        assert_eq!(log.segments()[1].base_offset, 2);
    }

    #[test]
    fn truncation_cuts_whole_batches_and_takes_watermark_epochs_and_producers_along() {
        let mut log = log_of(&[(3, 0), (2, 0), (1, 4)]);
        log.set_high_watermark(6);
        assert_eq!(log.truncate_to(9), None);
        assert_eq!(log.truncate_to(5), Some(6));
        assert_eq!((log.log_end(), log.high_watermark()), (5, 5));
        assert_eq!(log.epochs().latest(), Some(0));
        assert_eq!(log.truncate_to(3), Some(5));
        assert_eq!(log.read(0, 10_000, 9, true).len(), 1);
    }

    #[test]
    fn the_log_start_rises_to_the_high_watermark_at_most() {
        let mut log = log_of(&[(3, 0), (3, 1)]);
        log.set_high_watermark(4);
        assert!(log.raise_log_start(99));
        assert_eq!(log.log_start(), 4);
        assert!(!log.raise_log_start(2));
        assert_eq!(log.epochs().entries(), &[(1, 4)]);
    }

    #[test]
    fn an_empty_log_that_begins_within_a_batch_takes_the_whole_batch() {
        let leader = log_of(&[(3, 0), (1, 0)]);
        let mut log = PartitionLog::new(0);
        log.restart_at(1, 0);
        for batch in leader.read(1, 10_000, 9, true) {
            log.append_as_follower(batch, 0, &config(10_000));
        }
        assert_eq!((log.log_start(), log.log_end()), (0, 4));
        log.set_high_watermark(4);
        assert!(log.raise_log_start(1));
        assert_eq!(log.read(1, 10_000, 9, true).first().map(|batch| batch.base_offset), Some(0));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut log = PartitionLog::new(0);
        let small = TopicConfig { max_message_bytes: 99, ..TopicConfig::default() };
        let compacted = TopicConfig {
            cleanup_policy: crate::config::topic::CleanupPolicy::Compact,
            ..TopicConfig::default()
        };
        let cases = [
            (small, ErrorCode::MessageTooLarge),
            (compacted, ErrorCode::InvalidRecord),
            (config(99), ErrorCode::RecordListTooLarge),
            (
                TopicConfig { message_timestamp_after_max_ms: 4, ..config(200) },
                ErrorCode::InvalidTimestamp,
            ),
        ];
        for (config, error) in cases {
            assert_eq!(log.append_as_leader(batch(1, 5), 0, 0, &config), Err(error));
        }
        assert_eq!(log.log_end(), 0);
    }
}
