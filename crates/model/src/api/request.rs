//! Requests, field by field as Kafka names them.
//!
//! One struct a request, in the latest version that 4.3.1's own clients and brokers send. Invariant: a request is plain data
//! and cheap to clone (payloads are shared).

mod quorum;
mod txn;

use super::keys::ApiKey;
use super::legacy::LegacyRequest;
use super::share::ShareRequest;
use crate::ids::{
    BrokerEpoch, Bytes, EpochMs, LeaderEpoch, Name, NodeId, Offset, ProducerEpoch, ProducerId,
    TopicId, TopicPartition,
};
use crate::log::Batch;
use crate::quota::{QuotaEntity, QuotaKey};
use alloc::boxed::Box;
use alloc::vec::Vec;

pub use quorum::{BeginQuorumEpoch, EndQuorumEpoch, RaftFetch, Vote};
pub use txn::{
    AddPartitionsToTxn, AddedPartitions, DescribeProducers, EndTxn, TxnMarker, TxnOffsetCommit,
    WriteTxnMarkers,
};

/// Any request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is named after its API and documented at its struct")]
pub enum Request {
    ApiVersions,
    Metadata(Metadata),
    Produce(Produce),
    Fetch(Fetch),
    ListOffsets(ListOffsets),
    OffsetForLeaderEpoch(OffsetForLeaderEpoch),
    InitProducerId(InitProducerId),
    FindCoordinator(FindCoordinator),
    JoinGroup(Box<JoinGroup>),
    SyncGroup(Box<SyncGroup>),
    Heartbeat(Heartbeat),
    LeaveGroup(LeaveGroup),
    OffsetCommit(Box<OffsetCommit>),
    OffsetFetch(Box<OffsetFetch>),
    OffsetDelete(OffsetDelete),
    ConsumerGroupHeartbeat(Box<ConsumerGroupHeartbeat>),
    ConsumerGroupDescribe(DescribeGroups),
    CreateTopics(CreateTopics),
    CreatePartitions(CreatePartitions),
    DeleteTopics(DeleteTopics),
    DeleteRecords(DeleteRecords),
    ElectLeaders(ElectLeaders),
    IncrementalAlterConfigs(IncrementalAlterConfigs),
    AlterClientQuotas(AlterClientQuotas),
    BrokerRegistration(BrokerRegistration),
    ControllerRegistration(ControllerRegistration),
    BrokerHeartbeat(BrokerHeartbeat),
    AlterPartition(AlterPartition),
    AllocateProducerIds(AllocateProducerIds),
    AddPartitionsToTxn(AddPartitionsToTxn),
    EndTxn(EndTxn),
    WriteTxnMarkers(WriteTxnMarkers),
    TxnOffsetCommit(Box<TxnOffsetCommit>),
    /// Every transactional id that the broker coordinates.
    ListTransactions,
    DescribeProducers(DescribeProducers),
    AlterPartitionReassignments(AlterPartitionReassignments),
    DescribeGroups(DescribeGroups),
    /// Every group that the broker coordinates.
    ListGroups,
    DeleteGroups(DeleteGroups),
    /// FETCH of the metadata log, at a controller.
    RaftFetch(RaftFetch),
    Vote(Vote),
    BeginQuorumEpoch(BeginQuorumEpoch),
    EndQuorumEpoch(EndQuorumEpoch),
    /// Any request of share groups.
    Share(ShareRequest),
    /// Any request of ZooKeeper mode.
    Legacy(LegacyRequest),
}

impl Request {
    /// Which API this is.
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
            Self::LeaveGroup(_) => ApiKey::LeaveGroup,
            Self::OffsetCommit(_) => ApiKey::OffsetCommit,
            Self::OffsetFetch(_) => ApiKey::OffsetFetch,
            Self::OffsetDelete(_) => ApiKey::OffsetDelete,
            Self::ConsumerGroupHeartbeat(_) => ApiKey::ConsumerGroupHeartbeat,
            Self::ConsumerGroupDescribe(_) => ApiKey::ConsumerGroupDescribe,
            Self::CreateTopics(_) => ApiKey::CreateTopics,
            Self::CreatePartitions(_) => ApiKey::CreatePartitions,
            Self::DeleteTopics(_) => ApiKey::DeleteTopics,
            Self::DeleteRecords(_) => ApiKey::DeleteRecords,
            Self::ElectLeaders(_) => ApiKey::ElectLeaders,
            Self::IncrementalAlterConfigs(_) => ApiKey::IncrementalAlterConfigs,
            Self::AlterClientQuotas(_) => ApiKey::AlterClientQuotas,
            Self::BrokerRegistration(_) => ApiKey::BrokerRegistration,
            Self::ControllerRegistration(_) => ApiKey::ControllerRegistration,
            Self::BrokerHeartbeat(_) => ApiKey::BrokerHeartbeat,
            Self::AlterPartition(_) => ApiKey::AlterPartition,
            Self::AllocateProducerIds(_) => ApiKey::AllocateProducerIds,
            Self::AddPartitionsToTxn(_) => ApiKey::AddPartitionsToTxn,
            Self::EndTxn(_) => ApiKey::EndTxn,
            Self::WriteTxnMarkers(_) => ApiKey::WriteTxnMarkers,
            Self::TxnOffsetCommit(_) => ApiKey::TxnOffsetCommit,
            Self::ListTransactions => ApiKey::ListTransactions,
            Self::DescribeProducers(_) => ApiKey::DescribeProducers,
            Self::AlterPartitionReassignments(_) => ApiKey::AlterPartitionReassignments,
            Self::DescribeGroups(_) => ApiKey::DescribeGroups,
            Self::ListGroups => ApiKey::ListGroups,
            Self::DeleteGroups(_) => ApiKey::DeleteGroups,
            Self::Vote(_) => ApiKey::Vote,
            Self::BeginQuorumEpoch(_) => ApiKey::BeginQuorumEpoch,
            Self::EndQuorumEpoch(_) => ApiKey::EndQuorumEpoch,
            Self::Share(body) => body.key(),
            Self::Legacy(body) => body.key(),
        }
    }
}

