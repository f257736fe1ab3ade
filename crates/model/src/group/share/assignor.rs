//! The assignor of share groups (`SimpleAssignor`).
//!
//! A partition may go to several members: to as many as it takes for everyone to have an about equal share. Members keep what
//! they have where that fits. Invariant: a member gets partitions of topics it subscribed to only.

use crate::group::modern::assignor::{MemberSpec, Targets};
use crate::ids::{Name, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Partitions that may be assigned, by topic.
pub type Assignable = FlatMap<TopicId, FlatSet<i32>>;

/// Deals the partitions: all topics together if everyone subscribed to the same, else topic by topic.
pub fn assign(members: &[MemberSpec], assignable: &Assignable) -> Targets {
    let mut targets: Targets =
        members.iter().map(|member| (member.id.clone(), FlatSet::new())).collect();
    let subscribed: FlatSet<TopicId> =
        members.iter().flat_map(|member| member.topics.iter().copied()).collect();
    let alike = members.windows(2).all(|pair| pair[0].topics == pair[1].topics);
    if alike {
        deal(
            &members.iter().collect::<Vec<_>>(),
            &partitions_of(&subscribed, assignable),
            &mut targets,
        );
        return targets;
    }
    for topic in subscribed {
        let readers = members.iter().filter(|member| member.topics.contains(&topic));
        let partitions = partitions_of(&FlatSet::from([topic]), assignable);
        deal(&readers.collect::<Vec<_>>(), &partitions, &mut targets);
    }
    targets
}

fn partitions_of(topics: &FlatSet<TopicId>, assignable: &Assignable) -> Vec<TopicPartition> {
    let of = |topic: &TopicId| {
        let topic = *topic;
        let indexes = assignable.get(&topic).into_iter().flatten();
        indexes.map(move |index| TopicPartition::new(topic, *index))
    };
    topics.iter().flat_map(of).collect()
}

/// Deals some partitions to members who all read them.
fn deal(members: &[&MemberSpec], partitions: &[TopicPartition], targets: &mut Targets) {
    if members.is_empty() || partitions.is_empty() {
        return;
    }
    let sharing = members.len().div_ceil(partitions.len());
    let total = sharing * partitions.len();
    let upto = |count: usize| (total * count).div_ceil(members.len());
    let quota: Vec<usize> = (0..members.len()).map(|at| upto(at + 1) - upto(at)).collect();
    let mut owned: Vec<FlatSet<TopicPartition>> =
        members.iter().map(|member| kept(member, partitions)).collect();
    for (own, quota) in owned.iter_mut().zip(&quota) {
        while own.len() > *quota {
            own.pop_first();
        }
    }
    let mut sharers: FlatMap<TopicPartition, FlatSet<usize>> =
        partitions.iter().map(|tp| (*tp, FlatSet::new())).collect();
    for (at, own) in owned.iter().enumerate() {
        for tp in own {
            sharers.entry(*tp).or_default().insert(at);
        }
    }
    for (tp, sharers) in &mut sharers {
        while sharers.len() > sharing
            && let Some(at) = sharers.pop_first()
        {
            owned[at].remove(tp);
        }
    }
    fill(&mut owned, &quota, &mut sharers, sharing);
    for (member, own) in members.iter().zip(owned) {
        give(&member.id, own, targets);
    }
}

fn kept(member: &MemberSpec, partitions: &[TopicPartition]) -> FlatSet<TopicPartition> {
    member.assigned.iter().copied().filter(|tp| partitions.contains(tp)).collect()
}

fn give(member: &Name, partitions: FlatSet<TopicPartition>, targets: &mut Targets) {
    targets.entry(member.clone()).or_default().extend(partitions);
}

/// Goes round the members below their quota until every partition has enough sharers.
fn fill(
    owned: &mut [FlatSet<TopicPartition>],
    quota: &[usize],
    sharers: &mut FlatMap<TopicPartition, FlatSet<usize>>,
    sharing: usize,
) {
    let mut unfilled: Vec<usize> =
        (0..owned.len()).filter(|at| owned[*at].len() < quota[*at]).collect();
    let (mut next, mut gave) = (0, false);
    for (tp, sharers) in sharers {
        while sharers.len() < sharing && !unfilled.is_empty() {
            if next >= unfilled.len() {
                if !gave {
                    break;
                }
                (next, gave) = (0, false);
            }
            let at = unfilled[next];
            if !sharers.insert(at) {
                next += 1;
                continue;
            }
            owned[at].insert(*tp);
            gave = true;
            if owned[at].len() >= quota[at] {
                unfilled.remove(next);
            } else {
                next += 1;
            }
        }
    }
}
