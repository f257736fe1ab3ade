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

#[cfg(test)]
mod tests {
    use super::super::broker_changes;
    use super::super::testing::{Desk, ids};
    use super::*;

    fn asked(desk: &mut Desk, unclean: bool, partitions: Option<&[i32]>) -> Vec<(i32, ErrorCode)> {
        let named = |list: &[i32]| list.iter().map(|index| ("t".into(), *index)).collect();
        let request = ElectLeaders { unclean, partitions: partitions.map(named) };
        let (records, verdicts) = elect_leaders(&desk.view(), &request);
        desk.apply(&records);
        verdicts.into_iter().map(|(_, index, verdict)| (index, verdict)).collect()
    }

    fn fenced(desk: &mut Desk, brokers: &[i32]) {
        for broker in brokers {
            let records = broker_changes::fence(&desk.view(), NodeId(*broker));
            desk.apply(&records);
        }
    }

    #[test]
    fn the_preferred_replica_leads_again_once_it_is_in_sync() {
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3], &[2, 3, 1]]);
        fenced(&mut desk, &[1]);
        let unavailable = ErrorCode::PreferredLeaderNotAvailable;
        assert_eq!(asked(&mut desk, false, Some(&[0])), [(0, unavailable)]);
        assert_eq!(asked(&mut desk, false, Some(&[9])), [(9, ErrorCode::UnknownTopicOrPartition)]);
        let records = broker_changes::unfence(&desk.view(), NodeId(1));
        desk.apply(&records);
        assert!(balance_leaders(&desk.view()).is_empty(), "it serves, but lags");
        let mut state = desk.partition(0).clone();
        state.isr = ids(&[2, 3, 1]);
        desk.apply(&[MetadataRecord::PartitionChange { tp: super::super::testing::tp(0), state }]);
        assert_eq!(balance_leaders(&desk.view()).len(), 1);
        let everything = asked(&mut desk, false, None);
        assert_eq!(everything, [(0, ErrorCode::None)], "the others need none and are left out");
        assert_eq!((desk.partition(0).leader, desk.partition(0).leader_epoch), (NodeId(1), 2));
        assert_eq!(asked(&mut desk, false, Some(&[0])), [(0, ErrorCode::ElectionNotNeeded)]);
    }

    #[test]
    fn an_unclean_election_takes_whoever_lives() {
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        assert_eq!(asked(&mut desk, true, Some(&[0])), [(0, ErrorCode::ElectionNotNeeded)]);
        fenced(&mut desk, &[2, 1, 3]);
        let nobody = ErrorCode::EligibleLeadersNotAvailable;
        assert_eq!(asked(&mut desk, true, Some(&[0])), [(0, nobody)]);
        let records = broker_changes::unfence(&desk.view(), NodeId(2));
        desk.apply(&records);
        assert_eq!(desk.partition(0).leader, NodeId::NONE, "2 left the ISR first");
        assert_eq!(asked(&mut desk, true, Some(&[0])), [(0, ErrorCode::None)]);
        let state = desk.partition(0);
        assert_eq!((state.leader, &state.isr, state.recovering), (NodeId(2), &ids(&[2]), true));
    }
}