/// METADATA: topics by name, all of them, or only the brokers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// `None` asks for every topic; an empty list only for brokers.
    pub topics: Option<Vec<Name>>,
    /// Whether the client allows a missing topic to be created.
    pub allow_auto_topic_creation: bool,
}

/// PRODUCE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Produce {
    /// `transactional.id`, if the batches are part of a transaction.
    pub transactional_id: Option<Name>,
    /// 0, 1 or -1 (all).
    pub acks: i16,
    /// How long the leader may wait for acknowledgements.
    pub timeout_ms: i32,
    /// One batch a partition.
    pub partitions: Vec<(TopicPartition, Batch)>,
}

/// FETCH by consumers and by followers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fetch {
    /// The fetching broker, or -1 for a consumer.
    pub replica_id: NodeId,
    /// The fetching broker's epoch, or -1.
    pub replica_epoch: BrokerEpoch,
    /// How long the answer may wait for `min_bytes`.
    pub max_wait_ms: i32,
    /// How much makes an answer worth sending.
    pub min_bytes: i32,
    /// Soft limit over all partitions.
    pub max_bytes: i32,
    /// `read_committed` instead of `read_uncommitted`.
    pub read_committed: bool,
    /// The consumer's `client.rack`.
    pub rack_id: Name,
    /// What to fetch, in order of preference.
    pub partitions: Vec<FetchPartition>,
}

/// One partition of a FETCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchPartition {
    /// Which.
    pub tp: TopicPartition,
    /// The leader epoch the fetcher knows; -1 skips the check.
    pub current_leader_epoch: LeaderEpoch,
    /// First offset wanted.
    pub fetch_offset: Offset,
    /// Epoch of the fetcher's last record; -1 skips the divergence check.
    pub last_fetched_epoch: LeaderEpoch,
    /// A follower's log start; -1 from consumers.
    pub log_start_offset: Offset,
    /// Soft limit for this partition.
    pub partition_max_bytes: i32,
    /// The high watermark a follower knows (KIP-1166); -1 from consumers.
    pub high_watermark: Offset,
}

/// What LIST_OFFSETS asks for (special timestamps of `ListOffsetsRequest`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OffsetSpec {
    /// -2: the log start.
    Earliest,
    /// -1: the high watermark, or the last stable offset.
    Latest,
    /// -3: the record with the largest timestamp.
    MaxTimestamp,
    /// The first record at or after this moment.
    AtOrAfter(EpochMs),
}

/// LIST_OFFSETS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListOffsets {
    /// -1 from clients.
    pub replica_id: NodeId,
    /// `read_committed` instead of `read_uncommitted`.
    pub read_committed: bool,
    /// Partition, the leader epoch known (-1 skips the check), and what is asked.
    pub partitions: Vec<(TopicPartition, LeaderEpoch, OffsetSpec)>,
}

/// OFFSET_FOR_LEADER_EPOCH: where does an epoch end in the leader's log?
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetForLeaderEpoch {
    /// The asking broker, or -1 (consumer: -2).
    pub replica_id: NodeId,
    /// Partition, current leader epoch, epoch asked about.
    pub partitions: Vec<(TopicPartition, LeaderEpoch, LeaderEpoch)>,
}

/// INIT_PRODUCER_ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitProducerId {
    /// None for a merely idempotent producer.
    pub transactional_id: Option<Name>,
    /// `transaction.timeout.ms`; MAX_INT without a transactional id.
    pub transaction_timeout_ms: i32,
    /// The id held so far, or -1.
    pub producer_id: ProducerId,
    /// The epoch held so far, or -1.
    pub producer_epoch: ProducerEpoch,
}

