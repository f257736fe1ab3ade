//! Taints: partitions in which something happened that Kafka does not promise to survive.
//!
//! Invariant: a taint stays for the rest of the run.

use kafkascope_model::ids::{TopicId, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// What excuses what.
#[derive(Clone, Debug, Default)]
pub struct Taints {
    partitions: BTreeMap<TopicPartition, &'static str>,
    /// Topics that were deleted.
    deleted: BTreeSet<TopicId>,
}

impl Taints {
    /// Something happened to a partition; the first counts.
    pub fn taint(&mut self, tp: TopicPartition, why: &'static str) {
        self.partitions.entry(tp).or_insert(why);
    }

    /// A topic is gone.
    pub fn delete(&mut self, topic: TopicId) {
        self.deleted.insert(topic);
    }

    /// Why a partition's promises need not be kept, if so.
    pub fn of(&self, tp: TopicPartition) -> Option<&'static str> {
        let deleted = || self.deleted.contains(&tp.topic).then_some("the topic was deleted");
        self.partitions.get(&tp).copied().or_else(deleted)
    }

    /// Whether any partition of a topic is tainted.
    pub fn of_topic(&self, topic: TopicId) -> Option<&'static str> {
        let range = TopicPartition::new(topic, i32::MIN)..=TopicPartition::new(topic, i32::MAX);
        self.partitions.range(range).next().map(|(_, why)| *why)
    }
}
