//! What a machine's failure takes and what it leaves: power, full and slow disks, broken bits, wrong clocks, lost messages.
//!
//! Invariant: these worlds differ in nothing but their commands.

use kafkascope_kernel::{Limits, Micros, Seed};
use kafkascope_model::api::{ApiKey, ErrorCode};
use kafkascope_model::command::{AdminCommand, Command, CommandError, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::{NodeId, Offset};
use kafkascope_model::log::PartitionLog;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::net::{LinkSel, MessageFault, MessageSel, NextMessage};
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Exit, Fact, SendResult, TraceEvent};
use kafkascope_model::workload::{NewRecord, Processing};
use kafkascope_model::world::{ProcessState, World, WorldSpec};

const SHOP: NodeId = NodeId(1_001);
const READER: NodeId = NodeId(1_002);

struct Story {
    world: World,
    facts: Vec<TraceEvent>,
}

type Pairs = &'static [(&'static str, &'static str)];

impl Story {
    /// A cluster with a topic `t` of one partition on brokers 1, 2 and 3, led by 1, and a producer.
    fn new(node: Pairs, topic: Pairs, producer: Pairs) -> Self {
        let world = World::new(WorldSpec {
            seed: Seed(7),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        let mut story = Self { world, facts: Vec::new() };
        story.command(&Command::AddController { id: NodeId(100), config: Vec::new() });
        for id in 1..=3 {
            let config = pairs(node);
            story.command(&Command::AddBroker { id: NodeId(id), rack: None, config });
        }
        story.run(2_000);
        story.command(&Command::Admin(AdminCommand::CreateTopic {
            name: "t".into(),
            partitions: -1,
            replication_factor: -1,
            assignments: vec![vec![NodeId(1), NodeId(2), NodeId(3)]],
            configs: pairs(topic),
        }));
        story.run(2_000);
        let config = pairs(producer);
        story.command(&Command::AddProducer(ProducerSpec {
            app: Default::default(),
            name: "shop".into(),
            config,
            workload: None,
        }));
        story.run(1);
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

    fn send(&mut self, count: usize) {
        let record = NewRecord { value: Some(b"v"[..].into()), ..NewRecord::default() };
        let records = vec![record; count];
        self.command(&Command::Send { producer: SHOP, topic: "t".into(), records });
    }

    /// An application that reads `t` from its beginning.
    fn read(&mut self, config: Pairs) {
        self.command(&Command::AddConsumer(ConsumerSpec {
            name: "reader".into(),
            config: pairs(config),
            subscribe: Vec::new(),
            pattern: None,
            assign: vec![("t".into(), 0)],
            processing: Processing::default(),
        }));
    }

    fn next(&mut self, api: ApiKey, answer: bool, ends: (NodeId, NodeId), fault: MessageFault) {
        let next = NextMessage { api, answer, from: ends.0, to: ends.1 };
        self.command(&Command::Tamper(MessageSel::Next(next), fault));
    }

    fn log(&self, broker: i32) -> &PartitionLog {
        let process = self.world.process(NodeId(broker)).expect("it was added");
        let Node::Broker(broker) = &process.node else { panic!("{broker} is a broker") };
        &broker.replicas.replicas.iter().next().expect("it has a replica").log
    }

    fn ends(&self) -> [Offset; 3] {
        [1, 2, 3].map(|broker| self.log(broker).log_end())
    }

    fn count(&self, wanted: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().filter(|event| wanted(&event.fact)).count()
    }

    fn acked(&self) -> usize {
        self.count(|fact| matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. }))
    }

    fn state(&self, broker: i32) -> ProcessState {
        self.world.state(NodeId(broker))
    }
}

fn pairs(pairs: Pairs) -> Vec<(std::sync::Arc<str>, std::sync::Arc<str>)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

const NONE: Pairs = &[];
const ALL: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

#[test]
fn acknowledged_records_are_lost_when_all_replicas_lose_power_before_anything_was_flushed() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.send(5);
    story.run(1_000);
    assert_eq!((story.acked(), story.ends()), (5, [5, 5, 5]));
    story.command(&Command::PowerCut(ALL.to_vec()));
    assert_eq!(story.ends(), [0, 0, 0]);
    story.run(0);
    assert_eq!(story.count(|fact| matches!(fact, Fact::Exited(Exit::PowerLost))), 3);
    assert_eq!(story.count(|fact| matches!(fact, Fact::TailLost { from: 5, to: 0, .. })), 3);
}

