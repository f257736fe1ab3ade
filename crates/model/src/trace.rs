//! Facts: what happened, in the order in which it happened.
//!
//! The trace is output only; the model never reads it. Views, the ledger, the auditor and explanations are built from it.
//! Invariant: a fact is complete by itself (ids and numbers, no references into the world) and small enough to keep many.

use crate::api::share::{AckType, RecordState};
use crate::api::{ApiKey, ErrorCode};
use crate::group::modern::reconcile::ReconcileState;
use crate::ids::{
    BrokerEpoch, Bytes, LeaderEpoch, MsgId, Name, NodeId, Offset, ProducerEpoch, ProducerId,
    RecordId, TopicId, TopicPartition,
};
use crate::log::retention::WhyDeleted;
use crate::net::{LinkSel, MessageFault, NextMessage};
use crate::quota::QuotaKey;
use crate::txn::TxnState;
use crate::workload::Outside;
use alloc::sync::Arc;
use kafkascope_kernel::{Micros, SimTime};

/// A fact with its moment, its place and its cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceEvent {
    /// When.
    pub at: SimTime,
    /// Position in the trace of the whole run, from 0.
    pub seq: u64,
    /// Where.
    pub node: NodeId,
    /// The message whose arrival led to it; none for timers and commands.
    pub cause: Option<MsgId>,
    /// What.
    pub fact: Fact,
}

/// Why a broker left or entered the cluster's service, or a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Killed without warning.
    Killed,
    /// Ended after a controlled shutdown.
    Clean,
    /// Its machine lost power.
    PowerLost,
    /// It ended by itself, because it could not go on (`Exit.halt`).
    Halted,
}

/// Why a partition's leader or ISR changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeReason {
    /// The topic was created.
    Created,
    /// A replica's broker was fenced.
    Fenced,
    /// A replica's broker was unfenced.
    Unfenced,
    /// A broker is shutting down.
    ControlledShutdown,
    /// The leader proposed it (AlterPartition).
    Proposed,
    /// An election of the preferred leader.
    Preferred,
    /// An unclean election.
    Unclean,
    /// A reassignment.
    Reassignment,
}

/// What became of a record, told by the producer's application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SendResult {
    /// Acknowledged, with its offset (-1 with acks=0).
    Acked(Offset),
    /// Failed, with the Java exception's short name.
    Failed(&'static str),
}

/// Which of the two sides of replication is throttled (`QuotaType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThrottledSide {
    /// What a broker gives as a leader.
    Leader,
    /// What it copies as a follower.
    Follower,
}

/// Where a consumer's first position in a partition came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionSource {
    /// The group's committed offset.
    Committed,
    /// `auto.offset.reset`.
    Reset,
    /// The application's seek.
    Seek,
}

