//! What a coordinator stores, and what follows once that is durable (`CoordinatorRuntime`'s deferred events).
//!
//! Invariant: what follows happens once, when the high watermark has passed the records or it is clear that it will not do so
//! here.

use super::caller::Caller;
use super::offsets::Committed;
use super::offsets_log::OffsetsRecord;
use crate::api::{ErrorCode, Response, response};
use crate::ids::{Name, Offset};
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::SimTime;

/// Records to append together, and what follows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// What to append.
    pub records: Vec<OffsetsRecord>,
    /// What follows.
    pub done: Done,
}

/// What follows a write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// Nothing.
    Nothing,
    /// The leader's assignment holds and is handed out.
    Assignment {
        /// Which group.
        group: Name,
        /// Which generation it was made for.
        generation: i32,
        /// Partitions by member id.
        assignments: FlatMap<Name, Vec<(Name, i32)>>,
    },
    /// A static member has its new member id and learns the running generation.
    StaticMember {
        /// Which group.
        group: Name,
        /// The new member id.
        member: Name,
    },
    /// Somebody is told; `caller` is none once it was told that the wait was too long.
    Answer {
        /// What.
        answer: Response,
        /// Whom.
        caller: Option<Caller>,
    },
    /// Offsets hold; `caller` is none once it was told that the wait was too long.
    Commit {
        /// Which group.
        group: Name,
        /// What was committed.
        offsets: Vec<((Name, i32), Committed)>,
        /// One verdict a partition of the request.
        answer: Vec<(Name, i32, ErrorCode)>,
        /// Who waits.
        caller: Option<Caller>,
    },
}

/// A write that is appended and not durable yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PendingWrite {
    /// Durable once the high watermark is here.
    pub until: Offset,
    /// `offsets.commit.timeout.ms` after the append; none once that has passed.
    pub deadline: Option<SimTime>,
    /// What follows.
    pub done: Done,
}

impl Write {
    /// One record, and nothing follows.
    pub fn of(record: OffsetsRecord) -> Self {
        Self { records: vec![record], done: Done::Nothing }
    }

    /// The same records, and this follows.
    pub fn then(self, done: Done) -> Self {
        Self { done, ..self }
    }
}

/// The answer that says the same could not be stored.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other answer waits so")]
pub fn failed(answer: Response, error: ErrorCode) -> Response {
    match answer {
        Response::ConsumerGroupHeartbeat(body) => {
            Response::ConsumerGroupHeartbeat(response::ConsumerGroupHeartbeat {
                error,
                member_epoch: 0,
                heartbeat_interval_ms: 0,
                assignment: None,
                ..body
            })
        }
        Response::JoinGroup(body) => Response::JoinGroup(response::JoinGroup {
            error,
            generation_id: -1,
            protocol_name: None,
            ..body
        }),
        Response::SyncGroup(_) => Response::SyncGroup(response::SyncGroup {
            error,
            protocol_name: None,
            assignment: vec![],
        }),
        Response::LeaveGroup(..) => Response::LeaveGroup(error, vec![]),
        Response::OffsetDelete(_, rows) => {
            let rows = rows.into_iter().map(|(topic, partition, _)| (topic, partition, error));
            Response::OffsetDelete(error, rows.collect())
        }
        other => other,
    }
}

/// How a failed append reads to a client (`CoordinatorOperationExceptionHelper`, `appendGroupMetadataErrorToResponseError`).
pub const fn append_error(error: ErrorCode) -> ErrorCode {
    if matches!(
        error,
        ErrorCode::UnknownTopicOrPartition
            | ErrorCode::NotEnoughReplicas
            | ErrorCode::RequestTimedOut
    ) {
        ErrorCode::CoordinatorNotAvailable
    } else if matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError) {
        ErrorCode::NotCoordinator
    } else if matches!(error, ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge) {
        ErrorCode::UnknownServerError
    } else {
        error
    }
}
