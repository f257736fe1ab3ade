//! How long an operating system keeps what was written in memory only.
//!
//! Kafka leaves it to the operating system when a log reaches the disk (`log.flush.interval.*` are unset by default). Invariant:
//! a process that is killed loses nothing of what it wrote; a machine without power loses what was not written back.

use crate::ids::Offset;
use kafkascope_kernel::Micros;

/// How often an operating system writes back what has been dirty for long (Linux: `dirty_writeback_centisecs`).
pub const WRITE_BACK_EVERY: Micros = Micros::from_ms(5_000);
/// How many of these rounds a page stays dirty (Linux: `dirty_expire_centisecs` is 30 s).
const ROUNDS: usize = 6;

/// How far a log has reached its disk; the rest of it lies in the page cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageCache {
    /// Kafka has flushed everything below (`recovery-point-offset-checkpoint`).
    recovery_point: Offset,
    /// Kafka or the operating system has written everything below.
    on_disk: Offset,
    /// Where the log ended in each of the last rounds, the latest first.
    ends: [Offset; ROUNDS],
}

impl PageCache {
    /// Everything below it was flushed by Kafka: a log is recovered from here on after an unclean stop.
    pub const fn recovery_point(&self) -> Offset {
        self.recovery_point
    }

    /// Everything below it outlives a power cut.
    pub const fn on_disk(&self) -> Offset {
        self.on_disk
    }

    /// Kafka forces everything below `to` to disk (`fsync`).
    pub fn flush(&mut self, to: Offset) {
        self.recovery_point = self.recovery_point.max(to);
        self.on_disk = self.on_disk.max(to);
    }

    /// One round of the operating system: what has been dirty for all rounds is written.
    pub fn write_back(&mut self, log_end: Offset) {
        self.on_disk = self.on_disk.max(self.ends[ROUNDS - 1]);
        self.ends.rotate_right(1);
        self.ends[0] = log_end;
    }

    /// The log ends at `to` now.
    pub fn truncate(&mut self, to: Offset) {
        self.recovery_point = self.recovery_point.min(to);
        self.on_disk = self.on_disk.min(to);
        for end in &mut self.ends {
            *end = (*end).min(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reaches_the_disk_half_a_minute_later_or_when_kafka_flushes_it() {
        let mut cache = PageCache::default();
        for round in 0..7 {
            assert_eq!(cache.on_disk(), 0, "round {round}");
            cache.write_back(10);
        }
        assert_eq!((cache.on_disk(), cache.recovery_point()), (10, 0));
        cache.flush(12);
        assert_eq!((cache.on_disk(), cache.recovery_point()), (12, 12));
        cache.truncate(5);
        assert_eq!((cache.on_disk(), cache.recovery_point()), (5, 5));
    }
}
