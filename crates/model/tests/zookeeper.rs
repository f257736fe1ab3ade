//! Stories of a cluster that keeps its metadata in ZooKeeper, as Kafka 3.x did.
//!
//! Broker ids that go with a session, a znode that makes a controller, an epoch that unmakes the one before. Invariant: every
//! world has one ZooKeeper server and three brokers, and a topic `t` whose preferred leader is not the first controller.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some facts only")]

use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::api::legacy::{ZData, ZPath};
use kafkascope_model::api::{ErrorCode, Request};
use kafkascope_model::broker::Broker;
use kafkascope_model::broker::zk::Zk;
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::controller::records::{MetadataRecord, PartitionState};
use kafkascope_model::ids::{Name, NodeId, RecordId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::workload::{NewRecord, Processing, ProducerApp, TxnPlan, Workload};
use kafkascope_model::world::{Observe, ProcessState, World, WorldSpec};
use kafkascope_model::zookeeper::Zookeeper;

const ZOOKEEPER: NodeId = NodeId(100);

/// How long a session outlives its client at most: `zookeeper.session.timeout.ms`, and ZooKeeper's own tick.
const SESSION_AND_TICK: u64 = 21_000;

struct Story {
    world: World,
    facts: Vec<TraceEvent>,
    /// The controller at the beginning, and the two other brokers.
    controller: NodeId,
    others: [NodeId; 2],
}

impl Story {
    /// Three brokers, and `t` on these of them: the controller is 0, the others are 1 and 2.
    fn new(replicas: &[usize], configs: &[(&str, &str)]) -> Self {
        let mut world = World::new(WorldSpec {
            seed: Seed(5),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_640_000_000_000,
        });
        world.set_observe(Observe { facts: true, network: false, exchanges: true });
        let ids = [1, 2, 3].map(NodeId);
        world.submit(&Command::AddZookeeper { id: ZOOKEEPER }).expect("it is the first");
        for id in ids {
            let config = pairs(&[("group.initial.rebalance.delay.ms", "0")]);
            world.submit(&Command::AddBroker { id, rack: None, config }).expect("it is new");
        }
        let mut story =
            Self { world, facts: Vec::new(), controller: NodeId(0), others: [NodeId(0); 2] };
        story.run_ms(3_000);
        story.controller = story.controller_znode().expect("one of them was first");
        let others: Vec<_> = ids.into_iter().filter(|id| *id != story.controller).collect();
        story.others = [others[0], others[1]];
        let all = [story.controller, others[0], others[1]];
        story.create("t", replicas.iter().map(|index| all[*index]).collect(), configs);
        story.run_ms(2_000);
        story
    }

    fn submit(&mut self, command: &Command) {
        self.world.submit(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }

    fn run_ms(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        self.facts.extend(self.world.take_facts());
    }

    fn create(&mut self, name: &str, replicas: Vec<NodeId>, configs: &[(&str, &str)]) {
        self.submit(&Command::Admin(AdminCommand::CreateTopic {
            name: name.into(),
            partitions: -1,
            replication_factor: -1,
            assignments: vec![replicas],
            configs: pairs(configs),
        }));
    }

    fn producer(&mut self, config: &[(&str, &str)]) -> NodeId {
        let id = self.world.next_client_id();
        let (app, config) = (ProducerApp::default(), pairs(config));
        let name = format!("p{id}").into();
        self.submit(&Command::AddProducer(ProducerSpec { app, name, config, workload: None }));
        self.run_ms(10);
        id
    }

    fn send(&mut self, producer: NodeId, count: usize) {
        let record = NewRecord { value: Some(b"v"[..].into()), ..NewRecord::default() };
        let records = vec![record; count];
        self.submit(&Command::Send { producer, topic: "t".into(), records });
    }

    fn acked(&self) -> FlatSet<RecordId> {
        let acked = self.facts.iter().filter_map(|event| match &event.fact {
            Fact::SendDone { record, result: SendResult::Acked(_), .. } => Some(*record),
            _ => None,
        });
        acked.collect()
    }

    fn zookeeper(&self) -> &Zookeeper {
        let Some(Node::Zookeeper(server)) = self.world.process(ZOOKEEPER).map(|it| &it.node) else {
            panic!("it was added")
        };
        server
    }

    /// Whose id is under `/brokers/ids`.
    fn registered(&self) -> Vec<NodeId> {
        let ids = self.zookeeper().znodes().filter_map(|(path, _)| match path {
            ZPath::Broker(id) => Some(*id),
            _ => None,
        });
        ids.collect()
    }

    fn controller_znode(&self) -> Option<NodeId> {
        self.zookeeper().znodes().find_map(|(_, data)| match data {
            ZData::Controller(id) => Some(*id),
            _ => None,
        })
    }

    fn controller_epoch(&self) -> i32 {
        let epoch = self.zookeeper().znodes().find_map(|(_, data)| match data {
            ZData::Epoch(epoch) => Some(*epoch),
            _ => None,
        });
        epoch.expect("there was a controller")
    }

    /// `/brokers/topics/t/partitions/0/state`.
    fn state(&self) -> &PartitionState {
        let topic = self.world.topic_named("t").expect("it was created");
        let path = ZPath::State(TopicPartition::new(topic, 0));
        let data = self.zookeeper().znodes().find(|(at, _)| **at == path).map(|(_, data)| data);
        let Some(ZData::Record(record)) = data else { panic!("{path:?} is there") };
        let MetadataRecord::Partition { state, .. } = &**record else { panic!("{record:?}") };
        state
    }

    /// What a broker says of `t` when a client asks.
    fn told_by(&self, broker: NodeId) -> &PartitionState {
        let image = self.world.broker(broker).expect("it was added").metadata.image();
        let (topic, _) = image.topic("t").expect("it was told of");
        image.partition(TopicPartition::new(topic, 0)).expect("it has a partition")
    }

    fn found(&self, wanted: impl Fn(&Fact) -> bool) -> Option<&TraceEvent> {
        self.facts.iter().find(|event| wanted(&event.fact))
    }

    /// Who asked whom for a change of an ISR.
    fn isr_proposals(&self) -> Vec<(NodeId, NodeId)> {
        let asked = self.world.exchanges().iter().filter_map(|exchange| match exchange.request {
            Request::AlterPartition(_) => Some((exchange.conn.client, exchange.conn.server)),
            _ => None,
        });
        asked.collect()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(Name, Name)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[test]
fn a_dead_brokers_id_goes_with_its_session_and_another_of_the_isr_leads() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    let [leader, next] = story.others;
    let before = story.state().clone();
    assert_eq!((before.leader, before.leader_epoch), (leader, 0));
    story.submit(&Command::Kill(leader));
    story.run_ms(11_000);
    assert_eq!(story.state(), &before, "its session goes on, so nobody knows");
    assert!(story.registered().contains(&leader));
    story.run_ms(SESSION_AND_TICK - 11_000);
    assert!(!story.registered().contains(&leader), "an ephemeral znode goes with its session");
    let after = story.state();
    assert_eq!((after.leader, after.leader_epoch), (next, 1));
    assert_eq!(after.isr, [next, story.controller]);
    assert_eq!(after.replicas, before.replicas, "it is a replica still");
    assert_eq!(story.told_by(next).leader, next, "UPDATE_METADATA tells everyone");
    let expired =
        |fact: &Fact| matches!(fact, Fact::SessionExpired { broker, .. } if *broker == leader);
    let elected =
        |fact: &Fact| matches!(fact, Fact::LeaderElected { leader, .. } if *leader == next);
    let times = (story.found(expired).map(|it| it.at), story.found(elected).map(|it| it.at));
    assert!(times.0.is_some() && times.0 < times.1, "{times:?}");
}

#[test]
fn an_isr_shrinks_and_grows_by_the_controller_without_a_new_leader_epoch() {
    let mut story = Story::new(&[1, 2, 0], &[("min.insync.replicas", "2")]);
    let [leader, follower] = story.others;
    let producer = story.producer(&[]);
    story.submit(&Command::Cut(LinkSel::Between(leader, follower)));
    for _ in 0..40 {
        story.send(producer, 1);
        story.run_ms(1_000);
    }
    let shrunk = story.state().clone();
    assert_eq!(shrunk.isr, [leader, story.controller], "replica.lag.time.max.ms is over");
    assert!(shrunk.elr.is_empty(), "eligible leaders are of KRaft only");
    story.submit(&Command::Heal(LinkSel::Between(leader, follower)));
    story.run_ms(10_000);
    let grown = story.state();
    assert_eq!(grown.isr.len(), 3);
    assert_eq!((grown.leader, grown.leader_epoch), (leader, 0), "the same leader all the time");
    assert_eq!(grown.partition_epoch, shrunk.partition_epoch + 1, "the znode has a version");
    let asked = story.isr_proposals();
    let to_controller = asked.iter().all(|it| *it == (leader, story.controller));
    assert!(to_controller && asked.len() >= 2, "leaders write no znode themselves: {asked:?}");
    assert_eq!(story.acked().len(), 40);
}

#[test]
fn when_the_controller_dies_another_broker_takes_its_znode_and_the_epoch_rises_by_one() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    assert_eq!(story.controller_epoch(), 1);
    let dead = story.controller;
    story.submit(&Command::Kill(dead));
    story.run_ms(11_000);
    assert_eq!(story.controller_znode(), Some(dead), "the znode is there as long as the session");
    story.run_ms(SESSION_AND_TICK - 11_000);
    let heir = story.controller_znode().expect("the race was run");
    assert!(story.others.contains(&heir));
    assert_eq!(story.controller_epoch(), 2);
    let won = |fact: &Fact| matches!(fact, Fact::ControllerElected { epoch: 2 });
    assert_eq!(story.found(won).map(|event| event.node), Some(heir));
    let state = story.state();
    assert_eq!(state.isr, story.others, "the new controller takes the dead out of every ISR");
    assert_eq!(state.leader, story.others[0]);
    story.submit(&Command::Start(dead));
    story.run_ms(15_000);
    assert_eq!(story.controller_znode(), Some(heir), "who comes back is an ordinary broker");
    assert_eq!((story.controller_epoch(), story.state().isr.len()), (2, 3));
}

#[test]
fn what_a_dead_controller_led_itself_is_led_by_another_two_epochs_later() {
    let mut story = Story::new(&[0, 1, 2], &[]);
    let dead = story.controller;
    assert_eq!(story.state().leader, dead);
    story.submit(&Command::Kill(dead));
    story.run_ms(SESSION_AND_TICK);
    let state = story.state();
    assert_eq!(state.leader, story.others[0]);
    assert_eq!(state.isr, story.others);
    // A controller that takes office first takes dead replicas out of ISRs, then elects.
    assert_eq!(state.leader_epoch, 2);
}

#[test]
fn two_brokers_that_die_together_are_seen_together_and_neither_is_elected() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    let [first, second] = story.others;
    story.submit(&Command::Kill(first));
    story.submit(&Command::Kill(second));
    story.run_ms(SESSION_AND_TICK);
    let state = story.state();
    assert_eq!((state.leader, state.leader_epoch), (story.controller, 1));
    assert_eq!(state.isr, [story.controller]);
    let elected =
        |fact: &Fact| matches!(fact, Fact::LeaderElected { leader, .. } if *leader == second);
    assert!(story.found(elected).is_none());
}

#[test]
fn a_controller_that_slept_too_long_is_refused_and_steps_down() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    let (old, [near, far]) = (story.controller, story.others);
    // What it decides now reaches one broker after another controller did.
    story.submit(&Command::Slow(LinkSel::OneWay(old, far), Micros::from_ms(25_000)));
    story.create("late", vec![near, far, old], &[]);
    story.run_ms(100);
    story.submit(&Command::Pause(old));
    story.run_ms(SESSION_AND_TICK);
    let heir = story.controller_znode().expect("the race was run");
    assert_ne!(heir, old);
    assert_eq!(story.state().isr, [near, far], "who stands still is out of the ISR");
    story.run_ms(8_000);
    let refused = story.found(|fact| matches!(fact, Fact::StaleControllerRefused { .. }));
    let refused = refused.expect("STALE_CONTROLLER_EPOCH");
    assert_eq!(refused.node, far);
    let of = Fact::StaleControllerRefused { controller: old, epoch: 1, known: 2 };
    assert_eq!(refused.fact, of);
    let active =
        |story: &Story, id| story.world.broker(id).and_then(Broker::zk).is_some_and(Zk::is_active);
    assert!(active(&story, old) && active(&story, heir), "it does not know yet");
    story.submit(&Command::Heal(LinkSel::OneWay(old, far)));
    story.submit(&Command::Resume(old));
    story.run_ms(20_000);
    assert!(!active(&story, old) && active(&story, heir), "its session has expired");
    let resigned = |fact: &Fact| matches!(fact, Fact::ControllerResigned { epoch: 1 });
    assert_eq!(story.found(resigned).map(|event| event.node), Some(old));
    assert_eq!(story.registered().len(), 3, "it has a new session, and its id again");
    assert_eq!((story.controller_epoch(), story.state().isr.len()), (2, 3));
}

