//! `cargo bench --package kafkascope-testkit --bench memory`: what a stored record takes beyond its payload.
//!
//! Payloads are the producers' own and shared by everybody, so whatever grows while a million records a second are stored
//! on three replicas is what keeping them costs. Invariant: nothing is written down meanwhile.

use cap::Cap;
use kafkascope_kernel::Micros;
use kafkascope_model::node::Node;
use kafkascope_model::world::{Observe, World};
use kafkascope_scenario::{Tables, load};
use std::alloc::System;
use std::collections::BTreeMap;

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const SCENARIO: &str = include_str!("../../../tests/bench/flood.toml");

fn main() {
    let script = load(SCENARIO, &Tables::native()).expect("the flood loads").script;
    let mut world = World::new(script.spec);
    world.set_observe(Observe { facts: false, network: false, exchanges: false });
    for command in &script.setup {
        world.submit(command).expect("the flood's cluster");
    }
    for entry in &script.entries {
        world.run_until(entry.at);
        world.submit(&entry.command).expect("the flood's clients");
    }
    world.run_until(world.now() + Micros::from_ms(20_000));
    let (bytes, records) = (HEAP.allocated(), stored(&world));
    world.run_until(world.now() + Micros::from_ms(4_000));
    let (bytes, records) = (HEAP.allocated() - bytes, stored(&world) - records);
    println!("records stored, three replicas each              {records:>14}");
    println!(
        "bytes for a record beyond its payload            {:>14.1}",
        bytes as f64 / records as f64
    );
}

/// Records in all logs, each counted once.
fn stored(world: &World) -> u64 {
    let mut ends = BTreeMap::new();
    for (_, process) in world.processes() {
        if let Node::Broker(broker) = &process.node {
            for replica in broker.replicas.replicas.iter() {
                let end = ends.entry(replica.tp).or_insert(0);
                *end = replica.log.log_end().max(*end);
            }
        }
    }
    ends.values().map(|end| end.unsigned_abs()).sum()
}
