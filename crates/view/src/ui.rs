//! What the user wishes to see: selection, question, viewport, pace. Input of every projection.
//!
//! The page keeps it and changes it by actions; the core never sees it. Invariant: it names things by ids that the user
//! selected on screen, so a wish about something that is gone is simply not shown.

use crate::layout::Viewport;
use kafkascope_kernel::SimTime;
use kafkascope_model::ids::{MsgId, Name, NodeId, RecordId, TopicPartition};

/// Everything the user chose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UiState {
    /// The stage's size and mode.
    pub viewport: Viewport,
    /// What is selected; its blue outline, its inspector.
    pub selection: Selection,
    /// The record with the halo, wherever it is.
    pub follow: Option<RecordId>,
    /// The question whose answer is open.
    pub question: Option<Question>,
    /// The partition whose log is shown closely; none shows the cluster. The replica is the selected one, else the leader.
    pub closely: Option<TopicPartition>,
    /// Whether the controllers and their log are shown, instead of the stage.
    pub quorum: bool,
    /// The group that is shown through time; none shows the stage.
    pub through_time: Option<Name>,
    /// Whether the whole run is shown, or its last minute.
    pub whole_run: bool,
    /// How fast time runs.
    pub pace: PaceWish,
    /// Whether time runs at all.
    pub playing: bool,
    /// Whether Kafka's own topics (`__consumer_offsets`) are on the stage.
    pub internal_topics: bool,
    /// Whether the messages under way are listed.
    pub under_way: bool,
    /// Whether requests without records are drawn too.
    pub quiet_requests: bool,
    /// Which callout was closed, by the fact it is about.
    pub closed_callout: Option<u64>,
}

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selection {
    /// Nothing.
    #[default]
    None,
    /// A process: broker, controller, producer or consumer.
    Node(NodeId),
    /// A consumer group.
    Group(Name),
    /// A partition, over all its replicas.
    Partition(TopicPartition),
    /// One replica.
    Replica(NodeId, TopicPartition),
    /// A record, everywhere it is.
    Record(RecordId),
    /// The link between two nodes.
    Link(NodeId, NodeId),
    /// One fact of the trace, by its sequence number.
    Fact(u64),
    /// A request or an answer, and a moment when it was under way or was read.
    Message(MsgId, SimTime),
}

/// A question that the view answers from facts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Why is this broker (or nobody) the leader?
    Leader(TopicPartition),
    /// Why is this record not acknowledged, or not visible to consumers?
    NotVisible(RecordId),
    /// Why was this record lost?
    RecordLost(RecordId),
    /// Why is this record in the log (or in the application's hands) twice?
    Duplicated(RecordId),
    /// Why did the group rebalance?
    Rebalanced(Name),
    /// Why can nobody write to this partition?
    NotWritable(TopicPartition),
    /// Why is the ISR what it is?
    Isr(TopicPartition),
    /// Why is this broker fenced?
    Fenced(NodeId),
    /// Why does the group lag?
    Lag(Name),
    /// Why does this member read what it reads?
    Assignment(NodeId),
    /// Why did a member lose this partition with the fact of this number?
    LostPartition(Name, TopicPartition, u64),
    /// Why has this group not read this record?
    NotRead(Name, RecordId),
}

/// How fast time runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaceWish {
    /// The pacer decides.
    #[default]
    Auto,
    /// Simulated thousandths of a second for each second of the wall, 1 to 1,000,000.
    PerMille(u32),
}

/// How far one step goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// To the next fact.
    #[default]
    Fact,
    /// To the next message that arrives.
    Message,
    /// To the next mark of the timeline.
    Mark,
}

/// A jump in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Jump {
    /// The moment to show.
    pub at: SimTime,
    /// The fact that happened then, as its sequence number in the trace.
    pub seq: Option<u64>,
}
