//! `kafkascope run SCENARIO`: what happens, told in sentences.
//!
//! Invariant: the sentences are those of the page, in the order of time.

use crate::args::Args;
use crate::fact_json;
use crate::output::{self, lines};
use crate::source::{Source, open};
use crate::trouble::Trouble;
use kafkascope_audit::{Line, Replay, Verdict};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_session::Session;
use kafkascope_view::UiState;
use kafkascope_view::project::Projector;
use kafkascope_view::view_model::LedgerVm;
use std::process::ExitCode;

/// How long a run goes on that is not told otherwise, from where the scenario opens.
const SPAN_MS: u64 = 60_000;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let span = Micros::from_ms(args.span_ms("--until")?.unwrap_or(SPAN_MS));
    let ndjson = args.flag("--ndjson");
    let scenario = Source::of(args)?.into_scenario()?;
    let mut session = open(&scenario)?;
    session.seek(scenario.script.opens_at + span);
    if ndjson {
        lines(session.facts_from(0).map(|event| fact_json::line(event, session.world())));
    } else {
        tell(&scenario.story.title, &session);
    }
    Ok(refused(&session))
}

fn tell(title: &str, session: &Session) {
    let mut projector = Projector::new(title);
    projector.feed(session);
    let told = &projector.observer().chronicle.told;
    let sentence = |told: &kafkascope_view::chronicle::Told| {
        let ms = told.moment.at.as_ms();
        format!("{:>8}.{:03}  {}", ms / 1_000, ms % 1_000, told.telling.text)
    };
    let sentences: Vec<String> = told.iter().map(sentence).collect();
    let ledger = projector.project(session, &UiState::default()).ledger.clone();
    let audit = audit(session);
    lines(
        sentences.into_iter().chain([String::new(), summary(&ledger), String::new()]).chain(audit),
    );
}

/// Every property that did not hold, and how many did.
fn audit(session: &Session) -> Vec<String> {
    let Ok(mut replay) = Replay::new(session.script().clone()) else { return Vec::new() };
    replay.advance(session.now(), u64::MAX);
    replay.take_stock();
    let all: Vec<Line> = replay.lines().collect();
    let count = |wanted: fn(&Verdict) -> bool| all.iter().filter(|l| wanted(&l.verdict)).count();
    let hold = count(|verdict| matches!(verdict, Verdict::Holds));
    let unseen = count(|verdict| matches!(verdict, Verdict::Unseen));
    let mut told: Vec<String> = all.iter().filter_map(broken).collect();
    told.push(format!("{hold} properties of Kafka hold, {unseen} were not touched"));
    told
}

/// A property that did not hold, in words; `None` if it did.
fn broken(line: &Line) -> Option<String> {
    let (word, finding) = match &line.verdict {
        Verdict::Unseen | Verdict::Holds => return None,
        Verdict::Excused(finding) => ("need not hold", finding),
        Verdict::Violated(finding) => ("VIOLATED", finding),
    };
    let because = finding.excuse.map(|why| format!(" ({why})")).unwrap_or_default();
    Some(format!(
        "{} {word}{because}: {}\n     at {}: {}",
        line.property.name,
        line.property.sentence,
        at(finding.at),
        finding.what
    ))
}

fn at(moment: SimTime) -> String {
    let ms = moment.as_ms();
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn summary(ledger: &LedgerVm) -> String {
    format!(
        "{} records sent: {} acknowledged, {} failed, {} acknowledged and lost; {} delivered, {} of them again",
        ledger.sent,
        ledger.acknowledged,
        ledger.failed,
        ledger.acknowledged_and_lost,
        ledger.delivered,
        ledger.delivered_again
    )
}

/// A command of the scenario that could not be carried out is a mistake in the scenario.
fn refused(session: &Session) -> ExitCode {
    for (index, error) in session.refusals() {
        output::refused(session.script().entries[*index].at, error);
    }
    if session.refusals().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
