//! Everyone subscribed to the same topics (`AbstractStickyAssignor.ConstrainedAssignmentBuilder`).
//!
//! Members keep up to their quota of what they own; the rest is dealt to those with room. Invariant: sizes are `minQuota` or
//! `maxQuota`, and exactly the remainder of the division have `maxQuota`.

use super::claims::Claims;
use super::racks::Racks;
use crate::group::assignor::{Assignment, Partition, Topics};
use crate::group::java_order;
use crate::ids::Name;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// The assignment, and which partitions change hands.
pub fn assign(
    topics: &Topics,
    claims: Claims,
    racks: &Racks,
) -> (Assignment, FlatMap<Partition, Name>) {
    let total: usize = topics.values().map(Vec::len).sum();
    let members = claims.owned.len();
    if members == 0 {
        return (Assignment::new(), FlatMap::new());
    }
    let mut builder = Builder {
        racks,
        contested: claims.contested,
        maybe_revoked: FlatMap::new(),
        below: Vec::new(),
        at_min: Vec::new(),
        min_quota: total / members,
        max_quota: total.div_ceil(members),
        extras: total % members,
        extras_given: 0,
        assignment: claims.owned.keys().map(|id| (id.clone(), Vec::new())).collect(),
        moving: FlatMap::new(),
    };
    // Who may keep one more depends on this order, as it does in Kafka.
    let owned: Vec<_> = claims.owned.into_iter().collect();
    for (member, owned) in java_order::sort_by_name(owned, |(member, _)| &**member) {
        builder.keep(&member, owned);
    }
    let mut unassigned = builder.unassigned(topics);
    racks.sort(&mut unassigned);
    builder.below.sort();
    builder.at_min.sort();
    if !racks.members.is_empty() {
        builder.deal_near(&mut unassigned);
    }
    builder.deal(unassigned);
    (builder.assignment, builder.moving)
}

struct Builder<'a> {
    racks: &'a Racks,
    contested: FlatSet<Partition>,
    maybe_revoked: FlatMap<Partition, Name>,
    /// Members with fewer partitions than the smaller quota.
    below: Vec<Name>,
    /// Members with exactly the smaller quota that may have one more.
    at_min: Vec<Name>,
    min_quota: usize,
    max_quota: usize,
    /// How many members have one more than the smaller quota in the end, and so far.
    extras: usize,
    extras_given: usize,
    assignment: Assignment,
    moving: FlatMap<Partition, Name>,
}

impl Builder<'_> {
    /// A member keeps what it owns, up to its quota (`assignOwnedPartitions`).
    fn keep(&mut self, member: &Name, owned: Vec<Partition>) {
        let (mut owned, far): (Vec<_>, Vec<_>) =
            owned.into_iter().partition(|partition| !self.racks.mismatch(member, partition));
        self.maybe_revoked.extend(far.into_iter().map(|partition| (partition, member.clone())));
        owned.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        owned.retain(|partition| !self.contested.contains(partition));
        let quota = if owned.len() < self.min_quota {
            self.below.push(member.clone());
            owned.len()
        } else if owned.len() >= self.max_quota && self.extras_given < self.extras {
            self.give_extra();
            self.max_quota
        } else {
            if self.extras_given < self.extras {
                self.at_min.push(member.clone());
            }
            self.min_quota
        };
        let surplus = owned.split_off(quota);
        self.maybe_revoked.extend(surplus.into_iter().map(|partition| (partition, member.clone())));
        self.assignment.insert(member.clone(), owned);
    }

    fn give_extra(&mut self) {
        self.extras_given += 1;
        if self.extras_given == self.extras {
            self.at_min.clear();
        }
    }

    fn unassigned(&self, topics: &Topics) -> Vec<Partition> {
        let taken: FlatSet<&Partition> = self.assignment.values().flatten().collect();
        let all = topics.iter().flat_map(|(topic, partitions)| {
            (0..).zip(partitions).map(|(index, _)| (topic.clone(), index))
        });
        all.filter(|partition| !taken.contains(partition)).collect()
    }

    /// Deals within racks first (`assignRackAwareRoundRobin`).
    fn deal_near(&mut self, unassigned: &mut Vec<Partition>) {
        let mut next = 0;
        for partition in core::mem::take(unassigned) {
            if let Some(place) = self.racks.next_near(&partition, &self.below, next) {
                next = self.give_below(place, partition);
            } else if let Some(place) = self.racks.next_near(&partition, &self.at_min, 0) {
                let member = self.at_min[place].clone();
                if self.give(&member, partition) == self.max_quota {
                    self.at_min.remove(place);
                    self.give_extra();
                }
            } else {
                unassigned.push(partition);
            }
        }
    }

    /// Gives one to a member below its quota; where to look next.
    fn give_below(&mut self, place: usize, partition: Partition) -> usize {
        let member = self.below[place].clone();
        let count = self.give(&member, partition);
        let mut next = place + 1;
        if count >= self.min_quota {
            self.below.remove(place);
            next = place;
            if count < self.max_quota && self.extras_given < self.extras {
                self.at_min.push(member);
            }
        }
        if self.below.is_empty() { 0 } else { next % self.below.len() }
    }

    /// Deals the rest in turn (`assignRoundRobin`).
    fn deal(&mut self, unassigned: Vec<Partition>) {
        let mut below = VecDeque::from(core::mem::take(&mut self.below));
        let mut at_min = VecDeque::from(core::mem::take(&mut self.at_min));
        let mut next = 0;
        for partition in unassigned {
            if next >= below.len() {
                next = 0;
            }
            let Some(member) = below.get(next).cloned() else {
                let member = at_min.pop_front().expect("whoever may have one more is left");
                self.give(&member, partition);
                self.extras_given += 1;
                continue;
            };
            if self.give(&member, partition) == self.min_quota {
                below.remove(next);
                at_min.push_back(member);
            } else {
                next += 1;
            }
        }
    }

    fn give(&mut self, member: &Name, partition: Partition) -> usize {
        let lost = self.maybe_revoked.get(&partition).is_some_and(|owner| owner != member);
        if lost || self.contested.contains(&partition) {
            self.moving.insert(partition.clone(), member.clone());
        }
        let partitions = self.assignment.entry(member.clone()).or_default();
        partitions.push(partition);
        partitions.len()
    }
}
