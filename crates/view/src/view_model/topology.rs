//! The stage: applications that send, the cluster, groups that read.
//!
//! Positions are in the layout, under the same ids. Invariant: every replica of a partition shows the same offsets, so
//! `window_first` and `capacity` are equal in all its tapes.

use super::{CellVm, Face, Text, Tone};
use crate::layout::Curve;
use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};
use std::rc::Rc;

/// Everything on the stage. Each card is shared by itself, so that one broker can change alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyVm {
    /// "Ride-share".
    pub title: Text2,
    /// Applications that send.
    pub producers: Vec<Rc<ProducerVm>>,
    /// Brokers, by id.
    pub brokers: Vec<Rc<BrokerVm>>,
    /// Controllers, by id.
    pub controllers: Vec<Rc<ControllerVm>>,
    /// Groups, by name.
    pub groups: Vec<Rc<GroupVm>>,
    /// Wires between applications and leaders, and links that are cut, slowed or selected.
    pub wires: Vec<WireVm>,
    /// How many partitions there was no room for.
    pub partitions_hidden: u32,
}

/// A heading with a quieter half.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text2 {
    /// "Ride-share".
    pub main: Text,
    /// "3 brokers · RF 3 · acks=all".
    pub quiet: Text,
}

/// An application with a producer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerVm {
    /// Its process.
    pub id: NodeId,
    /// Its name.
    pub name: Text,
    /// "producer · 4 trips a second", or the error it was told.
    pub state: Text,
    /// The state's colour.
    pub tone: Tone,
    /// What its accumulator holds, a row a partition.
    pub queues: Vec<QueueVm>,
    /// "acks=all · idempotent", or "gives up in 119.1 s".
    pub footer: Text,
    /// Whether its process runs.
    pub status: ProcessStatus,
    /// Whether it is selected.
    pub selected: bool,
}

/// What waits for one partition.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueVm {
    /// Which.
    pub tp: TopicPartition,
    /// "trips-0".
    pub name: Text,
    /// The records, oldest first.
    pub cells: Vec<CellVm>,
    /// How many more there was no room for.
    pub more: u32,
    /// "linger 3 ms", "sent", "retry 1".
    pub note: Text,
    /// The note's colour.
    pub tone: Tone,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "what they are")]
pub enum ProcessStatus {
    Starting,
    #[default]
    Running,
    Paused,
    Stopping,
    Stopped,
}

/// How the cluster sees a broker, or how its process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerStatus {
    /// The process is starting and not registered yet.
    #[default]
    Starting,
    /// It serves.
    Active,
    /// The controller has fenced it.
    Fenced,
    /// It hands over its leaderships.
    ShuttingDown,
    /// Its process stands still.
    Paused,
    /// Its process is gone; the controller may not know yet.
    Stopped,
}

impl BrokerStatus {
    /// What its badge says.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Active => "active",
            Self::Fenced => "fenced",
            Self::ShuttingDown => "shutting down",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }

    /// Its badge's colour.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Good,
            Self::Starting | Self::ShuttingDown => Tone::Plain,
            Self::Fenced | Self::Paused | Self::Stopped => Tone::Bad,
        }
    }
}

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerVm {
    /// Its id.
    pub id: NodeId,
    /// "broker 1".
    pub name: Text,
    /// "rack a"; empty without racks.
    pub rack: Text,
    /// How it is.
    pub status: BrokerStatus,
    /// A crown with "active controller", if it is that too.
    pub controller: bool,
    /// "last heartbeat 9.2 s ago · broker.session.timeout.ms 9 s"; mostly empty.
    pub note: Text,
    /// Its replicas, by topic and partition.
    pub tapes: Vec<Rc<TapeVm>>,
    /// Groups whose coordinator it is, as their letters.
    pub coordinates: Vec<Text>,
    /// Whether it is selected.
    pub selected: bool,
}

/// A replica's role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It leads.
    Leader,
    /// It follows, in the ISR.
    #[default]
    InSync,
    /// It follows, out of the ISR.
    OutOfSync,
    /// Its broker is down or fenced.
    Offline,
}

