//! An image and a controller's configs for tests of its decisions.
//!
//! Invariant: only records change the image, as in the controller itself.

use super::image::MetadataImage;
use super::records::{MetadataRecord, PartitionState};
use super::view::View;
use crate::config::broker::BrokerConfig;
use crate::ids::{NodeId, TopicId, TopicPartition};
use alloc::vec::Vec;

/// The topic `t` of a desk.
pub(super) const TOPIC: TopicId = TopicId(900);

/// Where decisions are made.
pub(super) struct Desk {
    pub(super) image: MetadataImage,
    pub(super) node: BrokerConfig,
}

impl Desk {
    /// Brokers 1 to `brokers` serve.
    pub(super) fn new(brokers: i32) -> Self {
        let mut desk = Self { image: MetadataImage::default(), node: BrokerConfig::default() };
        for broker in 1..=brokers {
            let register = desk.registration(broker, false);
            desk.apply(&[register]);
        }
        desk
    }

    /// The same with partitions of a topic `t` on these replicas, all of them in sync.
    pub(super) fn with_topic(brokers: i32, partitions: &[&[i32]]) -> Self {
        let mut desk = Self::new(brokers);
        desk.apply(&[MetadataRecord::Topic { id: TOPIC, name: "t".into() }]);
        for (index, replicas) in (0..).zip(partitions) {
            let state = in_sync(replicas);
            desk.apply(&[MetadataRecord::Partition { tp: tp(index), state }]);
        }
        desk
    }

    pub(super) fn view(&self) -> View<'_> {
        View::new(&self.image, &self.node)
    }

    pub(super) fn apply(&mut self, records: &[MetadataRecord]) {
        for record in records {
            self.image.apply(self.image.next_offset, 1, record);
        }
    }

    pub(super) fn registration(&self, broker: i32, fenced: bool) -> MetadataRecord {
        let epoch = self.image.next_offset;
        let incarnation = epoch.unsigned_abs();
        MetadataRecord::RegisterBroker {
            broker: NodeId(broker),
            epoch,
            incarnation,
            rack: None,
            fenced,
        }
    }

    pub(super) fn partition(&self, index: i32) -> &PartitionState {
        self.image.partition(tp(index)).expect("it exists")
    }
}

/// A partition of the topic `t`.
pub(super) const fn tp(index: i32) -> TopicPartition {
    TopicPartition::new(TOPIC, index)
}

/// Node ids.
pub(super) fn ids(list: &[i32]) -> Vec<NodeId> {
    list.iter().copied().map(NodeId).collect()
}

fn in_sync(replicas: &[i32]) -> PartitionState {
    PartitionState {
        replicas: ids(replicas),
        isr: ids(replicas),
        elr: Vec::new(),
        last_known_elr: Vec::new(),
        leader: NodeId(replicas[0]),
        leader_epoch: 0,
        partition_epoch: 0,
        adding: Vec::new(),
        removing: Vec::new(),
        recovering: false,
    }
}
