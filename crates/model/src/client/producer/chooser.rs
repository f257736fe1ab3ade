//! Who chooses a record's partition: Kafka's own partitioner, another class, a table of keys, or librdkafka's.
//!
//! The same key may go elsewhere under another chooser: Java hashes with murmur2, librdkafka with CRC32. Invariant: a chooser is
//! asked once for a record.

use super::partitioner::{murmur2, partition_for_key, round_robin};
use crate::client::cluster::KnownTopic;
use crate::config::librdkafka::Partitioner;
use crate::cx::{Cx, Draw};
use crate::ids::{Bytes, Name};
use crate::workload::NewRecord;
use alloc::sync::Arc;
use kafkascope_kernel::{FlatMap, Micros, SimTime};

/// By which rule partitions are chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Keys are hashed with murmur2; keyless records are left to the accumulator.
    BuiltIn {
        /// `partitioner.ignore.keys`.
        ignore_keys: bool,
    },
    /// `RoundRobinPartitioner`.
    RoundRobin,
    /// A class of the application's own: keys have their partitions; others are hashed, keyless records take turns.
    Table(Arc<[(Bytes, i32)]>),
    /// librdkafka's.
    Librdkafka {
        /// `partitioner`.
        partitioner: Partitioner,
        /// `sticky.partitioning.linger.ms`.
        linger: Micros,
    },
}

/// A rule with what it keeps in mind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chooser {
    rule: Rule,
    /// Turns taken by topic.
    turns: FlatMap<Name, u32>,
    /// librdkafka's sticky partition by topic, and since when.
    sticky: FlatMap<Name, (i32, SimTime)>,
}

impl Chooser {
    /// Nothing chosen yet.
    pub const fn new(rule: Rule) -> Self {
        Self { rule, turns: FlatMap::new(), sticky: FlatMap::new() }
    }

    /// Whether a record's key decides.
    pub fn is_by_key(&self, record: &NewRecord) -> bool {
        match (&self.rule, &record.key) {
            (Rule::RoundRobin, _) | (_, None) => false,
            (Rule::BuiltIn { ignore_keys }, Some(_)) => !ignore_keys,
            (Rule::Table(_), Some(_)) => true,
            (Rule::Librdkafka { partitioner, .. }, Some(key)) => hashes(*partitioner, key),
        }
    }

    /// The choice; none leaves it to the accumulator.
    pub fn choose(
        &mut self,
        topic: &Name,
        record: &NewRecord,
        known: &KnownTopic,
        cx: &mut Cx<'_>,
    ) -> Option<i32> {
        let count = known.partitions.len() as i32;
        let key = record.key.as_ref().filter(|_| self.is_by_key(record));
        match (&self.rule, key) {
            (Rule::BuiltIn { .. }, key) => key.map(|key| partition_for_key(key, count)),
            (Rule::Table(table), Some(key)) => {
                let row = table.iter().find(|(known, _)| known == key);
                Some(row.map_or_else(|| partition_for_key(key, count), |(_, index)| *index))
            }
            (Rule::RoundRobin | Rule::Table(_), _) => {
                let turn = self.turns.entry(topic.clone()).or_default();
                *turn = turn.wrapping_add(1);
                Some(round_robin(turn.wrapping_sub(1), known))
            }
            (Rule::Librdkafka { partitioner, .. }, Some(key)) => {
                Some(hashed(*partitioner, key, count))
            }
            (Rule::Librdkafka { partitioner: Partitioner::Random, .. }, None) => {
                Some(random(known, cx))
            }
            (Rule::Librdkafka { linger, .. }, None) => {
                let linger = *linger;
                Some(self.stick(topic, linger, known, cx))
            }
        }
    }

    /// `rd_kafka_msg_sticky_partition`
    fn stick(&mut self, topic: &Name, linger: Micros, known: &KnownTopic, cx: &mut Cx<'_>) -> i32 {
        let stays = self.sticky.get(topic).filter(|(partition, since)| {
            is_available(known, *partition) && cx.now.since(*since) < linger
        });
        if let Some((partition, _)) = stays {
            return *partition;
        }
        let partition = random(known, cx);
        self.sticky.insert(topic.clone(), (partition, cx.now));
        partition
    }
}

/// CRC-32 as zlib has it (`rd_crc32`).
pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn hashes(partitioner: Partitioner, key: &Bytes) -> bool {
    match partitioner {
        Partitioner::Random => false,
        Partitioner::ConsistentRandom => !key.is_empty(),
        Partitioner::Consistent | Partitioner::Murmur2 | Partitioner::Murmur2Random => true,
    }
}

