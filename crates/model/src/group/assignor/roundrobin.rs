//! All partitions of all topics in turn (`RoundRobinAssignor`).
//!
//! Invariant: with equal subscriptions no member has two partitions more than another.

use super::{AssignedMember, Assignment, Topics, nothing, sorted};

/// Deals partition by partition, each to the next member that wants its topic.
pub fn assign(topics: &Topics, members: &[AssignedMember]) -> Assignment {
    let mut assignment = nothing(members);
    let order = sorted(members);
    let mut turn = order.iter().cycle();
    for (topic, partitions) in topics {
        for (partition, _) in (0..).zip(partitions) {
            let next = turn.find(|member| member.wants(topic)).expect("somebody wants each topic");
            assignment.entry(next.id.clone()).or_default().push((topic.clone(), partition));
        }
    }
    assignment
}
