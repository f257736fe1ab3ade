//! The metadata image: what the metadata log says, replayed (`org.apache.kafka.image.MetadataImage`).
//!
//! Controllers and brokers hold one each and apply the same records. Invariant: equal prefixes give equal images.

use super::records::{MetadataRecord, PartitionState};
use crate::api::request::ConfigResource;
use crate::config::topic::TopicConfig;
use crate::config::{ConfigTable, broker::BrokerConfig};
use crate::ids::{
    BrokerEpoch, LeaderEpoch, Name, NodeId, Offset, ProducerId, TopicId, TopicPartition,
};
use crate::quota::Quotas;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// Everything the cluster has agreed on, up to an offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetadataImage {
    /// Registered brokers.
    pub brokers: FlatMap<NodeId, BrokerImage>,
    /// Registered controllers, with the process that each is now.
    pub controllers: FlatMap<NodeId, u64>,
    /// The cluster's features, with their levels.
    pub features: FlatMap<&'static str, i16>,
    /// Topics by id.
    pub topics: FlatMap<TopicId, TopicImage>,
    /// Topic ids by name.
    pub topic_ids: FlatMap<Name, TopicId>,
    /// Dynamic configs.
    pub configs: FlatMap<ConfigResource, FlatMap<Name, Name>>,
    /// Client quotas.
    pub quotas: Quotas,
    /// First producer id not handed out yet.
    pub next_producer_id: ProducerId,
    /// Offset of the next record to apply.
    pub next_offset: Offset,
    /// Epoch of the last record applied.
    pub epoch: LeaderEpoch,
}

/// A registered broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerImage {
    /// Offset of its registration record.
    pub epoch: BrokerEpoch,
    /// Its process.
    pub incarnation: u64,
    /// `broker.rack`.
    pub rack: Option<Name>,
    /// Serves no client.
    pub fenced: bool,
    /// On its way out.
    pub in_controlled_shutdown: bool,
}

impl BrokerImage {
    /// Whether it may lead and join ISRs.
    pub const fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicImage {
    /// Its name.
    pub name: Name,
    /// Its partitions, by index.
    pub partitions: Vec<PartitionState>,
}

impl MetadataImage {
    /// Replays the record at `offset`, which must be the next.
    pub fn apply(&mut self, offset: Offset, epoch: LeaderEpoch, record: &MetadataRecord) {
        assert!(offset == self.next_offset, "metadata is applied in order, without gaps");
        self.next_offset = offset + 1;
        self.epoch = epoch;
        match record {
            MetadataRecord::LeaderChange { .. }
            | MetadataRecord::BeginTransaction
            | MetadataRecord::EndTransaction
            | MetadataRecord::NoOp => {}
            MetadataRecord::FeatureLevel { feature, level } => {
                self.features.insert(*feature, *level);
            }
            MetadataRecord::RegisterController { controller, incarnation } => {
                self.controllers.insert(*controller, *incarnation);
            }
            MetadataRecord::RegisterBroker { broker, epoch, incarnation, rack, fenced } => {
                let known = self.brokers.get(broker);
                let same = known.filter(|known| known.incarnation == *incarnation);
                let image = BrokerImage {
                    epoch: *epoch,
                    incarnation: *incarnation,
                    rack: rack.clone(),
                    fenced: *fenced,
                    in_controlled_shutdown: same.is_some_and(|same| same.in_controlled_shutdown),
                };
                self.brokers.insert(*broker, image);
            }
            MetadataRecord::UnregisterBroker { broker, .. } => {
                self.brokers.remove(broker);
            }
            MetadataRecord::BrokerChange { broker, fenced, in_controlled_shutdown, .. } => {
                let image = self.brokers.get_mut(broker).expect("only registered brokers change");
                image.fenced = fenced.unwrap_or(image.fenced);
                image.in_controlled_shutdown =
                    in_controlled_shutdown.unwrap_or(image.in_controlled_shutdown);
            }
            MetadataRecord::Topic { id, name } => {
                self.topic_ids.insert(name.clone(), *id);
                self.topics.insert(*id, TopicImage { name: name.clone(), partitions: Vec::new() });
            }
            MetadataRecord::RemoveTopic { id } => self.remove_topic(*id),
            MetadataRecord::Partition { tp, state } => {
                let topic = self.topics.get_mut(&tp.topic).expect("a partition follows its topic");
                assert!(
                    topic.partitions.len() == tp.partition as usize,
                    "partitions come in order"
                );
                topic.partitions.push(state.clone());
            }
            MetadataRecord::PartitionChange { tp, state } => {
                let topic = self.topics.get_mut(&tp.topic).expect("a change follows its topic");
                topic.partitions[tp.partition as usize] = state.clone();
            }
            MetadataRecord::Config { resource, key, value } => {
                self.set_config(resource, key, value.as_ref())
            }
            MetadataRecord::ClientQuota { entity, key, value } => {
                self.quotas.set(entity, *key, *value);
            }
            MetadataRecord::ProducerIds { next } => self.next_producer_id = *next,
        }
    }

