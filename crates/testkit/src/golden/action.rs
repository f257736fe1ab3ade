//! Everything a step can do, with its arguments.
//!
//! One row an action: its name in the file and its arguments as a struct. Invariant: every `do` of the format is here, also
//! those that the player cannot carry out.

use super::script::texts;
use crate::problem::{Problem, typed};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Name and value pairs.
pub type Pairs = BTreeMap<String, String>;

macro_rules! actions {
    ($($name:literal $variant:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {
        /// What a step does.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "named as in the file")]
        pub enum Action { $($variant($variant),)* }

        $(#[doc = concat!("Arguments of `", $name, "`.")]
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(missing_docs, reason = "named as in the file")]
        pub struct $variant { $($(#[$field_meta])* pub $field: $type,)* })*

        impl Action {
            /// Every name of an action.
            pub const NAMES: &[&str] = &[$($name,)*];

            /// Reads the action `name` with its arguments.
            pub fn parse(name: &str, args: Map<String, Value>) -> Result<Self, Problem> {
                let args = Value::Object(args);
                match name {
                    $($name => typed(&args).map(Self::$variant),)*
                    _ => Err(unknown(name)),
                }
            }

            /// Its name in the file.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }
        }
    };
}

actions! {
    "create-topic" CreateTopic {
        topic: String,
        #[serde(default)] assignment: Vec<Vec<i32>>,
        partitions: Option<i32>,
        rf: Option<i16>,
        #[serde(default, deserialize_with = "texts")] config: Pairs,
    }
    "create-partitions" CreatePartitions { topic: String, total: i32, }
    "delete-topic" DeleteTopic { topic: String, }
    "topics" Topics {}
    "describe-topic" DescribeTopic { topic: String, }
    "alter-config" AlterConfig {
        #[serde(rename = "type")] kind: String,
        #[serde(deserialize_with = "text")] resource: String,
        #[serde(deserialize_with = "texts")] config: Pairs,
    }
    "offsets" Offsets {
        tps: Vec<Tp>,
        #[serde(deserialize_with = "text")] spec: String,
        isolation: Option<String>,
    }
    "producer" Producer { name: String, #[serde(default, deserialize_with = "texts")] config: Pairs, }
    "close-producer" CloseProducer { name: String, }
    "send" Send {
        name: String,
        topic: String,
        records: Vec<SendRecord>,
        #[serde(default, rename = "async")] no_wait: bool,
    }
    "txn" Txn { name: String, action: String, }
    "txn-offsets" TxnOffsets { name: String, member: String, offsets: BTreeMap<String, i64>, }
    "transactions" Transactions {}
    "producers-state" ProducersState { tp: Tp, }
    "member" Member {
        name: String,
        #[serde(default)] topics: Vec<String>,
        #[serde(default)] assign: Vec<Tp>,
        #[serde(default, deserialize_with = "texts")] config: Pairs,
        quiet: Option<bool>,
    }
    "member-log" MemberLog { name: String, clear: Option<bool>, }
    "member-state" MemberState { name: String, }
    "member-commit" MemberCommit { name: String, offsets: Option<BTreeMap<String, i64>>, }
    "member-seek" MemberSeek { name: String, tp: Tp, offset: i64, }
    "member-block" MemberBlock { name: String, on: bool, }
    "member-close" MemberClose { name: String, }
    "kill-app" KillApp { app: String, }
    "group" Group { group: String, }
    "group-offsets" GroupOffsets { group: String, }
    "alter-offsets" AlterOffsets { group: String, offsets: BTreeMap<String, i64>, }
    "delete-group" DeleteGroup { group: String, }
    "remove-members" RemoveMembers { group: String, instances: Vec<String>, }
    "elect" Elect { #[serde(rename = "type")] kind: String, tps: Vec<Tp>, }
    "reassign" Reassign { tp: Tp, replicas: Vec<i32>, }
    "delete-records" DeleteRecords { tp: Tp, before: i64, }
    "quorum" Quorum {}
    "brokers" Brokers {}
    "read" Read {
        tp: Tp,
        #[serde(default)] from: i64,
        #[serde(default, deserialize_with = "texts")] config: Pairs,
        ms: Option<u64>,
    }
    "read-all" ReadAll { tp: Tp, isolation: Option<String>, ms: Option<u64>, }
    "kill-node" KillNode { node: i32, }
    "stop-node" StopNode { node: i32, }
    "pause-node" PauseNode { node: i32, }
    "resume-node" ResumeNode { node: i32, }
    "start-node" StartNode { node: i32, }
    "wait" Wait { ms: u64, }
    "cli" Cli { tool: String, #[serde(default)] args: Vec<String>, stdin: Option<String>, }
}

/// A partition as the files write it: `topic-3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tp {
    /// The topic's name.
    pub topic: String,
    /// The partition's index.
    pub partition: i32,
}

impl Tp {
    /// Reads `topic-3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (topic, partition) = text.rsplit_once('-')?;
        Some(Self { topic: topic.to_string(), partition: partition.parse().ok()? })
    }
}

impl std::fmt::Display for Tp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

impl<'de> Deserialize<'de> for Tp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("'{text}' is not a partition such as 'orders-0'"))
        })
    }
}

/// A record of `send`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "named as in the file")]
pub struct SendRecord {
    #[serde(default, deserialize_with = "text_or_null")]
    pub key: Option<String>,
    #[serde(default, deserialize_with = "text_or_null")]
    pub value: Option<String>,
    pub partition: Option<i32>,
    pub timestamp: Option<i64>,
    #[serde(default, deserialize_with = "ordered_texts")]
    pub headers: Vec<(String, String)>,
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text_or_null(from).map(Option::unwrap_or_default)
}

/// Pairs in the order in which the file has them.
fn ordered_texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let raw = Vec::<(String, Value)>::deserialize(from)?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => other.to_string(),
    };
    Ok(raw.into_iter().map(|(key, value)| (key, text(value))).collect())
}

