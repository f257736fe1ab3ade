//! `kafkascope trace FILE`: everything that happened, one JSON object a line.
//!
//! Facts by default; with `--requests` the requests and responses of every node, as its request log would have them. Invariant:
//! the same file and seed give the same lines.

use crate::args::Args;
use crate::fact_json;
use crate::output::lines;
use crate::scenario;
use crate::source::recording;
use crate::trouble::Trouble;
use kafkascope_kernel::{Seed, SimTime};
use kafkascope_testkit::golden::{Stage, Watch, play_on};
use kafkascope_testkit::wire::Wire;
use std::process::ExitCode;

/// How long a scenario is traced that is not told.
const UNTIL_MS: u64 = 60_000;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let given = args.number("--seed")?;
    let seed = Seed(given.unwrap_or(super::SEED));
    let watch = if args.flag("--requests") { Watch::Exchanges } else { Watch::Facts };
    let until = SimTime::from_ms(args.span_ms("--until")?.unwrap_or(UNTIL_MS));
    let table = args.option("--table")?;
    let file = args.only("FILE")?;
    if !is_recording(&file) {
        let (_, mut session) = scenario::open(&file, given, table.as_deref())?;
        session.advance(until, u32::MAX);
        lines(session.facts_from(0).map(|event| fact_json::line(event, session.world())));
        return Ok(ExitCode::SUCCESS);
    }
    let (stage, _) = play_on(&recording(&file)?, seed, watch);
    let stage =
        stage.ok_or_else(|| Trouble::new(format!("{file}: its cluster cannot be built")))?;
    match watch {
        Watch::Exchanges => requests(&stage),
        Watch::Facts | Watch::Steps => facts(&stage),
    }
    Ok(ExitCode::SUCCESS)
}

fn facts(stage: &Stage) {
    let kept = stage.kept.iter().flatten();
    lines(kept.map(|event| fact_json::line(event, &stage.world)));
}

fn requests(stage: &Stage) {
    let wire = Wire::new(&stage.world, stage.begin);
    lines(stage.world.exchanges().iter().map(|exchange| wire.line(exchange).to_string()));
}

/// Recordings are JSON, scenarios TOML or a name.
fn is_recording(file: &str) -> bool {
    std::path::Path::new(file).extension().is_some_and(|ending| ending == "json")
}
