//! Where members and replicas stand, as far as that tells them apart (`AbstractStickyAssignor.RackInfo`, KIP-881).
//!
//! Invariant: without racks nothing mismatches.

use crate::group::assignor::{AssignedMember, Partition, Topics, racks_matter};
use crate::ids::Name;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Racks of members and of each partition's replicas.
#[derive(Debug, Default)]
pub struct Racks {
    /// By member; empty if racks do not matter.
    pub members: FlatMap<Name, Name>,
    partitions: FlatMap<Partition, FlatSet<Name>>,
    /// How many members stand in a partition's racks.
    near: FlatMap<Partition, u32>,
}

impl Racks {
    /// As topics and members have them.
    pub fn of(topics: &Topics, members: &[AssignedMember]) -> Self {
        let mut by_rack: FlatMap<&Name, u32> = FlatMap::new();
        for rack in members.iter().filter_map(AssignedMember::rack) {
            *by_rack.entry(rack).or_default() += 1;
        }
        if by_rack.is_empty() {
            return Self::default();
        }
        let mut racks = Self::default();
        for (topic, partitions) in topics {
            for (index, replicas) in (0..).zip(partitions) {
                let near = replicas.iter().filter_map(|rack| by_rack.get(rack)).sum();
                racks.near.insert((topic.clone(), index), near);
                racks.partitions.insert((topic.clone(), index), replicas.clone());
            }
        }
        let all: Vec<FlatSet<Name>> = racks.partitions.values().cloned().collect();
        if racks_matter(members, &all) {
            let standing = members.iter().filter_map(|m| Some((m.id.clone(), m.rack()?.clone())));
            racks.members = standing.collect();
        } else {
            racks.partitions.clear();
        }
        racks
    }

    /// Whether a member's rack has no replica of a partition.
    pub fn mismatch(&self, member: &str, partition: &Partition) -> bool {
        let replicas = self.partitions.get(partition);
        self.members
            .get(member)
            .is_some_and(|rack| !replicas.is_some_and(|racks| racks.contains(rack)))
    }

    /// Whether a member's rack has a replica of a partition.
    pub fn is_near(&self, member: &str, partition: &Partition) -> bool {
        self.members.contains_key(member) && !self.mismatch(member, partition)
    }

    /// Those that the fewest members are near to first.
    pub fn sort(&self, partitions: &mut [Partition]) {
        partitions.sort_by_key(|partition| self.near.get(partition).copied().unwrap_or(0));
    }

    /// The next member near a partition, from a place in a list on.
    pub fn next_near(&self, partition: &Partition, members: &[Name], from: usize) -> Option<usize> {
        let places = (0..members.len()).map(|step| (from + step) % members.len());
        places.into_iter().find(|place| self.is_near(&members[*place], partition))
    }
}