#[test]
fn without_zookeeper_records_flow_and_nothing_is_decided() {
    let mut story = Story::new(&[1, 2, 0], &[("min.insync.replicas", "2")]);
    let producer = story.producer(&[]);
    story.send(producer, 1);
    story.run_ms(1_000);
    assert_eq!(story.acked().len(), 1, "producer ids come from a znode, by the block");
    story.submit(&Command::Kill(ZOOKEEPER));
    let before = story.state().clone();
    for _ in 0..30 {
        story.send(producer, 1);
        story.run_ms(1_000);
    }
    assert_eq!(story.acked().len(), 31, "leaders and followers need no znodes");
    story.create("new", vec![story.controller], &[]);
    let follower = story.others[1];
    story.submit(&Command::Kill(follower));
    story.send(producer, 1);
    story.run_ms(25_000);
    assert_eq!(story.state(), &before, "nobody can write the ISR");
    assert_eq!(story.acked().len(), 31, "so acks=all waits for the dead");
    let created = |fact: &Fact| matches!(fact, Fact::TopicCreated { name, .. } if &**name == "new");
    assert!(story.found(created).is_none());
    story.submit(&Command::Start(ZOOKEEPER));
    story.run_ms(SESSION_AND_TICK + 10_000);
    assert_eq!(story.controller_epoch(), 1, "sessions have their full time again");
    assert!(!story.registered().contains(&follower), "but for who does not come back");
    assert_eq!(story.state().isr.len(), 2);
    assert!(story.found(created).is_some(), "what waited is written");
    assert_eq!(story.acked().len(), 32);
}

