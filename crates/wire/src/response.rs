//! Responses with Kafka's field names.
//!
//! Invariant: `FETCH` tells sizes, not contents.

use crate::Wire;
use crate::fields::{by_topic, ids, names};
use crate::quorum;
use crate::request::subscription;
use crate::value::{Value, json};
use kafkascope_model::api::response::{
    AlteredPartition, CurrentLeader, DescribedConsumerGroup, DescribedGroup, EpochEnd, Fetch,
    FetchedPartition, JoinGroup, ListedGroup, ListedOffset, Metadata, OffsetFetch, Produce,
    RaftFetch, TopicMetadata,
};
use kafkascope_model::api::{ErrorCode, Response};
use kafkascope_model::ids::{Name, Offset, TopicPartition};

impl Wire<'_> {
    /// A response's fields.
    pub fn response(&self, response: &Response) -> Value {
        match response {
            Response::ApiVersions => json!({ "errorCode": 0 }),
            Response::Metadata(body) => self.metadata(body),
            Response::Produce(body) => self.produced(body),
            Response::Fetch(body) => self.fetched(body),
            Response::ListOffsets(body) => self.listed_offsets(body),
            Response::OffsetForLeaderEpoch(body) => self.epoch_ends(body),
            Response::InitProducerId(body) => json!({
                "errorCode": body.error.code(), "producerId": body.producer_id,
                "producerEpoch": body.producer_epoch,
            }),
            Response::CreateTopics(error, id) => {
                json!({ "topics": [{ "topicId": self.topic_id(*id), "errorCode": error.code() }] })
            }
            Response::CreatePartitions(error) => {
                json!({ "results": [{ "errorCode": error.code() }] })
            }
            Response::DeleteTopics(body) => {
                json!({ "responses": coded("name", body) })
            }
            Response::DeleteRecords(body) => self.deleted_records(body),
            Response::ElectLeaders(error, body) => {
                let results = by_topic("topic", "partitionResult", verdicts("partitionId", body));
                json!({ "errorCode": error.code(), "replicaElectionResults": results })
            }
            Response::AlterClientQuotas(error) => {
                json!({ "entries": [{ "errorCode": error.code() }] })
            }
            Response::IncrementalAlterConfigs(error) => {
                json!({ "responses": [{ "errorCode": error.code() }] })
            }
            Response::AlterPartitionReassignments(error, body) => {
                let responses = by_topic("name", "partitions", verdicts("partitionIndex", body));
                json!({ "errorCode": error.code(), "responses": responses })
            }
            Response::FindCoordinator(_)
            | Response::DescribeGroups(_)
            | Response::ListGroups(..)
            | Response::DeleteGroups(_)
            | Response::JoinGroup(_)
            | Response::SyncGroup(_)
            | Response::Heartbeat(_)
            | Response::LeaveGroup(..)
            | Response::OffsetCommit(_)
            | Response::OffsetFetch(_)
            | Response::OffsetDelete(..)
            | Response::ConsumerGroupHeartbeat(_)
            | Response::ConsumerGroupDescribe(_) => self.group_response(response),
            Response::BrokerRegistration(..)
            | Response::ControllerRegistration(_)
            | Response::BrokerHeartbeat(_)
            | Response::AlterPartition(..)
            | Response::AllocateProducerIds(_) => self.controller_response(response),
            Response::AddPartitionsToTxn(_)
            | Response::EndTxn(_)
            | Response::WriteTxnMarkers(_)
            | Response::TxnOffsetCommit(_)
            | Response::ListTransactions(..)
            | Response::DescribeProducers(_) => self.txn_response(response),
            Response::RaftFetch(body) => raft_fetched(body),
            Response::Vote(body) => quorum::voted(body),
            Response::BeginQuorumEpoch(body) | Response::EndQuorumEpoch(body) => {
                quorum::epoch(body)
            }
            Response::Share(body) => self.share_response(body),
            Response::Legacy(body) => self.legacy_response(body),
        }
    }

    /// What a controller tells brokers.
    fn controller_response(&self, response: &Response) -> Value {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only a controller's answers come here")]
        match response {
            Response::BrokerRegistration(error, epoch) => {
                json!({ "errorCode": error.code(), "brokerEpoch": epoch })
            }
            Response::ControllerRegistration(error) => json!({ "errorCode": error.code() }),
            Response::BrokerHeartbeat(body) => json!({
                "errorCode": body.error.code(), "isCaughtUp": body.is_caught_up,
                "isFenced": body.is_fenced, "shouldShutDown": body.should_shut_down,
            }),
            Response::AlterPartition(error, body) => {
                let rows = body.iter().map(|row| (self.topic_id(row.tp.topic), altered(row)));
                json!({ "errorCode": error.code(), "topics": by_topic("topicId", "partitions", rows) })
            }
            Response::AllocateProducerIds(body) => json!({
                "errorCode": body.error.code(), "producerIdStart": body.producer_id_start,
                "producerIdLen": body.producer_id_len,
            }),
            other => unreachable!("{} is no controller's answer", other.key().name()),
        }
    }

    fn epoch_ends(&self, body: &[EpochEnd]) -> Value {
        let rows = body.iter().map(|end| {
            let row = json!({
                "errorCode": end.error.code(), "partition": end.tp.partition,
                "leaderEpoch": end.leader_epoch, "endOffset": end.end_offset,
            });
            (self.topic_name(end.tp.topic), row)
        });
        json!({ "topics": by_topic("topic", "partitions", rows) })
    }

    fn deleted_records(&self, body: &[(TopicPartition, Offset, ErrorCode)]) -> Value {
        let rows = body.iter().map(|(tp, low, error)| {
            let row = json!({ "partitionIndex": tp.partition, "lowWatermark": low, "errorCode": error.code() });
            (self.topic_name(tp.topic), row)
        });
        json!({ "topics": by_topic("name", "partitions", rows) })
    }

    fn metadata(&self, body: &Metadata) -> Value {
        let broker = |(id, rack): &(kafkascope_model::ids::NodeId, Option<std::sync::Arc<str>>)| json!({ "nodeId": id.0, "rack": rack.as_deref() });
        json!({
            "brokers": body.brokers.iter().map(broker).collect::<Vec<_>>(),
            "controllerId": body.controller_id.0,
            "topics": body.topics.iter().map(|topic| self.topic(topic)).collect::<Vec<_>>(),
            "errorCode": 0,
        })
    }

    fn topic(&self, topic: &TopicMetadata) -> Value {
        let partitions = topic.partitions.iter().map(|partition| {
            json!({
                "errorCode": partition.error.code(), "partitionIndex": partition.partition_index,
                "leaderId": partition.leader_id.0, "leaderEpoch": partition.leader_epoch,
                "replicaNodes": ids(&partition.replica_nodes), "isrNodes": ids(&partition.isr_nodes),
                "offlineReplicas": ids(&partition.offline_replicas),
            })
        });
        json!({
            "errorCode": topic.error.code(), "name": &*topic.name,
            "topicId": self.topic_id(topic.topic_id), "isInternal": topic.is_internal,
            "partitions": partitions.collect::<Vec<_>>(),
        })
    }

    fn produced(&self, body: &Produce) -> Value {
        let rows = body.partitions.iter().map(|row| {
            let mut told = json!({
                "index": row.tp.partition, "errorCode": row.error.code(),
                "baseOffset": row.base_offset, "logAppendTimeMs": row.log_append_time,
                "logStartOffset": row.log_start_offset,
            });
            with_leader(&mut told, row.current_leader);
            told["recordErrors"] = row
                .record_errors
                .iter()
                .map(|at| json!({ "batchIndex": at, "batchIndexErrorMessage": null }))
                .collect();
            (self.topic_id(row.tp.topic), told)
        });
        json!({ "responses": by_topic("topicId", "partitionResponses", rows) })
    }

    fn fetched(&self, body: &Fetch) -> Value {
        let rows = body.partitions.iter().map(|row| (self.topic_id(row.tp.topic), fetched(row)));
        json!({ "errorCode": body.error.code(), "responses": by_topic("topicId", "partitions", rows) })
    }

    fn listed_offsets(&self, body: &[ListedOffset]) -> Value {
        let rows = body.iter().map(|row| {
            let told = json!({
                "partitionIndex": row.tp.partition, "errorCode": row.error.code(),
                "timestamp": row.timestamp, "offset": row.offset, "leaderEpoch": row.leader_epoch,
            });
            (self.topic_name(row.tp.topic), told)
        });
        json!({ "topics": by_topic("name", "partitions", rows) })
    }
}

