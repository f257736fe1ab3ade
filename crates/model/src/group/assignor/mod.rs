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
use alloc::vec::Vec;
use core::cmp::Ordering;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Topics with the racks of each partition's replicas.
pub type Topics = FlatMap<Name, Vec<FlatSet<Name>>>;
/// Partitions by member id.
pub type Assignment = FlatMap<Name, Vec<Partition>>;
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
    partitions: &[FlatSet<Name>],
) -> bool {
    let all: FlatSet<&Name> = partitions.iter().flatten().collect();
    let shared = members.into_iter().filter_map(AssignedMember::rack).any(|r| all.contains(r));
    shared && partitions.iter().any(|racks| racks.len() < all.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::assignor::sticky_user_data;
    use alloc::format;
    use kafkascope_kernel::{Prng, Seed};

    const ALL: [Assignor; 4] =
        [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];

    fn topics(rng: &mut Prng) -> Topics {
        let count = rng.between(1, 4);
        let partitions = |rng: &mut Prng| {
            let racks = |n: u32| -> FlatSet<Name> { [format!("r{}", n % 3).into()].into() };
            (0..rng.between(1, 9) as u32).map(racks).collect()
        };
        (0..count).map(|topic| (format!("t{topic}").into(), partitions(rng))).collect()
    }

    fn member(place: u64, topics: &Topics, equal: bool, rng: &mut Prng) -> AssignedMember {
        let mut wanted: Vec<Name> =
            topics.keys().filter(|_| equal || rng.below(3) > 0).cloned().collect();
        if wanted.is_empty() {
            // Nobody subscribes to nothing.
            wanted.extend(topics.keys().next().cloned());
        }
        let rack_id = (rng.below(2) > 0).then(|| format!("r{}", rng.below(3)).into());
        let subscription = Subscription { topics: wanted, rack_id, ..Subscription::default() };
        let instance_id = (rng.below(4) == 0).then(|| format!("i{place}").into());
        AssignedMember { id: format!("m{place}").into(), instance_id, subscription }
    }

    /// Members remember what they were given, as they do in a second round.
    fn remember(members: &mut [AssignedMember], assignment: &Assignment) {
        for member in members {
            let owned = assignment.get(&member.id).cloned().unwrap_or_default();
            member.subscription.user_data = Some(sticky_user_data(&owned, 1));
            member.subscription.owned_partitions = owned;
            member.subscription.generation_id = 1;
        }
    }

    fn is_valid(topics: &Topics, members: &[AssignedMember], assignment: &Assignment) -> bool {
        let given: Vec<&Partition> = assignment.values().flatten().collect();
        let once = given.iter().collect::<FlatSet<_>>().len() == given.len();
        let fits = members.iter().all(|member| {
            assignment[&member.id].iter().all(|(topic, index)| {
                member.wants(topic) && (*index as usize) < topics[topic].len()
            })
        });
        once && fits && assignment.len() == members.len()
    }

    #[test]
    fn every_partition_that_is_wanted_has_one_owner_who_wants_it() {
        let mut rng = Seed(5).stream("assignors", 0);
        for round in 0..400 {
            let equal = round % 2 == 0;
            let topics = topics(&mut rng);
            let count = rng.between(1, 6);
            let mut members: Vec<_> =
                (0..count).map(|place| member(place, &topics, equal, &mut rng)).collect();
            let is_wanted = |topic: &Name| members.iter().any(|member| member.wants(topic));
            let wanted: usize =
                topics.iter().filter(|(topic, _)| is_wanted(topic)).map(|(_, p)| p.len()).sum();
            for assignor in ALL {
                let first = assign(assignor, &topics, &members);
                assert!(is_valid(&topics, &members, &first), "{assignor:?} {members:?}");
                assert_eq!(first.values().map(Vec::len).sum::<usize>(), wanted, "{assignor:?}");
            }
            let before = assign(Assignor::CooperativeSticky, &topics, &members);
            remember(&mut members, &before);
            members.truncate(members.len().max(2) - 1);
            for assignor in ALL {
                let next = assign(assignor, &topics, &members);
                assert!(is_valid(&topics, &members, &next), "{assignor:?} {members:?}");
            }
        }
    }

    #[test]
    fn with_equal_subscriptions_sticky_assignors_balance_and_then_leave_everything_where_it_is() {
        let mut rng = Seed(6).stream("assignors", 0);
        for _ in 0..100 {
            let topics = topics(&mut rng);
            let count = rng.between(1, 6);
            let mut members: Vec<_> =
                (0..count).map(|place| member(place, &topics, true, &mut rng)).collect();
            for member in &mut members {
                member.subscription.rack_id = None;
            }
            for assignor in [Assignor::Sticky, Assignor::CooperativeSticky] {
                let first = assign(assignor, &topics, &members);
                let sizes = first.values().map(Vec::len);
                let spread = sizes.clone().max().unwrap_or(0) - sizes.min().unwrap_or(0);
                assert!(spread <= 1, "{assignor:?} {first:?}");
                let mut again = members.clone();
                remember(&mut again, &first);
                let set = |assignment: Assignment| -> FlatMap<Name, FlatSet<Partition>> {
                    assignment
                        .into_iter()
                        .map(|(id, list)| (id, list.into_iter().collect()))
                        .collect()
                };
                assert_eq!(set(assign(assignor, &topics, &again)), set(first), "{assignor:?}");
            }
        }
    }
}
