//! `kafkascope trace FILE`: everything that happened, one JSON object a line.
//!
//! Facts by default; with `--requests` the requests and responses of every node, as its request log would have them. Invariant:
//! the same file and seed give the same lines.

use crate::args::Args;
use crate::fact_json;
use crate::output::{self, lines};
use crate::source::Source;
use crate::trouble::Trouble;
use kafkascope_kernel::{Micros, Seed, SimTime};
use kafkascope_model::trace::TraceEvent;
use kafkascope_model::world::{Observe, World};
use kafkascope_scenario::Scenario;
use kafkascope_testkit::golden::{GoldenRun, Watch, play_on};
use kafkascope_testkit::wire::Wire;
use std::process::ExitCode;

/// How long a scenario is traced, from where it opens, unless told otherwise.
const SPAN_MS: u64 = 60_000;

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let watch = if args.flag("--requests") { Watch::Exchanges } else { Watch::Facts };
    let span = Micros::from_ms(args.span_ms("--until")?.unwrap_or(SPAN_MS));
    let seed = args.number("--seed")?;
    match Source::of(args)? {
        Source::Recording(run) => recorded(&run, Seed(seed.unwrap_or(super::SEED)), watch),
        Source::Scenario(mut scenario) => {
            scenario.script.spec.seed = seed.map_or(scenario.script.spec.seed, Seed);
            simulated(&scenario, span, watch)
        }
    }
}

fn recorded(run: &GoldenRun, seed: Seed, watch: Watch) -> Result<ExitCode, Trouble> {
    let (stage, _) = play_on(run, seed, watch);
    let stage =
        stage.ok_or_else(|| Trouble::new(format!("{}: its cluster cannot be built", run.name)))?;
    match &stage.kept {
        Some(kept) => facts(kept, &stage.world),
        None => requests(&stage.world, stage.begin),
    }
    Ok(ExitCode::SUCCESS)
}

fn simulated(scenario: &Scenario, span: Micros, watch: Watch) -> Result<ExitCode, Trouble> {
    let script = &scenario.script;
    let mut world = World::new(script.spec.clone());
    let exchanges = watch == Watch::Exchanges;
    world.set_observe(Observe { facts: !exchanges, network: !exchanges, exchanges });
    for command in &script.setup {
        world.submit(command).map_err(|error| {
            Trouble::new(format!("{}: its set-up is refused: {error}", scenario.story.title))
        })?;
    }
    let mut code = ExitCode::SUCCESS;
    let until = script.opens_at + span;
    for entry in script.entries.iter().filter(|entry| entry.at <= until) {
        world.run_until(entry.at);
        if let Err(error) = world.submit(&entry.command) {
            output::refused(entry.at, error);
            code = ExitCode::FAILURE;
        }
    }
    world.run_until(until);
    let kept = world.take_facts();
    if exchanges {
        requests(&world, SimTime::ZERO)
    } else {
        facts(&kept, &world)
    }
    Ok(code)
}

fn facts(kept: &[TraceEvent], world: &World) {
    lines(kept.iter().map(|event| fact_json::line(event, world)));
}

fn requests(world: &World, begin: SimTime) {
    let wire = Wire::new(world, begin);
    lines(world.exchanges().iter().map(|exchange| wire.line(exchange).to_string()));
}
