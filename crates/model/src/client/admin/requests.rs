//! From the admin client's calls to requests, and from responses to verdicts.
//!
//! Invariant: a call's verdicts name the same objects in the same order, whatever the answer is.

use super::call::Verdicts;
use super::target::Place;
use crate::api::request::{self, ConfigResource};
use crate::api::share::GroupPartitions;
use crate::api::{ApiKey, ErrorCode, Request, Response, ShareRequest};
use crate::command::AdminCommand;
use crate::ids::{Name, NodeId};
use alloc::boxed::Box;
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
        AdminCommand::AlterClientQuotas { .. } => ApiKey::AlterClientQuotas,
        AdminCommand::ElectLeaders { .. } => ApiKey::ElectLeaders,
        AdminCommand::DeleteRecords { .. } => ApiKey::DeleteRecords,
        AdminCommand::ReassignPartitions { .. } => ApiKey::AlterPartitionReassignments,
        AdminCommand::ListOffsets { .. } => ApiKey::ListOffsets,
        AdminCommand::DescribeCluster | AdminCommand::DescribeTopic { .. } => ApiKey::Metadata,
        AdminCommand::ListTransactions => ApiKey::ListTransactions,
        AdminCommand::DescribeProducers { .. } => ApiKey::DescribeProducers,
        AdminCommand::ListGroups => ApiKey::ListGroups,
        AdminCommand::DescribeGroup { .. } => ApiKey::DescribeGroups,
        AdminCommand::DeleteGroup { .. } => ApiKey::DeleteGroups,
        AdminCommand::ListGroupOffsets { .. } => ApiKey::OffsetFetch,
        AdminCommand::AlterGroupOffsets { .. } => ApiKey::OffsetCommit,
        AdminCommand::DeleteGroupOffsets { .. } => ApiKey::OffsetDelete,
        AdminCommand::RemoveMembers { .. } => ApiKey::LeaveGroup,
        AdminCommand::DescribeShareGroup { .. } => ApiKey::ShareGroupDescribe,
        AdminCommand::ListShareGroupOffsets { .. } => ApiKey::DescribeShareGroupOffsets,
        AdminCommand::AlterShareGroupOffsets { .. } => ApiKey::AlterShareGroupOffsets,
        AdminCommand::DeleteShareGroupOffsets { .. } => ApiKey::DeleteShareGroupOffsets,
    }
}

/// What a call is about, as facts name it.
pub(super) fn objects_of(command: &AdminCommand) -> Vec<Name> {
    match command {
        AdminCommand::CreateTopic { name, .. }
        | AdminCommand::CreatePartitions { name, .. }
        | AdminCommand::DeleteTopic { name }
        | AdminCommand::DescribeTopic { name } => vec![name.clone()],
        AdminCommand::DescribeCluster | AdminCommand::ListGroups => vec!["cluster".into()],
        AdminCommand::AlterConfigs { resource, .. } => vec![resource_name(resource)],
        AdminCommand::AlterClientQuotas { entity, .. } => vec![entity.to_string().into()],
        AdminCommand::ElectLeaders { partitions, .. } => {
            partitions.iter().map(|(name, partition)| partition_name(name, *partition)).collect()
        }
        AdminCommand::ReassignPartitions { partitions } => {
            partitions.iter().map(|(name, partition, _)| partition_name(name, *partition)).collect()
        }
        AdminCommand::ListTransactions => vec!["cluster".into()],
        AdminCommand::DeleteRecords { topic, partition, .. }
        | AdminCommand::DescribeProducers { topic, partition }
        | AdminCommand::ListOffsets { topic, partition, .. } => {
            vec![partition_name(topic, *partition)]
        }
        AdminCommand::DescribeGroup { group }
        | AdminCommand::DeleteGroup { group }
        | AdminCommand::ListGroupOffsets { group }
        | AdminCommand::AlterGroupOffsets { group, .. }
        | AdminCommand::DescribeShareGroup { group }
        | AdminCommand::ListShareGroupOffsets { group }
        | AdminCommand::AlterShareGroupOffsets { group, .. }
        | AdminCommand::DeleteShareGroupOffsets { group, .. }
        | AdminCommand::DeleteGroupOffsets { group, .. }
        | AdminCommand::RemoveMembers { group, .. } => vec![group.clone()],
    }
}

