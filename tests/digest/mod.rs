//! One run that goes through everything the first slice has, and what its states digest to.
//!
//! Invariant: the same moments natively and in wasm; the expected digests lie in `tests/golden/digests.txt`.

use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::WorldSpec;
use kafkascope_session::{Entry, Script, Session};
use std::fmt::Write;

/// What the run must come to, a line a moment.
pub const EXPECTED: &str = include_str!("../golden/digests.txt");

/// Moments at which the state is digested, in milliseconds.
const MOMENTS: [u64; 6] = [1_000, 5_000, 12_500, 25_000, 40_000, 90_000];

/// "12500 ba2027bd22d59bbf", a line a moment.
pub fn digests() -> String {
    let mut session = Session::open(script()).expect("the set-up is accepted");
    let mut lines = String::new();
    for ms in MOMENTS {
        session.advance(SimTime::from_ms(ms), u32::MAX);
        writeln!(lines, "{ms} {}", session.digest()).expect("strings take everything");
    }
    lines
}

/// Three brokers, two producers and a group; a leader dies and returns, a link is cut and heals.
fn script() -> Script {
    let mut script = Script::new(WorldSpec {
        seed: Seed(20_260_101),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_767_225_600_000,
    });
    let config = Vec::new;
    script.setup.push(Command::AddController { id: NodeId(100), config: config() });
    for id in 1..=3 {
        script.setup.push(Command::AddBroker { id: NodeId(id), rack: None, config: config() });
    }
    let entries = [
        (1_000, topic()),
        (2_000, producer("riders", 30, "all")),
        (2_000, producer("drivers", 70, "1")),
        (3_000, consumer("dispatch-1")),
        (4_000, consumer("dispatch-2")),
        (12_000, Command::Kill(NodeId(1))),
        (30_000, Command::Start(NodeId(1))),
        (35_000, Command::Cut(LinkSel::Between(NodeId(2), NodeId(3)))),
        (60_000, Command::Heal(LinkSel::Between(NodeId(2), NodeId(3)))),
    ];
    script.entries =
        entries.map(|(ms, command)| Entry { at: SimTime::from_ms(ms), command }).to_vec();
    script
}

fn topic() -> Command {
    Command::Admin(AdminCommand::CreateTopic {
        name: "trips".into(),
        partitions: 6,
        replication_factor: 3,
        assignments: Vec::new(),
        configs: vec![("min.insync.replicas".into(), "2".into())],
    })
}

fn producer(name: &str, every_ms: u64, acks: &str) -> Command {
    let events = (0_u8..50).map(|n| NewRecord {
        key: (n % 3 != 0).then(|| [b'a' + n % 13].as_slice().into()),
        value: Some(vec![n; 20 + usize::from(n)].into()),
        ..NewRecord::default()
    });
    Command::AddProducer(ProducerSpec {
        app: Default::default(),
        name: name.into(),
        config: vec![("acks".into(), acks.into())],
        workload: Some(Workload {
            topic: "trips".into(),
            events: events.collect(),
            repeat: true,
            every: Micros::from_ms(every_ms),
            burst: 1,
            jitter: Micros::from_ms(every_ms / 3),
            first_after: Micros::ZERO,
        }),
    })
}

fn consumer(name: &str) -> Command {
    Command::AddConsumer(ConsumerSpec {
        name: name.into(),
        config: vec![
            ("group.id".into(), "dispatch".into()),
            ("auto.offset.reset".into(), "earliest".into()),
        ],
        subscribe: vec!["trips".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing { per_record: Micros::from_ms(2), ..Processing::default() },
    })
}
