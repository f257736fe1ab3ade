//! Members of groups: what they hold, what they are given, and how much at a time.
//!
//! Invariant: a member holds what its own callbacks were told.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::groups::offsets_taint;
use crate::taint::Taints;
use kafkascope_model::client::consumer::Consumer;
use kafkascope_model::config::consumer::Assignor;
use kafkascope_model::ids::{Name, NodeId, TopicId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::workload::CommitStrategy;
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// What members hold.
#[derive(Clone, Debug, Default)]
pub struct Ownership {
    held: BTreeMap<NodeId, BTreeSet<TopicPartition>>,
    clients: BTreeMap<Name, NodeId>,
    /// Members whom their coordinator has removed, and who may not know it.
    outside: BTreeSet<NodeId>,
    /// Members who have joined the generation that is being formed.
    joined: BTreeSet<NodeId>,
    /// The last record handed out: to whom, by which fact, and the how-manieth of its poll.
    last: Option<(NodeId, u64, i32)>,
}

impl Ownership {
    /// A fact of a member, or of a coordinator about one.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about members")]
    pub fn observe(
        &mut self,
        event: &TraceEvent,
        world: &World,
        taints: &Taints,
        board: &mut Board,
    ) {
        let who = event.node;
        match &event.fact {
            Fact::MemberJoining { member, client, .. } => {
                self.clients.insert(member.clone(), *client);
                self.outside.remove(client);
                self.joined.insert(*client);
            }
            Fact::GenerationFormed { group, .. } => self.formed(group, world),
            Fact::MemberLeft { member, .. } | Fact::MemberExpired { member, .. } => {
                self.outside.extend(self.clients.remove(member));
            }
            Fact::CoordinatorLoaded { .. } => {
                // What a coordinator that was cut off did with its members, nobody else knows.
                self.outside.extend(self.held.keys());
            }
            Fact::Assigned { partitions, .. } => {
                let excuse = offsets_taint(world, taints);
                self.assigned(who, partitions, excuse, world, board);
            }
            Fact::Revoked { partitions, .. } | Fact::Lost { partitions, .. } => {
                let held = self.held.entry(who).or_default();
                held.retain(|tp| {
                    !partitions.iter().any(|gone| gone == tp || unresolved(*gone) == *tp)
                });
            }
            Fact::Exited(_) | Fact::ClientClosed => drop(self.held.remove(&who)),
            Fact::Delivered { tp, .. } => {
                let Some(consumer) = eyes::consumer(world, who) else { return };
                self.delivered(event, *tp, consumer, board);
            }
            _ => {}
        }
    }

    /// A static member stays in its group though it did not join in time, and what it says it holds is from its last joining.
    fn formed(&mut self, group: &Name, world: &World) {
        let of_group = |id: &NodeId| {
            eyes::consumer(world, *id)
                .is_some_and(|it| it.config.group_id.as_deref() == Some(group.as_ref()))
        };
        let is_static = |id: &NodeId| {
            eyes::consumer(world, *id).is_some_and(|it| it.config.group_instance_id.is_some())
        };
        let absent = self.held.keys().filter(|id| !self.joined.contains(id) && is_static(id));
        self.outside.extend(absent.copied().filter(of_group));
        self.joined.retain(|id| !of_group(id));
    }

    fn assigned(
        &mut self,
        who: NodeId,
        partitions: &[TopicPartition],
        excuse: Option<&'static str>,
        world: &World,
        board: &mut Board,
    ) {
        let Some(consumer) = eyes::consumer(world, who) else { return };
        if is_cooperative(consumer) {
            for tp in partitions {
                let other = self.held.iter().find(|(id, held)| {
                    **id != who
                        && held.contains(tp)
                        && !self.outside.contains(id)
                        && is_of_same_group(consumer, eyes::consumer(world, **id))
                });
                board.check_unless(Id::G6, excuse, other.is_none(), || {
                    format!("{who} is assigned {tp:?}, which {other:?} has not given up")
                });
            }
        }
        self.held.entry(who).or_default().extend(partitions);
    }

    fn delivered(
        &mut self,
        event: &TraceEvent,
        tp: TopicPartition,
        consumer: &Consumer,
        board: &mut Board,
    ) {
        let who = event.node;
        let subscribed = !consumer.spec.subscribe.is_empty() || consumer.spec.pattern.is_some();
        let held = self
            .held
            .get(&who)
            .is_some_and(|held| held.contains(&tp) || held.contains(&unresolved(tp)));
        board.check(Id::G5, !subscribed || held, || {
            format!("{who} was given a record of {tp:?}, which it does not hold")
        });
        let count = match self.last {
            Some((node, seq, count)) if node == who && seq + 1 == event.seq => count + 1,
            Some(_) | None => 1,
        };
        self.last = Some((who, event.seq, count));
        let one_poll = !matches!(consumer.spec.processing.commits, CommitStrategy::Pool { .. });
        let most = consumer.config.max_poll_records;
        board.check(Id::F7, !one_poll || count <= most, || {
            format!("{who} got {count} records at once, max.poll.records is {most}")
        });
    }
}

/// The partition as a member calls it that is given it before it has metadata of its topic.
const fn unresolved(tp: TopicPartition) -> TopicPartition {
    TopicPartition::new(TopicId::ZERO, tp.partition)
}

fn is_cooperative(consumer: &Consumer) -> bool {
    let assignors = &consumer.config.assignors.0;
    consumer.config.group_instance_id.is_none()
        && !assignors.is_empty()
        && assignors.iter().all(|assignor| *assignor == Assignor::CooperativeSticky)
}

fn is_of_same_group(one: &Consumer, other: Option<&Consumer>) -> bool {
    other.is_some_and(|other| {
        other.config.group_id.is_some() && other.config.group_id == one.config.group_id
    })
}
