//! `kafka-configs --alter` (`kafka.admin.ConfigCommand`).
//!
//! Invariant: what it says is done was answered by the cluster.

use super::Output;
use super::options::{Options, pairs};
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::command::AdminCommand;
use kafkascope_model::ids::{Name, NodeId};

pub fn run(stage: &mut Stage, args: &[String]) -> Result<Output, Stop> {
    let mut options = Options::new(args);
    options.value("--bootstrap-server");
    if !options.flag("--alter") {
        return Err(Stop::lacks("kafka.admin.ConfigCommand without --alter (cli)"));
    }
    let kind = options.value("--entity-type").unwrap_or_default();
    let default = options.flag("--entity-default");
    let name = options.value("--entity-name").unwrap_or_default();
    let added = options.value("--add-config").map(|text| pairs(&text)).unwrap_or_default();
    let deleted = options.value("--delete-config").unwrap_or_default();
    options.done("kafka.admin.ConfigCommand")?;
    let resource = resource(&kind, &name)?;
    let set = added.iter().map(|(key, value)| (text(key), Some(text(value))));
    let gone = deleted.split(',').filter(|key| !key.is_empty()).map(|key| (text(key.trim()), None));
    let configs = set.chain(gone).collect();
    let answer = stage.ask(AdminCommand::AlterConfigs { resource, configs })?;
    if answer.verdicts.iter().any(|(_, error)| *error != ErrorCode::None) {
        return Err(Stop::lacks("what kafka.admin.ConfigCommand prints of a refusal (cli)"));
    }
    let singular = kind.strip_suffix('s').unwrap_or(&kind);
    let of = if default {
        format!("default {kind} in the cluster")
    } else {
        format!("{singular} {name}")
    };
    let stdout = format!("Completed updating config for {of}.\n");
    Ok(Output { stdout, ..Output::default() })
}

fn resource(kind: &str, name: &str) -> Result<ConfigResource, Stop> {
    match kind {
        "groups" => Ok(ConfigResource::Group(text(name))),
        "topics" => Ok(ConfigResource::Topic(text(name))),
        "brokers" if name.is_empty() => Ok(ConfigResource::Broker(None)),
        "brokers" => {
            let id = name.parse().map_err(|_| Stop::problem(format!("'{name}' is no broker")))?;
            Ok(ConfigResource::Broker(Some(NodeId(id))))
        }
        other => Err(Stop::lacks(format!("configs of {other} (cli)"))),
    }
}

fn text(text: &str) -> Name {
    text.into()
}
