//! Requests and responses of share groups (KIP-932), field by field as Kafka names them.
//!
//! Members talk to their group's coordinator and to partition leaders; leaders and group coordinators talk to the share
//! coordinator. Invariant: plain data, cheap to clone.

use super::error_code::ErrorCode;
use super::keys::ApiKey;
use super::response::CurrentLeader;
use crate::ids::{LeaderEpoch, Name, Offset, TopicPartition};
use crate::log::Batch;
use alloc::vec::Vec;

/// Any request of share groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is named after its API and documented at its struct")]
pub enum ShareRequest {
    GroupHeartbeat(ShareGroupHeartbeat),
    /// Which groups.
    GroupDescribe(Vec<Name>),
    Fetch(ShareFetch),
    Acknowledge(ShareAcknowledge),
    /// Partition, state epoch, start offset (-1: by `share.auto.offset.reset`).
    InitializeState(Name, Vec<(TopicPartition, i32, Offset)>),
    /// Partition and the epoch of its leader.
    ReadState(Name, Vec<(TopicPartition, LeaderEpoch)>),
    WriteState(Name, Vec<WrittenState>),
    DeleteState(Name, Vec<TopicPartition>),
    /// Partition and the epoch of its leader.
    ReadStateSummary(Name, Vec<(TopicPartition, LeaderEpoch)>),
    DescribeOffsets(GroupPartitions),
    /// Group, then topic, partition and new start offset.
    AlterOffsets(Name, Vec<(Name, i32, Offset)>),
    /// Group, then topics.
    DeleteOffsets(Name, Vec<Name>),
}

/// Any response of share groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is named after its API and documented at its struct")]
pub enum ShareResponse {
    GroupHeartbeat(HeartbeatAnswer),
    GroupDescribe(Vec<DescribedShareGroup>),
    Fetch(ShareFetched),
    Acknowledge(ShareAcknowledged),
    InitializeState(Vec<(TopicPartition, ErrorCode)>),
    ReadState(Vec<(TopicPartition, Result<StoredState, ErrorCode>)>),
    WriteState(Vec<(TopicPartition, ErrorCode)>),
    DeleteState(Vec<(TopicPartition, ErrorCode)>),
    ReadStateSummary(Vec<(TopicPartition, Result<StateSummary, ErrorCode>)>),
    DescribeOffsets(ErrorCode, Vec<DescribedShareOffset>),
    /// The group's verdict, then one a partition.
    AlterOffsets(ErrorCode, Vec<(Name, i32, ErrorCode)>),
    /// The group's verdict, then one a topic.
    DeleteOffsets(ErrorCode, Vec<(Name, ErrorCode)>),
}

/// SHARE_GROUP_HEARTBEAT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroupHeartbeat {
    /// `group.id`.
    pub group_id: Name,
    /// Made by the member itself.
    pub member_id: Name,
    /// 0 joins, -1 leaves.
    pub member_epoch: i32,
    /// `client.rack`.
    pub rack_id: Option<Name>,
    /// `client.id`; from the request header.
    pub client_id: Name,
    /// Topics, if they changed since the last heartbeat.
    pub subscribed_topic_names: Option<Vec<Name>>,
}

/// SHARE_GROUP_HEARTBEAT, answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeartbeatAnswer {
    /// The verdict.
    pub error: ErrorCode,
    /// Who was asked; none on an error.
    pub member_id: Option<Name>,
    /// The epoch that the member has now.
    pub member_epoch: i32,
    /// When the next heartbeat is due.
    pub heartbeat_interval_ms: i32,
    /// What the member may fetch, if that is news.
    pub assignment: Option<Vec<TopicPartition>>,
}

/// One group of a SHARE_GROUP_DESCRIBE answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedShareGroup {
    /// The verdict.
    pub error: ErrorCode,
    /// Its id.
    pub group_id: Name,
    /// `Empty`, `Stable` or `Dead`.
    pub group_state: Name,
    /// Counts changes of the group.
    pub group_epoch: i32,
    /// The group epoch that the assignment was made for.
    pub assignment_epoch: i32,
    /// Everyone in it.
    pub members: Vec<DescribedShareMember>,
}

/// One member of a described share group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedShareMember {
    /// Its member id.
    pub member_id: Name,
    /// `client.id`.
    pub client_id: Name,
    /// The epoch it has reached.
    pub member_epoch: i32,
    /// What it subscribed to.
    pub subscribed_topic_names: Vec<Name>,
    /// What it may fetch.
    pub assignment: Vec<(Name, i32)>,
}

/// What a member says of a delivered record (`AcknowledgeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i8)]
pub enum AckType {
    /// There is no record at this offset.
    Gap = 0,
    /// Done with it.
    Accept = 1,
    /// Somebody may try it again.
    Release = 2,
    /// Nobody shall try it again.
    Reject = 3,
    /// Still at work on it.
    Renew = 4,
}

/// Acknowledgements of neighbouring offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AckBatch {
    /// First offset.
    pub first: Offset,
    /// Last offset.
    pub last: Offset,
    /// One for all, or one for each offset.
    pub types: Vec<AckType>,
}