/// What kind of coordinator is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoordinatorType {
    /// Of a consumer group.
    Group,
    /// Of a transactional id.
    Transaction,
    /// Of a share group's partition.
    Share,
}

/// FIND_COORDINATOR.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FindCoordinator {
    /// What kind.
    pub key_type: CoordinatorType,
    /// Group ids or transactional ids.
    pub keys: Vec<Name>,
}

/// JOIN_GROUP (classic protocol).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinGroup {
    /// `group.id`.
    pub group_id: Name,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `max.poll.interval.ms`.
    pub rebalance_timeout_ms: i32,
    /// Empty on the first join.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
    /// `client.id`; from the request header.
    pub client_id: Name,
    /// "consumer" for consumers.
    pub protocol_type: Name,
    /// Assignors in order of preference, each with its subscription metadata.
    pub protocols: Vec<(Name, Subscription)>,
    /// Why it joins.
    pub reason: Name,
}

/// A member's subscription as assignors see it (`ConsumerProtocolSubscription`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subscription {
    /// Topics, sorted.
    pub topics: Vec<Name>,
    /// What the member owns now (cooperative and sticky assignors).
    pub owned_partitions: Vec<(Name, i32)>,
    /// The generation in which it got them; -1 none.
    pub generation_id: i32,
    /// `client.rack`.
    pub rack_id: Option<Name>,
    /// The assignor's own data, opaque to the coordinator.
    pub user_data: Option<Bytes>,
}

/// SYNC_GROUP: the leader hands in everyone's assignment, everyone gets his own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyncGroup {
    /// `group.id`.
    pub group_id: Name,
    /// The generation being synced.
    pub generation_id: i32,
    /// Who asks.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
    /// The assignor chosen by the coordinator.
    pub protocol_name: Name,
    /// Member id and partitions; from the leader only.
    pub assignments: Vec<(Name, Vec<(Name, i32)>)>,
}

/// HEARTBEAT (classic protocol).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heartbeat {
    /// `group.id`.
    pub group_id: Name,
    /// The member's generation.
    pub generation_id: i32,
    /// Who beats.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
}

/// LEAVE_GROUP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaveGroup {
    /// `group.id`.
    pub group_id: Name,
    /// Member id, instance id and reason of everyone who leaves.
    pub members: Vec<(Name, Option<Name>, Name)>,
}

/// OFFSET_COMMIT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetCommit {
    /// `group.id`.
    pub group_id: Name,
    /// -1 from a consumer without group management.
    pub generation_id_or_member_epoch: i32,
    /// Empty from a consumer without group management.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
    /// Topic, partition, offset, leader epoch (-1 unknown).
    pub offsets: Vec<(Name, i32, Offset, LeaderEpoch)>,
    /// Ids of the topics as the member knows them (v10, consumer protocol); empty where topics go by name (v9).
    pub topic_ids: Vec<(Name, TopicId)>,
}

/// OFFSET_FETCH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetFetch {
    /// `group.id`.
    pub group_id: Name,
    /// `None` asks for everything committed.
    pub partitions: Option<Vec<(Name, i32)>>,
    /// Wait out pending transactional commits (KIP-447).
    pub require_stable: bool,
    /// The member and its epoch (consumer protocol); none from others.
    pub member: Option<(Name, i32)>,
    /// Ids of the topics as the member knows them (v10, consumer protocol); empty where topics go by name (v9).
    pub topic_ids: Vec<(Name, TopicId)>,
}

/// OFFSET_DELETE v0: an administrator forgets committed offsets of topics that the group does not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetDelete {
    /// `group.id`.
    pub group_id: Name,
    /// Topic and partition.
    pub partitions: Vec<(Name, i32)>,
}

/// CONSUMER_GROUP_HEARTBEAT v1 (KIP-848): joins, stays, acknowledges and leaves. What did not change is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroupHeartbeat {
    /// `group.id`.
    pub group_id: Name,
    /// Made by the member itself.
    pub member_id: Name,
    /// 0 joins, -1 leaves, -2 leaves for a while (static members), else the epoch that the member has reached.
    pub member_epoch: i32,
    /// `group.instance.id`.
    pub instance_id: Option<Name>,
    /// `client.rack`.
    pub rack_id: Option<Name>,
    /// `max.poll.interval.ms`; -1 if it did not change.
    pub rebalance_timeout_ms: i32,
    /// Topics it subscribed to by name.
    pub subscribed_topic_names: Option<Vec<Name>>,
    /// A pattern it subscribed to, in RE2's words.
    pub subscribed_topic_regex: Option<Name>,
    /// `group.remote.assignor`.
    pub server_assignor: Option<Name>,
    /// What it owns: acknowledges an assignment.
    pub topic_partitions: Option<Vec<TopicPartition>>,
    /// `client.id`, from the request's header.
    pub client_id: Name,
}

