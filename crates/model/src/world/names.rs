//! What users call things.
//!
//! Invariant: every id that a fact may hold has a name here.

use super::World;
use crate::ids::{Name, NodeId, TopicId, TopicPartition};
use crate::node::Node;
use alloc::format;
use alloc::string::{String, ToString};

impl World {
    /// "broker 1", "controller 100", or an application's own name.
    pub fn node_name(&self, id: NodeId) -> String {
        match self.process(id).map(|process| &process.node) {
            Some(Node::Broker(_)) => format!("broker {id}"),
            Some(Node::Controller(_)) => format!("controller {id}"),
            Some(Node::Producer(producer)) => producer.spec.name.to_string(),
            Some(Node::Consumer(consumer)) => consumer.spec.name.to_string(),
            Some(Node::ShareConsumer(consumer)) => consumer.spec.name.to_string(),
            Some(Node::Zookeeper(_)) => "zookeeper".to_string(),
            Some(Node::Admin(_)) => "admin".to_string(),
            None => format!("node {id}"),
        }
    }

    /// The client with this name.
    pub fn client_named(&self, name: &str) -> Option<NodeId> {
        self.processes().map(|(id, _)| id).find(|id| id.is_client() && self.node_name(*id) == name)
    }

    /// A topic's name, also after it was deleted.
    pub fn topic_name(&self, id: TopicId) -> Option<&Name> {
        self.topic_names.get(&id)
    }

    /// `trips-0`, as Kafka writes it.
    pub fn partition_name(&self, tp: TopicPartition) -> String {
        match self.topic_name(tp.topic) {
            Some(name) => format!("{name}-{}", tp.partition),
            None if tp.topic == TopicId::ZERO => {
                format!("partition {} of a topic not known yet", tp.partition)
            }
            None => format!("topic {}-{}", tp.topic.0, tp.partition),
        }
    }

    /// The newest topic of this name.
    pub fn topic_named(&self, name: &str) -> Option<TopicId> {
        self.topic_names.iter().rev().find(|(_, known)| &***known == name).map(|(id, _)| *id)
    }
}
