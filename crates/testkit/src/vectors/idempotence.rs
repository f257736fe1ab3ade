//! What a log makes of producers' batches: appended, known already, or refused; and what it remembers of them.
//!
//! Invariant: the state compared at the end is the log's own.

use super::Tally;
use super::log_ops::{Desk, Op};
use crate::problem::{Problem, typed};
use kafkascope_model::ids::ProducerId;
use kafkascope_model::log::producers::ProducerState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    let cases = document.get("cases").and_then(Value::as_array).into_iter().flatten();
    cases.filter_map(|case| case.get("final")).any(|last| last.get("producer_state").is_some())
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let cases = document.get("cases").cloned().unwrap_or_default();
    let cases: Vec<Case> = typed(&cases).map_err(|problem| problem.below("/cases"))?;
    let mut tally = Tally::default();
    for (at, case) in cases.iter().enumerate() {
        let place = format!("/cases/{at}");
        run_case(&mut tally, case).map_err(|reason| Problem::at(place, reason))?;
    }
    Ok(tally)
}

fn run_case(tally: &mut Tally, case: &Case) -> Result<(), String> {
    let mut desk = Desk::new(true, case.producer_id_expiration_ms);
    for (at, op) in case.ops.iter().enumerate() {
        let got = desk.run(op)?;
        tally.case(format!("{}, operation {at}", case.id), &json!(op.expect), &got);
    }
    let states = desk.log.producers().entries().map(|(id, state)| described(id, state));
    let got = json!({
        "log_end_offset": desk.log.log_end(),
        "producer_state": states.collect::<Vec<_>>(),
    });
    tally.case(format!("{}, at the end", case.id), &json!(case.last), &got);
    Ok(())
}

fn described(id: ProducerId, state: &ProducerState) -> Value {
    let batches = state.batches().map(|batch| {
        json!([batch.sequences.0, batch.sequences.1, batch.base_offset, batch.last_offset])
    });
    let mut told = json!({
        "pid": id, "epoch": state.epoch, "last_seq": state.last_sequence(),
        "cached_batches": batches.collect::<Vec<_>>(),
    });
    if let Some(first) = state.txn_first_offset {
        told["txn_first_offset"] = json!(first);
    }
    told
}

#[derive(Deserialize)]
struct Case {
    id: String,
    ops: Vec<Op>,
    #[serde(default = "a_day")]
    producer_id_expiration_ms: i64,
    #[serde(rename = "final")]
    last: Map<String, Value>,
}

const fn a_day() -> i64 {
    86_400_000
}
