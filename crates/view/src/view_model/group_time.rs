//! A group through time: who read which partition when, and the last rebalance request by request.
//!
//! Places are shares of a stretch of time that changes in steps, so that nothing here moves with the clock. Invariant: `x` and
//! `x + w` are within 0 to 1.

use super::queue::QueueVm;
use super::timeline::TickVm;
use super::{Text, Tone};
use crate::ui::{Jump, Question, Selection};
use crate::ui_command::UiCommand;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::{MsgId, Name, NodeId};
use kafkascope_model::workload::CommitStrategy;

/// The view of one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupTimeVm {
    /// The group.
    pub group: Name2,
    /// All groups, to change between them.
    pub others: Vec<Name>,
    /// "eager · range".
    pub protocol: Text,
    /// "Stable · generation 6".
    pub state: Text,
    /// The state's colour.
    pub tone: Tone,
    /// What the protocol does in a rebalance.
    pub lesson: Text,
    /// The stretch of time that is shown.
    pub from: SimTime,
    /// Its end.
    pub until: SimTime,
    /// Whether that is the whole run.
    pub whole: bool,
    /// Round moments.
    pub ticks: Vec<TickVm>,
    /// Partitions.
    pub rows: Vec<OwnRowVm>,
    /// Partitions there was no room for.
    pub rows_hidden: u32,
    /// When generations were formed.
    pub generations: Vec<GenerationVm>,
    /// Members, by their hues.
    pub members: Vec<OwnerVm>,
    /// What rebalances have cost until the last change of an owner.
    pub price: Price,
    /// The last rebalance.
    pub ladder: LadderVm,
    /// What one can ask.
    pub questions: Vec<(Text, Question)>,
    /// What one can do.
    pub actions: Vec<(Text, UiCommand)>,
    /// How its applications commit, if any of them runs.
    pub commits: Option<CommitStrategy>,
    /// A share group's partitions; empty for other groups.
    pub queues: Vec<QueueVm>,
    /// Whether it is a share group.
    pub shares: bool,
    /// All groups over the same stretch of time, if there are several.
    pub compared: Vec<ComparedVm>,
}

/// A group's name and letter.
#[derive(Clone, Debug, PartialEq)]
pub struct Name2 {
    /// Its name.
    pub name: Name,
    /// Its letter.
    pub letter: Text,
    /// Its hue.
    pub hue: u8,
}

impl Default for Name2 {
    fn default() -> Self {
        Self { name: "".into(), letter: "".into(), hue: 0 }
    }
}

/// Paused partition-seconds, in a form that a clock can carry on without asking again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Until `at`.
    pub paused: Micros,
    /// The moment.
    pub at: SimTime,
    /// How many partitions have no reader since then.
    pub unread: u32,
}

impl Price {
    /// "19.2".
    pub fn text(self, now: SimTime) -> String {
        let more = now.since(self.at.min(now)).0 * u64::from(self.unread);
        let tenths = (self.paused.0 + more + 50_000) / 100_000;
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// One partition.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnRowVm {
    /// "trips-0".
    pub name: Text,
    /// "lag 4 · 1.2 s", or "lag 0".
    pub lag: Text,
    /// Its colour.
    pub lag_tone: Tone,
    /// Who read it.
    pub bars: Vec<BarVm>,
}

/// A stretch of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct BarVm {
    /// Its left end, 0 to 1.
    pub x: f32,
    /// Its width, 0 to 1.
    pub w: f32,
    /// The reader's hue; none for a gap.
    pub hue: Option<u8>,
    /// The reader's name, where there is room.
    pub label: Text,
    /// "dispatch-1 read trips-0 from 16.520 to 43.851; then onPartitionsRevoked".
    pub title: Text,
    /// What a click asks; for a gap, why the reader before lost it.
    pub question: Option<Question>,
}

/// A group beside the others.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedVm {
    /// The group.
    pub group: Name2,
    /// "eager · range".
    pub protocol: Text,
    /// Partitions, each with its stretches.
    pub rows: Vec<Vec<StripVm>>,
    /// "12 of 18 stops for nothing": partitions that went back to the member that had let them go.
    pub needless: Text,
    /// What its rebalances have cost.
    pub price: Price,
    /// Whether it is the one that is shown.
    pub chosen: bool,
}

/// A stretch of a thin row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StripVm {
    /// Its left end, 0 to 1.
    pub x: f32,
    /// Its width, 0 to 1.
    pub w: f32,
    /// The reader's hue; none for a gap.
    pub hue: Option<u8>,
}

/// A generation or epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationVm {
    /// Where it was formed, 0 to 1.
    pub x: f32,
    /// "gen 4"; empty where there is no room.
    pub text: Text,
    /// Goes there.
    pub jump: Jump,
}

/// A member in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerVm {
    /// Its process.
    pub id: NodeId,
    /// Its name.
    pub name: Text,
    /// Its hue.
    pub hue: u8,
    /// "reads trips-0 and trips-1", "gone".
    pub state: Text,
    /// Whether it is selected.
    pub selected: bool,
}

/// One rebalance, request by request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LadderVm {
    /// "generation 4: a new member joins".
    pub title: Text,
    /// "took 3.2 s".
    pub took: Text,
    /// Members, and the coordinator last.
    pub columns: Vec<ColumnVm>,
    /// Requests, answers and callbacks by time.
    pub lines: Vec<LadderLineVm>,
    /// Lines there was no room for.
    pub left_out: u32,
    /// What the chosen line means: one sentence and one more.
    pub told: Option<(Text, Text)>,
    /// Jumps to the rebalance before and the one after.
    pub before: Option<Jump>,
    /// The one after.
    pub after: Option<Jump>,
}

/// A column of the ladder.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnVm {
    /// Whose.
    pub id: NodeId,
    /// Its name.
    pub name: Text,
    /// A member's hue; none for the coordinator.
    pub hue: Option<u8>,
}

/// A line of the ladder.
#[derive(Clone, Debug, PartialEq)]
pub struct LadderLineVm {
    /// Its column at the member's end.
    pub member: u8,
    /// What it is.
    pub kind: LineKind,
    /// "JoinGroup (no member id)".
    pub text: Text,
    /// Its colour.
    pub tone: Tone,
    /// `43.851`.
    pub time: Text,
    /// Goes there.
    pub jump: Jump,
    /// What is selected with it.
    pub about: Selection,
    /// The message that carries it.
    pub msg: Option<MsgId>,
    /// Whether the clock has not come to it yet.
    pub ahead: bool,
    /// Whether it is chosen.
    pub selected: bool,
}

/// What a line of the ladder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// From the member to the coordinator.
    Request,
    /// Back.
    Answer,
    /// A callback of the member's application.
    Callback,
}
