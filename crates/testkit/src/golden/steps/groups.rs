//! Groups and their committed offsets, as the admin client sees and changes them.
//!
//! Invariant: the answer is the coordinator's.

use super::members::by_partition;
use super::{done, failed};
use crate::golden::action::{AlterOffsets, RemoveMembers};
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::api::response::{DescribedConsumerGroup, DescribedGroup, DescribedMember};
use kafkascope_model::api::{ErrorCode, Response};
use kafkascope_model::client::admin::AdminResult;
use kafkascope_model::command::AdminCommand;
use kafkascope_model::ids::Offset;
use serde_json::{Map, Value, json};

pub fn describe(stage: &mut Stage, group: &str) -> Result<Value, Stop> {
    let answer = stage.ask(AdminCommand::DescribeGroup { group: group.into() })?;
    let described = match (error_in(&answer), &answer.response) {
        (None, Some(Response::DescribeGroups(groups))) => groups[0].clone(),
        (None, Some(Response::ConsumerGroupDescribe(groups))) => {
            let coordinator = stage.coordinator_of(group);
            return Ok(told_modern(&groups[0], coordinator.map_or(-1, |id| id.0)));
        }
        (error, _) => return Ok(failed(error.unwrap_or_default().exception())),
    };
    let coordinator = stage.coordinator_of(group);
    Ok(told(&described, coordinator.map_or(-1, |id| id.0)))
}

fn told(group: &DescribedGroup, coordinator: i32) -> Value {
    let members: Map<String, Value> = group.members.iter().map(member).collect();
    json!({
        "state": &*group.group_state, "type": "Classic", "assignor": &*group.protocol_data,
        "coordinator": coordinator, "members": members,
    })
}

/// A group of the consumer protocol shows its epochs.
fn told_modern(group: &DescribedConsumerGroup, coordinator: i32) -> Value {
    let with_epoch = |(shown, epoch): &(DescribedMember, i32)| {
        let (name, mut shown) = member(shown);
        shown["member_epoch"] = json!(epoch);
        (name, shown)
    };
    let members: Map<String, Value> = group.members.iter().map(with_epoch).collect();
    json!({
        "state": &*group.group_state, "type": "Consumer", "assignor": &*group.assignor_name,
        "coordinator": coordinator, "group_epoch": group.group_epoch,
        "target_assignment_epoch": group.assignment_epoch, "members": members,
    })
}

fn member(member: &DescribedMember) -> (String, Value) {
    let name = match &member.group_instance_id {
        Some(instance) => format!("{}/{instance}", member.client_id),
        None => member.client_id.to_string(),
    };
    let name_of = |(topic, partition): &(_, i32)| partition_name(topic, *partition);
    let mut assignment: Vec<String> = member.assignment.iter().map(name_of).collect();
    assignment.sort();
    (name, json!({ "assignment": assignment }))
}

fn partition_name(topic: &std::sync::Arc<str>, partition: i32) -> String {
    format!("{topic}-{partition}")
}

pub fn offsets(stage: &mut Stage, group: &str) -> Result<Value, Stop> {
    let answer = stage.ask(AdminCommand::ListGroupOffsets { group: group.into() })?;
    let Some(Response::OffsetFetch(body)) = &answer.response else {
        return Ok(failed(error_in(&answer).unwrap_or_default().exception()));
    };
    let value = |offset: &Offset| if *offset < 0 { Value::Null } else { json!(offset) };
    let rows = body.offsets.iter();
    let offsets: Map<String, Value> = rows
        .map(|(topic, partition, offset, ..)| (partition_name(topic, *partition), value(offset)))
        .collect();
    Ok(json!({ "offsets": offsets }))
}

pub fn alter_offsets(stage: &mut Stage, args: &AlterOffsets) -> Result<Value, Stop> {
    let (group, offsets) = (args.group.as_str().into(), by_partition(&args.offsets)?);
    change(stage, AdminCommand::AlterGroupOffsets { group, offsets })
}

pub fn delete(stage: &mut Stage, group: &str) -> Result<Value, Stop> {
    change(stage, AdminCommand::DeleteGroup { group: group.into() })
}

pub fn remove_members(stage: &mut Stage, args: &RemoveMembers) -> Result<Value, Stop> {
    let instances = args.instances.iter().map(|name| name.as_str().into()).collect();
    change(stage, AdminCommand::RemoveMembers { group: args.group.as_str().into(), instances })
}

fn change(stage: &mut Stage, call: AdminCommand) -> Result<Value, Stop> {
    let answer = stage.ask(call)?;
    Ok(error_in(&answer).map_or_else(done, |error| failed(error.exception())))
}

fn error_in(answer: &AdminResult) -> Option<ErrorCode> {
    answer.verdicts.iter().map(|(_, error)| *error).find(|error| !error.is_ok())
}