fn with_leader(told: &mut Value, leader: Option<CurrentLeader>) {
    if let Some(leader) = leader {
        told["currentLeader"] =
            json!({ "leaderId": leader.leader_id.0, "leaderEpoch": leader.leader_epoch });
    }
}

fn fetched(row: &FetchedPartition) -> Value {
    let size: u32 = row.batches.iter().map(|batch| batch.size_bytes).sum();
    let mut told = json!({
        "partitionIndex": row.tp.partition, "errorCode": row.error.code(),
        "highWatermark": row.high_watermark, "lastStableOffset": row.last_stable_offset,
        "logStartOffset": row.log_start_offset,
        "preferredReadReplica": row.preferred_read_replica.0, "recordsSizeInBytes": size,
    });
    if let Some((epoch, end)) = row.diverging_epoch {
        told["divergingEpoch"] = json!({ "epoch": epoch, "endOffset": end });
    }
    with_leader(&mut told, row.current_leader);
    told
}

fn altered(row: &AlteredPartition) -> Value {
    json!({
        "partitionIndex": row.tp.partition, "errorCode": row.error.code(),
        "leaderId": row.leader_id.0, "leaderEpoch": row.leader_epoch, "isr": ids(&row.isr),
        "leaderRecoveryState": row.leader_recovery_state, "partitionEpoch": row.partition_epoch,
    })
}

