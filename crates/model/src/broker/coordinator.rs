//! FIND_COORDINATOR, and internal topics as their coordinators see them (`AutoTopicCreationManager`,
//! `CoordinatorPartitionWriter`).
//!
//! Invariant: offsets and transactions are records of ordinary replicated partitions; nothing else is kept of them here.

use super::Env;
use super::producer_ids::ProducerIds;
use super::replica_manager::ReplicaManager;
use crate::api::request::{CoordinatorType, CreateTopics, FindCoordinator};
use crate::api::response::Coordinator;
use crate::api::{ErrorCode, Response};
use crate::config::broker::BrokerConfig;
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::{OFFSETS_TOPIC, OffsetsLog, OffsetsRecord, partition_for};
use crate::ids::{
    EpochMs, LeaderEpoch, Name, NodeId, Offset, ProducerEpoch, ProducerId, RecordId, TopicId,
    TopicPartition,
};
use crate::log::producers::{Guard, Origin, Terms};
use crate::log::segment::Segment;
use crate::log::{Batch, Codec, Record, TimestampType};
use crate::share::SHARE_STATE_TOPIC;
use crate::txn::{TXN_TOPIC, TxnLog};
use alloc::string::ToString;
use alloc::vec::Vec;

/// Answers a FIND_COORDINATOR; the internal topic that must be created first, if one must.
pub(super) fn find_coordinator(
    request: &FindCoordinator,
    env: &Env<'_>,
) -> (Response, Option<&'static str>) {
    let topic = match request.key_type {
        CoordinatorType::Group => Some(OFFSETS_TOPIC),
        CoordinatorType::Transaction => Some(TXN_TOPIC),
        CoordinatorType::Share => Some(SHARE_STATE_TOPIC),
    };
    let missing = topic.filter(|topic| env.image.topic(topic).is_none());
    let one = |key: &Name| {
        let node = topic.and_then(|topic| coordinator_of(key, topic, env.image));
        Coordinator {
            key: key.clone(),
            error: if node.is_some() {
                ErrorCode::None
            } else {
                ErrorCode::CoordinatorNotAvailable
            },
            node_id: node.unwrap_or(NodeId::NONE),
        }
    };
    (Response::FindCoordinator(request.keys.iter().map(one).collect()), missing)
}

/// How a broker asks for a topic that somebody needs.
pub(super) fn creation(name: Name, config: &BrokerConfig) -> CreateTopics {
    let pair = |key: &str, value: &str| (key.into(), value.into());
    let (num_partitions, replication_factor, configs) = match &*name {
        OFFSETS_TOPIC => (
            config.offsets_topic_num_partitions,
            config.offsets_topic_replication_factor,
            alloc::vec![pair("cleanup.policy", "compact"), pair("segment.bytes", "104857600")],
        ),
        TXN_TOPIC => (
            config.transaction_state_log_num_partitions,
            config.transaction_state_log_replication_factor,
            txn_configs(config),
        ),
        SHARE_STATE_TOPIC => (
            config.share_coordinator_state_topic_num_partitions,
            config.share_coordinator_state_topic_replication_factor,
            share_configs(config),
        ),
        _ => {
            let factor = i16::try_from(config.default_replication_factor).unwrap_or(i16::MAX);
            (config.num_partitions, factor, Vec::new())
        }
    };
    CreateTopics {
        name,
        num_partitions,
        replication_factor,
        assignments: Vec::new(),
        configs,
        timeout_ms: 30_000,
    }
}

fn txn_configs(config: &BrokerConfig) -> Vec<(Name, Name)> {
    let number = |key: &str, value: i32| (Name::from(key), Name::from(value.to_string()));
    alloc::vec![
        ("compression.type".into(), "uncompressed".into()),
        ("cleanup.policy".into(), "compact".into()),
        number("min.insync.replicas", config.transaction_state_log_min_isr),
        number("segment.bytes", config.transaction_state_log_segment_bytes),
        ("unclean.leader.election.enable".into(), "false".into()),
    ]
}

fn share_configs(config: &BrokerConfig) -> Vec<(Name, Name)> {
    let min_isr = config.share_coordinator_state_topic_min_isr.to_string();
    alloc::vec![
        ("cleanup.policy".into(), "delete".into()),
        ("min.insync.replicas".into(), min_isr.into()),
        ("segment.bytes".into(), "104857600".into()),
        ("retention.ms".into(), "-1".into()),
    ]
}

/// Who coordinates a group or a transactional id: the leader of its partition of an internal topic.
pub(super) fn coordinator_of(key: &str, topic: &str, image: &MetadataImage) -> Option<NodeId> {
    let (_, topic) = image.topic(topic)?;
    let count = i32::try_from(topic.partitions.len()).ok()?;
    let state = topic.partitions.get(usize::try_from(partition_for(key, count)).ok()?)?;
    image.brokers.contains_key(&state.leader).then_some(state.leader)
}

