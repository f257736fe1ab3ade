//! Commands: what a user, a script or a scenario wishes from outside the cluster.
//!
//! A command is validated against the world before it is carried out; a refusal changes nothing. Invariant: the script of
//! commands, with scenario and seed, is the whole input of a run.

use crate::api::request::{ConfigResource, OffsetSpec};
use crate::config::ConfigError;
use crate::ids::{EpochMs, Name, NodeId, Offset};
use crate::net::LinkSel;
use crate::workload::{NewRecord, Processing, Workload};
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
    /// Starts a broker process with an empty disk.
    AddBroker { id: NodeId, rack: Option<Name>, config: ConfigPairs },
    /// Starts an application with a producer. Its node id is the next free client id.
    AddProducer(ProducerSpec),
    /// Starts an application with a consumer.
    AddConsumer(ConsumerSpec),
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
    /// A producer's application sends these records now and flushes.
    Send { producer: NodeId, topic: Name, records: Vec<NewRecord> },
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
    /// `instances` names static members.
    RemoveMembers {
        group: Name,
        instances: Vec<Name>,
    },
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