/// CREATE_TOPICS, one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreateTopics {
    /// The topic's name.
    pub name: Name,
    /// -1: the broker's default, or as assigned.
    pub num_partitions: i32,
    /// -1: the broker's default, or as assigned.
    pub replication_factor: i16,
    /// Replicas by partition, instead of the two numbers.
    pub assignments: Vec<Vec<NodeId>>,
    /// Topic configs.
    pub configs: Vec<(Name, Name)>,
    /// How long the answer may take.
    pub timeout_ms: i32,
}

/// CREATE_PARTITIONS, one topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatePartitions {
    /// The topic's name.
    pub name: Name,
    /// The new total.
    pub count: i32,
}

/// DELETE_TOPICS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteTopics {
    /// Names.
    pub names: Vec<Name>,
}

/// DELETE_RECORDS: raise the log start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteRecords {
    /// Partition and new log start; -1 is the high watermark.
    pub partitions: Vec<(TopicPartition, Offset)>,
    /// How long the answer may wait for the other replicas.
    pub timeout_ms: i32,
}

/// ELECT_LEADERS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElectLeaders {
    /// Unclean instead of preferred.
    pub unclean: bool,
    /// `None` is every partition.
    pub partitions: Option<Vec<(Name, i32)>>,
}

/// What a config belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigResource {
    /// A topic.
    Topic(Name),
    /// A broker; `None` is the cluster-wide default.
    Broker(Option<NodeId>),
    /// A consumer or share group.
    Group(Name),
}

/// INCREMENTAL_ALTER_CONFIGS, one resource; a null value deletes the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IncrementalAlterConfigs {
    /// Whose configs.
    pub resource: ConfigResource,
    /// Keys and their new values.
    pub configs: Vec<(Name, Option<Name>)>,
}

/// ALTER_CLIENT_QUOTAS, one entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterClientQuotas {
    /// Whose quotas.
    pub entity: QuotaEntity,
    /// What is limited to how much a second; none lifts it.
    pub ops: Vec<(QuotaKey, Option<i64>)>,
}

/// BROKER_REGISTRATION.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerRegistration {
    /// `node.id`.
    pub broker_id: NodeId,
    /// New with every start of the process.
    pub incarnation_id: u64,
    /// `broker.rack`.
    pub rack: Option<Name>,
    /// The epoch of the last run if it was shut down cleanly, or -1.
    pub previous_broker_epoch: BrokerEpoch,
}

/// CONTROLLER_REGISTRATION (KIP-919).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ControllerRegistration {
    /// `node.id`.
    pub controller_id: NodeId,
    /// New with every start of the process.
    pub incarnation_id: u64,
}

/// BROKER_HEARTBEAT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerHeartbeat {
    /// `node.id`.
    pub broker_id: NodeId,
    /// From the registration.
    pub broker_epoch: BrokerEpoch,
    /// Last metadata offset applied.
    pub current_metadata_offset: Offset,
    /// Still starting up.
    pub want_fence: bool,
    /// Asks for a controlled shutdown.
    pub want_shut_down: bool,
}

/// ALTER_PARTITION: a leader proposes a new ISR.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartition {
    /// The leader.
    pub broker_id: NodeId,
    /// Its epoch.
    pub broker_epoch: BrokerEpoch,
    /// The proposals.
    pub partitions: Vec<AlterPartitionItem>,
}

/// One proposal of an ALTER_PARTITION.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartitionItem {
    /// Which partition.
    pub tp: TopicPartition,
    /// The leader's epoch.
    pub leader_epoch: LeaderEpoch,
    /// Proposed members with their broker epochs (-1 unknown).
    pub new_isr: Vec<(NodeId, BrokerEpoch)>,
    /// 1 after an unclean election until the leader has recovered.
    pub leader_recovery_state: u8,
    /// The version this proposal is based on.
    pub partition_epoch: i32,
}

/// ALLOCATE_PRODUCER_IDS: the next block of 1000.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AllocateProducerIds {
    /// Who asks.
    pub broker_id: NodeId,
    /// Its epoch.
    pub broker_epoch: BrokerEpoch,
}

/// ALTER_PARTITION_REASSIGNMENTS: where replicas shall be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlterPartitionReassignments {
    /// Topic, partition and its new replicas; `None` cancels a reassignment.
    pub partitions: Vec<(Name, i32, Option<Vec<NodeId>>)>,
}

/// DESCRIBE_GROUPS, at their coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DescribeGroups {
    /// Which.
    pub groups: Vec<Name>,
}

/// DELETE_GROUPS, at their coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeleteGroups {
    /// Which.
    pub groups: Vec<Name>,
}
