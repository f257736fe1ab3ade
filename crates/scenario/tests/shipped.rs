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

/// Every file under `scenarios/`, as it is named there.
fn files() -> BTreeSet<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    let mut found = BTreeSet::new();
    for folder in ["", "cluster/", "misconceptions/", "promises/"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).expect("the folder is there") {
            let name = entry.expect("it can be read").file_name().to_string_lossy().to_string();
            found.extend(name.strip_suffix(".toml").map(|id| format!("{folder}{id}")));
        }
    }
    found
}

#[test]
fn the_readme_lists_every_scenario_and_marks_what_is_shipped() {
    let readme = include_str!("../../../scenarios/README.md");
    let (_, readme) = readme.split_once("## What is here").expect("it has that part");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<(String, bool)> = rows
        .filter_map(|row| row.split_once('`'))
        .map(|(id, rest)| (id.to_string(), rest.starts_with(" \u{2605}")))
        .collect();
    let ids: BTreeSet<&str> = shipped().iter().map(|shipped| shipped.id).collect();
    let expected: BTreeSet<(String, bool)> =
        files().into_iter().map(|id| (id.clone(), ids.contains(&*id))).collect();
    assert_eq!(listed, expected);
}
