//! Responses, field by field as Kafka names them.
//!
//! Invariant: every answer carries its error codes as data; none is a Rust error.

mod txn;

use super::error_code::ErrorCode;
use super::keys::ApiKey;
use super::legacy::LegacyResponse;
use super::request::Subscription;
use super::share::ShareResponse;
use crate::controller::records::MetadataRecord;
use crate::ids::{
    BrokerEpoch, EpochMs, LeaderEpoch, Name, NodeId, Offset, ProducerEpoch, ProducerId, TopicId,
    TopicPartition,
};
use crate::log::Batch;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use txn::{ActiveProducer, DescribedProducers, EndTxn, ListedTransaction, PartitionErrors};

/// Any response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is named after its API and documented at its struct")]
pub enum Response {
    ApiVersions,
    Metadata(Metadata),
    Produce(Produce),
    Fetch(Fetch),
    ListOffsets(Vec<ListedOffset>),
    OffsetForLeaderEpoch(Vec<EpochEnd>),
    InitProducerId(InitProducerId),
    /// One entry a key.
    FindCoordinator(Vec<Coordinator>),
    JoinGroup(JoinGroup),
    SyncGroup(SyncGroup),
    Heartbeat(ErrorCode),
    /// Top-level error, then one a member.
    LeaveGroup(ErrorCode, Vec<ErrorCode>),
    /// One error a partition.
    OffsetCommit(Vec<(Name, i32, ErrorCode)>),
    OffsetFetch(OffsetFetch),
    /// Top-level error, then one a partition.
    OffsetDelete(ErrorCode, Vec<(Name, i32, ErrorCode)>),
    ConsumerGroupHeartbeat(ConsumerGroupHeartbeat),
    ConsumerGroupDescribe(Vec<DescribedConsumerGroup>),
    CreateTopics(ErrorCode, TopicId),
    CreatePartitions(ErrorCode),
    DeleteTopics(Vec<(Name, ErrorCode)>),
    /// Low watermark and error a partition.
    DeleteRecords(Vec<(TopicPartition, Offset, ErrorCode)>),
    /// Top-level error, then one a partition.
    ElectLeaders(ErrorCode, Vec<(Name, i32, ErrorCode)>),
    IncrementalAlterConfigs(ErrorCode),
    /// ALTER_CLIENT_QUOTAS.
    AlterClientQuotas(ErrorCode),
    BrokerRegistration(ErrorCode, BrokerEpoch),
    ControllerRegistration(ErrorCode),
    BrokerHeartbeat(BrokerHeartbeat),
    AlterPartition(ErrorCode, Vec<AlteredPartition>),
    AllocateProducerIds(AllocateProducerIds),
    /// One entry a transactional id, with one error a partition.
    AddPartitionsToTxn(Vec<(Name, PartitionErrors)>),
    EndTxn(EndTxn),
    /// One entry a producer, with one error a partition.
    WriteTxnMarkers(Vec<(ProducerId, PartitionErrors)>),
    /// One error a partition.
    TxnOffsetCommit(PartitionErrors),
    ListTransactions(ErrorCode, Vec<ListedTransaction>),
    DescribeProducers(Vec<DescribedProducers>),
    /// Top-level error, then one a partition.
    AlterPartitionReassignments(ErrorCode, Vec<(Name, i32, ErrorCode)>),
    DescribeGroups(Vec<DescribedGroup>),
    ListGroups(ErrorCode, Vec<ListedGroup>),
    /// One error a group.
    DeleteGroups(Vec<(Name, ErrorCode)>),
    RaftFetch(RaftFetch),
    Vote(Vote),
    BeginQuorumEpoch(QuorumEpoch),
    EndQuorumEpoch(QuorumEpoch),
    /// Any response of share groups.
    Share(ShareResponse),
    /// Any response of ZooKeeper mode.
    Legacy(LegacyResponse),
}

