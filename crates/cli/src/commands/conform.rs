//! `kafkascope conform FILE...`: is the model Kafka?
//!
//! By default every file is checked: vectors case by case, a golden run step by step. With `--requests` every golden run's
//! requests are compared with the trace beside it (`NAME.trace.ndjson`). Invariant: one line a file, details below it, a sum at
//! the end; the exit code is 0 only if every file was understood and agreed.

use crate::args::Args;
use crate::trouble::{Trouble, read};
use kafkascope_kernel::Seed;
use kafkascope_testkit::conform::{Checked, check};
use kafkascope_testkit::golden::GoldenRun;
use kafkascope_testkit::problem::{Problem, json};
use kafkascope_testkit::requests::{Agreement, compare};
use std::process::ExitCode;

/// The share of requests that must agree, in tenths of a percent.
const ENOUGH: usize = 950;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let seed = Seed(args.number("--seed")?.unwrap_or(super::SEED));
    let requests = args.flag("--requests");
    let files = args.rest()?;
    if files.is_empty() {
        return Err(Trouble::new("conform needs a FILE: a golden run or vectors, as JSON"));
    }
    let agreed = if requests { all_requests(&files, seed) } else { all(&files, seed) };
    Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A file that cannot be used is told like one that failed; the others still have their turn.
fn all(files: &[String], seed: Seed) -> bool {
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        match one(file, seed) {
            Ok(checked) => {
                print!("{}", checked.report);
                passed += checked.passes;
                failed += checked.failures;
            }
            Err(trouble) => {
                println!("failed: {trouble}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    failed == 0
}

fn one(file: &str, seed: Seed) -> Result<Checked, Trouble> {
    check(&read(file)?, seed).map_err(|problem| told(problem, file))
}

fn all_requests(files: &[String], seed: Seed) -> bool {
    let mut sum = Agreement::default();
    let mut understood = true;
    for file in files {
        match requests_of(file, seed) {
            Ok(agreement) => {
                print!("{}", agreement.report);
                sum.agreed += agreement.agreed;
                sum.total += agreement.total;
            }
            Err(trouble) => {
                println!("failed: {trouble}");
                understood = false;
            }
        }
    }
    println!("{} of {} requests agree: {}", sum.agreed, sum.total, sum.percent());
    understood && sum.per_mille() >= ENOUGH
}

fn requests_of(file: &str, seed: Seed) -> Result<Agreement, Trouble> {
    let document = json(&read(file)?).map_err(|problem| told(problem, file))?;
    let run = GoldenRun::from_value(&document).map_err(|problem| told(problem, file))?;
    let beside = format!("{}.trace.ndjson", file.strip_suffix(".json").unwrap_or(file));
    compare(&run, &read(&beside)?, seed).map_err(|problem| told(problem, &beside))
}

fn told(problem: Problem, file: &str) -> Trouble {
    Trouble::new(problem.in_file(file).to_string())
}
