//! Requests with Kafka's field names (`clients/src/main/resources/common/message`).
//!
//! Invariant: `PRODUCE` tells sizes, not contents.

use crate::Wire;
use crate::fields::{by_topic, ids, names};
use crate::quorum;
use crate::value::{Value, json};
use kafkascope_model::api::Request;
use kafkascope_model::api::request::{
    AlterClientQuotas, AlterPartition, AlterPartitionItem, AlterPartitionReassignments,
    BrokerHeartbeat, BrokerRegistration, ConfigResource, ConsumerGroupHeartbeat, CoordinatorType,
    CreateTopics, DeleteGroups, DeleteRecords, DescribeGroups, ElectLeaders, Fetch, FetchPartition,
    FindCoordinator, IncrementalAlterConfigs, JoinGroup, ListOffsets, Metadata, OffsetCommit,
    OffsetFetch, OffsetForLeaderEpoch, OffsetSpec, Produce, RaftFetch, Subscription, SyncGroup,
};
use kafkascope_model::ids::{Name, TopicId};
use kafkascope_model::quota::{QuotaKey, Whose};

impl Wire<'_> {
    /// A request's fields.
    pub fn request(&self, request: &Request) -> Value {
        match request {
            Request::ApiVersions => json!({}),
            Request::Metadata(body) => metadata(body),
            Request::Produce(body) => self.produce(body),
            Request::Fetch(body) => self.fetch(body),
            Request::ListOffsets(body) => self.list_offsets(body),
            Request::OffsetForLeaderEpoch(body) => self.asked_epochs(body),
            Request::InitProducerId(body) => json!({
                "transactionalId": body.transactional_id.as_deref(),
                "transactionTimeoutMs": body.transaction_timeout_ms,
                "producerId": body.producer_id, "producerEpoch": body.producer_epoch,
            }),
            Request::FindCoordinator(body) => find_coordinator(body),
            Request::CreateTopics(body) => create_topics(body),
            Request::CreatePartitions(body) => {
                json!({ "topics": [{ "name": &*body.name, "count": body.count }] })
            }
            Request::DeleteTopics(body) => {
                let topic = |name| json!({ "name": name, "topicId": "none" });
                json!({ "topics": body.names.iter().map(|name| topic(&**name)).collect::<Vec<_>>() })
            }
            Request::DeleteRecords(body) => self.delete_records(body),
            Request::ElectLeaders(body) => elect_leaders(body),
            Request::IncrementalAlterConfigs(body) => alter_configs(body),
            Request::AlterClientQuotas(body) => alter_quotas(body),
            Request::AlterPartitionReassignments(body) => reassign(body),
            Request::ListGroups => json!({}),
            Request::DescribeGroups(DescribeGroups { groups }) => {
                json!({ "groups": groups.iter().map(|group| &**group).collect::<Vec<_>>() })
            }
            Request::DeleteGroups(DeleteGroups { groups }) => {
                json!({ "groupsNames": groups.iter().map(|group| &**group).collect::<Vec<_>>() })
            }
            Request::JoinGroup(_)
            | Request::SyncGroup(_)
            | Request::Heartbeat(_)
            | Request::LeaveGroup(_)
            | Request::OffsetCommit(_)
            | Request::OffsetFetch(_)
            | Request::OffsetDelete(_)
            | Request::ConsumerGroupHeartbeat(_)
            | Request::ConsumerGroupDescribe(_) => self.group_request(request),
            Request::BrokerRegistration(body) => registration(body),
            Request::ControllerRegistration(body) => json!({
                "controllerId": body.controller_id.0,
                "incarnationId": format!("uuid{}", body.incarnation_id),
                "zkMigrationReady": false,
            }),
            Request::BrokerHeartbeat(body) => heartbeat(body),
            Request::AlterPartition(body) => self.alter_partition(body),
            Request::AddPartitionsToTxn(_)
            | Request::EndTxn(_)
            | Request::WriteTxnMarkers(_)
            | Request::TxnOffsetCommit(_)
            | Request::ListTransactions
            | Request::DescribeProducers(_) => self.txn_request(request),
            Request::AllocateProducerIds(body) => {
                json!({ "brokerId": body.broker_id.0, "brokerEpoch": body.broker_epoch })
            }
            Request::RaftFetch(body) => raft_fetch(body),
            Request::Vote(body) => quorum::vote(body),
            Request::BeginQuorumEpoch(body) => quorum::begin(body),
            Request::EndQuorumEpoch(body) => quorum::end(body),
            Request::Share(body) => self.share_request(body),
            Request::Legacy(body) => self.legacy_request(body),
        }
    }

    fn asked_epochs(&self, body: &OffsetForLeaderEpoch) -> Value {
        let rows = body.partitions.iter().map(|(tp, current, asked)| {
            let row = json!({ "partition": tp.partition, "currentLeaderEpoch": current, "leaderEpoch": asked });
            (self.topic_name(tp.topic), row)
        });
        json!({ "replicaId": body.replica_id.0, "topics": by_topic("topic", "partitions", rows) })
    }

    fn delete_records(&self, body: &DeleteRecords) -> Value {
        let rows = body.partitions.iter().map(|(tp, offset)| {
            let row = json!({ "partitionIndex": tp.partition, "offset": offset });
            (self.topic_name(tp.topic), row)
        });
        json!({ "topics": by_topic("name", "partitions", rows), "timeoutMs": body.timeout_ms })
    }

    fn produce(&self, body: &Produce) -> Value {
        let rows = body.partitions.iter().map(|(tp, batch)| {
            let row = json!({ "index": tp.partition, "recordsSizeInBytes": batch.size_bytes });
            (self.topic_id(tp.topic), row)
        });
        json!({
            "transactionalId": body.transactional_id.as_deref(), "acks": body.acks, "timeoutMs": body.timeout_ms,
            "topicData": by_topic("topicId", "partitionData", rows),
        })
    }

    fn fetch(&self, body: &Fetch) -> Value {
        let rows = body
            .partitions
            .iter()
            .map(|partition| (self.topic_id(partition.tp.topic), fetch_partition(partition)));
        let mut fetch = json!({
            "maxWaitMs": body.max_wait_ms, "minBytes": body.min_bytes, "maxBytes": body.max_bytes,
            "isolationLevel": u8::from(body.read_committed),
            "topics": by_topic("topicId", "partitions", rows), "rackId": &*body.rack_id,
        });
        if body.replica_id.0 >= 0 {
            fetch["replicaState"] =
                json!({ "replicaId": body.replica_id.0, "replicaEpoch": body.replica_epoch });
        }
        fetch
    }

    fn list_offsets(&self, body: &ListOffsets) -> Value {
        let rows = body.partitions.iter().map(|(tp, epoch, spec)| {
            let timestamp = match spec {
                OffsetSpec::Earliest => -2,
                OffsetSpec::Latest => -1,
                OffsetSpec::MaxTimestamp => -3,
                OffsetSpec::AtOrAfter(moment) => *moment,
            };
            let row = json!({ "partitionIndex": tp.partition, "currentLeaderEpoch": epoch, "timestamp": timestamp });
            (self.topic_name(tp.topic), row)
        });
        json!({
            "replicaId": body.replica_id.0, "isolationLevel": u8::from(body.read_committed),
            "topics": by_topic("name", "partitions", rows),
        })
    }

    fn alter_partition(&self, body: &AlterPartition) -> Value {
        let item = |item: &AlterPartitionItem| {
            let isr = item.new_isr.iter();
            let isr = isr.map(|(node, epoch)| json!({ "brokerId": node.0, "brokerEpoch": epoch }));
            json!({
                "partitionIndex": item.tp.partition, "leaderEpoch": item.leader_epoch,
                "newIsrWithEpochs": isr.collect::<Vec<_>>(),
                "leaderRecoveryState": item.leader_recovery_state,
                "partitionEpoch": item.partition_epoch,
            })
        };
        let rows = body.partitions.iter().map(|row| (self.topic_id(row.tp.topic), item(row)));
        json!({
            "brokerId": body.broker_id.0, "brokerEpoch": body.broker_epoch,
            "topics": by_topic("topicId", "partitions", rows),
        })
    }
}

