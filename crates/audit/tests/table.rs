//! The table of promises: each with the room that watches it, when it must hold, and where it is seen broken and kept.
//!
//! Invariant: `crates/audit/README.md` is what this test makes of the catalogue, the sources and the twins; `RENEW=1` writes it.

use kafkascope_audit::{Condition, Id};
use std::fmt::Write;
use std::path::{Path, PathBuf};

mod twins;

const HEAD: &str = "\
# What is watched

The auditor sees every fact and every changed log of a run and holds them against Kafka's promises. A promise that must hold \
whatever happens and does not is a mistake of the simulation. One that holds on a condition may be broken where the condition is \
not met, and that is the lesson: the last column names the scenario that shows it, and its twin where it is kept.

Nothing can break P9: a failed send is counted, and whether its record is in the log is left open, as Kafka leaves it. C12 holds \
what a broker would count of its own replicas against what the controller's records say; the page shows no such number. What only \
the wire shows (F1, F8, T10, G4) is held against the logs and groups of whoever answers, at the moment the answer leaves.

| id | promise | holds | watched in | broken and kept in |
|---|---|---|---|---|
";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rooms that check a property, by name.
fn rooms(sources: &[(String, String)], name: &str) -> String {
    let mark = |text: &str| {
        text.match_indices(&format!("Id::{name}")).any(|(at, found)| {
            !text[at + found.len()..].starts_with(|next: char| next.is_alphanumeric())
        })
    };
    let rooms = sources.iter().filter(|(_, text)| mark(text)).map(|(file, _)| file.as_str());
    rooms.collect::<Vec<_>>().join(", ")
}

fn sources() -> Vec<(String, String)> {
    let read = |path: &Path| std::fs::read_to_string(path).expect("sources can be read");
    let files = std::fs::read_dir(folder().join("src")).expect("the sources are there");
    let mut all: Vec<_> = files
        .map(|file| file.expect("it can be read").path())
        .filter(|path| !path.ends_with("catalogue.rs"))
        .map(|path| {
            let name = path.file_stem().expect("sources have names").to_string_lossy().into();
            let text = read(&path);
            (name, text.split("#[cfg(test)]").next().unwrap_or_default().to_string())
        })
        .collect();
    all.sort();
    all
}

fn table() -> String {
    let sources = sources();
    let mut table = HEAD.to_string();
    for id in Id::ALL {
        let property = id.property();
        let rooms = rooms(&sources, property.name);
        assert!(!rooms.is_empty(), "nobody watches {}", property.name);
        let holds = match property.condition {
            Condition::Always => "always",
            Condition::Given(condition) => condition,
        };
        let shown = twins::TWINS.iter().filter(|(.., ids)| ids.contains(&property.name));
        let shown: Vec<_> = shown.map(|(broken, kept, _)| format!("{broken}, {kept}")).collect();
        let (name, sentence) = (property.name, property.sentence);
        let shown = shown.join("; ");
        writeln!(table, "| {name} | {sentence} | {holds} | {rooms} | {shown} |")
            .expect("text grows");
    }
    table
}

#[test]
fn every_promise_is_watched_and_the_table_says_where() {
    let (path, table) = (folder().join("README.md"), table());
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == table, "crates/audit/README.md is out of date: run this test with RENEW=1");
}
