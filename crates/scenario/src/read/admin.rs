//! What an entry asks the cluster through the admin client.
//!
//! Invariant: verbs are named after the calls of Kafka's admin client.

use super::cast::Cast;
use super::{cluster, configs, events, records};
use crate::doc::{Item, Section};
use kafkascope_model::api::request::{ConfigResource, OffsetSpec};
use kafkascope_model::command::{AdminCommand, ConfigPairs};
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::config::{ConfigError, ConfigTable, Scope, known_keys};
use kafkascope_model::ids::{Name, NodeId};

/// What can be asked.
pub const VERBS: [&str; 17] = [
    "create-topic",
    "create-partitions",
    "delete-topic",
    "alter-configs",
    "elect-leaders",
    "delete-records",
    "reassign-partitions",
    "list-offsets",
    "describe-cluster",
    "describe-topic",
    "list-groups",
    "describe-group",
    "delete-group",
    "list-group-offsets",
    "alter-group-offsets",
    "delete-group-offsets",
    "remove-members",
];

/// The call of a verb.
pub fn read(verb: &str, item: &Item<'_>, cast: &mut Cast) -> Option<AdminCommand> {
    let name = || item.text().map(Name::from);
    Some(match verb {
        "create-topic" => cluster::topic(&item.section()?, cast)?,
        "delete-topic" => AdminCommand::DeleteTopic { name: name()? },
        "describe-cluster" => item.flag().map(|_| AdminCommand::DescribeCluster)?,
        "describe-topic" => AdminCommand::DescribeTopic { name: name()? },
        "list-groups" => item.flag().map(|_| AdminCommand::ListGroups)?,
        "describe-group" => AdminCommand::DescribeGroup { group: name()? },
        "delete-group" => AdminCommand::DeleteGroup { group: name()? },
        "list-group-offsets" => AdminCommand::ListGroupOffsets { group: name()? },
        _ => {
            let section = item.section()?;
            let call = longer(verb, &section);
            section.finish();
            call?
        }
    })
}

fn longer(verb: &str, section: &Section<'_>) -> Option<AdminCommand> {
    let name = |key| section.need(key).and_then(|item| item.text()).map(Name::from);
    match verb {
        "create-partitions" => {
            let total = section.need("total").and_then(|item| item.whole(1..=10_000));
            Some(AdminCommand::CreatePartitions { name: name("topic")?, total: total? as i32 })
        }
        "alter-configs" => alter_configs(section),
        "elect-leaders" => {
            let unclean = section.flag("unclean");
            let partitions = section.need("partitions")?.items()?;
            let partitions = partitions.iter().map(records::partition).collect::<Option<_>>()?;
            Some(AdminCommand::ElectLeaders { unclean, partitions })
        }
        "delete-records" => {
            let before = section.need("before").and_then(|item| item.whole(-1..=i64::MAX));
            let (topic, partition) = records::partition(&section.need("partition")?)?;
            Some(AdminCommand::DeleteRecords { topic, partition, before: before? })
        }
        "reassign-partitions" => {
            let partitions = section.need("partitions")?.items()?;
            let partitions = partitions.iter().map(reassigned).collect::<Option<_>>()?;
            Some(AdminCommand::ReassignPartitions { partitions })
        }
        "list-offsets" => list_offsets(section),
        "alter-group-offsets" => {
            let offsets = section.need("offsets").and_then(|item| events::offsets(&item));
            Some(AdminCommand::AlterGroupOffsets { group: name("group")?, offsets: offsets? })
        }
        "delete-group-offsets" => {
            let partitions = section.need("partitions")?.items()?;
            let partitions = partitions.iter().map(records::partition).collect::<Option<_>>()?;
            Some(AdminCommand::DeleteGroupOffsets { group: name("group")?, partitions })
        }
        _ => {
            let instances = section.texts("instances").into_iter().map(Name::from).collect();
            Some(AdminCommand::RemoveMembers { group: name("group")?, instances })
        }
    }
}

fn reassigned(item: &Item<'_>) -> Option<(Name, i32, Option<Vec<NodeId>>)> {
    let section = item.section()?;
    let partition = section.need("partition").and_then(|item| records::partition(&item));
    let replicas = section.get("replicas").map(|item| cluster::brokers(&item));
    section.finish();
    let (topic, partition) = partition?;
    Some(match replicas {
        None => (topic, partition, None),
        Some(replicas) => (topic, partition, Some(replicas?)),
    })
}

fn list_offsets(section: &Section<'_>) -> Option<AdminCommand> {
    let spec = section.get("spec");
    let read_committed = section.flag("read-committed");
    let (topic, partition) = records::partition(&section.need("partition")?)?;
    let spec = match spec {
        None => OffsetSpec::Latest,
        Some(item) => match item.raw().as_str() {
            Some("earliest") => OffsetSpec::Earliest,
            Some("latest") => OffsetSpec::Latest,
            Some("max-timestamp") => OffsetSpec::MaxTimestamp,
            _ => OffsetSpec::AtOrAfter(item.moment()?),
        },
    };
    Some(AdminCommand::ListOffsets { topic, partition, spec, read_committed })
}

fn alter_configs(section: &Section<'_>) -> Option<AdminCommand> {
    let (topic, broker) = (section.text("topic"), section.whole("broker", 1..=99));
    let (all, group) = (section.flag("all-brokers"), section.text("group"));
    let resource = match (topic, broker, all, group) {
        (Some(topic), None, false, None) => ConfigResource::Topic(topic.into()),
        (None, Some(id), false, None) => ConfigResource::Broker(Some(NodeId(id as i32))),
        (None, None, true, None) => ConfigResource::Broker(None),
        (None, None, false, Some(group)) => ConfigResource::Group(group.into()),
        _ => {
            section.wrong("say whose configs: one of topic, broker, all-brokers = true, group");
            return None;
        }
    };
    let check = |key: &str, value: &str| approve(&resource, key, value);
    let set: ConfigPairs =
        section.section("set").map(|inside| configs::pairs(&inside, check)).unwrap_or_default();
    let delete = section.texts("delete").into_iter().map(|key| (Name::from(key), None));
    let configs = set.into_iter().map(|(key, value)| (key, Some(value))).chain(delete).collect();
    Some(AdminCommand::AlterConfigs { resource, configs })
}

fn approve(resource: &ConfigResource, key: &str, value: &str) -> Result<(), String> {
    let approved = match resource {
        ConfigResource::Topic(_) => TopicConfig::default().set(key, value),
        ConfigResource::Broker(_) => BrokerConfig::default().set(key, value),
        ConfigResource::Group(_) if known_keys(Scope::Group).any(|known| known == key) => Ok(()),
        ConfigResource::Group(_) => Err(ConfigError::unknown(Scope::Group, key)),
    };
    approved.map_err(|error| error.reason)
}
