//! Stories of a session: any moment is the same moment, however it is reached, and the past can be changed.

use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::trace::Fact;
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::WorldSpec;
use kafkascope_session::{Advanced, Breakpoint, Entry, Script, Session};

const PLENTY: u32 = 10_000_000;

fn spec() -> WorldSpec {
    WorldSpec {
        seed: Seed(7),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_767_225_600_000,
    }
}

fn trips() -> Command {
    Command::Admin(AdminCommand::CreateTopic {
        name: "trips".into(),
        partitions: 3,
        replication_factor: 3,
        assignments: Vec::new(),
        configs: Vec::new(),
    })
}

fn app() -> Command {
    let events = (0_u8..20).map(|n| NewRecord {
        key: Some([n % 5].as_slice().into()),
        value: Some([n].as_slice().into()),
        ..NewRecord::default()
    });
    Command::AddProducer(ProducerSpec {
        app: Default::default(),
        name: "rides".into(),
        config: Vec::new(),
        workload: Some(Workload {
            topic: "trips".into(),
            events: events.collect(),
            repeat: true,
            every: Micros::from_ms(40),
            burst: 1,
            jitter: Micros::from_ms(10),
            first_after: Micros::from_ms(500),
        }),
    })
}

fn dispatcher() -> Command {
    Command::AddConsumer(ConsumerSpec {
        name: "dispatch-1".into(),
        config: vec![("group.id".into(), "dispatch".into())],
        subscribe: vec!["trips".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing::default(),
    })
}

/// Three brokers and a controller, a producer and a group; broker 2 dies at 12 s.
fn script() -> Script {
    let mut script = Script::new(spec());
    script.setup.push(Command::AddController { id: NodeId(100), config: Vec::new() });
    for id in 1..=3 {
        let config = Vec::new();
        script.setup.push(Command::AddBroker { id: NodeId(id), rack: None, config });
    }
    let entries = [
        (1_000, trips()),
        (3_000, app()),
        (3_500, dispatcher()),
        (12_000, Command::Kill(NodeId(2))),
    ];
    script.entries =
        entries.map(|(ms, command)| Entry { at: SimTime::from_ms(ms), command }).to_vec();
    script
}

fn opened() -> Session {
    Session::open(script()).expect("the set-up is accepted")
}

#[test]
fn a_moment_is_the_same_by_run_by_seek_and_in_small_steps() {
    let moment = SimTime::from_ms(20_000);
    let mut run = opened();
    assert_eq!(run.advance(moment, PLENTY), Advanced::Reached);
    let digest = run.digest();

    let mut steps = opened();
    while steps.advance(moment, 97) != Advanced::Reached {}
    assert_eq!(steps.digest(), digest);

    run.advance(SimTime::from_ms(40_000), PLENTY);
    for ms in [5_000, 33_333, 12_000, 20_000] {
        run.seek(SimTime::from_ms(ms));
        assert_eq!(run.now(), SimTime::from_ms(ms));
    }
    assert_eq!(run.digest(), digest);
}

#[test]
fn the_same_facts_are_told_again_after_going_back() {
    let mut session = opened();
    session.advance(SimTime::from_ms(20_000), PLENTY);
    let told: Vec<_> = session.facts_from(0).cloned().collect();
    assert!(told.len() > 100, "a cluster at work states facts");
    session.seek(SimTime::from_ms(2_000));
    assert!(session.facts_from(0).count() < told.len());
    session.advance(SimTime::from_ms(20_000), PLENTY);
    assert_eq!(session.facts_from(0).cloned().collect::<Vec<_>>(), told);
}

#[test]
fn a_step_back_undoes_a_step() {
    let mut session = opened();
    session.seek(SimTime::from_ms(8_000));
    let appended =
        |event: &kafkascope_model::trace::TraceEvent| matches!(event.fact, Fact::Appended { .. });
    let first = session.step(100_000, appended).expect("records are appended all the time");
    let (at, digest) = (session.now(), session.digest());
    let second = session.step(100_000, appended).expect("and again");
    assert!(second > first);
    assert_eq!(session.step_back(appended), Some(first));
    assert_eq!((session.now(), session.digest()), (at, digest));
}

#[test]
fn editing_the_past_keeps_the_old_future_and_the_plan() {
    let mut session = opened();
    session.advance(SimTime::from_ms(10_000), PLENTY);
    session.submit(Command::Pause(NodeId(3))).expect("broker 3 runs");
    session.advance(SimTime::from_ms(20_000), PLENTY);
    let old = session.digest();

    session.seek(SimTime::from_ms(6_000));
    session.submit(Command::Kill(NodeId(1))).expect("broker 1 runs");
    assert_eq!(session.branches().len(), 1);
    let planned: Vec<_> = session.script().entries.iter().map(|entry| entry.at.as_ms()).collect();
    assert_eq!(planned, [1_000, 3_000, 3_500, 6_000, 12_000], "the pause went, the plan stays");
    session.advance(SimTime::from_ms(20_000), PLENTY);
    assert_ne!(session.digest(), old);

    assert!(session.switch(0));
    assert_eq!(session.now(), SimTime::from_ms(20_000));
    assert_eq!(session.digest(), old, "the old future is exactly as it was");
}

#[test]
fn a_refused_command_changes_nothing_and_forks_nothing() {
    let mut session = opened();
    session.advance(SimTime::from_ms(10_000), PLENTY);
    session.seek(SimTime::from_ms(5_000));
    let before = session.digest();
    let refused = session.submit(Command::Kill(NodeId(77)));
    assert_eq!(refused.expect_err("no such node").to_string(), "there is no node 77");
    assert_eq!(session.digest(), before);
    assert_eq!(session.head(), SimTime::from_ms(10_000));
    assert_eq!(session.branches().len(), 0);
}

#[test]
fn a_planned_command_that_is_refused_is_told_and_the_run_goes_on() {
    let mut plan = script();
    plan.insert(Entry { at: SimTime::from_ms(13_000), command: Command::Kill(NodeId(2)) });
    let mut session = Session::open(plan).expect("the set-up is accepted");
    session.advance(SimTime::from_ms(15_000), PLENTY);
    assert_eq!(session.now(), SimTime::from_ms(15_000));
    assert_eq!(session.refusals().keys().copied().collect::<Vec<_>>(), [4]);
}

#[test]
fn a_set_up_that_is_refused_names_its_command() {
    let mut script = script();
    script.setup.push(Command::AddBroker { id: NodeId(2), rack: None, config: Vec::new() });
    assert_eq!(Session::open(script).expect_err("2 is taken").index, 4);
}

#[test]
fn a_breakpoint_stops_at_its_fact() {
    let mut session = opened();
    session.seek(SimTime::from_ms(11_000));
    session.set_breakpoint(Breakpoint::BrokerFenced, true);
    let Advanced::Stopped(Breakpoint::BrokerFenced, seq) =
        session.advance(SimTime::from_ms(60_000), PLENTY)
    else {
        panic!("a dead broker is fenced")
    };
    let fact = session.trace().get(seq).expect("just stated");
    assert!(matches!(fact.fact, Fact::BrokerFenced { broker: NodeId(2), .. }));
    assert_eq!(fact.at, session.now());
}

#[test]
fn snapshots_stay_few_however_long_a_run_is() {
    let mut session = opened();
    session.advance(SimTime::from_ms(300_000), PLENTY);
    assert!(session.snapshots().count() <= 64);
}

#[test]
fn a_witness_reads_the_requests_of_the_run_and_leaves_it_alone() {
    let mut session = Session::open(script()).unwrap();
    session.advance(SimTime::from_ms(6_000), PLENTY);
    let before = (session.digest(), session.facts_end());
    let mut witness = session.witness(SimTime::from_ms(4_000));
    assert!(witness.follow(session.script(), session.now(), PLENTY));
    let answered = witness.exchanges().iter().filter(|exchange| exchange.answer.is_some());
    assert!(answered.count() > 0);
    assert_eq!(witness.now(), session.now());
    assert_eq!((session.digest(), session.facts_end()), before);
}