impl Response {
    /// Which API this answers.
    pub const fn key(&self) -> ApiKey {
        match self {
            Self::ApiVersions => ApiKey::ApiVersions,
            Self::Metadata(_) => ApiKey::Metadata,
            Self::Produce(_) => ApiKey::Produce,
            Self::Fetch(_) | Self::RaftFetch(_) => ApiKey::Fetch,
            Self::ListOffsets(_) => ApiKey::ListOffsets,
            Self::OffsetForLeaderEpoch(_) => ApiKey::OffsetForLeaderEpoch,
            Self::InitProducerId(_) => ApiKey::InitProducerId,
            Self::FindCoordinator(_) => ApiKey::FindCoordinator,
            Self::JoinGroup(_) => ApiKey::JoinGroup,
            Self::SyncGroup(_) => ApiKey::SyncGroup,
            Self::Heartbeat(_) => ApiKey::Heartbeat,
            Self::LeaveGroup(..) => ApiKey::LeaveGroup,
            Self::OffsetCommit(_) => ApiKey::OffsetCommit,
            Self::OffsetFetch(_) => ApiKey::OffsetFetch,
            Self::OffsetDelete(..) => ApiKey::OffsetDelete,
            Self::ConsumerGroupHeartbeat(_) => ApiKey::ConsumerGroupHeartbeat,
            Self::ConsumerGroupDescribe(_) => ApiKey::ConsumerGroupDescribe,
            Self::CreateTopics(..) => ApiKey::CreateTopics,
            Self::CreatePartitions(_) => ApiKey::CreatePartitions,
            Self::DeleteTopics(_) => ApiKey::DeleteTopics,
            Self::DeleteRecords(_) => ApiKey::DeleteRecords,
            Self::ElectLeaders(..) => ApiKey::ElectLeaders,
            Self::IncrementalAlterConfigs(_) => ApiKey::IncrementalAlterConfigs,
            Self::AlterClientQuotas(_) => ApiKey::AlterClientQuotas,
            Self::BrokerRegistration(..) => ApiKey::BrokerRegistration,
            Self::ControllerRegistration(_) => ApiKey::ControllerRegistration,
            Self::BrokerHeartbeat(_) => ApiKey::BrokerHeartbeat,
            Self::AlterPartition(..) => ApiKey::AlterPartition,
            Self::AllocateProducerIds(_) => ApiKey::AllocateProducerIds,
            Self::AddPartitionsToTxn(_) => ApiKey::AddPartitionsToTxn,
            Self::EndTxn(_) => ApiKey::EndTxn,
            Self::WriteTxnMarkers(_) => ApiKey::WriteTxnMarkers,
            Self::TxnOffsetCommit(_) => ApiKey::TxnOffsetCommit,
            Self::ListTransactions(..) => ApiKey::ListTransactions,
            Self::DescribeProducers(_) => ApiKey::DescribeProducers,
            Self::AlterPartitionReassignments(..) => ApiKey::AlterPartitionReassignments,
            Self::DescribeGroups(_) => ApiKey::DescribeGroups,
            Self::ListGroups(..) => ApiKey::ListGroups,
            Self::DeleteGroups(_) => ApiKey::DeleteGroups,
            Self::Vote(_) => ApiKey::Vote,
            Self::BeginQuorumEpoch(_) => ApiKey::BeginQuorumEpoch,
            Self::EndQuorumEpoch(_) => ApiKey::EndQuorumEpoch,
            Self::Share(body) => body.key(),
            Self::Legacy(body) => body.key(),
        }
    }
}

/// METADATA.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// Unfenced brokers with their racks.
    pub brokers: Vec<(NodeId, Option<Name>)>,
    /// A random unfenced broker stands in for the controller, as in KRaft mode.
    pub controller_id: NodeId,
    /// The topics asked for.
    pub topics: Vec<TopicMetadata>,
}

/// One topic of a METADATA answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicMetadata {
    /// Its name.
    pub name: Name,
    /// Its id, or zero on an error.
    pub topic_id: TopicId,
    /// UNKNOWN_TOPIC_OR_PARTITION and the like.
    pub error: ErrorCode,
    /// An internal topic such as `__consumer_offsets`.
    pub is_internal: bool,
    /// By index.
    pub partitions: Vec<PartitionMetadata>,
}

/// One partition of a METADATA answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionMetadata {
    /// LEADER_NOT_AVAILABLE, or none.
    pub error: ErrorCode,
    /// The partition's index.
    pub partition_index: i32,
    /// -1 without a leader.
    pub leader_id: NodeId,
    /// Counts leaders.
    pub leader_epoch: LeaderEpoch,
    /// In order of preference.
    pub replica_nodes: Vec<NodeId>,
    /// In sync.
    pub isr_nodes: Vec<NodeId>,
    /// On fenced or unknown brokers.
    pub offline_replicas: Vec<NodeId>,
}

/// Where the leader is now, as errors tell it (KIP-951); both -1 when unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CurrentLeader {
    /// The leader.
    pub leader_id: NodeId,
    /// Its epoch.
    pub leader_epoch: LeaderEpoch,
}

