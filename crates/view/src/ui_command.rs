//! Everything the user can do, in one enum: buttons, keys, palette and inspector all speak it.
//!
//! Wishes about the cluster become commands of the model where the page submits them; wishes about the view become actions.
//! Invariant: no two commands share a key.

use crate::ui::{Jump, Question, Selection, StepKind};
use kafkascope_kernel::SimTime;
use kafkascope_model::ids::{MsgId, Name, NodeId, RecordId, TopicPartition};
use kafkascope_model::net::{LinkSel, MessageFault};
use kafkascope_model::quota::QuotaKey;
use kafkascope_model::workload::CommitStrategy;

/// A wish of the user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum UiCommand {
    // ---- time
    /// Lets time run, or stops it.
    PlayPause,
    /// One step ahead.
    StepForward(StepKind),
    /// One step back.
    StepBack(StepKind),
    /// To the beginning of the run.
    ToStart,
    /// To the newest moment that was computed.
    ToHead,
    /// To a moment.
    Seek(Jump),
    /// The next slower speed.
    Slower,
    /// The next faster speed.
    Faster,
    /// Gives the pace back to the pacer.
    PaceAuto,
    // ---- the view
    /// Selects something.
    Select(Selection),
    /// Follows a record, or nobody.
    Follow(Option<RecordId>),
    /// Opens the answer to a question.
    Ask(Question),
    /// Opens the answer to the question that suits the selection.
    AskWhy,
    /// Closes what was opened last.
    Close,
    /// Shows one log closely, or the cluster.
    Closely(Option<TopicPartition>),
    /// Shows the controllers and their log, or the stage.
    Quorum(bool),
    /// Shows a group through time, or the stage.
    ThroughTime(Option<Name>),
    /// Shows the whole run through time, or its last minute.
    WholeRun(bool),
    /// Lists the messages under way, or no longer.
    ToggleUnderWay,
    /// Opens the palette of commands.
    OpenPalette,
    /// Bigger type, fewer panels.
    ToggleProjector,
    /// Shows or hides Kafka's own topics.
    ToggleInternalTopics,
    // ---- processes and links
    /// SIGKILL.
    Kill(NodeId),
    /// SIGTERM.
    Stop(NodeId),
    /// Starts a process that ended.
    Start(NodeId),
    /// SIGSTOP.
    Pause(NodeId),
    /// SIGCONT.
    Resume(NodeId),
    /// Nothing passes any more.
    Cut(LinkSel),
    /// Everything passes again.
    Heal(LinkSel),
    /// Ten times the usual transit time.
    Slow(LinkSel),
    /// A fault of one message, at the moment when it left if it is not under way any more.
    Tamper { msg: MsgId, sent: SimTime, fault: MessageFault },
    /// What happens to a broker's machine.
    Disk(NodeId, DiskWish),
    /// Limits a client to 1000 bytes a second, or lifts its quota.
    Quota { client_id: Name, key: QuotaKey, lifts: bool },
    // ---- clients and topics
    /// A producer's application sends one more record, with this key's index in the legend.
    SendOne { producer: NodeId, key: Option<u8> },
    /// A consumer's application stops calling `poll`, or goes on.
    BlockPolling { consumer: NodeId, blocked: bool },
    /// One more member like this group's first.
    AddMember(Name),
    /// How the applications of a group commit.
    SetCommits(Name, CommitStrategy),
    /// A client closes and leaves.
    CloseClient(NodeId),
    /// One more broker, configured as the last one.
    AddBroker,
    /// One more application like this producer.
    AddProducer(NodeId),
    /// A new topic.
    CreateTopic { name: Name, partitions: i32, replication_factor: i16 },
    /// Asks the controller for the preferred leader.
    ElectPreferred(TopicPartition),
    /// Asks for an unclean election.
    ElectUnclean(TopicPartition),
    /// Sets a config to a value in Kafka's words.
    SetConfig { scope: ConfigScope, key: Name, value: Name },
    /// Goes back to a moment and lives it again with one thing changed; the old future is kept.
    Fork { jump: Jump, change: ForkChange },
    // ---- the run
    /// Puts a link to this moment on the clipboard.
    CopyLink,
    /// Changes to another branch.
    Branch(u32),
}

/// What may happen to a broker's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskWish {
    /// What is only in memory is lost.
    CutPower,
    /// Every write takes half a second more.
    Slow,
    /// The next write fails.
    Fill,
    /// The disk is sound again.
    Heal,
}

/// Whose config is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigScope {
    /// A process' own.
    Node(NodeId),
    /// A topic's.
    Topic(Name),
}

/// What is different in a fork.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum ForkChange {
    /// Nothing yet: the user will do something.
    Nothing,
    /// A config has another value from the beginning of the run.
    Config { scope: ConfigScope, key: Name, value: Name },
    /// What the user did at that moment is left undone.
    Undo,
}

/// How a command is written on a key.
pub type KeyHint = &'static str;

