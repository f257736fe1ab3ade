//! Stories of consumers and their groups in whole worlds.
//!
//! Invariant: every world has one controller and three brokers, and runs on one seed.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some facts only")]

use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Limits, Micros, Prng, Seed, SimTime};
use kafkascope_model::client::consumer::Consumer;
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::group::coordinator::partition_for;
use kafkascope_model::ids::{Name, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::workload::{CommitStrategy, NewRecord, OnPoison, Processing, Workload};
use kafkascope_model::world::{World, WorldSpec};

/// A cluster with topic `trips` of three partitions, and everything that happened in it.
struct Story {
    world: World,
    facts: Vec<TraceEvent>,
}

impl Story {
    fn new() -> Self {
        Self::seeded(11)
    }

    fn seeded(seed: u64) -> Self {
        let world = World::new(WorldSpec {
            seed: Seed(seed),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        let mut story = Self { world, facts: Vec::new() };
        let config = vec![("group.initial.rebalance.delay.ms".into(), "0".into())];
        story.submit(&Command::AddController { id: NodeId(100), config: config.clone() });
        for id in 1..=3 {
            let config = config.clone();
            story.submit(&Command::AddBroker { id: NodeId(id), rack: None, config });
        }
        story.run_ms(3_000);
        story.submit(&Command::Admin(AdminCommand::CreateTopic {
            name: "trips".into(),
            partitions: 3,
            replication_factor: 3,
            assignments: Vec::new(),
            configs: Vec::new(),
        }));
        story.run_ms(1_000);
        story
    }

    fn submit(&mut self, command: &Command) {
        self.world.submit(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }

    fn run_ms(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        let before = self.world.events_handled();
        while self.world.step(until) {
            let handled = self.world.events_handled() - before;
            assert!(handled < 3_000_000, "time stands still at {}", self.world.now());
        }
        self.facts.extend(self.world.take_facts());
    }

    fn produce(&mut self, every_ms: u64) -> NodeId {
        let id = self.world.next_client_id();
        let event = |n: u32| NewRecord {
            key: Some(format!("rider-{n}").into_bytes().into()),
            value: Some(b"a trip".as_slice().into()),
            ..NewRecord::default()
        };
        let workload = Workload {
            topic: "trips".into(),
            events: (0..100).map(event).collect(),
            repeat: true,
            every: Micros::from_ms(every_ms),
            burst: 1,
            jitter: Micros::ZERO,
            first_after: Micros::ZERO,
        };
        let name = format!("shop-{id}").into();
        self.submit(&Command::AddProducer(ProducerSpec {
            app: Default::default(),
            name,
            config: Vec::new(),
            workload: Some(workload),
        }));
        id
    }

    /// A member of group `g` that reads everything.
    fn member(&mut self, name: &str, config: &[(&str, &str)], per_record_ms: u64) -> NodeId {
        let id = self.world.next_client_id();
        let pairs = [("group.id", "g"), ("auto.offset.reset", "earliest")];
        let pairs = pairs.iter().chain(config).map(|(k, v)| (Name::from(*k), Name::from(*v)));
        let per_record = Micros::from_ms(per_record_ms);
        self.submit(&Command::AddConsumer(ConsumerSpec {
            name: name.into(),
            config: pairs.collect(),
            subscribe: vec!["trips".into()],
            pattern: None,
            assign: Vec::new(),
            processing: Processing { per_record, ..Processing::default() },
        }));
        id
    }

    fn consumer(&self, id: NodeId) -> &Consumer {
        let Some(Node::Consumer(consumer)) = self.world.process(id).map(|p| &p.node) else {
            panic!("{id} is a consumer")
        };
        consumer
    }

    fn owned(&self, id: NodeId) -> FlatSet<i32> {
        self.consumer(id).assigned_partitions().iter().map(|tp| tp.partition).collect()
    }

    fn coordinator(&self) -> NodeId {
        let Some(Node::Broker(broker)) = self.world.process(NodeId(1)).map(|p| &p.node) else {
            panic!("1 is a broker")
        };
        let image = broker.metadata.image();
        let (topic, state) = image.topic(OFFSETS_TOPIC).expect("the group exists");
        let index = partition_for("g", state.partitions.len() as i32);
        image.partition(TopicPartition::new(topic, index)).expect("it is there").leader
    }

    /// How often each record was delivered to anyone, since a moment.
    fn deliveries(&self, since: SimTime) -> FlatMap<RecordId, u32> {
        let mut times = FlatMap::new();
        for event in self.facts.iter().filter(|event| event.at >= since) {
            if let Fact::Delivered { record, .. } = event.fact {
                *times.entry(record).or_default() += 1;
            }
        }
        times
    }

    fn generations(&self) -> Vec<i32> {
        let formed = self.facts.iter().filter_map(|event| {
            let Fact::GenerationFormed { generation, .. } = event.fact else { return None };
            Some(generation)
        });
        formed.collect()
    }

    fn has(&self, node: NodeId, wanted: impl Fn(&Fact) -> bool) -> bool {
        self.facts.iter().any(|event| event.node == node && wanted(&event.fact))
    }
}

/// Offsets of a partition come one after the other, with no step back, between two assignments of one member.
fn in_order(story: &Story, id: NodeId) {
    let mut next: FlatMap<TopicPartition, Offset> = FlatMap::new();
    for event in story.facts.iter().filter(|event| event.node == id) {
        if matches!(event.fact, Fact::Assigned { .. }) {
            next.clear();
        } else if let Fact::Delivered { tp, offset, .. } = event.fact {
            assert!(next.insert(tp, offset + 1).is_none_or(|expected| expected == offset));
        }
    }
}

#[test]
fn a_group_shares_the_work_and_every_record_comes_once() {
    let mut story = Story::new();
    story.produce(20);
    let one = story.member("one", &[], 0);
    story.run_ms(2_000);
    let two = story.member("two", &[], 0);
    story.run_ms(10_000);
    assert_eq!((story.owned(one), story.owned(two)), ([0, 1].into(), [2].into()));
    assert_eq!(story.generations(), [1, 2]);
    let deliveries = story.deliveries(SimTime::ZERO);
    assert!(deliveries.len() > 500 && deliveries.values().all(|times| *times == 1));
    in_order(&story, one);
    in_order(&story, two);
}

#[test]
fn what_a_dead_member_had_not_committed_comes_again_after_its_session() {
    let mut story = Story::new();
    story.produce(20);
    let session = [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "1000")];
    let one = story.member("one", &session, 0);
    let two = story.member("two", &session, 0);
    story.run_ms(9_000);
    let at = story.world.now();
    story.submit(&Command::Kill(two));
    story.run_ms(5_000);
    assert_eq!(story.owned(one), [0, 1].into());
    story.run_ms(5_000);
    assert_eq!(story.owned(one), [0, 1, 2].into());
    assert!(story.deliveries(SimTime::ZERO).values().any(|times| *times == 2));
    assert!(story.deliveries(at).values().all(|times| *times == 1));
}

#[test]
fn the_group_outlives_its_coordinator_in_the_same_generation() {
    let mut story = Story::new();
    story.produce(50);
    let one = story.member("one", &[("auto.commit.interval.ms", "500")], 0);
    story.run_ms(8_000);
    let coordinator = story.coordinator();
    story.submit(&Command::Kill(coordinator));
    story.run_ms(20_000);
    assert_eq!(story.generations(), [1]);
    assert_eq!(story.owned(one), [0, 1, 2].into());
    assert!(story.has(one, |fact| matches!(fact, Fact::CoordinatorLost { .. })));
    assert!(story.deliveries(SimTime::ZERO).values().all(|times| *times == 1));
    in_order(&story, one);
}

#[test]
fn an_application_that_polls_too_late_leaves_and_joins_again() {
    let mut story = Story::new();
    story.produce(20);
    let slow = [("max.poll.interval.ms", "3000"), ("max.poll.records", "10")];
    let one = story.member("one", &slow, 1_000);
    story.run_ms(12_000);
    let reason = "consumer poll timeout has expired.";
    let left =
        |fact: &Fact| matches!(fact, Fact::MemberLeft { reason: why, .. } if &**why == reason);
    assert!((1..=3).any(|broker| story.has(NodeId(broker), left)));
    assert!(story.has(one, |fact| matches!(fact, Fact::Lost { .. })));
    story.submit(&Command::SetProcessing { consumer: one, processing: Processing::default() });
    story.run_ms(15_000);
    assert_eq!(story.owned(one), [0, 1, 2].into());
}

#[test]
fn a_closed_member_commits_and_the_next_one_goes_on_from_there() {
    let mut story = Story::new();
    story.produce(20);
    let one = story.member("one", &[], 0);
    story.run_ms(4_000);
    story.submit(&Command::CloseClient { client: one });
    story.run_ms(500);
    story.member("two", &[], 0);
    story.run_ms(4_000);
    assert!(story.has(one, |fact| matches!(fact, Fact::ClientClosed)));
    assert_eq!(story.generations(), [1, 3], "the empty group counts a generation too");
    assert!(story.deliveries(SimTime::ZERO).values().all(|times| *times == 1));
}

#[test]
fn more_partitions_make_the_leader_assign_again() {
    let mut story = Story::new();
    let one = story.member("one", &[("metadata.max.age.ms", "1000")], 0);
    story.run_ms(3_000);
    story
        .submit(&Command::Admin(AdminCommand::CreatePartitions { name: "trips".into(), total: 5 }));
    story.run_ms(4_000);
    assert_eq!(story.owned(one), [0, 1, 2, 3, 4].into());
    assert!(story.has(one, |fact| {
        matches!(fact, Fact::Joining { reason } if &**reason == "cached metadata has changed")
    }));
}

#[test]
fn cooperative_members_go_on_reading_what_they_keep() {
    let mut story = Story::new();
    story.produce(20);
    let cooperative = [("partition.assignment.strategy", "cooperative-sticky")];
    let one = story.member("one", &cooperative, 0);
    story.run_ms(4_000);
    let two = story.member("two", &cooperative, 0);
    story.run_ms(12_000);
    let all: FlatSet<i32> = story.owned(one).union(&story.owned(two)).copied().collect();
    assert_eq!((story.owned(one).len(), story.owned(two).len(), all.len()), (2, 1, 3));
    assert_eq!(story.generations(), [1, 2, 3], "one to give up, one to hand over");
    let revoked = story.facts.iter().filter(|event| event.node == one).filter_map(|event| {
        let Fact::Revoked { partitions, .. } = &event.fact else { return None };
        Some(partitions.len())
    });
    assert_eq!(revoked.collect::<Vec<_>>(), [1]);
}

/// A member closes and comes back under another configuration, as in a rolling restart.
fn bounce(story: &mut Story, member: NodeId, name: &str, strategy: &str) -> NodeId {
    story.submit(&Command::CloseClient { client: member });
    story.run_ms(2_000);
    let next = story.member(name, &[("partition.assignment.strategy", strategy)], 0);
    story.run_ms(12_000);
    next
}

#[test]
fn a_group_goes_from_eager_to_cooperative_by_two_rolling_restarts() {
    let mut story = Story::new();
    story.produce(20);
    let eager = [("partition.assignment.strategy", "range")];
    let mut members = ["one", "two"].map(|name| story.member(name, &eager, 0));
    story.run_ms(8_000);
    for (round, strategy) in ["cooperative-sticky,range", "cooperative-sticky"].iter().enumerate() {
        for place in 0..2 {
            let name = format!("again-{round}-{place}");
            members[place] = bounce(&mut story, members[place], &name, strategy);
            let owned = members_owned(&story, members);
            assert_eq!(owned, [0, 1, 2].into(), "somebody reads everything throughout");
        }
    }
    let before = story.facts.len();
    story.member("three", &[("partition.assignment.strategy", "cooperative-sticky")], 0);
    story.run_ms(12_000);
    let given_up = story.facts[before..].iter().filter_map(|event| match &event.fact {
        Fact::Revoked { partitions, .. } => Some(partitions.len()),
        _ => None,
    });
    assert_eq!(given_up.sum::<usize>(), 1, "only what moves is given up now");
    assert!(story.deliveries(SimTime::ZERO).values().all(|times| *times == 1));
}

fn members_owned(story: &Story, members: [NodeId; 2]) -> FlatSet<i32> {
    let running = members.iter().filter(|id| story.consumer(**id).coordinator().is_some());
    running.flat_map(|id| story.owned(*id)).collect()
}

#[test]
fn a_reset_by_duration_begins_with_what_is_no_older() {
    let mut story = Story::new();
    story.produce(100);
    story.run_ms(20_000);
    let reset = [("auto.offset.reset", "by_duration:PT5S")];
    let late = story.world.next_client_id();
    let pairs = [("group.id", "late")].iter().chain(&reset);
    story.submit(&Command::AddConsumer(ConsumerSpec {
        name: "late".into(),
        config: pairs.map(|(k, v)| (Name::from(*k), Name::from(*v))).collect(),
        subscribe: vec!["trips".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing::default(),
    }));
    let asked = story.world.now();
    story.run_ms(4_000);
    let sent: FlatMap<RecordId, SimTime> = story
        .facts
        .iter()
        .filter_map(|event| match event.fact {
            Fact::Sent { record, .. } => Some((record, event.at)),
            _ => None,
        })
        .collect();
    let oldest = story.deliveries(asked).keys().map(|record| sent[record]).min();
    let age = asked.since(oldest.expect("it was given records")).as_ms();
    assert!((4_000..5_100).contains(&age), "the oldest was {age} ms old: {late}");
}

#[test]
fn a_consumer_without_a_group_reads_what_it_assigned_itself() {
    let mut story = Story::new();
    story.produce(20);
    story.run_ms(1_000);
    let id = story.world.next_client_id();
    story.submit(&Command::AddConsumer(ConsumerSpec {
        name: "reader".into(),
        config: vec![("auto.offset.reset".into(), "earliest".into())],
        subscribe: Vec::new(),
        pattern: None,
        assign: vec![("trips".into(), 1)],
        processing: Processing::default(),
    }));
    story.run_ms(3_000);
    assert!(story.consumer(id).position("trips", 1).is_some_and(|offset| offset > 30));
    assert!(story.consumer(id).coordinator().is_none());
    in_order(&story, id);
}

/// One fault, repair or call of an application; refused ones do no harm.
fn fault(rng: &mut Prng, nodes: &[NodeId]) -> Command {
    let mut any = || nodes[rng.below(nodes.len() as u32) as usize];
    let (a, b) = (any(), any());
    let offset = rng.between(0, 40) as Offset;
    match rng.below(16) {
        14 => Command::SeekToTime { consumer: a, timestamp: 1_700_000_005_000 },
        15 => {
            let (partitions, paused) = (vec![("trips".into(), 0)], rng.below(2) > 0);
            Command::PauseFetching { consumer: a, partitions, paused }
        }
        9 => Command::Commit { consumer: a, offsets: None },
        10 => Command::Commit { consumer: a, offsets: Some(vec![("trips".into(), 1, offset)]) },
        11 => Command::Seek { consumer: a, topic: "trips".into(), partition: 2, offset },
        12 => Command::BlockPolling { consumer: a, blocked: rng.below(2) > 0 },
        13 => Command::SetProcessing {
            consumer: a,
            processing: Processing {
                per_record: Micros::from_ms(rng.between(0, 400)),
                per_poll: Micros::from_ms(rng.between(0, 2) * 700),
                poll_timeout: Micros::from_ms(rng.between(0, 1) * 100),
                commits: [
                    CommitStrategy::ByConfig,
                    CommitStrategy::SyncPerBatch,
                    CommitStrategy::SyncPerRecord,
                    CommitStrategy::AsyncPerBatch,
                    CommitStrategy::Pool { workers: 3, careful: true },
                ][rng.below(5) as usize],
                on_poison: OnPoison::Skip,
                effect: None,
            },
        },
        0 => Command::Kill(a),
        1 | 2 => Command::Start(a),
        3 => Command::Pause(a),
        4 | 5 => Command::Resume(a),
        6 => Command::Cut(LinkSel::OneWay(a, b)),
        7 => Command::Slow(LinkSel::Between(a, b), Micros::from_ms(rng.between(1, 700))),
        _ => Command::Stop(a),
    }
}

#[test]
fn after_every_kind_of_fault_the_group_finds_together_again() {
    let classic = |strategy: &'static str| {
        vec![
            ("partition.assignment.strategy", strategy),
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "1000"),
            ("max.poll.interval.ms", "8000"),
        ]
    };
    let modern = |assignor: &'static str| {
        vec![
            ("group.protocol", "consumer"),
            ("group.remote.assignor", assignor),
            ("max.poll.interval.ms", "8000"),
        ]
    };
    let configs = [
        classic("range"),
        classic("sticky"),
        classic("cooperative-sticky"),
        classic("range,cooperative-sticky"),
        modern("uniform"),
        modern("range"),
    ];
    for seed in 0..8 {
        let mut story = Story::seeded(seed);
        let mut rng = Seed(seed).stream("faults", 0);
        story.produce(100);
        // The last ones mix both protocols in one group.
        let of = |place: usize| match seed {
            0..6 => &configs[seed as usize],
            _ => &configs[[0, 4, 3][place]],
        };
        let members = [("a", 0), ("b", 1), ("c", 2)]
            .map(|(name, place)| story.member(name, of(place), rng.between(0, 30)));
        story.run_ms(5_000);
        let nodes: Vec<NodeId> = (1..=3).map(NodeId).chain([NodeId(100)]).chain(members).collect();
        for _ in 0..40 {
            let _refused = story.world.submit(&fault(&mut rng, &nodes));
            story.run_ms(rng.between(10, 2_000));
        }
        for node in &nodes {
            let _refused = story.world.submit(&Command::Resume(*node));
            let _refused = story.world.submit(&Command::Heal(LinkSel::Around(*node)));
        }
        // An application that was told to close may have a lot of work to finish first.
        for _ in 0..4 {
            for node in &nodes {
                let _refused = story.world.submit(&Command::Start(*node));
            }
            for consumer in members {
                let unblock = Command::BlockPolling { consumer, blocked: false };
                let _refused = story.world.submit(&unblock);
                let processing = Processing::default();
                let hurry = Command::SetProcessing { consumer, processing };
                let _refused = story.world.submit(&hurry);
            }
            story.run_ms(60_000);
        }
        let owned: Vec<i32> = members.iter().flat_map(|id| story.owned(*id)).collect();
        let mut sorted = owned.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2], "seed {seed}: everything has one owner, not {owned:?}");
    }
}
