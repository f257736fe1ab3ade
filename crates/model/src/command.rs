//! Commands: what a user, a script or a scenario wishes from outside the cluster.
//!
//! A command is validated against the world before it is carried out; a refusal changes nothing. Invariant: the script of
//! commands, with scenario and seed, is the whole input of a run.

use crate::api::request::{ConfigResource, OffsetSpec};
use crate::client::producer::transactions::TxnCall;
use crate::config::ConfigError;
use crate::ids::{EpochMs, Name, NodeId, Offset};
use crate::net::{LinkSel, MessageFault, MessageSel};
use crate::quota::{QuotaEntity, QuotaKey};
use crate::workload::{Answers, NewRecord, Processing, ProducerApp, Workload};
use alloc::string::String;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// Key and value of configs, in Kafka's words.
pub type ConfigPairs = Vec<(Name, Name)>;

/// A wish from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum Command {
    /// Starts a controller process; all controllers of a world must be added before time runs.
    AddController { id: NodeId, config: ConfigPairs },
    /// Starts a ZooKeeper server; the brokers added after it keep their metadata there, as in Kafka up to 3.x.
    AddZookeeper { id: NodeId },
    /// Starts a broker process with an empty disk.
    AddBroker { id: NodeId, rack: Option<Name>, config: ConfigPairs },
    /// Starts an application with a producer. Its node id is the next free client id.
    AddProducer(ProducerSpec),
    /// Starts an application with a consumer.
    AddConsumer(ConsumerSpec),
    /// Starts an application with a share consumer.
    AddShareConsumer(ShareConsumerSpec),
    /// Closes a client in order; its application ends.
    CloseClient { client: NodeId },
    /// Asks the cluster through the admin client.
    Admin(AdminCommand),
    /// SIGKILL: a process ends without a goodbye; its disk stays as the operating system has it.
    Kill(NodeId),
    /// SIGTERM: a broker shuts down in a controlled way, a client closes.
    Stop(NodeId),
    /// Starts a process that ended.
    Start(NodeId),
    /// SIGSTOP: a process stands still, its connections stay open.
    Pause(NodeId),
    /// SIGCONT.
    Resume(NodeId),
    /// Nothing passes a link until it is healed.
    Cut(LinkSel),
    /// Every message takes this long on a link.
    Slow(LinkSel, Micros),
    /// A link is as the network's profile has it.
    Heal(LinkSel),
    /// A message is lost, doubled or late: one under way, or the next of its kind. [`Command::Heal`] takes back what still waits.
    Tamper(MessageSel, MessageFault),
    /// Machines lose power, all at the same moment: what their operating systems had not written to disk is gone.
    PowerCut(Vec<NodeId>),
    /// The disk of a stopped broker is replaced by an empty one.
    Wipe(NodeId),
    /// Whatever a broker writes to its disk takes so much longer.
    SlowDisk(NodeId, Micros),
    /// A broker's disk is full: the next write fails, and takes the log directory offline.
    FillDisk(NodeId),
    /// A broker's disk is as quick as memory again, and has room.
    HealDisk(NodeId),
    /// A bit flips on one broker's disk, in the batch that holds an offset.
    Corrupt { broker: NodeId, topic: Name, partition: i32, offset: Offset },
    /// A node's wall clock is so many milliseconds ahead, or below 0 behind; 0 sets it right.
    SkewClock(NodeId, i64),
    /// A producer's application sends these records now and flushes.
    Send { producer: NodeId, topic: Name, records: Vec<NewRecord> },
    /// A producer's application makes a call about its transaction.
    Transact { producer: NodeId, call: TxnCall },
    /// A producer's application calls `sendOffsetsToTransaction` with a consumer's group metadata.
    SendOffsets { producer: NodeId, consumer: NodeId, offsets: Vec<(Name, i32, Offset)> },
    /// A consumer's application calls `commitSync`: the given offsets, or with `None` its positions.
    Commit { consumer: NodeId, offsets: Option<Vec<(Name, i32, Offset)>> },
    /// A consumer's application seeks.
    Seek { consumer: NodeId, topic: Name, partition: i32, offset: Offset },
    /// A consumer's application looks up the first offset at or after a moment (`offsetsForTimes`) in each partition it has, and
    /// seeks there; to the end where there is none.
    SeekToTime { consumer: NodeId, timestamp: EpochMs },
    /// A consumer's application calls `pause` or `resume` for some of its partitions.
    PauseFetching { consumer: NodeId, partitions: Vec<(Name, i32)>, paused: bool },
    /// A consumer's application stops calling `poll`, or goes on.
    BlockPolling { consumer: NodeId, blocked: bool },
    /// Changes how a consumer's application works.
    SetProcessing { consumer: NodeId, processing: Processing },
    /// Changes the pace of a producer's workload; `None` stops it.
    SetWorkload { producer: NodeId, workload: Option<Workload> },
}

