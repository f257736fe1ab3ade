//! How many bytes records and batches take.
//!
//! Invariant: sizes are the producer's own accounting, never counted here.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::client::producer::sizes::{BATCH_OVERHEAD, Payload};
use kafkascope_model::ids::Bytes;
use kafkascope_model::log::Header;
use serde::Deserialize;
use serde_json::{Value, json};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    document.get("batch_overhead").is_some()
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    tally.case("batch_overhead", &json!(file.batch_overhead), &json!(BATCH_OVERHEAD));
    for (at, case) in file.data.single.iter().enumerate() {
        let expected = json!({
            "batch_bytes_one_record": case.batch_bytes_one_record,
            "record_bytes": case.record_bytes,
            "producer_upper_bound": case.producer_upper_bound,
        });
        tally.case(format!("data/single/{at}"), &expected, &single(case));
    }
    for (at, case) in file.data.multi.iter().enumerate() {
        let got = json!(batch(case));
        tally.case(format!("data/multi/{at}"), &json!(case.batch_bytes), &got);
    }
    if let Some(expected) = file.data.with_header {
        let got = json!(with_header());
        tally.case("data/with_header_trace=abc_key3_value10", &json!(expected), &got);
    }
    Ok(tally)
}

fn single(case: &Single) -> Value {
    let (key, value) = (bytes(case.key_bytes), bytes(case.value_bytes));
    let payload = Payload { key: key.as_ref(), value: value.as_ref(), headers: &[] };
    let record = payload.record_size(0, 0);
    json!({
        "batch_bytes_one_record": BATCH_OVERHEAD + record,
        "record_bytes": record,
        "producer_upper_bound": payload.upper_bound(),
    })
}

fn batch(case: &Multi) -> u32 {
    let (key, value) = (bytes(case.key_bytes), bytes(case.value_bytes));
    let payload = Payload { key: key.as_ref(), value: value.as_ref(), headers: &[] };
    let sizes =
        (0..case.records).map(|at| payload.record_size(at, i64::from(at) * case.timestamp_delta));
    BATCH_OVERHEAD + sizes.sum::<u32>()
}

/// A key of 3 bytes, a value of 10, and the header `trace: abc`.
fn with_header() -> u32 {
    let (key, value) = (bytes(3), bytes(10));
    let headers = [Header { key: "trace".into(), value: bytes(3) }];
    let payload = Payload { key: key.as_ref(), value: value.as_ref(), headers: &headers };
    BATCH_OVERHEAD + payload.record_size(0, 0)
}

/// So many bytes; -1 is null.
fn bytes(count: i64) -> Option<Bytes> {
    usize::try_from(count).ok().map(|count| Bytes::from(vec![0_u8; count]))
}

#[derive(Deserialize)]
struct File {
    batch_overhead: u32,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    single: Vec<Single>,
    #[serde(default)]
    multi: Vec<Multi>,
    #[serde(rename = "with_header_trace=abc_key3_value10")]
    with_header: Option<u32>,
}

#[derive(Deserialize)]
struct Single {
    key_bytes: i64,
    value_bytes: i64,
    batch_bytes_one_record: u32,
    record_bytes: u32,
    producer_upper_bound: u32,
}

#[derive(Deserialize)]
struct Multi {
    records: u32,
    key_bytes: i64,
    value_bytes: i64,
    timestamp_delta: i64,
    batch_bytes: u32,
}
