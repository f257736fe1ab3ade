//! A cluster with ZooKeeper under random faults keeps every promise too.
//!
//! Invariant: a seed decides what befalls it, and everything is put right again before the promises are counted.

use kafkascope_audit::{Replay, Verdict};
use kafkascope_kernel::{Micros, Prng, Seed, SimTime};
use kafkascope_model::command::Command;
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::LinkSel;
use kafkascope_model::trace::Fact;
use kafkascope_scenario::{Tables, load, shipped};
use kafkascope_session::{Entry, Script};

const ZOOKEEPER: NodeId = NodeId(100);
const SEEDS: u64 = 6;

/// The shipped scenario without its own plan.
fn script() -> Script {
    let shipped = shipped().iter().find(|it| it.id == "cluster/zookeeper").expect("it is shipped");
    let scenario = load(shipped.toml, &Tables::web()).expect("it loads");
    let mut script = scenario.script;
    script.entries.retain(|entry| entry.at <= script.opens_at);
    let commands = script.setup.iter().chain(script.entries.iter().map(|it| &it.command));
    let clients =
        commands.filter(|it| matches!(it, Command::AddProducer(_) | Command::AddConsumer(_)));
    assert_eq!(clients.count(), 2, "who sends and who reads is there from the beginning");
    script
}

/// A fault and what ends it.
fn fate(dice: &mut Prng) -> (Command, Command) {
    let broker = |dice: &mut Prng| NodeId(1 + i32::from(dice.below(3) as u8));
    let (one, other) = (broker(dice), broker(dice));
    let cut = |sel| (Command::Cut(sel), Command::Heal(sel));
    match dice.below(6) {
        0 => (Command::Kill(one), Command::Start(one)),
        1 => (Command::Stop(one), Command::Start(one)),
        2 => (Command::Pause(one), Command::Resume(one)),
        3 => (Command::Kill(ZOOKEEPER), Command::Start(ZOOKEEPER)),
        4 if one != other => cut(LinkSel::Between(one, other)),
        _ => cut(LinkSel::Between(one, ZOOKEEPER)),
    }
}

/// Eight faults, each of which ends, and a start of whoever halted meanwhile; when all that is over.
fn befall(script: &mut Script, dice: &mut Prng) -> SimTime {
    let mut at = script.opens_at + Micros::from_ms(5_000);
    let mut plan = Vec::new();
    for _ in 0..8 {
        let (fault, end) = fate(dice);
        let lasts = Micros::from_ms(u64::from(1_000 + dice.below(45_000)));
        plan.extend([(at, fault), (at + lasts, end)]);
        at += Micros::from_ms(u64::from(2_000 + dice.below(20_000)));
    }
    at += Micros::from_ms(50_000);
    for _ in 0..4 {
        for id in [ZOOKEEPER, NodeId(1), NodeId(2), NodeId(3)] {
            plan.extend([(at, Command::Resume(id)), (at, Command::Start(id))]);
        }
        at += Micros::from_ms(25_000);
    }
    plan.sort_by_key(|(at, _)| *at);
    script.entries.extend(plan.into_iter().map(|(at, command)| Entry { at, command }));
    at
}

#[test]
fn with_zookeeper_no_promise_is_broken_whatever_befalls_the_cluster() {
    let mut changes = 0;
    for seed in 0..SEEDS {
        let mut script = script();
        let over = befall(&mut script, &mut Seed(seed).stream("fate", 1));
        let mut replay = Replay::new(script).expect("its set-up is carried out");
        let is_office = |fact: &Fact| matches!(fact, Fact::ControllerElected { .. });
        let until = over + Micros::from_ms(60_000);
        replay.advance_with(until, u64::MAX, |event| changes += u32::from(is_office(&event.fact)));
        replay.take_stock();
        for line in replay.lines() {
            assert!(!matches!(line.verdict, Verdict::Violated(_)), "seed {seed}: {line:?}");
        }
    }
    assert!(u64::from(changes) > 2 * SEEDS, "controllers come and go: {changes}");
}
