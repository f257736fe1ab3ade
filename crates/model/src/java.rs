//! What Java's hash tables make of keys: some of what Kafka's applications see comes in their order.
//!
//! Invariant: the same keys, inserted in the same order, come out as they do of `java.util.HashMap`.

/// `String.hashCode`.
pub fn string_hash(text: &str) -> i32 {
    text.encode_utf16()
        .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `org.apache.kafka.common.TopicPartition.hashCode`.
pub fn partition_hash(topic: &str, partition: i32) -> i32 {
    31_i32.wrapping_add(partition).wrapping_mul(31).wrapping_add(string_hash(topic))
}

/// The place of a key in a hash table that grew to hold `entries` keys; keys of one place come out as they went in.
pub const fn bucket(hash: i32, entries: usize) -> i32 {
    let mut table = 16;
    while entries > table / 4 * 3 {
        table *= 2;
    }
    let spread = hash ^ ((hash as u32) >> 16) as i32;
    spread & (table as i32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn partitions_of_one_topic_come_out_of_a_map_in_javas_order() {
        let mut partitions: Vec<i32> = (0..6).collect();
        partitions.sort_by_key(|partition| bucket(partition_hash("t", *partition), 6));
        assert_eq!(partitions, [5, 4, 3, 2, 1, 0]);
        assert_eq!(string_hash("my-group"), -1_906_497_762);
    }
}