/// Why records of a share group changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettledBy {
    /// Their member said so.
    Acknowledgement,
    /// Their lock ran out.
    LockExpiry,
    /// Their member's share session ended.
    SessionEnd,
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum Fact {
    // ---- the network, stated by the world
    /// A request left; `bytes` counts records only.
    RequestSent { msg: MsgId, to: NodeId, api: ApiKey, bytes: u32 },
    /// A response left; `error` is the first code in it that is not NONE.
    ResponseSent { msg: MsgId, to: NodeId, api: ApiKey, error: ErrorCode },
    /// A connection broke or was refused.
    Disconnected { peer: NodeId },

    // ---- processes and links, stated by the world
    /// A process began to start.
    Starting,
    /// A process ended.
    Exited(Exit),
    /// A process was stopped in its tracks (SIGSTOP).
    Paused,
    /// It goes on.
    Resumed,
    /// A link was cut.
    LinkCut(LinkSel),
    /// A link was slowed to this transit time.
    LinkSlowed(LinkSel, Micros),
    /// A link is as it was.
    LinkHealed(LinkSel),
    /// The next message of a kind will be lost, doubled or late.
    MessageAimedAt(NextMessage, MessageFault),
    /// A message was lost, doubled or delayed on its way.
    MessageStruck { msg: MsgId, message: NextMessage, fault: MessageFault },
    /// A node's wall clock is so many milliseconds ahead (or behind) from now on.
    ClockSkewed { by_ms: i64 },

    // ---- disks
    /// A broker's disk is another one, and empty.
    DiskWiped,
    /// Writing takes so much longer on this broker's disk.
    DiskSlowed(Micros),
    /// This broker's disk is full.
    DiskFilled,
    /// This broker's disk is sound again.
    DiskHealed,
    /// A bit flipped in a batch on this broker's disk.
    BatchCorrupted { tp: TopicPartition, base_offset: Offset },
    /// Someone who read a batch found that its CRC is wrong.
    CorruptionFound { tp: TopicPartition, base_offset: Offset },
    /// The power went before the operating system had written this end of a log to disk.
    TailLost { tp: TopicPartition, from: Offset, to: Offset },
    /// After an unclean stop a log ends before its first broken batch.
    LogRecovered { tp: TopicPartition, from: Offset, to: Offset },
    /// A write failed: the log directory is offline, and the broker halts, since it was its only one.
    LogDirFailed,

    // ---- producers
    /// The application called `send()`; the partition is not yet chosen.
    Sent { record: RecordId, topic: Name, key: Option<Bytes>, value: Option<Bytes> },
    /// A record joined a batch of its partition; `by_key` tells murmur2 from the sticky choice.
    Batched { record: RecordId, tp: TopicPartition, by_key: bool },
    /// A batch left in a PRODUCE request; `attempt` counts from 0.
    BatchSent {
        tp: TopicPartition,
        records: Arc<[RecordId]>,
        base_sequence: i32,
        leader: NodeId,
        attempt: u32,
    },
    /// A batch will be sent again.
    BatchRetried { tp: TopicPartition, first: RecordId, count: u32, error: ErrorCode },
    /// The application learns what became of a record.
    SendDone { record: RecordId, tp: TopicPartition, result: SendResult },
    /// The broker gave this producer its identity.
    ProducerIdAssigned { id: ProducerId, epoch: ProducerEpoch },
    /// The buffer is full or metadata is missing: `send()` blocks.
    SendBlocked { record: RecordId },

    // ---- clients in general
    /// A client learned new metadata: leader and epoch of a partition changed for it.
    MetadataUpdated { tp: TopicPartition, leader: NodeId, epoch: LeaderEpoch },
    /// A client asks for metadata again, because of this.
    MetadataRequested { because: ErrorCode },
    /// A request got no answer within `request.timeout.ms`.
    RequestTimedOut { api: ApiKey, to: NodeId },

    // ---- logs and replication
    /// The leader appended a batch.
    Appended {
        tp: TopicPartition,
        base_offset: Offset,
        records: Arc<[RecordId]>,
        epoch: LeaderEpoch,
    },
    /// The leader found a batch to be one it already has.
    DuplicateBatch { tp: TopicPartition, base_offset: Offset },
    /// The leader refused a batch.
    AppendRefused { tp: TopicPartition, error: ErrorCode },
    /// A follower appended what it fetched, `base_offset .. next_offset`.
    Replicated { tp: TopicPartition, base_offset: Offset, next_offset: Offset },
    /// A replica's high watermark moved.
    HighWatermark { tp: TopicPartition, from: Offset, to: Offset },
    /// A replica's last stable offset moved.
    LastStable { tp: TopicPartition, to: Offset },
    /// A follower cannot append what it fetched, since the batch begins before its own log's end: it fetches nothing more of the
    /// partition until its leader changes (`AbstractFetcherThread.markPartitionFailed`).
    FetchGivenUp { tp: TopicPartition, base_offset: Offset },
    /// A follower cut its log back to this offset.
    Truncated { tp: TopicPartition, from: Offset, to: Offset },
    /// A replica's log start moved.
    LogStart { tp: TopicPartition, to: Offset },
    /// A segment was rolled; the new one begins here.
    SegmentRolled { tp: TopicPartition, base_offset: Offset },
    /// A segment was deleted.
    SegmentDeleted { tp: TopicPartition, base_offset: Offset, why: WhyDeleted },
    /// The log cleaner compacted a replica's log below this offset; records in these ranges of offsets went.
    Compacted { tp: TopicPartition, up_to: Offset, gone: Arc<[(Offset, Offset)]> },
    /// This broker now leads the partition.
    BecameLeader { tp: TopicPartition, epoch: LeaderEpoch, log_end: Offset },
    /// This broker now follows.
    BecameFollower { tp: TopicPartition, epoch: LeaderEpoch, leader: NodeId },
    /// A follower has not caught up for `replica.lag.time.max.ms`: the leader proposes to drop it.
    ReplicaLagging { tp: TopicPartition, replica: NodeId, lag: Offset },
    /// A follower caught up: the leader proposes to take it back.
    ReplicaCaughtUp { tp: TopicPartition, replica: NodeId },
    /// The controller refused or accepted a proposed ISR.
    IsrProposalAnswered { tp: TopicPartition, error: ErrorCode },
    /// A replica appeared on this broker, or went.
    ReplicaHosted { tp: TopicPartition, hosted: bool },

    // ---- brokers and controllers
    /// The broker's process runs and asks to be registered.
    BrokerStarted,
    /// The controller registered a broker.
    BrokerRegistered { broker: NodeId, epoch: BrokerEpoch },
    /// A registration or heartbeat was refused.
    BrokerRefused { broker: NodeId, error: ErrorCode },
    /// The controller fenced a broker; this long it had not heard from it.
    BrokerFenced { broker: NodeId, silent: Micros },
    /// The controller let a broker serve.
    BrokerUnfenced { broker: NodeId },
    /// The controller was asked for a controlled shutdown.
    ShutdownBegan { broker: NodeId },
    /// The controller let the broker end.
    ShutdownGranted { broker: NodeId },
    /// This controller became the quorum's leader.
    ControllerElected { epoch: LeaderEpoch },
    /// This controller stands for election.
    ControllerCandidate { epoch: LeaderEpoch },
    /// This controller stepped down.
    ControllerResigned { epoch: LeaderEpoch },
    /// The controller created a topic.
    TopicCreated { topic: TopicId, name: Name, partitions: i32, replication_factor: i32 },
    /// The controller deleted a topic.
    TopicDeleted { topic: TopicId },
    /// The controller changed a partition's leader.
    LeaderElected { tp: TopicPartition, leader: NodeId, epoch: LeaderEpoch, reason: ChangeReason },
    /// The controller changed a partition's ISR.
    IsrChanged { tp: TopicPartition, isr: Arc<[NodeId]>, elr: Arc<[NodeId]>, reason: ChangeReason },
    /// The controller changed a partition's replicas.
    ReplicasChanged { tp: TopicPartition, replicas: Arc<[NodeId]> },
    /// A config was set (or, with `None`, deleted).
    ConfigChanged { resource: Name, key: Name, value: Option<Name> },
    /// A quota was set (or, with `None`, lifted).
    QuotaChanged { entity: Name, key: QuotaKey, value: Option<i64> },
    /// A client is above a quota: the broker reads nothing more of it for so many milliseconds.
    Throttled { client: NodeId, key: QuotaKey, ms: i64 },
    /// A broker is above its rate of throttled replication, and holds something back.
    ReplicationThrottled { side: ThrottledSide },
    /// ZooKeeper ended a broker's session: its ephemeral znodes are gone.
    SessionExpired { broker: NodeId, silent: Micros },
    /// A broker's old ephemeral znode is still there, and so it cannot register.
    EphemeralInTheWay { broker: NodeId },
    /// Another broker was faster to create `/controller`.
    ControllerRaceLost { winner: NodeId },
    /// A broker refused what a controller of an older epoch sent.
    StaleControllerRefused { controller: NodeId, epoch: LeaderEpoch, known: LeaderEpoch },
    /// A broker applied metadata up to this offset.
    MetadataApplied { offset: Offset },

    // ---- group coordinators
    /// A member's join was accepted and waits.
    MemberJoining { group: Name, member: Name, client: NodeId, reason: Name },
    /// The group begins to rebalance.
    RebalanceStarted { group: Name, generation: i32, reason: Name },
    /// All members joined: this is the generation.
    GenerationFormed { group: Name, generation: i32, members: u32, leader: Name },
    /// Everyone has an assignment.
    GroupStable { group: Name, generation: i32 },
    /// The last member went.
    GroupEmpty { group: Name, generation: i32 },
    /// Nothing is left of a group: it is deleted with all that was committed for it.
    GroupDeleted { group: Name },
    /// A member left by itself, or was removed because it did not join or sync in time.
    MemberLeft { group: Name, member: Name, reason: Name },
    /// A member was silent for its session time-out.
    MemberExpired { group: Name, member: Name },
    /// A group request was refused.
    GroupRefused { group: Name, api: ApiKey, error: ErrorCode },
    /// The coordinator loaded its part of the offsets topic.
    CoordinatorLoaded { partition: i32, groups: u32 },
    /// The coordinator gave up its part of the offsets topic.
    CoordinatorResigned { partition: i32 },
    /// A consumer-protocol group has changed: this is its epoch now.
    GroupEpoch { group: Name, epoch: i32, reason: Name },
    /// The coordinator decided who should have what, as of an epoch of the group.
    TargetAssigned { group: Name, epoch: i32, members: u32, assignor: &'static str },
    /// A member took a step towards its target: it may read this, and has to give up that.
    MemberStep {
        group: Name,
        member: Name,
        epoch: i32,
        step: ReconcileState,
        assigned: Arc<[TopicPartition]>,
        to_revoke: Arc<[TopicPartition]>,
    },
    /// A group goes on with the other protocol, `consumer` or `classic`.
    GroupConverted { group: Name, to: &'static str, epoch: i32 },
    /// An offset commit is durable.
    OffsetCommitted { group: Name, topic: Name, partition: i32, offset: Offset },

    // ---- transactions
    /// A transactional id is in another state, and that is durable.
    TransactionMoved {
        transactional_id: Name,
        producer_id: ProducerId,
        epoch: ProducerEpoch,
        state: TxnState,
        partitions: u32,
    },
    /// A transaction was open for longer than its producer allowed: the coordinator aborts it.
    TransactionTimedOut { transactional_id: Name, open_ms: i64 },
    /// The transaction coordinator refused a request.
    TransactionRefused { transactional_id: Name, api: ApiKey, error: ErrorCode },
    /// The coordinator loaded its part of the transaction log.
    TxnCoordinatorLoaded { partition: i32, transactions: u32 },
    /// A leader appended the first batch of a transaction.
    TransactionJoined {
        tp: TopicPartition,
        first_offset: Offset,
        producer_id: ProducerId,
        epoch: ProducerEpoch,
    },
    /// A leader appended a marker: in its log a transaction is committed or aborted.
    MarkerAppended {
        tp: TopicPartition,
        offset: Offset,
        producer_id: ProducerId,
        epoch: ProducerEpoch,
        committed: bool,
    },
    /// Offsets wait in their group for a transaction to be committed.
    OffsetPending { group: Name, topic: Name, partition: i32, offset: Offset },
    /// Offsets that waited in their group are dropped: their transaction was aborted.
    OffsetsDropped { group: Name, producer_id: ProducerId },
    // ---- share groups
    /// A share group's coordinator has a new epoch of it.
    ShareGroupEpoch { group: Name, epoch: i32, members: u32, reason: Name },
    /// A share group's member has a new assignment.
    ShareAssigned {
        group: Name,
        member: Name,
        client: NodeId,
        epoch: i32,
        partitions: Arc<[TopicPartition]>,
    },
    /// The leader knows where the group stands in a partition.
    SharePartitionLoaded { group: Name, tp: TopicPartition, start: Offset },
    /// The leader locked records for a member.
    ShareAcquired {
        group: Name,
        member: Name,
        tp: TopicPartition,
        first: Offset,
        last: Offset,
        delivery_count: i16,
    },
    /// A member keeps records for longer.
    ShareLockRenewed { group: Name, member: Name, tp: TopicPartition, first: Offset, last: Offset },
    /// Records are available again, or final.
    ShareSettled {
        group: Name,
        tp: TopicPartition,
        first: Offset,
        last: Offset,
        state: RecordState,
        delivery_count: i16,
        by: SettledBy,
    },
    /// A share group's application did not accept a record.
    ShareAnswered { record: RecordId, tp: TopicPartition, offset: Offset, answer: AckType },
    /// Everything below is final for the group.
    ShareStartMoved { group: Name, tp: TopicPartition, to: Offset },

    // ---- consumers
    /// The client found its coordinator.
    CoordinatorFound { coordinator: NodeId },
    /// The client lost its coordinator.
    CoordinatorLost { error: ErrorCode },
    /// The client sends JoinGroup.
    Joining { reason: Name },
    /// `onPartitionsAssigned` ran; in the eager protocol this is everything the member has.
    Assigned { partitions: Arc<[TopicPartition]>, generation: i32 },
    /// `onPartitionsRevoked` ran.
    Revoked { partitions: Arc<[TopicPartition]>, generation: i32 },
    /// `onPartitionsLost` ran.
    Lost { partitions: Arc<[TopicPartition]>, generation: i32 },
    /// The consumer knows where to read from.
    PositionSet { tp: TopicPartition, offset: Offset, source: PositionSource },
    /// `poll()` handed a record to the application.
    Delivered { record: RecordId, tp: TopicPartition, offset: Offset, epoch: LeaderEpoch },
    /// A producer's process is gone, and with it records of its buffer that were never sent although `send()` had returned.
    BufferLost { records: Arc<[RecordId]> },
    /// The application had something done outside Kafka because of a record; whether that is done once only, however often asked.
    SideEffect { record: RecordId, kind: Outside, knows_again: bool },
    /// The application is done with a record.
    Processed { record: RecordId, tp: TopicPartition, offset: Offset },
    /// The application cannot decode a record; what it does then.
    ProcessingFailed { record: RecordId, tp: TopicPartition, offset: Offset, then: &'static str },
    /// `poll()` threw; the Java exception's short name.
    PollFailed { error: &'static str },
    /// The client's commit was answered.
    CommitAnswered { tp: TopicPartition, offset: Offset, error: ErrorCode },
    /// The application's commit, seek or close was answered; the Java exception's short name, or none.
    AppCallDone { call: &'static str, error: Option<&'static str> },
    /// The admin client's call was answered, for one topic, partition or resource.
    AdminAnswered { api: ApiKey, target: Name, error: ErrorCode },
    /// The client closed itself.
    ClientClosed,
}
