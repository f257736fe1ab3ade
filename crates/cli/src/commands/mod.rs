//! One room a command.
//!
//! Invariant: every command that `help` names is here.

mod bench;
mod conform;

use crate::args::Args;
use crate::trouble::Trouble;
use std::process::ExitCode;

const HELP: &str = "\
kafkascope: Apache Kafka as a simulation you can look into

  kafkascope conform FILE...   plays recordings of a real Kafka, and vectors, against the model
  kafkascope bench [--for 20s] how fast this machine simulates
  kafkascope help              this text
";

/// Runs the command that the first word names.
pub fn run(words: &[String]) -> Result<ExitCode, Trouble> {
    let Some((name, rest)) = words.split_first() else {
        eprint!("{HELP}");
        return Ok(ExitCode::from(2));
    };
    let args = Args::new(rest);
    match name.as_str() {
        "bench" => bench::run(args),
        "conform" => conform::run(args),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => Err(Trouble::new(format!(
            "there is no command '{other}'; 'kafkascope help' lists the commands"
        ))),
    }
}
