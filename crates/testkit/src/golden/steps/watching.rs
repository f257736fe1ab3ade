//! What a script asks the cluster about itself.
//!
//! Invariant: nothing here changes the cluster.

use super::failed;
use crate::golden::action::{Offsets, Tp};
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::api::request::OffsetSpec;
use kafkascope_model::api::response::ListedOffset;
use kafkascope_model::api::{ErrorCode, Response};
use kafkascope_model::command::AdminCommand;
use kafkascope_model::ids::{NodeId, Offset, TopicPartition};
use serde_json::{Map, Value, json};

pub fn topics(stage: &mut Stage) -> Result<Value, Stop> {
    let image = stage.image().ok_or_else(|| Stop::problem("no broker runs"))?;
    let names = image.topic_ids.keys().filter(|name| !name.starts_with("__"));
    Ok(json!({ "topics": names.map(|name| &**name).collect::<Vec<_>>() }))
}

pub fn describe_topic(stage: &mut Stage, topic: &str) -> Result<Value, Stop> {
    let answer = stage.ask(AdminCommand::DescribeTopic { name: topic.into() })?;
    let Some(Response::Metadata(body)) = answer.response else {
        return Ok(thrown(ErrorCode::RequestTimedOut));
    };
    let described = body.topics.first().ok_or_else(|| Stop::problem("an empty answer"))?;
    if !described.error.is_ok() {
        return Ok(thrown(described.error));
    }
    let elr = |index: i32| {
        let tp = TopicPartition::new(described.topic_id, index);
        let state = stage.image().and_then(|image| image.partition(tp));
        state.map(|state| (numbers(&state.elr), numbers(&state.last_known_elr))).unwrap_or_default()
    };
    let partitions = described.partitions.iter().map(|partition| {
        let (elr, last_known_elr) = elr(partition.partition_index);
        let mut isr = numbers(&partition.isr_nodes);
        isr.sort_unstable();
        json!({
            "partition": partition.partition_index,
            "leader": partition.leader_id.0,
            "replicas": numbers(&partition.replica_nodes),
            "isr": isr, "elr": elr, "last_known_elr": last_known_elr,
        })
    });
    Ok(json!({ "partitions": partitions.collect::<Vec<_>>() }))
}

fn numbers(nodes: &[NodeId]) -> Vec<i32> {
    nodes.iter().map(|node| node.0).collect()
}

/// An exception that the recorder did not expect: it wrote its message too.
fn thrown(error: ErrorCode) -> Value {
    let name = error.exception();
    json!({ "error": name, "message": format!("org.apache.kafka.common.errors.{name}") })
}

pub fn offsets(stage: &mut Stage, args: &Offsets) -> Result<Value, Stop> {
    let read_committed = args.isolation.as_deref() == Some("read_committed");
    let spec = spec(&args.spec)?;
    let calls: Result<Vec<u32>, Stop> =
        args.tps.iter().map(|tp| begin_listing(stage, tp, spec, read_committed)).collect();
    let mut answer = Map::new();
    for (tp, call) in args.tps.iter().zip(calls?) {
        let told = match listed(stage, call)? {
            Ok(found) => json!({
                "offset": found.offset,
                "leader_epoch": found.leader_epoch,
                "timestamp": found.timestamp,
            }),
            Err(error) => failed(error.exception()),
        };
        answer.insert(tp.to_string(), told);
    }
    Ok(Value::Object(answer))
}

/// Where a reader stops: the high watermark, or the last stable offset.
pub fn end_offset(stage: &mut Stage, tp: &Tp, read_committed: bool) -> Result<Offset, Stop> {
    let call = begin_listing(stage, tp, OffsetSpec::Latest, read_committed)?;
    match listed(stage, call)? {
        Ok(found) => Ok(found.offset),
        Err(error) => Err(Stop::problem(format!("the end of {tp}: {}", error.name()))),
    }
}

fn begin_listing(
    stage: &mut Stage,
    tp: &Tp,
    spec: OffsetSpec,
    read_committed: bool,
) -> Result<u32, Stop> {
    let (topic, partition) = (tp.topic.as_str().into(), tp.partition);
    stage.begin_ask(AdminCommand::ListOffsets { topic, partition, spec, read_committed })
}

fn listed(stage: &mut Stage, call: u32) -> Result<Result<ListedOffset, ErrorCode>, Stop> {
    let answer = stage.answer(call)?;
    let error = answer.verdicts.iter().map(|(_, error)| *error).find(|error| !error.is_ok());
    Ok(match (error, answer.response) {
        (None, Some(Response::ListOffsets(found))) => Ok(found[0]),
        (error, _) => Err(error.unwrap_or(ErrorCode::UnknownServerError)),
    })
}

fn spec(text: &str) -> Result<OffsetSpec, Stop> {
    Ok(match text {
        "earliest" | "-2" => OffsetSpec::Earliest,
        "latest" | "-1" => OffsetSpec::Latest,
        "max-timestamp" | "-3" => OffsetSpec::MaxTimestamp,
        moment => OffsetSpec::AtOrAfter(moment.parse().map_err(|_| {
            let reason = "is neither earliest, latest, max-timestamp nor a moment in ms";
            Stop::problem(format!("the spec '{moment}' {reason}"))
        })?),
    })
}

pub fn quorum(stage: &mut Stage) -> Result<Value, Stop> {
    let (leader, epoch) = stage.quorum_leader();
    let voters = numbers(&stage.world.controller_ids());
    Ok(json!({ "leader": leader.0, "epoch": epoch, "voters": voters }))
}

pub fn brokers(stage: &mut Stage) -> Result<Value, Stop> {
    let answer = stage.ask(AdminCommand::DescribeCluster)?;
    let Some(Response::Metadata(body)) = answer.response else {
        return Ok(thrown(ErrorCode::RequestTimedOut));
    };
    let mut brokers: Vec<i32> = body.brokers.iter().map(|(id, _)| id.0).collect();
    brokers.sort_unstable();
    Ok(json!({ "brokers": brokers, "controller": body.controller_id.0 }))
}
