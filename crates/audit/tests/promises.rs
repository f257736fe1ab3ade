//! Promises that hold on a condition: each is broken in one scenario, and kept in its twin.
//!
//! Invariant: every file of the folder is in the table, and twins have the same brokers, records and faults or nearly so.

use kafkascope_audit::{Line, Replay, Verdict};
use kafkascope_kernel::Micros;
use kafkascope_scenario::{Tables, load};
use std::collections::BTreeSet;
use twins::TWINS;

mod twins;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/promises/");

fn text(file: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}{file}.toml")).expect("it is there")
}

/// What became of every promise two minutes after the scenario began.
fn audited(file: &str) -> Vec<Line> {
    let scenario = load(&text(file), &Tables::web()).unwrap_or_else(|problems| {
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{file}: {}", told.join("\n"))
    });
    let until = scenario.script.opens_at + Micros::from_ms(120_000);
    let mut replay = Replay::new(scenario.script).expect("its set-up is carried out");
    assert!(replay.advance(until, u64::MAX));
    replay.take_stock();
    let lines: Vec<_> = replay.lines().collect();
    for line in &lines {
        assert!(!matches!(line.verdict, Verdict::Violated(_)), "{file}: {line:?}");
    }
    lines
}

fn verdict<'a>(lines: &'a [Line], id: &str) -> &'a Verdict {
    &lines.iter().find(|line| line.property.name == id).expect("it is in the catalogue").verdict
}

#[test]
fn what_is_broken_in_one_scenario_holds_in_its_twin() {
    for (broken, kept, ids) in TWINS {
        let (without, with) = (audited(broken), audited(kept));
        for id in *ids {
            let verdict = (verdict(&without, id), verdict(&with, id));
            println!("{broken:20} {kept:26} {id:4} {verdict:?}");
            let differs = matches!(verdict, (Verdict::Excused(_), Verdict::Holds));
            assert!(differs, "{id} in {broken} and {kept}: {verdict:?}");
        }
    }
}

#[test]
fn twins_differ_in_one_decision() {
    for (broken, kept, _) in TWINS {
        let (one, other) = (text(broken), text(kept));
        let script = |text: &str| -> BTreeSet<String> {
            let told = text.split_once("seed =").expect("every scenario has a seed").1;
            told.lines().map(ToString::to_string).collect()
        };
        let differing = script(&one).symmetric_difference(&script(&other)).count();
        assert!((1..=5).contains(&differing), "{broken} and {kept} differ in {differing} lines");
    }
}

#[test]
fn every_file_has_a_twin() {
    let named: BTreeSet<String> = TWINS
        .iter()
        .flat_map(|(one, other, _)| [format!("{one}.toml"), format!("{other}.toml")])
        .collect();
    let files = std::fs::read_dir(FOLDER).expect("it is there");
    let found: BTreeSet<String> = files
        .map(|file| file.expect("it can be read").file_name().to_string_lossy().into())
        .collect();
    assert_eq!(found, named);
}