#[test]
fn what_the_controller_refuses_it_refuses_at_once() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    story.create("t", story.others.to_vec(), &[]);
    story.run_ms(500);
    let refused = story.found(|fact| {
        matches!(fact, Fact::AdminAnswered { error: ErrorCode::TopicAlreadyExists, .. })
    });
    assert!(refused.is_some(), "nothing has to be written for that");
}

#[test]
fn leadership_goes_back_to_the_preferred_replica_when_the_controller_looks_for_it() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    let [preferred, _] = story.others;
    story.submit(&Command::Kill(preferred));
    story.run_ms(SESSION_AND_TICK);
    assert_ne!(story.state().leader, preferred);
    story.submit(&Command::Start(preferred));
    story.run_ms(20_000);
    let (leader, epoch) = (story.state().leader, story.state().leader_epoch);
    assert_ne!(leader, preferred, "it is in sync again, and follows");
    story.run_ms(300_000);
    assert_eq!((story.state().leader, story.state().leader_epoch), (preferred, epoch + 1));
    assert_eq!(story.state().isr.len(), 3);
}

#[test]
fn the_last_of_an_isr_stays_in_it_when_it_dies_and_nobody_else_may_lead() {
    let mut story = Story::new(&[1, 2], &[]);
    let [last, other] = story.others;
    let producer = story.producer(&[]);
    story.send(producer, 5);
    story.run_ms(1_000);
    story.submit(&Command::Kill(other));
    story.run_ms(SESSION_AND_TICK);
    assert_eq!(story.state().isr, [last]);
    let epoch = story.state().leader_epoch;
    assert_eq!(epoch, 1, "the controller tells a leader of a smaller ISR by a new epoch");
    story.submit(&Command::Kill(last));
    story.run_ms(SESSION_AND_TICK);
    let offline = story.state();
    assert_eq!((offline.leader, &offline.isr[..]), (NodeId::NONE, &[last][..]));
    assert_eq!(offline.leader_epoch, epoch + 1);
    assert!(offline.elr.is_empty() && offline.last_known_elr.is_empty());
    story.submit(&Command::Start(other));
    story.run_ms(20_000);
    assert_eq!(story.state().leader, NodeId::NONE, "unclean.leader.election.enable is false");
    story.submit(&Command::Start(last));
    story.run_ms(20_000);
    let again = story.state();
    assert_eq!((again.leader, again.leader_epoch), (last, epoch + 2));
    assert_eq!((again.isr.len(), story.acked().len()), (2, 5));
}

