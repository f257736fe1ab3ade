//! The directory of a world: what its processes are called and how they are configured.
//!
//! Invariant: every process is in it, the admin client too.

use crate::directory::{Directory, NodeInfo, NodeKind};
use crate::words;
use kafkascope_model::config::{ConfigEntry, ConfigTable};
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_model::node::Node;
use kafkascope_model::workload::{Processing, Workload};
use kafkascope_model::world::World;

/// Everything that has a name in a world.
pub(super) fn directory(world: &World) -> Directory {
    let nodes = world.processes().map(|(id, process)| (id, info(world, id, &process.node)));
    Directory { nodes: nodes.collect() }
}

fn info(world: &World, id: NodeId, node: &Node) -> NodeInfo {
    let (kind, rack, configs, work, topics) = match node {
        Node::Broker(broker) => {
            (NodeKind::Broker, broker.rack.clone(), broker.config.entries(), String::new(), vec![])
        }
        Node::Controller(controller) => {
            (NodeKind::Controller, None, controller.config.entries(), String::new(), vec![])
        }
        Node::Producer(producer) => {
            let workload = producer.spec.workload.as_ref();
            let topics = workload.map(|workload| workload.topic.clone()).into_iter().collect();
            let work = workload.map(rate).unwrap_or_default();
            (NodeKind::Producer, None, producer.config_entries(), work, topics)
        }
        Node::Consumer(consumer) => {
            let work = effort(&consumer.spec.processing);
            let topics = consumer.spec.subscribe.iter().cloned();
            let assigned = consumer.spec.assign.iter().map(|(topic, _)| topic.clone());
            let topics: Vec<Name> = topics.chain(assigned).collect();
            (NodeKind::Consumer, None, consumer.config.entries(), work, topics)
        }
        Node::ShareConsumer(consumer) => {
            let work = effort(&consumer.spec.processing);
            let topics = consumer.spec.subscribe.clone();
            (NodeKind::Consumer, None, consumer.config.entries(), work, topics)
        }
        Node::Zookeeper(_) => {
            (NodeKind::Controller, None, Vec::<ConfigEntry>::new(), String::new(), vec![])
        }
        Node::Admin(_) => (NodeKind::Admin, None, Vec::<ConfigEntry>::new(), String::new(), vec![]),
    };
    let name = world.node_name(id).as_str().into();
    NodeInfo { name, kind, rack, configs, work: work.as_str().into(), topics }
}

/// "4 records a second".
fn rate(workload: &Workload) -> String {
    let every = workload.every.0.max(1);
    let tenths = (10_000_000 + every / 2) / every;
    match (tenths / 10, tenths % 10) {
        (0, _) => format!("a record every {}", words::span(workload.every)),
        (1, 0) => "1 record a second".to_string(),
        (whole, 0) => format!("{whole} records a second"),
        (whole, rest) if whole < 10 => format!("{whole}.{rest} records a second"),
        (whole, _) => format!("{whole} records a second"),
    }
}

/// "80 ms a record".
fn effort(processing: &Processing) -> String {
    if processing.per_record.0 > 0 {
        format!("{} a record", words::span(processing.per_record))
    } else {
        String::new()
    }
}
