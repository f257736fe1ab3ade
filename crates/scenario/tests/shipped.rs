//! The shipped scenarios run: nothing is refused, every group is given records.
//!
//! Invariant: a scenario that is added to the list is tested without another word.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some facts only")]

use kafkascope_kernel::Micros;
use kafkascope_model::command::Command;
use kafkascope_model::trace::{Fact, SendResult};
use kafkascope_scenario::{Shipped, Tables, load, shipped};
use kafkascope_session::Session;
use std::collections::BTreeSet;

fn opened(shipped: &Shipped) -> Session {
    let scenario = load(shipped.toml, &Tables::web()).unwrap_or_else(|problems| {
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}: {}", shipped.id, told.join("\n"))
    });
    Session::open(scenario.script).unwrap_or_else(|refused| panic!("{}: {refused:?}", shipped.id))
}

/// The groups whose members were given records.
fn served(session: &Session) -> BTreeSet<String> {
    let mut served = BTreeSet::new();
    for event in session.facts_from(0) {
        if matches!(event.fact, Fact::Delivered { .. }) {
            served.insert(session.world().node_name(event.node));
        }
    }
    served
}

/// All groups that the script names.
fn consumers(session: &Session) -> BTreeSet<String> {
    let commands = session.script().entries.iter().map(|entry| &entry.command);
    commands
        .filter_map(|command| match command {
            Command::AddConsumer(spec) => Some(spec.name.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn every_shipped_scenario_runs_for_a_minute_and_serves_its_groups() {
    for shipped in shipped() {
        let mut session = opened(shipped);
        let opening = session.now();
        let sent = session.facts_from(0).filter(|it| matches!(it.fact, Fact::Sent { .. })).count();
        println!("{} opens at {opening} with {sent} records sent", shipped.id);
        let minute = opening + Micros::from_ms(60_000);
        session.seek(minute);
        assert!(session.refusals().is_empty(), "{}: {:?}", shipped.id, session.refusals());
        let acked = session
            .facts_from(0)
            .filter(|it| matches!(it.fact, Fact::SendDone { result: SendResult::Acked(_), .. }));
        let (acked, served, all) = (acked.count(), served(&session), consumers(&session));
        println!("{}: {acked} acknowledged, served {served:?} of {all:?}", shipped.id);
        assert!(acked > 0, "{}", shipped.id);
        // A lesson may leave a member without anything on purpose; its own test says so.
        let is_lesson = shipped.id.contains('/');
        assert!(!served.is_empty() || all.is_empty(), "{}: nobody is given records", shipped.id);
        assert!(is_lesson || served == all, "{}: {served:?} of {all:?}", shipped.id);
    }
}
