//! Clients as a script opens them: their names, and the `client.id` that Java gives to those without.
//!
//! Invariant: two clients of one script never share a name in the world, even if two applications call them the same.

use super::stage::{Stage, Stop};
use kafkascope_model::command::{Command, ConfigPairs};
use kafkascope_model::ids::{Name, NodeId};

impl Stage {
    /// Starts a client and remembers it under its name.
    pub fn add_client(&mut self, app: &str, name: &str, command: &Command) -> Result<NodeId, Stop> {
        let id = self.world.next_client_id();
        self.submit(command)?;
        self.advance_to(self.world.now());
        self.clients.insert((app.to_string(), name.to_string()), id);
        Ok(id)
    }

    /// A name in the world for the client that `app` calls `name`.
    pub fn unique(&self, app: &str, name: &str) -> Name {
        format!("{app}/{name}/{}", self.world.next_client_id()).into()
    }

    /// The configs with a `client.id`, made up as `ProducerConfig` and `ConsumerConfig` do it.
    pub fn with_client_id(
        &mut self,
        app: &str,
        kind: &'static str,
        group: Option<&str>,
        mut config: ConfigPairs,
    ) -> ConfigPairs {
        let value = |key| config.iter().find(|(known, _)| &**known == key).map(|pair| &*pair.1);
        if value("client.id").is_some() {
            return config;
        }
        let made = self.made.entry((app.to_string(), kind)).or_default();
        let own = value("transactional.id").or(value("group.instance.id"));
        let last = own.map_or_else(
            || {
                *made += 1;
                made.to_string()
            },
            str::to_string,
        );
        let id = match group {
            Some(group) => format!("{kind}-{group}-{last}"),
            None => format!("{kind}-{last}"),
        };
        config.push(("client.id".into(), id.as_str().into()));
        config
    }
}