#[test]
fn what_the_operating_system_wrote_back_or_kafka_flushed_outlives_a_power_cut() {
    let flushing: Pairs = &[("flush.messages", "1")];
    let by_time: Pairs =
        &[("log.flush.scheduler.interval.ms", "1000"), ("log.initial.task.delay.ms", "0")];
    let table = [
        (NONE, NONE, 1_000, 0),
        (NONE, NONE, 36_000, 5),
        (NONE, flushing, 1_000, 5),
        (by_time, NONE, 2_100, 5),
    ];
    for (node, topic, wait, survive) in table {
        let mut story = Story::new(node, topic, NONE);
        story.send(5);
        story.run(wait);
        story.command(&Command::PowerCut(ALL.to_vec()));
        assert_eq!(story.ends(), [survive; 3], "{node:?} {topic:?} {wait}");
    }
}

#[test]
fn a_killed_process_loses_nothing_and_its_machine_goes_on_writing() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.send(5);
    story.run(1_000);
    story.command(&Command::Kill(NodeId(3)));
    assert_eq!(story.ends(), [5, 5, 5]);
    story.run(40_000);
    story.command(&Command::PowerCut(vec![NodeId(3)]));
    assert_eq!(story.ends(), [5, 5, 5]);
}

#[test]
fn one_replica_without_power_fetches_again_what_it_lost() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.send(5);
    story.run(1_000);
    story.command(&Command::PowerCut(vec![NodeId(1)]));
    story.run(12_000);
    story.send(1);
    story.command(&Command::Start(NodeId(1)));
    story.run(20_000);
    assert_eq!((story.acked(), story.ends()), (6, [6, 6, 6]));
}

#[test]
fn a_wiped_broker_comes_back_empty_and_copies_everything() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.send(5);
    story.run(1_000);
    let running = story.world.submit(&Command::Wipe(NodeId(3)));
    assert!(matches!(running, Err(CommandError::WrongState { .. })), "only a stopped one");
    story.command(&Command::Kill(NodeId(3)));
    story.command(&Command::Wipe(NodeId(3)));
    story.run(12_000);
    story.command(&Command::Start(NodeId(3)));
    story.run(20_000);
    assert_eq!(story.ends(), [5, 5, 5]);
}

#[test]
fn a_full_disk_is_a_storage_error_and_the_end_of_its_broker() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.command(&Command::FillDisk(NodeId(1)));
    story.send(1);
    story.run(1_000);
    let refused = |fact: &Fact| {
        matches!(fact, Fact::AppendRefused { error: ErrorCode::KafkaStorageError, .. })
    };
    assert_eq!(story.count(refused), 1);
    assert_eq!(story.count(|fact| matches!(fact, Fact::LogDirFailed)), 1);
    assert_eq!(story.state(1), ProcessState::Down);
    story.run(15_000);
    assert_eq!(story.acked(), 1, "the new leader took it");
    story.command(&Command::Start(NodeId(1)));
    story.run(10_000);
    assert_eq!(story.state(1), ProcessState::Down, "there is still no room");
    story.command(&Command::HealDisk(NodeId(1)));
    story.command(&Command::Start(NodeId(1)));
    story.run(20_000);
    assert_eq!((story.state(1), story.ends()), (ProcessState::Running, [1, 1, 1]));
}

