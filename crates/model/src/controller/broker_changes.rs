//! What a broker's coming and going does to partitions (`ReplicationControlManager.generateLeaderAndIsrUpdates`).
//!
//! Each function returns the records in Kafka's order. Invariant: after them no ISR holds a broker that may not lead.

use super::records::{MetadataRecord, PartitionState};
use super::view::{View, change_record};
use crate::ids::NodeId;
use alloc::vec::Vec;

/// A silent or leaving broker serves no more: it leaves every ISR, others take over its leaderships.
pub fn fence(view: &View<'_>, broker: NodeId) -> Vec<MetadataRecord> {
    let mut records = leave_isrs(view, broker);
    records.push(registration_change(view, broker, Some(true), None));
    records
}

/// A broker may serve: partitions without a leader are looked at again; it joins no ISR by that.
pub fn unfence(view: &View<'_>, broker: NodeId) -> Vec<MetadataRecord> {
    let mut records = alloc::vec![registration_change(view, broker, Some(false), None)];
    let who = Who { added: Some(broker), ..Who::default() };
    records.extend(updates(view, who, |state| state.leader == NodeId::NONE));
    records
}

/// A broker begins to shut down: it leaves every ISR and hands over its leaderships.
pub fn begin_controlled_shutdown(view: &View<'_>, broker: NodeId) -> Vec<MetadataRecord> {
    let mut records = Vec::new();
    if !view.image.brokers[&broker].in_controlled_shutdown {
        records.push(registration_change(view, broker, None, Some(true)));
    }
    records.extend(leave_isrs(view, broker));
    records
}

/// A broker is back after a clean stop: it leaves every ISR it is still in.
pub fn clean_return(view: &View<'_>, broker: NodeId) -> Vec<MetadataRecord> {
    leave_isrs(view, broker)
}

/// A broker is back after a crash: what it acknowledged may be gone, so it leaves every ISR and every ELR (KIP-966).
pub fn unclean_return(view: &View<'_>, broker: NodeId) -> Vec<MetadataRecord> {
    let who = Who { unclean: Some(broker), ..Who::default() };
    let mut records = updates(view, who, |state| state.isr.contains(&broker));
    records.extend(updates(view, who, |state| state.elr.contains(&broker)));
    records
}

/// Whether it leads anything.
pub fn has_leaderships(view: &View<'_>, broker: NodeId) -> bool {
    view.image.partitions().any(|(_, state)| state.leader == broker)
}

/// Whose state changes with these records; the image does not show it yet.
#[derive(Clone, Copy, Default)]
struct Who {
    removed: Option<NodeId>,
    added: Option<NodeId>,
    unclean: Option<NodeId>,
}

fn leave_isrs(view: &View<'_>, broker: NodeId) -> Vec<MetadataRecord> {
    let who = Who { removed: Some(broker), ..Who::default() };
    updates(view, who, |state| state.isr.contains(&broker))
}

fn updates(
    view: &View<'_>,
    who: Who,
    concerned: impl Fn(&PartitionState) -> bool,
) -> Vec<MetadataRecord> {
    let gone = |node| Some(node) == who.removed || Some(node) == who.unclean;
    let acceptable = |node| !gone(node) && (Some(node) == who.added || view.image.is_active(node));
    let mut records = Vec::new();
    for (tp, state) in view.image.partitions().filter(|(_, state)| concerned(state)) {
        let mut change = view.change(tp, &acceptable);
        change.election = view.usual_election(&view.image.topics[&tp.topic].name);
        change.isr = state.isr.iter().copied().filter(|node| !gone(*node)).collect();
        change.unclean_shutdown = who.unclean;
        records.extend(change_record(tp, change));
    }
    records
}

fn registration_change(
    view: &View<'_>,
    broker: NodeId,
    fenced: Option<bool>,
    in_controlled_shutdown: Option<bool>,
) -> MetadataRecord {
    let epoch = view.image.brokers[&broker].epoch;
    MetadataRecord::BrokerChange { broker, epoch, fenced, in_controlled_shutdown }
}
