//! What members are answered, and what is told of it.
//!
//! Invariant: an answer names each partition at most once.

use super::ShareKey;
use super::log::SharedLog;
use super::partition::Settled;
use crate::api::share::{AckBatch, AckType, ShareFetched, SharedPartition};
use crate::api::{ErrorCode, Response, ShareResponse};
use crate::cx::Cx;
use crate::ids::{Name, TopicPartition};
use crate::trace::Fact;
use alloc::vec::Vec;

pub(super) fn fetched(
    error: ErrorCode,
    lock_ms: i32,
    partitions: Vec<SharedPartition>,
) -> Response {
    let body = ShareFetched { error, acquisition_lock_timeout_ms: lock_ms, partitions };
    Response::Share(ShareResponse::Fetch(body))
}

pub(super) fn with_acks(
    mut found: Vec<SharedPartition>,
    acks: &[(TopicPartition, ErrorCode)],
) -> Vec<SharedPartition> {
    for (tp, error) in acks {
        match found.iter_mut().find(|row| row.tp == *tp) {
            Some(row) => row.acknowledge_error = *error,
            None => found.push(SharedPartition { acknowledge_error: *error, ..nothing(*tp) }),
        }
    }
    found
}

pub(super) fn refused(
    tp: TopicPartition,
    error: ErrorCode,
    log: &dyn SharedLog,
) -> SharedPartition {
    let moved = matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch);
    let current_leader = if moved { log.current_leader(tp) } else { None };
    SharedPartition { error, current_leader, ..nothing(tp) }
}

pub(super) const fn nothing(tp: TopicPartition) -> SharedPartition {
    SharedPartition {
        tp,
        error: ErrorCode::None,
        acknowledge_error: ErrorCode::None,
        current_leader: None,
        batches: Vec::new(),
        acquired: Vec::new(),
    }
}

/// How a share coordinator's error reads to a member (`fetchPersisterError`).
#[allow(clippy::wildcard_enum_match_arm, reason = "all others are one to the member")]
pub(super) const fn as_client_error(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::NotCoordinator
        | ErrorCode::CoordinatorNotAvailable
        | ErrorCode::CoordinatorLoadInProgress => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::GroupIdNotFound | ErrorCode::UnknownTopicOrPartition => error,
        ErrorCode::FencedLeaderEpoch | ErrorCode::FencedStateEpoch => {
            ErrorCode::NotLeaderOrFollower
        }
        _ => ErrorCode::UnknownServerError,
    }
}

pub(super) const fn is_fenced(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::NotLeaderOrFollower
            | ErrorCode::GroupIdNotFound
            | ErrorCode::UnknownTopicOrPartition
    )
}

pub(super) fn note_acquired(
    key: &ShareKey,
    member: &Name,
    part: &crate::api::share::Acquired,
    cx: &mut Cx<'_>,
) {
    cx.note(Fact::ShareAcquired {
        group: key.group.clone(),
        member: member.clone(),
        tp: key.tp,
        first: part.first,
        last: part.last,
        delivery_count: part.delivery_count,
    });
}

pub(super) fn note_renewed(key: &ShareKey, member: &Name, acks: &[AckBatch], cx: &mut Cx<'_>) {
    for ack in acks.iter().filter(|ack| ack.types.contains(&AckType::Renew)) {
        let (group, member) = (key.group.clone(), member.clone());
        let (first, last) = (ack.first, ack.last);
        cx.note(Fact::ShareLockRenewed { group, member, tp: key.tp, first, last });
    }
}

pub(super) fn note_settled(key: &ShareKey, settled: &Settled, start: i64, cx: &mut Cx<'_>) {
    for batch in &settled.batches {
        cx.note(Fact::ShareSettled {
            group: key.group.clone(),
            tp: key.tp,
            first: batch.first,
            last: batch.last,
            state: batch.state,
            delivery_count: batch.delivery_count,
            by: settled.by,
        });
    }
    if settled.moved {
        cx.note(Fact::ShareStartMoved { group: key.group.clone(), tp: key.tp, to: start });
    }
}