#[test]
fn a_full_disk_is_noticed_without_producers_when_high_watermarks_are_written_down() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.command(&Command::FillDisk(NodeId(2)));
    story.run(5_100);
    assert_eq!(story.state(2), ProcessState::Down);
}

#[test]
fn with_acks_all_a_slow_disk_of_a_follower_slows_the_producer() {
    let took = |slow: bool| {
        let mut story = Story::new(NONE, NONE, NONE);
        if slow {
            story.command(&Command::SlowDisk(NodeId(3), Micros::from_ms(400)));
        }
        story.send(1);
        story.run(2_000);
        let began = story.world.now();
        story.send(1);
        while story.acked() < 2 {
            story.run(1);
        }
        story.world.now().since(began).as_ms()
    };
    assert!(took(false) < 50);
    assert!((400..500).contains(&took(true)));
}

#[test]
fn a_broken_batch_of_the_leader_is_found_by_followers_and_consumers_not_by_itself() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.command(&Command::Kill(NodeId(3)));
    story.run(12_000);
    for _ in 0..3 {
        story.send(2);
        story.run(1_000);
    }
    let corrupt =
        Command::Corrupt { broker: NodeId(1), topic: "t".into(), partition: 0, offset: 3 };
    story.command(&corrupt);
    story.command(&Command::Start(NodeId(3)));
    story.read(&[("auto.offset.reset", "earliest")]);
    story.run(5_000);
    assert_eq!(story.log(3).log_end(), 2, "the follower stops before it");
    let found = |node: NodeId| {
        story.facts.iter().any(|event| {
            event.node == node && matches!(event.fact, Fact::CorruptionFound { base_offset: 2, .. })
        })
    };
    assert!(found(NodeId(3)) && found(READER) && !found(NodeId(1)));
    assert_eq!(story.count(|fact| matches!(fact, Fact::Delivered { .. })), 2);
    assert!(story.count(|fact| matches!(fact, Fact::PollFailed { error: "KafkaException" })) > 0);
    story.command(&Command::Seek { consumer: READER, topic: "t".into(), partition: 0, offset: 4 });
    story.run(2_000);
    assert_eq!(
        story.count(|fact| matches!(fact, Fact::Delivered { .. })),
        4,
        "past it, all is well"
    );
}

#[test]
fn a_consumer_that_does_not_check_crcs_is_given_what_is_broken() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.send(2);
    story.run(1_000);
    story.command(&Command::Corrupt {
        broker: NodeId(1),
        topic: "t".into(),
        partition: 0,
        offset: 0,
    });
    story.read(&[("check.crcs", "false"), ("auto.offset.reset", "earliest")]);
    story.run(2_000);
    assert_eq!(story.count(|fact| matches!(fact, Fact::Delivered { .. })), 2);
}

#[test]
fn after_an_unclean_stop_a_log_ends_before_its_first_broken_batch() {
    let mut story = Story::new(NONE, NONE, NONE);
    for _ in 0..3 {
        story.send(2);
        story.run(100);
    }
    story.command(&Command::Corrupt {
        broker: NodeId(3),
        topic: "t".into(),
        partition: 0,
        offset: 2,
    });
    story.command(&Command::Kill(NodeId(3)));
    story.command(&Command::Start(NodeId(3)));
    story.run(30_000);
    assert_eq!(story.count(|fact| matches!(fact, Fact::LogRecovered { from: 6, to: 2, .. })), 1);
    assert_eq!(story.ends(), [6, 6, 6], "and is fetched anew");
}

#[test]
fn a_lost_answer_makes_a_producer_send_again_and_only_idempotence_prevents_a_second_copy() {
    let plain: Pairs = &[("enable.idempotence", "false"), ("acks", "all")];
    for (config, copies) in [(NONE, 1), (plain, 2)] {
        let mut story = Story::new(NONE, NONE, config);
        story.send(1);
        story.run(1_000);
        let before = story.log(1).log_end();
        story.next(ApiKey::Produce, true, (NodeId(1), SHOP), MessageFault::Drop);
        story.send(1);
        story.run(29_000);
        assert_eq!(story.acked(), 1, "nothing comes before request.timeout.ms");
        story.run(5_000);
        assert_eq!((story.acked(), story.log(1).log_end() - before), (2, copies), "{config:?}");
    }
}

