//! Brokers, controllers and topics.
//!
//! Invariant: ids and counts are in Kafka's ranges here already, so that the world has nothing to refuse.

use super::cast::Cast;
use super::clients::one_of;
use super::{Reading, configs};
use crate::builder::Builder;
use crate::doc::{Item, Section};
use kafkascope_model::command::AdminCommand;
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::ids::{Name, NodeId};
use std::ops::RangeInclusive;

const BROKER_IDS: RangeInclusive<i64> = 1..=99;

/// `[cluster]` and `[[broker]]`.
pub fn read(root: &Section<'_>, reading: &mut Reading<'_>, mut builder: Builder) -> Builder {
    if let Some(cluster) = root.section("cluster") {
        let config = configs::read::<BrokerConfig>(&cluster, "config");
        builder = builder.cluster_config(config);
        if let Some(item) = cluster.get("metadata") {
            let modes = [("kraft", false), ("zookeeper", true)];
            if one_of(&item, &modes) {
                builder = builder.zookeeper();
                if cluster.get("controllers").is_some() {
                    item.wrong("brokers are controllers themselves then; leave 'controllers' out");
                }
            }
        }
        let session = "zookeeper.session.timeout.ms";
        if !builder.has_zookeeper() && builder.has_config(session) {
            cluster.wrong(format!("{session} needs metadata = \"zookeeper\""));
        }
        if let Some(item) = cluster.get("controllers")
            && let Some(count) = item.whole(1..=9)
        {
            builder = builder.controllers(count as i32);
        }
        if let Some(item) = cluster.get("brokers")
            && let Some(count) = item.whole(BROKER_IDS)
        {
            builder = builder.brokers(count as i32);
        }
        cluster.finish();
    }
    let mut told = Vec::new();
    for section in root.sections("broker") {
        if let Some(item) = section.need("id")
            && let Some((id, rack, config)) = broker(&section, &item)
        {
            if told.contains(&id) {
                item.wrong(format!("broker {id} has its [[broker]] already; choose another id"));
            }
            told.push(id);
            builder = builder.broker(id, rack, config);
        }
    }
    if builder.broker_ids().is_empty() {
        root.wrong("a cluster needs brokers: write 'brokers = 3' under [cluster], or [[broker]]");
    }
    for id in builder.broker_ids().into_iter().chain(builder.controller_ids()) {
        reading.cast.know_server(id);
    }
    builder
}

type Broker = (NodeId, Option<Name>, Vec<(Name, Name)>);

/// A broker's id, rack and configs.
pub fn broker(section: &Section<'_>, item: &Item<'_>) -> Option<Broker> {
    section.present(&["id"]);
    let id = item.whole(BROKER_IDS).map(|id| NodeId(id as i32));
    let rack = section.text("rack").map(Into::into);
    let config = configs::read::<BrokerConfig>(section, "config");
    section.finish();
    Some((id?, rack, config))
}

/// A topic as `[[topic]]` or `create-topic` has it.
pub fn topic(section: &Section<'_>, cast: &mut Cast) -> Option<AdminCommand> {
    let name = section.need("name").and_then(|item| {
        let name = item.text()?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.len() > 249 || !name.chars().all(fits) {
            item.wrong("a topic's name is 1 to 249 letters, digits, '.', '_' and '-'");
            return None;
        }
        Some(name)
    });
    let partitions = section.whole("partitions", -1..=10_000);
    let factor = section.whole("replication-factor", -1..=99);
    let assignments: Vec<Vec<NodeId>> = section
        .get("replicas")
        .and_then(|item| item.items()?.iter().map(brokers).collect())
        .unwrap_or_default();
    let configs = configs::read::<TopicConfig>(section, "config");
    section.finish();
    let name = name?;
    cast.add_topic(&name);
    let assigned = !assignments.is_empty();
    let usual = |given: Option<i64>| if assigned { -1 } else { given.unwrap_or(-1) };
    Some(AdminCommand::CreateTopic {
        name: name.as_str().into(),
        partitions: usual(partitions) as i32,
        replication_factor: usual(factor) as i16,
        assignments,
        configs,
    })
}

/// Broker ids in a list.
pub fn brokers(item: &Item<'_>) -> Option<Vec<NodeId>> {
    let id = |item: &Item<'_>| item.whole(BROKER_IDS).map(|id| NodeId(id as i32));
    item.items()?.iter().map(id).collect()
}
