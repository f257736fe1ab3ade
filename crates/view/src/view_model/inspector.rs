//! The inspector: the state of what is selected, its configs, and what one can do to it.
//!
//! Invariant: configs bear Kafka's own keys; every action says in one sentence why it cannot be done, if it cannot.

use super::{Text, Tone};
use crate::ui::{Question, Selection};
use crate::ui_command::{ConfigScope, UiCommand};

/// The selected process, group, partition or link.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectorVm {
    /// "broker 1".
    pub title: Text,
    /// "rack a · fenced".
    pub subtitle: Text,
    /// The title's colour.
    pub tone: Tone,
    /// Its state.
    pub rows: Vec<RowVm>,
    /// Its configs.
    pub configs: Vec<ConfigVm>,
    /// Whose configs these are.
    pub scope: Option<ConfigScope>,
    /// What one can do.
    pub actions: Vec<ActionVm>,
    /// What one can ask.
    pub questions: Vec<Question>,
}

/// One line of state.
#[derive(Clone, Debug, PartialEq)]
pub struct RowVm {
    /// "log end".
    pub label: Text,
    /// "131".
    pub value: Text,
    /// Its colour.
    pub tone: Tone,
    /// What to select when it is clicked.
    pub link: Selection,
}

/// One config.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigVm {
    /// Kafka's key.
    pub key: &'static str,
    /// Kafka's word for its type.
    pub kind: &'static str,
    /// The value.
    pub value: Text,
    /// What Kafka has without being told.
    pub default: Text,
    /// Whether the value is the default.
    pub is_default: bool,
    /// One line on what it does.
    pub doc: &'static str,
}

/// One thing one can do.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionVm {
    /// What it does.
    pub command: UiCommand,
    /// What the button says: "Kill broker 1".
    pub label: Text,
    /// Its key.
    pub key: Option<&'static str>,
    /// Why it cannot be done; none if it can.
    pub refused: Option<Text>,
}
