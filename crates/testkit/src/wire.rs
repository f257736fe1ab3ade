//! Exchanges as a node's request log writes them, in the format of the recorded traces.
//!
//! Invariant: every exchange has a line, with Kafka's names for API and fields.

use kafkascope_kernel::SimTime;
use kafkascope_model::api::Request;
use kafkascope_model::net::Lane;
use kafkascope_model::world::{Exchange, World};
use kafkascope_wire as fields;
use serde_json::{Map, Value, json};

/// Writes exchanges down.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a> {
    world: &'a World,
    fields: fields::Wire<'a>,
    begin: SimTime,
}

impl<'a> Wire<'a> {
    /// Exchanges of `world`, with times counted from `begin`.
    pub const fn new(world: &'a World, begin: SimTime) -> Self {
        Self { world, fields: fields::Wire::new(world), begin }
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
        put("from", json!(self.fields.client_id(origin.map_or(exchange.conn, |first| first.conn))));
        put("api", json!(api.name()));
        put("version", json!(fields::version(&exchange.request)));
        put("request", told(self.fields.request(&exchange.request)));
        let response = exchange.response.as_ref();
        put(
            "response",
            response.map_or(Value::Null, |response| told(self.fields.response(response))),
        );
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
}

/// The same tree as JSON.
fn told(value: fields::Value) -> Value {
    match value {
        fields::Value::Null => Value::Null,
        fields::Value::Bool(yes) => Value::Bool(yes),
        fields::Value::Int(number) => json!(number),
        fields::Value::Text(text) => Value::String(text),
        fields::Value::List(items) => items.into_iter().map(told).collect(),
        fields::Value::Object(all) => {
            let all = all.into_iter().map(|(name, value)| (name.to_string(), told(value)));
            Value::Object(all.collect())
        }
    }
}
