//! FIND_COORDINATOR, and the offsets topic as the group coordinator sees it (`AutoTopicCreationManager`,
//! `CoordinatorPartitionWriter`).
//!
//! Invariant: offsets are records of an ordinary replicated partition; nothing else is kept of them here.

use super::Env;
use super::replica_manager::ReplicaManager;
use crate::api::request::{CoordinatorType, CreateTopics, FindCoordinator};
use crate::api::response::Coordinator;
use crate::api::{ErrorCode, Response};
use crate::config::broker::BrokerConfig;
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::{OFFSETS_TOPIC, OffsetsLog, OffsetsRecord, partition_for};
use crate::ids::{EpochMs, Name, NodeId, Offset, RecordId, TopicId, TopicPartition};
use crate::log::segment::Segment;
use crate::log::{Batch, Codec, Record, TimestampType};
use crate::share::SHARE_STATE_TOPIC;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Answers a FIND_COORDINATOR; the topic that must be created first, if any.
pub(super) fn find_coordinator(
    request: &FindCoordinator,
    env: &Env<'_>,
) -> (Response, Option<&'static str>) {
    let topic = match request.key_type {
        CoordinatorType::Group => Some(OFFSETS_TOPIC),
        CoordinatorType::Share => Some(SHARE_STATE_TOPIC),
        CoordinatorType::Transaction => None,
    };
    let missing = topic.filter(|topic| env.image.topic(topic).is_none());
    let one = |key: &Name| {
        let node = topic.and_then(|topic| coordinator_of(topic, key, env.image));
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
    let (configs, num_partitions, replication_factor) = match &*name {
        OFFSETS_TOPIC => (
            alloc::vec![pair("cleanup.policy", "compact"), pair("segment.bytes", "104857600")],
            config.offsets_topic_num_partitions,
            config.offsets_topic_replication_factor,
        ),
        SHARE_STATE_TOPIC => (
            alloc::vec![
                pair("cleanup.policy", "delete"),
                pair(
                    "min.insync.replicas",
                    &config.share_coordinator_state_topic_min_isr.to_string()
                ),
                pair("segment.bytes", "104857600"),
                pair("retention.ms", "-1"),
            ],
            config.share_coordinator_state_topic_num_partitions,
            config.share_coordinator_state_topic_replication_factor,
        ),
        _ => {
            let factor = i16::try_from(config.default_replication_factor).unwrap_or(i16::MAX);
            (Vec::new(), config.num_partitions, factor)
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

/// The broker that leads the partition of a coordinators' topic that a key belongs to.
pub(super) fn coordinator_of(topic: &str, key: &str, image: &MetadataImage) -> Option<NodeId> {
    let (_, topic) = image.topic(topic)?;
    let count = i32::try_from(topic.partitions.len()).ok()?;
    let state = topic.partitions.get(usize::try_from(partition_for(key, count)).ok()?)?;
    image.brokers.contains_key(&state.leader).then_some(state.leader)
}

/// A coordinators' topic on this broker.
pub(super) struct InternalTopic<'a> {
    pub(super) topic: Option<TopicId>,
    pub(super) env: Env<'a>,
    pub(super) replicas: &'a mut ReplicaManager,
}

impl InternalTopic<'_> {
    fn tp(&self, partition: i32) -> Option<TopicPartition> {
        self.topic.map(|topic| TopicPartition::new(topic, partition))
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
        let appended = self.replicas.append(tp, batch, -1, &self.env, cx);
        // The coordinator looks at the high watermark itself after an append.
        self.replicas.moved_offsets.retain(|(moved, _)| *moved != tp);
        appended.map(|appended| appended.next_offset).map_err(|(error, _)| error)
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
        size_bytes: HEADER_BYTES + records.iter().map(record_bytes).sum::<u32>(),
        records: records.into(),
    }
}

/// Bytes of a batch's header.
const HEADER_BYTES: u32 = 61;

/// Bytes of a small record without headers: length, attributes, two deltas, two lengths, header count.
fn record_bytes(record: &Record) -> u32 {
    let bytes = |field: &Option<crate::ids::Bytes>| field.as_ref().map_or(0, |bytes| bytes.len());
    7 + u32::try_from(bytes(&record.key) + bytes(&record.value)).unwrap_or(u32::MAX - 7)
}
