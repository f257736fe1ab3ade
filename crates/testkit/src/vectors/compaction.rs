//! What the log cleaner leaves of a log, pass by pass.
//!
//! Invariant: a case appends, rolls and cleans through the log's own functions; nothing here decides what stays.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::config::topic::{CleanupPolicy, TopicConfig};
use kafkascope_model::ids::{Bytes, EpochMs, Offset, RecordId};
use kafkascope_model::log::batch::{Batch, Codec, ControlType, TimestampType};
use kafkascope_model::log::marker::EndMarker;
use kafkascope_model::log::segment::Segment;
use kafkascope_model::log::{PartitionLog, Record};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    let first = document.get("cases").and_then(Value::as_array).and_then(|cases| cases.first());
    first.is_some_and(|case| case.get("expected_after_each_clean").is_some())
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.cases.iter().enumerate() {
        let place = format!("/cases/{at}");
        run_case(&mut tally, case).map_err(|problem| problem.below(&place))?;
    }
    Ok(tally)
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    delete_retention_ms: i64,
    #[serde(default)]
    min_compaction_lag_ms: i64,
    #[serde(default)]
    segment_bytes: Option<i32>,
    ops: Vec<Op>,
    expected_after_each_clean: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Op {
    Append(Append),
    Marker {
        pid: i64,
        epoch: i16,
        #[serde(rename = "type")]
        kind: String,
        offset: Option<Offset>,
    },
    Roll,
    ExpireProducer {
        pid: i64,
    },
    Clean {
        now: EpochMs,
        first_dirty: Option<Offset>,
        max_keys: Option<u64>,
    },
}

#[derive(Deserialize)]
struct Append {
    records: Vec<(Option<String>, Option<String>)>,
    pid: Option<i64>,
    epoch: Option<i16>,
    seq: Option<i32>,
    #[serde(default)]
    txn: bool,
    offset: Option<Offset>,
    ts: Option<EpochMs>,
}

fn run_case(tally: &mut Tally, case: &Case) -> Result<(), Problem> {
    let config = TopicConfig {
        cleanup_policy: CleanupPolicy::Compact,
        delete_retention_ms: case.delete_retention_ms,
        min_compaction_lag_ms: case.min_compaction_lag_ms,
        segment_bytes: case.segment_bytes.unwrap_or(i32::MAX),
        segment_ms: i64::MAX,
        ..TopicConfig::default()
    };
    let mut log = PartitionLog::new(0);
    let mut passes = case.expected_after_each_clean.iter().enumerate();
    for (at, op) in case.ops.iter().enumerate() {
        match op {
            Op::Append(append) => write(&mut log, data(append), append.offset, &config),
            Op::Marker { pid, epoch, kind, offset } => {
                let control = control(kind)
                    .map_err(|reason| Problem::at(format!("/ops/{at}/type"), reason))?;
                let marker = EndMarker { control, coordinator_epoch: 0 };
                write(&mut log, marker.batch(*pid, *epoch, 0), *offset, &config);
            }
            Op::Roll => log.roll(0),
            Op::ExpireProducer { pid } => log.producers_mut().remove(*pid),
            Op::Clean { now, first_dirty, max_keys } => {
                let what = match first_dirty {
                    Some(from) => log.cleanable_from(*from, *now, &config),
                    None => log.cleanable(*now, &config),
                };
                let cleaned = log.clean(what, max_keys.unwrap_or(u64::MAX), *now, &config);
                let (index, expected) = passes
                    .next()
                    .ok_or_else(|| Problem::at(format!("/ops/{at}"), "one pass too many"))?;
                let mut got = described(&log);
                got.insert("first_dirty_offset".into(), json!(what.first_dirty));
                got.insert("first_uncleanable_offset".into(), json!(what.first_uncleanable));
                let next = cleaned.as_ref().map_or(what.first_dirty, |cleaned| cleaned.up_to);
                got.insert("next_dirty_offset".into(), json!(next));
                if cleaned.is_none() {
                    got.insert("skipped".into(), json!(true));
                }
                let asked = got.into_iter().filter(|(key, _)| expected.get(key).is_some());
                let name = format!("{}, pass {index}", case.id);
                tally.case(name, expected, &Value::Object(asked.collect()));
            }
        }
    }
    Ok(())
}

