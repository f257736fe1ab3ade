//! Assignors: how a group's leader deals partitions to members (`ConsumerPartitionAssignor`, `AbstractPartitionAssignor`).
//!
//! Pure functions of topics and members. Invariant: a partition goes to one member at most, and only to one that subscribed to
//! its topic.

mod range;
mod roundrobin;
mod sticky;

use crate::api::request::Subscription;
use crate::config::consumer::Assignor;
use crate::ids::Name;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Topics with the racks of each partition's replicas.
pub type Topics = BTreeMap<Name, Vec<BTreeSet<Name>>>;
/// Partitions by member id.
pub type Assignment = BTreeMap<Name, Vec<Partition>>;
/// A partition by its topic's name.
pub type Partition = (Name, i32);

pub use sticky::user_data as sticky_user_data;

/// A member as an assignor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AssignedMember {
    /// Its member id.
    pub id: Name,
    /// `group.instance.id`.
    pub instance_id: Option<Name>,
    /// What it wants and has.
    pub subscription: Subscription,
}

impl AssignedMember {
    fn wants(&self, topic: &Name) -> bool {
        self.subscription.topics.contains(topic)
    }

    fn rack(&self) -> Option<&Name> {
        self.subscription.rack_id.as_ref().filter(|rack| !rack.is_empty())
    }
}

/// Deals the partitions of the topics that anyone subscribed to; topics without metadata are left out.
pub fn assign(assignor: Assignor, topics: &Topics, members: &[AssignedMember]) -> Assignment {
    let wanted = topics.iter().filter(|(topic, _)| members.iter().any(|m| m.wants(topic)));
    let wanted: Topics = wanted.map(|(topic, racks)| (topic.clone(), racks.clone())).collect();
    match assignor {
        Assignor::Range => range::assign(&wanted, members),
        Assignor::RoundRobin => roundrobin::assign(&wanted, members),
        Assignor::Sticky | Assignor::CooperativeSticky => {
            sticky::assign(assignor, &wanted, members)
        }
    }
}

/// Static members first, by instance id, then the others by member id (`AbstractPartitionAssignor.MemberInfo`).
fn sorted(members: &[AssignedMember]) -> Vec<&AssignedMember> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|a, b| match (&a.instance_id, &b.instance_id) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.id.cmp(&b.id),
    });
    sorted
}

/// Nothing for anyone yet.
fn nothing(members: &[AssignedMember]) -> Assignment {
    members.iter().map(|member| (member.id.clone(), Vec::new())).collect()
}

/// Whether racks can tell members apart (`useRackAwareAssignment`): some are shared, and not every partition is in all of them.
fn racks_matter<'a>(
    members: impl IntoIterator<Item = &'a AssignedMember>,
    partitions: &[BTreeSet<Name>],
) -> bool {
    let all: BTreeSet<&Name> = partitions.iter().flatten().collect();
    let shared = members.into_iter().filter_map(AssignedMember::rack).any(|r| all.contains(r));
    shared && partitions.iter().any(|racks| racks.len() < all.len())
}
