//! Quotas in whole worlds: who is above them is answered at once, and waits.
//!
//! Invariant: these worlds differ in nothing but their commands.

use kafkascope_kernel::{Limits, Micros, Seed};
use kafkascope_model::api::{ApiKey, ErrorCode};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::{Name, NodeId};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::quota::{QuotaEntity, QuotaKey, Whose};
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::workload::{NewRecord, Processing};
use kafkascope_model::world::{World, WorldSpec};

struct Story {
    world: World,
    facts: Vec<TraceEvent>,
}

impl Story {
    /// One broker with a topic `t`, and producers of these names.
    fn new(producers: &[&str]) -> Self {
        let world = World::new(WorldSpec {
            seed: Seed(7),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        let mut story = Self { world, facts: Vec::new() };
        story.command(&Command::AddController { id: NodeId(100), config: Vec::new() });
        let config = Vec::new();
        story.command(&Command::AddBroker { id: NodeId(1), rack: None, config });
        story.run(2_000);
        story.command(&Command::Admin(AdminCommand::CreateTopic {
            name: "t".into(),
            partitions: 1,
            replication_factor: 1,
            assignments: Vec::new(),
            configs: Vec::new(),
        }));
        for name in producers {
            let config = vec![("linger.ms".into(), "0".into())];
            let name: Name = (*name).into();
            story.command(&Command::AddProducer(ProducerSpec {
                app: Default::default(),
                name,
                config,
                workload: None,
            }));
        }
        story.run(2_000);
        story
    }

    fn command(&mut self, command: &Command) {
        self.world.submit(command).expect("the command fits");
    }

    fn run(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        self.facts.extend(self.world.take_facts());
    }

    fn limit(&mut self, client: Option<&str>, key: QuotaKey, limit: Option<i64>) {
        let whose = client.map_or(Whose::Default, |name| Whose::Named(name.into()));
        let entity = QuotaEntity { user: None, client_id: Some(whose) };
        let ops = vec![(key, limit)];
        self.command(&Command::Admin(AdminCommand::AlterClientQuotas { entity, ops }));
        self.run(1_000);
    }

    /// A record of about `bytes` bytes, alone in its batch.
    fn send(&mut self, producer: i32, bytes: usize) {
        let value = Some(vec![b'v'; bytes].into());
        let records = vec![NewRecord { value, ..NewRecord::default() }];
        let producer = NodeId(producer);
        self.command(&Command::Send { producer, topic: "t".into(), records });
    }

    fn acked(&self, producer: i32) -> usize {
        let acked = |event: &&TraceEvent| {
            event.node == NodeId(producer)
                && matches!(event.fact, Fact::SendDone { result: SendResult::Acked(_), .. })
        };
        self.facts.iter().filter(acked).count()
    }

    fn throttled(&self) -> Vec<(NodeId, QuotaKey, i64)> {
        let throttled = |event: &TraceEvent| {
            if let Fact::Throttled { client, key, ms } = event.fact {
                Some((client, key, ms))
            } else {
                None
            }
        };
        self.facts.iter().filter_map(throttled).collect()
    }
}

#[test]
fn a_producer_above_its_byte_rate_is_acknowledged_at_once_and_waits_before_it_sends_again() {
    let mut story = Story::new(&["shop", "mall"]);
    story.limit(Some("shop"), QuotaKey::ProducerByteRate, Some(1_000));
    story.send(1_001, 14_930);
    story.run(100);
    assert_eq!(story.acked(1_001), 1, "15,000 bytes are 5,000 more than ten seconds allow");
    let [(client, key, ms)] = story.throttled()[..] else { panic!("{:?}", story.throttled()) };
    assert_eq!((client, key), (NodeId(1_001), QuotaKey::ProducerByteRate));
    assert!((4_980..5_020).contains(&ms), "{ms}");
    story.send(1_001, 10);
    story.send(1_002, 14_930);
    story.run(4_800);
    assert_eq!((story.acked(1_001), story.acked(1_002)), (1, 1), "the other one has no quota");
    story.run(200);
    assert_eq!(story.acked(1_001), 2);
}

#[test]
fn a_quota_that_is_lifted_holds_nobody_up() {
    let mut story = Story::new(&["shop"]);
    story.limit(None, QuotaKey::ProducerByteRate, Some(1_000));
    story.send(1_001, 30_000);
    story.run(100);
    assert_eq!(story.throttled().len(), 1);
    story.run(30_000);
    story.limit(None, QuotaKey::ProducerByteRate, None);
    story.send(1_001, 30_000);
    story.run(100);
    story.send(1_001, 30_000);
    story.run(100);
    assert_eq!((story.throttled().len(), story.acked(1_001)), (1, 3));
}

#[test]
fn a_consumer_above_its_byte_rate_gets_empty_answers_and_everything_in_the_end() {
    let mut story = Story::new(&["shop"]);
    for _ in 0..40 {
        story.send(1_001, 1_000);
        story.run(50);
    }
    story.limit(Some("reader"), QuotaKey::ConsumerByteRate, Some(1_000));
    story.command(&Command::AddConsumer(ConsumerSpec {
        name: "reader".into(),
        config: vec![("auto.offset.reset".into(), "earliest".into())],
        subscribe: Vec::new(),
        pattern: None,
        assign: vec![("t".into(), 0)],
        processing: Processing::default(),
    }));
    let delivered = |story: &Story| {
        let delivered = |event: &&TraceEvent| matches!(event.fact, Fact::Delivered { .. });
        story.facts.iter().filter(delivered).count()
    };
    story.run(2_000);
    let at_first = delivered(&story);
    assert!(
        (1..=12).contains(&at_first),
        "{at_first}: no fetch brings more than ten seconds' worth"
    );
    assert!(story.throttled().iter().all(|row| row.1 == QuotaKey::ConsumerByteRate));
    assert!(!story.throttled().is_empty());
    story.run(15_000);
    assert!(delivered(&story) < 40);
    story.run(60_000);
    assert_eq!(delivered(&story), 40);
}

#[test]
fn a_client_above_its_request_percentage_waits_a_window_at_most() {
    let mut story = Story::new(&["shop"]);
    story.limit(Some("shop"), QuotaKey::RequestPercentage, Some(1));
    for _ in 0..2_000 {
        story.send(1_001, 10);
        story.run(1);
    }
    let throttled = story.throttled();
    assert!(!throttled.is_empty());
    let fits = |row: &(NodeId, QuotaKey, i64)| {
        row.1 == QuotaKey::RequestPercentage && (1..=1_000).contains(&row.2)
    };
    assert!(throttled.iter().all(fits), "{throttled:?}");
}

#[test]
fn quotas_that_make_no_sense_are_refused() {
    let mut story = Story::new(&[]);
    story.limit(Some("shop"), QuotaKey::ProducerByteRate, Some(0));
    story.limit(Some(""), QuotaKey::ProducerByteRate, Some(1));
    let refused = |event: &&TraceEvent| {
        let (api, error) = (ApiKey::AlterClientQuotas, ErrorCode::InvalidRequest);
        matches!(&event.fact, Fact::AdminAnswered { api: a, error: e, .. } if (*a, *e) == (api, error))
    };
    assert_eq!(story.facts.iter().filter(refused).count(), 2);
}
