//! Taints: partitions in which something happened that Kafka does not promise to survive.
//!
//! Invariant: a taint stays for the rest of the run.

use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::ids::{NodeId, TopicId, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// Why a replica no longer copies its leader's log.
const GIVEN_UP: &str =
    "it gave up fetching, since a batch of its leader straddles its own log's end";

/// What excuses what.
#[derive(Clone, Debug, Default)]
pub struct Taints {
    partitions: BTreeMap<TopicPartition, &'static str>,
    /// Topics that were deleted.
    deleted: BTreeSet<TopicId>,
    /// Members of an ELR whose log a reassignment has deleted.
    ghosts: BTreeSet<(TopicPartition, NodeId)>,
    /// Replicas that lost some of what they had stored, and why.
    robbed: BTreeMap<(TopicPartition, NodeId), &'static str>,
}

impl Taints {
    /// Something happened to a partition; the first counts.
    pub fn taint(&mut self, tp: TopicPartition, why: &'static str) {
        self.partitions.entry(tp).or_insert(why);
    }

    /// A partition is in another state. Whom a reassignment took away may stay in the ELR, as in Kafka 4.3.1, and may be elected
    /// once it is a replica again; it has nothing of what it had.
    pub fn follow(&mut self, tp: TopicPartition, state: &PartitionState) {
        self.ghosts.retain(|(of, id)| *of != tp || state.elr.contains(id));
        let gone = state.elr.iter().filter(|id| !state.replicas.contains(id));
        self.ghosts.extend(gone.map(|id| (tp, *id)));
    }

    /// Whether a member of the ELR lost its log to a reassignment.
    pub fn is_ghost(&self, tp: TopicPartition, node: NodeId) -> bool {
        self.ghosts.contains(&(tp, node))
    }

    /// A replica lost some of what it had stored.
    pub fn rob(&mut self, tp: TopicPartition, node: NodeId, why: &'static str) {
        self.robbed.insert((tp, node), why);
    }

    /// A replica copies nothing more until its leader changes.
    pub fn give_up(&mut self, tp: TopicPartition, node: NodeId) {
        self.robbed.insert((tp, node), GIVEN_UP);
    }

    /// Whether a replica copies nothing more.
    pub fn has_given_up(&self, tp: TopicPartition, node: NodeId) -> bool {
        self.loss_of(tp, node) == Some(GIVEN_UP)
    }

    /// Why a replica may lack what it had, if so.
    pub fn loss_of(&self, tp: TopicPartition, node: NodeId) -> Option<&'static str> {
        self.robbed.get(&(tp, node)).copied()
    }

    /// A topic is gone.
    pub fn delete(&mut self, topic: TopicId) {
        self.deleted.insert(topic);
    }

    /// Why a partition's promises need not be kept, if so.
    pub fn of(&self, tp: TopicPartition) -> Option<&'static str> {
        let deleted = || self.deleted.contains(&tp.topic).then_some("the topic was deleted");
        self.partitions.get(&tp).copied().or_else(deleted)
    }

    /// Whether any partition of a topic is tainted.
    pub fn of_topic(&self, topic: TopicId) -> Option<&'static str> {
        let range = TopicPartition::new(topic, i32::MIN)..=TopicPartition::new(topic, i32::MAX);
        self.partitions.range(range).next().map(|(_, why)| *why)
    }
}
