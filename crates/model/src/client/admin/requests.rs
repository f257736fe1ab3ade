//! From the admin client's calls to requests, and from responses to verdicts.
//!
//! Invariant: a call's verdicts name the same objects in the same order, whatever the answer is.

use super::call::{Target, Verdicts};
use crate::api::request::{self, ConfigResource};
use crate::api::{ApiKey, ErrorCode, Request, Response};
use crate::command::AdminCommand;
use crate::ids::{Name, NodeId, TopicPartition};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

pub(super) const fn api_of(command: &AdminCommand) -> ApiKey {
    match command {
        AdminCommand::CreateTopic { .. } => ApiKey::CreateTopics,
        AdminCommand::CreatePartitions { .. } => ApiKey::CreatePartitions,
        AdminCommand::DeleteTopic { .. } => ApiKey::DeleteTopics,
        AdminCommand::AlterConfigs { .. } => ApiKey::IncrementalAlterConfigs,
        AdminCommand::ElectLeaders { .. } => ApiKey::ElectLeaders,
        AdminCommand::DeleteRecords { .. } => ApiKey::DeleteRecords,
        AdminCommand::ListOffsets { .. } => ApiKey::ListOffsets,
    }
}

pub(super) fn target_of(command: &AdminCommand) -> Target {
    match command {
        AdminCommand::CreateTopic { .. }
        | AdminCommand::CreatePartitions { .. }
        | AdminCommand::DeleteTopic { .. }
        | AdminCommand::ElectLeaders { .. } => Target::Controller,
        AdminCommand::AlterConfigs { resource: ConfigResource::Broker(Some(id)), .. } => {
            Target::Broker(*id)
        }
        AdminCommand::AlterConfigs { .. } => Target::LeastLoaded,
        AdminCommand::DeleteRecords { topic, partition, .. }
        | AdminCommand::ListOffsets { topic, partition, .. } => {
            Target::Leader(topic.clone(), *partition)
        }
    }
}

/// What a call is about, as facts name it.
pub(super) fn objects_of(command: &AdminCommand) -> Vec<Name> {
    match command {
        AdminCommand::CreateTopic { name, .. }
        | AdminCommand::CreatePartitions { name, .. }
        | AdminCommand::DeleteTopic { name } => vec![name.clone()],
        AdminCommand::AlterConfigs { resource, .. } => vec![resource_name(resource)],
        AdminCommand::ElectLeaders { partitions, .. } => {
            partitions.iter().map(|(name, partition)| partition_name(name, *partition)).collect()
        }
        AdminCommand::DeleteRecords { topic, partition, .. }
        | AdminCommand::ListOffsets { topic, partition, .. } => {
            vec![partition_name(topic, *partition)]
        }
    }
}

/// The request; `found` is the partition with its topic's id, where a leader was looked up.
pub(super) fn request_of(
    command: &AdminCommand,
    found: Option<TopicPartition>,
    timeout_ms: i32,
) -> Request {
    match command.clone() {
        AdminCommand::CreateTopic {
            name,
            partitions,
            replication_factor,
            assignments,
            configs,
        } => {
            let assigned = !assignments.is_empty();
            Request::CreateTopics(request::CreateTopics {
                name,
                num_partitions: if assigned { -1 } else { partitions },
                replication_factor: if assigned { -1 } else { replication_factor },
                assignments,
                configs,
                timeout_ms,
            })
        }
        AdminCommand::CreatePartitions { name, total } => {
            Request::CreatePartitions(request::CreatePartitions { name, count: total })
        }
        AdminCommand::DeleteTopic { name } => {
            Request::DeleteTopics(request::DeleteTopics { names: vec![name] })
        }
        AdminCommand::AlterConfigs { resource, configs } => {
            let body = request::IncrementalAlterConfigs { resource, configs };
            Request::IncrementalAlterConfigs(body)
        }
        AdminCommand::ElectLeaders { unclean, partitions } => {
            let partitions = (!partitions.is_empty()).then_some(partitions);
            Request::ElectLeaders(request::ElectLeaders { unclean, partitions })
        }
        AdminCommand::DeleteRecords { before, .. } => {
            let tp = found.expect("a leader was looked up");
            let partitions = vec![(tp, before)];
            Request::DeleteRecords(request::DeleteRecords { partitions, timeout_ms })
        }
        AdminCommand::ListOffsets { spec, read_committed, .. } => {
            let tp = found.expect("a leader was looked up");
            Request::ListOffsets(request::ListOffsets {
                replica_id: NodeId::NONE,
                read_committed,
                partitions: vec![(tp, -1, spec)],
            })
        }
    }
}

/// What the answer says of each object.
pub(super) fn verdicts(command: &AdminCommand, response: &Response) -> Verdicts {
    if let Response::ElectLeaders(ErrorCode::None, answers) = response
        && !answers.is_empty()
    {
        let answer = |(name, partition, error): &(Name, i32, ErrorCode)| {
            (partition_name(name, *partition), *error)
        };
        return answers.iter().map(answer).collect();
    }
    let error = response.first_error();
    objects_of(command).into_iter().map(|object| (object, error)).collect()
}

/// The leader of a partition, as METADATA has it.
pub(super) fn leader_in(
    response: &Response,
    name: &Name,
    partition: i32,
) -> Result<(NodeId, TopicPartition), ErrorCode> {
    let Response::Metadata(body) = response else { return Err(ErrorCode::UnknownServerError) };
    let unknown = ErrorCode::UnknownTopicOrPartition;
    let topic = body.topics.iter().find(|topic| topic.name == *name).ok_or(unknown)?;
    if !topic.error.is_ok() {
        return Err(topic.error);
    }
    let known = topic.partitions.iter().find(|known| known.partition_index == partition);
    let known = known.ok_or(unknown)?;
    if known.leader_id.0 < 0 {
        return Err(ErrorCode::LeaderNotAvailable);
    }
    Ok((known.leader_id, TopicPartition::new(topic.topic_id, partition)))
}

fn partition_name(topic: &str, partition: i32) -> Name {
    format!("{topic}-{partition}").into()
}

fn resource_name(resource: &ConfigResource) -> Name {
    match resource {
        ConfigResource::Topic(name) | ConfigResource::Group(name) => name.clone(),
        ConfigResource::Broker(Some(id)) => id.to_string().into(),
        ConfigResource::Broker(None) => "".into(),
    }
}
