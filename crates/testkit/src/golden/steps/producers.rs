//! Producers: opened, told to send, closed.
//!
//! Invariant: a result is what the application's future said, never what a log holds.

use super::{done, failed, opened};
use crate::golden::action::{Producer, Send, SendRecord};
use crate::golden::configs;
use crate::golden::stage::{PATIENCE, Stage, Stop};
use kafkascope_model::command::{Command, ProducerSpec};
use kafkascope_model::config::producer::ProducerConfig;
use kafkascope_model::ids::{Bytes, NodeId, RecordId};
use kafkascope_model::log::Header;
use kafkascope_model::trace::SendResult;
use kafkascope_model::workload::NewRecord;
use serde_json::{Value, json};

pub fn open(stage: &mut Stage, app: &str, args: &Producer) -> Result<Value, Stop> {
    let config = configs::of_client::<ProducerConfig>(&args.config)?;
    let config = stage.with_client_id(app, "producer", None, config);
    let spec = ProducerSpec {
        app: Default::default(),
        name: stage.unique(app, &args.name),
        config,
        workload: None,
    };
    opened(stage.add_client(app, &args.name, &Command::AddProducer(spec)))
}

pub fn close(stage: &mut Stage, app: &str, name: &str) -> Result<Value, Stop> {
    let client = stage.client(app, name)?;
    stage.submit(&Command::CloseClient { client })?;
    stage
        .wait(PATIENCE, |stage| stage.is_down(client).then_some(done()))
        .ok_or_else(|| Stop::problem(format!("'{name}' did not close")))
}

pub fn send(stage: &mut Stage, app: &str, args: &Send) -> Result<Value, Stop> {
    let producer = stage.client(app, &args.name)?;
    let before = stage.book.sent.get(&producer).map_or(0, Vec::len);
    let command = Command::Send {
        producer,
        topic: args.topic.as_str().into(),
        records: args.records.iter().map(new_record).collect(),
    };
    stage.submit(&command)?;
    if args.no_wait {
        return Ok(json!({ "results": [] }));
    }
    let results =
        stage.wait(PATIENCE, |stage| results(stage, producer, before, args.records.len()));
    let results = results.ok_or_else(|| Stop::problem("a record was neither sent nor given up"))?;
    Ok(json!({ "results": results }))
}

/// One result a record, once all are there.
fn results(stage: &Stage, producer: NodeId, before: usize, count: usize) -> Option<Vec<Value>> {
    let sent = stage.book.sent.get(&producer)?.get(before..before + count)?;
    sent.iter().map(|record| result(stage, *record)).collect()
}

fn result(stage: &Stage, record: RecordId) -> Option<Value> {
    let (tp, result) = stage.book.done.get(&record)?;
    Some(match result {
        SendResult::Acked(offset) => json!({ "partition": tp.partition, "offset": offset }),
        SendResult::Failed(exception) => failed(exception),
    })
}

fn new_record(record: &SendRecord) -> NewRecord {
    let bytes = |text: &Option<String>| text.as_ref().map(|text| Bytes::from(text.as_bytes()));
    let header = |(key, value): &(String, String)| Header {
        key: key.as_str().into(),
        value: Some(Bytes::from(value.as_bytes())),
    };
    let headers: Vec<Header> = record.headers.iter().map(header).collect();
    NewRecord {
        key: bytes(&record.key),
        value: bytes(&record.value),
        partition: record.partition,
        timestamp: record.timestamp,
        headers: (!headers.is_empty()).then(|| headers.into()),
    }
}
