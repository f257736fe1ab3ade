//! The truth about the cluster: committed metadata, replayed by the auditor itself.
//!
//! Invariant: only committed records are in it, each applied once.

use crate::eyes;
use kafkascope_model::controller::Controller;
use kafkascope_model::controller::image::MetadataImage;
use kafkascope_model::controller::records::{MetadataRecord, PartitionState};
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset, TopicId, TopicPartition};
use kafkascope_model::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The cluster as the quorum has agreed on it.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The image.
    pub image: MetadataImage,
    /// Brokers that were unfenced while they were shutting down, by a heartbeat that came late; as in Kafka they may lead then.
    late: BTreeSet<NodeId>,
    /// The epoch of each committed record.
    epochs: Vec<LeaderEpoch>,
}

impl Truth {
    /// The next record that is committed and was not applied; with the offset it has.
    pub fn next(&self, world: &World) -> Option<(Offset, LeaderEpoch, Arc<MetadataRecord>)> {
        let farthest = eyes::controllers(world)
            .map(|(_, controller)| controller)
            .max_by_key(|controller| controller.quorum().high_watermark())?;
        if farthest.quorum().high_watermark()? <= self.end() {
            return None;
        }
        let (epoch, record) = farthest.quorum().log.entry(self.end())?;
        Some((self.end(), *epoch, record.clone()))
    }

    /// Applies it.
    #[allow(clippy::wildcard_enum_match_arm, reason = "two records are about serving")]
    pub fn apply(&mut self, offset: Offset, epoch: LeaderEpoch, record: &MetadataRecord) {
        match record {
            MetadataRecord::BrokerChange { broker, fenced: Some(false), .. } => {
                self.late.insert(*broker);
            }
            MetadataRecord::RegisterBroker { broker, .. }
            | MetadataRecord::BrokerChange { broker, .. } => {
                self.late.remove(broker);
            }
            _ => {}
        }
        self.image.apply(offset, epoch, record);
        self.epochs.push(epoch);
    }

    /// Offset after the last record applied.
    pub const fn end(&self) -> Offset {
        self.image.next_offset
    }

    /// Whether a controller's log has everything that was committed.
    pub fn is_in(&self, controller: &Controller) -> bool {
        let Some(last) = self.epochs.last() else { return true };
        controller.quorum().log.entry(self.end() - 1).is_some_and(|(epoch, _)| epoch == last)
    }

    /// A partition.
    pub fn partition(&self, tp: TopicPartition) -> Option<&PartitionState> {
        self.image.partition(tp)
    }

    /// How many partitions a topic has.
    pub fn partition_count(&self, topic: TopicId) -> usize {
        self.image.topics.get(&topic).map_or(0, |topic| topic.partitions.len())
    }

    /// Whether a broker serves, as the controller sees it.
    pub fn serves(&self, id: NodeId) -> bool {
        let unfenced = self.image.brokers.get(&id).is_some_and(|broker| !broker.fenced);
        self.image.is_active(id) || (unfenced && self.late.contains(&id))
    }

    /// Whether a broker may be elected: a member of ISR or ELR, or the last known leader.
    pub fn may_lead(&self, tp: TopicPartition, node: NodeId) -> bool {
        self.partition(tp).is_some_and(|state| {
            [&state.isr, &state.elr, &state.last_known_elr].iter().any(|ids| ids.contains(&node))
        })
    }

    /// Members of a partition's ISR.
    pub fn isr(&self, tp: TopicPartition) -> &[NodeId] {
        self.partition(tp).map_or(&[], |state| &state.isr)
    }
}
