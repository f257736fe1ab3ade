//! Producers, transactions, faults, controllers: each scenario of the folder shows one thing, and is held to it.
//!
//! Invariant: nothing that a file of the folder asks for is refused.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some facts only")]

use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_scenario::{Tables, load};
use kafkascope_session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// A run of one file.
struct Run(Session);

impl Run {
    fn of(file: &str, seconds: u64) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/cluster/");
        let text = std::fs::read_to_string(format!("{folder}{file}.toml")).expect("it is there");
        let scenario = load(&text, &Tables::web()).unwrap_or_else(|problems| {
            let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("{file}: {}", told.join("\n"))
        });
        let mut session = Session::open(scenario.script).expect("it opens");
        session.seek(SimTime::ZERO + Micros::from_ms(seconds * 1_000));
        assert!(session.refusals().is_empty(), "{file}: {:?}", session.refusals());
        Self(session)
    }

    fn facts(&self) -> impl Iterator<Item = &TraceEvent> {
        self.0.facts_from(0)
    }

    /// What one node stated.
    fn of_node<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a TraceEvent> {
        self.facts().filter(move |event| self.0.world().node_name(event.node) == name)
    }

    /// The partitions in which an application's keys ended.
    fn partitions_of_keys(&self, app: &str) -> BTreeMap<String, BTreeSet<i32>> {
        let mut keys = BTreeMap::new();
        let mut found: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        for event in self.of_node(app) {
            match &event.fact {
                Fact::Sent { record, key: Some(key), .. } => {
                    keys.insert(*record, String::from_utf8_lossy(key).into_owned());
                }
                Fact::Batched { record, tp, .. } => {
                    found.entry(keys[record].clone()).or_default().insert(tp.partition);
                }
                _ => {}
            }
        }
        found
    }
}

#[test]
fn a_key_goes_to_another_partition_under_librdkafka_unless_it_is_told_to_hash_as_java_does() {
    let run = Run::of("same-key-other-partition", 60);
    let java = run.partitions_of_keys("java-app");
    let c = run.partitions_of_keys("c-app");
    assert_eq!((java.len(), c.len()), (6, 6));
    assert!(java.values().chain(c.values()).all(|partitions| partitions.len() == 1));
    let differ = java.iter().filter(|(key, partitions)| c[*key] != **partitions).count();
    assert!(differ >= 3, "{java:?} {c:?}");
    assert_eq!(run.partitions_of_keys("c-app-alike"), java);
    let table = run.partitions_of_keys("table-app");
    assert_eq!((&table["vip"], &table["alice"]), (&BTreeSet::from([5]), &java["alice"]));
    assert!(run.partitions_of_keys("turns-app")["alice"].len() > 4, "keys are ignored");
}