/// The request; `place` is where it goes, with the partition's topic id if a leader was looked up.
pub(super) fn request_of(command: &AdminCommand, place: Place, timeout_ms: i32) -> Request {
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
        AdminCommand::AlterClientQuotas { entity, ops } => {
            Request::AlterClientQuotas(request::AlterClientQuotas { entity, ops })
        }
        AdminCommand::ElectLeaders { unclean, partitions } => {
            let partitions = (!partitions.is_empty()).then_some(partitions);
            Request::ElectLeaders(request::ElectLeaders { unclean, partitions })
        }
        AdminCommand::ReassignPartitions { partitions } => {
            let body = request::AlterPartitionReassignments { partitions };
            Request::AlterPartitionReassignments(body)
        }
        AdminCommand::ListTransactions => Request::ListTransactions,
        AdminCommand::DescribeProducers { .. } => {
            let partitions = vec![place.partition()];
            Request::DescribeProducers(request::DescribeProducers { partitions })
        }
        AdminCommand::DescribeCluster => metadata(Vec::new()),
        AdminCommand::DescribeTopic { name } => metadata(vec![name]),
        AdminCommand::DeleteRecords { before, .. } => {
            let partitions = vec![(place.partition(), before)];
            Request::DeleteRecords(request::DeleteRecords { partitions, timeout_ms })
        }
        AdminCommand::ListOffsets { spec, read_committed, .. } => {
            let partitions = vec![(place.partition(), -1, spec)];
            let replica_id = NodeId::NONE;
            Request::ListOffsets(request::ListOffsets { replica_id, read_committed, partitions })
        }
        AdminCommand::ListGroups
        | AdminCommand::DescribeGroup { .. }
        | AdminCommand::DeleteGroup { .. }
        | AdminCommand::ListGroupOffsets { .. }
        | AdminCommand::AlterGroupOffsets { .. }
        | AdminCommand::DescribeShareGroup { .. }
        | AdminCommand::ListShareGroupOffsets { .. }
        | AdminCommand::AlterShareGroupOffsets { .. }
        | AdminCommand::DeleteShareGroupOffsets { .. }
        | AdminCommand::DeleteGroupOffsets { .. }
        | AdminCommand::RemoveMembers { .. } => group_request(command.clone()),
    }
}

fn group_request(command: AdminCommand) -> Request {
    match command {
        AdminCommand::DescribeGroup { group } => {
            Request::DescribeGroups(request::DescribeGroups { groups: vec![group] })
        }
        AdminCommand::DeleteGroup { group } => {
            Request::DeleteGroups(request::DeleteGroups { groups: vec![group] })
        }
        AdminCommand::ListGroupOffsets { group } => {
            Request::OffsetFetch(Box::new(request::OffsetFetch {
                group_id: group,
                partitions: None,
                require_stable: false,
                member: None,
                topic_ids: Vec::new(),
            }))
        }
        AdminCommand::AlterGroupOffsets { group, offsets } => {
            let offsets = offsets.into_iter();
            Request::OffsetCommit(Box::new(request::OffsetCommit {
                group_id: group,
                generation_id_or_member_epoch: -1,
                member_id: "".into(),
                group_instance_id: None,
                offsets: offsets.map(|(topic, at, offset)| (topic, at, offset, -1)).collect(),
                topic_ids: Vec::new(),
            }))
        }
        AdminCommand::DeleteGroupOffsets { group, partitions } => {
            Request::OffsetDelete(request::OffsetDelete { group_id: group, partitions })
        }
        AdminCommand::RemoveMembers { group, instances } => {
            let reason: Name = "member was removed by an admin".into();
            let members = instances.into_iter();
            Request::LeaveGroup(request::LeaveGroup {
                group_id: group,
                members: members.map(|name| ("".into(), Some(name), reason.clone())).collect(),
            })
        }
        AdminCommand::DescribeShareGroup { group } => {
            Request::Share(ShareRequest::GroupDescribe(vec![group]))
        }
        AdminCommand::ListShareGroupOffsets { group } => {
            let body = GroupPartitions { group_id: group, partitions: None };
            Request::Share(ShareRequest::DescribeOffsets(body))
        }
        AdminCommand::AlterShareGroupOffsets { group, offsets } => {
            Request::Share(ShareRequest::AlterOffsets(group, offsets))
        }
        AdminCommand::DeleteShareGroupOffsets { group, topics } => {
            Request::Share(ShareRequest::DeleteOffsets(group, topics))
        }
        AdminCommand::ListGroups => Request::ListGroups,
        AdminCommand::ListTransactions
        | AdminCommand::DescribeProducers { .. }
        | AdminCommand::CreateTopic { .. }
        | AdminCommand::CreatePartitions { .. }
        | AdminCommand::DeleteTopic { .. }
        | AdminCommand::AlterConfigs { .. }
        | AdminCommand::AlterClientQuotas { .. }
        | AdminCommand::ElectLeaders { .. }
        | AdminCommand::DeleteRecords { .. }
        | AdminCommand::ReassignPartitions { .. }
        | AdminCommand::ListOffsets { .. }
        | AdminCommand::DescribeCluster
        | AdminCommand::DescribeTopic { .. } => unreachable!("only calls about groups"),
    }
}

/// What the answer says of each object.
pub(super) fn verdicts(command: &AdminCommand, response: &Response) -> Verdicts {
    if let Response::ElectLeaders(ErrorCode::None, answers)
    | Response::AlterPartitionReassignments(ErrorCode::None, answers) = response
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

fn metadata(topics: Vec<Name>) -> Request {
    let (topics, allow_auto_topic_creation) = (Some(topics), false);
    Request::Metadata(request::Metadata { topics, allow_auto_topic_creation })
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
