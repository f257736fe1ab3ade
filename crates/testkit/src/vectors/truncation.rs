//! Where a follower's log is cut so that it agrees with its leader's, fetch by fetch.
//!
//! Invariant: leader and follower are two logs of the model; only the network between them is missing.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::ids::{LeaderEpoch, Offset, RecordId};
use kafkascope_model::log::batch::{Batch, Codec, TimestampType};
use kafkascope_model::log::divergence::OutOfRange;
use kafkascope_model::log::epochs::EpochCache;
use kafkascope_model::log::segment::Segment;
use kafkascope_model::log::{PartitionLog, Record};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    let first = document.get("cases").and_then(Value::as_array).and_then(|cases| cases.first());
    let kind = first.and_then(|case| case.get("kind")).and_then(Value::as_str);
    matches!(kind, Some("epoch_cache" | "truncation"))
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.cases.iter().enumerate() {
        match case {
            Case::EpochCache(case) => run_cache(&mut tally, case)
                .map_err(|reason| Problem::at(format!("/cases/{at}/ops"), reason))?,
            Case::Truncation(case) => run_truncation(&mut tally, case),
        }
    }
    Ok(tally)
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Case {
    EpochCache(CacheCase),
    Truncation(Box<TruncationCase>),
}

#[derive(Deserialize)]
struct CacheCase {
    id: String,
    ops: Vec<Vec<Value>>,
    log_end_offset: Offset,
    expected_entries: Vec<(LeaderEpoch, Offset)>,
    expected_end_offsets: Vec<EndOffset>,
}

#[derive(Deserialize)]
struct EndOffset {
    requested_epoch: LeaderEpoch,
    epoch: LeaderEpoch,
    end_offset: Offset,
}

#[derive(Deserialize)]
struct TruncationCase {
    id: String,
    leader: LogSpec,
    follower: LogSpec,
    #[serde(flatten)]
    expected: Map<String, Value>,
}

#[derive(Deserialize)]
struct LogSpec {
    log_start_offset: Offset,
    runs: Vec<Run>,
    leader_epoch: Option<LeaderEpoch>,
    high_watermark: Option<Offset>,
}

#[derive(Deserialize)]
struct Run {
    epoch: LeaderEpoch,
    count: Offset,
}

fn run_cache(tally: &mut Tally, case: &CacheCase) -> Result<(), String> {
    let mut cache = EpochCache::default();
    for op in &case.ops {
        let number = |at: usize| op.get(at).and_then(Value::as_i64).ok_or("a number is missing");
        match op.first().and_then(Value::as_str) {
            Some("assign") => cache.assign(number(1)? as LeaderEpoch, number(2)?),
            Some("truncateFromEnd") => cache.truncate_from_end(number(1)?),
            Some("truncateFromStart") => cache.truncate_from_start(number(1)?),
            Some("clear") => cache.clear(),
            Some(_) | None => return Err(format!("there is no operation {op:?}")),
        }
    }
    tally.case(&case.id, &json!(case.expected_entries), &json!(cache.entries()));
    for asked in &case.expected_end_offsets {
        let got = cache.end_offset_for(asked.requested_epoch, case.log_end_offset);
        let name = format!("{}, epoch {}", case.id, asked.requested_epoch);
        tally.case(name, &json!((asked.epoch, asked.end_offset)), &json!(got.unwrap_or((-1, -1))));
    }
    Ok(())
}

fn run_truncation(tally: &mut Tally, case: &TruncationCase) {
    let leader = built(&case.leader);
    let mut follower = built(&case.follower);
    let high_watermark = follower.high_watermark();
    let mut got = Map::new();
    got.insert("follower_offsets_not_on_leader".into(), json!(strangers(&follower, &leader)));
    let (steps, point) = follow(&leader, &mut follower);
    let lowest = steps.iter().filter_map(|step| step["truncate_to"].as_i64()).min();
    got.insert("steps".into(), json!(steps));
    got.insert("truncation_point".into(), json!(point));
    let below = lowest.is_some_and(|to| to < high_watermark);
    got.insert("truncated_below_follower_hw".into(), json!(below));
    got.insert("final_follower_log_end_offset".into(), json!(follower.log_end()));
    got.insert("final_follower_epoch_cache".into(), json!(follower.epochs().entries()));
    let mut expected = case.expected.clone();
    if let Some(Value::Array(steps)) = expected.get_mut("steps") {
        for step in steps.iter_mut().filter_map(Value::as_object_mut) {
            step.remove("rule");
        }
    }
    expected.retain(|key, _| got.contains_key(key));
    tally.case(&case.id, &Value::Object(expected), &Value::Object(got));
}

