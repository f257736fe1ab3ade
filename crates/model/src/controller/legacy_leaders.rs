//! Who leads once brokers came, went or want to go, in ZooKeeper mode (`ZkPartitionStateMachine`, `ZkReplicaStateMachine`).
//!
//! Elections and the shrinking of ISRs are separate steps there, each with a leader epoch of its own. Invariant: an ISR never
//! runs empty; its last member stays in it, dead or alive.

use super::records::{MetadataRecord, PartitionState};
use super::view::View;
use crate::ids::{NodeId, TopicPartition};
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// `leader.imbalance.per.broker.percentage`, which only this controller looked at.
const IMBALANCE_PERCENTAGE: usize = 10;

/// Partitions whose leader is not there are led by the first replica that is, and is in sync (`leaderForOffline`).
pub(super) fn elect_offline(view: &View<'_>) -> Vec<MetadataRecord> {
    let offline = view.image.partitions().filter(|(_, state)| !view.image.is_active(state.leader));
    offline.filter_map(|(tp, state)| elect(view, tp, state)).collect()
}

fn elect(view: &View<'_>, tp: TopicPartition, state: &PartitionState) -> Option<MetadataRecord> {
    let alive = |id: &&NodeId| view.image.is_active(**id);
    let in_sync = |id: &&NodeId| alive(id) && state.isr.contains(*id);
    if let Some(leader) = state.replicas.iter().find(in_sync) {
        let isr = state.isr.iter().filter(alive).copied().collect();
        return Some(changed(tp, state, *leader, isr));
    }
    let unclean = view.unclean_allowed(&view.image.topics[&tp.topic].name);
    let leader = state.replicas.iter().find(alive).filter(|_| unclean)?;
    let recovering = PartitionState { recovering: true, ..state.clone() };
    Some(changed(tp, &recovering, *leader, vec![*leader]))
}

/// A dead replica leaves every ISR, and leads nothing (`doRemoveReplicasFromIsr`).
pub(super) fn leave_isrs(view: &View<'_>, gone: NodeId) -> Vec<MetadataRecord> {
    let concerned = view.image.partitions().filter(|(_, state)| state.isr.contains(&gone));
    let left = concerned.map(|(tp, state)| {
        let leader = if state.leader == gone { NodeId::NONE } else { state.leader };
        let alone = state.isr.len() == 1;
        let isr = state.isr.iter().filter(|id| alone || **id != gone).copied().collect();
        changed(tp, state, leader, isr)
    });
    left.collect()
}

/// What a broker leads that is about to end goes to another of the ISR; without one, it stays (`leaderForControlledShutdown`).
pub(super) fn hand_over(view: &View<'_>, leaving: NodeId) -> Vec<MetadataRecord> {
    let led = view.image.partitions().filter(|(_, state)| state.leader == leaving);
    let stays = |id: &&NodeId| {
        let broker = view.image.brokers.get(*id);
        **id != leaving && broker.is_none_or(|broker| !broker.in_controlled_shutdown)
    };
    let handed = led.filter_map(|(tp, state)| {
        let fits = |id: &&NodeId| view.image.is_active(**id) && state.isr.contains(*id);
        let leader = state.replicas.iter().filter(stays).find(fits)?;
        let isr = state.isr.iter().filter(stays).copied().collect();
        Some(changed(tp, state, *leader, isr))
    });
    handed.collect()
}

/// What a broker follows that is about to end goes on without it.
pub(super) fn stop_following(view: &View<'_>, leaving: NodeId) -> Vec<MetadataRecord> {
    let mut records = leave_isrs(view, leaving);
    records.retain(|record| {
        let MetadataRecord::PartitionChange { tp, .. } = record else { return true };
        view.image.partition(*tp).is_some_and(|state| state.leader != leaving)
    });
    records
}

/// Leadership goes back to preferred replicas that are in sync, of brokers that miss enough of it
/// (`checkAndTriggerAutoLeaderRebalance`).
pub(super) fn balance(view: &View<'_>) -> Vec<MetadataRecord> {
    let mut imbalance: FlatMap<NodeId, (usize, usize)> = FlatMap::new();
    for (_, state) in view.image.partitions() {
        let (missed, all) = imbalance.entry(state.replicas[0]).or_default();
        *missed += usize::from(!state.has_preferred_leader());
        *all += 1;
    }
    let due = |id: NodeId| {
        let (missed, all) = imbalance[&id];
        missed * 100 > all * IMBALANCE_PERCENTAGE
    };
    let moved = view.image.partitions().filter(|(_, state)| {
        let preferred = state.replicas[0];
        let may = view.image.is_active(preferred) && state.isr.contains(&preferred);
        may && !state.has_preferred_leader() && due(preferred)
    });
    moved.map(|(tp, state)| changed(tp, state, state.replicas[0], state.isr.clone())).collect()
}