/// SHARE_FETCH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareFetch {
    /// `group.id`.
    pub group_id: Name,
    /// Who fetches.
    pub member_id: Name,
    /// 0 begins a share session, -1 ends it.
    pub share_session_epoch: i32,
    /// How long the answer may wait.
    pub max_wait_ms: i32,
    /// How much makes an answer worth sending.
    pub min_bytes: i32,
    /// Soft limit over all partitions.
    pub max_bytes: i32,
    /// How many records to acquire; rounded up to the end of a batch unless `record_limit`.
    pub max_records: i32,
    /// The most records of one acquired batch.
    pub batch_size: i32,
    /// `share.acquire.mode` is `record_limit`.
    pub record_limit: bool,
    /// Locks are renewed; nothing is fetched.
    pub is_renew_ack: bool,
    /// Partitions that are new in the session or have acknowledgements; whether they are to be fetched is up to the session.
    pub partitions: Vec<(TopicPartition, Vec<AckBatch>)>,
    /// Partitions that leave the session.
    pub forgotten: Vec<TopicPartition>,
}

/// SHARE_FETCH, answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareFetched {
    /// Top-level error (sessions).
    pub error: ErrorCode,
    /// How long acquired records are the member's.
    pub acquisition_lock_timeout_ms: i32,
    /// One answer a partition that has news.
    pub partitions: Vec<SharedPartition>,
}

/// One partition of a SHARE_FETCH answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedPartition {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict on the fetch.
    pub error: ErrorCode,
    /// The verdict on the acknowledgements.
    pub acknowledge_error: ErrorCode,
    /// Set with NOT_LEADER_OR_FOLLOWER.
    pub current_leader: Option<CurrentLeader>,
    /// Whole batches that hold what was acquired.
    pub batches: Vec<Batch>,
    /// What was acquired.
    pub acquired: Vec<Acquired>,
}

/// Offsets that were acquired together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Acquired {
    /// First offset.
    pub first: Offset,
    /// Last offset.
    pub last: Offset,
    /// How often they were delivered, this time included.
    pub delivery_count: i16,
}

/// SHARE_ACKNOWLEDGE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareAcknowledge {
    /// `group.id`.
    pub group_id: Name,
    /// Who acknowledges.
    pub member_id: Name,
    /// -1 ends the session.
    pub share_session_epoch: i32,
    /// Whether locks are renewed.
    pub is_renew_ack: bool,
    /// Acknowledgements by partition.
    pub partitions: Vec<(TopicPartition, Vec<AckBatch>)>,
}

/// SHARE_ACKNOWLEDGE, answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareAcknowledged {
    /// Top-level error (sessions).
    pub error: ErrorCode,
    /// How long acquired records are the member's.
    pub acquisition_lock_timeout_ms: i32,
    /// One verdict a partition.
    pub partitions: Vec<(TopicPartition, ErrorCode)>,
}

/// Where a record stands in a share group (`RecordState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i8)]
pub enum RecordState {
    /// Waits to be acquired.
    Available = 0,
    /// Locked for a member.
    Acquired = 1,
    /// Accepted.
    Acknowledged = 2,
    /// Rejected, delivered too often, or gone.
    Archived = 4,
}

impl RecordState {
    /// Whether it is final.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Acknowledged | Self::Archived)
    }

    /// By its number on the wire.
    pub const fn of(number: i8) -> Option<Self> {
        match number {
            0 => Some(Self::Available),
            1 => Some(Self::Acquired),
            2 => Some(Self::Acknowledged),
            4 => Some(Self::Archived),
            _ => None,
        }
    }
}

/// Offsets with one state, as the share coordinator keeps them (`PersisterStateBatch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateBatch {
    /// First offset.
    pub first: Offset,
    /// Last offset.
    pub last: Offset,
    /// Their state.
    pub state: RecordState,
    /// How often they were delivered.
    pub delivery_count: i16,
}

/// One partition of a WRITE_SHARE_GROUP_STATE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WrittenState {
    /// Which.
    pub tp: TopicPartition,
    /// Counts initializations.
    pub state_epoch: i32,
    /// Of the partition's leader.
    pub leader_epoch: LeaderEpoch,
    /// The share-partition start offset.
    pub start_offset: Offset,
    /// Records at or above the start offset that are final.
    pub delivery_complete_count: i32,
    /// What changed.
    pub batches: Vec<StateBatch>,
}

/// What the share coordinator keeps of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredState {
    /// Counts initializations.
    pub state_epoch: i32,
    /// The share-partition start offset, or -1.
    pub start_offset: Offset,
    /// States of offsets, in order.
    pub batches: Vec<StateBatch>,
}

/// The same without the states of offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateSummary {
    /// Counts initializations.
    pub state_epoch: i32,
    /// Of the partition's leader when it wrote last.
    pub leader_epoch: LeaderEpoch,
    /// The share-partition start offset, or -1.
    pub start_offset: Offset,
    /// Records at or above the start offset that are final.
    pub delivery_complete_count: i32,
}

