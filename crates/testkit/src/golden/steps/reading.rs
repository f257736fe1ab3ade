//! Partitions read from an offset to their end with a fresh consumer.
//!
//! Invariant: what is told is what that consumer's application got; the end is what the cluster answered before.

use super::members::text;
use super::watching;
use crate::golden::action::{Pairs, Read, ReadAll, Tp};
use crate::golden::book::Seen;
use crate::golden::configs;
use crate::golden::stage::{Stage, Stop};
use kafkascope_kernel::Micros;
use kafkascope_model::command::{Command, ConsumerSpec};
use kafkascope_model::config::consumer::ConsumerConfig;
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// How long `read` and `read-all` go on without reaching the end, in ms.
const READ_MS: u64 = 8_000;
const READ_ALL_MS: u64 = 3_000;

/// What a reading found.
struct Reading {
    records: Vec<ReadRecord>,
    end: Offset,
    position: Offset,
}

struct ReadRecord {
    offset: Offset,
    epoch: LeaderEpoch,
    key: Option<String>,
    value: Option<String>,
}

pub fn read(stage: &mut Stage, args: &Read) -> Result<Value, Stop> {
    let limit = args.ms.unwrap_or(READ_MS);
    let reading = through(stage, &args.tp, args.from, &args.config, limit)?;
    let record = |record: &ReadRecord| {
        json!({
            "offset": record.offset, "key": record.key, "value": record.value,
            "leader_epoch": record.epoch,
        })
    };
    let records: Vec<Value> = reading.records.iter().map(record).collect();
    Ok(json!({ "records": records, "end": reading.end, "position": reading.position }))
}

/// The summary holds what the step lists, everything if it lists nothing.
pub fn read_all(stage: &mut Stage, args: &ReadAll, listed: Option<&Value>) -> Result<Value, Stop> {
    let isolation = args.isolation.iter().filter(|level| !level.is_empty());
    let config = isolation.map(|level| ("isolation.level".to_string(), level.clone())).collect();
    let reading = through(stage, &args.tp, 0, &config, args.ms.unwrap_or(READ_ALL_MS))?;
    let Some(listed) = listed.and_then(Value::as_object) else {
        return Ok(json!({ "values": values(&reading) }));
    };
    let by_count = listed.contains_key("count");
    let summary =
        listed.keys().filter_map(|key| Some((key.clone(), part(&reading, key, by_count)?)));
    Ok(Value::Object(summary.collect::<Map<_, _>>()))
}

/// One part of a summary; a summary by count tells each leader epoch once.
fn part(reading: &Reading, key: &str, by_count: bool) -> Option<Value> {
    let epochs = || reading.records.iter().map(|record| record.epoch);
    Some(match key {
        "values" => json!(values(reading)),
        "keys" => json!(reading.records.iter().map(|record| &record.key).collect::<Vec<_>>()),
        "offsets" => json!(reading.records.iter().map(|record| record.offset).collect::<Vec<_>>()),
        "leader_epochs" if by_count => json!(epochs().collect::<BTreeSet<_>>()),
        "leader_epochs" => json!(epochs().collect::<Vec<_>>()),
        "end" => json!(reading.end),
        "position" => json!(reading.position),
        "count" => json!(reading.records.len()),
        "values_in_order" => json!(in_order(reading)),
        _ => return None,
    })
}

fn values(reading: &Reading) -> Vec<Option<&str>> {
    reading.records.iter().map(|record| record.value.as_deref()).collect()
}

/// Whether the numbers at the ends of the values rise one by one from 0.
fn in_order(reading: &Reading) -> bool {
    let number = |value: &str| value.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    values(reading)
        .into_iter()
        .map(|value| value.and_then(number))
        .eq((0_usize..).map(Some).take(reading.records.len()))
}

fn through(
    stage: &mut Stage,
    tp: &Tp,
    from: Offset,
    config: &Pairs,
    limit_ms: u64,
) -> Result<Reading, Stop> {
    let mut pairs = config.clone();
    pairs.entry("isolation.level".to_string()).or_insert_with(|| "read_uncommitted".to_string());
    pairs.insert("enable.auto.commit".to_string(), "false".to_string());
    pairs.insert("auto.offset.reset".to_string(), "earliest".to_string());
    let consumer = open(stage, tp, &pairs)?;
    let begun = stage.world.now();
    let read_committed = pairs["isolation.level"] == "read_committed";
    let seek = Command::Seek {
        consumer,
        topic: tp.topic.as_str().into(),
        partition: tp.partition,
        offset: from,
    };
    super::members::call(stage, consumer, &seek)?;
    let end = watching::end_offset(stage, tp, read_committed)?;
    let over = begun + Micros::from_ms(limit_ms);
    let left = over.since(stage.world.now());
    let at_end = |stage: &Stage| {
        let position = stage.position(consumer, tp);
        position.filter(|position| *position >= end)
    };
    let _ = stage.wait(left, at_end);
    let reading = Reading {
        records: records(stage, consumer),
        end,
        position: stage.position(consumer, tp).unwrap_or(from),
    };
    stage.submit(&Command::Kill(consumer))?;
    Ok(reading)
}

fn open(stage: &mut Stage, tp: &Tp, pairs: &Pairs) -> Result<NodeId, Stop> {
    let config = configs::of_client::<ConsumerConfig>(pairs)?;
    let spec = ConsumerSpec {
        name: stage.unique("reader", &tp.to_string()),
        config,
        subscribe: Vec::new(),
        pattern: None,
        assign: vec![(tp.topic.as_str().into(), tp.partition)],
        processing: super::members::application(),
    };
    stage.add_client("reader", &tp.to_string(), &Command::AddConsumer(spec))
}

fn records(stage: &Stage, consumer: NodeId) -> Vec<ReadRecord> {
    let seen = stage.book.logs.get(&consumer).into_iter().flatten();
    let delivered = seen.filter_map(|seen| {
        let Seen::Delivered { record, offset, epoch, .. } = seen else { return None };
        let (key, value) = stage.book.contents.get(record).cloned().unwrap_or_default();
        let (key, value) = (text(key.as_ref()), text(value.as_ref()));
        Some(ReadRecord { offset: *offset, epoch: *epoch, key, value })
    });
    delivered.collect()
}