/// A request through the admin client; answered by facts and kept at the admin client for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named after the admin client's calls")]
pub enum AdminCommand {
    CreateTopic {
        name: Name,
        partitions: i32,
        replication_factor: i16,
        assignments: Vec<Vec<NodeId>>,
        configs: ConfigPairs,
    },
    CreatePartitions {
        name: Name,
        total: i32,
    },
    DeleteTopic {
        name: Name,
    },
    AlterConfigs {
        resource: ConfigResource,
        configs: Vec<(Name, Option<Name>)>,
    },
    /// With `None` a quota is lifted.
    AlterClientQuotas {
        entity: QuotaEntity,
        ops: Vec<(QuotaKey, Option<i64>)>,
    },
    ElectLeaders {
        unclean: bool,
        partitions: Vec<(Name, i32)>,
    },
    DeleteRecords {
        topic: Name,
        partition: i32,
        before: Offset,
    },
    /// `None` cancels a reassignment.
    ReassignPartitions {
        partitions: Vec<(Name, i32, Option<Vec<NodeId>>)>,
    },
    ListOffsets {
        topic: Name,
        partition: i32,
        spec: OffsetSpec,
        read_committed: bool,
    },
    DescribeCluster,
    DescribeTopic {
        name: Name,
    },
    /// Every transactional id, from all brokers.
    ListTransactions,
    DescribeProducers {
        topic: Name,
        partition: i32,
    },
    ListGroups,
    DescribeGroup {
        group: Name,
    },
    DeleteGroup {
        group: Name,
    },
    ListGroupOffsets {
        group: Name,
    },
    AlterGroupOffsets {
        group: Name,
        offsets: Vec<(Name, i32, Offset)>,
    },
    DeleteGroupOffsets {
        group: Name,
        partitions: Vec<(Name, i32)>,
    },
    DescribeShareGroup {
        group: Name,
    },
    ListShareGroupOffsets {
        group: Name,
    },
    AlterShareGroupOffsets {
        group: Name,
        offsets: Vec<(Name, i32, Offset)>,
    },
    DeleteShareGroupOffsets {
        group: Name,
        topics: Vec<Name>,
    },
    /// `instances` names static members.
    RemoveMembers {
        group: Name,
        instances: Vec<Name>,
    },
}

/// Offsets for a transaction, with what their consumer knows of its group (`ConsumerGroupMetadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupOffsets {
    /// `group.id`.
    pub group_id: Name,
    /// The generation, or -1.
    pub generation_id: i32,
    /// The member's id, or empty.
    pub member_id: Name,
    /// `group.instance.id`.
    pub group_instance_id: Option<Name>,
    /// Topic, partition and the next offset to read.
    pub offsets: Vec<(Name, i32, Offset)>,
}

/// An application with a producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerSpec {
    /// The application's name; also the default `client.id`.
    pub name: Name,
    /// Producer configs.
    pub config: ConfigPairs,
    /// What it sends by itself.
    pub workload: Option<Workload>,
    /// How it goes about it.
    pub app: ProducerApp,
}

/// An application with a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerSpec {
    /// The application's name; also the default `client.id`.
    pub name: Name,
    /// Consumer configs, `group.id` among them.
    pub config: ConfigPairs,
    /// Topics it subscribes to; empty with `assign` and with `pattern`.
    pub subscribe: Vec<Name>,
    /// A pattern of topic names that it subscribes to.
    pub pattern: Option<Name>,
    /// Partitions it assigns itself; empty with `subscribe`.
    pub assign: Vec<(Name, i32)>,
    /// How its application works.
    pub processing: Processing,
}

/// An application with a share consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareConsumerSpec {
    /// The application's name; also the default `client.id`.
    pub name: Name,
    /// Consumer configs, `group.id` among them.
    pub config: ConfigPairs,
    /// Topics it subscribes to.
    pub subscribe: Vec<Name>,
    /// How its application works.
    pub processing: Processing,
    /// What it says of records, with `share.acknowledgement.mode=explicit`.
    pub answers: Answers,
    /// It closes after so many records.
    pub max_messages: Option<u32>,
    /// It closes after so long without a record.
    pub timeout: Option<Micros>,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum CommandError {
    /// There is no such process.
    UnknownNode(NodeId),
    /// The id is taken.
    NodeExists(NodeId),
    /// The id does not fit the kind of process.
    WrongKind { node: NodeId, wanted: &'static str },
    /// The process is not in the state the command needs.
    WrongState { node: NodeId, wanted: &'static str },
    /// A limit is reached.
    Limit { what: &'static str, limit: u32 },
    /// A config was refused.
    Config(ConfigError),
    /// Anything else, in one sentence that says what would be right.
    Invalid(String),
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl core::fmt::Display for CommandError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnknownNode(node) => write!(f, "there is no node {node}"),
            Self::NodeExists(node) => write!(f, "node {node} exists already; choose another id"),
            Self::WrongKind { node, wanted } => write!(f, "node {node} is not {wanted}"),
            Self::WrongState { node, wanted } => write!(f, "node {node} must be {wanted} for this"),
            Self::Limit { what, limit } => write!(f, "no more than {limit} {what} in one run"),
            Self::Config(error) => error.fmt(f),
            Self::Invalid(sentence) => f.write_str(sentence),
        }
    }
}

impl core::error::Error for CommandError {}
