//! Topic by topic, a range of consecutive partitions for each member (`RangeAssignor`).
//!
//! Members in the same racks as replicas are served first where that tells them apart (KIP-881). Invariant: of each topic, no
//! member has two partitions more than another that wants it.

use super::{AssignedMember, Assignment, Topics, nothing, racks_matter, sorted};
use crate::ids::Name;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Deals each topic's partitions in ranges.
pub fn assign(topics: &Topics, members: &[AssignedMember]) -> Assignment {
    let order = sorted(members);
    let mut assignment = nothing(members);
    let mut states: Vec<_> =
        topics.iter().map(|(topic, racks)| TopicState::new(topic, racks, &order)).collect();
    let rack_aware = states.iter().any(|state| state.rack_aware);
    if rack_aware {
        match_racks(&mut states, &mut assignment);
    }
    for state in &mut states {
        state.deal_ranges(|_, _| true, &mut assignment);
    }
    if rack_aware {
        assignment.values_mut().for_each(|partitions| partitions.sort());
    }
    assignment
}

/// What is left to deal of one topic.
struct TopicState<'a> {
    topic: &'a Name,
    racks: &'a [FlatSet<Name>],
    /// Who wants it, with how many partitions each has got, in member order.
    members: Vec<(&'a AssignedMember, u32)>,
    unassigned: FlatSet<i32>,
    quota: u32,
    /// How many members may still have one more than the quota.
    extras: i64,
    rack_aware: bool,
}

impl<'a> TopicState<'a> {
    fn new(topic: &'a Name, racks: &'a [FlatSet<Name>], order: &[&'a AssignedMember]) -> Self {
        let wanting = order.iter().filter(|member| member.wants(topic));
        let members: Vec<_> = wanting.map(|member| (*member, 0)).collect();
        let (partitions, count) = (racks.len() as u32, members.len().max(1) as u32);
        Self {
            topic,
            racks,
            unassigned: (0..).zip(racks).map(|(partition, _)| partition).collect(),
            quota: partitions / count,
            extras: i64::from(partitions % count),
            rack_aware: racks_matter(members.iter().map(|(member, _)| *member), racks),
            members,
        }
    }

    /// How many more partitions a member may get.
    fn room(&self, index: usize) -> u32 {
        (self.quota + u32::from(self.extras > 0)).saturating_sub(self.members[index].1)
    }

    /// A member without a rack matches everything.
    fn racks_match(&self, member: &AssignedMember, partition: i32) -> bool {
        let racks = usize::try_from(partition).ok().and_then(|index| self.racks.get(index));
        member.rack().is_none_or(|rack| racks.is_some_and(|racks| racks.contains(rack)))
    }

    fn give(&mut self, index: usize, partitions: &[i32], assignment: &mut Assignment) {
        let (member, count) = &mut self.members[index];
        *count += partitions.len() as u32;
        if *count > self.quota {
            self.extras -= 1;
        }
        let got = assignment.entry(member.id.clone()).or_default();
        for partition in partitions {
            self.unassigned.remove(partition);
            got.push((self.topic.clone(), *partition));
        }
    }

    fn deal_ranges(
        &mut self,
        may: impl Fn(&Self, (&AssignedMember, i32)) -> bool,
        assignment: &mut Assignment,
    ) {
        for index in 0..self.members.len() {
            let member = self.members[index].0;
            let fitting = self.unassigned.iter().copied().filter(|p| may(self, (member, *p)));
            let range: Vec<i32> = fitting.take(self.room(index) as usize).collect();
            if !range.is_empty() {
                self.give(index, &range, assignment);
            }
        }
    }
}

/// Deals what can be dealt within racks; topics with as many partitions and the same members go together, partition by
/// partition, so that joins stay local.
fn match_racks(states: &mut [TopicState<'_>], assignment: &mut Assignment) {
    let mut groups: FlatMap<(Vec<Name>, usize), Vec<usize>> = FlatMap::new();
    for (index, state) in states.iter().enumerate() {
        let members = state.members.iter().map(|(member, _)| member.id.clone()).collect();
        groups.entry((members, state.racks.len())).or_default().push(index);
    }
    for ((members, partitions), topics) in groups {
        if let [only] = topics[..] {
            let state = &mut states[only];
            if state.rack_aware {
                state.deal_ranges(|state, (m, p)| state.racks_match(m, p), assignment);
            }
        } else {
            deal_together(states, &topics, members.len(), partitions as i32, assignment);
        }
    }
}

fn deal_together(
    states: &mut [TopicState<'_>],
    topics: &[usize],
    members: usize,
    partitions: i32,
    assignment: &mut Assignment,
) {
    let mut remaining: Vec<usize> = (0..members).collect();
    for partition in 0..partitions {
        let fits = |member: &usize| {
            topics.iter().map(|topic| &states[*topic]).all(|state| {
                state.room(*member) > 0 && state.racks_match(state.members[*member].0, partition)
            })
        };
        let Some(member) = remaining.iter().copied().find(fits) else { continue };
        for topic in topics {
            states[*topic].give(member, &[partition], assignment);
        }
        if topics.iter().all(|topic| states[*topic].room(member) == 0) {
            remaining.retain(|other| *other != member);
        }
    }
}
