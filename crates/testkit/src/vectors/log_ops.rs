//! What vectors do to one log: appends of producers, coordinators and leaders, markers, watermarks.
//!
//! Invariant: everything goes through the model's own log, and every answer is what it said.

use kafkascope_model::api::ErrorCode;
use kafkascope_model::config::topic::TopicConfig;
use kafkascope_model::ids::{EpochMs, Offset, ProducerEpoch, ProducerId, RecordId};
use kafkascope_model::log::batch::ControlType;
use kafkascope_model::log::marker::EndMarker;
use kafkascope_model::log::producers::{Origin, Terms};
use kafkascope_model::log::{Batch, Codec, LeaderAppend, PartitionLog, Record, TimestampType};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One operation as the files write it.
#[derive(Debug, Deserialize)]
pub struct Op {
    pub op: String,
    #[serde(default = "none")]
    pub pid: ProducerId,
    #[serde(default = "no_epoch")]
    pub epoch: ProducerEpoch,
    #[serde(default = "no_sequence")]
    pub seq: i32,
    #[serde(default = "one")]
    pub count: i32,
    #[serde(default)]
    pub txn: bool,
    #[serde(default)]
    pub now: EpochMs,
    pub origin: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub coordinator_epoch: i32,
    #[serde(default)]
    pub transaction_version: u8,
    #[serde(default)]
    pub offset: Offset,
    pub expect: Map<String, Value>,
}

/// A log with what the file says of it.
#[derive(Debug)]
pub struct Desk {
    pub log: PartitionLog,
    pub auto_hw: bool,
    pub expiration_ms: i64,
}

impl Desk {
    /// An empty log.
    pub fn new(auto_hw: bool, expiration_ms: i64) -> Self {
        Self { log: PartitionLog::new(0), auto_hw, expiration_ms }
    }

    /// Carries out an operation; everything that may be asked about it.
    pub fn run(&mut self, op: &Op) -> Result<Value, String> {
        let mut told = Map::new();
        match op.op.as_str() {
            "append" => self.append(op, &mut told),
            "marker" => self.mark(op, &mut told)?,
            "verify" => {
                let (batch, now) = (data(op), op.now);
                self.log.producers_mut().begin_verification(&batch, false, now);
            }
            "expire" => {
                self.log.producers_mut().expire(op.now, self.expiration_ms);
                let left = self.log.producers().entries().count();
                told.insert("producers_left".to_string(), json!(left));
            }
            "hw" => {
                self.log.set_high_watermark(op.offset);
            }
            "log_start" => {
                self.log.raise_log_start(op.offset);
            }
            other => return Err(format!("no operation is called '{other}'")),
        }
        if self.auto_hw {
            self.log.set_high_watermark(self.log.log_end());
        }
        told.insert("log_end_offset".to_string(), json!(self.log.log_end()));
        told.insert("high_watermark".to_string(), json!(self.log.high_watermark()));
        told.insert("last_stable_offset".to_string(), json!(self.log.last_stable_offset()));
        told.insert("log_start_offset".to_string(), json!(self.log.log_start()));
        told.retain(|key, _| op.expect.contains_key(key));
        Ok(Value::Object(told))
    }

    fn append(&mut self, op: &Op, told: &mut Map<String, Value>) {
        let mut batch = data(op);
        let config = TopicConfig::default();
        match op.origin.as_deref() {
            Some("replication") => {
                batch.base_offset = self.log.log_end();
                batch.leader_epoch = 0;
                let (first, last) = (batch.base_offset, batch.last_offset());
                self.log.append_as_follower(batch, op.now, &config);
                tell(told, "appended", first, last);
            }
            Some("coordinator") => self.lead(batch, Origin::Coordinator, op, told),
            _ => self.lead(batch, Origin::Client, op, told),
        }
    }

    fn mark(&mut self, op: &Op, told: &mut Map<String, Value>) -> Result<(), String> {
        let control = match op.kind.as_deref() {
            Some("COMMIT") => ControlType::Commit,
            Some("ABORT") => ControlType::Abort,
            other => return Err(format!("no marker says {other:?}")),
        };
        let marker = EndMarker { control, coordinator_epoch: op.coordinator_epoch };
        self.lead(marker.batch(op.pid, op.epoch, op.now), Origin::Coordinator, op, told);
        Ok(())
    }

    fn lead(&mut self, batch: Batch, origin: Origin, op: &Op, told: &mut Map<String, Value>) {
        let (config, length) = (TopicConfig::default(), i64::from(batch.last_offset_delta));
        let transaction_version = op.transaction_version;
        let terms = Terms { origin, transaction_version, ..Terms::default() };
        match self.log.append_on(&terms, batch, 0, op.now, &config) {
            Ok(LeaderAppend::Appended { base_offset, .. }) => {
                tell(told, "appended", base_offset, base_offset + length);
            }
            Ok(LeaderAppend::Duplicate(found)) => {
                tell(told, "duplicate", found.base_offset, found.last_offset);
            }
            Err(error) => refuse(told, error),
        }
    }
}

fn tell(told: &mut Map<String, Value>, result: &str, first: Offset, last: Offset) {
    told.insert("result".to_string(), json!(result));
    told.insert("base_offset".to_string(), json!(first));
    told.insert("last_offset".to_string(), json!(last));
}

fn refuse(told: &mut Map<String, Value>, error: ErrorCode) {
    told.insert("result".to_string(), json!("error"));
    told.insert("error".to_string(), json!(error.name()));
    told.insert("error_code".to_string(), json!(error.code()));
}

fn data(op: &Op) -> Batch {
    let record = |offset_delta| Record {
        id: RecordId::INTERNAL,
        offset_delta,
        timestamp: op.now,
        key: None,
        value: None,
        headers: None,
    };
    Batch {
        base_offset: 0,
        last_offset_delta: op.count - 1,
        leader_epoch: -1,
        producer_id: op.pid,
        producer_epoch: op.epoch,
        base_sequence: op.seq,
        max_timestamp: op.now,
        timestamp_type: TimestampType::CreateTime,
        codec: Codec::None,
        transactional: op.txn,
        control: None,
        delete_horizon: -1,
        corrupt: false,
        size_bytes: 100,
        records: (0..op.count).map(record).collect(),
    }
}

const fn none() -> ProducerId {
    -1
}

const fn no_epoch() -> ProducerEpoch {
    -1
}

const fn no_sequence() -> i32 {
    -1
}

const fn one() -> i32 {
    1
}
