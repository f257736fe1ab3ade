//! Nodes killed, stopped, paused and started, as an operator does it with signals.
//!
//! Invariant: a step is over when the recorder's was: the process gone, or its port open again.

use super::done;
use crate::golden::stage::{PATIENCE, Stage, Stop};
use kafkascope_model::command::Command;
use kafkascope_model::ids::NodeId;
use serde_json::Value;

pub fn kill(stage: &mut Stage, node: i32) -> Result<Value, Stop> {
    stage.submit(&Command::Kill(NodeId(node)))?;
    Ok(done())
}

pub fn stop(stage: &mut Stage, node: i32) -> Result<Value, Stop> {
    let id = NodeId(node);
    stage.submit(&Command::Stop(id))?;
    stage
        .wait(PATIENCE, |stage| stage.is_down(id).then_some(done()))
        .ok_or_else(|| Stop::problem(format!("node {node} did not end after SIGTERM")))
}

pub fn pause(stage: &mut Stage, node: i32) -> Result<Value, Stop> {
    stage.submit(&Command::Pause(NodeId(node)))?;
    Ok(done())
}

pub fn resume(stage: &mut Stage, node: i32) -> Result<Value, Stop> {
    stage.submit(&Command::Resume(NodeId(node)))?;
    Ok(done())
}

pub fn start(stage: &mut Stage, node: i32) -> Result<Value, Stop> {
    stage.submit(&Command::Start(NodeId(node)))?;
    stage.wait_for_port(NodeId(node))?;
    Ok(done())
}
