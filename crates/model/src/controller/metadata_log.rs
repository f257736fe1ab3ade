//! The metadata log (`__cluster_metadata`), as it lies on a controller's disk.
//!
//! What a leader appends is gathered first and written after `controller.quorum.append.linger.ms`; nobody sees it before.
//! Invariant: offsets are positions, and epochs never fall along the log.

use super::records::MetadataRecord;
use crate::ids::{LeaderEpoch, Offset};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The most records that one fetch returns; it stands for Kafka's limit in bytes.
const FETCH_LIMIT: usize = 10_000;

/// A record with the epoch in which it was written.
pub type Entry = (LeaderEpoch, Arc<MetadataRecord>);

/// Records with the epochs in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetadataLog {
    entries: Vec<Entry>,
    /// Where what is only gathered begins.
    written: Offset,
}

impl MetadataLog {
    /// The offset that the next record will have.
    pub fn end(&self) -> Offset {
        self.entries.len() as Offset
    }

    /// The end of what is written.
    pub const fn written(&self) -> Offset {
        self.written
    }

    /// Epoch of the last record written, or 0.
    pub fn last_epoch(&self) -> LeaderEpoch {
        self.written_entries().last().map_or(0, |(epoch, _)| *epoch)
    }

    /// Gathers a record.
    pub fn append(&mut self, epoch: LeaderEpoch, record: MetadataRecord) {
        assert!(self.last_epoch() <= epoch, "epochs never fall");
        self.entries.push((epoch, Arc::new(record)));
    }

    /// Writes what was gathered.
    pub fn write(&mut self) {
        self.written = self.end();
    }

    /// Forgets what was only gathered.
    pub fn forget_gathered(&mut self) {
        self.entries.truncate(index(self.written));
    }

    /// Writes what a leader sent.
    pub fn copy(&mut self, entries: Vec<Entry>) {
        assert!(self.written == self.end(), "a follower gathers nothing");
        self.entries.extend(entries);
        self.write();
    }

    /// Records from `offset` on, as many as one fetch returns.
    pub fn read(&self, offset: Offset) -> Vec<Entry> {
        let written = self.written_entries();
        written[index(offset).min(written.len())..].iter().take(FETCH_LIMIT).cloned().collect()
    }

    /// One record.
    pub fn entry(&self, offset: Offset) -> Option<&Entry> {
        self.entries.get(index(offset))
    }

    /// Where a log that ends at `offset` in `epoch` leaves this one: the last epoch they may share and where that ends here
    /// (`ValidOffsetAndEpoch`); nothing if it is a prefix.
    pub fn divergence(&self, offset: Offset, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        if offset == 0 && epoch == 0 {
            return None;
        }
        let (shared, end) = self.end_of(epoch);
        (shared != epoch || end < offset).then_some((shared, end))
    }

    /// Cuts off what a leader whose `epoch` ends at `end` does not have; the new end.
    pub fn truncate_to(&mut self, (epoch, end): (LeaderEpoch, Offset)) -> Offset {
        let (own, own_end) = self.end_of(epoch);
        let to = if own == epoch { own_end.min(end) } else { own_end };
        self.entries.truncate(index(to));
        self.write();
        to
    }

    /// The last epoch not after `epoch`, or 0, and where it ends.
    fn end_of(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        let written = self.written_entries();
        let end = written.partition_point(|(of, _)| *of <= epoch);
        let last = end.checked_sub(1).map_or(0, |last| written[last].0);
        (last, end as Offset)
    }

    fn written_entries(&self) -> &[Entry] {
        &self.entries[..index(self.written)]
    }
}

fn index(offset: Offset) -> usize {
    usize::try_from(offset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(epochs: &[LeaderEpoch]) -> MetadataLog {
        let mut log = MetadataLog::default();
        for epoch in epochs {
            log.append(*epoch, MetadataRecord::NoOp);
        }
        log.write();
        log
    }

    #[test]
    fn a_follower_cuts_off_what_its_leader_never_had() {
        // the leader's epochs, the follower's, where the first fetch diverges, what is left
        type Case<'a> = (&'a [i32], &'a [i32], Option<(i32, i64)>, i64);
        let cases: &[Case<'_>] = &[
            (&[1, 1, 1], &[1, 1], None, 2),
            (&[1, 1], &[], None, 0),
            (&[1, 1, 3], &[1, 1, 2, 2], Some((1, 2)), 2),
            (&[1, 3, 3], &[1, 1, 1], Some((1, 1)), 1),
            (&[1, 1, 2, 4], &[1, 1, 2, 2, 2], Some((2, 3)), 3),
            (&[1, 1, 4], &[1, 1, 1, 3], Some((1, 2)), 2),
        ];
        for (leader, follower, diverging, left) in cases {
            let leader = log(leader);
            let mut follower = log(follower);
            let found = leader.divergence(follower.end(), follower.last_epoch());
            assert_eq!(found, *diverging, "{leader:?} {follower:?}");
            if let Some(found) = found {
                assert_eq!(follower.truncate_to(found), *left);
                assert_eq!(leader.divergence(follower.end(), follower.last_epoch()), None);
            }
        }
    }

    #[test]
    fn what_is_gathered_is_seen_by_nobody_and_lost_in_a_crash() {
        let mut log = log(&[1]);
        log.append(1, MetadataRecord::NoOp);
        assert_eq!((log.end(), log.written(), log.read(0).len()), (2, 1, 1));
        log.forget_gathered();
        assert_eq!((log.end(), log.written()), (1, 1));
    }
}
