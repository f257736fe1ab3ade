//! How new metadata changes a broker's replicas (`ReplicaManager.applyDelta`, `BrokerMetadataPublisher`).
//!
//! However many records a partition got, it goes straight to its latest state. Invariant: afterwards this broker hosts exactly
//! the replicas that metadata gives it.

use super::Env;
use super::metadata::Published;
use super::partition::{Partition, Transition};
use super::replica_manager::ReplicaManager;
use crate::api::ErrorCode;
use crate::api::request::ConfigResource;
use crate::config::topic::TopicConfig;
use crate::controller::records::{MetadataRecord, PartitionState};
use crate::cx::Cx;
use crate::group::OFFSETS_TOPIC;
use crate::ids::{TopicId, TopicPartition};
use crate::share::SHARE_STATE_TOPIC;
use crate::trace::Fact;
use crate::txn::TXN_TOPIC;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A partition of a coordinator's topic that this broker began (true) or ceased (false) to lead.
pub(super) type Elections = Vec<(TopicPartition, bool)>;

/// What records are about, each thing once.
#[derive(Default)]
struct Delta {
    partitions: Vec<TopicPartition>,
    removed: Vec<TopicId>,
    configs: bool,
}

impl ReplicaManager {
    /// The image has changed: replicas come, go, and change roles.
    pub(super) fn apply_metadata(
        &mut self,
        published: &Published,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> Elections {
        let mut elections = Elections::new();
        let delta = match published {
            Published::Image => self.whole(env),
            Published::Records(records) => delta(records.iter().map(|record| &**record)),
        };
        let known = (self.offsets_topic, self.txn_topic);
        self.offsets_topic = env.image.topic_ids.get(OFFSETS_TOPIC).copied().or(known.0);
        self.txn_topic = env.image.topic_ids.get(TXN_TOPIC).copied().or(known.1);
        self.share_topic = env.image.topic_ids.get(SHARE_STATE_TOPIC).copied();
        for topic in &delta.removed {
            self.remove_topic(*topic, env, cx, &mut elections);
        }
        let mut shared: Option<(TopicId, Arc<TopicConfig>)> = None;
        for tp in delta.partitions {
            let Some(state) = env.image.partition(tp) else { continue };
            if state.replicas.contains(&self.me) {
                let known = shared.take_if(|(topic, _)| *topic == tp.topic);
                let (_, config) =
                    shared.insert(known.unwrap_or_else(|| (tp.topic, config_of(tp.topic, env))));
                let config = config.clone();
                self.apply_partition(tp, state, config, env, cx, &mut elections);
            } else {
                self.remove_partition(tp, ErrorCode::NotLeaderOrFollower, env, cx, &mut elections);
            }
        }
        if delta.configs {
            self.refresh_configs(env);
        }
        self.send_fetches(env, cx);
        elections
    }

    /// After a start everything is news, and what was deleted meanwhile still lies here.
    fn whole(&self, env: &Env<'_>) -> Delta {
        let mut removed: Vec<TopicId> = self
            .replicas
            .iter()
            .map(|partition| partition.tp.topic)
            .filter(|topic| !env.image.topics.contains_key(topic))
            .collect();
        removed.dedup();
        let partitions = env.image.partitions().map(|(tp, _)| tp).collect();
        Delta { partitions, removed, configs: true }
    }

    fn apply_partition(
        &mut self,
        tp: TopicPartition,
        state: &PartitionState,
        config: Arc<TopicConfig>,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
        elections: &mut Elections,
    ) {
        let (me, now) = (self.me, cx.epoch_ms());
        let (partition, made) = self.replicas.get_or_create(tp, || Partition::new(tp, config, now));
        if made {
            cx.note(Fact::ReplicaHosted { tp, hosted: true });
        }
        let mut waiting = Vec::new();
        if let Some(leadership) = partition.leadership.as_mut().filter(|_| state.leader != me) {
            waiting = core::mem::take(&mut leadership.waiting);
        }
        let transition = partition.apply(me, state, cx);
        let leader = partition.current_leader();
        match transition {
            Transition::None | Transition::StillFollows => {}
            Transition::Elected => {
                self.stop_fetching(tp);
                self.advance_high_watermark(tp, env, cx);
                self.complete_fetches_of(tp, env, cx);
            }
            Transition::StillLeads => {
                self.advance_high_watermark(tp, env, cx);
                self.settle_produces(tp, cx);
            }
            Transition::Follows => {
                self.stop_fetching(tp);
                let parting = env.leaving && !state.isr.contains(&me);
                if !parting && env.image.brokers.contains_key(&state.leader) {
                    self.start_fetching(tp, state.leader, env, cx);
                }
                self.complete_fetches_of(tp, env, cx);
            }
        }
        let error = ErrorCode::NotLeaderOrFollower;
        self.refuse_waiting(waiting, tp, error, Some(leader), cx);
        if self.is_coordinators(tp.topic)
            && matches!(transition, Transition::Elected | Transition::Follows)
        {
            elections.push((tp, transition == Transition::Elected));
        }
    }

    fn remove_topic(
        &mut self,
        topic: TopicId,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
        elections: &mut Elections,
    ) {
        let hosted: Vec<_> = self.replicas.of_topic(topic).map(|partition| partition.tp).collect();
        for tp in hosted {
            self.remove_partition(tp, ErrorCode::UnknownTopicOrPartition, env, cx, elections);
        }
    }

    fn remove_partition(
        &mut self,
        tp: TopicPartition,
        error: ErrorCode,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
        elections: &mut Elections,
    ) {
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        let leadership = partition.leadership.take();
        self.stop_fetching(tp);
        self.replicas.remove(tp);
        cx.note(Fact::ReplicaHosted { tp, hosted: false });
        self.complete_fetches_of(tp, env, cx);
        if let Some(leadership) = leadership {
            self.refuse_waiting(leadership.waiting, tp, error, None, cx);
        }
        if self.is_coordinators(tp.topic) {
            elections.push((tp, false));
        }
    }

    /// A smaller `min.insync.replicas` lets no high watermark move by itself: as in Kafka, that takes an append or a fetch.
    fn refresh_configs(&mut self, env: &Env<'_>) {
        for topic in env.image.topics.keys() {
            if self.replicas.of_topic(*topic).next().is_none() {
                continue;
            }
            let config = config_of(*topic, env);
            let stale: Vec<TopicPartition> = self
                .replicas
                .of_topic(*topic)
                .filter(|partition| partition.config != config)
                .map(|partition| partition.tp)
                .collect();
            for tp in stale {
                if let Some(partition) = self.replicas.get_mut(tp) {
                    partition.config = config.clone();
                }
            }
        }
    }
}

fn config_of(topic: TopicId, env: &Env<'_>) -> Arc<TopicConfig> {
    let config = match env.image.topics.get(&topic) {
        Some(image) => env.image.topic_config(&image.name, env.config),
        None => TopicConfig::default(),
    };
    Arc::new(config)
}

fn delta<'a>(records: impl IntoIterator<Item = &'a MetadataRecord>) -> Delta {
    let mut delta = Delta::default();
    for record in records {
        match record {
            MetadataRecord::Partition { tp, .. } | MetadataRecord::PartitionChange { tp, .. } => {
                delta.partitions.push(*tp);
            }
            MetadataRecord::RemoveTopic { id } => delta.removed.push(*id),
            MetadataRecord::Config { resource, .. } => {
                delta.configs |= !matches!(resource, ConfigResource::Group(_));
            }
            MetadataRecord::LeaderChange { .. }
            | MetadataRecord::BeginTransaction
            | MetadataRecord::EndTransaction
            | MetadataRecord::FeatureLevel { .. }
            | MetadataRecord::NoOp
            | MetadataRecord::RegisterBroker { .. }
            | MetadataRecord::RegisterController { .. }
            | MetadataRecord::UnregisterBroker { .. }
            | MetadataRecord::BrokerChange { .. }
            | MetadataRecord::Topic { .. }
            | MetadataRecord::ClientQuota { .. }
            | MetadataRecord::ProducerIds { .. } => {}
        }
    }
    delta.partitions.sort_unstable();
    delta.partitions.dedup();
    delta
}
