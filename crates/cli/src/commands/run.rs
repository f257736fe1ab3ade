//! `kafkascope run SCENARIO`: runs it and says what it came to.
//!
//! Sentences as the page tells them, then the ledger's counts and the digest; `--json` says the same as one object. Invariant:
//! the same scenario and seed end in the same digest, here and on the page.

use crate::args::Args;
use crate::scenario::from_args;
use crate::trouble::Trouble;
use kafkascope_kernel::SimTime;
use kafkascope_view::Projector;
use kafkascope_view::view_model::clock::short_time;
use serde_json::json;
use std::process::ExitCode;

/// How long a run lasts that is not told.
const UNTIL_MS: u64 = 60_000;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let until = SimTime::from_ms(args.span_ms("--until")?.unwrap_or(UNTIL_MS));
    let as_json = args.flag("--json");
    let (_, scenario, mut session) = from_args(args)?;
    session.advance(until, u32::MAX);
    let mut projector = Projector::new(&scenario.story.title);
    projector.feed(&session);
    let told = &projector.observer().chronicle.told;
    let tally = projector.observer().ledger.tally();
    let counts = [
        ("sent", tally.sent),
        ("acknowledged", tally.acknowledged),
        ("failed", tally.failed),
        ("lost", tally.lost),
        ("duplicated", tally.duplicated),
        ("delivered", tally.delivered),
        ("delivered_again", tally.delivered_again),
    ];
    let digest = session.digest().to_string();
    if as_json {
        let told: Vec<_> =
            told.iter().map(|told| json!([told.moment.at.0, told.telling.text])).collect();
        let counts: serde_json::Map<_, _> =
            counts.iter().map(|(name, count)| ((*name).to_string(), json!(count))).collect();
        let refused: Vec<_> = session.refusals().values().map(ToString::to_string).collect();
        let answer = json!({
            "scenario": scenario.story.title,
            "until_us": session.now().0,
            "events": session.world().events_handled(),
            "told": told,
            "ledger": counts,
            "refused": refused,
            "digest": digest,
        });
        println!("{answer}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", scenario.story.title);
    for told in told {
        println!("{:>10}  {}", short_time(told.moment.at), told.telling.text);
    }
    for (index, refused) in session.refusals() {
        println!("entry {index} was refused: {refused}");
    }
    for (name, count) in counts {
        println!("{:<16}{count:>8}", name.replace('_', " "));
    }
    println!("{:<16}{:>8}", "events", session.world().events_handled());
    println!("digest {digest} at {}", session.now());
    Ok(ExitCode::SUCCESS)
}
