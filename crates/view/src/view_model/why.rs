//! The answer to why: two to five facts, each with the config that decided it, and a question that forks.
//!
//! Invariant: every step is a jump in time to its fact; steps are in order of time.

use super::{Text, Tone};
use crate::ui::{Jump, Question};
use crate::ui_command::UiCommand;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyVm {
    /// What was asked.
    pub about: Question,
    /// "Why is broker 2 leader?".
    pub question: Text,
    /// The facts.
    pub steps: Vec<WhyStepVm>,
    /// What it comes to: "One record was on broker 1 only, at offset 131."
    pub verdict: Option<Text>,
    /// Its colour.
    pub tone: Tone,
    /// What that means: "Never acknowledged, so rider-app sends it again."
    pub meaning: Option<Text>,
    /// "What if acks had been 1? Fork here →".
    pub fork: Option<ForkVm>,
}

/// One fact of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyStepVm {
    /// "No heartbeat for 9 s: the controller fenced it."
    pub text: Text,
    /// "broker.session.timeout.ms = 9000", in mono; a command if the user did it.
    pub because: Option<Text>,
    /// The jump.
    pub jump: Jump,
    /// `16.520`.
    pub time: Text,
    /// Whether the clock stands at it.
    pub current: bool,
}

/// A question that forks.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkVm {
    /// "What if acks had been 1?".
    pub text: Text,
    /// What it does.
    pub command: UiCommand,
}
