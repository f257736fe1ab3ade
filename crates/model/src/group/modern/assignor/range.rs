//! Topic by topic, a range of consecutive partitions for each member (`assignor.RangeAssignor`).
//!
//! Invariant: of each topic, no member has two partitions more than another that wants it.

use super::{GroupSpec, MemberSpec, Targets};
use crate::ids::TopicId;
use alloc::vec::Vec;
use core::cmp::Ordering;
use kafkascope_kernel::FlatMap;

/// Deals each topic's partitions in ranges.
pub fn assign(group: &GroupSpec) -> Targets {
    let mut order: Vec<&MemberSpec> = group.members.iter().collect();
    order.sort_by(|a, b| match (&a.instance_id, &b.instance_id) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.id.cmp(&b.id),
    });
    let mut wanting: FlatMap<TopicId, usize> = FlatMap::new();
    for topic in order.iter().flat_map(|member| &member.topics) {
        *wanting.entry(*topic).or_default() += 1;
    }
    let mut targets = group.nothing();
    for (topic, members) in wanting {
        let partitions: Vec<_> = group.of_topic(topic).collect();
        let (quota, extras) = (partitions.len() / members, partitions.len() % members);
        let mut next = 0;
        let of_topic = order.iter().filter(|member| member.topics.contains(&topic));
        for (place, member) in of_topic.enumerate() {
            let end = next + quota + usize::from(place < extras);
            targets.entry(member.id.clone()).or_default().extend(&partitions[next..end]);
            next = end;
        }
    }
    targets
}
