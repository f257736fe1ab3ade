//! What a record means to whoever watches: stated before the record is replayed, so that old and new can be compared.
//!
//! Invariant: every change of a leader, an ISR, a replica list or a config is stated exactly once, by the controller that wrote it.

use super::image::MetadataImage;
use super::records::{MetadataRecord, PartitionState};
use crate::api::request::ConfigResource;
use crate::cx::Cx;
use crate::ids::{Name, TopicPartition};
use crate::trace::{ChangeReason, Fact};
use alloc::format;

/// States what `record` changes in `image`.
pub(super) fn state(
    image: &MetadataImage,
    record: &MetadataRecord,
    reason: ChangeReason,
    cx: &mut Cx<'_>,
) {
    match record {
        MetadataRecord::RegisterBroker { broker, epoch, .. } => {
            cx.note(Fact::BrokerRegistered { broker: *broker, epoch: *epoch });
        }
        MetadataRecord::BrokerChange { broker, fenced: Some(false), .. } => {
            cx.note(Fact::BrokerUnfenced { broker: *broker });
        }
        MetadataRecord::BrokerChange { broker, in_controlled_shutdown: Some(true), .. } => {
            cx.note(Fact::ShutdownBegan { broker: *broker });
        }
        MetadataRecord::RemoveTopic { id } => cx.note(Fact::TopicDeleted { topic: *id }),
        MetadataRecord::Partition { tp, state } => whole(*tp, state, cx),
        MetadataRecord::PartitionChange { tp, state } => {
            let old = image.partition(*tp).expect("only existing partitions change");
            changed(*tp, old, state, reason, cx);
        }
        MetadataRecord::Config { resource, key, value } => cx.note(Fact::ConfigChanged {
            resource: name_of(resource),
            key: key.clone(),
            value: value.clone(),
        }),
        MetadataRecord::LeaderChange { .. }
        | MetadataRecord::BeginTransaction
        | MetadataRecord::EndTransaction
        | MetadataRecord::FeatureLevel { .. }
        | MetadataRecord::NoOp
        | MetadataRecord::UnregisterBroker { .. }
        | MetadataRecord::BrokerChange { .. }
        | MetadataRecord::Topic { .. }
        | MetadataRecord::ProducerIds { .. } => {}
    }
}

fn whole(tp: TopicPartition, state: &PartitionState, cx: &mut Cx<'_>) {
    let reason = ChangeReason::Created;
    cx.note(Fact::ReplicasChanged { tp, replicas: state.replicas[..].into() });
    cx.note(Fact::LeaderElected { tp, leader: state.leader, epoch: state.leader_epoch, reason });
    cx.note(Fact::IsrChanged { tp, isr: state.isr[..].into(), elr: state.elr[..].into(), reason });
}

fn changed(
    tp: TopicPartition,
    old: &PartitionState,
    new: &PartitionState,
    reason: ChangeReason,
    cx: &mut Cx<'_>,
) {
    if old.replicas != new.replicas {
        cx.note(Fact::ReplicasChanged { tp, replicas: new.replicas[..].into() });
    }
    if (old.leader, old.leader_epoch) != (new.leader, new.leader_epoch) {
        let unclean = new.recovering && !old.recovering;
        let reason = if unclean { ChangeReason::Unclean } else { reason };
        cx.note(Fact::LeaderElected { tp, leader: new.leader, epoch: new.leader_epoch, reason });
    }
    if (&old.isr, &old.elr) != (&new.isr, &new.elr) {
        cx.note(Fact::IsrChanged { tp, isr: new.isr[..].into(), elr: new.elr[..].into(), reason });
    }
}

fn name_of(resource: &ConfigResource) -> Name {
    match resource {
        ConfigResource::Topic(name) | ConfigResource::Group(name) => name.clone(),
        ConfigResource::Broker(Some(id)) => format!("broker {id}").into(),
        ConfigResource::Broker(None) => "all brokers".into(),
    }
}
