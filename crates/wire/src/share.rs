//! Messages of share groups with Kafka's field names.
//!
//! Invariant: `SHARE_FETCH` tells what was acquired, not the records.

use crate::Wire;
use crate::fields::by_topic;
use crate::value::{Value, json};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::api::share::{
    AckBatch, DescribedShareGroup, DescribedShareOffset, ShareFetch, ShareRequest, ShareResponse,
    SharedPartition, StateBatch, WrittenState,
};
use kafkascope_model::ids::{LeaderEpoch, Name, TopicPartition};

impl Wire<'_> {
    /// A request's fields.
    pub(super) fn share_request(&self, request: &ShareRequest) -> Value {
        match request {
            ShareRequest::GroupHeartbeat(body) => json!({
                "groupId": &*body.group_id, "memberId": &*body.member_id,
                "memberEpoch": body.member_epoch, "rackId": body.rack_id.as_deref(),
                "subscribedTopicNames": body.subscribed_topic_names.as_deref().map(texts),
            }),
            ShareRequest::GroupDescribe(groups) => {
                json!({ "groupIds": texts(groups), "includeAuthorizedOperations": false })
            }
            ShareRequest::Fetch(body) => self.share_fetch(body),
            ShareRequest::Acknowledge(body) => {
                let rows = body.partitions.iter().map(|(tp, acks)| self.acknowledged(*tp, acks));
                json!({
                    "groupId": &*body.group_id, "memberId": &*body.member_id,
                    "shareSessionEpoch": body.share_session_epoch,
                    "isRenewAck": body.is_renew_ack,
                    "topics": by_topic("topicId", "partitions", rows),
                })
            }
            ShareRequest::InitializeState(group, rows) => {
                let rows = rows.iter().map(|(tp, epoch, start)| {
                    let row = json!({ "partition": tp.partition, "stateEpoch": epoch, "startOffset": start });
                    (self.topic_id(tp.topic), row)
                });
                json!({ "groupId": &**group, "topics": by_topic("topicId", "partitions", rows) })
            }
            ShareRequest::ReadState(group, rows) | ShareRequest::ReadStateSummary(group, rows) => {
                self.epochs(group, rows)
            }
            ShareRequest::WriteState(group, rows) => {
                let rows = rows.iter().map(|row| (self.topic_id(row.tp.topic), written(row)));
                json!({ "groupId": &**group, "topics": by_topic("topicId", "partitions", rows) })
            }
            ShareRequest::DeleteState(group, rows) => {
                let rows = rows.iter();
                let rows =
                    rows.map(|tp| (self.topic_id(tp.topic), json!({ "partition": tp.partition })));
                json!({ "groupId": &**group, "topics": by_topic("topicId", "partitions", rows) })
            }
            ShareRequest::DescribeOffsets(body) => {
                let topics = body.partitions.as_ref().map(|rows| {
                    let rows = rows.iter().map(|(topic, at)| (topic.to_string(), json!(at)));
                    by_topic("topicName", "partitions", rows)
                });
                json!({ "groups": [{ "groupId": &*body.group_id, "topics": topics }] })
            }
            ShareRequest::AlterOffsets(group, rows) => {
                let rows = rows.iter().map(|(topic, at, start)| {
                    (topic.to_string(), json!({ "partitionIndex": at, "startOffset": start }))
                });
                json!({ "groupId": &**group, "topics": by_topic("topicName", "partitions", rows) })
            }
            ShareRequest::DeleteOffsets(group, topics) => {
                let topics: Vec<Value> =
                    topics.iter().map(|topic| json!({ "topicName": &**topic })).collect();
                json!({ "groupId": &**group, "topics": topics })
            }
        }
    }

    /// A response's fields.
    pub(super) fn share_response(&self, response: &ShareResponse) -> Value {
        match response {
            ShareResponse::GroupHeartbeat(body) => {
                let assignment = body.assignment.as_ref().map(|partitions| {
                    let rows = partitions.iter();
                    let rows = rows.map(|tp| (self.topic_id(tp.topic), json!(tp.partition)));
                    json!({ "topicPartitions": by_topic("topicId", "partitions", rows) })
                });
                json!({
                    "errorCode": body.error.code(), "memberId": body.member_id.as_deref(),
                    "memberEpoch": body.member_epoch,
                    "heartbeatIntervalMs": body.heartbeat_interval_ms, "assignment": assignment,
                })
            }
            ShareResponse::GroupDescribe(groups) => {
                json!({ "groups": groups.iter().map(described).collect::<Vec<_>>() })
            }
            ShareResponse::Fetch(body) => {
                let rows =
                    body.partitions.iter().map(|row| (self.topic_id(row.tp.topic), fetched(row)));
                json!({
                    "errorCode": body.error.code(),
                    "acquisitionLockTimeoutMs": body.acquisition_lock_timeout_ms,
                    "responses": by_topic("topicId", "partitions", rows),
                })
            }
            ShareResponse::Acknowledge(body) => {
                let rows = self.coded_partitions("partitionIndex", &body.partitions);
                json!({
                    "errorCode": body.error.code(),
                    "acquisitionLockTimeoutMs": body.acquisition_lock_timeout_ms,
                    "responses": by_topic("topicId", "partitions", rows),
                })
            }
            ShareResponse::InitializeState(_)
            | ShareResponse::WriteState(_)
            | ShareResponse::DeleteState(_)
            | ShareResponse::ReadState(_)
            | ShareResponse::ReadStateSummary(_) => self.state_response(response),
            ShareResponse::DescribeOffsets(error, rows) => {
                let rows = rows.iter().map(|row| (row.topic.to_string(), offset(row)));
                let topics = by_topic("topicName", "partitions", rows);
                json!({ "groups": [{ "topics": topics, "errorCode": error.code() }] })
            }
            ShareResponse::AlterOffsets(error, rows) => {
                let rows = rows.iter().map(|(topic, at, error)| {
                    (topic.to_string(), json!({ "partitionIndex": at, "errorCode": error.code() }))
                });
                json!({ "errorCode": error.code(), "responses": by_topic("topicName", "partitions", rows) })
            }
            ShareResponse::DeleteOffsets(error, rows) => {
                let rows = rows.iter();
                let rows = rows.map(
                    |(topic, error)| json!({ "topicName": &**topic, "errorCode": error.code() }),
                );
                json!({ "errorCode": error.code(), "responses": rows.collect::<Vec<_>>() })
            }
        }
    }

    /// What a share coordinator tells of state.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only answers about state come here")]
    fn state_response(&self, response: &ShareResponse) -> Value {
        match response {
            ShareResponse::InitializeState(rows)
            | ShareResponse::WriteState(rows)
            | ShareResponse::DeleteState(rows) => {
                let rows = self.coded_partitions("partition", rows);
                json!({ "results": by_topic("topicId", "partitions", rows) })
            }
            ShareResponse::ReadState(rows) => {
                let rows = rows.iter().map(|(tp, row)| {
                    let told = match row {
                        Ok(state) => json!({
                            "partition": tp.partition, "errorCode": 0,
                            "stateEpoch": state.state_epoch, "startOffset": state.start_offset,
                            "stateBatches": batches(&state.batches),
                        }),
                        Err(error) => {
                            json!({ "partition": tp.partition, "errorCode": error.code() })
                        }
                    };
                    (self.topic_id(tp.topic), told)
                });
                json!({ "results": by_topic("topicId", "partitions", rows) })
            }
            ShareResponse::ReadStateSummary(rows) => {
                let rows = rows.iter().map(|(tp, row)| {
                    let told = match row {
                        Ok(state) => json!({
                            "partition": tp.partition, "errorCode": 0,
                            "stateEpoch": state.state_epoch, "leaderEpoch": state.leader_epoch,
                            "startOffset": state.start_offset,
                            "deliveryCompleteCount": state.delivery_complete_count,
                        }),
                        Err(error) => {
                            json!({ "partition": tp.partition, "errorCode": error.code() })
                        }
                    };
                    (self.topic_id(tp.topic), told)
                });
                json!({ "results": by_topic("topicId", "partitions", rows) })
            }
            other => unreachable!("{other:?} is not about state"),
        }
    }

    fn share_fetch(&self, body: &ShareFetch) -> Value {
        let rows = body.partitions.iter().map(|(tp, acks)| self.acknowledged(*tp, acks));
        let forgotten = body.forgotten.iter();
        let forgotten = forgotten.map(|tp| (self.topic_id(tp.topic), json!(tp.partition)));
        json!({
            "groupId": &*body.group_id, "memberId": &*body.member_id,
            "shareSessionEpoch": body.share_session_epoch, "maxWaitMs": body.max_wait_ms,
            "minBytes": body.min_bytes, "maxBytes": body.max_bytes,
            "maxRecords": body.max_records, "batchSize": body.batch_size,
            "shareAcquireMode": u8::from(body.record_limit), "isRenewAck": body.is_renew_ack,
            "topics": by_topic("topicId", "partitions", rows),
            "forgottenTopicsData": by_topic("topicId", "partitions", forgotten),
        })
    }

    fn acknowledged(&self, tp: TopicPartition, acks: &[AckBatch]) -> (String, Value) {
        let batch = |ack: &AckBatch| {
            let types: Vec<i8> = ack.types.iter().map(|kind| *kind as i8).collect();
            json!({ "firstOffset": ack.first, "lastOffset": ack.last, "acknowledgeTypes": types })
        };
        let batches: Vec<Value> = acks.iter().map(batch).collect();
        let row = json!({ "partitionIndex": tp.partition, "acknowledgementBatches": batches });
        (self.topic_id(tp.topic), row)
    }

    fn epochs(&self, group: &Name, rows: &[(TopicPartition, LeaderEpoch)]) -> Value {
        let rows = rows.iter().map(|(tp, epoch)| {
            (self.topic_id(tp.topic), json!({ "partition": tp.partition, "leaderEpoch": epoch }))
        });
        json!({ "groupId": &**group, "topics": by_topic("topicId", "partitions", rows) })
    }

    fn coded_partitions(
        &self,
        index: &'static str,
        rows: &[(TopicPartition, ErrorCode)],
    ) -> Vec<(String, Value)> {
        let row = |(tp, error): &(TopicPartition, ErrorCode)| {
            (self.topic_id(tp.topic), json!({ index: tp.partition, "errorCode": error.code() }))
        };
        rows.iter().map(row).collect()
    }
}

