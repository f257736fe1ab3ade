//! Groups: who owns what in which generation, and what was committed.
//!
//! Invariant: generations of a group that became empty or began again are forgotten.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::taint::Taints;
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::ids::{Name, NodeId, Offset, TopicId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::world::World;
use std::collections::BTreeMap;

/// What was heard of groups.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    generations: BTreeMap<Name, i32>,
    owners: BTreeMap<(Name, i32, TopicPartition), NodeId>,
    committed: BTreeMap<(Name, Name, i32), Offset>,
}

impl Groups {
    /// A fact of a coordinator or a member.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about groups")]
    pub fn observe(
        &mut self,
        event: &TraceEvent,
        world: &World,
        taints: &Taints,
        board: &mut Board,
    ) {
        match &event.fact {
            Fact::GenerationFormed { group, generation, .. }
            | Fact::GroupEmpty { group, generation } => {
                let excuse = offsets_taint(world, taints);
                self.formed(group, *generation, excuse, board);
                self.remembered(event.node, group, excuse, world, board);
            }
            Fact::Assigned { partitions, generation } => {
                self.assigned(event.node, partitions, *generation, world, board);
            }
            Fact::OffsetCommitted { group, topic, partition, offset } => {
                self.committed.insert((group.clone(), topic.clone(), *partition), *offset);
            }
            Fact::CoordinatorLoaded { partition, .. } => {
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
        group: &Name,
        generation: i32,
        excuse: Option<&'static str>,
        board: &mut Board,
    ) {
        let before = self.generations.insert(group.clone(), generation);
        board.check_unless(
            Id::G2,
            excuse,
            before.is_none_or(|before| generation >= before),
            || format!("group {group} fell from generation {before:?} to {generation}"),
        );
        self.owners.retain(|(of, at, _), _| of != group || *at < generation);
    }

    fn assigned(
        &mut self,
        member: NodeId,
        partitions: &[TopicPartition],
        generation: i32,
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
            board.check(Id::G1, owner == member, || {
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
        let (Some(excuse), Some(broker)) = (excuse, eyes::broker(world, node)) else { return };
        let had = self.committed.keys().any(|(of, ..)| of == group);
        let has = broker.groups.shards().any(|shard| shard.offsets.of(group).next().is_some());
        board.check_unless(Id::F4, Some(excuse), has || !had, || {
            format!("broker {node} knows nothing of what group {group} has committed")
        });
    }

    fn loaded(
        &self,
        node: NodeId,
        partition: i32,
        excuse: Option<&'static str>,
        world: &World,
        board: &mut Board,
    ) {
        let Some(broker) = eyes::broker(world, node) else { return };
        let Some(shard) = broker.groups.shards().find(|shard| shard.partition == partition) else {
            return;
        };
        for group in shard.offsets.groups() {
            for ((topic, index), found) in shard.offsets.of(group) {
                let key = (group.clone(), topic.clone(), *index);
                let Some(committed) = self.committed.get(&key) else { continue };
                board.check_unless(Id::F4, excuse, found.offset == *committed, || {
                    let found = found.offset;
                    format!("broker {node} knows {found} of {key:?}, committed was {committed}")
                });
            }
        }
    }
}

fn offsets_taint(world: &World, taints: &Taints) -> Option<&'static str> {
    let topic: Option<TopicId> = world.topic_named(OFFSETS_TOPIC);
    topic.and_then(|topic| taints.of_topic(topic))
}
