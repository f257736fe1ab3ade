//! Members subscribed to different topics (`AbstractStickyAssignor.GeneralAssignmentBuilder`).
//!
//! Each unowned partition goes to the member with the fewest; then partitions move while that improves the balance. Invariant:
//! an assignment that was there before is kept unless the new one is better balanced.

use super::claims::{Claims, member_data};
use super::movements::Movements;
use super::racks::Racks;
use crate::config::consumer::Assignor;
use crate::group::assignor::{AssignedMember, Assignment, Partition, Topics};
use crate::ids::Name;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Deals partitions.
pub fn assign(
    assignor: Assignor,
    topics: &Topics,
    members: &[AssignedMember],
    claims: Claims,
    racks: &Racks,
) -> Assignment {
    let previous = previous_owners(assignor, members, claims.max_generation);
    let mut builder = Builder::new(topics, members, claims.owned, racks, previous);
    let unassigned = builder.keep_owned(members);
    builder.balance(unassigned);
    builder.current
}

/// Who had a partition in a generation before the last (`prepopulateCurrentAssignments`).
fn previous_owners(
    assignor: Assignor,
    members: &[AssignedMember],
    max_generation: i32,
) -> FlatMap<Partition, Name> {
    let mut previous: FlatMap<Partition, (i32, Name)> = FlatMap::new();
    for member in members {
        let (partitions, generation) = member_data(assignor, &member.subscription);
        let generation = generation.unwrap_or(-1);
        if generation >= max_generation {
            continue;
        }
        for partition in partitions {
            let known = previous.get(&partition);
            if known.is_none_or(|(other, _)| generation > *other) {
                previous.insert(partition, (generation, member.id.clone()));
            }
        }
    }
    previous.into_iter().map(|(partition, (_, owner))| (partition, owner)).collect()
}

struct Builder<'a> {
    topics: &'a Topics,
    racks: &'a Racks,
    /// Members that want a topic, in the order of their ids.
    wanting: FlatMap<&'a Name, Vec<&'a Name>>,
    /// Topics that a member wants, as it listed them.
    wanted: FlatMap<&'a Name, Vec<&'a Name>>,
    current: Assignment,
    owner: FlatMap<Partition, Name>,
    previous: FlatMap<Partition, Name>,
    movements: Movements,
    revocation_required: bool,
}

impl<'a> Builder<'a> {
    fn new(
        topics: &'a Topics,
        members: &'a [AssignedMember],
        owned: Assignment,
        racks: &'a Racks,
        previous: FlatMap<Partition, Name>,
    ) -> Self {
        let mut wanting: FlatMap<&Name, Vec<&Name>> =
            topics.keys().map(|topic| (topic, Vec::new())).collect();
        let mut wanted = FlatMap::new();
        for member in members {
            let list = member.subscription.topics.iter().filter(|t| topics.contains_key(*t));
            let list: Vec<&Name> = list.collect();
            for topic in &list {
                wanting.entry(topic).or_default().push(&member.id);
            }
            wanted.insert(&member.id, list);
        }
        let owner = owned.iter().flat_map(|(member, partitions)| {
            partitions.iter().map(|partition| (partition.clone(), member.clone()))
        });
        Self {
            topics,
            racks,
            wanting,
            wanted,
            owner: owner.collect(),
            current: owned,
            previous,
            movements: Movements::default(),
            revocation_required: false,
        }
    }

    /// Topics that the fewest members want first.
    fn all_partitions(&self) -> Vec<Partition> {
        let mut topics: Vec<&Name> = self.topics.keys().collect();
        topics.sort_by_key(|topic| (self.wanting[*topic].len(), *topic));
        let indexes = |topic: &Name| 0..self.topics[topic].len() as i32;
        let partitions = topics
            .into_iter()
            .flat_map(|topic| indexes(topic).map(move |index| (topic.clone(), index)));
        partitions.collect()
    }

    /// Takes from members what they no longer want; what is left to assign (`assignOwnedPartitions`).
    fn keep_owned(&mut self, members: &[AssignedMember]) -> Vec<Partition> {
        let mut kept = FlatSet::new();
        for member in members {
            let Some(owned) = self.current.get_mut(&member.id) else { continue };
            let wants = |partition: &Partition| {
                member.wants(&partition.0) && !self.racks.mismatch(&member.id, partition)
            };
            self.revocation_required |= owned.iter().any(|partition| !wants(partition));
            owned.retain(wants);
            kept.extend(owned.iter().cloned());
        }
        self.all_partitions().into_iter().filter(|partition| !kept.contains(partition)).collect()
    }

    fn balance(&mut self, mut unassigned: Vec<Partition>) {
        let members = self.by_load();
        let Some(most) = members.last() else { return };
        let initializing = self.current[most].is_empty();
        let mut to_assign = unassigned.clone();
        if !self.racks.members.is_empty() {
            to_assign.retain(|partition| !self.assign_to_least_loaded(partition, true));
        }
        for partition in &to_assign {
            self.assign_to_least_loaded(partition, false);
        }
        let mut all = self.all_partitions();
        all.retain(|(topic, _)| self.wanting[topic].len() >= 2);
        unassigned.retain(|(topic, _)| self.wanting[topic].len() >= 2);
        let fixed = self.take_fixed_members();
        let (before, owners_before) = (self.current.clone(), self.owner.clone());
        if !self.revocation_required {
            self.reassign(&unassigned);
        }
        let moved = self.reassign(&all);
        if !initializing && moved && score(&self.current) >= score(&before) {
            self.current = before;
            self.owner = owners_before;
        }
        self.current.extend(fixed);
    }

