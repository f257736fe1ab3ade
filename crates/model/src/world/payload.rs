//! What the network needs to know of a message: how many bytes of records it carries, and whether it tells of an error.
//!
//! Invariant: only records count; headers and fields are too small to matter for transit times.

use crate::api::{ErrorCode, Request, Response};

impl Request {
    /// Bytes of records in it.
    pub fn payload_bytes(&self) -> u32 {
        match self {
            Self::Produce(produce) => {
                produce.partitions.iter().map(|(_, batch)| batch.size_bytes).sum()
            }
            Self::ApiVersions
            | Self::Metadata(_)
            | Self::Fetch(_)
            | Self::ListOffsets(_)
            | Self::OffsetForLeaderEpoch(_)
            | Self::InitProducerId(_)
            | Self::FindCoordinator(_)
            | Self::JoinGroup(_)
            | Self::SyncGroup(_)
            | Self::Heartbeat(_)
            | Self::LeaveGroup(_)
            | Self::OffsetCommit(_)
            | Self::OffsetFetch(_)
            | Self::OffsetDelete(_)
            | Self::ConsumerGroupHeartbeat(_)
            | Self::ConsumerGroupDescribe(_)
            | Self::CreateTopics(_)
            | Self::CreatePartitions(_)
            | Self::DeleteTopics(_)
            | Self::DeleteRecords(_)
            | Self::ElectLeaders(_)
            | Self::IncrementalAlterConfigs(_)
            | Self::AlterClientQuotas(_)
            | Self::BrokerRegistration(_)
            | Self::ControllerRegistration(_)
            | Self::BrokerHeartbeat(_)
            | Self::AlterPartition(_)
            | Self::AllocateProducerIds(_)
            | Self::AddPartitionsToTxn(_)
            | Self::EndTxn(_)
            | Self::WriteTxnMarkers(_)
            | Self::TxnOffsetCommit(_)
            | Self::ListTransactions
            | Self::DescribeProducers(_)
            | Self::AlterPartitionReassignments(_)
            | Self::DescribeGroups(_)
            | Self::ListGroups
            | Self::DeleteGroups(_)
            | Self::RaftFetch(_)
            | Self::Vote(_)
            | Self::BeginQuorumEpoch(_)
            | Self::EndQuorumEpoch(_)
            | Self::Share(_)
            | Self::Legacy(_) => 0,
        }
    }
}

impl Response {
    /// Bytes of records in it.
    pub fn payload_bytes(&self) -> u32 {
        if let Self::Share(share) = self {
            return share.payload_bytes();
        }
        let Self::Fetch(fetch) = self else { return 0 };
        fetch
            .partitions
            .iter()
            .flat_map(|partition| &partition.batches)
            .map(|batch| batch.size_bytes)
            .sum()
    }

    /// How long the broker wants to be left alone; only PRODUCE and FETCH say so here.
    pub const fn throttle_time_ms(&self) -> i32 {
        if let Self::Produce(body) = self {
            body.throttle_time_ms
        } else if let Self::Fetch(body) = self {
            body.throttle_time_ms
        } else {
            0
        }
    }

    /// The first code in it that is not NONE.
    pub fn first_error(&self) -> ErrorCode {
        match self {
            Self::ApiVersions => ErrorCode::None,
            Self::Metadata(body) => first(body.topics.iter().map(|topic| topic.error)),
            Self::Produce(body) => first(body.partitions.iter().map(|partition| partition.error)),
            Self::Fetch(body) => {
                first(core::iter::once(body.error).chain(body.partitions.iter().map(|p| p.error)))
            }
            Self::ListOffsets(body) => first(body.iter().map(|partition| partition.error)),
            Self::OffsetForLeaderEpoch(body) => first(body.iter().map(|partition| partition.error)),
            Self::InitProducerId(body) => body.error,
            Self::FindCoordinator(body) => first(body.iter().map(|coordinator| coordinator.error)),
            Self::JoinGroup(body) => body.error,
            Self::SyncGroup(body) => body.error,
            Self::Heartbeat(error)
            | Self::CreateTopics(error, _)
            | Self::CreatePartitions(error)
            | Self::IncrementalAlterConfigs(error)
            | Self::AlterClientQuotas(error)
            | Self::ControllerRegistration(error)
            | Self::BrokerRegistration(error, _) => *error,
            Self::LeaveGroup(error, members) => {
                first(core::iter::once(*error).chain(members.iter().copied()))
            }
            Self::OffsetCommit(body) => first(body.iter().map(|(_, _, error)| *error)),
            Self::OffsetFetch(body) => {
                first(core::iter::once(body.error).chain(body.offsets.iter().map(|o| o.4)))
            }
            Self::OffsetDelete(error, rows) => {
                first(core::iter::once(*error).chain(rows.iter().map(|row| row.2)))
            }
            Self::ConsumerGroupHeartbeat(body) => body.error,
            Self::ConsumerGroupDescribe(body) => first(body.iter().map(|group| group.error)),
            Self::DeleteTopics(body) | Self::DeleteGroups(body) => {
                first(body.iter().map(|(_, error)| *error))
            }
            Self::DescribeGroups(body) => first(body.iter().map(|group| group.error)),
            Self::ListGroups(error, _) => *error,
            Self::DeleteRecords(body) => first(body.iter().map(|(_, _, error)| *error)),
            Self::ElectLeaders(error, body) | Self::AlterPartitionReassignments(error, body) => {
                first(core::iter::once(*error).chain(body.iter().map(|p| p.2)))
            }
            Self::BrokerHeartbeat(body) => body.error,
            Self::AlterPartition(error, body) => {
                first(core::iter::once(*error).chain(body.iter().map(|p| p.error)))
            }
            Self::AllocateProducerIds(body) => body.error,
            Self::AddPartitionsToTxn(body) => {
                first(body.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.2)))
            }
            Self::WriteTxnMarkers(body) => {
                first(body.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.2)))
            }
            Self::EndTxn(body) => body.error,
            Self::TxnOffsetCommit(body) => first(body.iter().map(|row| row.2)),
            Self::ListTransactions(error, _) => *error,
            Self::DescribeProducers(body) => first(body.iter().map(|partition| partition.error)),
            Self::RaftFetch(body) => body.error,
            Self::Vote(body) => body.error,
            Self::BeginQuorumEpoch(body) | Self::EndQuorumEpoch(body) => body.error,
            Self::Share(body) => body.first_error(),
            Self::Legacy(body) => body.error(),
        }
    }
}

fn first(mut errors: impl Iterator<Item = ErrorCode>) -> ErrorCode {
    errors.find(|error| !error.is_ok()).unwrap_or_default()
}