/// The follower fetches until it has everything: each step, and where its log was cut in the end.
fn follow(leader: &PartitionLog, follower: &mut PartitionLog) -> (Vec<Value>, Option<Offset>) {
    let (mut steps, mut point) = (Vec::new(), Some(follower.log_end()));
    for _ in 0..100 {
        let offset = follower.log_end();
        let latest = follower.epochs().latest();
        let mut step = json!({ "fetch_offset": offset, "last_fetched_epoch": latest });
        match leader.check_fetch(offset, latest.unwrap_or(-1)) {
            Ok(None) => {
                let read = leader.read(offset, u32::MAX, leader.log_end(), true);
                let ends = read.first().zip(read.last());
                let records = ends.map(|(first, last)| vec![first.base_offset, last.last_offset()]);
                step["response"] = json!("records");
                step["records"] = json!(records.unwrap_or_default());
                for batch in read {
                    let _ = follower.append_as_follower(batch, 0, &TopicConfig::default());
                }
                steps.push(step);
                return (steps, point);
            }
            Ok(Some((epoch, end))) => {
                let to = follower.common_end(epoch, end);
                step["response"] = json!("diverging");
                step["diverging_epoch"] = json!({ "epoch": epoch, "end_offset": end });
                step["truncate_to"] = json!(to);
                let _ = follower.truncate_to(to);
                point = Some(to);
            }
            Err(error) => {
                step["response"] = json!(error.name());
                match follower.after_out_of_range(leader.log_start(), leader.log_end()) {
                    OutOfRange::TruncateTo(to) => {
                        step["truncate_to"] = json!(to);
                        let _ = follower.truncate_to(to);
                        point = Some(to);
                    }
                    OutOfRange::RestartAt(start) => {
                        step["truncate_fully_and_start_at"] = json!(start);
                        follower.restart_at(start, 0);
                        point = None;
                    }
                    OutOfRange::GoOn => {}
                }
            }
        }
        steps.push(step);
    }
    (steps, point)
}

/// A log of one record a batch.
fn built(spec: &LogSpec) -> PartitionLog {
    let mut log = PartitionLog::new(0);
    log.restart_at(spec.log_start_offset, 0);
    for run in &spec.runs {
        for _ in 0..run.count {
            let batch = batch(log.log_end(), run.epoch);
            let _ = log.append_as_follower(batch, 0, &TopicConfig::default());
        }
    }
    if let Some(epoch) = spec.leader_epoch {
        log.begin_epoch(epoch);
    }
    log.set_high_watermark(spec.high_watermark.unwrap_or(log.log_end()));
    log
}

fn strangers(follower: &PartitionLog, leader: &PartitionLog) -> Vec<Offset> {
    let records = |log: &PartitionLog| -> Vec<(Offset, LeaderEpoch)> {
        let batches = log.segments().iter().flat_map(Segment::batches);
        batches.map(|batch| (batch.base_offset, batch.leader_epoch)).collect()
    };
    let known = records(leader);
    let stranger = |record: &(Offset, LeaderEpoch)| !known.contains(record);
    records(follower).into_iter().filter(stranger).map(|(offset, _)| offset).collect()
}

fn batch(base_offset: Offset, leader_epoch: LeaderEpoch) -> Batch {
    let record = Record {
        id: RecordId::INTERNAL,
        offset_delta: 0,
        timestamp: 0,
        key: None,
        value: None,
        headers: None,
    };
    Batch {
        base_offset,
        last_offset_delta: 0,
        leader_epoch,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        max_timestamp: 0,
        timestamp_type: TimestampType::CreateTime,
        codec: Codec::None,
        transactional: false,
        control: None,
        delete_horizon: -1,
        corrupt: false,
        size_bytes: 100,
        records: [record].into(),
    }
}
