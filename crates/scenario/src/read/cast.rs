//! Who is there, so that names in the text find their node.
//!
//! Invariant: ids are given as the world gives them: clients in the order in which they are added, after the admin client.

use crate::doc::Item;
use crate::nearest::did_you_mean;
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_model::world::ADMIN;

/// Everyone who is there so far.
#[derive(Debug, Default)]
pub struct Cast {
    servers: Vec<NodeId>,
    clients: Vec<Name>,
    topics: Vec<Name>,
}

impl Cast {
    /// A broker or a controller.
    pub fn know_server(&mut self, id: NodeId) {
        self.servers.push(id);
    }

    /// A producer's or a consumer's application.
    pub fn add_client(&mut self, name: &str) {
        self.clients.push(name.into());
    }

    /// Whether an application has this name.
    pub fn has_client(&self, name: &str) -> bool {
        self.clients.iter().any(|client| &**client == name)
    }

    /// A topic.
    pub fn add_topic(&mut self, name: &str) {
        self.topics.push(name.into());
    }

    /// A topic's name, which must be one of the declared ones unless none is.
    pub fn topic(&self, item: &Item<'_>) -> Option<Name> {
        let name = item.text()?;
        if self.topics.is_empty() || self.topics.iter().any(|topic| **topic == name) {
            return Some(name.into());
        }
        let near = did_you_mean(&name, self.topics.iter().map(|topic| &**topic));
        item.wrong(format!("no [[topic]] is called '{name}'.{near}"));
        None
    }

    /// A node: an application's name, a node id, `broker 1` or `controller 100`.
    pub fn node(&self, item: &Item<'_>) -> Option<NodeId> {
        if item.raw().is_integer() {
            let id = NodeId(item.whole(1..=i64::from(i32::MAX))? as i32);
            return self.known(item, id);
        }
        let text = item.text()?;
        if let Some(at) = self.clients.iter().rposition(|client| **client == text) {
            return Some(NodeId(ADMIN.0 + 1 + at as i32));
        }
        if text == "zookeeper" {
            return self.known(item, NodeId::FIRST_CONTROLLER);
        }
        let number = text.strip_prefix("broker ").or_else(|| text.strip_prefix("controller "));
        if let Some(id) = number.and_then(|number| number.parse().ok()) {
            return self.known(item, NodeId(id));
        }
        let near = did_you_mean(&text, self.clients.iter().map(|client| &**client));
        item.wrong(format!(
            "nobody is called '{text}' at that time.{near} Brokers and controllers go by their id."
        ));
        None
    }

    fn known(&self, item: &Item<'_>, id: NodeId) -> Option<NodeId> {
        let last_client = ADMIN.0 + self.clients.len() as i32;
        let is_client = (ADMIN.0..=last_client).contains(&id.0);
        if is_client || self.servers.contains(&id) {
            return Some(id);
        }
        let ids: Vec<_> = self.servers.iter().map(ToString::to_string).collect();
        item.wrong(format!("there is no node {id}; the nodes are {}", ids.join(", ")));
        None
    }
}
