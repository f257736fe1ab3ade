//! The order in which Java's hash maps list partitions (`java.util.HashMap`, `TopicPartition.hashCode`).
//!
//! Kafka promises no order across partitions, but a real client always has this one, and so have its recordings. Invariant: the
//! order depends on the partitions alone.

use super::subscription::Partition;
use crate::group::coordinator::java_string_hash;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// A map that was made without a size.
pub(super) const DEFAULT_CAPACITY: usize = 16;

/// Sorts items as a hash map lists them that was made for `capacity` of them.
pub(super) fn sort<T>(items: Vec<T>, capacity: usize, key: impl Fn(&T) -> &Partition) -> Vec<T> {
    let mut buckets = capacity.max(1).next_power_of_two();
    while items.len() > buckets * 3 / 4 {
        buckets *= 2;
    }
    let mut listed: BTreeMap<usize, Vec<T>> = BTreeMap::new();
    for item in items {
        let bucket = spread_hash(key(&item)) as usize & (buckets - 1);
        listed.entry(bucket).or_default().push(item);
    }
    listed.into_values().flatten().collect()
}

fn spread_hash((topic, partition): &Partition) -> u32 {
    let hash =
        31_i32.wrapping_add(*partition).wrapping_mul(31).wrapping_add(java_string_hash(topic))
            as u32;
    hash ^ hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_come_as_they_came_in_the_recordings() {
        let list = |count: i32, capacity: usize| {
            let items = (0..count).map(|index| ("t".into(), index)).collect();
            let sorted: Vec<Partition> = sort(items, capacity, |partition| partition);
            sorted.into_iter().map(|(_, index)| index).collect::<Vec<_>>()
        };
        assert_eq!(list(6, 6), [5, 4, 3, 2, 1, 0]);
        assert_eq!(list(2, DEFAULT_CAPACITY), [1, 0]);
    }
}
