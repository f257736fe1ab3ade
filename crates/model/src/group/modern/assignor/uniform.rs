//! Everyone subscribed to the same topics (`UniformHomogeneousAssignmentBuilder`).
//!
//! Members keep up to their quota of what they have; who has one more keeps it, the other extras go to the last members.
//! Invariant: no member has two partitions more than another.

use super::{GroupSpec, Targets};
use crate::ids::{Name, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;

/// Deals the partitions.
pub fn assign(group: &GroupSpec) -> Targets {
    let Some(first) = group.members.first() else { return Targets::new() };
    let all: Vec<TopicPartition> =
        first.topics.iter().flat_map(|topic| group.of_topic(*topic)).collect();
    let held: FlatSet<TopicPartition> =
        group.members.iter().flat_map(|member| member.assigned.iter().copied()).collect();
    let mut unassigned: Vec<_> = all.iter().copied().filter(|tp| !held.contains(tp)).collect();
    let quota = all.len() / group.members.len();
    let mut extras = all.len() % group.members.len();
    let mut targets = group.nothing();
    let mut unfilled: Vec<(Name, usize)> = Vec::new();
    for member in &group.members {
        let may_keep = quota + usize::from(extras > 0);
        let wanted = member.assigned.iter().copied().filter(|tp| first.topics.contains(&tp.topic));
        let mut kept: Vec<_> = wanted.collect();
        let revoked = kept.split_off(may_keep.min(kept.len()));
        unassigned.extend(revoked);
        if kept.len() > quota {
            extras -= 1;
        } else {
            unfilled.push((member.id.clone(), quota - kept.len()));
        }
        targets.insert(member.id.clone(), kept.into_iter().collect());
    }
    let (mut rest, count) = (unassigned.into_iter(), unfilled.len());
    for (place, (member, room)) in unfilled.into_iter().enumerate() {
        let room = room + usize::from(count - place <= extras);
        targets.entry(member).or_default().extend(rest.by_ref().take(room));
    }
    targets
}
