//! Groups of the consumer protocol at their coordinator (KIP-848): epochs, targets, and who holds what.
//!
//! Invariant: the auditor looks right after the step in which a group changed.

use crate::board::Board;
use crate::catalogue::Id;
use kafkascope_kernel::FlatSet;
use kafkascope_model::group::modern::ConsumerGroup;
use kafkascope_model::ids::TopicPartition;
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// A fact of a coordinator.
#[allow(clippy::wildcard_enum_match_arm, reason = "three facts are about these groups")]
pub fn observe(event: &TraceEvent, world: &World, board: &mut Board) {
    let name = match &event.fact {
        Fact::GroupEpoch { group, .. }
        | Fact::TargetAssigned { group, .. }
        | Fact::MemberStep { group, .. } => group,
        _ => return,
    };
    let Some(broker) = world.broker(event.node) else { return };
    let Some(group) = broker.groups.shards().find_map(|shard| shard.modern.get(name)) else {
        return;
    };
    epochs(group, board);
    holders(group, board);
    if let Fact::TargetAssigned { epoch, assignor, .. } = &event.fact
        && *epoch == group.target_epoch
    {
        target(group, assignor, world, board);
    }
}

fn epochs(group: &ConsumerGroup, board: &mut Board) {
    let ahead = group.members().find(|member| member.current.epoch > group.target_epoch);
    let ordered = ahead.is_none() && group.target_epoch <= group.epoch;
    board.check(Id::N1, ordered, || {
        let (target, epoch) = (group.target_epoch, group.epoch);
        let ahead = ahead.map(|member| (&member.id, member.current.epoch));
        format!("group {}: target {target}, epoch {epoch}, member {ahead:?}", group.id)
    });
}

fn holders(group: &ConsumerGroup, board: &mut Board) {
    let mut held: BTreeMap<TopicPartition, u32> = BTreeMap::new();
    for member in group.members() {
        member.held().for_each(|tp| *held.entry(tp).or_default() += 1);
        let reached = member.current.epoch == group.target_epoch;
        let target = group.targets.get(&member.id);
        let inside = target
            .is_none_or(|target| member.current.assigned.iter().all(|tp| target.contains(tp)));
        let gave_up = member.current.pending_revocation.is_empty() && inside;
        board.check(Id::N1c, !reached || gave_up, || {
            format!(
                "member {} of {} is at the target with {:?}",
                member.id, group.id, member.current
            )
        });
    }
    let twice = held.iter().find(|(_, count)| **count > 1);
    board.check(Id::N1b, twice.is_none(), || format!("group {}: {twice:?} holders", group.id));
}

/// Every partition of a topic that somebody subscribed to has one target, and shares are even where all read the same.
fn target(group: &ConsumerGroup, assignor: &str, world: &World, board: &mut Board) {
    let mut seen = BTreeSet::new();
    let once = group.targets.values().flatten().all(|tp| seen.insert(*tp));
    let topics: BTreeSet<_> = group.members().map(|member| &member.topics).collect();
    let plain = group.members().all(|member| member.regex.is_none());
    let known = |topic: &TopicPartition| world.topic_name(topic.topic).is_some();
    let sizes: Vec<usize> =
        group.members().map(|m| group.targets.get(&m.id).map_or(0, FlatSet::len)).collect();
    let spread = sizes.iter().max().unwrap_or(&0) - sizes.iter().min().unwrap_or(&0);
    let even = topics.len() != 1 || !plain || assignor != "uniform" || spread <= 1;
    board.check(Id::N1d, once && even && seen.iter().all(known), || {
        format!("group {} by {assignor}: {:?}", group.id, group.targets)
    });
}
