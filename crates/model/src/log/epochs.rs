//! Where each leader epoch begins in a log (`org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache`).
//!
//! It answers the question by which two replicas find where their logs part. Invariant: epochs and start offsets both rise
//! strictly.

use crate::ids::{LeaderEpoch, Offset};
use alloc::vec::Vec;

/// The epochs of one log, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EpochCache {
    entries: Vec<(LeaderEpoch, Offset)>,
}

impl EpochCache {
    /// Notes that `epoch` begins at `start`; entries that contradict it go.
    pub fn assign(&mut self, epoch: LeaderEpoch, start: Offset) {
        if let Some((last, begun)) = self.entries.last()
            && *last == epoch
            && *begun <= start
        {
            return;
        }
        while self.entries.last().is_some_and(|(e, begun)| *e >= epoch || *begun >= start) {
            self.entries.pop();
        }
        self.entries.push((epoch, start));
    }

    /// The newest epoch.
    pub fn latest(&self) -> Option<LeaderEpoch> {
        self.entries.last().map(|(epoch, _)| *epoch)
    }

    /// The epoch of the record at `offset`.
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let after = self.entries.partition_point(|(_, start)| *start <= offset);
        after.checked_sub(1).map(|index| self.entries[index].0)
    }

    /// The largest epoch not after `asked`, and where it ends in a log that ends at `log_end`; none when that is undefined.
    pub fn end_offset_for(
        &self,
        asked: LeaderEpoch,
        log_end: Offset,
    ) -> Option<(LeaderEpoch, Offset)> {
        let latest = self.latest()?;
        if asked < 0 || asked > latest {
            return None;
        }
        if asked == latest {
            return Some((latest, log_end));
        }
        let after = self.entries.partition_point(|(epoch, _)| *epoch <= asked);
        let end = self.entries[after].1;
        let epoch = after.checked_sub(1).map_or(asked, |index| self.entries[index].0);
        Some((epoch, end))
    }

    /// Forgets what begins at `end` or later.
    pub fn truncate_from_end(&mut self, end: Offset) {
        while self.entries.last().is_some_and(|(_, start)| *start >= end) {
            self.entries.pop();
        }
    }

    /// Forgets epochs wholly below `start`; the one that holds it begins there.
    pub fn truncate_from_start(&mut self, start: Offset) {
        let after = self.entries.partition_point(|(_, begun)| *begun <= start);
        if after == 0 {
            return;
        }
        self.entries.drain(..after - 1);
        self.entries[0].1 = start;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Every epoch with its start offset, oldest first.
    pub fn entries(&self) -> &[(LeaderEpoch, Offset)] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn cache(entries: &[(LeaderEpoch, Offset)]) -> EpochCache {
        let mut cache = EpochCache::default();
        for (epoch, start) in entries {
            cache.assign(*epoch, *start);
        }
        cache
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins() {
        let cache = cache(&[(1, 10), (3, 20), (5, 30)]);
        let answers = [
            (-1, None),
            (0, Some((0, 10))),
            (1, Some((1, 20))),
            (2, Some((1, 20))),
            (4, Some((3, 30))),
            (5, Some((5, 42))),
            (6, None),
        ];
        for (asked, answer) in answers {
            assert_eq!(cache.end_offset_for(asked, 42), answer, "epoch {asked}");
        }
        assert_eq!(EpochCache::default().end_offset_for(0, 42), None);
    }

    #[test]
    fn a_new_epoch_removes_what_contradicts_it() {
        let mut cache = cache(&[(1, 10), (3, 20), (5, 30)]);
        cache.assign(5, 35);
        assert_eq!(cache.latest(), Some(5));
        cache.assign(6, 20);
        assert_eq!(cache.entries(), &vec![(1, 10), (6, 20)]);
    }

    #[test]
    fn truncation_drops_epochs_at_either_end() {
        let mut cache = cache(&[(1, 10), (3, 20), (5, 30)]);
        cache.truncate_from_end(30);
        assert_eq!(cache.latest(), Some(3));
        cache.truncate_from_start(25);
        assert_eq!(cache.entries(), &vec![(3, 25)]);
        assert_eq!(cache.epoch_at(24), None);
        assert_eq!(cache.epoch_at(99), Some(3));
    }
}
