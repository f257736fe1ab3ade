//! What a script asks the cluster about itself.
//!
//! Invariant: nothing here changes the cluster.

use crate::golden::action::{Offsets, Tp};
use crate::golden::stage::{Stage, Stop};
use kafkascope_model::ids::Offset;
use serde_json::Value;

pub fn topics(_stage: &mut Stage) -> Result<Value, Stop> {
    Err(Stop::lacks("topics"))
}

pub fn describe_topic(_stage: &mut Stage, _topic: &str) -> Result<Value, Stop> {
    Err(Stop::lacks("describe-topic"))
}

pub fn offsets(_stage: &mut Stage, _args: &Offsets) -> Result<Value, Stop> {
    Err(Stop::lacks("offsets"))
}

/// Where a reader stops: the high watermark, or the last stable offset.
pub fn end_offset(_stage: &mut Stage, _tp: &Tp, _read_committed: bool) -> Result<Offset, Stop> {
    Err(Stop::lacks("offsets"))
}

pub fn producers_state(_stage: &mut Stage, _tp: &Tp) -> Result<Value, Stop> {
    Err(Stop::lacks("producers-state"))
}

pub fn quorum(_stage: &mut Stage) -> Result<Value, Stop> {
    Err(Stop::lacks("quorum"))
}

pub fn brokers(_stage: &mut Stage) -> Result<Value, Stop> {
    Err(Stop::lacks("brokers"))
}
