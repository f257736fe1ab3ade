//! Transactions: what a producer's application calls, and what coordinators and leaders tell of it.
//!
//! Invariant: an answer is what the application's call returned or threw.

use super::failed;
use super::members::{by_partition, call as await_call};
use crate::golden::action::{Tp, Txn, TxnOffsets};
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::api::response::ListedTransaction;
use kafkascope_model::api::{ErrorCode, Response};
use kafkascope_model::client::producer::transactions::TxnCall;
use kafkascope_model::command::{AdminCommand, Command};
use serde_json::{Value, json};

pub fn call(stage: &mut Stage, app: &str, args: &Txn) -> Result<Value, Stop> {
    let producer = stage.client(app, &args.name)?;
    let call = match args.action.as_str() {
        "init" => TxnCall::Init,
        "begin" => TxnCall::Begin,
        "commit" => TxnCall::Commit,
        "abort" => TxnCall::Abort,
        other => return Err(Stop::problem(format!("'{other}' is nothing a transaction does"))),
    };
    await_call(stage, producer, &Command::Transact { producer, call })
}

pub fn offsets(stage: &mut Stage, app: &str, args: &TxnOffsets) -> Result<Value, Stop> {
    let producer = stage.client(app, &args.name)?;
    let consumer = stage.client(app, &args.member)?;
    let offsets = by_partition(&args.offsets)?;
    await_call(stage, producer, &Command::SendOffsets { producer, consumer, offsets })
}

pub fn list(stage: &mut Stage) -> Result<Value, Stop> {
    let answer = stage.ask(AdminCommand::ListTransactions)?;
    if let Some(Response::ListTransactions(_, rows)) = &answer.response {
        let row = |row: &ListedTransaction| json!({ "id": &*row.transactional_id, "state": row.transaction_state });
        return Ok(json!({ "transactions": rows.iter().map(row).collect::<Vec<_>>() }));
    }
    Ok(match answer.verdicts.first() {
        Some((broker, ErrorCode::UnknownServerError)) => cannot_be_asked(broker),
        Some((_, error)) => failed(error.exception()),
        None => failed(ErrorCode::UnknownServerError.exception()),
    })
}

/// What Kafka's client throws when a broker that METADATA lists is not in its own idea of the cluster.
fn cannot_be_asked(broker: &str) -> Value {
    let told = format!("Unexpected key set: [BrokerKey(brokerId=OptionalInt[{broker}])]");
    json!({
        "error": "IllegalArgumentException",
        "message": format!("java.lang.IllegalArgumentException: {told}"),
    })
}

pub fn producers_state(stage: &mut Stage, tp: &Tp) -> Result<Value, Stop> {
    let (topic, partition) = (tp.topic.as_str().into(), tp.partition);
    let answer = stage.ask(AdminCommand::DescribeProducers { topic, partition })?;
    let error = answer.verdicts.iter().map(|(_, error)| *error).find(|error| !error.is_ok());
    let Some(Response::DescribeProducers(rows)) = &answer.response else {
        return Ok(failed(error.unwrap_or_default().exception()));
    };
    if let Some(error) = error {
        return Ok(failed(error.exception()));
    }
    let producers = rows.iter().flat_map(|row| &row.active_producers).map(|producer| {
        json!({
            "epoch": producer.producer_epoch, "last_sequence": producer.last_sequence,
            "txn_start": producer.current_txn_start_offset,
        })
    });
    Ok(json!({ "producers": producers.collect::<Vec<_>>() }))
}
