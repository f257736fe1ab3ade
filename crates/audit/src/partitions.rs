//! Partitions as the controller decides on them: each change, and the whole after it.
//!
//! Invariant: a change is judged against the state before it.

use crate::board::Board;
use crate::catalogue::Id;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::controller::image::MetadataImage;
use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::ids::{NodeId, TopicPartition};
use std::collections::BTreeSet;

/// What an election of someone outside ISR and ELR is called.
pub const UNCLEAN: &str = "an unclean election";
/// What the election of the last known leader is called.
const LAST_KNOWN: &str = "the last known leader was elected with ISR and ELR empty";

/// What it is called when somebody leads who was left behind in the ELR.
const GHOST: &str = "an eligible replica was elected whose log a reassignment had deleted";

/// A partition was changed.
pub fn changed(
    tp: TopicPartition,
    before: &PartitionState,
    after: &PartitionState,
    permitted: bool,
    taints: &mut Taints,
    board: &mut Board,
) {
    let what = || format!("{tp:?}: {before:?} became {after:?}");
    let led = after.leader_epoch - before.leader_epoch;
    let counted = after.partition_epoch == before.partition_epoch + 1
        && (led == 1 || (led == 0 && after.leader == before.leader));
    board.check(Id::C1, counted, what);
    let reassigned = !before.adding.is_empty() || !before.removing.is_empty();
    if reassigned && after.adding.is_empty() && after.removing.is_empty() {
        let cancelled = before.adding.iter().all(|id| !after.replicas.contains(id));
        let done = before.removing.iter().all(|id| !after.replicas.contains(id));
        // Another target took its place, and everyone in it was in sync already.
        let replaced = after.replicas.iter().all(|id| after.isr.contains(id));
        board.check(Id::C13, cancelled || done || replaced, what);
    }
    if after.leader != before.leader && after.leader != NodeId::NONE {
        elected(tp, before, after, permitted, taints, board);
    }
    taints.follow(tp, after);
}

fn elected(
    tp: TopicPartition,
    before: &PartitionState,
    after: &PartitionState,
    permitted: bool,
    taints: &mut Taints,
    board: &mut Board,
) {
    let leader = after.leader;
    // The change that ends a reassignment takes in who was missing, and may at once hand over to it.
    let moved = !before.adding.is_empty() || !before.removing.is_empty();
    let ended = moved && after.adding.is_empty() && after.removing.is_empty();
    let arrived = ended && !after.recovering && after.isr.contains(&leader);
    let clean = before.isr.contains(&leader) || before.elr.contains(&leader) || arrived;
    // Who registers after an unclean stop leaves the ELR in the same record.
    let last_known = before.isr.is_empty()
        && (before.elr.is_empty() || after.elr.is_empty())
        && before.last_known_elr.as_slice() == [leader];
    if taints.is_ghost(tp, leader) {
        taints.taint(tp, GHOST);
    }
    if !clean {
        taints.taint(tp, if last_known { LAST_KNOWN } else { UNCLEAN });
    }
    let alone = after.isr == [leader] && after.recovering;
    board.check(Id::C6, clean || ((last_known || permitted) && alone), || {
        format!("{tp:?}: {leader} was elected: {before:?} became {after:?}")
    });
}

/// A partition was created.
pub fn created(tp: TopicPartition, state: &PartitionState, truth: &Truth, board: &mut Board) {
    let distinct: BTreeSet<_> = state.replicas.iter().collect();
    let known = state.replicas.iter().all(|id| truth.image.brokers.contains_key(id));
    board.check(Id::D1, distinct.len() == state.replicas.len() && known, || {
        format!("{tp:?} on {:?}", state.replicas)
    });
}

/// Replicas that Kafka placed itself use as many racks as they can.
pub fn placed(
    tp: TopicPartition,
    state: &PartitionState,
    image: &MetadataImage,
    board: &mut Board,
) {
    let rack = |id: &NodeId| image.brokers.get(id).and_then(|broker| broker.rack.clone());
    let all: Option<BTreeSet<_>> = image.brokers.keys().map(rack).collect();
    let Some(all) = all else { return };
    let used: BTreeSet<_> = state.replicas.iter().filter_map(rack).collect();
    board.check(Id::D1, used.len() == all.len().min(state.replicas.len()), || {
        format!("{tp:?} on {:?} uses the racks {used:?}", state.replicas)
    });
}

/// The state of a partition once a decision is committed as a whole.
pub fn settled(tp: TopicPartition, truth: &Truth, defaults: &BrokerConfig, board: &mut Board) {
    let Some(state) = truth.partition(tp) else { return };
    let image = &truth.image;
    shape(tp, state, board);
    let what = || format!("{tp:?}: {state:?}");
    let leads = state.leader == NodeId::NONE || truth.serves(state.leader);
    board.check(Id::C4, leads, what);
    board.check(Id::C5, state.isr.iter().all(|id| truth.serves(*id)), what);
    board.check(Id::C3, !state.isr.is_empty() || state.leader == NodeId::NONE, what);
    // Whom a reassignment took away may stay in the ELR for a while, where nobody elects it.
    let eligible = state.elr.iter().any(|id| state.replicas.contains(id));
    if let Some(topic) = image.topics.get(&tp.topic).filter(|_| eligible) {
        let config = image.cluster_topic_config(&topic.name, defaults);
        let min_isr = usize::try_from(config.min_insync_replicas).unwrap_or(1);
        // As in Kafka, the replicas of the topic's first partition stand for all of them when an ELR is written; a reassignment
        // of the first one leaves the others' ELR as it is.
        let copies = topic.partitions.first().map_or(1, |first| first.replicas.len());
        let below = state.isr.len() < min_isr.min(copies.max(state.replicas.len()));
        board.check(Id::C3, below, what);
    }
    let alone = |ids: &[NodeId]| ids.len() == 1 && image.is_active(ids[0]);
    let replicas = |id: &&NodeId| state.replicas.contains(id);
    let candidates = state.isr.iter().chain(&state.elr).filter(replicas);
    let could = candidates.copied().any(|id| image.is_active(id))
        || (state.isr.is_empty() && state.elr.is_empty() && alone(&state.last_known_elr));
    board.check(Id::C7, state.leader != NodeId::NONE || !could, what);
}

fn shape(tp: TopicPartition, state: &PartitionState, board: &mut Board) {
    let what = || format!("{tp:?}: {state:?}");
    let PartitionState { replicas, isr, elr, leader, adding, removing, .. } = state;
    let inside = |ids: &[NodeId]| ids.iter().all(|id| replicas.contains(id));
    board.check(
        Id::R1,
        inside(isr) && (*leader == NodeId::NONE || replicas.contains(leader)),
        what,
    );
    board.check(Id::R4, *leader == NodeId::NONE || isr.contains(leader), what);
    let known: BTreeSet<_> = isr.iter().chain(elr).collect();
    let distinct: BTreeSet<_> = replicas.iter().collect();
    let fits = known.len() == isr.len() + elr.len()
        && distinct.len() == replicas.len()
        && inside(adding)
        && inside(removing);
    board.check(Id::C2, fits, what);
}