    /// Members with the fewest partitions first, then by id.
    fn by_load(&self) -> Vec<Name> {
        let mut members: Vec<&Name> = self.current.keys().collect();
        members.sort_by_key(|member| (self.current[*member].len(), *member));
        members.into_iter().cloned().collect()
    }

    fn assign_to_least_loaded(&mut self, partition: &Partition, near: bool) -> bool {
        let fits = |member: &Name| {
            self.wanted[member].contains(&&partition.0)
                && !(near && self.racks.mismatch(member, partition))
        };
        let Some(member) = self.by_load().into_iter().find(fits) else { return false };
        self.current.entry(member.clone()).or_default().push(partition.clone());
        self.owner.insert(partition.clone(), member);
        true
    }

    /// Sets aside members that can neither gain nor lose a partition.
    fn take_fixed_members(&mut self) -> Assignment {
        let can_change = |member: &Name| {
            let partitions = &self.current[member];
            partitions.len() < self.most_for(member)
                || partitions.iter().any(|(topic, _)| self.wanting[topic].len() >= 2)
        };
        let fixed: Vec<Name> =
            self.current.keys().filter(|member| !can_change(member)).cloned().collect();
        fixed.into_iter().filter_map(|member| self.current.remove_entry(&member)).collect()
    }

    /// All partitions of the topics that a member wants.
    fn most_for(&self, member: &Name) -> usize {
        self.wanted[member].iter().map(|topic| self.topics[*topic].len()).sum()
    }

    /// Moves partitions while that helps; whether any moved (`performReassignments`).
    fn reassign(&mut self, partitions: &[Partition]) -> bool {
        let (mut any, mut modified) = (false, true);
        while modified {
            modified = false;
            for partition in partitions {
                if self.is_balanced() {
                    break;
                }
                modified |= self.reassign_one(partition);
            }
            any |= modified;
        }
        any
    }

    fn reassign_one(&mut self, partition: &Partition) -> bool {
        let Some(owner) = self.owner.get(partition).cloned() else { return false };
        let size = |member: &Name| self.current.get(member).map_or(0, Vec::len);
        if let Some(previous) = self.previous.get(partition).cloned()
            && size(&owner) > size(&previous) + 1
            && self.current.contains_key(&previous)
        {
            self.move_to(partition, &previous);
            return true;
        }
        let lighter = |other: &Name| size(&owner) > size(other) + 1;
        if !self.wanting[&partition.0].iter().any(|other| lighter(other)) {
            return false;
        }
        let wants = |member: &Name| self.wanted[member].contains(&&partition.0);
        let Some(target) = self.by_load().into_iter().find(wants) else { return false };
        self.move_to(partition, &target);
        true
    }

    fn move_to(&mut self, partition: &Partition, target: &Name) {
        let Some(from) = self.owner.get(partition).cloned() else { return };
        let partition = self.movements.actual(partition, &from, target);
        let Some(from) = self.owner.get(&partition).cloned() else { return };
        self.movements.note(&partition, &from, target);
        if let Some(partitions) = self.current.get_mut(&from) {
            partitions.retain(|other| *other != partition);
        }
        self.current.entry(target.clone()).or_default().push(partition.clone());
        self.owner.insert(partition, target.clone());
    }

    /// Whether no move would help: nobody could take a partition from someone with two more (`isBalanced`).
    fn is_balanced(&self) -> bool {
        let sizes = || self.current.values().map(Vec::len);
        let (Some(least), Some(most)) = (sizes().min(), sizes().max()) else { return true };
        if least + 1 >= most {
            return true;
        }
        let owners: FlatMap<&Partition, usize> = self
            .current
            .values()
            .flat_map(|list| list.iter().map(|partition| (partition, list.len())))
            .collect();
        self.current.iter().all(|(member, list)| {
            list.len() == self.most_for(member) || !self.could_take(member, list, &owners)
        })
    }

    fn could_take(
        &self,
        member: &Name,
        list: &[Partition],
        owners: &FlatMap<&Partition, usize>,
    ) -> bool {
        let partitions = self.wanted[member].iter().flat_map(|topic| {
            (0..self.topics[*topic].len() as i32).map(|index| ((*topic).clone(), index))
        });
        partitions
            .filter(|partition| !list.contains(partition))
            .any(|partition| owners.get(&partition).is_some_and(|size| list.len() + 1 < *size))
    }
}

/// The sum of all differences in size; the smaller, the better balanced (`getBalanceScore`).
fn score(assignment: &Assignment) -> usize {
    let sizes: Vec<usize> = assignment.values().map(Vec::len).collect();
    let pairs = sizes
        .iter()
        .enumerate()
        .flat_map(|(index, a)| sizes[index + 1..].iter().map(move |b| a.abs_diff(*b)));
    pairs.sum()
}