/// PRODUCE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Produce {
    /// One answer a partition.
    pub partitions: Vec<ProducedPartition>,
    /// Quota delay.
    pub throttle_time_ms: i32,
}

/// One partition of a PRODUCE answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducedPartition {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict.
    pub error: ErrorCode,
    /// Offset of the batch's first record, or -1.
    pub base_offset: Offset,
    /// Under LogAppendTime the broker's time, else -1.
    pub log_append_time: EpochMs,
    /// The log start.
    pub log_start_offset: Offset,
    /// Set with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH.
    pub current_leader: Option<CurrentLeader>,
    /// Places in the batch of the records for which it was refused; empty if it was for the batch's sake.
    pub record_errors: Vec<i32>,
}

/// FETCH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fetch {
    /// Top-level error (sessions).
    pub error: ErrorCode,
    /// One answer a partition that has news.
    pub partitions: Vec<FetchedPartition>,
    /// Quota delay.
    pub throttle_time_ms: i32,
}

/// One partition of a FETCH answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchedPartition {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict.
    pub error: ErrorCode,
    /// The server's high watermark.
    pub high_watermark: Offset,
    /// The last stable offset.
    pub last_stable_offset: Offset,
    /// The server's log start.
    pub log_start_offset: Offset,
    /// Largest epoch and end offset not after the fetcher's, if the logs differ: truncate there.
    pub diverging_epoch: Option<(LeaderEpoch, Offset)>,
    /// Set with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH.
    pub current_leader: Option<CurrentLeader>,
    /// Producer id and first offset of aborted transactions in range (read_committed).
    pub aborted_transactions: Vec<(ProducerId, Offset)>,
    /// Read from this replica instead; -1 none.
    pub preferred_read_replica: NodeId,
    /// Whole batches from the one that holds the fetch offset.
    pub batches: Vec<Batch>,
}

/// One partition of a LIST_OFFSETS answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListedOffset {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict.
    pub error: ErrorCode,
    /// -1 unless a record was looked for by time.
    pub timestamp: EpochMs,
    /// -1 when there is none.
    pub offset: Offset,
    /// Epoch of that offset.
    pub leader_epoch: LeaderEpoch,
}

/// One partition of an OFFSET_FOR_LEADER_EPOCH answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpochEnd {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict.
    pub error: ErrorCode,
    /// Largest epoch not after the one asked for, or -1.
    pub leader_epoch: LeaderEpoch,
    /// Where it ends, or -1.
    pub end_offset: Offset,
}

/// INIT_PRODUCER_ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InitProducerId {
    /// The verdict.
    pub error: ErrorCode,
    /// -1 on an error.
    pub producer_id: ProducerId,
    /// -1 on an error.
    pub producer_epoch: ProducerEpoch,
}

/// One key of a FIND_COORDINATOR answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator {
    /// The key asked for.
    pub key: Name,
    /// The verdict.
    pub error: ErrorCode,
    /// -1 on an error.
    pub node_id: NodeId,
}

/// JOIN_GROUP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinGroup {
    /// The verdict.
    pub error: ErrorCode,
    /// -1 on an error.
    pub generation_id: i32,
    /// The assignor that everyone knows.
    pub protocol_name: Option<Name>,
    /// Who assigns.
    pub leader: Name,
    /// Whether the leader may skip the assignment (a static leader's return).
    pub skip_assignment: bool,
    /// Who was asked; generated with MEMBER_ID_REQUIRED.
    pub member_id: Name,
    /// Member id, instance id and subscription of everyone; to the leader only.
    pub members: Vec<(Name, Option<Name>, Subscription)>,
}

/// SYNC_GROUP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyncGroup {
    /// The verdict.
    pub error: ErrorCode,
    /// The assignor.
    pub protocol_name: Option<Name>,
    /// Partitions of the asking member.
    pub assignment: Vec<(Name, i32)>,
}

/// OFFSET_FETCH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetFetch {
    /// The group's verdict.
    pub error: ErrorCode,
    /// Topic, partition, committed offset (-1 none), leader epoch (-1 unknown), error.
    pub offsets: Vec<(Name, i32, Offset, LeaderEpoch, ErrorCode)>,
}

/// BROKER_HEARTBEAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BrokerHeartbeat {
    /// The verdict.
    pub error: ErrorCode,
    /// Metadata applied far enough.
    pub is_caught_up: bool,
    /// Fenced: serves no client.
    pub is_fenced: bool,
    /// The controlled shutdown may end.
    pub should_shut_down: bool,
}