fn find_coordinator(body: &FindCoordinator) -> Value {
    json!({
        "keyType": match body.key_type {
            CoordinatorType::Group => 0,
            CoordinatorType::Transaction => 1,
            CoordinatorType::Share => 2,
        },
        "coordinatorKeys": body.keys.iter().map(|key| &**key).collect::<Vec<_>>(),
    })
}

fn fetch_partition(partition: &FetchPartition) -> Value {
    json!({
        "partition": partition.tp.partition,
        "currentLeaderEpoch": partition.current_leader_epoch,
        "fetchOffset": partition.fetch_offset,
        "lastFetchedEpoch": partition.last_fetched_epoch,
        "logStartOffset": partition.log_start_offset,
        "partitionMaxBytes": partition.partition_max_bytes,
    })
}

fn raft_fetch(body: &RaftFetch) -> Value {
    let partition = json!({
        "partition": 0, "currentLeaderEpoch": body.current_leader_epoch,
        "fetchOffset": body.fetch_offset, "lastFetchedEpoch": body.last_fetched_epoch,
        "highWatermark": body.high_watermark,
    });
    json!({
        "replicaState": { "replicaId": body.replica_id.0, "replicaEpoch": -1 },
        "maxWaitMs": body.max_wait_ms,
        "topics": [{ "partitions": [partition] }],
    })
}