/// A coordinator's internal topic on this broker.
pub(super) struct InternalTopic<'a> {
    pub(super) env: Env<'a>,
    pub(super) replicas: &'a mut ReplicaManager,
    /// Its id, once it exists.
    pub(super) topic: Option<TopicId>,
    pub(super) ids: &'a mut ProducerIds,
}

impl InternalTopic<'_> {
    fn tp(&self, partition: i32) -> Option<TopicPartition> {
        self.topic.map(|topic| TopicPartition::new(topic, partition))
    }

    fn write(
        &mut self,
        tp: TopicPartition,
        batch: Batch,
        terms: &Terms,
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        let appended = self.replicas.append(tp, batch, -1, terms, &self.env, cx);
        // A coordinator looks at the high watermark itself after an append.
        self.replicas.moved_offsets.retain(|(moved, _)| *moved != tp);
        appended.map(|appended| appended.next_offset).map_err(|(error, _)| error)
    }
}

impl TxnLog for InternalTopic<'_> {
    fn leader_epoch(&self, partition: i32) -> LeaderEpoch {
        let replica = self.tp(partition).and_then(|tp| self.replicas.replicas.get(tp));
        replica.map_or(-1, |replica| replica.leader_epoch)
    }

    fn new_producer_id(&mut self) -> Result<ProducerId, ErrorCode> {
        self.ids.generate()
    }
}

impl OffsetsLog for InternalTopic<'_> {
    fn config(&self) -> &BrokerConfig {
        self.env.config
    }

    fn image(&self) -> &MetadataImage {
        self.env.image
    }

    fn append(
        &mut self,
        partition: i32,
        records: Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        let tp = self.tp(partition).ok_or(ErrorCode::NotLeaderOrFollower)?;
        let batch = batch(records, cx.epoch_ms());
        let terms = Terms { origin: Origin::Coordinator, ..Terms::default() };
        self.write(tp, batch, &terms, cx)
    }

    fn append_transactional(
        &mut self,
        partition: i32,
        records: Vec<OffsetsRecord>,
        (producer_id, producer_epoch, guard): (ProducerId, ProducerEpoch, Guard),
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        let tp = self.tp(partition).ok_or(ErrorCode::NotLeaderOrFollower)?;
        let plain = batch(records, cx.epoch_ms());
        let batch = Batch { producer_id, producer_epoch, transactional: true, ..plain };
        let terms = Terms { origin: Origin::Coordinator, guard, ..Terms::default() };
        self.write(tp, batch, &terms, cx)
    }

    fn high_watermark(&self, partition: i32) -> Offset {
        let replica = self.tp(partition).and_then(|tp| self.replicas.replicas.get(tp));
        let leads = replica.filter(|replica| replica.leadership.is_some());
        leads.map_or(0, |replica| replica.log.high_watermark())
    }

    fn batches(&self, partition: i32) -> Vec<Batch> {
        let replica = self.tp(partition).and_then(|tp| self.replicas.replicas.get(tp));
        let segments = replica.map_or(&[][..], |replica| replica.log.segments());
        segments.iter().flat_map(Segment::batches).cloned().collect()
    }
}

fn batch(records: Vec<OffsetsRecord>, now: EpochMs) -> Batch {
    let last_offset_delta = i32::try_from(records.len()).unwrap_or(i32::MAX) - 1;
    let numbered = (0_i32..).zip(records);
    let records: Vec<Record> = numbered
        .map(|(offset_delta, record)| Record {
            id: RecordId::INTERNAL,
            offset_delta,
            timestamp: now,
            key: Some(record.key),
            value: record.value,
            headers: None,
        })
        .collect();
    Batch {
        base_offset: 0,
        last_offset_delta,
        leader_epoch: -1,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        max_timestamp: now,
        timestamp_type: TimestampType::CreateTime,
        codec: Codec::None,
        transactional: false,
        control: None,
        delete_horizon: -1,
        corrupt: false,
        size_bytes: HEADER_BYTES + records.iter().map(record_bytes).sum::<u32>(),
        records: records.into(),
    }
}

/// What a verification needs to know of offsets that are still to be written.
pub(super) fn transactional(producer_id: ProducerId, producer_epoch: ProducerEpoch) -> Batch {
    Batch { producer_id, producer_epoch, transactional: true, ..batch(Vec::new(), 0) }
}

/// Bytes of a batch's header.
const HEADER_BYTES: u32 = 61;

/// Bytes of a small record without headers: length, attributes, two deltas, two lengths, header count.
fn record_bytes(record: &Record) -> u32 {
    let bytes = |field: &Option<crate::ids::Bytes>| field.as_ref().map_or(0, |bytes| bytes.len());
    7 + u32::try_from(bytes(&record.key) + bytes(&record.value)).unwrap_or(u32::MAX - 7)
}
