//! Groups as their coordinators' facts tell them.
//!
//! A share group's start offsets stand among the commits: both say below which offset everything is done. Invariant: a
//! group's state is one of Kafka's own words.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not about groups")]

use super::{Moment, Picture, Queue};
use kafkascope_kernel::FlatMap;
use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};

/// A group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupPicture {
    /// Its state in Kafka's words.
    pub state: &'static str,
    /// Since when.
    pub since: Moment,
    /// Whether it is a share group.
    pub shares: bool,
    /// Its generation; a share group's epoch.
    pub generation: i32,
    /// Member ids with their clients, by when they joined first.
    pub members: Vec<(Name, NodeId)>,
    /// Who computes the assignment, as a member id.
    pub leader: Option<Name>,
    /// Its coordinator.
    pub coordinator: Option<NodeId>,
    /// Why it rebalanced last.
    pub reason: Option<(Moment, Name)>,
    /// Durable commits by topic and partition.
    pub committed: FlatMap<(Name, i32), (Moment, Offset)>,
    /// What a share group's leaders have handed out of each partition.
    pub queues: FlatMap<TopicPartition, Queue>,
}

impl GroupPicture {
    /// The client behind a member id.
    pub fn client(&self, member: &Name) -> Option<NodeId> {
        self.members.iter().find(|(id, _)| id == member).map(|(_, client)| *client)
    }

    /// A client that came back under a new member id stands for itself once.
    fn admit(&mut self, member: &Name, client: NodeId) {
        self.members.retain(|(id, known)| *known != client || id == member);
        if self.client(member).is_none() {
            self.members.push((member.clone(), client));
        }
    }

    fn set(&mut self, state: &'static str, now: Moment) {
        (self.state, self.since) = (state, now);
    }
}

impl Picture {
    pub(super) fn observe_groups(&mut self, event: &TraceEvent) {
        let now = Moment::of(event);
        self.observe_queue(&event.fact, now);
        let Some(name) = group_of(&event.fact) else { return };
        let name = name.clone();
        let group = self.groups.entry(name.clone()).or_default();
        group.coordinator = Some(event.node);
        match &event.fact {
            Fact::MemberJoining { member, client, .. } => {
                group.admit(member, *client);
                let consumer = self.consumers.entry(*client).or_default();
                (consumer.group, consumer.member) = (Some(name), Some(member.clone()));
            }
            Fact::RebalanceStarted { generation, reason, .. } => {
                group.set("PreparingRebalance", now);
                group.generation = *generation;
                group.reason = Some((now, reason.clone()));
            }
            Fact::GenerationFormed { generation, leader, .. } => {
                group.set("CompletingRebalance", now);
                group.generation = *generation;
                group.leader = Some(leader.clone());
            }
            Fact::GroupStable { generation, .. } => {
                group.set("Stable", now);
                group.generation = *generation;
            }
            Fact::GroupEpoch { epoch, reason, .. } => {
                group.set("Assigning", now);
                group.generation = *epoch;
                group.reason = Some((now, reason.clone()));
            }
            Fact::TargetAssigned { epoch, .. } => {
                group.set("Reconciling", now);
                group.generation = *epoch;
                group.leader = None;
            }
            Fact::GroupEmpty { generation, .. } => {
                group.set("Empty", now);
                group.generation = *generation;
                group.members.clear();
            }
            Fact::GroupDeleted { .. } => {
                group.set("Dead", now);
                group.committed.clear();
            }
            Fact::ShareGroupEpoch { epoch, members, reason, .. } => {
                group.set(if *members == 0 { "Empty" } else { "Stable" }, now);
                (group.shares, group.generation) = (true, *epoch);
                group.reason = Some((now, reason.clone()));
            }
            Fact::ShareAssigned { member, client, .. } => {
                group.admit(member, *client);
                let consumer = self.consumers.entry(*client).or_default();
                (consumer.group, consumer.member) = (Some(name), Some(member.clone()));
                consumer.shares = true;
            }
            Fact::MemberLeft { member, .. } | Fact::MemberExpired { member, .. } => {
                group.members.retain(|(id, _)| id != member);
            }
            Fact::OffsetCommitted { topic, partition, offset, .. } => {
                group.committed.insert((topic.clone(), *partition), (now, *offset));
            }
            _ => {}
        }
    }
}

/// The group that a coordinator's fact is about.
pub fn group_of(fact: &Fact) -> Option<&Name> {
    match fact {
        Fact::MemberJoining { group, .. }
        | Fact::RebalanceStarted { group, .. }
        | Fact::GenerationFormed { group, .. }
        | Fact::GroupStable { group, .. }
        | Fact::GroupEmpty { group, .. }
        | Fact::GroupDeleted { group }
        | Fact::ShareGroupEpoch { group, .. }
        | Fact::ShareAssigned { group, .. }
        | Fact::MemberLeft { group, .. }
        | Fact::MemberExpired { group, .. }
        | Fact::GroupEpoch { group, .. }
        | Fact::TargetAssigned { group, .. }
        | Fact::OffsetCommitted { group, .. } => Some(group),
        _ => None,
    }
}
