//! What of a log is on disk, what a power cut takes, and what a start after an unclean stop finds (`LogLoader.recoverLog`).
//!
//! Invariant: a log is cut only at the beginning of a batch, and never below its start.

use super::partition_log::PartitionLog;
use super::segment::Segment;
use crate::config::topic::TopicConfig;
use crate::disk::PageCache;
use crate::ids::{EpochMs, Offset};

impl PartitionLog {
    /// How far it has reached the disk.
    pub const fn page_cache(&self) -> &PageCache {
        &self.cache
    }

    /// Kafka forces all of it to disk.
    pub fn flush(&mut self, now: EpochMs) {
        self.cache.flush(self.log_end);
        self.flushed_at = now;
    }

    /// Flushes if `flush.messages` are not on disk.
    pub(super) fn flush_if_full(&mut self, now: EpochMs, config: &TopicConfig) {
        let waiting = self.log_end - self.cache.recovery_point();
        if config.flush_messages < i64::MAX && waiting >= config.flush_messages {
            self.flush(now);
        }
    }

    /// Flushes if `flush.ms` have passed since it last was; asked every `log.flush.scheduler.interval.ms`.
    pub fn flush_if_old(&mut self, now: EpochMs, config: &TopicConfig) {
        let waits = self.cache.recovery_point() < self.log_end;
        if waits && now.saturating_sub(self.flushed_at) >= config.flush_ms {
            self.flush(now);
        }
    }

    /// Whether the operating system still has something of it in memory only.
    pub const fn is_dirty(&self) -> bool {
        self.cache.on_disk() < self.log_end
    }

    /// One round of the operating system's write-back.
    pub fn write_back(&mut self) {
        self.cache.write_back(self.log_end);
    }

    /// The power is gone, and what was in memory only with it: where the log ended and where it ends, if that differs.
    pub fn lose_power(&mut self) -> Option<(Offset, Offset)> {
        let to = self.cache.on_disk().max(self.log_start);
        let from = self.truncate_to(to)?;
        Some((from, self.log_end))
    }

    /// After an unclean stop: the log ends before the first broken batch that Kafka had not flushed. Segments are read whole.
    pub fn recover(&mut self) -> Option<(Offset, Offset)> {
        let point = self.cache.recovery_point();
        let first = self.segments.partition_point(|segment| segment.base_offset <= point);
        let unflushed = &self.segments[first.saturating_sub(1)..];
        let broken = unflushed.iter().flat_map(Segment::batches).find(|batch| batch.corrupt)?;
        let to = broken.base_offset.max(self.log_start);
        self.truncate_to(to).map(|from| (from, to))
    }

    /// A bit flips in the batch that holds `offset`: where it begins, if there is one.
    pub fn corrupt(&mut self, offset: Offset) -> Option<Offset> {
        if offset < self.log_start || offset >= self.log_end {
            return None;
        }
        let index = self.segments.partition_point(|segment| segment.base_offset <= offset);
        self.segments[index.checked_sub(1)?].corrupt(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::log_of;

    #[test]
    fn a_power_cut_takes_what_was_not_written_back_and_no_more() {
        let mut log = log_of(&[(3, 0), (2, 0), (1, 4)]);
        log.write_back();
        for _ in 0..6 {
            log.write_back();
        }
        assert_eq!(log.lose_power(), None);
        let mut log = log_of(&[(3, 0), (2, 0), (1, 4)]);
        log.cache.flush(5);
        assert_eq!(log.lose_power(), Some((6, 5)));
        assert_eq!(log.epochs().latest(), Some(0));
    }

    #[test]
    fn recovery_ends_a_log_at_a_broken_batch_unless_it_was_flushed() {
        let mut log = log_of(&[(3, 0), (2, 0), (1, 4)]);
        assert_eq!(log.corrupt(9), None);
        assert_eq!(log.corrupt(4), Some(3));
        assert_eq!(log.clone().recover(), Some((6, 3)));
        log.roll(0);
        assert_eq!(log.recover(), None, "a rolled segment was flushed");
    }
}