/// One partition of an ALTER_PARTITION answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlteredPartition {
    /// Which.
    pub tp: TopicPartition,
    /// The verdict.
    pub error: ErrorCode,
    /// The leader.
    pub leader_id: NodeId,
    /// Its epoch.
    pub leader_epoch: LeaderEpoch,
    /// The ISR now.
    pub isr: Vec<NodeId>,
    /// 1 after an unclean election until the leader has recovered.
    pub leader_recovery_state: u8,
    /// The new version.
    pub partition_epoch: i32,
}

/// ALLOCATE_PRODUCER_IDS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AllocateProducerIds {
    /// The verdict.
    pub error: ErrorCode,
    /// First id of the block.
    pub producer_id_start: ProducerId,
    /// How many.
    pub producer_id_len: i32,
}

/// One group of a DESCRIBE_GROUPS answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedGroup {
    /// The verdict; GROUP_ID_NOT_FOUND for an unknown group.
    pub error: ErrorCode,
    /// Its id.
    pub group_id: Name,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable` or `Dead`.
    pub group_state: Name,
    /// "consumer", or empty.
    pub protocol_type: Name,
    /// The assignor, or empty.
    pub protocol_data: Name,
    /// Everyone in it.
    pub members: Vec<DescribedMember>,
}

/// One member of a described group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedMember {
    /// The coordinator's name for it.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
    /// `client.id`.
    pub client_id: Name,
    /// What it has.
    pub assignment: Vec<(Name, i32)>,
}

/// CONSUMER_GROUP_HEARTBEAT's answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupHeartbeat {
    /// The verdict.
    pub error: ErrorCode,
    /// The member's id.
    pub member_id: Name,
    /// The epoch that the member has reached.
    pub member_epoch: i32,
    /// When the next heartbeat is expected.
    pub heartbeat_interval_ms: i32,
    /// What the member may own; none if that did not change.
    pub assignment: Option<Vec<TopicPartition>>,
}

/// One group of a CONSUMER_GROUP_DESCRIBE answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribedConsumerGroup {
    /// The verdict; GROUP_ID_NOT_FOUND for a group of another kind, too.
    pub error: ErrorCode,
    /// Its id.
    pub group_id: Name,
    /// `Empty`, `Assigning`, `Reconciling` or `Stable`.
    pub group_state: Name,
    /// Counts changes of members, subscriptions and topics.
    pub group_epoch: i32,
    /// The group epoch that the target assignment was made for.
    pub assignment_epoch: i32,
    /// The server-side assignor.
    pub assignor_name: Name,
    /// Everyone in it, with the epoch each has reached.
    pub members: Vec<(DescribedMember, i32)>,
}

/// One group of a LIST_GROUPS answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedGroup {
    /// Its id.
    pub group_id: Name,
    /// "consumer", or empty.
    pub protocol_type: Name,
    /// As in [`DescribedGroup`].
    pub group_state: Name,
    /// "classic" or "consumer".
    pub group_type: Name,
}

/// FETCH of the metadata log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RaftFetch {
    /// The verdict.
    pub error: ErrorCode,
    /// The quorum's leader, or -1.
    pub leader_id: NodeId,
    /// Its epoch.
    pub leader_epoch: LeaderEpoch,
    /// Everything below it is committed; -1 while the leader does not know.
    pub high_watermark: Offset,
    /// Truncate there, if the logs differ.
    pub diverging_epoch: Option<(LeaderEpoch, Offset)>,
    /// Offset of the first entry.
    pub base_offset: Offset,
    /// Entries with the epoch in which each was written.
    pub entries: Vec<(LeaderEpoch, Arc<MetadataRecord>)>,
}

/// VOTE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vote {
    /// The verdict.
    pub error: ErrorCode,
    /// The leader that the voter knows, or -1.
    pub leader_id: NodeId,
    /// The voter's epoch.
    pub leader_epoch: LeaderEpoch,
    /// Whether the candidate has this vote.
    pub vote_granted: bool,
}

/// BEGIN_QUORUM_EPOCH and END_QUORUM_EPOCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuorumEpoch {
    /// The verdict.
    pub error: ErrorCode,
    /// The leader that the voter knows, or -1.
    pub leader_id: NodeId,
    /// The voter's epoch.
    pub leader_epoch: LeaderEpoch,
}
