//! AlterPartition: a leader proposes a new ISR (`ReplicationControlManager.alterPartition`).
//!
//! Invariant: an accepted ISR holds its leader and only brokers that are registered, unfenced and staying.

use super::election::contains_all;
use super::records::{MetadataRecord, PartitionState};
use super::view::View;
use crate::api::ErrorCode;
use crate::api::request::{AlterPartition, AlterPartitionItem};
use crate::api::response::AlteredPartition;
use crate::ids::{NodeId, TopicPartition};
use alloc::vec::Vec;

/// Records and one answer a proposal, or the error of the whole request.
pub fn alter_partition(
    view: &View<'_>,
    request: &AlterPartition,
) -> Result<(Vec<MetadataRecord>, Vec<AlteredPartition>), ErrorCode> {
    view.check_broker_epoch(request.broker_id, request.broker_epoch)?;
    let mut records = Vec::new();
    let mut answers = Vec::new();
    for item in &request.partitions {
        let answer = match alter_one(view, request.broker_id, item) {
            Ok((changed, state)) => {
                records.extend(changed.then(|| MetadataRecord::PartitionChange {
                    tp: item.tp,
                    state: state.clone(),
                }));
                accepted(request.broker_id, item.tp, &state, changed)
            }
            Err(error) => refused(item.tp, error),
        };
        answers.push(answer);
    }
    Ok((records, answers))
}

fn alter_one(
    view: &View<'_>,
    leader: NodeId,
    item: &AlterPartitionItem,
) -> Result<(bool, PartitionState), ErrorCode> {
    let topic = view.image.topics.get(&item.tp.topic).ok_or(ErrorCode::UnknownTopicId)?;
    let state = view.image.partition(item.tp).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    check_epochs(leader, item, state)?;
    check_isr(item, state)?;
    check_members(view, item)?;
    let acceptable = |node| view.image.is_active(node);
    let mut change = view.change(item.tp, &acceptable);
    change.election = view.usual_election(&topic.name);
    change.isr = members(item).collect();
    change.recovering = item.leader_recovery_state == 1;
    Ok(match change.build() {
        Some(next) => (true, next),
        None => (false, state.clone()),
    })
}

/// A proposal from the future shows that this controller is behind; one from the past is refused by name.
fn check_epochs(
    leader: NodeId,
    item: &AlterPartitionItem,
    state: &PartitionState,
) -> Result<(), ErrorCode> {
    if item.leader_epoch > state.leader_epoch || item.partition_epoch > state.partition_epoch {
        return Err(ErrorCode::NotController);
    }
    if item.leader_epoch < state.leader_epoch {
        return Err(ErrorCode::FencedLeaderEpoch);
    }
    if leader != state.leader {
        return Err(ErrorCode::InvalidRequest);
    }
    if item.partition_epoch < state.partition_epoch {
        return Err(ErrorCode::InvalidUpdateVersion);
    }
    Ok(())
}

fn check_isr(item: &AlterPartitionItem, state: &PartitionState) -> Result<(), ErrorCode> {
    let isr: Vec<NodeId> = members(item).collect();
    let mut distinct = isr.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let recovering = item.leader_recovery_state == 1;
    let valid = !isr.is_empty()
        && distinct.len() == isr.len()
        && contains_all(&state.replicas, &isr)
        && isr.contains(&state.leader)
        && !(recovering && (isr.len() > 1 || !state.recovering));
    if valid { Ok(()) } else { Err(ErrorCode::InvalidRequest) }
}

fn check_members(view: &View<'_>, item: &AlterPartitionItem) -> Result<(), ErrorCode> {
    let eligible = item.new_isr.iter().all(|(member, epoch)| {
        let image = view.image.brokers.get(member);
        image.is_some_and(|image| image.is_active() && (*epoch == -1 || *epoch == image.epoch))
    });
    if eligible { Ok(()) } else { Err(ErrorCode::IneligibleReplica) }
}

fn members(item: &AlterPartitionItem) -> impl Iterator<Item = NodeId> {
    item.new_isr.iter().map(|(member, _)| *member)
}

/// An ISR that completes a reassignment may move the leader: the proposer learns that it leads no more.
fn accepted(
    proposer: NodeId,
    tp: TopicPartition,
    state: &PartitionState,
    changed: bool,
) -> AlteredPartition {
    if changed && state.leader != proposer {
        return refused(tp, ErrorCode::NewLeaderElected);
    }
    AlteredPartition {
        tp,
        error: ErrorCode::None,
        leader_id: state.leader,
        leader_epoch: state.leader_epoch,
        isr: state.isr.clone(),
        leader_recovery_state: u8::from(state.recovering),
        partition_epoch: state.partition_epoch,
    }
}