fn create_topics(body: &CreateTopics) -> Value {
    let assignment = |(at, replicas): (usize, &Vec<_>)| json!({ "partitionIndex": at, "brokerIds": ids(replicas) });
    let config = |(key, value): &(std::sync::Arc<str>, std::sync::Arc<str>)| json!({ "name": &**key, "value": &**value });
    json!({
        "topics": [{
            "name": &*body.name, "numPartitions": body.num_partitions,
            "replicationFactor": body.replication_factor,
            "assignments": body.assignments.iter().enumerate().map(assignment).collect::<Vec<_>>(),
            "configs": body.configs.iter().map(config).collect::<Vec<_>>(),
        }],
        "timeoutMs": body.timeout_ms, "validateOnly": false,
    })
}

fn alter_configs(body: &IncrementalAlterConfigs) -> Value {
    let (kind, name) = match &body.resource {
        ConfigResource::Topic(name) => (2, name.to_string()),
        ConfigResource::Broker(id) => (4, id.map(|id| id.to_string()).unwrap_or_default()),
        ConfigResource::Group(name) => (32, name.to_string()),
    };
    let config = |(key, value): &(std::sync::Arc<str>, Option<std::sync::Arc<str>>)| json!({ "name": &**key, "configOperation": u8::from(value.is_none()), "value": value.as_deref() });
    json!({
        "resources": [{
            "resourceType": kind, "resourceName": name,
            "configs": body.configs.iter().map(config).collect::<Vec<_>>(),
        }],
        "validateOnly": false,
    })
}

fn alter_quotas(body: &AlterClientQuotas) -> Value {
    let part = |kind: &str, whose: &Option<Whose>| {
        let name = match whose.as_ref()? {
            Whose::Default => Value::Null,
            Whose::Named(name) => json!(&**name),
        };
        Some(json!({ "entityType": kind, "entityName": name }))
    };
    let op = |(key, value): &(QuotaKey, Option<i64>)| json!({ "key": key.name(), "value": value.unwrap_or(0), "remove": value.is_none() });
    let entity: Vec<_> =
        [part("user", &body.entity.user), part("client-id", &body.entity.client_id)]
            .into_iter()
            .flatten()
            .collect();
    json!({
        "entries": [{ "entity": entity, "ops": body.ops.iter().map(op).collect::<Vec<_>>() }],
        "validateOnly": false,
    })
}

