//! Requests and responses as a node's request log writes them, in the format of the recorded traces.
//!
//! What the model leaves out of a message (hosts, ports, error texts) is left out here too. Invariant: every exchange has a
//! line, with Kafka's names for API and fields.

mod fields;
mod quorum;
mod request;
mod response;
mod share;
mod txn;

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
        let origin = self.origin(exchange);
        put("from", json!(self.client_id(origin.map_or(exchange.conn, |first| first.conn))));
        put("api", json!(api.name()));
        put("version", json!(version(&exchange.request)));
        put("request", self.request(&exchange.request));
        let response = exchange.response.as_ref();
        put("response", response.map_or(Value::Null, |response| self.response(response)));
        if origin.is_some() {
            put("forwarded", json!(true));
        }
        Value::Object(line)
    }

    /// What a broker passes on to the controller is still its client's request.
    fn origin(&self, exchange: &Exchange) -> Option<&'a Exchange> {
        if exchange.conn.lane != Lane::ToController {
            return None;
        }
        let before = self.world.exchanges().iter().take_while(|other| other.at <= exchange.at);
        let mut open = before.filter(|other| {
            other.conn.server == exchange.conn.client
                && other.answered_at.is_none_or(|at| at >= exchange.at)
        });
        open.find(|other| other.request == exchange.request).or_else(|| self.asker(exchange))
    }

    /// A topic that is made because a client asked for its metadata is made in that client's name; internal ones are the
    /// broker's own.
    fn asker(&self, exchange: &Exchange) -> Option<&'a Exchange> {
        let Request::CreateTopics(creation) = &exchange.request else { return None };
        if creation.name.starts_with("__") {
            return None;
        }
        let asks = |other: &&Exchange| {
            let Request::Metadata(metadata) = &other.request else { return false };
            let mut names = metadata.topics.iter().flatten();
            other.conn.server == exchange.conn.client && names.any(|name| *name == creation.name)
        };
        let before = self.world.exchanges().iter().take_while(|other| other.at <= exchange.at);
        before.filter(asks).last()
    }

    /// The `client.id` in the request's header.
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

#[allow(clippy::wildcard_enum_match_arm, reason = "every other API goes by its newest version")]
/// The version that 4.3.1's clients and brokers use; some stay behind the newest.
fn version(request: &Request) -> i16 {
    match request.key() {
        // By name while the group speaks the classic protocol.
        ApiKey::OffsetCommit | ApiKey::OffsetFetch if !names_by_id(request) => 9,
        // The newest is for two-phase commit alone.
        ApiKey::InitProducerId => 5,
        other => other.latest_version(),
    }
}
