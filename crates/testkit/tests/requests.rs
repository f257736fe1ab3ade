//! Every request of the recordings, beside the model's. Invariant: a recording without its trace fails.

use kafkascope_kernel::Seed;
use kafkascope_testkit::golden::GoldenRun;
use kafkascope_testkit::requests::compare;
use std::path::PathBuf;

/// Of a thousand requests, how many must agree over all recordings, and in each one.
const ENOUGH: usize = 950;
const ENOUGH_IN_EACH: usize = 700;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn recordings() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("readable").file_name().into_string());
    let names = names.map(|name| name.expect("plain names"));
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".json").map(str::to_string)).collect();
    names.sort();
    names
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("the file is there")
}

#[test]
fn nodes_and_clients_ask_what_kafkas_ask_in_the_same_order() {
    let (mut agreed, mut total, mut report) = (0, 0, String::new());
    for name in recordings() {
        let run = GoldenRun::parse(&read(&format!("{name}.json"))).expect("understood");
        let trace = read(&format!("{name}.trace.ndjson"));
        let agreement = compare(&run, &trace, Seed(1)).expect("understood");
        assert!(agreement.per_mille() >= ENOUGH_IN_EACH, "{}", agreement.report);
        agreed += agreement.agreed;
        total += agreement.total;
        report.push_str(&agreement.report);
    }
    assert!(agreed * 1_000 >= ENOUGH * total, "{agreed} of {total}\n{report}");
}
