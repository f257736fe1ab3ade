//! Which partition a record goes to (`org.apache.kafka.clients.producer.internals.BuiltInPartitioner`, KIP-794).
//!
//! Keys are hashed over all partitions; keyless records stick to one partition for `batch.size` bytes, then move to another,
//! rather to one with a short queue. Invariant: the same key and partition count always give the same partition.

use crate::client::cluster::KnownTopic;
use crate::cx::{Cx, Draw};
use alloc::vec::Vec;

/// Kafka's 32-bit MurmurHash2 (`Utils.murmur2`).
pub fn murmur2(data: &[u8]) -> i32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let (words, rest) = data.as_chunks::<4>();
    let mut hash = SEED ^ data.len() as u32;
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k = (k ^ (k >> R)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    (hash ^ (hash >> 15)) as i32
}

/// A key's partition among `partitions` of them, available or not; there must be one at least.
pub fn partition_for_key(key: &[u8], partitions: i32) -> i32 {
    assert!(partitions > 0, "a topic has partitions");
    (murmur2(key) & i32::MAX) % partitions
}

/// Every partition with a leader in turn, or every partition if none has one (`RoundRobinPartitioner`).
pub fn round_robin(turn: u32, topic: &KnownTopic) -> i32 {
    let led: Vec<i32> = (0..)
        .zip(&topic.partitions)
        .filter_map(|(index, partition)| partition.leader.map(|_| index))
        .collect();
    let all = topic.partitions.len() as u32;
    match led.get(turn as usize % led.len().max(1)) {
        Some(partition) => *partition,
        None => (turn % all) as i32,
    }
}

/// The sticky choice of one topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BuiltInPartitioner {
    sticky: Option<Sticky>,
    load: Option<LoadStats>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sticky {
    partition: i32,
    produced_bytes: u64,
}

/// Partitions with the running sum of their weights.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LoadStats {
    cumulative: Vec<(u32, i32)>,
}

impl BuiltInPartitioner {
    /// Whether any record was left to it.
    pub const fn is_used(&self) -> bool {
        self.sticky.is_some()
    }

    /// The partition to stick to now.
    pub fn current(&mut self, topic: &KnownTopic, cx: &mut Cx<'_>) -> i32 {
        if let Some(sticky) = self.sticky {
            return sticky.partition;
        }
        let partition = self.next(topic, cx);
        self.sticky = Some(Sticky { partition, produced_bytes: 0 });
        partition
    }

    /// Counts bytes that went to the current partition, and moves on when `batch_size` of them did and moving strands no
    /// half-full batch (`may_switch`), or twice as many did.
    pub fn produced(
        &mut self,
        bytes: u32,
        batch_size: u32,
        may_switch: bool,
        topic: &KnownTopic,
        cx: &mut Cx<'_>,
    ) {
        let Some(sticky) = &mut self.sticky else { return };
        sticky.produced_bytes += u64::from(bytes);
        let (produced, limit) = (sticky.produced_bytes, u64::from(batch_size.max(1)));
        if produced >= limit && may_switch || produced >= limit * 2 {
            let partition = self.next(topic, cx);
            self.sticky = Some(Sticky { partition, produced_bytes: 0 });
        }
    }

    /// Takes in how many batches wait for each available partition; `all` counts the topic's partitions. Equal queues, or fewer
    /// than two partitions, mean that the choice is uniform.
    pub fn update_load(&mut self, queues: Option<&[(i32, u32)]>, all: u32) {
        self.load = queues.and_then(|queues| LoadStats::new(queues, all));
    }

    fn next(&self, topic: &KnownTopic, cx: &mut Cx<'_>) -> i32 {
        let rng = cx.rng(Draw::Partition);
        if let Some(load) = &self.load {
            return load.pick(rng.below(load.total()));
        }
        let led = |index: &usize| topic.partitions[*index].leader.is_some();
        let available: Vec<usize> = (0..topic.partitions.len()).filter(led).collect();
        if available.is_empty() {
            rng.below(topic.partitions.len() as u32) as i32
        } else {
            available[rng.below(available.len() as u32) as usize] as i32
        }
    }
}

impl LoadStats {
    fn new(queues: &[(i32, u32)], all: u32) -> Option<Self> {
        let longest = queues.iter().map(|(_, waiting)| *waiting).max()?;
        let equal = queues.iter().all(|(_, waiting)| *waiting == longest);
        if all < 2 || (equal && queues.len() as u32 == all) {
            return None;
        }
        let mut sum = 0;
        let cumulative = queues.iter().map(|(partition, waiting)| {
            sum += longest + 1 - waiting;
            (sum, *partition)
        });
        Some(Self { cumulative: cumulative.collect() })
    }

