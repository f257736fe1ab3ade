//! Every shipped scenario keeps every promise.
//!
//! Invariant: a scenario that is added is audited without another word.

use kafkascope_audit::{Replay, Verdict};
use kafkascope_kernel::Micros;
use kafkascope_scenario::{Tables, load, shipped};

#[test]
fn shipped_scenarios_violate_nothing() {
    for shipped in shipped() {
        let scenario = load(shipped.toml, &Tables::web()).expect("shipped scenarios load");
        let until = scenario.script.opens_at + Micros::from_ms(60_000);
        let mut replay = Replay::new(scenario.script).expect("its set-up is carried out");
        assert!(replay.advance(until, u64::MAX));
        replay.take_stock();
        for line in replay.auditor().lines() {
            let (id, checks) = (line.property.name, line.checks);
            println!("{:16} {id:4} {checks:8} {:?}", shipped.id, line.verdict);
            assert!(!matches!(line.verdict, Verdict::Violated(_)), "{} {line:?}", shipped.id);
        }
    }
}
