//! Which replica a consumer should read from (KIP-392, `RackAwareReplicaSelector`).
//!
//! Invariant: only the leader decides, and only for a replica in the ISR that has the offset.

use super::Env;
use super::partition::Partition;
use super::remote::Remote;
use crate::api::request::Fetch;
use crate::config::broker::ReplicaSelector;
use crate::ids::{Name, NodeId, Offset};

/// The follower that a consumer should ask instead of this leader, if there is a better one.
pub(super) fn preferred_read_replica(
    partition: &Partition,
    offset: Offset,
    fetch: &Fetch,
    env: &Env<'_>,
) -> Option<NodeId> {
    let leadership = partition.leadership.as_ref()?;
    let by_rack = env.config.replica_selector_class == Some(ReplicaSelector::RackAware);
    if !by_rack || fetch.rack_id.is_empty() || is_in(partition.leader, &fetch.rack_id, env) {
        return None;
    }
    let fits = |remote: &&Remote| {
        leadership.isr.contains(&remote.id)
            && (remote.log_start..=remote.log_end).contains(&offset)
            && is_in(remote.id, &fetch.rack_id, env)
    };
    let best = leadership.remotes.iter().filter(fits);
    best.max_by_key(|remote| (remote.log_end, remote.last_caught_up, remote.id))
        .map(|remote| remote.id)
}

fn is_in(node: NodeId, rack: &Name, env: &Env<'_>) -> bool {
    let broker = env.image.brokers.get(&node);
    broker.is_some_and(|broker| broker.rack.as_ref() == Some(rack))
}