    fn total(&self) -> u32 {
        self.cumulative.last().expect("not empty").0
    }

    fn pick(&self, draw: u32) -> i32 {
        let index = self.cumulative.partition_point(|(sum, _)| *sum <= draw);
        self.cumulative[index].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::cluster::KnownPartition;
    use crate::client::testing::Bench;
    use crate::ids::{NodeId, TopicId};
    use kafkascope_kernel::FlatSet;

    fn topic(partitions: usize, leaderless: &[usize]) -> KnownTopic {
        let partition = |index: usize| KnownPartition {
            leader: (!leaderless.contains(&index)).then_some(NodeId(1)),
            leader_epoch: 0,
            replicas: Vec::new(),
            isr: Vec::new(),
            offline: Vec::new(),
        };
        let partitions = (0..partitions).map(partition).collect();
        KnownTopic { id: TopicId(1), is_internal: false, partitions }
    }

    #[test]
    fn keys_hash_as_kafkas_do() {
        // key, murmur2, partition of 3, of 12, of 50
        let table = [
            ("21", -973_932_308, 0, 0, 40),
            ("a", -1_563_381_124, 1, 4, 24),
            ("aa", 2_131_569_471, 0, 3, 21),
            ("aaa", 1_941_014_727, 0, 3, 27),
            ("aaaaaaa", 617_803_760, 2, 8, 10),
            ("0", 971_027_396, 2, 8, 46),
            ("user-0", 637_506_763, 1, 7, 13),
            ("user-6", -936_439_275, 2, 5, 23),
            ("ü", 1_419_834_458, 2, 2, 8),
            ("ñandú", -1_915_788_724, 1, 4, 24),
        ];
        for (key, hash, of_3, of_12, of_50) in table {
            let key = key.as_bytes();
            assert_eq!(murmur2(key), hash);
            for (partitions, expected) in [(3, of_3), (12, of_12), (50, of_50)] {
                assert_eq!(partition_for_key(key, partitions), expected);
            }
        }
    }

    #[test]
    fn keyless_records_stick_to_a_partition_with_a_leader_until_a_batch_is_full() {
        let (mut bench, topic) = (Bench::new(), topic(4, &[2]));
        let mut partitioner = BuiltInPartitioner::default();
        let mut seen = FlatSet::new();
        for _ in 0..50 {
            let first = bench.run(|cx| partitioner.current(&topic, cx));
            bench.run(|cx| partitioner.produced(99, 100, true, &topic, cx));
            assert_eq!(bench.run(|cx| partitioner.current(&topic, cx)), first);
            bench.run(|cx| partitioner.produced(1, 100, true, &topic, cx));
            seen.insert(first);
        }
        assert_eq!(seen, FlatSet::from([0, 1, 3]));
    }

    #[test]
    fn a_half_full_batch_puts_a_switch_off_until_twice_the_bytes() {
        let (mut bench, topic) = (Bench::new(), topic(64, &[]));
        let mut partitioner = BuiltInPartitioner::default();
        let first = bench.run(|cx| partitioner.current(&topic, cx));
        bench.run(|cx| partitioner.produced(199, 100, false, &topic, cx));
        assert_eq!(bench.run(|cx| partitioner.current(&topic, cx)), first);
        bench.run(|cx| partitioner.produced(1, 100, false, &topic, cx));
        assert_ne!(bench.run(|cx| partitioner.current(&topic, cx)), first);
    }

    #[test]
    fn round_robin_passes_over_partitions_without_a_leader_unless_all_are() {
        let turns = |topic: &KnownTopic| (0..4).map(|n| round_robin(n, topic)).collect::<Vec<_>>();
        assert_eq!(turns(&topic(3, &[1])), [0, 2, 0, 2]);
        assert_eq!(turns(&topic(2, &[0, 1])), [0, 1, 0, 1]);
    }

    #[test]
    fn shorter_queues_are_chosen_more_often() {
        let load = LoadStats::new(&[(0, 0), (1, 3), (2, 1)], 3).expect("queues differ");
        let picks: Vec<i32> = (0..load.total()).map(|draw| load.pick(draw)).collect();
        assert_eq!(picks, [0, 0, 0, 0, 1, 2, 2, 2]);
        assert!(LoadStats::new(&[(0, 2), (1, 2)], 2).is_none(), "equal queues: uniform");
    }
}