fn refused(tp: TopicPartition, error: ErrorCode) -> AlteredPartition {
    AlteredPartition {
        tp,
        error,
        leader_id: NodeId(0),
        leader_epoch: 0,
        isr: Vec::new(),
        leader_recovery_state: 0,
        partition_epoch: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::broker_changes;
    use super::super::testing::{Desk, ids, tp};
    use super::*;

    /// What a leader proposes, and how.
    struct Proposal {
        what: &'static str,
        leader: i32,
        isr: &'static [i32],
        leader_epoch: i32,
        partition_epoch: i32,
        verdict: ErrorCode,
    }

    const fn proposal(what: &'static str, isr: &'static [i32], verdict: ErrorCode) -> Proposal {
        Proposal { what, leader: 1, isr, leader_epoch: 5, partition_epoch: 7, verdict }
    }

    /// Partition 0 on 1, 2, 3 led by 1; 4 serves too, 3 is fenced, so the ISR is 1, 2.
    fn desk() -> Desk {
        let mut desk = Desk::with_topic(4, &[&[1, 2, 3]]);
        let records = broker_changes::fence(&desk.view(), NodeId(3));
        desk.apply(&records);
        let mut state = desk.partition(0).clone();
        (state.leader_epoch, state.partition_epoch) = (5, 7);
        desk.apply(&[MetadataRecord::PartitionChange { tp: tp(0), state }]);
        desk
    }

    fn request(desk: &Desk, proposal: &Proposal) -> AlterPartition {
        let epoch = |id: NodeId| desk.image.brokers[&id].epoch;
        AlterPartition {
            broker_id: NodeId(proposal.leader),
            broker_epoch: epoch(NodeId(proposal.leader)),
            partitions: alloc::vec![AlterPartitionItem {
                tp: tp(0),
                leader_epoch: proposal.leader_epoch,
                new_isr: ids(proposal.isr).into_iter().map(|id| (id, epoch(id))).collect(),
                leader_recovery_state: 0,
                partition_epoch: proposal.partition_epoch,
            }],
        }
    }

    #[test]
    fn a_proposal_must_be_of_the_present_and_of_those_who_may_be_in_sync() {
        let cases = [
            proposal("shrinks", &[1], ErrorCode::None),
            proposal("changes nothing", &[1, 2], ErrorCode::None),
            proposal("a fenced member", &[1, 2, 3], ErrorCode::IneligibleReplica),
            proposal("no replica", &[1, 2, 4], ErrorCode::InvalidRequest),
            proposal("without the leader", &[2], ErrorCode::InvalidRequest),
            proposal("twice the same", &[1, 2, 2], ErrorCode::InvalidRequest),
            Proposal {
                leader_epoch: 4,
                ..proposal("old epoch", &[1], ErrorCode::FencedLeaderEpoch)
            },
            Proposal {
                leader_epoch: 6,
                ..proposal("future epoch", &[1], ErrorCode::NotController)
            },
            Proposal {
                partition_epoch: 6,
                ..proposal("old version", &[1], ErrorCode::InvalidUpdateVersion)
            },
            Proposal {
                partition_epoch: 8,
                ..proposal("future version", &[1], ErrorCode::NotController)
            },
            Proposal { leader: 2, ..proposal("no leader", &[1, 2], ErrorCode::InvalidRequest) },
        ];
        for case in cases {
            let desk = desk();
            let (records, answers) =
                alter_partition(&desk.view(), &request(&desk, &case)).expect("the sender is known");
            assert_eq!(answers[0].error, case.verdict, "{}", case.what);
            let changes = case.verdict.is_ok() && case.isr == [1];
            assert_eq!(records.len(), usize::from(changes), "{}", case.what);
        }
    }

    #[test]
    fn a_member_that_restarted_since_is_no_member() {
        let mut desk = desk();
        let request = request(&desk, &proposal("", &[1, 2], ErrorCode::None));
        let register = desk.registration(2, false);
        desk.apply(&[register]);
        let (_, answers) = alter_partition(&desk.view(), &request).expect("the sender is known");
        assert_eq!(answers[0].error, ErrorCode::IneligibleReplica);
    }

    #[test]
    fn a_leader_that_was_replaced_by_another_process_is_refused_as_a_whole() {
        let desk = desk();
        let mut request = request(&desk, &proposal("", &[1], ErrorCode::None));
        for epoch in [-1, request.broker_epoch + 1] {
            request.broker_epoch = epoch;
            let refused = alter_partition(&desk.view(), &request);
            assert_eq!(refused.unwrap_err(), ErrorCode::StaleBrokerEpoch);
        }
    }
}