fn hashed(partitioner: Partitioner, key: &[u8], count: i32) -> i32 {
    match partitioner {
        Partitioner::Murmur2 | Partitioner::Murmur2Random => (murmur2(key) & i32::MAX) % count,
        Partitioner::Random | Partitioner::Consistent | Partitioner::ConsistentRandom => {
            (i64::from(crc32(key)) % i64::from(count)) as i32
        }
    }
}

/// Any partition; if it has no leader, any other, leader or not (`rd_kafka_msg_partitioner_random`).
fn random(known: &KnownTopic, cx: &mut Cx<'_>) -> i32 {
    let count = known.partitions.len() as u32;
    let mut draw = || cx.rng(Draw::Partition).below(count) as i32;
    let first = draw();
    if is_available(known, first) { first } else { draw() }
}

fn is_available(known: &KnownTopic, partition: i32) -> bool {
    let index = usize::try_from(partition).unwrap_or(usize::MAX);
    known.partitions.get(index).is_some_and(|partition| partition.leader.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::cluster::KnownPartition;
    use crate::client::testing::Bench;
    use crate::ids::{NodeId, TopicId};
    use alloc::vec;
    use alloc::vec::Vec;

    fn topic(partitions: usize) -> KnownTopic {
        let partition = KnownPartition {
            leader: Some(NodeId(1)),
            leader_epoch: 0,
            replicas: Vec::new(),
            isr: Vec::new(),
            offline: Vec::new(),
        };
        let partitions = vec![partition; partitions];
        KnownTopic { id: TopicId(1), is_internal: false, partitions }
    }

    fn keyed(key: &str) -> NewRecord {
        NewRecord { key: Some(key.as_bytes().into()), ..NewRecord::default() }
    }

    fn chosen(chooser: &mut Chooser, record: &NewRecord, bench: &mut Bench) -> Option<i32> {
        bench.run(|cx| chooser.choose(&"t".into(), record, &topic(6), cx))
    }

    #[test]
    fn the_same_key_goes_elsewhere_under_librdkafka() {
        let mut bench = Bench::new();
        let linger = Micros::from_ms(10);
        let partitioner = Partitioner::ConsistentRandom;
        let mut rd = Chooser::new(Rule::Librdkafka { partitioner, linger });
        let mut java = Chooser::new(Rule::BuiltIn { ignore_keys: false });
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926, "the check value of CRC-32");
        let mut differ = 0;
        for key in ["alice", "bob", "carol"] {
            let record = keyed(key);
            let expected = (crc32(key.as_bytes()) % 6) as i32;
            assert_eq!(chosen(&mut rd, &record, &mut bench), Some(expected));
            differ += i32::from(chosen(&mut java, &record, &mut bench) != Some(expected));
        }
        assert!(differ > 0);
        let partitioner = Partitioner::Murmur2Random;
        let mut alike = Chooser::new(Rule::Librdkafka { partitioner, linger });
        for key in ["alice", "bob", "carol", "21", "ü"] {
            let record = keyed(key);
            assert_eq!(
                chosen(&mut alike, &record, &mut bench),
                chosen(&mut java, &record, &mut bench)
            );
        }
    }

    #[test]
    fn librdkafkas_keyless_and_empty_keyed_records_stick_for_a_while() {
        let mut bench = Bench::new();
        let linger = Micros::from_ms(10);
        let partitioner = Partitioner::ConsistentRandom;
        let mut rd = Chooser::new(Rule::Librdkafka { partitioner, linger });
        assert!(!rd.is_by_key(&keyed("")));
        let first = chosen(&mut rd, &NewRecord::default(), &mut bench);
        for _ in 0..20 {
            assert_eq!(chosen(&mut rd, &keyed(""), &mut bench), first);
        }
    }

    #[test]
    fn a_table_of_keys_has_the_last_word_and_others_are_hashed() {
        let mut bench = Bench::new();
        let table: Arc<[(Bytes, i32)]> = [(Bytes::from(&b"vip"[..]), 5)].into();
        let mut own = Chooser::new(Rule::Table(table));
        assert_eq!(chosen(&mut own, &keyed("vip"), &mut bench), Some(5));
        let other = partition_for_key(b"alice", 6);
        assert_eq!(chosen(&mut own, &keyed("alice"), &mut bench), Some(other));
        let turns: Vec<_> =
            (0..3).map(|_| chosen(&mut own, &NewRecord::default(), &mut bench)).collect();
        assert_eq!(turns, [Some(0), Some(1), Some(2)]);
    }
}