/// Every decision about a partition begins a leader epoch and is one more version of its znode.
fn changed(
    tp: TopicPartition,
    state: &PartitionState,
    leader: NodeId,
    isr: Vec<NodeId>,
) -> MetadataRecord {
    let (leader_epoch, partition_epoch) = (state.leader_epoch + 1, state.partition_epoch + 1);
    let state = PartitionState { leader, isr, leader_epoch, partition_epoch, ..state.clone() };
    MetadataRecord::PartitionChange { tp, state }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Desk, ids, tp};
    use super::*;

    /// Broker `id` is gone, as the controller sees it.
    fn gone(desk: &mut Desk, id: i32) {
        let broker = NodeId(id);
        let epoch = desk.image.brokers[&broker].epoch;
        desk.apply(&[MetadataRecord::UnregisterBroker { broker, epoch }]);
    }

    fn decided(desk: &mut Desk, decide: impl FnOnce(&View<'_>) -> Vec<MetadataRecord>) {
        let records = decide(&desk.view().in_zookeeper_mode());
        desk.apply(&records);
    }

    fn leading(desk: &Desk) -> (NodeId, i32, Vec<NodeId>) {
        let state = desk.partition(0);
        (state.leader, state.leader_epoch, state.isr.clone())
    }

    #[test]
    fn a_controller_in_office_elects_first_and_a_new_one_shrinks_first() {
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        gone(&mut desk, 1);
        decided(&mut desk, elect_offline);
        decided(&mut desk, |view| leave_isrs(view, NodeId(1)));
        assert_eq!(leading(&desk), (NodeId(2), 1, ids(&[2, 3])));
        let mut desk = Desk::with_topic(3, &[&[1, 2, 3]]);
        gone(&mut desk, 1);
        decided(&mut desk, |view| leave_isrs(view, NodeId(1)));
        assert_eq!(leading(&desk), (NodeId::NONE, 1, ids(&[2, 3])));
        decided(&mut desk, elect_offline);
        assert_eq!(leading(&desk), (NodeId(2), 2, ids(&[2, 3])));
    }

    #[test]
    fn the_last_of_an_isr_stays_in_it_and_an_unclean_election_replaces_it() {
        let mut desk = Desk::with_topic(2, &[&[1, 2]]);
        for broker in [2, 1] {
            gone(&mut desk, broker);
            decided(&mut desk, elect_offline);
            decided(&mut desk, |view| leave_isrs(view, NodeId(broker)));
        }
        assert_eq!(leading(&desk), (NodeId::NONE, 2, ids(&[1])));
        let back = desk.registration(2, false);
        desk.apply(&[back]);
        decided(&mut desk, elect_offline);
        assert_eq!(leading(&desk), (NodeId::NONE, 2, ids(&[1])), "it is not in sync");
        desk.node.unclean_leader_election_enable = true;
        decided(&mut desk, elect_offline);
        assert_eq!(leading(&desk), (NodeId(2), 3, ids(&[2])));
        assert!(desk.partition(0).recovering);
    }

    #[test]
    fn leadership_goes_back_to_brokers_that_miss_more_than_a_tenth_of_it() {
        let moved = |away: usize| {
            let twenty: [&[i32]; 20] = [&[1, 2]; 20];
            let mut desk = Desk::with_topic(2, &twenty);
            for index in (0..).take(away) {
                let state = PartitionState { leader: NodeId(2), ..desk.partition(index).clone() };
                desk.apply(&[MetadataRecord::PartitionChange { tp: tp(index), state }]);
            }
            balance(&desk.view().in_zookeeper_mode()).len()
        };
        assert_eq!([moved(0), moved(2), moved(3)], [0, 0, 3]);
    }

    #[test]
    fn who_leaves_keeps_what_nobody_else_may_lead() {
        let mut desk = Desk::with_topic(2, &[&[1, 2], &[1], &[2, 1]]);
        decided(&mut desk, |view| hand_over(view, NodeId(1)));
        decided(&mut desk, |view| stop_following(view, NodeId(1)));
        assert_eq!(leading(&desk), (NodeId(2), 1, ids(&[2])));
        assert_eq!((desk.partition(1).leader, desk.partition(1).leader_epoch), (NodeId(1), 0));
        assert_eq!((desk.partition(2).leader_epoch, &desk.partition(2).isr), (1, &ids(&[2])));
        decided(&mut desk, |view| hand_over(view, NodeId(2)));
        assert_eq!(leading(&desk), (NodeId(2), 1, ids(&[2])));
    }
}
