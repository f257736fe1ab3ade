//! What members say they own, and who is right (`AbstractStickyAssignor.allSubscriptionsEqual`, `memberData`).
//!
//! Invariant: after all claims are heard, a partition is owned by one member or by none.

use crate::api::request::Subscription;
use crate::config::consumer::Assignor;
use crate::group::assignor::{AssignedMember, Partition, Topics};
use crate::group::protocol;
use crate::group::wire::{Reader, Writer};
use crate::ids::{Bytes, Name};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

const NO_GENERATION: i32 = -1;

/// Ownership as it was before.
#[derive(Debug, Default)]
pub struct Claims {
    /// What each member keeps a claim to.
    pub owned: FlatMap<Name, Vec<Partition>>,
    /// Partitions that two members claimed for one generation.
    pub contested: FlatSet<Partition>,
    /// The latest generation that anyone remembers.
    pub max_generation: i32,
    /// Whether everyone subscribed to the same topics.
    pub equal_subscriptions: bool,
}

impl Claims {
    /// Hears every member.
    pub fn of(assignor: Assignor, topics: &Topics, members: &[AssignedMember]) -> Self {
        let mut claims = Self {
            equal_subscriptions: have_equal_subscriptions(members),
            max_generation: NO_GENERATION,
            ..Self::default()
        };
        let mut owners: BTreeMap<Partition, &AssignedMember> = BTreeMap::new();
        for member in members {
            claims.owned.insert(member.id.clone(), Vec::new());
            let (partitions, generation) = member_data(assignor, &member.subscription);
            let generation = generation.unwrap_or(NO_GENERATION);
            claims.max_generation = claims.max_generation.max(generation);
            let known = partitions.into_iter().filter(|(topic, _)| topics.contains_key(topic));
            for partition in known {
                claims.hear(member, generation, partition, &mut owners);
            }
        }
        claims
    }

    fn hear<'a>(
        &mut self,
        member: &'a AssignedMember,
        generation: i32,
        partition: Partition,
        owners: &mut BTreeMap<Partition, &'a AssignedMember>,
    ) {
        let Some(other) = owners.get(&partition) else {
            self.owned.entry(member.id.clone()).or_default().push(partition.clone());
            owners.insert(partition, member);
            return;
        };
        // A negative generation in a subscription is none at all.
        let theirs = other.subscription.generation_id.max(NO_GENERATION);
        if generation < theirs {
            return;
        }
        if let Some(partitions) = self.owned.get_mut(&other.id) {
            partitions.retain(|owned| *owned != partition);
        }
        if generation == theirs {
            self.contested.insert(partition.clone());
        } else {
            self.owned.entry(member.id.clone()).or_default().push(partition.clone());
        }
        owners.insert(partition, member);
    }
}

/// What a member had, and since which generation.
pub fn member_data(
    assignor: Assignor,
    subscription: &Subscription,
) -> (Vec<Partition>, Option<i32>) {
    if assignor == Assignor::CooperativeSticky {
        let generation = subscription.generation_id;
        return (subscription.owned_partitions.clone(), (generation >= 0).then_some(generation));
    }
    match &subscription.user_data {
        None => (Vec::new(), None),
        Some(data) => match read_user_data(data) {
            Some((partitions, generation)) => (partitions, Some(generation)),
            None => (Vec::new(), Some(NO_GENERATION)),
        },
    }
}

/// What a sticky member remembers of its last assignment, as bytes (`STICKY_ASSIGNOR_USER_DATA_V1`).
pub fn user_data(partitions: &[Partition], generation: i32) -> Bytes {
    let mut out = Writer::default();
    protocol::write_partitions(&mut out, partitions);
    out.i32(generation);
    out.bytes()
}

fn read_user_data(data: &[u8]) -> Option<(Vec<Partition>, i32)> {
    let mut from = Reader::new(data);
    Some((protocol::read_partitions(&mut from)?, from.i32()?))
}

fn have_equal_subscriptions(members: &[AssignedMember]) -> bool {
    let topics = |member: &AssignedMember| -> FlatSet<Name> {
        member.subscription.topics.iter().cloned().collect()
    };
    // Members without topics do not count until the first that has some.
    let mut first = FlatSet::new();
    members.iter().all(|member| {
        if first.is_empty() {
            first = topics(member);
            return true;
        }
        topics(member) == first
    })
}
