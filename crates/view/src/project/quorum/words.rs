//! What a record of the metadata log says.
//!
//! Invariant: every kind of record has a name, Kafka's own, and a sentence.

use super::super::Sight;
use crate::words;
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::controller::records::{MetadataRecord, PartitionState};
use kafkascope_model::ids::{Name, NodeId, TopicPartition};

/// Kafka's name of a record.
pub const fn kind(record: &MetadataRecord) -> &'static str {
    match record {
        MetadataRecord::LeaderChange { .. } => "LeaderChange",
        MetadataRecord::BeginTransaction => "BeginTransaction",
        MetadataRecord::EndTransaction => "EndTransaction",
        MetadataRecord::FeatureLevel { .. } => "FeatureLevel",
        MetadataRecord::NoOp => "NoOp",
        MetadataRecord::RegisterBroker { .. } => "RegisterBroker",
        MetadataRecord::RegisterController { .. } => "RegisterController",
        MetadataRecord::UnregisterBroker { .. } => "UnregisterBroker",
        MetadataRecord::BrokerChange { .. } => "BrokerRegistrationChange",
        MetadataRecord::Topic { .. } => "Topic",
        MetadataRecord::RemoveTopic { .. } => "RemoveTopic",
        MetadataRecord::Partition { .. } => "Partition",
        MetadataRecord::PartitionChange { .. } => "PartitionChange",
        MetadataRecord::Config { .. } => "Config",
        MetadataRecord::ClientQuota { .. } => "ClientQuota",
        MetadataRecord::ProducerIds { .. } => "ProducerIds",
    }
}

/// What it says.
pub fn text(sight: &Sight<'_>, record: &MetadataRecord) -> String {
    match record {
        MetadataRecord::LeaderChange { leader } => {
            format!("controller {leader} leads from here on")
        }
        MetadataRecord::BeginTransaction => "what follows counts as a whole".to_string(),
        MetadataRecord::EndTransaction => "the whole is complete".to_string(),
        MetadataRecord::FeatureLevel { feature, level } => format!("{feature} is at level {level}"),
        MetadataRecord::NoOp => "nothing happened".to_string(),
        MetadataRecord::RegisterBroker { broker, epoch, rack, fenced, .. } => {
            let rack = rack.as_ref().map_or(String::new(), |rack| format!(", in rack {rack}"));
            let fenced = if *fenced { ", fenced as yet" } else { "" };
            format!("broker {broker} is registered with epoch {epoch}{rack}{fenced}")
        }
        MetadataRecord::RegisterController { controller, .. } => {
            format!("controller {controller} is ready to lead")
        }
        MetadataRecord::UnregisterBroker { broker, .. } => format!("broker {broker} is gone"),
        MetadataRecord::BrokerChange { broker, fenced, in_controlled_shutdown, .. } => {
            broker_change(*broker, *fenced, *in_controlled_shutdown)
        }
        MetadataRecord::Topic { name, .. } => format!("there is a topic {name}"),
        MetadataRecord::RemoveTopic { id } => {
            let name = sight.session.world().topic_name(*id);
            let name = name.map_or_else(|| id.0.to_string(), ToString::to_string);
            format!("topic {name} is deleted")
        }
        MetadataRecord::Partition { tp, state } | MetadataRecord::PartitionChange { tp, state } => {
            partition(sight, *tp, state)
        }
        MetadataRecord::Config { resource, key, value } => {
            let of = resource_name(resource);
            match value {
                Some(value) => format!("{key} of {of} is {value}"),
                None => format!("{key} of {of} is back at its default"),
            }
        }
        MetadataRecord::ClientQuota { key, value, .. } => match value {
            Some(value) => format!("a quota: {} is {value}", key.name()),
            None => format!("a quota is lifted: {}", key.name()),
        },
        MetadataRecord::ProducerIds { next } => {
            format!("producer ids below {next} are handed out")
        }
    }
}

/// What makes records in a row one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// They say nothing.
    Idle,
    /// They are about partitions of one of Kafka's own topics.
    Partitions(Name),
}

impl Fold {
    /// What so many of them say together.
    pub fn text(&self, count: u64) -> String {
        match self {
            Self::Idle => {
                format!("{}: nothing happened", words::count(count, "record", "records"))
            }
            Self::Partitions(topic) => {
                format!("{} of {topic}", words::count(count, "partition", "partitions"))
            }
        }
    }
}

/// Whether a record may be one row with others.
pub fn fold(sight: &Sight<'_>, record: &MetadataRecord) -> Option<Fold> {
    match record {
        MetadataRecord::NoOp => Some(Fold::Idle),
        MetadataRecord::Partition { tp, .. } | MetadataRecord::PartitionChange { tp, .. } => {
            let name = sight.session.world().topic_name(tp.topic)?;
            name.starts_with("__").then(|| Fold::Partitions(name.clone()))
        }
        MetadataRecord::LeaderChange { .. }
        | MetadataRecord::BeginTransaction
        | MetadataRecord::EndTransaction
        | MetadataRecord::FeatureLevel { .. }
        | MetadataRecord::RegisterBroker { .. }
        | MetadataRecord::RegisterController { .. }
        | MetadataRecord::UnregisterBroker { .. }
        | MetadataRecord::BrokerChange { .. }
        | MetadataRecord::Topic { .. }
        | MetadataRecord::RemoveTopic { .. }
        | MetadataRecord::Config { .. }
        | MetadataRecord::ClientQuota { .. }
        | MetadataRecord::ProducerIds { .. } => None,
    }
}

fn broker_change(broker: NodeId, fenced: Option<bool>, leaving: Option<bool>) -> String {
    match (fenced, leaving) {
        (Some(true), _) => format!("broker {broker} is fenced: it leads nothing"),
        (Some(false), _) => format!("broker {broker} is unfenced: it serves"),
        (None, Some(true)) => format!("broker {broker} is shutting down"),
        (None, Some(false) | None) => format!("broker {broker} is as it was"),
    }
}

fn partition(sight: &Sight<'_>, tp: TopicPartition, state: &PartitionState) -> String {
    let name = sight.session.world().partition_name(tp);
    let leader = if state.leader == NodeId::NONE {
        "nobody leads".to_string()
    } else {
        format!("broker {} leads epoch {}", state.leader, state.leader_epoch)
    };
    let isr = words::set(&state.isr);
    let moving = if state.adding.is_empty() && state.removing.is_empty() {
        String::new()
    } else {
        format!(", moving to {}", words::set(&state.replicas))
    };
    let elr = if state.elr.is_empty() {
        String::new()
    } else {
        format!(", ELR {}", words::set(&state.elr))
    };
    format!("{name}: {leader}, ISR {isr}{elr}{moving}")
}

fn resource_name(resource: &ConfigResource) -> String {
    match resource {
        ConfigResource::Topic(name) => name.to_string(),
        ConfigResource::Broker(Some(id)) => format!("broker {id}"),
        ConfigResource::Broker(None) => "all brokers".to_string(),
        ConfigResource::Group(name) => format!("group {name}"),
    }
}
