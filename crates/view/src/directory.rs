//! What processes are called and how they are configured.
//!
//! Facts hold ids; sentences need names and deciding configs. Invariant: an unknown id still has a name.

use crate::view_model::Text;
use kafkascope_kernel::FlatMap;
use kafkascope_model::config::ConfigEntry;
use kafkascope_model::ids::{Name, NodeId};

/// Everything that has a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// Processes by id.
    pub nodes: FlatMap<NodeId, NodeInfo>,
}

/// A process.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeInfo {
    /// What users call it.
    pub name: Text,
    /// What it is.
    pub kind: NodeKind,
    /// Its rack.
    pub rack: Option<Name>,
    /// Its configs, all of them.
    pub configs: Vec<ConfigEntry>,
    /// What its application works on, in one line: "4 records a second", "80 ms a record".
    pub work: Text,
    /// The topics it writes to or reads.
    pub topics: Vec<Name>,
}

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "one a role")]
pub enum NodeKind {
    Broker,
    Controller,
    Producer,
    Consumer,
    Admin,
}

impl Directory {
    /// What users call a process: "broker 1", "rider-app".
    pub fn name(&self, id: NodeId) -> Text {
        match self.nodes.get(&id) {
            Some(node) => node.name.clone(),
            None if id.is_broker() => format!("broker {id}").into(),
            None if id.is_controller() => format!("controller {id}").into(),
            None => format!("client {id}").into(),
        }
    }

    /// The same at the beginning of a sentence; an application's name stays as it is.
    pub fn title(&self, id: NodeId) -> Text {
        let name = self.name(id);
        if id.is_client() { name } else { capitalised(&name).into() }
    }

    /// How an application with a producer finds the partition of a record, by its key or without.
    pub fn partitioner(&self, id: NodeId, by_key: bool) -> &'static str {
        let class = self.config(id, "partitioner.class").unwrap_or_default();
        let librdkafka = self.config(id, "partitioner").unwrap_or_default();
        match by_key {
            true if class.starts_with("own") || librdkafka.starts_with("own") => "its own table",
            true if librdkafka.starts_with("consistent") => "CRC32",
            true => "murmur2",
            false if class.is_empty() || class == "null" => "sticky",
            false => "round robin",
        }
    }

    /// A config's value in Kafka's words.
    pub fn config(&self, id: NodeId, key: &str) -> Option<&str> {
        let entry = self.nodes.get(&id)?.configs.iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }

    /// `key = value`, with the value of a process that has it.
    pub fn setting(&self, id: NodeId, key: &str) -> Option<String> {
        Some(format!("{key} = {}", self.config(id, key)?))
    }

    /// Processes of a kind.
    pub fn of_kind(&self, kind: NodeKind) -> impl Iterator<Item = (NodeId, &NodeInfo)> {
        self.nodes.iter().filter(move |(_, node)| node.kind == kind).map(|(id, node)| (*id, node))
    }

    /// The process with this name.
    pub fn named(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().find(|(_, node)| &*node.name == name).map(|(id, _)| *id)
    }
}

/// With a capital first letter.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
