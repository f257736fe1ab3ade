//! `kafkascope trace FILE`: everything that happened, one JSON object a line.
//!
//! Facts by default; with `--requests` the requests and responses of every node, as its request log would have them. Invariant:
//! the same file and seed give the same lines.

use crate::args::Args;
use crate::fact_json;
use crate::output::lines;
use crate::source::recording;
use crate::trouble::Trouble;
use kafkascope_kernel::Seed;
use kafkascope_testkit::golden::{Stage, Watch, play_on};
use kafkascope_testkit::wire::Wire;
use std::process::ExitCode;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let seed = Seed(args.number("--seed")?.unwrap_or(super::SEED));
    let watch = if args.flag("--requests") { Watch::Exchanges } else { Watch::Facts };
    let file = args.only("FILE")?;
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