fn raft_fetched(body: &RaftFetch) -> Value {
    let partition = json!({
        "partitionIndex": 0, "errorCode": body.error.code(), "highWatermark": body.high_watermark,
        "currentLeader": { "leaderId": body.leader_id.0, "leaderEpoch": body.leader_epoch },
        "records": body.entries.len(),
    });
    json!({ "errorCode": 0, "responses": [{ "partitions": [partition] }] })
}

impl Wire<'_> {
    fn group_response(&self, response: &Response) -> Value {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only group responses come here")]
        match response {
            Response::DescribeGroups(body) => {
                json!({ "groups": body.iter().map(described_group).collect::<Vec<_>>() })
            }
            Response::ListGroups(error, body) => {
                let group = |group: &ListedGroup| json!({ "groupId": &*group.group_id, "groupState": &*group.group_state });
                json!({ "errorCode": error.code(), "groups": body.iter().map(group).collect::<Vec<_>>() })
            }
            Response::DeleteGroups(body) => json!({ "results": coded("groupId", body) }),
            Response::FindCoordinator(body) => {
                let row = |row: &kafkascope_model::api::response::Coordinator| json!({ "key": &*row.key, "nodeId": row.node_id.0, "errorCode": row.error.code() });
                json!({ "coordinators": body.iter().map(row).collect::<Vec<_>>() })
            }
            Response::JoinGroup(body) => joined(body),
            Response::SyncGroup(body) => json!({
                "errorCode": body.error.code(), "protocolType": "consumer",
                "protocolName": body.protocol_name.as_deref(), "assignment": names(&body.assignment),
            }),
            Response::Heartbeat(error) => json!({ "errorCode": error.code() }),
            Response::LeaveGroup(error, members) => {
                let members = members.iter().map(|error| json!({ "errorCode": error.code() }));
                json!({ "errorCode": error.code(), "members": members.collect::<Vec<_>>() })
            }
            Response::OffsetCommit(body) => {
                let rows = body.iter().map(|(topic, index, error)| {
                    (
                        topic.to_string(),
                        json!({ "partitionIndex": index, "errorCode": error.code() }),
                    )
                });
                json!({ "topics": by_topic("name", "partitions", rows) })
            }
            Response::OffsetFetch(body) => offsets_fetched(body),
            Response::OffsetDelete(error, rows) => {
                let rows = verdicts("partitionIndex", rows);
                json!({ "errorCode": error.code(), "topics": by_topic("name", "partitions", rows) })
            }
            Response::ConsumerGroupHeartbeat(body) => {
                let assignment = body.assignment.as_ref().map(|list| {
                    let rows = list.iter().map(|tp| (self.topic_id(tp.topic), json!(tp.partition)));
                    json!({ "topicPartitions": by_topic("topicId", "partitions", rows) })
                });
                json!({
                    "errorCode": body.error.code(), "memberId": &*body.member_id,
                    "memberEpoch": body.member_epoch,
                    "heartbeatIntervalMs": body.heartbeat_interval_ms, "assignment": assignment,
                })
            }
            Response::ConsumerGroupDescribe(body) => {
                let group = |group: &DescribedConsumerGroup| {
                    json!({
                        "errorCode": group.error.code(), "groupId": &*group.group_id,
                        "groupState": &*group.group_state, "groupEpoch": group.group_epoch,
                        "assignmentEpoch": group.assignment_epoch,
                        "assignorName": &*group.assignor_name,
                    })
                };
                json!({ "groups": body.iter().map(group).collect::<Vec<_>>() })
            }
            other => unreachable!("{} is no group response", other.key().name()),
        }
    }
}

