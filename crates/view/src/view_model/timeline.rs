//! The timeline: when things happened, and the branches that were left.
//!
//! The moving thumb is in the clock. Invariant: marks are in order of time, and `x` is always within 0 to 1.

use super::{Text, Tone};
use kafkascope_kernel::SimTime;

/// The timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimelineVm {
    /// The moment at its right end; a round number, so that it rarely changes.
    pub until: SimTime,
    /// What happened.
    pub marks: Vec<MarkVm>,
    /// Round moments under the line.
    pub ticks: Vec<TickVm>,
    /// Futures that were left by a fork.
    pub branches: Vec<BranchVm>,
    /// The branch that is shown: "main".
    pub branch: Text,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkVm {
    /// When.
    pub at: SimTime,
    /// Where on the line, 0 to 1.
    pub x: f32,
    /// Which fact, as its sequence number.
    pub seq: u64,
    /// What kind.
    pub kind: MarkKind,
    /// Two or three words: "broker 1 killed", "epoch 5"; empty where there is no room.
    pub label: Text,
    /// The whole sentence, for the tooltip and screen readers.
    pub title: Text,
    /// How many marks this one stands for.
    pub count: u16,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "what they are")]
pub enum MarkKind {
    Rebalance,
    Isr,
    Election,
    Controller,
    Restart,
    Fault,
    Loss,
}

impl MarkKind {
    /// The sign on the timeline.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::Rebalance => "⇄",
            Self::Isr => "▿",
            Self::Election => "L",
            Self::Controller => "♛",
            Self::Restart => "▵",
            Self::Fault | Self::Loss => "✕",
        }
    }

    /// Its colour.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Rebalance | Self::Isr | Self::Restart => Tone::Plain,
            Self::Election | Self::Controller => Tone::Agreed,
            Self::Fault | Self::Loss => Tone::Bad,
        }
    }
}

/// A round moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TickVm {
    /// Where on the line, 0 to 1.
    pub x: f32,
    /// "4 s".
    pub text: Text,
}

/// A future that was left.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchVm {
    /// Its number.
    pub id: u32,
    /// Where it left, 0 to 1.
    pub from_x: f32,
    /// Where it ends, 0 to 1.
    pub to_x: f32,
    /// "kept: the run in which broker 1 lives".
    pub label: Text,
}