#[test]
fn an_unclean_election_takes_the_first_that_lives_and_it_recovers() {
    let unclean = [("unclean.leader.election.enable", "true")];
    let mut story = Story::new(&[1, 2], &unclean);
    let [last, other] = story.others;
    story.submit(&Command::Kill(other));
    story.run_ms(SESSION_AND_TICK);
    story.submit(&Command::Kill(last));
    story.run_ms(SESSION_AND_TICK);
    assert_eq!(story.state().leader, NodeId::NONE);
    story.submit(&Command::Start(other));
    story.run_ms(5_000);
    let state = story.state();
    assert_eq!((state.leader, &state.isr[..]), (other, &[other][..]));
    let elected = story.found(|fact| matches!(fact, Fact::LeaderElected { reason, .. } if format!("{reason:?}") == "Unclean"));
    assert!(elected.is_some());
}

#[test]
fn a_broker_that_is_stopped_hands_over_first_unless_it_is_the_last_of_an_isr() {
    let mut story = Story::new(&[1, 2], &[]);
    let [first, second] = story.others;
    story.submit(&Command::Stop(first));
    story.run_ms(2_000);
    assert_eq!(story.world.state(first), ProcessState::Down, "it was let go at once");
    assert_eq!((story.state().leader, &story.state().isr[..]), (second, &[second][..]));
    assert!(!story.registered().contains(&first), "it closed its session itself");
    story.submit(&Command::Stop(second));
    story.run_ms(10_000);
    assert_eq!(
        story.world.state(second),
        ProcessState::Stopping,
        "controlled.shutdown.max.retries"
    );
    assert_eq!(story.state().leader, second, "nobody can take over");
    story.run_ms(15_000);
    assert_eq!(story.world.state(second), ProcessState::Down, "it goes all the same");
    assert_eq!((story.state().leader, &story.state().isr[..]), (NodeId::NONE, &[second][..]));
}

