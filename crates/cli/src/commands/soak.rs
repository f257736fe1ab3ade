//! `kafkascope soak`: scripts that nobody wrote, under the auditor.
//!
//! It ends with 0, or with 127 for a crash, 128 for something that did not come about, 129 for something wrong, after printing
//! the shrunk script as a scenario file. With `--keep-going` it names every seed that fails and shrinks none. Invariant: the scripts
//! are those of the seeds, in order.

use crate::args::Args;
use crate::output::lines;
use crate::trouble::Trouble;
use kafkascope_testkit::soak::{Failure, Kind, Plan, Report, generate, run as live, shrink};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How many scripts are lived that are not told otherwise.
const SCRIPTS: u64 = 1_000;
/// How often it says how far it is.
const PROGRESS: Duration = Duration::from_secs(10);

/// The script under way, for the case that the simulation breaks.
static PRESENT: Mutex<Option<Plan>> = Mutex::new(None);

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let scripts = args.number("--scripts")?.unwrap_or(SCRIPTS);
    let first = args.number("--seed")?.unwrap_or(super::SEED);
    let keep_going = args.flag("--keep-going");
    args.rest()?;
    tell_of_crashes();
    let (mut told_at, mut failed) = (Instant::now(), 0_u64);
    let mut report = Report::default();
    for seed in first..first + scripts {
        let plan = generate(seed);
        remember(&plan);
        let outcome = live(&plan);
        if let Some(failure) = &outcome.failure {
            if !keep_going {
                tell(&report, first);
                return Ok(reproduce(&plan, failure));
            }
            failed += 1;
            println!("seed {seed} fails: {} {}", failure.name, failure.what);
        }
        report.add(&outcome);
        if told_at.elapsed() >= PROGRESS {
            told_at = Instant::now();
            eprintln!("{} scripts, {} events, {failed} fail", report.scripts, report.events);
        }
    }
    tell(&report, first);
    Ok(if failed > 0 { ExitCode::from(129) } else { ExitCode::SUCCESS })
}

fn tell(report: &Report, first: u64) {
    let Report { scripts, events, records, .. } = report;
    let head = format!(
        "{scripts} scripts from seed {first}: {events} events, {records} records acknowledged, \
         {} properties checked {} times",
        report.properties.values().filter(|(checks, _)| *checks > 0).count(),
        report.checks()
    );
    let rows = report.properties.iter().map(|(id, (checks, excused))| {
        let property = id.property();
        format!("{:4} {checks:>14} {excused:>8}  {}", property.name, property.sentence)
    });
    let title = format!("{:4} {:>14} {:>8}  property", "id", "looks", "excused");
    lines([head, String::new(), title].into_iter().chain(rows));
}

fn reproduce(plan: &Plan, failure: &Failure) -> ExitCode {
    println!("\nseed {} fails: {} {}", plan.seed, failure.name, failure.what);
    let same = |plan: &Plan| {
        remember(plan);
        live(plan).failure.is_some_and(|other| other.name == failure.name)
    };
    let small = shrink(plan, same);
    let what = live(&small).failure.map(|failure| failure.what).unwrap_or_default();
    println!("\n# {}: {what}\n{}", failure.name, small.to_toml());
    ExitCode::from(match failure.kind {
        Kind::Crash => 127,
        Kind::Liveness => 128,
        Kind::Correctness => 129,
    })
}

fn remember(plan: &Plan) {
    if let Ok(mut present) = PRESENT.lock() {
        *present = Some(plan.clone());
    }
}

/// A panic prints the script that led to it.
fn tell_of_crashes() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        usual(info);
        if let Ok(present) = PRESENT.lock()
            && let Some(plan) = &*present
        {
            println!("# the simulation broke: {info}\n{}", plan.to_toml());
        }
        std::process::exit(127);
    }));
}