/// A batch goes to the log's end, or where a follower found it.
fn write(log: &mut PartitionLog, batch: Batch, at: Option<Offset>, config: &TopicConfig) {
    let base_offset = at.unwrap_or_else(|| log.log_end());
    let _ = log.append_as_follower(Batch { base_offset, ..batch }, 0, config);
    log.set_high_watermark(log.log_end());
}

fn data(append: &Append) -> Batch {
    let bytes = |text: &Option<String>| text.as_ref().map(|text| Bytes::from(text.as_bytes()));
    let timestamp = append.ts.unwrap_or(0);
    let record = |(delta, (key, value)): (i32, &(Option<String>, Option<String>))| Record {
        id: RecordId::INTERNAL,
        offset_delta: delta,
        timestamp,
        key: bytes(key),
        value: bytes(value),
        headers: None,
    };
    let records = (0..).zip(&append.records).map(record).collect();
    Batch {
        producer_id: append.pid.unwrap_or(-1),
        producer_epoch: append.epoch.unwrap_or(-1),
        base_sequence: append.seq.unwrap_or(-1),
        transactional: append.txn,
        max_timestamp: timestamp,
        last_offset_delta: append.records.len() as i32 - 1,
        records,
        base_offset: 0,
        leader_epoch: 0,
        timestamp_type: TimestampType::CreateTime,
        codec: Codec::None,
        control: None,
        delete_horizon: -1,
        corrupt: false,
        size_bytes: 100,
    }
}

fn control(kind: &str) -> Result<ControlType, String> {
    match kind {
        "COMMIT" => Ok(ControlType::Commit),
        "ABORT" => Ok(ControlType::Abort),
        other => Err(format!("'{other}' is neither COMMIT nor ABORT")),
    }
}

fn described(log: &PartitionLog) -> Map<String, Value> {
    let batches: Vec<&Batch> = log.segments().iter().flat_map(Segment::batches).collect();
    let records: Vec<Value> = batches.iter().flat_map(|batch| records_of(batch)).collect();
    let offsets: Vec<&Value> = records.iter().map(|record| &record[0]).collect();
    let aborted = log.producers().transactions().aborted();
    let aborted = aborted.iter().map(|txn| (txn.producer_id, txn.first_offset, txn.last_offset));
    let mut map = Map::new();
    map.insert("offsets".into(), json!(offsets));
    map.insert("batches".into(), batches.iter().map(|batch| batch_of(batch)).collect());
    map.insert("aborted_txn_index".into(), json!(aborted.collect::<Vec<_>>()));
    map.insert("log_end_offset".into(), json!(log.log_end()));
    map.insert("last_stable_offset".into(), json!(log.last_stable_offset()));
    map.insert("records".into(), json!(records));
    map
}

fn records_of(batch: &Batch) -> Vec<Value> {
    let text = |bytes: &Option<Bytes>| {
        bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let told = |record: &Record| {
        let offset = batch.offset_of(record);
        match batch.control {
            None => json!([offset, text(&record.key), text(&record.value)]),
            Some(ControlType::Abort) => json!([offset, "ABORT", "marker"]),
            Some(ControlType::Commit | ControlType::LeaderChange) => {
                json!([offset, "COMMIT", "marker"])
            }
        }
    };
    batch.records.iter().map(told).collect()
}

fn batch_of(batch: &Batch) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_string(), value);
    put("base_offset", json!(batch.base_offset));
    put("last_offset", json!(batch.last_offset()));
    put("count", json!(batch.records.len()));
    if batch.control.is_some() {
        put("control", json!(true));
    }
    if batch.producer_id >= 0 {
        if batch.transactional {
            put("transactional", json!(true));
        }
        put("producer_id", json!(batch.producer_id));
        put("last_sequence", json!(batch.last_sequence()));
    }
    if batch.delete_horizon >= 0 {
        put("delete_horizon_ms", json!(batch.delete_horizon));
    }
    Value::Object(map)
}
