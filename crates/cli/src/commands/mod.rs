//! One room a command.
//!
//! Invariant: every command that `help` names is here.

mod bench;
mod conform;
mod run;
mod soak;
mod svg;
mod trace;

use crate::args::Args;
use crate::trouble::Trouble;
use std::process::ExitCode;

/// The seed of a run that is not told another.
const SEED: u64 = 1;

const HELP: &str = "\
kafkascope: Apache Kafka as a simulation you can look into

  kafkascope run SCENARIO      what happens, in sentences
      --until 60s              how long, from where the scenario opens
      --ndjson                 every fact as a JSON object instead
  kafkascope trace FILE        every fact of a scenario or recording, the network's too, as NDJSON
      --requests               every request with its response instead, as a node's request log has them
      --until 60s              how long, for a scenario
  kafkascope svg SCENARIO      a picture of the stage
      --at 30s                 when, from where the scenario opens
      --out FILE --dark --width 1440 --height 680
  kafkascope conform FILE...   plays recordings of a real Kafka, and vectors, against the model
      --requests               compares every request of a recording with the trace beside it instead
  kafkascope soak              scripts that nobody wrote, each held against Kafka's promises
      --scripts 1000           how many, one for each seed from --seed on
      --keep-going             names every seed that fails, instead of shrinking the first
  kafkascope bench             how fast this machine simulates
      --for 20s                how much simulated time is measured
  kafkascope help              this text

  Everywhere: --seed N decides all chance; --table FILE stands in for a table that the scenario names.
  SCENARIO is a TOML file, or the name of a scenario that comes with Kafkascope.
";

/// Runs the command that the first word names.
pub fn run(words: &[String]) -> Result<ExitCode, Trouble> {
    let Some((name, rest)) = words.split_first() else {
        eprint!("{HELP}");
        return Ok(ExitCode::from(2));
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::new(rest);
    match name.as_str() {
        "bench" => bench::run(args),
        "conform" => conform::run(args),
        "run" => run::run(args),
        "soak" => soak::run(args),
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
