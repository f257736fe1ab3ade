//! What records mean to whoever watches: told before a record is replayed, so that old and new can be compared.
//!
//! Invariant: every change of a leader, an ISR, a replica list or a config is told, by the controller that decided on it or, if
//! that one did not live to tell, by its successor.

use super::image::MetadataImage;
use super::records::{MetadataRecord, PartitionState};
use crate::api::request::ConfigResource;
use crate::ids::{Name, TopicId, TopicPartition};
use crate::trace::{ChangeReason, Fact};
use alloc::format;
use alloc::vec::Vec;

/// The topics that these records create.
pub(super) fn of_new_topics(records: &[MetadataRecord]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for record in records {
        let MetadataRecord::Topic { id, name } = record else { continue };
        let states = records.iter().filter_map(|record| partition_of(record, *id));
        let factor = states.clone().next().map_or(0, |state| state.replicas.len());
        facts.push(Fact::TopicCreated {
            topic: *id,
            name: name.clone(),
            partitions: i32::try_from(states.count()).unwrap_or(i32::MAX),
            replication_factor: i32::try_from(factor).unwrap_or(i32::MAX),
        });
    }
    facts
}

/// Adds what `record` changes in `image`.
pub(super) fn of_record(
    image: &MetadataImage,
    record: &MetadataRecord,
    reason: ChangeReason,
    told: &mut Vec<Fact>,
) {
    match record {
        MetadataRecord::RegisterBroker { broker, epoch, .. } => {
            told.push(Fact::BrokerRegistered { broker: *broker, epoch: *epoch });
        }
        MetadataRecord::BrokerChange { broker, fenced: Some(false), .. } => {
            told.push(Fact::BrokerUnfenced { broker: *broker });
        }
        MetadataRecord::BrokerChange { broker, in_controlled_shutdown: Some(true), .. } => {
            told.push(Fact::ShutdownBegan { broker: *broker });
        }
        MetadataRecord::RemoveTopic { id } => told.push(Fact::TopicDeleted { topic: *id }),
        MetadataRecord::Partition { tp, state } => whole(*tp, state, told),
        MetadataRecord::PartitionChange { tp, state } => {
            let old = image.partition(*tp).expect("only existing partitions change");
            changed(*tp, old, state, reason, told);
        }
        // What a cluster is formatted with, before anyone joins it, is no event.
        MetadataRecord::Config { .. } if image.brokers.is_empty() => {}
        MetadataRecord::Config { resource, key, value } => told.push(Fact::ConfigChanged {
            resource: name_of(resource),
            key: key.clone(),
            value: value.clone(),
        }),
        MetadataRecord::ClientQuota { entity, key, value } => told.push(Fact::QuotaChanged {
            entity: format!("{entity}").into(),
            key: *key,
            value: *value,
        }),
        MetadataRecord::LeaderChange { .. }
        | MetadataRecord::BeginTransaction
        | MetadataRecord::EndTransaction
        | MetadataRecord::FeatureLevel { .. }
        | MetadataRecord::NoOp
        | MetadataRecord::UnregisterBroker { .. }
        | MetadataRecord::BrokerChange { .. }
        | MetadataRecord::Topic { .. }
        | MetadataRecord::RegisterController { .. }
        | MetadataRecord::ProducerIds { .. } => {}
    }
}

fn partition_of(record: &MetadataRecord, topic: TopicId) -> Option<&PartitionState> {
    let MetadataRecord::Partition { tp, state } = record else { return None };
    (tp.topic == topic).then_some(state)
}

fn whole(tp: TopicPartition, state: &PartitionState, told: &mut Vec<Fact>) {
    let reason = ChangeReason::Created;
    told.push(Fact::ReplicasChanged { tp, replicas: state.replicas[..].into() });
    told.push(Fact::LeaderElected { tp, leader: state.leader, epoch: state.leader_epoch, reason });
    told.push(Fact::IsrChanged {
        tp,
        isr: state.isr[..].into(),
        elr: state.elr[..].into(),
        reason,
    });
}

fn changed(
    tp: TopicPartition,
    old: &PartitionState,
    new: &PartitionState,
    reason: ChangeReason,
    told: &mut Vec<Fact>,
) {
    if old.replicas != new.replicas {
        told.push(Fact::ReplicasChanged { tp, replicas: new.replicas[..].into() });
    }
    if (old.leader, old.leader_epoch) != (new.leader, new.leader_epoch) {
        let unclean = new.recovering && !old.recovering;
        let reason = if unclean { ChangeReason::Unclean } else { reason };
        told.push(Fact::LeaderElected { tp, leader: new.leader, epoch: new.leader_epoch, reason });
    }
    if (&old.isr, &old.elr) != (&new.isr, &new.elr) {
        told.push(Fact::IsrChanged {
            tp,
            isr: new.isr[..].into(),
            elr: new.elr[..].into(),
            reason,
        });
    }
}

fn name_of(resource: &ConfigResource) -> Name {
    match resource {
        ConfigResource::Topic(name) | ConfigResource::Group(name) => name.clone(),
        ConfigResource::Broker(Some(id)) => format!("broker {id}").into(),
        ConfigResource::Broker(None) => "all brokers".into(),
    }
}
