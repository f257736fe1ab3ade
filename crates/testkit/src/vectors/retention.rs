//! Which segments go by size, by time and below the log start, and when a new one begins.
//!
//! Invariant: a case's log is built through the log's own functions, and only its own retention deletes.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::config::ConfigTable;
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::ids::{EpochMs, Offset, RecordId};
use kafkascope_model::log::batch::{Batch, Codec, TimestampType};
use kafkascope_model::log::retention::{Deleted, WhyDeleted};
use kafkascope_model::log::segment::Segment;
use kafkascope_model::log::{PartitionLog, Record};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    let holds = |list: &str, key: &str| {
        let first = document.get(list).and_then(Value::as_array).and_then(|cases| cases.first());
        first.is_some_and(|case| case.get(key).is_some())
    };
    holds("roll_cases", "expected_roll")
        || (holds("cases", "log") && holds("cases", "config") && holds("cases", "now"))
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.cases.iter().enumerate() {
        let place = format!("/cases/{at}");
        run_case(&mut tally, case).map_err(|problem| problem.below(&place))?;
    }
    for (at, case) in file.roll_cases.iter().enumerate() {
        let place = format!("/roll_cases/{at}");
        run_roll(&mut tally, case).map_err(|problem| problem.below(&place))?;
    }
    Ok(tally)
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    cases: Vec<Case>,
    #[serde(default)]
    roll_cases: Vec<RollCase>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    config: Map<String, Value>,
    now: EpochMs,
    log: Log,
    expected: Map<String, Value>,
}

#[derive(Deserialize)]
struct Log {
    segments: Vec<SegmentSpec>,
    log_end_offset: Offset,
    high_watermark: Offset,
    log_start_offset: Offset,
}

#[derive(Deserialize)]
struct SegmentSpec {
    base: Offset,
    size: u32,
    largest_ts: Option<EpochMs>,
    #[serde(default)]
    last_modified: EpochMs,
}

#[derive(Deserialize)]
struct RollCase {
    id: String,
    segment: RollSegment,
    append: RollAppend,
    config: Map<String, Value>,
    now: EpochMs,
    expected_roll: bool,
}

#[derive(Deserialize)]
struct RollSegment {
    base: Offset,
    size: u32,
    first_ts: EpochMs,
    created: EpochMs,
}

#[derive(Deserialize)]
struct RollAppend {
    size: u32,
    max_ts: EpochMs,
    last_offset: Offset,
}

fn run_case(tally: &mut Tally, case: &Case) -> Result<(), Problem> {
    let config = config(&case.config)?;
    let mut log = built(&case.log);
    let done = log.apply_retention(case.now, &config);
    let deleted: Vec<Value> = done.deleted.iter().map(deletion).collect();
    let bases: Vec<Offset> = log.segments().iter().map(|segment| segment.base_offset).collect();
    let mut got = Map::new();
    got.insert("deleted".into(), json!(deleted));
    got.insert("remaining_segment_bases".into(), json!(bases));
    got.insert("log_start_offset".into(), json!(log.log_start()));
    got.insert("new_active_segment_rolled".into(), json!(done.rolled.is_some()));
    tally.case(&case.id, &json!(case.expected), &Value::Object(got));
    Ok(())
}

fn deletion(deleted: &Deleted) -> Value {
    let reason = match deleted.why {
        WhyDeleted::LogStart => "log start offset",
        WhyDeleted::Bytes => "retention.bytes",
        WhyDeleted::Time => "retention.ms",
    };
    json!({ "base": deleted.base_offset, "reason": reason })
}

/// A log of one batch a segment.
fn built(spec: &Log) -> PartitionLog {
    let first = &spec.segments[0];
    let mut log = PartitionLog::new(first.last_modified);
    log.restart_at(first.base, first.last_modified);
    let open = TopicConfig { segment_ms: i64::MAX, ..TopicConfig::default() };
    for (index, segment) in spec.segments.iter().enumerate() {
        if index > 0 {
            log.roll(segment.last_modified);
        }
        let next = spec.segments.get(index + 1).map_or(spec.log_end_offset, |next| next.base);
        if let Some(largest) = segment.largest_ts {
            let batch = batch(segment.base, next - 1, segment.size, largest);
            let _ = log.append_as_follower(batch, 0, &open);
        }
    }
    log.set_high_watermark(spec.high_watermark);
    log.raise_log_start(spec.log_start_offset);
    log
}

fn run_roll(tally: &mut Tally, case: &RollCase) -> Result<(), Problem> {
    let mut pairs = case.config.clone();
    let jitter = pairs.remove("jitter").and_then(|jitter| jitter.as_i64()).unwrap_or(0);
    let config = config(&pairs)?;
    let mut segment = Segment::new(case.segment.base, case.segment.created);
    let (base, size, first) = (case.segment.base, case.segment.size, case.segment.first_ts);
    if size > 0 {
        segment.push(batch(base, base, size, first));
    }
    let incoming = batch(base + 1, case.append.last_offset, case.append.size, case.append.max_ts);
    let rolls = segment.should_roll_with(&incoming, case.now, &config, jitter);
    tally.case(&case.id, &json!(case.expected_roll), &json!(rolls));
    Ok(())
}

/// The table refuses segments that small since 4.0; the rule is the same.
fn config(pairs: &Map<String, Value>) -> Result<TopicConfig, Problem> {
    let mut config = TopicConfig::default();
    for (key, value) in pairs {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        if key == "segment.bytes"
            && let Ok(bytes) = text.parse()
        {
            config.segment_bytes = bytes;
            continue;
        }
        config
            .set(key, &text)
            .map_err(|refusal| Problem::at(format!("/config/{key}"), refusal.reason))?;
    }
    Ok(config)
}

/// One record; how far its offsets reach is what counts.
fn batch(base_offset: Offset, last_offset: Offset, size_bytes: u32, timestamp: EpochMs) -> Batch {
    let record = Record {
        id: RecordId::INTERNAL,
        offset_delta: 0,
        timestamp,
        key: None,
        value: None,
        headers: None,
    };
    // An offset that no batch of Kafka's could reach is reached by the base offset.
    let delta = i32::try_from(last_offset - base_offset).unwrap_or(0);
    Batch {
        base_offset: last_offset - i64::from(delta),
        last_offset_delta: delta,
        leader_epoch: 0,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        max_timestamp: timestamp,
        timestamp_type: TimestampType::CreateTime,
        codec: Codec::None,
        transactional: false,
        control: None,
        delete_horizon: -1,
        corrupt: false,
        size_bytes,
        records: [record].into(),
    }
}