/// One replica as a tape of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct TapeVm {
    /// Which partition.
    pub tp: TopicPartition,
    /// "trips-0".
    pub name: Text,
    /// "t-0", where there is little room.
    pub short_name: Text,
    /// Its role.
    pub role: Role,
    /// "L e4", "isr", "out", "–".
    pub tab: Text,
    /// The offset of the first cell's place.
    pub window_first: Offset,
    /// How many places there are.
    pub capacity: u16,
    /// The records, by offset.
    pub cells: Vec<CellVm>,
    /// Its high watermark.
    pub high_watermark: Offset,
    /// Its log end.
    pub log_end: Offset,
    /// Its log start.
    pub log_start: Offset,
    /// Its last stable offset, where it is below the high watermark.
    pub last_stable: Option<Offset>,
    /// Offsets written under it; only the leader has them.
    pub ruler: Vec<Offset>,
    /// Groups' positions; only the leader has them.
    pub pennants: Vec<PennantVm>,
    /// Instead of cells, where there is no room for them: how full each tenth of the tape is, 0 to 255.
    pub band: Option<[u8; 10]>,
    /// Whether its role changed a moment ago.
    pub glow: bool,
    /// Whether it is selected.
    pub selected: bool,
}

/// A group's position on a tape.
#[derive(Clone, Debug, PartialEq)]
pub struct PennantVm {
    /// The group.
    pub group: Name,
    /// Its letter.
    pub letter: Text,
    /// Its hue, 0 to 5, of the hues of groups and members.
    pub hue: u8,
    /// The next offset it will read.
    pub position: Offset,
    /// What it committed, if it did.
    pub committed: Option<Offset>,
}

/// A controller.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerVm {
    /// Its id.
    pub id: NodeId,
    /// "controller 100".
    pub name: Text,
    /// Whether it leads the quorum.
    pub active: bool,
    /// "leader, epoch 3", "follower".
    pub state: Text,
    /// Whether its process runs.
    pub status: ProcessStatus,
    /// Whether it is selected.
    pub selected: bool,
}

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupVm {
    /// Its name; standalone consumers each have a group-less card with `group` empty.
    pub group: Name,
    /// "D".
    pub letter: Text,
    /// Its hue, 0 to 5.
    pub hue: u8,
    /// "generation 6 · range".
    pub detail: Text,
    /// "Stable", in Kafka's own words.
    pub state: Text,
    /// The state's colour.
    pub tone: Tone,
    /// Its members, by when they joined.
    pub members: Vec<MemberVm>,
    /// Records behind, over all its partitions.
    pub lag: i64,
    /// Its coordinator.
    pub coordinator: Option<NodeId>,
    /// Whether it is selected.
    pub selected: bool,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberVm {
    /// Its process.
    pub id: NodeId,
    /// Its name.
    pub name: Text,
    /// Its hue, 0 to 5.
    pub hue: u8,
    /// Its partitions: "trips-0".
    pub partitions: Vec<Text>,
    /// "polls every 0.5 s", "refreshing metadata".
    pub state: Text,
    /// Records behind.
    pub lag: i64,
    /// The lag's colour.
    pub lag_tone: Tone,
    /// What its application holds and has not finished.
    pub in_hand: Vec<Face>,
    /// Whether its process runs.
    pub status: ProcessStatus,
    /// Whether it is selected.
    pub selected: bool,
}

/// A wire: the way of a partition's records from a producer to its leader, or from there to a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WireVm {
    /// The application.
    pub client: NodeId,
    /// The broker.
    pub broker: NodeId,
    /// Whose records; none for a link that is shown because it is cut, slowed or selected.
    pub tp: Option<TopicPartition>,
    /// How it looks.
    pub look: WireLook,
    /// Its way, from left to right.
    pub curve: Curve,
}

/// How a wire looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WireLook {
    /// Nothing travels on it.
    #[default]
    Faint,
    /// Something travels on it.
    InUse,
    /// It or an end of it is selected.
    Selected,
    /// Slower than usual.
    Slowed,
    /// Dashed and red.
    Cut,
}