fn described_group(group: &DescribedGroup) -> Value {
    let members = group.members.iter().map(|member| {
        json!({
            "memberId": &*member.member_id,
            "groupInstanceId": member.group_instance_id.as_deref(),
            "clientId": &*member.client_id, "memberAssignment": names(&member.assignment),
        })
    });
    json!({
        "errorCode": group.error.code(), "groupId": &*group.group_id,
        "groupState": &*group.group_state, "protocolType": &*group.protocol_type,
        "protocolData": &*group.protocol_data, "members": members.collect::<Vec<_>>(),
    })
}

fn joined(body: &JoinGroup) -> Value {
    let members = body.members.iter().map(|(id, instance, own)| {
        json!({ "memberId": &**id, "groupInstanceId": instance.as_deref(), "metadata": subscription(own) })
    });
    json!({
        "errorCode": body.error.code(), "generationId": body.generation_id,
        "protocolType": "consumer", "protocolName": body.protocol_name.as_deref(),
        "leader": &*body.leader, "skipAssignment": body.skip_assignment,
        "memberId": &*body.member_id, "members": members.collect::<Vec<_>>(),
    })
}

fn offsets_fetched(body: &OffsetFetch) -> Value {
    let rows = body.offsets.iter().map(|(topic, index, offset, epoch, error)| {
        let row = json!({
            "partitionIndex": index, "committedOffset": offset, "committedLeaderEpoch": epoch,
            "metadata": "", "errorCode": error.code(),
        });
        (topic.to_string(), row)
    });
    let topics = by_topic("name", "partitions", rows);
    json!({ "groups": [{ "topics": topics, "errorCode": body.error.code() }] })
}

/// One object a name with its error code.
fn coded(name: &'static str, rows: &[(Name, ErrorCode)]) -> Vec<Value> {
    rows.iter().map(|(of, error)| json!({ name: &**of, "errorCode": error.code() })).collect()
}

/// One object a partition with its error code, by topic.
fn verdicts<'a>(
    index: &'static str,
    rows: &'a [(Name, i32, ErrorCode)],
) -> impl Iterator<Item = (String, Value)> + 'a {
    rows.iter().map(move |(name, partition, error)| {
        (name.to_string(), json!({ index: partition, "errorCode": error.code() }))
    })
}
