//! What a client knows of the cluster (`org.apache.kafka.clients.MetadataSnapshot`, `org.apache.kafka.common.Cluster`).
//!
//! Invariant: a partition's leader epoch never falls while its topic keeps its id.

use super::network::Peer;
use crate::ids::{LeaderEpoch, Name, NodeId, TopicId, TopicPartition};
use crate::net::Lane;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// One partition as a client knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownPartition {
    /// Its leader, if it has one.
    pub leader: Option<NodeId>,
    /// Counts leaders; -1 unknown.
    pub leader_epoch: LeaderEpoch,
    /// In order of preference.
    pub replicas: Vec<NodeId>,
    /// In sync.
    pub isr: Vec<NodeId>,
    /// On brokers that are not there.
    pub offline: Vec<NodeId>,
}

/// One topic as a client knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownTopic {
    /// Its id.
    pub id: TopicId,
    /// Kafka's own.
    pub is_internal: bool,
    /// By index.
    pub partitions: Vec<KnownPartition>,
}

/// Brokers and topics as of the last answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cluster {
    /// Whom to ask: bootstrap addresses until the first answer, then every unfenced broker.
    pub nodes: Vec<Peer>,
    /// Each broker's `broker.rack`.
    pub racks: FlatMap<NodeId, Name>,
    /// The broker that stands for the controller; -1 unknown.
    pub controller: Option<NodeId>,
    topics: FlatMap<Name, KnownTopic>,
    names: FlatMap<TopicId, Name>,
}

impl Cluster {
    /// Nothing known but where to ask.
    pub fn bootstrap(servers: &[NodeId]) -> Self {
        Self { nodes: servers.iter().copied().map(Peer::bootstrap).collect(), ..Self::default() }
    }

    /// Whether nothing is known but where to ask.
    pub fn is_bootstrap(&self) -> bool {
        self.topics.is_empty() && self.nodes.iter().all(|peer| peer.lane == Lane::Bootstrap)
    }

    /// A topic by name.
    pub fn topic(&self, name: &str) -> Option<&KnownTopic> {
        self.topics.get(name)
    }

    /// A topic's name by its id.
    pub fn name_of(&self, id: TopicId) -> Option<&Name> {
        self.names.get(&id)
    }

    /// Every topic, by name.
    pub fn topics(&self) -> impl Iterator<Item = (&Name, &KnownTopic)> {
        self.topics.iter()
    }

    /// A partition.
    pub fn partition(&self, tp: TopicPartition) -> Option<&KnownPartition> {
        let topic = self.topics.get(self.names.get(&tp.topic)?)?;
        topic.partitions.get(usize::try_from(tp.partition).ok()?)
    }

    /// The leader of a partition, if there is one and it is among the nodes (`Cluster.leaderFor`).
    pub fn leader(&self, tp: TopicPartition) -> Option<NodeId> {
        self.partition(tp)?.leader.filter(|leader| self.has_node(*leader))
    }

    /// Whether a broker is among the nodes.
    pub fn has_node(&self, broker: NodeId) -> bool {
        self.nodes.contains(&Peer::broker(broker))
    }

    /// The full name of a partition, by topic id.
    pub fn tp(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        self.topics.get(topic).map(|known| TopicPartition::new(known.id, partition))
    }

    pub(super) fn insert(&mut self, name: Name, topic: KnownTopic) {
        let id = topic.id;
        self.names.insert(id, name.clone());
        match self.topics.insert(name, topic) {
            Some(before) if before.id != id => {
                self.names.remove(&before.id);
            }
            Some(_) | None => {}
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(topic) = self.topics.remove(name) {
            self.names.remove(&topic.id);
        }
    }

    pub(super) fn partition_mut(&mut self, tp: TopicPartition) -> Option<&mut KnownPartition> {
        let topic = self.topics.get_mut(self.names.get(&tp.topic)?)?;
        topic.partitions.get_mut(usize::try_from(tp.partition).ok()?)
    }
}
