//! Consumers: opened, watched, told to commit, seek, stand still or close.
//!
//! Invariant: a member's log is what its application saw, in that order, and nothing else.

use super::{done, opened, verdict};
use crate::golden::action::{Member, MemberBlock, MemberCommit, MemberLog, MemberSeek, Tp};
use crate::golden::book::Seen;
use crate::golden::configs;
use crate::golden::stage::{PATIENCE, Stage, Stop};
use kafkascope_kernel::Micros;
use kafkascope_model::command::{Command, ConsumerSpec};
use kafkascope_model::config::consumer::ConsumerConfig;
use kafkascope_model::ids::{Bytes, Name, NodeId, Offset, TopicPartition};
use kafkascope_model::workload::Processing;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub fn open(stage: &mut Stage, app: &str, args: &Member) -> Result<Value, Stop> {
    let config = configs::of_client::<ConsumerConfig>(&args.config)?;
    let group = args.config.get("group.id").map_or("null", String::as_str);
    let spec = ConsumerSpec {
        name: stage.unique(app, &args.name),
        config: stage.with_client_id(app, "consumer", Some(group), config),
        subscribe: args.topics.iter().map(|topic| topic.as_str().into()).collect(),
        pattern: None,
        assign: args.assign.iter().map(|tp| (tp.topic.as_str().into(), tp.partition)).collect(),
        processing: application(),
    };
    opened(stage.add_client(app, &args.name, &Command::AddConsumer(spec)))
}

pub fn log(stage: &mut Stage, app: &str, args: &MemberLog) -> Result<Value, Stop> {
    let member = stage.client(app, &args.name)?;
    let seen = stage.book.logs.get(&member).map_or(&[][..], Vec::as_slice);
    let log: Vec<Value> = seen.iter().map(|seen| entry(stage, seen)).collect();
    let generation = stage.generation(member);
    if args.clear.is_some() {
        stage.book.logs.remove(&member);
    }
    Ok(json!({ "log": log, "generation": generation }))
}

pub fn commit(stage: &mut Stage, app: &str, args: &MemberCommit) -> Result<Value, Stop> {
    let consumer = stage.client(app, &args.name)?;
    let offsets = args.offsets.as_ref().map(by_partition).transpose()?;
    call(stage, consumer, &Command::Commit { consumer, offsets })
}

pub fn seek(stage: &mut Stage, app: &str, args: &MemberSeek) -> Result<Value, Stop> {
    let consumer = stage.client(app, &args.name)?;
    let (topic, partition) = (args.tp.topic.as_str().into(), args.tp.partition);
    call(stage, consumer, &Command::Seek { consumer, topic, partition, offset: args.offset })
}

pub fn block(stage: &mut Stage, app: &str, args: &MemberBlock) -> Result<Value, Stop> {
    let consumer = stage.client(app, &args.name)?;
    stage.submit(&Command::BlockPolling { consumer, blocked: args.on })?;
    Ok(done())
}

pub fn close(stage: &mut Stage, app: &str, name: &str) -> Result<Value, Stop> {
    let client = stage.client(app, name)?;
    stage.submit(&Command::CloseClient { client })?;
    // The recorder waits for the member's thread for half a minute, then goes on.
    let _ = stage.wait(Micros::from_ms(30_000), |stage| stage.is_down(client).then_some(()));
    Ok(done())
}

pub fn kill_app(stage: &mut Stage, app: &str) -> Result<Value, Stop> {
    let members: Vec<NodeId> = stage
        .clients
        .iter()
        .filter(|((owner, _), _)| owner == app)
        .map(|(_, id)| *id)
        .filter(|id| !stage.is_down(*id))
        .collect();
    for id in members {
        stage.submit(&Command::Kill(id))?;
    }
    stage.clients.retain(|(owner, _), _| owner != app);
    stage.made.retain(|(owner, _), _| owner != app);
    Ok(done())
}

/// A call that the application waits for.
pub(super) fn call(stage: &mut Stage, client: NodeId, command: &Command) -> Result<Value, Stop> {
    let before = stage.book.calls.get(&client).map_or(0, Vec::len);
    stage.submit(command)?;
    let error = stage.wait(PATIENCE, |stage| {
        stage.book.calls.get(&client)?.get(before).map(|(_, error)| *error)
    });
    error.map(verdict).ok_or_else(|| Stop::problem("the application's call did not return"))
}

fn entry(stage: &Stage, seen: &Seen) -> Value {
    match seen {
        Seen::Callback { event, partitions, generation } => {
            json!({ "event": event, "value": names(stage, partitions), "generation": generation })
        }
        Seen::Delivered { record, tp, offset, epoch } => {
            let (key, value) = stage.book.contents.get(record).cloned().unwrap_or_default();
            json!({
                "event": "record", "tp": stage.partition_name(*tp), "offset": offset,
                "key": text(key.as_ref()), "value": text(value.as_ref()), "leader_epoch": epoch,
            })
        }
        Seen::Error { name, generation } => {
            json!({ "event": "error", "value": name, "generation": generation })
        }
    }
}

/// Partitions as Java sorts their names.
pub(super) fn names(stage: &Stage, partitions: &[TopicPartition]) -> Vec<String> {
    let mut names: Vec<_> = partitions.iter().map(|tp| stage.partition_name(*tp)).collect();
    names.sort();
    names
}

/// Payloads are text in recordings; what is no text shows as Java shows it.
pub(super) fn text(bytes: Option<&Bytes>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

pub(super) fn by_partition(
    offsets: &BTreeMap<String, i64>,
) -> Result<Vec<(Name, i32, Offset)>, Stop> {
    let parsed = offsets.iter().map(|(tp, offset)| {
        let tp = Tp::parse(tp).ok_or_else(|| Stop::problem(format!("'{tp}' is no partition")))?;
        Ok((tp.topic.as_str().into(), tp.partition, *offset))
    });
    parsed.collect()
}

/// Assignment, positions and generation; positions a member does not know yet are waited for.
pub fn state(stage: &mut Stage, app: &str, name: &str) -> Result<Value, Stop> {
    let member = stage.client(app, name)?;
    let assignment = stage.assignment(member);
    let known = |stage: &Stage| positions_of(stage, member, &assignment);
    let positions = stage.wait(Micros::from_ms(5_000), known);
    let mut answer = json!({
        "assignment": assignment.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "generation": stage.generation(member),
        "member_id_set": true,
    });
    let map = answer.as_object_mut().expect("made just now");
    match positions {
        Some(positions) => map.insert("position".to_string(), Value::Object(positions)),
        None => map.insert("error".to_string(), json!("TimeoutException")),
    };
    Ok(answer)
}

fn positions_of(stage: &Stage, member: NodeId, assignment: &[Tp]) -> Option<Map<String, Value>> {
    let position = |tp: &Tp| Some((tp.to_string(), json!(stage.position(member, tp)?)));
    assignment.iter().map(position).collect()
}

/// The recorder's own application: it polls for 100 ms, and rests for 200 ms after an exception.
pub(super) fn application() -> Processing {
    Processing::default()
}
