//! `cargo xtask test`: everything that must hold before a change is taken.
//!
//! The stages run from the quickest to the slowest, and all of them run even if one fails, so that
//! one look shows everything that is wrong.
//!
//! Invariant: the last line is `N passed, N failed`, and a run without a single test fails.

mod stage;
mod tally;

use std::time::Instant;

use crate::args::Args;
use crate::problem::{Done, Problem};
use crate::setup;
use crate::stories;
use stage::{ALL, Stage};
use tally::Tally;

pub fn chore(mut args: Args) -> Done {
    let only = args.value("--only")?;
    let care = stories::care(&mut args);
    args.finish()?;
    let stages = chosen(only.as_deref())?;
    let start = Instant::now();
    let mut kit = setup::for_rust()?;
    let mut report = vec![(String::from("set-up"), start.elapsed(), Tally::default())];
    for stage in stages {
        println!("== {}", stage.name());
        let start = Instant::now();
        let tally = stage.run(&mut kit, care);
        report.push((String::from(stage.name()), start.elapsed(), tally));
    }
    conclude(&report)
}

fn chosen(only: Option<&str>) -> Done<Vec<Stage>> {
    let Some(name) = only else { return Ok(ALL.to_vec()) };
    let found: Vec<_> = ALL.iter().copied().filter(|stage| stage.name() == name).collect();
    if found.is_empty() {
        let names: Vec<_> = ALL.iter().map(|stage| stage.name()).collect();
        return Err(Problem::new(format!("no stage '{name}'; there are {}", names.join(", "))));
    }
    Ok(found)
}

fn conclude(report: &[(String, std::time::Duration, Tally)]) -> Done {
    println!("\n{:<8} {:>8} {:>8} {:>8}", "stage", "seconds", "passed", "failed");
    let mut total = Tally::default();
    for (name, time, tally) in report {
        let seconds = time.as_millis() / 1000;
        println!("{name:<8} {seconds:>8} {:>8} {:>8}", tally.passed, tally.failed);
        total.add(*tally);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    match total {
        Tally { failed: 0, passed: 1.. } => Ok(()),
        Tally { failed: 0, passed: 0 } => Err(Problem::new("no test ran")),
        Tally { .. } => Err(Problem::new("the tests failed")),
    }
}
