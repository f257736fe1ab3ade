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

/// Entries in a chunk that clones of the log share.
const CHUNK: usize = 256;

/// Records with the epochs in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetadataLog {
    /// Full chunks; shared, because a log grows for as long as its cluster lives and is cloned with every snapshot.
    sealed: Vec<Arc<[Entry]>>,
    open: Vec<Entry>,
    /// Where what is only gathered begins.
    written: Offset,
}

impl MetadataLog {
    /// The offset that the next record will have.
    pub fn end(&self) -> Offset {
        (self.sealed.len() * CHUNK + self.open.len()) as Offset
    }

    /// The end of what is written.
    pub const fn written(&self) -> Offset {
        self.written
    }

    /// Epoch of the last record written, or 0.
    pub fn last_epoch(&self) -> LeaderEpoch {
        self.entry(self.written - 1).map_or(0, |(epoch, _)| *epoch)
    }

    /// Gathers a record.
    pub fn append(&mut self, epoch: LeaderEpoch, record: MetadataRecord) {
        assert!(self.last_epoch() <= epoch, "epochs never fall");
        self.push((epoch, Arc::new(record)));
    }

    /// Writes what was gathered.
    pub fn write(&mut self) {
        self.written = self.end();
    }

    /// Forgets what was only gathered.
    pub fn forget_gathered(&mut self) {
        self.truncate(self.written);
    }

    /// Writes what a leader sent.
    pub fn copy(&mut self, entries: Vec<Entry>) {
        assert!(self.written == self.end(), "a follower gathers nothing");
        for entry in entries {
            self.push(entry);
        }
        self.write();
    }

    /// Records from `offset` on, as many as one fetch returns.
    pub fn read(&self, offset: Offset) -> Vec<Entry> {
        let entries = (offset..self.written).map_while(|offset| self.entry(offset));
        entries.take(FETCH_LIMIT).cloned().collect()
    }

    /// One record.
    pub fn entry(&self, offset: Offset) -> Option<&Entry> {
        let index = usize::try_from(offset).ok()?;
        match self.sealed.get(index / CHUNK) {
            Some(chunk) => chunk.get(index % CHUNK),
            None => self.open.get(index - self.sealed.len() * CHUNK),
        }
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
        self.truncate(to);
        self.write();
        to
    }

    /// The last epoch not after `epoch`, or 0, and where it ends.
    fn end_of(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        let (mut low, mut high) = (0, self.written);
        while low < high {
            let middle = low + (high - low) / 2;
            let not_after = self.entry(middle).is_some_and(|(of, _)| *of <= epoch);
            (low, high) = if not_after { (middle + 1, high) } else { (low, middle) };
        }
        (self.entry(low - 1).map_or(0, |(of, _)| *of), low)
    }

    fn push(&mut self, entry: Entry) {
        self.open.push(entry);
        if self.open.len() == CHUNK {
            self.sealed.push(core::mem::take(&mut self.open).into());
        }
    }

    fn truncate(&mut self, to: Offset) {
        let to = usize::try_from(to).unwrap_or(0);
        while self.sealed.len() * CHUNK > to {
            self.open = self.sealed.pop().map(|chunk| chunk.to_vec()).unwrap_or_default();
        }
        self.open.truncate(to - self.sealed.len() * CHUNK);
    }
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
    fn a_long_log_is_cut_and_grows_as_if_it_were_one_piece() {
        let epochs: Vec<_> = (0..1_000).map(|at| 1 + at / 100).collect();
        let mut cut = log(&epochs);
        assert_eq!((cut.end(), cut.last_epoch(), cut.read(250).len()), (1_000, 10, 750));
        assert_eq!(cut.truncate_to((5, 450)), 450);
        assert_eq!(cut, log(&epochs[..450]));
        cut.copy(log(&epochs).read(450));
        assert_eq!(cut, log(&epochs));
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
