//! Offsets that wait for a transaction's end (`OffsetMetadataManager`'s pending transactional offsets).
//!
//! They are in the log, but nobody sees them before the transaction's marker is there too. Of two offsets for one partition the one
//! that was written later holds, whichever transaction ends last. Invariant: an offset becomes what is committed with a commit
//! marker, unless something written later was committed meanwhile, and vanishes with an abort marker.

use super::offsets::Committed;
use crate::api::request::OffsetFetch;
use crate::api::{ErrorCode, response};
use crate::ids::{Name, ProducerId};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// A partition of a group.
pub type OfGroup = (Name, (Name, i32));

/// One offset that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    offset: Committed,
    /// Its place in the log, counted among those that ever waited.
    order: u64,
    /// Something written later was committed meanwhile.
    outdated: bool,
}

/// Offsets by producer, then by group and partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PendingOffsets {
    waiting: FlatMap<ProducerId, FlatMap<OfGroup, Waiting>>,
    added: u64,
}

/// An offset whose transaction has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ended {
    /// Whose.
    pub group: Name,
    /// For which partition.
    pub tp: (Name, i32),
    /// What holds now; none after an abort, or where something written later holds.
    pub committed: Option<Committed>,
}

impl PendingOffsets {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self { waiting: FlatMap::new(), added: 0 }
    }

    /// An offset waits for a producer's transaction; offsets come in the order of the log.
    pub fn add(&mut self, producer: ProducerId, group: &Name, tp: (Name, i32), offset: Committed) {
        let waiting = Waiting { offset, order: self.added, outdated: false };
        self.added += 1;
        self.waiting.entry(producer).or_default().insert((group.clone(), tp), waiting);
    }

    /// Something was committed without a transaction: what waits for the same partition was written before it.
    pub fn supersede(&mut self, group: &Name, tp: &(Name, i32)) {
        self.outdate(&(group.clone(), tp.clone()), u64::MAX);
    }

    /// A tombstone for an offset takes along what waits for its partition.
    pub fn forget(&mut self, group: &Name, tp: &(Name, i32)) {
        let key = (group.clone(), tp.clone());
        for waiting in self.waiting.values_mut() {
            waiting.remove(&key);
        }
        self.waiting.retain(|_, waiting| !waiting.is_empty());
    }

    /// Whether an offset of a group waits.
    pub fn waits_for(&self, group: &Name) -> bool {
        self.keys().any(|(of, _)| of == group)
    }

    /// Whether an offset of a group's partition waits.
    pub fn waits_for_partition(&self, group: &Name, tp: &(Name, i32)) -> bool {
        self.keys().any(|(of, waiting)| of == group && waiting == tp)
    }

    /// The partitions for which offsets of a group wait, each once.
    pub fn of(&self, group: &Name) -> Vec<(Name, i32)> {
        let mut partitions: Vec<_> =
            self.keys().filter(|(of, _)| of == group).map(|(_, tp)| tp.clone()).collect();
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// The partitions of a topic for which offsets wait, with their groups; one may come more than once.
    pub fn of_topic(&self, topic: &Name) -> impl Iterator<Item = &OfGroup> {
        self.keys().filter(move |(_, (name, _))| name == topic)
    }

    /// A consumer that wants stable offsets only is told to ask again where one waits (KIP-447).
    pub fn unsettle(&self, request: &OffsetFetch, answer: &mut response::OffsetFetch) {
        if !request.require_stable || self.waiting.is_empty() {
            return;
        }
        for row in &mut answer.offsets {
            if self.waits_for_partition(&request.group_id, &(row.0.clone(), row.1)) {
                (row.2, row.3, row.4) = (-1, -1, ErrorCode::UnstableOffsetCommit);
            }
        }
    }

    /// A transaction has ended: what waited for it.
    pub fn end(&mut self, producer: ProducerId, is_commit: bool) -> Vec<Ended> {
        let mut ended = Vec::new();
        for (key, waiting) in self.waiting.remove(&producer).unwrap_or_default() {
            let holds = is_commit && !waiting.outdated;
            if holds {
                self.outdate(&key, waiting.order);
            }
            let (group, tp) = key;
            ended.push(Ended { group, tp, committed: holds.then_some(waiting.offset) });
        }
        ended
    }

    /// What waits for a partition and was written before `order` never holds.
    fn outdate(&mut self, key: &OfGroup, order: u64) {
        for waiting in self.waiting.values_mut().filter_map(|waiting| waiting.get_mut(key)) {
            waiting.outdated |= waiting.order < order;
        }
    }

    fn keys(&self) -> impl Iterator<Item = &OfGroup> {
        self.waiting.values().flat_map(FlatMap::keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: i64) -> Committed {
        Committed { offset, leader_epoch: 0, at: 0 }
    }

    fn held(ended: &[Ended]) -> Vec<Option<i64>> {
        ended.iter().map(|ended| ended.committed.map(|committed| committed.offset)).collect()
    }

    #[test]
    fn of_two_transactions_the_offset_written_later_holds_whichever_ends_last() {
        let (group, tp) = (Name::from("g"), (Name::from("t"), 0));
        let mut pending = PendingOffsets::new();
        pending.add(1, &group, tp.clone(), at(5));
        pending.add(2, &group, tp.clone(), at(3));
        assert_eq!(held(&pending.end(2, true)), [Some(3)]);
        assert!(pending.waits_for_partition(&group, &tp));
        assert_eq!(held(&pending.end(1, true)), [None]);
    }

    #[test]
    fn a_plain_commit_outdates_what_waits_and_a_tombstone_takes_it_along() {
        let (group, tp) = (Name::from("g"), (Name::from("t"), 0));
        let mut pending = PendingOffsets::new();
        pending.add(1, &group, tp.clone(), at(5));
        pending.supersede(&group, &tp);
        pending.add(2, &group, tp.clone(), at(6));
        assert_eq!(held(&pending.end(1, true)), [None]);
        pending.forget(&group, &tp);
        assert!(!pending.waits_for(&group));
        assert_eq!(held(&pending.end(2, true)), []);
    }
}
