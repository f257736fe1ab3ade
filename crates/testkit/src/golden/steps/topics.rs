//! What a script asks the admin client to change: topics, configs, leaders, replicas, log starts.
//!
//! Invariant: every change goes through the admin client and is answered by the cluster.

use super::{done, failed};
use crate::golden::action::{
    AlterConfig, CreatePartitions, CreateTopic, DeleteRecords, DeleteTopic, Elect, Reassign,
};
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::command::AdminCommand;
use kafkascope_model::ids::{Name, NodeId};
use serde_json::{Map, Value, json};

pub fn create(stage: &mut Stage, args: &CreateTopic) -> Result<Value, Stop> {
    let replicas = |list: &Vec<i32>| list.iter().copied().map(NodeId).collect();
    let call = AdminCommand::CreateTopic {
        name: args.topic.as_str().into(),
        partitions: args.partitions.unwrap_or(-1),
        replication_factor: args.rf.unwrap_or(-1),
        assignments: args.assignment.iter().map(replicas).collect(),
        configs: args.config.iter().map(|(key, value)| (name(key), name(value))).collect(),
    };
    single(stage, call)
}

pub fn create_partitions(stage: &mut Stage, args: &CreatePartitions) -> Result<Value, Stop> {
    single(stage, AdminCommand::CreatePartitions { name: name(&args.topic), total: args.total })
}

pub fn delete(stage: &mut Stage, args: &DeleteTopic) -> Result<Value, Stop> {
    single(stage, AdminCommand::DeleteTopic { name: name(&args.topic) })
}

pub fn alter_config(stage: &mut Stage, args: &AlterConfig) -> Result<Value, Stop> {
    let resource = match args.kind.to_ascii_lowercase().as_str() {
        "topic" => ConfigResource::Topic(name(&args.resource)),
        "broker" if args.resource.is_empty() => ConfigResource::Broker(None),
        "broker" => {
            let id = args
                .resource
                .parse()
                .map_err(|_| Stop::problem(format!("'{}' is not a broker's id", args.resource)))?;
            ConfigResource::Broker(Some(NodeId(id)))
        }
        "group" => ConfigResource::Group(name(&args.resource)),
        other => return Err(Stop::lacks(format!("configs of type {other} (alter-config)"))),
    };
    let configs = args.config.iter().map(|(key, value)| (name(key), Some(name(value)))).collect();
    single(stage, AdminCommand::AlterConfigs { resource, configs })
}

pub fn elect(stage: &mut Stage, args: &Elect) -> Result<Value, Stop> {
    let unclean = match args.kind.as_str() {
        "preferred" => false,
        "unclean" => true,
        other => return Err(Stop::problem(format!("'{other}' is neither preferred nor unclean"))),
    };
    let partitions = args.tps.iter().map(|tp| (name(&tp.topic), tp.partition)).collect();
    let call = AdminCommand::ElectLeaders { unclean, partitions };
    let answer = stage.ask(call)?;
    let word = |error: ErrorCode| if error.is_ok() { "ok" } else { error.exception() };
    let told: Map<String, Value> = answer
        .verdicts
        .iter()
        .map(|(target, error)| (target.to_string(), json!(word(*error))))
        .collect();
    Ok(json!({ "partitions": told }))
}

pub fn reassign(stage: &mut Stage, args: &Reassign) -> Result<Value, Stop> {
    if args.replicas.is_empty() {
        let message = "Cannot create a new partition reassignment without any replicas";
        return Ok(json!({ "error": "IllegalArgumentException", "message": message }));
    }
    let replicas = args.replicas.iter().copied().map(NodeId).collect();
    let partitions = vec![(name(&args.tp.topic), args.tp.partition, Some(replicas))];
    single(stage, AdminCommand::ReassignPartitions { partitions })
}

pub fn delete_records(stage: &mut Stage, args: &DeleteRecords) -> Result<Value, Stop> {
    let call = AdminCommand::DeleteRecords {
        topic: name(&args.tp.topic),
        partition: args.tp.partition,
        before: args.before,
    };
    single(stage, call)
}

/// A call about one thing: nothing to tell, or the exception.
fn single(stage: &mut Stage, call: AdminCommand) -> Result<Value, Stop> {
    let answer = stage.ask(call)?;
    let error = answer.verdicts.iter().map(|(_, error)| *error).find(|error| !error.is_ok());
    Ok(error.map_or_else(done, |error| failed(error.exception())))
}

pub(super) fn name(text: &str) -> Name {
    text.into()
}
