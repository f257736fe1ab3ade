//! Requests and responses as a node's request log writes them, in the format of the recorded traces.
//!
//! What the model leaves out of a message (hosts, ports, error texts) is left out here too. Invariant: every exchange has a
//! line, with Kafka's names for API and fields.

mod fields;
mod quorum;
mod request;
mod response;
mod share;

use kafkascope_kernel::SimTime;
use kafkascope_model::api::{ApiKey, Request};
use kafkascope_model::ids::{Name, NodeId, TopicId};
use kafkascope_model::net::{ConnId, Lane};
use kafkascope_model::node::Node;
use kafkascope_model::world::{Exchange, World};
use serde_json::{Map, Value, json};

/// What messages need to know besides themselves.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a> {
    world: &'a World,
    begin: SimTime,
}

impl<'a> Wire<'a> {
    /// Exchanges of `world`, with times counted from `begin`.
    pub const fn new(world: &'a World, begin: SimTime) -> Self {
        Self { world, begin }
    }

    /// One exchange as one object.
    pub fn line(&self, exchange: &Exchange) -> Value {
        let api = exchange.request.key();
        let t_us = exchange.at.0 as i64 - self.begin.0 as i64;
        let took = exchange.answered_at.map(|at| at.since(exchange.at).0 / 100);
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| line.insert(key.to_string(), value);
        put("t_ms", json!(t_us.div_euclid(1_000)));
        put("took_ms", json!(took.map(|tenths| tenths as f64 / 10.0)));
        put("to", json!(exchange.conn.server.0));
        put("from", json!(self.client_id(exchange.conn)));
        put("api", json!(api.name()));
        put("version", json!(version(&exchange.request)));
        put("request", self.request(&exchange.request));
        let response = exchange.response.as_ref();
        put("response", response.map_or(Value::Null, |response| self.response(response)));
        Value::Object(line)
    }

    /// The `client.id` in the request's header.
    pub fn client_id(&self, conn: ConnId) -> String {
        let client = conn.client;
        match conn.lane {
            Lane::Fetcher => format!("broker-{client}-fetcher-0"),
            Lane::Raft => format!("raft-client-{client}"),
            Lane::Lifecycle | Lane::ToController | Lane::Markers => client.to_string(),
            Lane::Persister => format!("Persister-client-{client}"),
            Lane::PartitionMetadata => format!("NetworkPartitionMetadataClient-client-{client}"),
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
            Some(Node::Broker(_) | Node::Controller(_)) | None => None,
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

#[allow(clippy::wildcard_enum_match_arm, reason = "every other API goes by its newest version")]
/// The version that 4.3.1's clients and brokers use; some stay behind the newest.
fn version(request: &Request) -> i16 {
    match request.key() {
        // By name while the group speaks the classic protocol.
        ApiKey::OffsetCommit | ApiKey::OffsetFetch => 9,
        other => other.latest_version(),
    }
}
