//! One request with its answer, as they are on the wire, and the requests that are under way.
//!
//! Names are Kafka's own. Invariant: nothing in it changes merely because time passes; moments are absolute.

use super::{ActionVm, Face, Text, Tone};
use crate::ui::{Jump, Selection};
use kafkascope_model::ids::RecordId;

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestVm {
    /// "PRODUCE".
    pub api: Text,
    /// "rider-app to broker 1".
    pub ends: Text,
    /// What such a request is for, in one sentence.
    pub purpose: &'static str,
    /// When it left, was read, was answered.
    pub steps: Vec<StepVm>,
    /// Records it carries, or its answer does.
    pub records: Vec<(Face, RecordId)>,
    /// Whether the request carries them, not its answer.
    pub asks: bool,
    /// How many more there was no room for.
    pub records_more: u32,
    /// The request.
    pub asked: MessageVm,
    /// The answer.
    pub answered: MessageVm,
}

/// One way of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageVm {
    /// Why there is nothing to show: "not answered yet".
    pub absent: Text,
    /// The header's fields, then the body's.
    pub fields: Vec<FieldVm>,
    /// How many more there was no room for.
    pub more: u32,
    /// What can be done to this one message.
    pub faults: Vec<ActionVm>,
    /// Whether that means going back to when it left.
    pub back: bool,
    /// Whether it is the one that was selected.
    pub selected: bool,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldVm {
    /// How many objects and lists it is in.
    pub depth: u8,
    /// Kafka's name.
    pub name: Text,
    /// Its value; empty for what has fields itself.
    pub value: Text,
    /// Its colour.
    pub tone: Tone,
    /// Whether it belongs to the header.
    pub header: bool,
}

/// A moment of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct StepVm {
    /// "read by broker 1".
    pub name: Text,
    /// `7.481 902`; empty if it is not known.
    pub time: Text,
    /// Goes there.
    pub jump: Option<Jump>,
    /// Whether it has come.
    pub done: bool,
    /// Whether it went wrong there.
    pub bad: bool,
}

/// What is under way at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnderWayVm {
    /// Messages in the order in which they left.
    pub rows: Vec<UnderWayRowVm>,
    /// How many more there was no room for.
    pub more: u32,
    /// Whether time runs; then they pass too quickly for a list.
    pub running: bool,
}

/// One message under way.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderWayRowVm {
    /// "PRODUCE".
    pub api: &'static str,
    /// Whether it is an answer.
    pub answer: bool,
    /// Whether it tells an error.
    pub bad: bool,
    /// "rider-app to broker 1".
    pub ends: Text,
    /// "3 records", or when it arrives.
    pub detail: Text,
    /// What is selected with it.
    pub about: Selection,
}
