//! Transactions in one log: what stays hidden, what is shown, what was aborted; and the coordinator's tables.
//!
//! Invariant: what a reader gets goes through the model's own consumer.

use super::Tally;
use super::log_ops::{Desk, Op};
use super::txn_tables;
use crate::problem::{Problem, typed};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::api::response::FetchedPartition;
use kafkascope_model::client::consumer::offsets_handed;
use kafkascope_model::ids::{NodeId, Offset, TopicId, TopicPartition};
use kafkascope_model::log::PartitionLog;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    let cases = document.get("cases").and_then(Value::as_array).into_iter().flatten();
    cases
        .filter_map(|case| case.get("final"))
        .any(|last| last.get("read_committed_offsets").is_some())
}

/// Runs every case, and every row of the coordinator's tables.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let cases = document.get("cases").cloned().unwrap_or_default();
    let cases: Vec<Case> = typed(&cases).map_err(|problem| problem.below("/cases"))?;
    let mut tally = Tally::default();
    for (at, case) in cases.iter().enumerate() {
        let place = format!("/cases/{at}");
        run_case(&mut tally, case).map_err(|reason| Problem::at(place, reason))?;
    }
    if let Some(tables) = document.get("coordinator") {
        txn_tables::run(tables, &mut tally)
            .map_err(|reason| Problem::at("/coordinator", reason))?;
    }
    Ok(tally)
}

fn run_case(tally: &mut Tally, case: &Case) -> Result<(), String> {
    let mut desk = Desk::new(case.auto_hw, i64::MAX);
    for (at, op) in case.ops.iter().enumerate() {
        let got = desk.run(op)?;
        tally.case(format!("{}, operation {at}", case.id), &json!(op.expect), &got);
    }
    let log = &desk.log;
    let aborted = log.producers().transactions().aborted().iter().map(|txn| {
        json!({
            "pid": txn.producer_id, "first_offset": txn.first_offset,
            "last_offset": txn.last_offset, "last_stable_offset": txn.last_stable_offset,
        })
    });
    let got = json!({
        "read_committed_offsets": read(log, true),
        "read_uncommitted_offsets": read(log, false),
        "aborted_transactions": aborted.collect::<Vec<_>>(),
    });
    tally.case(format!("{}, at the end", case.id), &json!(case.last), &got);
    Ok(())
}

/// What a consumer gets that begins at the log start.
fn read(log: &PartitionLog, read_committed: bool) -> Vec<Offset> {
    let from = log.log_start();
    let below = if read_committed { log.last_stable_offset() } else { log.high_watermark() };
    let batches = log.read(from, u32::MAX, below, true);
    let aborted_transactions =
        if read_committed { log.aborted_in(from, &batches) } else { Vec::new() };
    let answer = FetchedPartition {
        tp: TopicPartition::new(TopicId(1), 0),
        error: ErrorCode::None,
        high_watermark: log.high_watermark(),
        last_stable_offset: log.last_stable_offset(),
        log_start_offset: from,
        diverging_epoch: None,
        current_leader: None,
        aborted_transactions,
        preferred_read_replica: NodeId::NONE,
        batches,
    };
    offsets_handed(from, answer, read_committed)
}

#[derive(Deserialize)]
struct Case {
    id: String,
    ops: Vec<Op>,
    #[serde(default = "yes")]
    auto_hw: bool,
    #[serde(rename = "final")]
    last: Map<String, Value>,
}

const fn yes() -> bool {
    true
}
