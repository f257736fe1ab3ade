//! What the controller decides on: the image, the node's configs, and which features are on.
//!
//! Every decision is a pure function of a view and its inputs, and results in records; only the log changes the image.
//! Invariant: a view is never changed.

use super::election::{Election, PartitionChange};
use super::image::{MetadataImage, TopicImage};
use super::records::MetadataRecord;
use crate::api::ErrorCode;
use crate::config::broker::BrokerConfig;
use crate::ids::{BrokerEpoch, Name, NodeId, TopicPartition};

/// The state that a decision is based on.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Everything written so far.
    pub image: &'a MetadataImage,
    /// The controller's own configs: Kafka's defaults of topics come from here.
    pub node: &'a BrokerConfig,
    /// `eligible.leader.replicas.version` is 1, as in every cluster that 4.3.1 formatted.
    pub elr_enabled: bool,
    /// Replicas are placed as Kafka 3.x did (`AdminUtils`).
    pub places_as_3x: bool,
}

impl<'a> View<'a> {
    /// A view with 4.3.1's features.
    pub const fn new(image: &'a MetadataImage, node: &'a BrokerConfig) -> Self {
        Self { image, node, elr_enabled: true, places_as_3x: false }
    }

    /// The same with what a 3.x cluster in ZooKeeper mode had.
    #[must_use]
    pub const fn in_zookeeper_mode(self) -> Self {
        Self { elr_enabled: false, places_as_3x: true, ..self }
    }

    /// `min.insync.replicas` of a topic, at most its number of replicas.
    pub fn effective_min_isr(&self, topic: &TopicImage) -> usize {
        let configured =
            self.image.cluster_topic_config(&topic.name, self.node).min_insync_replicas;
        let replicas = topic.partitions.first().map_or(0, |first| first.replicas.len());
        usize::try_from(configured).unwrap_or(0).min(replicas)
    }

    /// `unclean.leader.election.enable` of a topic.
    pub fn unclean_allowed(&self, topic: &Name) -> bool {
        self.image.cluster_topic_config(topic, self.node).unclean_leader_election_enable
    }

    /// How far elections of a topic go when nobody asked for one.
    pub fn usual_election(&self, topic: &Name) -> Election {
        if self.unclean_allowed(topic) { Election::Unclean } else { Election::Online }
    }

    /// The beginnings of a change of an existing partition.
    pub fn change(
        &self,
        tp: TopicPartition,
        acceptable: &'a dyn Fn(NodeId) -> bool,
    ) -> PartitionChange<'a> {
        let topic = &self.image.topics[&tp.topic];
        let state = self.image.partition(tp).expect("asked about existing partitions only");
        PartitionChange::new(state, acceptable, self.effective_min_isr(topic), self.elr_enabled)
    }

    /// STALE_BROKER_EPOCH unless the broker is registered with this epoch.
    pub fn check_broker_epoch(&self, broker: NodeId, epoch: BrokerEpoch) -> Result<(), ErrorCode> {
        match self.image.brokers.get(&broker) {
            Some(image) if image.epoch == epoch => Ok(()),
            Some(_) | None => Err(ErrorCode::StaleBrokerEpoch),
        }
    }
}

/// The record of a finished change.
pub(super) fn change_record(
    tp: TopicPartition,
    change: PartitionChange<'_>,
) -> Option<MetadataRecord> {
    change.build().map(|state| MetadataRecord::PartitionChange { tp, state })
}