/// A group and some of its partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupPartitions {
    /// `group.id`.
    pub group_id: Name,
    /// `None` is every partition that the group knows.
    pub partitions: Option<Vec<(Name, i32)>>,
}

/// One partition of a DESCRIBE_SHARE_GROUP_OFFSETS answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedShareOffset {
    /// Its topic.
    pub topic: Name,
    /// Which.
    pub partition: i32,
    /// The stored start offset, or -1.
    pub start_offset: Offset,
    /// Of the partition's leader when it wrote last.
    pub leader_epoch: LeaderEpoch,
    /// Records that are not final, or -1.
    pub lag: i64,
    /// The verdict.
    pub error: ErrorCode,
}

impl ShareRequest {
    /// Which API this is.
    pub const fn key(&self) -> ApiKey {
        match self {
            Self::GroupHeartbeat(_) => ApiKey::ShareGroupHeartbeat,
            Self::GroupDescribe(_) => ApiKey::ShareGroupDescribe,
            Self::Fetch(_) => ApiKey::ShareFetch,
            Self::Acknowledge(_) => ApiKey::ShareAcknowledge,
            Self::InitializeState(..) => ApiKey::InitializeShareGroupState,
            Self::ReadState(..) => ApiKey::ReadShareGroupState,
            Self::WriteState(..) => ApiKey::WriteShareGroupState,
            Self::DeleteState(..) => ApiKey::DeleteShareGroupState,
            Self::ReadStateSummary(..) => ApiKey::ReadShareGroupStateSummary,
            Self::DescribeOffsets(_) => ApiKey::DescribeShareGroupOffsets,
            Self::AlterOffsets(..) => ApiKey::AlterShareGroupOffsets,
            Self::DeleteOffsets(..) => ApiKey::DeleteShareGroupOffsets,
        }
    }
}

impl ShareResponse {
    /// Which API this answers.
    pub const fn key(&self) -> ApiKey {
        match self {
            Self::GroupHeartbeat(_) => ApiKey::ShareGroupHeartbeat,
            Self::GroupDescribe(_) => ApiKey::ShareGroupDescribe,
            Self::Fetch(_) => ApiKey::ShareFetch,
            Self::Acknowledge(_) => ApiKey::ShareAcknowledge,
            Self::InitializeState(_) => ApiKey::InitializeShareGroupState,
            Self::ReadState(_) => ApiKey::ReadShareGroupState,
            Self::WriteState(_) => ApiKey::WriteShareGroupState,
            Self::DeleteState(_) => ApiKey::DeleteShareGroupState,
            Self::ReadStateSummary(_) => ApiKey::ReadShareGroupStateSummary,
            Self::DescribeOffsets(..) => ApiKey::DescribeShareGroupOffsets,
            Self::AlterOffsets(..) => ApiKey::AlterShareGroupOffsets,
            Self::DeleteOffsets(..) => ApiKey::DeleteShareGroupOffsets,
        }
    }

    /// Bytes of records in it.
    pub fn payload_bytes(&self) -> u32 {
        let Self::Fetch(fetched) = self else { return 0 };
        let batches = fetched.partitions.iter().flat_map(|partition| &partition.batches);
        batches.map(|batch| batch.size_bytes).sum()
    }

    /// The first code in it that is not NONE.
    pub fn first_error(&self) -> ErrorCode {
        match self {
            Self::GroupHeartbeat(body) => body.error,
            Self::GroupDescribe(groups) => first(groups.iter().map(|group| group.error)),
            Self::Fetch(body) => {
                let of_partition = |p: &SharedPartition| first([p.error, p.acknowledge_error]);
                first([body.error].into_iter().chain(body.partitions.iter().map(of_partition)))
            }
            Self::Acknowledge(body) => {
                first([body.error].into_iter().chain(body.partitions.iter().map(|(_, e)| *e)))
            }
            Self::InitializeState(rows) | Self::WriteState(rows) | Self::DeleteState(rows) => {
                first(rows.iter().map(|(_, error)| *error))
            }
            Self::ReadState(rows) => first(rows.iter().map(|(_, row)| error_of(row))),
            Self::ReadStateSummary(rows) => first(rows.iter().map(|(_, row)| error_of(row))),
            Self::DescribeOffsets(error, rows) => {
                first([*error].into_iter().chain(rows.iter().map(|row| row.error)))
            }
            Self::AlterOffsets(error, rows) => {
                first([*error].into_iter().chain(rows.iter().map(|row| row.2)))
            }
            Self::DeleteOffsets(error, rows) => {
                first([*error].into_iter().chain(rows.iter().map(|row| row.1)))
            }
        }
    }
}

fn error_of<T>(row: &Result<T, ErrorCode>) -> ErrorCode {
    row.as_ref().err().copied().unwrap_or_default()
}

fn first(errors: impl IntoIterator<Item = ErrorCode>) -> ErrorCode {
    errors.into_iter().find(|error| !error.is_ok()).unwrap_or_default()
}
