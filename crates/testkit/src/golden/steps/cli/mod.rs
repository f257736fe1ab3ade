//! Kafka's own command line tools, as far as scripts call them.
//!
//! Each tool is one file: what it asks of the cluster, and what it prints. Invariant: an option that nobody reads is told, never
//! ignored.

mod batch_bytes;
mod configs;
mod console_share_consumer;
mod dump_log_segments;
mod options;
mod share_groups;

use crate::golden::action::Cli;
use crate::golden::stage::{Stage, Stop};
use serde_json::{Value, json};

/// What a tool left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Output {
    exit: i32,
    stdout: String,
    stderr: String,
}

/// Runs a tool.
pub fn run(stage: &mut Stage, args: &Cli) -> Result<Value, Stop> {
    let output = match args.tool.as_str() {
        "kafka.admin.ConfigCommand" => configs::run(stage, &args.args)?,
        "org.apache.kafka.tools.consumer.ConsoleShareConsumer" => {
            console_share_consumer::run(stage, &args.args)?
        }
        "org.apache.kafka.tools.consumer.group.ShareGroupCommand" => {
            share_groups::run(stage, &args.args)?
        }
        "org.apache.kafka.tools.DumpLogSegments" | "kafka.tools.DumpLogSegments" => {
            dump_log_segments::run(stage, &args.args)?
        }
        other => return Err(Stop::lacks(format!("the command {other} (cli)"))),
    };
    Ok(json!({ "exit": output.exit, "stdout": output.stdout, "stderr": output.stderr }))
}
