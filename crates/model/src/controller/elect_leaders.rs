//! ElectLeaders, and the passes in which the controller looks after leaders by itself.
//!
//! Invariant: a refused election changes nothing.

use super::election::Election;
use super::records::MetadataRecord;
use super::view::{View, change_record};
use crate::api::ErrorCode;
use crate::api::request::ElectLeaders;
use crate::ids::{Name, NodeId, TopicPartition};
use alloc::vec::Vec;

/// The most elections in one pass (`QuorumController.MAX_ELECTIONS_PER_IMBALANCE`).
pub const MAX_ELECTIONS: usize = 1_000;

/// Records, and one verdict a partition. Asked for every partition, those that need no election are left out.
pub fn elect_leaders(
    view: &View<'_>,
    request: &ElectLeaders,
) -> (Vec<MetadataRecord>, Vec<(Name, i32, ErrorCode)>) {
    let mut records = Vec::new();
    let mut verdicts = Vec::new();
    let everything = request.partitions.is_none();
    let wanted = request.partitions.clone().unwrap_or_else(|| every_partition(view));
    for (topic, partition) in wanted {
        let verdict = match elect(view, &topic, partition, request.unclean) {
            Ok(record) => {
                records.push(record);
                ErrorCode::None
            }
            Err(error) => error,
        };
        if !(everything && verdict == ErrorCode::ElectionNotNeeded) {
            verdicts.push((topic, partition, verdict));
        }
    }
    (records, verdicts)
}

/// Leadership goes back to preferred replicas that are in sync (`auto.leader.rebalance.enable`).
pub fn balance_leaders(view: &View<'_>) -> Vec<MetadataRecord> {
    let imbalanced = view.image.partitions().filter(|(_, state)| !state.has_preferred_leader());
    imbalanced
        .filter_map(|(tp, _)| run(view, tp, Election::Preferred))
        .take(MAX_ELECTIONS)
        .collect()
}

/// Partitions without a leader whose topic allows it get one that is not in sync.
pub fn elect_unclean_leaders(view: &View<'_>) -> Vec<MetadataRecord> {
    let leaderless = view.image.partitions().filter(|(tp, state)| {
        state.leader == NodeId::NONE && view.unclean_allowed(&view.image.topics[&tp.topic].name)
    });
    leaderless.filter_map(|(tp, _)| run(view, tp, Election::Unclean)).take(MAX_ELECTIONS).collect()
}

fn elect(
    view: &View<'_>,
    topic: &Name,
    partition: i32,
    unclean: bool,
) -> Result<MetadataRecord, ErrorCode> {
    let (id, _) = view.image.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let tp = TopicPartition::new(id, partition);
    let state = view.image.partition(tp).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let satisfied =
        if unclean { state.leader != NodeId::NONE } else { state.has_preferred_leader() };
    if satisfied {
        return Err(ErrorCode::ElectionNotNeeded);
    }
    if unclean {
        run(view, tp, Election::Unclean).ok_or(ErrorCode::EligibleLeadersNotAvailable)
    } else {
        run(view, tp, Election::Preferred).ok_or(ErrorCode::PreferredLeaderNotAvailable)
    }
}

fn run(view: &View<'_>, tp: TopicPartition, election: Election) -> Option<MetadataRecord> {
    let acceptable = |node| view.image.is_active(node);
    let mut change = view.change(tp, &acceptable);
    change.election = election;
    change_record(tp, change)
}

fn every_partition(view: &View<'_>) -> Vec<(Name, i32)> {
    let named = view.image.partitions();
    named.map(|(tp, _)| (view.image.topics[&tp.topic].name.clone(), tp.partition)).collect()
}
