//! Members subscribed to different topics (`UniformHeterogeneousAssignmentBuilder`).
//!
//! What is unassigned goes to whoever has the least; then each topic is balanced among its members, until a round changes
//! nothing. Invariant: a partition moves only from a member with at least two more.

use super::balancer::Balancer;
use super::{GroupSpec, Targets};
use crate::ids::{TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// Rounds of balancing at most (`MAX_ITERATION_COUNT`).
const MAX_ROUNDS: u32 = 16;

/// Deals the partitions.
pub fn assign(group: &GroupSpec) -> Targets {
    let mut builder = Builder::new(group);
    builder.assign_rest();
    builder.balance();
    builder.targets()
}

struct Builder<'a> {
    group: &'a GroupSpec,
    /// Places of members that want a topic.
    subscribers: FlatMap<TopicId, Vec<usize>>,
    /// The place of a partition's member; -1 none.
    owners: FlatMap<TopicPartition, i64>,
    sizes: Vec<i64>,
}

impl<'a> Builder<'a> {
    fn new(group: &'a GroupSpec) -> Self {
        let mut subscribers: FlatMap<TopicId, Vec<usize>> = FlatMap::new();
        for (place, member) in group.members.iter().enumerate() {
            for topic in &member.topics {
                subscribers.entry(*topic).or_default().push(place);
            }
        }
        let partitions = subscribers.keys().flat_map(|topic| group.of_topic(*topic));
        let mut owners: FlatMap<_, _> = partitions.map(|tp| (tp, -1)).collect();
        let mut sizes = alloc::vec![0; group.members.len()];
        for (place, member) in group.members.iter().enumerate() {
            for tp in member.assigned.iter().filter(|tp| member.topics.contains(&tp.topic)) {
                owners.insert(*tp, place as i64);
                sizes[place] += 1;
            }
        }
        Self { group, subscribers, owners, sizes }
    }

    /// Topics with the most partitions a member first (`topicComparator`).
    fn sorted(&self, mut topics: Vec<TopicId>) -> Vec<TopicId> {
        let partitions = |topic: &TopicId| i64::from(self.group.partitions[topic]);
        let members = |topic: &TopicId| self.subscribers[topic].len() as i64;
        topics.sort_by(|a, b| {
            (partitions(b) * members(a))
                .cmp(&(partitions(a) * members(b)))
                .then(members(a).cmp(&members(b)))
                .then(a.cmp(b))
        });
        topics
    }

    fn assign_rest(&mut self) {
        let mut unassigned: FlatMap<TopicId, Vec<TopicPartition>> = FlatMap::new();
        for (tp, _) in self.owners.iter().filter(|(_, owner)| **owner < 0) {
            unassigned.entry(tp.topic).or_default().push(*tp);
        }
        for topic in self.sorted(unassigned.keys().copied().collect()) {
            let mut balancer = Balancer::new(&self.subscribers[&topic], &self.sizes);
            for tp in &unassigned[&topic] {
                let member = balancer.next_least(&self.sizes);
                self.give(*tp, member);
            }
        }
    }

    fn balance(&mut self) {
        let shared = self.subscribers.iter().filter(|(_, members)| members.len() >= 2);
        let topics = self.sorted(shared.map(|(topic, _)| *topic).collect());
        let mut last_changed = None;
        for _ in 0..MAX_ROUNDS {
            for (place, topic) in topics.iter().enumerate() {
                if last_changed == Some(place) {
                    return;
                }
                if self.balance_topic(*topic) || last_changed.is_none() {
                    last_changed = Some(place);
                }
            }
        }
    }

    /// Whether anything moved.
    fn balance_topic(&mut self, topic: TopicId) -> bool {
        let members = self.subscribers[&topic].clone();
        let sizes = members.iter().map(|member| self.sizes[*member]);
        if sizes.clone().max().unwrap_or(0) - sizes.min().unwrap_or(0) <= 1 {
            return false;
        }
        let mut held: FlatMap<i64, Vec<TopicPartition>> = FlatMap::new();
        for tp in self.group.of_topic(topic) {
            held.entry(self.owners[&tp]).or_default().push(tp);
        }
        let (mut balancer, mut moved) = (Balancer::new(&members, &self.sizes), false);
        while !balancer.is_balanced() {
            let taken = loop {
                let Some(member) = balancer.next_most(&self.sizes) else { return moved };
                match held.get_mut(&(member as i64)).and_then(Vec::pop) {
                    Some(tp) => break tp,
                    None => balancer.exclude_most(),
                }
            };
            let member = balancer.next_least(&self.sizes);
            if balancer.is_balanced() {
                break;
            }
            self.give(taken, member);
            moved = true;
        }
        moved
    }

    fn give(&mut self, tp: TopicPartition, member: usize) {
        if let Some(before) = self.owners.insert(tp, member as i64)
            && let Ok(before) = usize::try_from(before)
        {
            self.sizes[before] -= 1;
        }
        self.sizes[member] += 1;
    }

    fn targets(&self) -> Targets {
        let mut targets = self.group.nothing();
        for (tp, owner) in &self.owners {
            if let Ok(place) = usize::try_from(*owner) {
                let id = self.group.members[place].id.clone();
                targets.entry(id).or_default().insert(*tp);
            }
        }
        targets
    }
}