#[test]
fn a_broker_back_before_its_session_ended_finds_its_id_taken_and_halts() {
    let mut story = Story::new(&[1, 2, 0], &[]);
    let broker = story.others[1];
    let epoch = story.world.broker(broker).expect("it runs").lifecycle.epoch();
    story.submit(&Command::Kill(broker));
    story.run_ms(1_000);
    story.submit(&Command::Start(broker));
    story.run_ms(10_000);
    let taken = |fact: &Fact| matches!(fact, Fact::EphemeralInTheWay { .. });
    assert_eq!(story.found(taken).map(|event| event.node), Some(broker));
    assert_eq!(story.world.state(broker), ProcessState::Down);
    story.run_ms(SESSION_AND_TICK);
    story.submit(&Command::Start(broker));
    story.run_ms(10_000);
    let again = story.world.broker(broker).expect("it runs").lifecycle.epoch();
    assert!(again > epoch, "its epoch is the change that made its znode: {epoch}, then {again}");
    assert_eq!(story.state().isr.len(), 3);
}

/// A producer that aborts every third transaction of five records, and a group that reads what is committed.
fn bank_and_archive(story: &mut Story) -> (NodeId, NodeId) {
    let bank = story.world.next_client_id();
    let transactions = Some(TxnPlan { records: 5, abort_every: 3, hang_at: 0 });
    let event = |n: u32| NewRecord {
        key: Some(format!("{n}").into_bytes().into()),
        value: Some(b"a payment"[..].into()),
        ..NewRecord::default()
    };
    let workload = Workload {
        topic: "t".into(),
        events: (0..300).map(event).collect(),
        repeat: false,
        every: Micros::from_ms(300),
        burst: 1,
        jitter: Micros::ZERO,
        first_after: Micros::ZERO,
    };
    story.submit(&Command::AddProducer(ProducerSpec {
        app: ProducerApp { transactions, ..ProducerApp::default() },
        name: "bank".into(),
        config: pairs(&[("transactional.id", "bank")]),
        workload: Some(workload),
    }));
    let archive = story.world.next_client_id();
    let config = [
        ("group.id", "archive"),
        ("auto.offset.reset", "earliest"),
        ("isolation.level", "read_committed"),
    ];
    story.submit(&Command::AddConsumer(ConsumerSpec {
        name: "archive".into(),
        config: pairs(&config),
        subscribe: vec!["t".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing::default(),
    }));
    (bank, archive)
}

#[test]
fn transactions_and_a_group_live_through_a_leaders_death_and_a_change_of_controller() {
    let mut story = Story::new(&[1, 2, 0], &[("min.insync.replicas", "2")]);
    let (bank, archive) = bank_and_archive(&mut story);
    story.run_ms(15_000);
    let [leader, _] = story.others;
    story.submit(&Command::Kill(leader));
    story.run_ms(SESSION_AND_TICK + 5_000);
    story.submit(&Command::Start(leader));
    story.run_ms(15_000);
    story.submit(&Command::Kill(story.controller));
    story.run_ms(SESSION_AND_TICK + 5_000);
    story.submit(&Command::Start(story.controller));
    story.run_ms(90_000);
    assert_eq!(story.controller_epoch(), 2);
    let mut transactions: Vec<(Vec<RecordId>, bool)> = vec![(Vec::new(), false)];
    for event in story.facts.iter().filter(|event| event.node == bank) {
        let open = transactions.last_mut().expect("one is open");
        match &event.fact {
            Fact::Sent { record, .. } => open.0.push(*record),
            Fact::AppCallDone { call, error: None, .. } if *call == "commitTransaction" => {
                open.1 = true;
                transactions.push((Vec::new(), false));
            }
            Fact::AppCallDone { call, .. } if *call == "abortTransaction" => {
                transactions.push((Vec::new(), false));
            }
            _ => {}
        }
    }
    let mut given: FlatMap<RecordId, u32> = FlatMap::new();
    for event in story.facts.iter().filter(|event| event.node == archive) {
        if let Fact::Delivered { record, .. } = event.fact {
            *given.entry(record).or_default() += 1;
        }
    }
    let committed = transactions.iter().filter(|it| it.1);
    assert!(committed.clone().count() >= 30, "{}", committed.count());
    for (records, committed) in &transactions {
        let times: Vec<_> = records.iter().map(|it| given.get(it).copied().unwrap_or(0)).collect();
        let wanted = u32::from(*committed);
        assert!(times.iter().all(|times| *times == wanted), "{committed}: {times:?}");
    }
    assert!(story.world.now() > SimTime::from_ms(120_000));
}
