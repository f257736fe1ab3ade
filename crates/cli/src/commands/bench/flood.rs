//! A million records of a kilobyte a second, in batches, on three replicas: how much faster than real time that is simulated.
//!
//! Invariant: the scenario is a file like any other, so the page measures the same one.

use super::{per_second, say, submit};
use crate::trouble::Trouble;
use kafkascope_kernel::Micros;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::world::{Observe, World};
use kafkascope_scenario::{Tables, load};
use std::time::{Duration, Instant};

const SCENARIO: &str = include_str!("../../../../../tests/bench/flood.toml");
/// Simulated time until everybody reads and writes.
const WARM: Micros = Micros::from_ms(20_000);
/// Simulated time that is measured.
const SPAN: Micros = Micros::from_ms(2_000);
/// Simulated time whose records are counted, one by one.
const COUNTED: Micros = Micros::from_ms(500);

pub fn run() -> Result<(), Trouble> {
    let mut world = steady()?;
    let begun = Instant::now();
    world.run_until(world.now() + SPAN);
    let took = begun.elapsed();
    let facts = facts(&mut world);
    let simulated = Duration::from_micros(COUNTED.0);
    say("flood: acknowledged a simulated second", per_second(count(&facts, acked), simulated));
    say("flood: delivered a simulated second", per_second(count(&facts, delivered), simulated));
    let times = SPAN.0 as f64 / took.as_micros() as f64;
    println!("{:<48}{times:>14.1}", "flood: times faster than real time");
    Ok(())
}

fn steady() -> Result<World, Trouble> {
    let loaded = load(SCENARIO, &Tables::native());
    let script = loaded.map_err(|_| Trouble::new("the flood does not load"))?.script;
    let mut world = World::new(script.spec);
    world.set_observe(Observe { facts: false, network: false, exchanges: false });
    for command in &script.setup {
        submit(&mut world, command)?;
    }
    for entry in &script.entries {
        world.run_until(entry.at);
        submit(&mut world, &entry.command)?;
    }
    world.run_until(world.now() + WARM);
    Ok(world)
}

fn facts(world: &mut World) -> Vec<TraceEvent> {
    world.set_observe(Observe { facts: true, network: false, exchanges: false });
    world.run_until(world.now() + COUNTED);
    world.take_facts()
}

fn count(facts: &[TraceEvent], wanted: impl Fn(&Fact) -> bool) -> u64 {
    facts.iter().filter(|event| wanted(&event.fact)).count() as u64
}

const fn acked(fact: &Fact) -> bool {
    matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. })
}

const fn delivered(fact: &Fact) -> bool {
    matches!(fact, Fact::Delivered { .. })
}
