//! shipped scenarios (temporary until crates/scenario ships them)
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::WorldSpec;
use kafkascope_session::{Entry, Script};

/// A shipped scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Shipped {
    /// Its file's name.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows.
    pub about: &'static str,
}

impl Shipped {
    /// Its script.
    pub fn script(&self) -> Script {
        script()
    }
}

/// All of them; the first opens.
pub fn shipped() -> Vec<Shipped> {
    vec![Shipped { id: "ride-share", title: "Ride-share", about: "Trips keyed by rider." }]
}

fn script() -> Script {
    let mut script = Script::new(WorldSpec {
        seed: Seed(7),
        profile: NetworkProfile::KAFKA,
        limits: Limits::WEB,
        epoch_ms_at_zero: 1_767_225_600_000,
    });
    script.setup.push(Command::AddController { id: NodeId(100), config: Vec::new() });
    for id in 1..=3 {
        script.setup.push(Command::AddBroker { id: NodeId(id), rack: None, config: Vec::new() });
    }
    let assignments = (0..3).map(|p| (0..3).map(|r| NodeId((p + r) % 3 + 1)).collect()).collect();
    let topic = AdminCommand::CreateTopic {
        name: "trips".into(),
        partitions: -1,
        replication_factor: -1,
        assignments,
        configs: Vec::new(),
    };
    let producer = |name: &str, keys: &[&str], every, status: &str| {
        let events: Vec<_> = keys
            .iter()
            .map(|k| NewRecord {
                key: Some(k.as_bytes().into()),
                value: Some(status.as_bytes().into()),
                ..NewRecord::default()
            })
            .collect();
        ProducerSpec {
            name: name.into(),
            config: Vec::new(),
            workload: Some(Workload {
                topic: "trips".into(),
                events: events.into(),
                repeat: true,
                every: Micros::from_ms(every),
                jitter: Micros::from_ms(every / 3),
                first_after: Micros::ZERO,
            }),
        }
    };
    let consumer = |name: &str, group: &str| ConsumerSpec {
        name: name.into(),
        config: vec![
            ("group.id".into(), group.into()),
            ("auto.offset.reset".into(), "earliest".into()),
        ],
        subscribe: vec!["trips".into()],
        assign: Vec::new(),
        processing: Processing::default(),
    };
    let entries = vec![
        (2_000, Command::Admin(topic)),
        (
            2_500,
            Command::AddProducer(producer(
                "rider-app",
                &["Alice", "Bob", "Chen", "Dana", "Eli", "Fay", "Alice", "Dana"],
                250,
                "trip requested",
            )),
        ),
        (
            2_600,
            Command::AddProducer(producer(
                "driver-app",
                &["Dana", "Alice", "Fay", "Bob", "Chen", "Eli"],
                500,
                "trip accepted",
            )),
        ),
        (2_700, Command::AddConsumer(consumer("dispatch-1", "dispatch"))),
        (2_800, Command::AddConsumer(consumer("dispatch-2", "dispatch"))),
        (2_900, Command::AddConsumer(consumer("analytics-1", "analytics"))),
    ];
    script.entries = entries
        .into_iter()
        .map(|(ms, command)| Entry { at: SimTime::from_ms(ms), command })
        .collect();
    script.opens_at = SimTime::from_ms(12_000);
    script
}