impl UiCommand {
    /// What a button says: sentence case, no full stop.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::PlayPause => "Play or pause",
            Self::StepForward(StepKind::Fact) => "Step to the next fact",
            Self::StepForward(StepKind::Message) => "Step to the next message",
            Self::StepForward(StepKind::Mark) => "Step to the next mark",
            Self::StepBack(StepKind::Fact) => "Step back one fact",
            Self::StepBack(StepKind::Message) => "Step back one message",
            Self::StepBack(StepKind::Mark) => "Step back one mark",
            Self::ToStart => "Go to the start",
            Self::ToHead => "Go to the newest moment",
            Self::Seek(_) => "Go to this moment",
            Self::Slower => "Slower",
            Self::Faster => "Faster",
            Self::PaceAuto => "Pace: auto",
            Self::Select(_) => "Select",
            Self::Follow(Some(_)) => "Follow this record",
            Self::Follow(None) => "Stop following",
            Self::Ask(_) | Self::AskWhy => "Why?",
            Self::Close => "Close",
            Self::Closely(Some(_)) => "Look closely",
            Self::Closely(None) => "Show the cluster",
            Self::Quorum(true) => "The controllers and their log",
            Self::Quorum(false) => "Show the cluster",
            Self::ThroughTime(Some(_)) => "Through time",
            Self::ThroughTime(None) => "Show the cluster",
            Self::WholeRun(true) => "The whole run",
            Self::WholeRun(false) => "The last minute",
            Self::OpenPalette => "All commands…",
            Self::ToggleProjector => "Projector",
            Self::ToggleInternalTopics => "Kafka's own topics",
            Self::ToggleUnderWay => "What is under way",
            Self::Tamper { .. } => "Strike one message",
            Self::Kill(_) => "Kill",
            Self::Stop(_) => "Shut down",
            Self::Start(_) => "Start",
            Self::Pause(_) => "Pause the process",
            Self::Resume(_) => "Resume the process",
            Self::Cut(_) => "Cut the link",
            Self::Heal(_) => "Heal the link",
            Self::Slow(_) => "Slow the link down",
            Self::Disk(_, DiskWish::CutPower) => "Cut the power",
            Self::Disk(_, DiskWish::Slow) => "Slow the disk down",
            Self::Disk(_, DiskWish::Fill) => "Fill the disk",
            Self::Disk(_, DiskWish::Heal) => "Heal the disk",
            Self::Quota { lifts: false, .. } => "Limit it to 1000 bytes a second",
            Self::Quota { lifts: true, .. } => "Lift its quota",
            Self::SendOne { .. } => "Send one record",
            Self::BlockPolling { blocked: true, .. } => "Stop polling",
            Self::BlockPolling { blocked: false, .. } => "Poll again",
            Self::AddMember(_) => "Add a member",
            Self::SetCommits(..) => "Commit in another way",
            Self::CloseClient(_) => "Remove",
            Self::AddBroker => "Add a broker",
            Self::AddProducer(_) => "Add another producer",
            Self::CreateTopic { .. } => "Create a topic…",
            Self::ElectPreferred(_) => "Elect the preferred leader",
            Self::ElectUnclean(_) => "Elect uncleanly",
            Self::SetConfig { .. } => "Set a config…",
            Self::Fork { .. } => "Fork here",
            Self::CopyLink => "Copy a link to this moment",
            Self::Branch(_) => "Change to this branch",
        }
    }

    /// The key that does it for what is selected; none for commands that only buttons do.
    pub const fn key(&self) -> Option<KeyHint> {
        Some(match self {
            Self::PlayPause => "Space",
            Self::StepForward(StepKind::Fact) => "→",
            Self::StepForward(StepKind::Message) => "Shift →",
            Self::StepForward(StepKind::Mark) => "Ctrl →",
            Self::StepBack(StepKind::Fact) => "←",
            Self::StepBack(StepKind::Message) => "Shift ←",
            Self::StepBack(StepKind::Mark) => "Ctrl ←",
            Self::ToStart => "Home",
            Self::ToHead => "End",
            Self::Slower => "-",
            Self::Faster => "+",
            Self::PaceAuto => "0",
            Self::Follow(Some(_)) => "F",
            Self::AskWhy => "W",
            Self::Close => "Esc",
            Self::ThroughTime(_) => "G",
            Self::Closely(_) => "L",
            Self::Quorum(_) => "Q",
            Self::OpenPalette => "Ctrl K",
            Self::ToggleProjector => "B",
            Self::ToggleInternalTopics => "I",
            Self::ToggleUnderWay => "M",
            Self::Kill(_) => "K",
            Self::Stop(_) => "T",
            Self::Start(_) => "S",
            Self::Pause(_) => "P",
            Self::Resume(_) => "U",
            Self::Cut(_) => "X",
            Self::Heal(_) => "H",
            Self::Slow(_) => "L",
            Self::SendOne { .. } => "N",
            Self::AddMember(_) => "A",
            Self::CloseClient(_) => "R",
            Self::CopyLink => "C",
            Self::Seek(_)
            | Self::Select(_)
            | Self::Follow(None)
            | Self::Ask(_)
            | Self::WholeRun(_)
            | Self::Tamper { .. }
            | Self::Disk(..)
            | Self::Quota { .. }
            | Self::BlockPolling { .. }
            | Self::SetCommits(..)
            | Self::AddBroker
            | Self::AddProducer(_)
            | Self::CreateTopic { .. }
            | Self::ElectPreferred(_)
            | Self::ElectUnclean(_)
            | Self::SetConfig { .. }
            | Self::Fork { .. }
            | Self::Branch(_) => return None,
        })
    }
}
