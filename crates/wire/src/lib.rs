//! Requests and responses as Kafka writes them: headers and fields under their own names.
//!
//! What the model leaves out of a message (hosts, ports, error texts) is left out here too; contents of batches are told as
//! sizes. Invariant: fields stand in the order of Kafka's message definitions, and bear their names.

#![allow(clippy::vec_init_then_push, reason = "`json!` adds field by field")]

mod fields;
mod legacy;
mod quorum;
mod request;
mod response;
mod share;
mod txn;
mod value;

pub use value::{ToValue, Value};

use kafkascope_model::api::{ApiKey, Request};
use kafkascope_model::ids::{Name, NodeId, TopicId};
use kafkascope_model::net::{ConnId, Lane};
use kafkascope_model::node::Node;
use kafkascope_model::world::World;

/// What messages need to know besides themselves.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a> {
    world: &'a World,
}

impl<'a> Wire<'a> {
    /// Messages of `world`.
    pub const fn new(world: &'a World) -> Self {
        Self { world }
    }

    /// The `client.id` in a request's header.
    pub fn client_id(&self, conn: ConnId) -> String {
        let client = conn.client;
        match conn.lane {
            Lane::Fetcher => format!("broker-{client}-fetcher-0"),
            Lane::Raft => format!("raft-client-{client}"),
            Lane::Lifecycle | Lane::ToController => client.to_string(),
            Lane::Markers => format!("broker-{client}-txn-marker-sender"),
            Lane::AddPartitions => format!("AddPartitionsManager-client-{client}"),
            Lane::Persister => format!("Persister-client-{client}"),
            Lane::PartitionMetadata => format!("NetworkPartitionMetadataClient-client-{client}"),
            Lane::Zookeeper | Lane::Watches | Lane::FromController => client.to_string(),
            Lane::Main | Lane::Bootstrap | Lane::Coordinator => self.application(client),
        }
    }

    fn application(&self, client: NodeId) -> String {
        let node = self.world.process(client).map(|process| &process.node);
        let own = match node {
            Some(Node::Producer(producer)) => producer.config.client_id.clone(),
            Some(Node::Consumer(consumer)) => consumer.config.client_id.clone(),
            Some(Node::ShareConsumer(consumer)) => consumer.config.client_id.clone(),
            Some(Node::Admin(_)) => Some(Name::from("adminclient-1")),
            Some(Node::Broker(_) | Node::Controller(_) | Node::Zookeeper(_)) | None => None,
        };
        own.map_or_else(|| self.world.node_name(client), |name| name.to_string())
    }

    fn topic_id(&self, topic: TopicId) -> String {
        if topic == TopicId::ZERO { "none".to_string() } else { format!("uuid{}", topic.0) }
    }

    fn topic_name(&self, topic: TopicId) -> String {
        self.world.topic_name(topic).map_or_else(|| self.topic_id(topic), ToString::to_string)
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "only requests about offsets can")]
fn names_by_id(request: &Request) -> bool {
    match request {
        Request::OffsetCommit(body) => !body.topic_ids.is_empty(),
        Request::OffsetFetch(body) => !body.topic_ids.is_empty(),
        _ => false,
    }
}

/// The version that 4.3.1's clients and brokers use; some stay behind the newest.
#[allow(clippy::wildcard_enum_match_arm, reason = "every other API goes by its newest version")]
pub fn version(request: &Request) -> i16 {
    match request.key() {
        // By name while the group speaks the classic protocol.
        ApiKey::OffsetCommit | ApiKey::OffsetFetch if !names_by_id(request) => 9,
        // The newest is for two-phase commit alone.
        ApiKey::InitProducerId => 5,
        other => other.latest_version(),
    }
}
