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