fn texts(names: &[Name]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

fn batches(batches: &[StateBatch]) -> Vec<Value> {
    let batch = |batch: &StateBatch| {
        json!({
            "firstOffset": batch.first, "lastOffset": batch.last,
            "deliveryState": batch.state as i8, "deliveryCount": batch.delivery_count,
        })
    };
    batches.iter().map(batch).collect()
}

fn written(row: &WrittenState) -> Value {
    json!({
        "partition": row.tp.partition, "stateEpoch": row.state_epoch,
        "leaderEpoch": row.leader_epoch, "startOffset": row.start_offset,
        "deliveryCompleteCount": row.delivery_complete_count,
        "stateBatches": batches(&row.batches),
    })
}

fn fetched(row: &SharedPartition) -> Value {
    let acquired: Vec<Value> = row
        .acquired
        .iter()
        .map(|part| {
            json!({
                "firstOffset": part.first, "lastOffset": part.last,
                "deliveryCount": part.delivery_count,
            })
        })
        .collect();
    let leader = row.current_leader.map_or((0, 0), |known| (known.leader_id.0, known.leader_epoch));
    json!({
        "partitionIndex": row.tp.partition, "errorCode": row.error.code(),
        "acknowledgeErrorCode": row.acknowledge_error.code(),
        "currentLeader": { "leaderId": leader.0, "leaderEpoch": leader.1 },
        "acquiredRecords": acquired,
    })
}

fn described(group: &DescribedShareGroup) -> Value {
    let members = group.members.iter().map(|member| {
        let rows = member.assignment.iter().map(|(topic, at)| (topic.to_string(), json!(at)));
        json!({
            "memberId": &*member.member_id, "memberEpoch": member.member_epoch,
            "clientId": &*member.client_id,
            "subscribedTopicNames": texts(&member.subscribed_topic_names),
            "assignment": { "topicPartitions": by_topic("topicName", "partitions", rows) },
        })
    });
    json!({
        "errorCode": group.error.code(), "groupId": &*group.group_id,
        "groupState": &*group.group_state, "groupEpoch": group.group_epoch,
        "assignmentEpoch": group.assignment_epoch, "assignorName": "simple",
        "members": members.collect::<Vec<_>>(),
    })
}

fn offset(row: &DescribedShareOffset) -> Value {
    json!({
        "partitionIndex": row.partition, "startOffset": row.start_offset,
        "leaderEpoch": row.leader_epoch, "lag": row.lag, "errorCode": row.error.code(),
    })
}
