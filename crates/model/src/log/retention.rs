//! Retention: old segments go, by time, by size, and below the log start (`UnifiedLog.deleteOldSegments`).
//!
//! Every replica does this for itself, up to the high watermark it knows. Invariant: segments go from the oldest on, whole, and
//! never one that holds anything at or above the high watermark.

use super::partition_log::PartitionLog;
use super::segment::Segment;
use crate::config::topic::{CleanupPolicy, TopicConfig};
use crate::ids::{EpochMs, Offset};
use alloc::vec::Vec;

/// Why a segment was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhyDeleted {
    /// All of it lies below the log start.
    LogStart,
    /// The log is larger than `retention.bytes`.
    Bytes,
    /// Its newest record is older than `retention.ms`.
    Time,
}

/// A segment that went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deleted {
    /// Its base offset.
    pub base_offset: Offset,
    /// Why it went.
    pub why: WhyDeleted,
}

/// What retention did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Where a new segment began, because every old one went.
    pub rolled: Option<Offset>,
    /// The new log start.
    pub log_start: Option<Offset>,
    /// What went, oldest first.
    pub deleted: Vec<Deleted>,
}

impl PartitionLog {
    /// Deletes what the topic's configs no longer keep.
    pub fn apply_retention(&mut self, now: EpochMs, config: &TopicConfig) -> Retained {
        let mut done = Retained::default();
        let start = self.log_start;
        self.delete_oldest(now, WhyDeleted::LogStart, &mut done, |_, next| {
            next.is_some_and(|next| next <= start)
        });
        let deletes = match config.cleanup_policy {
            CleanupPolicy::Delete | CleanupPolicy::CompactDelete => true,
            CleanupPolicy::Compact | CleanupPolicy::Nothing => false,
        };
        if deletes {
            self.retain_size(now, config, &mut done);
            self.retain_time(now, config, &mut done);
        }
        done.log_start = (self.log_start != start).then_some(self.log_start);
        done
    }

    fn retain_size(&mut self, now: EpochMs, config: &TopicConfig, done: &mut Retained) {
        let Ok(limit) = u64::try_from(config.retention_bytes) else { return };
        let total: u64 = self.segments.iter().map(|segment| segment.size_bytes).sum();
        let Some(mut excess) = total.checked_sub(limit) else { return };
        self.delete_oldest(now, WhyDeleted::Bytes, done, |segment, _| {
            let fits = excess.checked_sub(segment.size_bytes);
            excess = fits.unwrap_or(excess);
            fits.is_some()
        });
    }

    fn retain_time(&mut self, now: EpochMs, config: &TopicConfig, done: &mut Retained) {
        if config.retention_ms >= 0 {
            self.delete_oldest(now, WhyDeleted::Time, done, |segment, _| {
                now.saturating_sub(segment.largest_timestamp()) > config.retention_ms
            });
        }
    }

    /// Deletes from the oldest segment on while `goes` says so of a segment and of where the next one begins, if there is one.
    fn delete_oldest(
        &mut self,
        now: EpochMs,
        why: WhyDeleted,
        done: &mut Retained,
        mut goes: impl FnMut(&Segment, Option<Offset>) -> bool,
    ) {
        let mut gone = 0;
        for (index, segment) in self.segments.iter().enumerate() {
            let next = self.segments.get(index + 1).map(|next| next.base_offset);
            let committed = next.unwrap_or(self.log_end) <= self.high_watermark;
            let is_last_and_empty = next.is_none() && segment.is_empty();
            if !committed || is_last_and_empty || !goes(segment, next) {
                break;
            }
            gone = index + 1;
        }
        if gone == self.segments.len() {
            self.roll(now);
            done.rolled = Some(self.log_end);
        }
        let deleted = self.segments.drain(..gone);
        done.deleted
            .extend(deleted.map(|segment| Deleted { base_offset: segment.base_offset, why }));
        let first = self.segments[0].base_offset;
        if first > self.log_start {
            self.log_start = first;
            self.epochs.truncate_from_start(first);
        }
        if gone > 0 {
            self.producers.on_log_start(first, self.log_start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::batch;
    use super::*;

    /// Segments of one batch of one record and 100 bytes each, at these times; everything is committed.
    fn log(times: &[EpochMs]) -> PartitionLog {
        let mut log = PartitionLog::new(0);
        let config = TopicConfig { segment_bytes: 100, ..TopicConfig::default() };
        for time in times {
            assert!(log.append_as_leader(batch(1, *time), 0, *time, &config).is_ok());
        }
        log.set_high_watermark(log.log_end());
        log
    }

    fn keep(retention_ms: i64, retention_bytes: i64) -> TopicConfig {
        TopicConfig { retention_ms, retention_bytes, ..TopicConfig::default() }
    }

    #[test]
    fn segments_go_by_time_and_by_size_from_the_oldest_on() {
        let cases: &[(&[EpochMs], TopicConfig, Offset)] = &[
            (&[0, 10, 20], keep(100, -1), 0),
            (&[0, 10, 20], keep(85, -1), 2),
            (&[0, 99, 20], keep(85, -1), 1),
            (&[0, 10, 20], keep(-1, -1), 0),
            (&[0, 10, 20], keep(-1, 250), 0),
            (&[0, 10, 20], keep(-1, 200), 1),
            (&[0, 10, 20], keep(-1, 0), 3),
        ];
        for (times, config, log_start) in cases {
            let mut log = log(times);
            log.apply_retention(100, config);
            assert_eq!(log.log_start(), *log_start, "{times:?} {}", config.retention_ms);
        }
    }

    #[test]
    fn the_active_segment_goes_too_and_a_new_one_begins_at_the_log_end() {
        let mut log = log(&[0, 10]);
        let done = log.apply_retention(200, &keep(50, -1));
        assert_eq!((done.rolled, done.log_start, done.deleted.len()), (Some(2), Some(2), 2));
        assert_eq!((log.segments().len(), log.log_end()), (1, 2));
        assert_eq!(log.apply_retention(999, &keep(50, -1)), Retained::default());
    }

    #[test]
    fn nothing_above_the_high_watermark_goes() {
        let mut log = PartitionLog::new(0);
        for time in [0, 10] {
            let small = TopicConfig { segment_bytes: 100, ..TopicConfig::default() };
            assert!(log.append_as_leader(batch(1, time), 0, 0, &small).is_ok());
        }
        log.set_high_watermark(1);
        log.apply_retention(999, &keep(50, -1));
        assert_eq!(log.log_start(), 1);
    }
}
