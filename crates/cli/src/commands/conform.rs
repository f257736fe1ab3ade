//! `kafkascope conform FILE...`: is the model Kafka?
//!
//! Invariant: one line a file; the exit code is 0 only if every file was understood and agreed.

use crate::args::Args;
use crate::trouble::{Trouble, read};
use kafkascope_kernel::Seed;
use kafkascope_testkit::conform::check;
use std::process::ExitCode;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let seed = Seed(args.number("--seed")?.unwrap_or(super::SEED));
    let files = args.rest()?;
    if files.is_empty() {
        return Err(Trouble::new("conform needs a FILE: a golden run or vectors, as JSON"));
    }
    let mut agreed = true;
    for file in &files {
        agreed &= one(file, seed);
    }
    Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A file that cannot be used is told like one that failed; the others still have their turn.
fn one(file: &str, seed: Seed) -> bool {
    let text = match read(file) {
        Ok(text) => text,
        Err(trouble) => {
            println!("failed: {trouble}");
            return false;
        }
    };
    match check(&text, seed) {
        Ok(checked) => {
            print!("{}", checked.report);
            checked.passed
        }
        Err(problem) => {
            println!("failed: {}", problem.in_file(file));
            false
        }
    }
}
