//! Groups: who owns what in which generation, and what was committed.
//!
//! A generation counts once its assignment is stored: a coordinator that is cut off may go on to generations that its successor
//! never hears of. In the same way a successor may know of a later commit than anyone was told of. Invariant: what was not
//! durable is held against nobody.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_model::command::Command;
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::group::coordinator::partition_for;
use kafkascope_model::group::offsets::Committed;
use kafkascope_model::ids::{Name, NodeId, TopicId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::world::World;
use std::collections::BTreeMap;

/// What was heard of groups.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// The newest that a coordinator went on to, since it has its part of the offsets topic.
    reached: BTreeMap<(NodeId, Name), i32>,
    /// The newest whose assignment is stored.
    stored: BTreeMap<Name, i32>,
    owners: BTreeMap<(Name, i32, TopicPartition), NodeId>,
    committed: BTreeMap<(Name, Name, i32), Committed>,
    /// A broker's clock is wrong, so nobody can tell which of two commits is the later one.
    wrong_clock: bool,
}

impl Groups {
    /// A command was carried out.
    pub fn command(&mut self, command: &Command) {
        self.wrong_clock |= matches!(command, Command::SkewClock(..));
    }

    /// A fact of a coordinator or a member.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about groups")]
    pub fn observe(
        &mut self,
        event: &TraceEvent,
        world: &World,
        truth: &Truth,
        taints: &Taints,
        board: &mut Board,
    ) {
        match &event.fact {
            Fact::GenerationFormed { group, generation, .. }
            | Fact::GroupEmpty { group, generation } => {
                let excuse = offsets_taint(world, taints);
                self.formed(event.node, group, *generation, excuse, world, board);
                self.remembered(event.node, group, excuse, world, board);
            }
            Fact::Assigned { partitions, generation } => {
                let excuse = offsets_taint(world, taints);
                self.assigned(event.node, partitions, *generation, excuse, world, board);
            }
            Fact::GroupStable { group, generation } if is_classic(world, event.node, group) => {
                self.stored.insert(group.clone(), *generation);
            }
            Fact::GroupDeleted { group } => self.deleted(group),
            Fact::OffsetCommitted { group, topic, partition, .. } => {
                self.commits(event.node, group, (topic.clone(), *partition), world);
            }
            Fact::CoordinatorLoaded { partition, .. } => {
                self.reached.retain(|(of, _), _| *of != event.node);
                if !leads(event.node, *partition, world, truth) {
                    return;
                }
                let excuse = offsets_taint(world, taints);
                self.loaded(event.node, *partition, excuse, world, board);
            }
            Fact::TopicDeleted { topic } => {
                if let Some(name) = world.topic_name(*topic) {
                    self.committed.retain(|(_, of, _), _| of != name);
                }
            }
            _ => {}
        }
    }

    fn formed(
        &mut self,
        node: NodeId,
        group: &Name,
        generation: i32,
        excuse: Option<&'static str>,
        world: &World,
        board: &mut Board,
    ) {
        if !is_classic(world, node, group) {
            return;
        }
        let before = self.reached.insert((node, group.clone()), generation);
        board.check_unless(Id::G2, excuse, before.is_none_or(|before| generation > before), || {
            format!("group {group} came from generation {before:?} to {generation}")
        });
        // A generation that was stored counts for ever; of the others nobody was told.
        let stored = self.stored.get(group).copied().unwrap_or(0);
        self.owners.retain(|(of, at, _), _| of != group || *at < generation || *at <= stored);
    }

    fn deleted(&mut self, group: &Name) {
        self.stored.remove(group);
        self.reached.retain(|(_, of), _| of != group);
        self.committed.retain(|(of, ..), _| of != group);
    }

    fn commits(&mut self, node: NodeId, group: &Name, of: (Name, i32), world: &World) {
        let Some(broker) = world.broker(node) else { return };
        if let Some(known) = broker.groups.shards().find_map(|shard| shard.offsets.get(group, &of))
        {
            self.committed.insert((group.clone(), of.0, of.1), *known);
        }
    }

