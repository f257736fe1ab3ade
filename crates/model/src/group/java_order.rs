//! The order in which Java's hash maps list partitions and member ids (`java.util.HashMap`, `TopicPartition.hashCode`).
//!
//! Kafka promises no order across partitions, but a real client always has this one, and so have its recordings. Invariant: the
//! order depends on what is listed alone.

use super::assignor::Partition;
use super::coordinator::java_string_hash;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// A map that was made without a size.
pub const DEFAULT_CAPACITY: usize = 16;

/// Sorts items as a hash map of partitions lists them that was made for `capacity` of them.
pub fn sort<T>(items: Vec<T>, capacity: usize, key: impl Fn(&T) -> &Partition) -> Vec<T> {
    sort_by_hash(items, capacity, |item| partition_hash(key(item)))
}

/// Sorts items as a hash map of strings lists them.
pub fn sort_by_name<T>(items: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<T> {
    sort_by_hash(items, DEFAULT_CAPACITY, |item| java_string_hash(key(item)))
}

fn sort_by_hash<T>(items: Vec<T>, capacity: usize, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut buckets = capacity.max(1).next_power_of_two();
    while items.len() > buckets * 3 / 4 {
        buckets *= 2;
    }
    let mut listed: FlatMap<usize, Vec<T>> = FlatMap::new();
    for item in items {
        let hash = hash(&item) as u32;
        let bucket = (hash ^ hash >> 16) as usize & (buckets - 1);
        listed.entry(bucket).or_default().push(item);
    }
    listed.into_values().flatten().collect()
}

fn partition_hash((topic, partition): &Partition) -> i32 {
    31_i32.wrapping_add(*partition).wrapping_mul(31).wrapping_add(java_string_hash(topic))
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
