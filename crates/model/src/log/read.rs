//! Reading a log: by offset, and the look-ups of LIST_OFFSETS.
//!
//! Invariant: reading changes nothing, and returns whole batches only.

use super::partition_log::PartitionLog;
use super::segment::Segment;
use super::{Batch, TimestampType};
use crate::ids::{EpochMs, LeaderEpoch, Offset};
use alloc::vec::Vec;

impl PartitionLog {
    /// Batches from the one that holds `from`, as long as they begin below `below` and fit in `max_bytes`; the first of them
    /// comes even if it does not fit when `at_least_one`. As in Kafka, one read stays in one segment.
    pub fn read(
        &self,
        from: Offset,
        max_bytes: u32,
        below: Offset,
        at_least_one: bool,
    ) -> Vec<Batch> {
        let mut found = Vec::new();
        if from >= below {
            return found;
        }
        let mut room = max_bytes;
        for segment in self.segments_from(from) {
            for batch in segment.batches_from(from) {
                let fits = batch.size_bytes <= room || (at_least_one && found.is_empty());
                if batch.base_offset >= below || !fits {
                    return found;
                }
                room = room.saturating_sub(batch.size_bytes);
                found.push(batch.clone());
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// Bytes that a read from `from` to `below` could bring; counting stops once `enough` is reached.
    pub fn readable_bytes(&self, from: Offset, below: Offset, enough: u64) -> u64 {
        let mut bytes = 0;
        if from >= below {
            return bytes;
        }
        for batch in self.segments_from(from).iter().flat_map(|segment| segment.batches_from(from))
        {
            if batch.base_offset >= below || bytes >= enough {
                break;
            }
            bytes += u64::from(batch.size_bytes);
        }
        bytes
    }

    /// The first record at or after a moment: its offset and timestamp.
    pub fn offset_at_or_after(&self, moment: EpochMs) -> Option<(Offset, EpochMs)> {
        let later = |segment: &&Segment| segment.max_timestamp >= moment;
        self.segments
            .iter()
            .filter(later)
            .flat_map(|segment| segment.batches_from(self.log_start))
            .filter(|batch| batch.max_timestamp >= moment)
            .find_map(|batch| first_record(batch, moment, self.log_start))
    }

    /// The first record with the largest timestamp: its offset, timestamp and epoch. It may lie below the log's start, as long as
    /// its segment is there.
    pub fn max_timestamp(&self) -> Option<(Offset, EpochMs, LeaderEpoch)> {
        let latest = self.segments.iter().map(|segment| segment.max_timestamp).max()?;
        if latest < 0 {
            return None;
        }
        let mut batches = self.segments.iter().flat_map(|segment| segment.batches_from(0));
        let batch = batches.find(|batch| batch.max_timestamp == latest)?;
        let (offset, timestamp) = first_record(batch, latest, 0)?;
        Some((offset, timestamp, batch.leader_epoch))
    }

    fn segments_from(&self, offset: Offset) -> &[Segment] {
        let after = self.segments.partition_point(|segment| segment.base_offset <= offset);
        &self.segments[after.saturating_sub(1)..]
    }
}

fn first_record(batch: &Batch, moment: EpochMs, log_start: Offset) -> Option<(Offset, EpochMs)> {
    if batch.timestamp_type == TimestampType::LogAppendTime {
        return Some((batch.base_offset.max(log_start), batch.max_timestamp));
    }
    batch
        .records
        .iter()
        .map(|record| (batch.offset_of(record), record.timestamp))
        .find(|(offset, timestamp)| *timestamp >= moment && *offset >= log_start)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{batch, log_of};
    use super::*;
    use crate::config::topic::TopicConfig;

    fn base_offsets(batches: &[Batch]) -> Vec<Offset> {
        batches.iter().map(|batch| batch.base_offset).collect()
    }

    #[test]
    fn a_read_returns_whole_batches_below_its_bounds() {
        let log = log_of(&[(3, 0), (2, 0), (1, 0), (4, 0)]);
        let cases: &[(Offset, u32, Offset, &[Offset])] = &[
            (0, 10_000, 10, &[0, 3, 5, 6]),
            (1, 10_000, 10, &[0, 3, 5, 6]),
            (3, 10_000, 6, &[3, 5]),
            (3, 200, 10, &[3, 5]),
            (3, 10, 10, &[3]),
            (10, 10_000, 10, &[]),
        ];
        for (from, max_bytes, below, expected) in cases {
            let read = log.read(*from, *max_bytes, *below, true);
            assert_eq!(&base_offsets(&read), expected, "from {from}");
        }
        assert_eq!(log.read(3, 10, 10, false), []);
        assert_eq!(log.readable_bytes(3, 10, 1_000), 300);
    }

    #[test]
    fn times_are_looked_up_as_kafka_does() {
        let mut log = PartitionLog::new(0);
        for timestamp in [0, 1_000, 500, 3_000, 2_000, 3_000] {
            let appended = log.append_as_leader(batch(1, timestamp), 0, 0, &TopicConfig::default());
            assert!(appended.is_ok());
        }
        assert_eq!(log.offset_at_or_after(1), Some((1, 1_000)));
        assert_eq!(log.offset_at_or_after(1_001), Some((3, 3_000)));
        assert_eq!(log.offset_at_or_after(3_001), None);
        assert_eq!(log.max_timestamp(), Some((3, 3_000, 0)));
    }

    #[test]
    fn many_batches_are_found_across_segments_and_chunks() {
        let mut log = PartitionLog::new(0);
        let config = TopicConfig { segment_bytes: 10_000, ..TopicConfig::default() };
        for _ in 0..500 {
            assert!(log.append_as_leader(batch(2, 0), 0, 0, &config).is_ok());
        }
        for offset in 0..1_000 {
            let read = log.read(offset, 1, 1_000, true);
            assert_eq!(base_offsets(&read), [offset / 2 * 2]);
        }
    }
}