/// Numbers read as their digits.
fn text_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other @ (Value::Number(_) | Value::Bool(_)) => Ok(Some(other.to_string())),
        Value::Array(_) | Value::Object(_) => Err(serde::de::Error::custom("expected a text")),
    }
}

fn unknown(name: &str) -> Problem {
    let names = Action::NAMES.join(", ");
    Problem::at("/do", format!("no step is called '{name}'; there are {names}"))
}

impl Action {
    /// The name of what it is about, for a reader.
    pub fn about(&self) -> String {
        match self {
            Self::CreateTopic(CreateTopic { topic, .. })
            | Self::CreatePartitions(CreatePartitions { topic, .. })
            | Self::DeleteTopic(DeleteTopic { topic })
            | Self::DescribeTopic(DescribeTopic { topic }) => topic.clone(),
            Self::AlterConfig(args) => args.resource.clone(),
            Self::Producer(Producer { name, .. })
            | Self::CloseProducer(CloseProducer { name })
            | Self::Send(Send { name, .. })
            | Self::Txn(Txn { name, .. })
            | Self::TxnOffsets(TxnOffsets { name, .. })
            | Self::Member(Member { name, .. })
            | Self::MemberLog(MemberLog { name, .. })
            | Self::MemberState(MemberState { name })
            | Self::MemberCommit(MemberCommit { name, .. })
            | Self::MemberSeek(MemberSeek { name, .. })
            | Self::MemberBlock(MemberBlock { name, .. })
            | Self::MemberClose(MemberClose { name })
            | Self::KillApp(KillApp { app: name }) => name.clone(),
            Self::Group(Group { group })
            | Self::GroupOffsets(GroupOffsets { group })
            | Self::AlterOffsets(AlterOffsets { group, .. })
            | Self::DeleteGroup(DeleteGroup { group })
            | Self::RemoveMembers(RemoveMembers { group, .. }) => group.clone(),
            Self::ProducersState(ProducersState { tp })
            | Self::Reassign(Reassign { tp, .. })
            | Self::DeleteRecords(DeleteRecords { tp, .. })
            | Self::Read(Read { tp, .. })
            | Self::ReadAll(ReadAll { tp, .. }) => tp.to_string(),
            Self::Offsets(Offsets { tps, .. }) | Self::Elect(Elect { tps, .. }) => {
                tps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            Self::KillNode(KillNode { node })
            | Self::StopNode(StopNode { node })
            | Self::PauseNode(PauseNode { node })
            | Self::ResumeNode(ResumeNode { node })
            | Self::StartNode(StartNode { node }) => node.to_string(),
            Self::Cli(args) => args.tool.clone(),
            Self::Topics(_)
            | Self::Transactions(_)
            | Self::Quorum(_)
            | Self::Brokers(_)
            | Self::Wait(_) => String::new(),
        }
    }
}
