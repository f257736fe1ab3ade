//! The script of a run in which one thing is different from the beginning.
//!
//! Invariant: everything else stays as it is, also what the user did later, so that the two runs can be compared.

use super::Projector;
use crate::ui::Jump;
use crate::ui_command::{ConfigScope, ForkChange};
use kafkascope_model::command::{AdminCommand, Command, ConfigPairs};
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_session::{Script, Session};

impl Projector {
    /// The script of a session with one thing changed, to be lived again with [`Session::relive`].
    ///
    /// # Errors
    ///
    /// A sentence, if the script has nothing that the change could be about.
    pub fn forked(
        &self,
        session: &Session,
        jump: Jump,
        change: &ForkChange,
    ) -> Result<Script, String> {
        let mut script = session.script().clone();
        match change {
            ForkChange::Nothing => {}
            ForkChange::Undo => undo(&mut script, jump)?,
            ForkChange::Config { scope, key, value } => {
                let target = self.target(scope);
                let mut found = false;
                let entries = script.entries.iter_mut().map(|entry| &mut entry.command);
                for command in script.setup.iter_mut().chain(entries) {
                    if let Some(pairs) = target.configs_of(command) {
                        set(pairs, key, value);
                        found = true;
                    }
                }
                if !found {
                    return Err(format!(
                        "the script does not create {target}, so its configs cannot be other ones"
                    ));
                }
            }
        }
        Ok(script)
    }

    fn target(&self, scope: &ConfigScope) -> Target {
        match scope {
            ConfigScope::Topic(name) => Target::Topic(name.clone()),
            ConfigScope::Node(id) if id.is_client() => {
                Target::Client(Name::from(&*self.directory.name(*id)))
            }
            ConfigScope::Node(id) => Target::Server(*id),
        }
    }
}

/// Whose configs are changed.
enum Target {
    Topic(Name),
    Client(Name),
    Server(NodeId),
}

impl Target {
    /// The configs in a command that creates the target.
    fn configs_of<'a>(&self, command: &'a mut Command) -> Option<&'a mut ConfigPairs> {
        match (self, command) {
            (
                Self::Topic(topic),
                Command::Admin(AdminCommand::CreateTopic { name, configs, .. }),
            ) => (name == topic).then_some(configs),
            (Self::Client(client), Command::AddProducer(spec)) => {
                (spec.name == *client).then_some(&mut spec.config)
            }
            (Self::Client(client), Command::AddConsumer(spec)) => {
                (spec.name == *client).then_some(&mut spec.config)
            }
            (Self::Client(client), Command::AddShareConsumer(spec)) => {
                (spec.name == *client).then_some(&mut spec.config)
            }
            (
                Self::Server(server),
                Command::AddBroker { id, config, .. } | Command::AddController { id, config },
            ) => (id == server).then_some(config),
            (Self::Topic(_) | Self::Client(_) | Self::Server(_), _) => None,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Topic(name) => write!(f, "topic {name}"),
            Self::Client(name) => write!(f, "{name}"),
            Self::Server(id) => write!(f, "node {id}"),
        }
    }
}

fn set(pairs: &mut ConfigPairs, key: &Name, value: &Name) {
    pairs.retain(|(known, _)| known != key);
    if &**key == "enable.idempotence" && &**value == "true" {
        // Kafka refuses an idempotent producer whose acks are not all.
        pairs.retain(|(known, _)| &**known != "acks");
    }
    pairs.push((key.clone(), value.clone()));
}

fn undo(script: &mut Script, jump: Jump) -> Result<(), String> {
    let index = script.entries.iter().rposition(|entry| entry.at == jump.at);
    let index = index.ok_or_else(|| "nothing was done at that moment".to_string())?;
    script.entries.remove(index);
    Ok(())
}
