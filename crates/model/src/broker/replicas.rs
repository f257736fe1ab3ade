//! The replicas a broker hosts, found by topic and index.
//!
//! Each is shared with snapshots of the world until it changes. Invariant: a replica's place is its partition index.

use super::partition::Partition;
use crate::ids::{TopicId, TopicPartition};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// All replicas of one broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Replicas {
    topics: FlatMap<TopicId, Vec<Option<Arc<Partition>>>>,
}

impl Replicas {
    /// One replica.
    pub fn get(&self, tp: TopicPartition) -> Option<&Partition> {
        self.topics.get(&tp.topic)?.get(index(tp)?)?.as_deref()
    }

    /// One replica, to change it.
    pub fn get_mut(&mut self, tp: TopicPartition) -> Option<&mut Partition> {
        let slot = self.topics.get_mut(&tp.topic)?.get_mut(index(tp)?)?;
        slot.as_mut().map(Arc::make_mut)
    }

    /// One replica, made if it is not there; whether it was made.
    pub fn get_or_create(
        &mut self,
        tp: TopicPartition,
        make: impl FnOnce() -> Partition,
    ) -> (&mut Partition, bool) {
        let topic = self.topics.entry(tp.topic).or_default();
        let index = index(tp).expect("partition indexes are not negative");
        if topic.len() <= index {
            topic.resize(index + 1, None);
        }
        let slot = &mut topic[index];
        let made = slot.is_none();
        (Arc::make_mut(slot.get_or_insert_with(|| Arc::new(make()))), made)
    }

    /// Takes one replica away; whether it was there.
    pub fn remove(&mut self, tp: TopicPartition) -> bool {
        let Some(index) = index(tp) else { return false };
        let slot = self.topics.get_mut(&tp.topic).and_then(|topic| topic.get_mut(index));
        slot.is_some_and(|slot| slot.take().is_some())
    }

    /// The replicas of a topic, by index.
    pub fn of_topic(&self, topic: TopicId) -> impl Iterator<Item = &Partition> {
        self.topics.get(&topic).into_iter().flatten().flatten().map(|slot| &**slot)
    }

    /// Every replica, by topic and index.
    pub fn iter(&self) -> impl Iterator<Item = &Partition> {
        self.topics.values().flatten().flatten().map(|slot| &**slot)
    }

    /// Every replica, to change it.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.topics.values_mut().flatten().flatten().map(Arc::make_mut)
    }

    /// Those of a topic, to change them.
    pub fn of_topic_mut(&mut self, topic: TopicId) -> impl Iterator<Item = &mut Partition> {
        self.topics.get_mut(&topic).into_iter().flatten().flatten().map(Arc::make_mut)
    }
}

fn index(tp: TopicPartition) -> Option<usize> {
    usize::try_from(tp.partition).ok()
}
