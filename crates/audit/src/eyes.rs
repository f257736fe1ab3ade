//! Looking at a world: its brokers, controllers, replicas and clients.
//!
//! Invariant: looking changes nothing.

use kafkascope_model::broker::Broker;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::client::consumer::Consumer;
use kafkascope_model::client::producer::Producer;
use kafkascope_model::controller::Controller;
use kafkascope_model::ids::{EpochMs, LeaderEpoch, NodeId, Offset, TopicPartition};
use kafkascope_model::log::{Batch, PartitionLog};
use kafkascope_model::node::Node;
use kafkascope_model::world::{Process, World};

pub fn brokers(world: &World) -> impl Iterator<Item = (&Process, &Broker)> {
    world.processes().filter_map(|(id, process)| Some((process, world.broker(id)?)))
}

#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
pub fn controllers(world: &World) -> impl Iterator<Item = (&Process, &Controller)> {
    world.processes().filter_map(|(_, process)| match &process.node {
        Node::Controller(controller) => Some((process, &**controller)),
        _ => None,
    })
}

pub fn controller(world: &World, id: NodeId) -> Option<&Controller> {
    controllers(world).map(|(_, controller)| controller).find(|controller| controller.id == id)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
pub fn producer(world: &World, id: NodeId) -> Option<&Producer> {
    match &world.process(id)?.node {
        Node::Producer(producer) => Some(producer),
        _ => None,
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
pub fn consumer(world: &World, id: NodeId) -> Option<&Consumer> {
    match &world.process(id)?.node {
        Node::Consumer(consumer) => Some(consumer),
        _ => None,
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
pub fn consumers(world: &World) -> impl Iterator<Item = &Consumer> {
    world.processes().filter_map(|(_, process)| match &process.node {
        Node::Consumer(consumer) => Some(&**consumer),
        _ => None,
    })
}

pub fn replica(world: &World, node: NodeId, tp: TopicPartition) -> Option<&Partition> {
    world.broker(node)?.replicas.replicas.get(tp)
}

/// What a process's wall clock shows.
pub fn wall_clock(world: &World, node: NodeId) -> EpochMs {
    let skew = world.process(node).map_or(0, |process| process.clock_skew_ms);
    let since = i64::try_from(world.now().as_ms()).unwrap_or(i64::MAX);
    world.spec().epoch_ms_at_zero.saturating_add(since).saturating_add(skew)
}

/// Whether a leader takes a broker for a member of the ISR, perhaps since it has heard nothing for long.
pub fn is_counted_on(world: &World, tp: TopicPartition, node: NodeId) -> bool {
    brokers(world).any(|(_, broker)| {
        let leadership = broker.replicas.replicas.get(tp).and_then(|r| r.leadership.as_ref());
        leadership.is_some_and(|leadership| leadership.isr.contains(&node))
    })
}

/// Batches from the one that holds `from`, to the log's end.
pub fn batches(log: &PartitionLog, from: Offset) -> impl Iterator<Item = &Batch> {
    let first = log.segments().partition_point(|segment| segment.base_offset <= from);
    let segments = &log.segments()[first.saturating_sub(1)..];
    segments.iter().flat_map(move |segment| segment.batches_from(from))
}

/// Whether a log has everything below `end`, the last of it under `epoch`: then, by log matching, it has the rest too.
pub fn holds(log: &PartitionLog, end: Offset, epoch: Option<LeaderEpoch>) -> bool {
    if log.log_start() >= end {
        return true;
    }
    log.log_end() >= end && log.epochs().epoch_at(end - 1) == epoch
}
