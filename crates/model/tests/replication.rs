//! Replication in whole worlds: a controller, three brokers, a producer, and what the cluster makes of their fate.
//!
//! Invariant: these worlds differ in nothing but their commands.

use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::command::{AdminCommand, Command, ProducerSpec};
use kafkascope_model::ids::{NodeId, RecordId};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::workload::NewRecord;
use kafkascope_model::world::{World, WorldSpec};

struct Story {
    world: World,
    facts: Vec<TraceEvent>,
}

impl Story {
    /// A cluster with a topic `t` of one partition on brokers 1, 2 and 3, led by 1, and a producer.
    fn new(producer: &[(&str, &str)], topic: &[(&str, &str)]) -> Self {
        let mut world = World::new(WorldSpec {
            seed: Seed(7),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        submit(&mut world, &Command::AddController { id: NodeId(100), config: Vec::new() });
        for id in 1..=3 {
            submit(
                &mut world,
                &Command::AddBroker { id: NodeId(id), rack: None, config: Vec::new() },
            );
        }
        let mut story = Self { world, facts: Vec::new() };
        story.run(2_000);
        let create = AdminCommand::CreateTopic {
            name: "t".into(),
            partitions: -1,
            replication_factor: -1,
            assignments: vec![vec![NodeId(1), NodeId(2), NodeId(3)]],
            configs: pairs(topic),
        };
        submit(&mut story.world, &Command::Admin(create));
        story.run(2_000);
        let producer = ProducerSpec {
            app: Default::default(),
            name: "p".into(),
            config: pairs(producer),
            workload: None,
        };
        submit(&mut story.world, &Command::AddProducer(producer));
        story.run(1);
        story
    }

    fn run(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        self.facts.extend(self.world.take_facts());
    }

    fn command(&mut self, command: &Command) {
        submit(&mut self.world, command);
    }

    fn send(&mut self, count: usize) {
        let record = NewRecord { value: Some(b"v"[..].into()), ..NewRecord::default() };
        let command = Command::Send {
            producer: NodeId(1_001),
            topic: "t".into(),
            records: vec![record; count],
        };
        submit(&mut self.world, &command);
    }

    fn acked(&self) -> Vec<RecordId> {
        let acked = |event: &TraceEvent| {
            if let Fact::SendDone { record, result: SendResult::Acked(_), .. } = &event.fact {
                Some(*record)
            } else {
                None
            }
        };
        self.facts.iter().filter_map(acked).collect()
    }

    /// The records in a broker's log, in order.
    fn log(&self, broker: i32) -> Vec<RecordId> {
        let process = self.world.process(NodeId(broker)).expect("it was added");
        let Node::Broker(broker) = &process.node else { panic!("{broker} is a broker") };
        let replica = broker.replicas.replicas.iter().next().expect("it has a replica");
        let batches = replica.log.read(0, u32::MAX, replica.log.log_end(), true);
        batches.iter().flat_map(|batch| batch.records.iter().map(|r| r.id)).collect()
    }

    fn count(&self, wanted: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().filter(|event| wanted(&event.fact)).count()
    }
}

fn submit(world: &mut World, command: &Command) {
    world.submit(command).expect("the command fits");
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(std::sync::Arc<str>, std::sync::Arc<str>)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[test]
fn a_record_goes_from_the_producer_over_the_leader_to_the_followers() {
    let mut story = Story::new(&[], &[]);
    story.send(3);
    story.run(3_000);
    let acked = story.acked();
    assert_eq!(acked.len(), 3, "{:#?}", story.facts.iter().rev().take(60).collect::<Vec<_>>());
    for broker in 1..=3 {
        assert_eq!(story.log(broker), acked);
    }
}

#[test]
fn with_acks_all_a_dead_leader_takes_nothing_acknowledged_with_it() {
    let mut story = Story::new(&[("acks", "all")], &[]);
    for _ in 0..20 {
        story.send(5);
        story.run(20);
    }
    submit(&mut story.world, &Command::Kill(NodeId(1)));
    for _ in 0..20 {
        story.send(5);
        story.run(1_000);
    }
    story.run(30_000);
    let acked = story.acked();
    assert_eq!(acked.len(), 200, "all are acknowledged in the end");
    let log = story.log(2);
    assert!(acked.iter().all(|record| log.contains(record)));
    assert_eq!(log.len(), 200, "idempotence keeps retries from being written twice");
    submit(&mut story.world, &Command::Start(NodeId(1)));
    story.run(30_000);
    assert_eq!(story.log(1), log, "the old leader follows");
    let back = |fact: &Fact| matches!(fact, Fact::IsrChanged { isr, .. } if isr.len() == 3);
    assert!(story.count(back) >= 1, "and is in sync again");
}

#[test]
fn with_acks_1_a_leader_may_die_with_what_it_has_acknowledged() {
    let mut story = Story::new(&[("acks", "1"), ("enable.idempotence", "false")], &[]);
    story.send(5);
    story.run(2_000);
    for follower in [2, 3] {
        submit(&mut story.world, &Command::Pause(NodeId(follower)));
    }
    story.run(1_000);
    story.send(5);
    story.run(100);
    assert_eq!(story.acked().len(), 10);
    submit(&mut story.world, &Command::Kill(NodeId(1)));
    for follower in [2, 3] {
        submit(&mut story.world, &Command::Resume(NodeId(follower)));
    }
    story.run(20_000);
    let log = story.log(2);
    assert_eq!(log.len(), 5, "half of what was acknowledged is gone");
    submit(&mut story.world, &Command::Start(NodeId(1)));
    story.run(20_000);
    assert_eq!(story.log(1), log, "and the old leader throws its copy away");
    assert!(story.count(|fact| matches!(fact, Fact::Truncated { .. })) == 1);
}

#[test]
fn what_was_sent_before_a_producer_gave_up_is_appended_all_the_same() {
    let patience = [("request.timeout.ms", "500"), ("delivery.timeout.ms", "505")];
    let config = [("acks", "all"), ("enable.idempotence", "false"), ("batch.size", "0")];
    let mut story = Story::new(&[&patience[..], &config[..]].concat(), &[]);
    story.send(1);
    story.run(1_000);
    story.command(&Command::Pause(NodeId(1)));
    story.send(4);
    story.run(2_000);
    assert_eq!(story.acked().len(), 1, "the others came to nothing, as far as their sender knows");
    story.command(&Command::Resume(NodeId(1)));
    story.run(2_000);
    assert_eq!(story.log(1).len(), 5, "both requests lay in the socket of the broker that slept");
}

#[test]
fn a_controlled_shutdown_fails_no_send() {
    let mut story = Story::new(&[], &[]);
    story.send(1);
    story.run(1_000);
    submit(&mut story.world, &Command::Stop(NodeId(1)));
    for _ in 0..20 {
        story.send(1);
        story.run(100);
    }
    story.run(5_000);
    assert_eq!(story.acked().len(), 21);
    let moved =
        |fact: &Fact| matches!(fact, Fact::LeaderElected { leader: NodeId(2), epoch: 1, .. });
    assert_eq!(story.count(moved), 1);
    assert_eq!(story.count(|fact| matches!(fact, Fact::Exited(_))), 1);
}

#[test]
fn below_min_insync_replicas_a_send_is_refused_until_a_follower_returns() {
    let mut story = Story::new(&[], &[("min.insync.replicas", "2")]);
    story.send(1);
    story.run(1_000);
    for follower in [2, 3] {
        submit(&mut story.world, &Command::Kill(NodeId(follower)));
    }
    story.run(15_000);
    story.send(1);
    story.run(5_000);
    assert_eq!(story.acked().len(), 1);
    let refused = |fact: &Fact| {
        matches!(fact, Fact::AppendRefused { error: ErrorCode::NotEnoughReplicas, .. })
    };
    assert!(story.count(refused) > 3);
    submit(&mut story.world, &Command::Start(NodeId(2)));
    story.run(10_000);
    assert_eq!(story.acked().len(), 2);
    assert!(story.world.now() > SimTime::ZERO);
}

#[test]
fn a_leader_that_slept_through_its_deposition_gives_up_what_it_then_appends() {
    let mut story = Story::new(&[("request.timeout.ms", "5000")], &[]);
    story.send(3);
    story.run(1_000);
    submit(&mut story.world, &Command::Pause(NodeId(1)));
    story.send(3);
    story.run(30_000);
    assert_eq!(story.acked().len(), 6, "the new leader has acknowledged the rest");
    submit(&mut story.world, &Command::Resume(NodeId(1)));
    story.run(10_000);
    let log = story.log(2);
    assert_eq!(log.len(), 6);
    assert_eq!(story.log(1), log);
    let back = |fact: &Fact| matches!(fact, Fact::IsrChanged { isr, .. } if isr.len() == 3);
    assert!(story.count(back) >= 1);
}

#[test]
fn a_cluster_that_was_killed_as_a_whole_comes_back_with_everything_acknowledged() {
    let mut story = Story::new(&[], &[]);
    story.send(5);
    story.run(3_000);
    for broker in 1..=3 {
        submit(&mut story.world, &Command::Kill(NodeId(broker)));
    }
    story.run(20_000);
    for broker in 1..=3 {
        submit(&mut story.world, &Command::Start(NodeId(broker)));
    }
    story.run(20_000);
    story.send(5);
    story.run(5_000);
    assert_eq!(story.acked().len(), 10);
    for broker in 1..=3 {
        assert_eq!(story.log(broker), story.acked(), "broker {broker}");
    }
}

#[test]
fn a_follower_cut_off_from_its_leader_leaves_the_isr_and_returns() {
    use kafkascope_model::net::LinkSel;
    let mut story = Story::new(&[], &[]);
    story.send(1);
    story.run(2_000);
    let link = LinkSel::Between(NodeId(1), NodeId(3));
    submit(&mut story.world, &Command::Cut(link));
    story.send(1);
    story.run(29_000);
    assert_eq!(story.acked().len(), 1, "3 is still counted on");
    story.run(20_000);
    assert_eq!(story.acked().len(), 2, "without 3 the rest will do");
    let shrunk = |fact: &Fact| matches!(fact, Fact::ReplicaLagging { replica: NodeId(3), .. });
    assert_eq!(story.count(shrunk), 1);
    submit(&mut story.world, &Command::Heal(link));
    story.run(3_000);
    assert_eq!(story.log(3), story.log(1));
    let back = |fact: &Fact| matches!(fact, Fact::ReplicaCaughtUp { replica: NodeId(3), .. });
    assert_eq!(story.count(back), 1);
}