fn registration(body: &BrokerRegistration) -> Value {
    json!({
        "brokerId": body.broker_id.0, "incarnationId": format!("uuid{}", body.incarnation_id),
        "rack": body.rack.as_deref(), "previousBrokerEpoch": body.previous_broker_epoch,
    })
}

fn heartbeat(body: &BrokerHeartbeat) -> Value {
    json!({
        "brokerId": body.broker_id.0, "brokerEpoch": body.broker_epoch,
        "currentMetadataOffset": body.current_metadata_offset,
        "wantFence": body.want_fence, "wantShutDown": body.want_shut_down,
    })
}

impl Wire<'_> {
    fn group_request(&self, request: &Request) -> Value {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only group requests come here")]
        match request {
            Request::JoinGroup(body) => join_group(body),
            Request::SyncGroup(body) => sync_group(body),
            Request::Heartbeat(body) => json!({
                "groupId": &*body.group_id, "generationId": body.generation_id,
                "memberId": &*body.member_id, "groupInstanceId": body.group_instance_id.as_deref(),
            }),
            Request::LeaveGroup(body) => {
                let member = |(id, instance, reason): &(
                    std::sync::Arc<str>,
                    Option<std::sync::Arc<str>>,
                    std::sync::Arc<str>,
                )| {
                    json!({ "memberId": &**id, "groupInstanceId": instance.as_deref(), "reason": &**reason })
                };
                json!({ "groupId": &*body.group_id, "members": body.members.iter().map(member).collect::<Vec<_>>() })
            }
            Request::OffsetCommit(body) => self.offset_commit(body),
            Request::OffsetFetch(body) => self.offset_fetch(body),
            Request::OffsetDelete(body) => {
                let rows = body.partitions.iter();
                let rows = rows
                    .map(|(topic, index)| (topic.to_string(), json!({ "partitionIndex": index })));
                json!({ "groupId": &*body.group_id, "topics": by_topic("name", "partitions", rows) })
            }
            Request::ConsumerGroupHeartbeat(body) => self.consumer_heartbeat(body),
            Request::ConsumerGroupDescribe(DescribeGroups { groups }) => {
                json!({ "groupIds": groups.iter().map(|group| &**group).collect::<Vec<_>>() })
            }
            other => unreachable!("{} is no group request", other.key().name()),
        }
    }

    fn consumer_heartbeat(&self, body: &ConsumerGroupHeartbeat) -> Value {
        let owned = body.topic_partitions.as_ref().map(|list| {
            let rows = list.iter().map(|tp| (self.topic_id(tp.topic), json!(tp.partition)));
            by_topic("topicId", "partitions", rows)
        });
        let names = body.subscribed_topic_names.as_ref();
        json!({
            "groupId": &*body.group_id, "memberId": &*body.member_id,
            "memberEpoch": body.member_epoch, "instanceId": body.instance_id.as_deref(),
            "rackId": body.rack_id.as_deref(), "rebalanceTimeoutMs": body.rebalance_timeout_ms,
            "subscribedTopicNames": names.map(|names| names.iter().map(|name| &**name).collect::<Vec<_>>()),
            "subscribedTopicRegex": body.subscribed_topic_regex.as_deref(),
            "serverAssignor": body.server_assignor.as_deref(), "topicPartitions": owned,
        })
    }

    fn offset_commit(&self, body: &OffsetCommit) -> Value {
        let (topic_key, topic_name) = self.topics_of(&body.topic_ids);
        let rows = body.offsets.iter().map(|(topic, partition, offset, epoch)| {
        let row = json!({
            "partitionIndex": partition, "committedOffset": offset, "committedLeaderEpoch": epoch,
            "committedMetadata": "",
        });
        (topic_name(topic), row)
    });
        json!({
            "groupId": &*body.group_id,
            "generationIdOrMemberEpoch": body.generation_id_or_member_epoch,
            "memberId": &*body.member_id, "groupInstanceId": body.group_instance_id.as_deref(),
            "topics": by_topic(topic_key, "partitions", rows),
        })
    }

    fn offset_fetch(&self, body: &OffsetFetch) -> Value {
        let (topic_key, topic_name) = self.topics_of(&body.topic_ids);
        let topics = body.partitions.as_ref().map(|partitions| {
            let rows = partitions.iter().map(|(topic, index)| (topic_name(topic), json!(index)));
            by_topic(topic_key, "partitionIndexes", rows)
        });
        let member = body.member.as_ref();
        json!({
            "groups": [{
                "groupId": &*body.group_id, "memberId": member.map(|(id, _)| &**id),
                "memberEpoch": member.map_or(-1, |(_, epoch)| *epoch), "topics": topics,
            }],
            "requireStable": body.require_stable,
        })
    }

    /// How topics are named in it, and each one's name.
    fn topics_of<'w>(
        &'w self,
        ids: &'w [(Name, TopicId)],
    ) -> (&'static str, impl Fn(&Name) -> String + 'w) {
        let key = if ids.is_empty() { "name" } else { "topicId" };
        let name = move |topic: &Name| {
            let known = ids.iter().find(|(name, _)| name == topic);
            known.map_or_else(|| topic.to_string(), |(_, id)| self.topic_id(*id))
        };
        (key, name)
    }
}