    fn assigned(
        &mut self,
        member: NodeId,
        partitions: &[TopicPartition],
        generation: i32,
        excuse: Option<&'static str>,
        world: &World,
        board: &mut Board,
    ) {
        let Some(consumer) = eyes::consumer(world, member) else { return };
        let Some(group) = consumer.config.group_id.clone() else { return };
        // A static member's successor takes over its assignment within the generation.
        if consumer.config.group_instance_id.is_some() {
            return;
        }
        for tp in partitions {
            let owner = *self.owners.entry((group.clone(), generation, *tp)).or_insert(member);
            board.check_unless(Id::G1, excuse, owner == member, || {
                format!(
                    "{owner} and {member} both own {tp:?} in generation {generation} of {group}"
                )
            });
        }
    }

    /// A group goes on: does its coordinator know of its commits? One that was deleted has nothing to be remembered, so silence
    /// counts only where something is known to be lost.
    fn remembered(
        &self,
        node: NodeId,
        group: &Name,
        excuse: Option<&'static str>,
        world: &World,
        board: &mut Board,
    ) {
        let (Some(excuse), Some(broker)) = (excuse, world.broker(node)) else { return };
        let had = self.committed.keys().any(|(of, ..)| of == group);
        let has = broker.groups.shards().any(|shard| shard.offsets.of(group).next().is_some());
        board.check_unless(Id::F4, Some(excuse), has || !had, || {
            format!("broker {node} knows nothing of what group {group} has committed")
        });
    }

    fn loaded(
        &mut self,
        node: NodeId,
        partition: i32,
        excuse: Option<&'static str>,
        world: &World,
        board: &mut Board,
    ) {
        let Some(broker) = world.broker(node) else { return };
        let Some(shard) = broker.groups.shards().find(|shard| shard.partition == partition) else {
            return;
        };
        for (id, group) in &shard.groups {
            let stored = self.stored.get(id).copied().unwrap_or(0);
            board.check_unless(Id::G2, excuse, group.generation >= stored, || {
                let found = group.generation;
                format!("broker {node} knows generation {found} of {id}, stored was {stored}")
            });
            self.reached.insert((node, id.clone()), group.generation);
        }
        for group in shard.offsets.groups() {
            for ((topic, index), found) in shard.offsets.of(group) {
                let key = (group.clone(), topic.clone(), *index);
                let Some(committed) = self.committed.get(&key) else { continue };
                let knows = found.at >= committed.at || self.wrong_clock;
                board.check_unless(Id::F4, excuse, knows, || {
                    format!("broker {node} knows {found:?} of {key:?}, committed was {committed:?}")
                });
            }
        }
    }
}

/// Epochs of the other protocols are told before they are durable.
fn is_classic(world: &World, node: NodeId, group: &Name) -> bool {
    world
        .broker(node)
        .is_some_and(|broker| broker.groups.shards().any(|shard| shard.groups.contains_key(group)))
}

/// Whether a broker is the present coordinator of a group.
pub fn coordinates(node: NodeId, group: &str, world: &World, truth: &Truth) -> bool {
    let count = world.topic_named(OFFSETS_TOPIC).map_or(0, |topic| truth.partition_count(topic));
    count > 0 && leads(node, partition_for(group, count as i32), world, truth)
}

/// Whether a coordinator is the present one: metadata that reached it late may make it one of the past for a while.
fn leads(node: NodeId, partition: i32, world: &World, truth: &Truth) -> bool {
    let Some(topic) = world.topic_named(OFFSETS_TOPIC) else { return false };
    let tp = TopicPartition::new(topic, partition);
    let (state, replica) = (truth.partition(tp), eyes::replica(world, node, tp));
    state.zip(replica).is_some_and(|(state, replica)| {
        state.leader == node && state.leader_epoch == replica.leader_epoch
    })
}

/// Why what is known of groups may be lost, if so.
pub fn offsets_taint(world: &World, taints: &Taints) -> Option<&'static str> {
    let topic: Option<TopicId> = world.topic_named(OFFSETS_TOPIC);
    topic.and_then(|topic| taints.of_topic(topic))
}
