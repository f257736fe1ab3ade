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
use kafkascope_model::ids::Offset;
use serde_json::{Map, Value, json};

pub fn topics(_stage: &mut Stage) -> Result<Value, Stop> {
    Err(Stop::lacks("topics"))
}

pub fn describe_topic(_stage: &mut Stage, _topic: &str) -> Result<Value, Stop> {
    Err(Stop::lacks("describe-topic"))
}

pub fn offsets(stage: &mut Stage, args: &Offsets) -> Result<Value, Stop> {
    let read_committed = args.isolation.as_deref() == Some("read_committed");
    let spec = spec(&args.spec)?;
    let mut answer = Map::new();
    for tp in &args.tps {
        let told = match listed(stage, tp, spec, read_committed)? {
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
    match listed(stage, tp, OffsetSpec::Latest, read_committed)? {
        Ok(found) => Ok(found.offset),
        Err(error) => Err(Stop::problem(format!("the end of {tp}: {}", error.name()))),
    }
}

fn listed(
    stage: &mut Stage,
    tp: &Tp,
    spec: OffsetSpec,
    read_committed: bool,
) -> Result<Result<ListedOffset, ErrorCode>, Stop> {
    let (topic, partition) = (tp.topic.as_str().into(), tp.partition);
    let call = AdminCommand::ListOffsets { topic, partition, spec, read_committed };
    let answer = stage.ask(call)?;
    let error = answer.verdicts.iter().map(|(_, error)| *error).find(|error| !error.is_ok());
    Ok(match (error, answer.response) {
        (None, Some(Response::ListOffsets(found))) => Ok(found[0]),
        (error, _) => Err(error.unwrap_or(ErrorCode::UnknownServerError)),
    })
}

fn spec(text: &str) -> Result<OffsetSpec, Stop> {
    Ok(match text {
        "earliest" => OffsetSpec::Earliest,
        "latest" => OffsetSpec::Latest,
        "max-timestamp" => OffsetSpec::MaxTimestamp,
        moment => OffsetSpec::AtOrAfter(moment.parse().map_err(|_| {
            let reason = "is neither earliest, latest, max-timestamp nor a moment in ms";
            Stop::problem(format!("the spec '{moment}' {reason}"))
        })?),
    })
}

pub fn producers_state(_stage: &mut Stage, _tp: &Tp) -> Result<Value, Stop> {
    Err(Stop::lacks("producers-state"))
}

pub fn quorum(_stage: &mut Stage) -> Result<Value, Stop> {
    Err(Stop::lacks("quorum"))
}

pub fn brokers(_stage: &mut Stage) -> Result<Value, Stop> {
    Err(Stop::lacks("brokers"))
}