/// A member's subscription as the recorder unpacks it.
pub(super) fn subscription(subscription: &Subscription) -> Value {
    json!({
        "version": 3,
        "topics": subscription.topics.iter().map(|topic| &**topic).collect::<Vec<_>>(),
        "user_data_bytes": subscription.user_data.as_ref().map_or(0, |data| data.len()),
        "owned": names(&subscription.owned_partitions),
        "generation": subscription.generation_id,
        "rack": subscription.rack_id.as_deref(),
    })
}

fn join_group(body: &JoinGroup) -> Value {
    let protocols = body.protocols.iter();
    let protocols =
        protocols.map(|(name, own)| json!({ "name": &**name, "metadata": subscription(own) }));
    json!({
        "groupId": &*body.group_id, "sessionTimeoutMs": body.session_timeout_ms,
        "rebalanceTimeoutMs": body.rebalance_timeout_ms, "memberId": &*body.member_id,
        "groupInstanceId": body.group_instance_id.as_deref(),
        "protocolType": &*body.protocol_type,
        "protocols": protocols.collect::<Vec<_>>(), "reason": &*body.reason,
    })
}

fn sync_group(body: &SyncGroup) -> Value {
    let assignments = body.assignments.iter();
    let assignments =
        assignments.map(|(member, own)| json!({ "memberId": &**member, "assignment": names(own) }));
    json!({
        "groupId": &*body.group_id, "generationId": body.generation_id,
        "memberId": &*body.member_id, "groupInstanceId": body.group_instance_id.as_deref(),
        "protocolType": "consumer", "protocolName": &*body.protocol_name,
        "assignments": assignments.collect::<Vec<_>>(),
    })
}

fn metadata(body: &Metadata) -> Value {
    let topic = |name| json!({ "topicId": "none", "name": name });
    let topics = body
        .topics
        .as_ref()
        .map(|names| names.iter().map(|name| topic(&**name)).collect::<Vec<_>>());
    json!({ "topics": topics, "allowAutoTopicCreation": body.allow_auto_topic_creation })
}

fn elect_leaders(body: &ElectLeaders) -> Value {
    let rows = |partitions: &Vec<(_, i32)>| {
        let row =
            |(name, partition): &(std::sync::Arc<str>, i32)| (name.to_string(), json!(partition));
        by_topic("topic", "partitions", partitions.iter().map(row))
    };
    json!({
        "electionType": u8::from(body.unclean),
        "topicPartitions": body.partitions.as_ref().map(rows),
    })
}

fn reassign(body: &AlterPartitionReassignments) -> Value {
    let rows = body.partitions.iter().map(|(name, partition, replicas)| {
        let replicas = replicas.as_ref().map(|replicas| ids(replicas));
        let row = json!({ "partitionIndex": partition, "replicas": replicas });
        (name.to_string(), row)
    });
    json!({ "topics": by_topic("name", "partitions", rows) })
}
