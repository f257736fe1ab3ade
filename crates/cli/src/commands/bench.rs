//! `kafkascope bench`: how fast this machine simulates.
//!
//! One cluster of three brokers, three producers with a thousand records a second each, three consumers in a group.
//! Invariant: every figure is measured on the same script and seed, so that only the machine and the code decide.

mod assignors;
mod flood;

use crate::args::Args;
use crate::trouble::Trouble;
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::{Bytes, NodeId};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::trace::{Fact, SendResult};
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::{Observe, World, WorldSpec};
use kafkascope_session::{Entry, Script, Session};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Simulated time that is measured, unless told otherwise.
const SPAN_MS: u64 = 20_000;
/// When the clients start.
const LOAD_AT: SimTime = SimTime::from_ms(10_000);
/// When measuring begins: the group has its assignment and the load is steady.
const STEADY_AT: SimTime = SimTime::from_ms(20_000);

pub fn run(mut args: Args) -> Result<ExitCode, Trouble> {
    let span = Micros::from_ms(args.span_ms("--for")?.unwrap_or(SPAN_MS));
    args.rest()?;
    let script = script();
    let (events, time) = world_alone(&script, span)?;
    say("events per second, nothing written down", per_second(events, time));
    let (session, events, time) = session(&script, span)?;
    say("events per second, with every fact", per_second(events, time));
    say("records per second, acknowledged", per_second(acknowledged(&session), time));
    say("records per second, delivered", per_second(delivered(&session), time));
    snapshots_and_seeks(session, span);
    flood::run()?;
    assignors::run();
    Ok(ExitCode::SUCCESS)
}

fn say(what: &str, figure: u64) {
    println!("{what:<48}{figure:>14}");
}

fn say_time(what: &str, time: Duration) {
    println!("{what:<48}{:>11} us", time.as_micros());
}

fn per_second(count: u64, time: Duration) -> u64 {
    let nanos = time.as_nanos().max(1);
    (u128::from(count) * 1_000_000_000 / nanos) as u64
}

fn world_alone(script: &Script, span: Micros) -> Result<(u64, Duration), Trouble> {
    let mut world = World::new(script.spec.clone());
    world.set_observe(Observe { facts: false, network: false, exchanges: false });
    for command in &script.setup {
        submit(&mut world, command)?;
    }
    for entry in &script.entries {
        world.run_until(entry.at);
        submit(&mut world, &entry.command)?;
    }
    world.run_until(STEADY_AT);
    let (begun, before) = (Instant::now(), world.events_handled());
    world.run_until(STEADY_AT + span);
    Ok((world.events_handled() - before, begun.elapsed()))
}

fn submit(world: &mut World, command: &Command) -> Result<(), Trouble> {
    world.submit(command).map_err(|error| Trouble::new(format!("the bench's cluster: {error}")))
}

fn session(script: &Script, span: Micros) -> Result<(Session, u64, Duration), Trouble> {
    let mut session = Session::open(script.clone())
        .map_err(|refused| Trouble::new(format!("the bench's cluster: {}", refused.error)))?;
    session.seek(STEADY_AT);
    let (begun, before) = (Instant::now(), session.world().events_handled());
    session.seek(STEADY_AT + span);
    let events = session.world().events_handled() - before;
    Ok((session, events, begun.elapsed()))
}

fn acknowledged(session: &Session) -> u64 {
    count(session, |fact| matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. }))
}

fn delivered(session: &Session) -> u64 {
    count(session, |fact| matches!(fact, Fact::Delivered { .. }))
}

fn count(session: &Session, wanted: impl Fn(&Fact) -> bool) -> u64 {
    let steady = session.facts_from(0).filter(|event| event.at >= STEADY_AT);
    steady.filter(|event| wanted(&event.fact)).count() as u64
}

fn snapshots_and_seeks(mut session: Session, span: Micros) {
    const ROUNDS: u32 = 20;
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(session.world().clone());
    }
    say_time("one snapshot", begun.elapsed() / ROUNDS);
    let begun = Instant::now();
    for round in 0..ROUNDS {
        let back = span.scale(u64::from(round * 7 % ROUNDS), u64::from(ROUNDS));
        session.seek(STEADY_AT + back);
    }
    say_time("one seek, on average", begun.elapsed() / ROUNDS);
}

fn script() -> Script {
    let spec = WorldSpec {
        seed: Seed(1),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_700_000_000_000,
    };
    let mut script = Script::new(spec);
    script.setup.push(Command::AddController { id: NodeId::FIRST_CONTROLLER, config: Vec::new() });
    for id in 1..=3 {
        script.setup.push(Command::AddBroker { id: NodeId(id), rack: None, config: Vec::new() });
    }
    let topic = AdminCommand::CreateTopic {
        name: "bench".into(),
        partitions: 6,
        replication_factor: 3,
        assignments: Vec::new(),
        configs: Vec::new(),
    };
    script.insert(Entry { at: SimTime::from_ms(5_000), command: Command::Admin(topic) });
    for number in 1..=3 {
        script.insert(Entry { at: LOAD_AT, command: producer(number) });
        script.insert(Entry { at: LOAD_AT, command: consumer(number) });
    }
    script
}

fn producer(number: u32) -> Command {
    let event = |at: u32| NewRecord {
        key: Some(Bytes::from(format!("key-{at}").as_bytes())),
        value: Some(Bytes::from([0_u8; 100].as_slice())),
        ..NewRecord::default()
    };
    let workload = Workload {
        topic: "bench".into(),
        events: (0..1_000).map(event).collect(),
        repeat: true,
        every: Micros::from_ms(1),
        burst: 1,
        jitter: Micros::ZERO,
        first_after: Micros::ZERO,
    };
    let name = format!("producer-{number}").as_str().into();
    Command::AddProducer(ProducerSpec {
        app: Default::default(),
        name,
        config: Vec::new(),
        workload: Some(workload),
    })
}

fn consumer(number: u32) -> Command {
    Command::AddConsumer(ConsumerSpec {
        name: format!("consumer-{number}").as_str().into(),
        config: vec![("group.id".into(), "bench".into())],
        subscribe: vec!["bench".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing::default(),
    })
}