#[test]
fn a_doubled_request_is_served_twice_and_answered_once() {
    let plain: Pairs = &[("enable.idempotence", "false")];
    for (config, end) in [(NONE, 1), (plain, 2)] {
        let mut story = Story::new(NONE, NONE, config);
        story.next(ApiKey::Produce, false, (SHOP, NodeId(1)), MessageFault::Duplicate);
        story.send(1);
        story.run(1_000);
        assert_eq!((story.acked(), story.log(1).log_end()), (1, end), "{config:?}");
    }
}

#[test]
fn a_delayed_request_holds_up_those_behind_it_and_nothing_overtakes() {
    let mut story = Story::new(NONE, NONE, &[("linger.ms", "0")]);
    story.send(1);
    story.run(1_000);
    let late = MessageFault::Delay(Micros::from_ms(3_000));
    story.next(ApiKey::Produce, false, (SHOP, NodeId(1)), late);
    story.send(1);
    story.run(500);
    story.send(1);
    story.run(2_000);
    assert_eq!(story.acked(), 1);
    story.run(1_000);
    assert_eq!(story.acked(), 3);
}

#[test]
fn healing_a_link_takes_back_a_fault_that_still_waits_for_its_message() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.next(ApiKey::Produce, false, (SHOP, NodeId(1)), MessageFault::Drop);
    story.command(&Command::Heal(LinkSel::Between(SHOP, NodeId(1))));
    story.send(1);
    story.run(1_000);
    assert_eq!(story.acked(), 1);
}

#[test]
fn a_follower_gives_a_silent_connection_up_after_its_socket_timeout() {
    let mut story = Story::new(NONE, NONE, NONE);
    story.run(1_000);
    story.next(ApiKey::Fetch, true, (NodeId(1), NodeId(3)), MessageFault::Drop);
    story.run(25_000);
    story.send(1);
    story.run(1_000);
    assert_eq!(story.log(3).log_end(), 0);
    story.run(10_000);
    assert_eq!(story.log(3).log_end(), 1);
    let timed_out =
        |fact: &Fact| matches!(fact, Fact::RequestTimedOut { api: ApiKey::Fetch, to: NodeId(1) });
    assert_eq!(story.count(timed_out), 1);
}

#[test]
fn a_wrong_clock_shows_in_log_append_times() {
    let mut story = Story::new(NONE, &[("message.timestamp.type", "LogAppendTime")], NONE);
    story.command(&Command::SkewClock(NodeId(1), 86_400_000));
    story.send(1);
    story.run(1_000);
    let ahead = story.log(1).segments()[0].max_timestamp - 1_700_000_000_000;
    assert!((86_400_000..86_410_000).contains(&ahead), "{ahead}");
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut story = Story::new(NONE, NONE, NONE);
    let next = NextMessage { api: ApiKey::Produce, answer: true, from: NodeId(1), to: SHOP };
    let table = [
        Command::Tamper(MessageSel::Next(next), MessageFault::Duplicate),
        Command::Tamper(
            MessageSel::UnderWay(kafkascope_model::ids::MsgId(u64::MAX)),
            MessageFault::Drop,
        ),
        Command::PowerCut(Vec::new()),
        Command::PowerCut(vec![SHOP]),
        Command::FillDisk(NodeId(100)),
        Command::SkewClock(NodeId(1), i64::MAX),
        Command::Corrupt { broker: NodeId(1), topic: "t".into(), partition: 0, offset: 0 },
    ];
    let before = story.world.digest();
    for command in table {
        assert!(story.world.submit(&command).is_err(), "{command:?}");
    }
    assert_eq!(story.world.digest(), before);
}
