//! Committed offsets of groups (`OffsetMetadataManager`).
//!
//! Invariant: an offset is shown only once its record is below the high watermark.

use crate::api::request::OffsetFetch;
use crate::api::{ErrorCode, response};
use crate::ids::{EpochMs, LeaderEpoch, Name, Offset};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// A committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Committed {
    /// The next offset to read.
    pub offset: Offset,
    /// Epoch of the last record read; -1 unknown.
    pub leader_epoch: LeaderEpoch,
    /// When it was committed.
    pub at: EpochMs,
}

/// Committed offsets by group, then by partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Offsets(FlatMap<Name, FlatMap<(Name, i32), Committed>>);

impl Offsets {
    /// Nothing committed.
    pub const fn new() -> Self {
        Self(FlatMap::new())
    }

    /// A record says so; none deletes the offset.
    pub fn set(&mut self, group: &Name, partition: (Name, i32), committed: Option<Committed>) {
        let of_group = self.0.entry(group.clone()).or_default();
        match committed {
            Some(committed) => of_group.insert(partition, committed),
            None => of_group.remove(&partition),
        };
        if of_group.is_empty() {
            self.0.remove(group);
        }
    }

    /// A group's offsets, by topic and partition.
    pub fn of(&self, group: &str) -> impl Iterator<Item = (&(Name, i32), &Committed)> {
        self.0.get(group).into_iter().flatten()
    }

    /// A partition's offset.
    pub fn get(&self, group: &str, partition: &(Name, i32)) -> Option<&Committed> {
        self.0.get(group)?.get(partition)
    }

    /// Groups with offsets.
    pub fn groups(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// What OFFSET_FETCH answers; -1 where nothing is committed.
    pub fn fetch(&self, request: &OffsetFetch) -> response::OffsetFetch {
        let row = |partition: &(Name, i32), committed: Option<&Committed>| {
            let (offset, epoch) = committed.map_or((-1, -1), |c| (c.offset, c.leader_epoch));
            (partition.0.clone(), partition.1, offset, epoch, ErrorCode::None)
        };
        let known = self.0.get(&request.group_id);
        let offsets: Vec<_> = match &request.partitions {
            Some(wanted) => wanted
                .iter()
                .map(|partition| row(partition, known.and_then(|known| known.get(partition))))
                .collect(),
            None => self.of(&request.group_id).map(|(tp, c)| row(tp, Some(c))).collect(),
        };
        response::OffsetFetch { error: ErrorCode::None, offsets }
    }
}
