//! Balanced, and as little moved as can be (`AbstractStickyAssignor`, `StickyAssignor`, `CooperativeStickyAssignor`).
//!
//! With equal subscriptions a short algorithm will do, else the general one balances step by step. Invariant: with equal
//! subscriptions no member has two partitions more than another.

mod claims;
mod constrained;
mod general;
mod movements;
mod racks;

pub use claims::user_data;

use super::{AssignedMember, Assignment, Partition, Topics};
use crate::config::consumer::Assignor;
use crate::ids::Name;
use claims::Claims;
use kafkascope_kernel::{FlatMap, FlatSet};
use racks::Racks;

/// Deals partitions; the cooperative assignor holds back those that somebody else has to give up first (KIP-429).
pub fn assign(assignor: Assignor, topics: &Topics, members: &[AssignedMember]) -> Assignment {
    let claims = Claims::of(assignor, topics, members);
    let racks = Racks::of(topics, members);
    let (mut assignment, moving) = if claims.equal_subscriptions {
        constrained::assign(topics, claims, &racks)
    } else {
        let assignment = general::assign(assignor, topics, members, claims, &racks);
        let moving = moving(members, &assignment);
        (assignment, moving)
    };
    if assignor == Assignor::CooperativeSticky {
        for (partition, to) in moving {
            if let Some(partitions) = assignment.get_mut(&to) {
                partitions.retain(|other| *other != partition);
            }
        }
    }
    assignment
}

/// Partitions that one member gains and another loses (`computePartitionsTransferringOwnership`).
fn moving(members: &[AssignedMember], assignment: &Assignment) -> FlatMap<Partition, Name> {
    let (mut added, mut revoked) = (FlatMap::new(), FlatSet::new());
    for member in members {
        let owned = &member.subscription.owned_partitions;
        let assigned = assignment.get(&member.id).map_or(&[][..], alloc::vec::Vec::as_slice);
        let new = assigned.iter().filter(|partition| !owned.contains(partition));
        added.extend(new.map(|partition| (partition.clone(), member.id.clone())));
        let gone = owned.iter().filter(|partition| !assigned.contains(partition));
        revoked.extend(gone.cloned());
    }
    added.retain(|partition, _| revoked.contains(partition));
    added
}
