//! Which partitions moved from whom to whom, so that a pair of members does not trade partitions of a topic back and forth
//! (`AbstractStickyAssignor.PartitionMovements`).
//!
//! Invariant: a partition has one movement at most, from where it first was to where it is now.

use crate::group::assignor::Partition;
use crate::group::java_order;
use crate::ids::Name;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// Movements by partition: from, to.
#[derive(Debug, Default)]
pub struct Movements(FlatMap<Partition, (Name, Name)>);

impl Movements {
    /// A partition moves on.
    pub fn note(&mut self, partition: &Partition, from: &Name, to: &Name) {
        let first = self.0.remove(partition).map_or_else(|| from.clone(), |(first, _)| first);
        if first != *to {
            self.0.insert(partition.clone(), (first, to.clone()));
        }
    }

    /// Moves back a partition of the topic that went the other way, if there is one, instead of a new one.
    pub fn actual(&self, partition: &Partition, from: &Name, to: &Name) -> Partition {
        let from = self.0.get(partition).map_or(from, |(first, _)| first);
        let back = |(other, (source, target)): (&Partition, &(Name, Name))| {
            let fits = other.0 == partition.0 && source == to && target == from;
            fits.then(|| other.clone())
        };
        let candidates: Vec<Partition> = self.0.iter().filter_map(back).collect();
        let listed = java_order::sort(candidates, java_order::DEFAULT_CAPACITY, |other| other);
        listed.into_iter().next().unwrap_or_else(|| partition.clone())
    }
}
