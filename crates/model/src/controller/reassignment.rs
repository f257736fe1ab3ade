//! AlterPartitionReassignments: a partition's replicas move (`PartitionReassignmentReplicas`, `PartitionReassignmentRevert`).
//!
//! New replicas are added first; the old ones go once every target is in sync, inside whatever change makes that so.
//! Invariant: until then every replica that had the data keeps it.

use super::election::{Election, contains_all, without};
use super::records::{MetadataRecord, PartitionState};
use super::topics::check_assignment;
use super::view::{View, change_record};
use crate::api::ErrorCode;
use crate::api::request::AlterPartitionReassignments;
use crate::ids::{Name, NodeId, TopicPartition};
use alloc::vec;
use alloc::vec::Vec;

/// Records, and one verdict a partition.
pub fn alter_reassignments(
    view: &View<'_>,
    request: &AlterPartitionReassignments,
) -> (Vec<MetadataRecord>, Vec<(Name, i32, ErrorCode)>) {
    let mut records = Vec::new();
    let mut verdicts = Vec::new();
    for (topic, partition, target) in &request.partitions {
        let verdict = match alter_one(view, topic, *partition, target.as_deref()) {
            Ok(record) => {
                records.extend(record);
                ErrorCode::None
            }
            Err(error) => error,
        };
        verdicts.push((topic.clone(), *partition, verdict));
    }
    (records, verdicts)
}

fn alter_one(
    view: &View<'_>,
    topic: &Name,
    partition: i32,
    target: Option<&[NodeId]>,
) -> Result<Option<MetadataRecord>, ErrorCode> {
    let (id, _) = view.image.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    let tp = TopicPartition::new(id, partition);
    let state = view.image.partition(tp).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    match target {
        Some(target) => reassign(view, tp, state, target),
        None => cancel(view, tp, state, topic),
    }
}

fn reassign(
    view: &View<'_>,
    tp: TopicPartition,
    state: &PartitionState,
    target: &[NodeId],
) -> Result<Option<MetadataRecord>, ErrorCode> {
    check_assignment(view, target, None)?;
    let removing = sorted(without(&state.replicas, target));
    let acceptable = |node| view.image.is_active(node);
    let mut change = view.change(tp, &acceptable);
    change.replicas = [target, &removing].concat();
    if !removing.is_empty() {
        change.removing = removing;
    }
    let adding = sorted(without(target, &state.replicas));
    if !adding.is_empty() {
        change.adding = adding;
    }
    let change = change.build();
    // Kafka looks up the log directory of each candidate among the replicas of before: whom an earlier reassignment left behind
    // in the ELR has none there (`ReplicationControlManager.LeaderAcceptor`).
    let leader = change.as_ref().map_or(NodeId::NONE, |after| after.leader);
    if leader != NodeId::NONE && !state.replicas.contains(&leader) {
        return Err(ErrorCode::UnknownServerError);
    }
    Ok(change.map(|state| MetadataRecord::PartitionChange { tp, state }))
}

/// Back to the replicas of before; without an in-sync one among them that takes an unclean election.
fn cancel(
    view: &View<'_>,
    tp: TopicPartition,
    state: &PartitionState,
    topic: &Name,
) -> Result<Option<MetadataRecord>, ErrorCode> {
    if state.adding.is_empty() && state.removing.is_empty() {
        return Err(ErrorCode::NoReassignmentInProgress);
    }
    let replicas = without(&state.replicas, &state.adding);
    let mut isr = without(&state.isr, &state.adding);
    if isr.is_empty() {
        let unclean = view.usual_election(topic) == Election::Unclean;
        let first = replicas.first().filter(|_| unclean);
        isr = vec![*first.ok_or(ErrorCode::InvalidReplicaAssignment)?];
    }
    assert!(contains_all(&replicas, &isr), "an ISR is made of replicas");
    let acceptable = |node| view.image.is_active(node);
    let mut change = view.change(tp, &acceptable);
    change.election = view.usual_election(topic);
    change.isr = isr;
    change.replicas = replicas;
    change.adding = Vec::new();
    change.removing = Vec::new();
    Ok(change_record(tp, change))
}

fn sorted(mut nodes: Vec<NodeId>) -> Vec<NodeId> {
    nodes.sort_unstable();
    nodes
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Desk, ids};
    use super::*;

    fn ask(desk: &mut Desk, target: Option<&[i32]>) -> ErrorCode {
        let partitions = vec![("t".into(), 0, target.map(ids))];
        let request = AlterPartitionReassignments { partitions };
        let (records, verdicts) = alter_reassignments(&desk.view(), &request);
        desk.apply(&records);
        verdicts[0].2
    }

    #[test]
    fn new_replicas_come_before_old_ones_go() {
        let mut desk = Desk::with_topic(4, &[&[1, 2, 3]]);
        assert_eq!(ask(&mut desk, Some(&[4, 3, 2])), ErrorCode::None);
        let state = desk.partition(0);
        assert_eq!(state.replicas, ids(&[4, 3, 2, 1]));
        assert_eq!((&state.adding, &state.removing), (&ids(&[4]), &ids(&[1])));
        assert_eq!((state.leader, state.leader_epoch), (NodeId(1), 0), "nothing moves yet");
        assert_eq!(ask(&mut desk, None), ErrorCode::None);
        let state = desk.partition(0);
        assert_eq!(state.replicas, ids(&[3, 2, 1]), "cancelled, in the order of the target");
        assert!(state.adding.is_empty() && state.removing.is_empty());
        assert_eq!(ask(&mut desk, None), ErrorCode::NoReassignmentInProgress);
    }

    #[test]
    fn a_reassignment_to_those_who_have_it_all_is_done_at_once() {
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        assert_eq!(ask(&mut desk, Some(&[2, 3])), ErrorCode::None);
        let state = desk.partition(0);
        assert_eq!((&state.replicas, &state.isr), (&ids(&[2, 3]), &ids(&[2, 3])));
        assert_eq!((state.leader, state.leader_epoch), (NodeId(2), 1));
    }

    #[test]
    fn impossible_targets_are_refused() {
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        for target in [&[][..], &[1, 1], &[9]] {
            assert_eq!(ask(&mut desk, Some(target)), ErrorCode::InvalidReplicaAssignment);
        }
    }
}