    /// A partition, if it exists.
    pub fn partition(&self, tp: TopicPartition) -> Option<&PartitionState> {
        self.topics.get(&tp.topic)?.partitions.get(usize::try_from(tp.partition).ok()?)
    }

    /// Every partition, by topic and index.
    pub fn partitions(&self) -> impl Iterator<Item = (TopicPartition, &PartitionState)> {
        self.topics.iter().flat_map(|(id, topic)| {
            let numbered = (0_i32..).zip(&topic.partitions);
            numbered.map(move |(index, state)| (TopicPartition::new(*id, index), state))
        })
    }

    /// A topic by name.
    pub fn topic(&self, name: &str) -> Option<(TopicId, &TopicImage)> {
        let id = *self.topic_ids.get(name)?;
        Some((id, self.topics.get(&id)?))
    }

    /// Whether a broker is registered, unfenced and staying.
    pub fn is_active(&self, broker: NodeId) -> bool {
        self.brokers.get(&broker).is_some_and(BrokerImage::is_active)
    }

    /// A topic's configs as a broker has them: its own, over those in force on the broker, `node`, over Kafka's.
    pub fn topic_config(&self, name: &Name, node: &BrokerConfig) -> TopicConfig {
        let mut config = Self::topic_defaults(node);
        self.overlay(&mut config, &ConfigResource::Topic(name.clone()));
        config
    }

    /// The same as a controller has them, which takes the cluster's defaults from the metadata.
    pub fn cluster_topic_config(&self, name: &Name, node: &BrokerConfig) -> TopicConfig {
        let mut config = Self::topic_defaults(node);
        self.overlay(&mut config, &ConfigResource::Broker(None));
        self.overlay(&mut config, &ConfigResource::Topic(name.clone()));
        config
    }

    fn overlay(&self, config: &mut TopicConfig, resource: &ConfigResource) {
        for (key, value) in self.configs.get(resource).into_iter().flatten() {
            // Broker defaults hold keys of other scopes too; those are not the topic's.
            let _ = config.set(key, value);
        }
    }

    fn topic_defaults(node: &BrokerConfig) -> TopicConfig {
        TopicConfig {
            min_insync_replicas: node.min_insync_replicas,
            unclean_leader_election_enable: node.unclean_leader_election_enable,
            max_message_bytes: node.message_max_bytes,
            segment_bytes: node.log_segment_bytes,
            retention_ms: node.retention_ms(),
            min_cleanable_dirty_ratio: node.log_cleaner_min_cleanable_ratio,
            delete_retention_ms: node.log_cleaner_delete_retention_ms,
            min_compaction_lag_ms: node.log_cleaner_min_compaction_lag_ms,
            retention_bytes: node.log_retention_bytes,
            cleanup_policy: node.log_cleanup_policy,
            max_compaction_lag_ms: node.log_cleaner_max_compaction_lag_ms,
            segment_ms: node.segment_ms(),
            flush_messages: node.log_flush_interval_messages,
            flush_ms: node.flush_ms(),
            segment_jitter_ms: node.segment_jitter_ms(),
            compression_type: node.compression_type,
            message_timestamp_type: node.log_message_timestamp_type,
            message_timestamp_before_max_ms: node.log_message_timestamp_before_max_ms,
            message_timestamp_after_max_ms: node.log_message_timestamp_after_max_ms,
            file_delete_delay_ms: node.log_segment_delete_delay_ms,
            // What no broker has a default of its own for.
            ..TopicConfig::default()
        }
    }

    fn remove_topic(&mut self, id: TopicId) {
        let topic = self.topics.remove(&id).expect("only existing topics are removed");
        self.topic_ids.remove(&topic.name);
        self.configs.remove(&ConfigResource::Topic(topic.name));
    }

    fn set_config(&mut self, resource: &ConfigResource, key: &Name, value: Option<&Name>) {
        let configs = self.configs.entry(resource.clone()).or_default();
        match value {
            Some(value) => configs.insert(key.clone(), value.clone()),
            None => configs.remove(key),
        };
    }
}
