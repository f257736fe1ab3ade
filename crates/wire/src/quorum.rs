//! What voters say to each other, with Kafka's field names.
//!
//! Invariant: the one topic and partition of the quorum is always named.

use crate::value::{Value, json};
use kafkascope_model::api::{request, response};

/// VOTE.
pub(super) fn vote(body: &request::Vote) -> Value {
    topics(&json!({
        "partitionIndex": 0, "replicaEpoch": body.replica_epoch, "replicaId": body.replica_id.0,
        "lastOffsetEpoch": body.last_offset_epoch, "lastOffset": body.last_offset,
        "preVote": body.pre_vote,
    }))
}

/// BEGIN_QUORUM_EPOCH.
pub(super) fn begin(body: &request::BeginQuorumEpoch) -> Value {
    topics(&json!({
        "partitionIndex": 0, "leaderId": body.leader_id.0, "leaderEpoch": body.leader_epoch,
    }))
}

/// END_QUORUM_EPOCH.
pub(super) fn end(body: &request::EndQuorumEpoch) -> Value {
    let candidates = body.preferred_candidates.iter().map(|id| json!({ "candidateId": id.0 }));
    topics(&json!({
        "partitionIndex": 0, "leaderId": body.leader_id.0, "leaderEpoch": body.leader_epoch,
        "preferredCandidates": candidates.collect::<Vec<_>>(),
    }))
}

/// The answer to VOTE.
pub(super) fn voted(body: &response::Vote) -> Value {
    topics(&json!({
        "partitionIndex": 0, "errorCode": body.error.code(), "leaderId": body.leader_id.0,
        "leaderEpoch": body.leader_epoch, "voteGranted": body.vote_granted,
    }))
}

/// The answer to BEGIN_QUORUM_EPOCH and END_QUORUM_EPOCH.
pub(super) fn epoch(body: &response::QuorumEpoch) -> Value {
    topics(&json!({
        "partitionIndex": 0, "errorCode": body.error.code(), "leaderId": body.leader_id.0,
        "leaderEpoch": body.leader_epoch,
    }))
}

fn topics(partition: &Value) -> Value {
    json!({ "topics": [{ "topicName": "__cluster_metadata", "partitions": [partition] }] })
}
