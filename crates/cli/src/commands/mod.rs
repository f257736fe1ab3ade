//! One room a command.
//!
//! Invariant: every command that `help` names is here.

mod bench;
mod conform;
mod run;
mod svg;
mod trace;

use crate::args::Args;
use crate::trouble::Trouble;
use std::process::ExitCode;

/// The seed of a run that is not told another.
const SEED: u64 = 1;

const HELP: &str = "\
kafkascope: Apache Kafka as a simulation you can look into

  kafkascope run SCENARIO      runs a scenario and says what it came to;
                               --until 60s, --seed N, --table FILE, --json
  kafkascope svg SCENARIO      the stage as a picture; --at 20s, --dark
  kafkascope conform FILE...   plays recordings of a real Kafka, and vectors, against the model
  kafkascope trace FILE        every fact of a scenario or recording, one JSON object a line;
                               --requests: every request with its response instead
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
        "run" => run::run(args),
        "svg" => svg::run(args),
        "trace" => trace::run(args),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => Err(Trouble::new(format!(
            "there is no command '{other}'; 'kafkascope help' lists the commands"
        ))),
    }
}
