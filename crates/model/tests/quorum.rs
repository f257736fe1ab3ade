//! Quorums of three and five controllers in whole worlds: leaders die, stand still and are cut off, and metadata stays whole.
//!
//! Invariant: these worlds differ in nothing but their controllers, commands and seeds.

use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::command::{AdminCommand, Command, ProducerSpec};
use kafkascope_model::controller::Controller;
use kafkascope_model::controller::quorum::Role;
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::workload::NewRecord;
use kafkascope_model::world::{ProcessState, World, WorldSpec};

struct Story {
    world: World,
    facts: Vec<TraceEvent>,
    leaders: FlatMap<i32, NodeId>,
}

impl Story {
    /// Two brokers under so many controllers, from 100 on.
    fn new(controllers: i32, seed: u64) -> Self {
        let mut world = World::new(WorldSpec {
            seed: Seed(seed),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        for id in (100..).take(controllers as usize) {
            submit(&mut world, &Command::AddController { id: NodeId(id), config: Vec::new() });
        }
        for id in 1..=2 {
            let broker = Command::AddBroker { id: NodeId(id), rack: None, config: Vec::new() };
            submit(&mut world, &broker);
        }
        let mut story = Self { world, facts: Vec::new(), leaders: FlatMap::new() };
        story.run(2_000);
        story
    }

    fn run(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        for event in self.world.take_facts() {
            if let Fact::ControllerElected { epoch } = event.fact {
                let before = self.leaders.insert(epoch, event.node);
                assert_eq!(before, None, "epoch {epoch} has one leader");
            }
            self.facts.push(event);
        }
    }

    fn command(&mut self, command: &Command) {
        submit(&mut self.world, command);
    }

    fn create(&mut self, name: &str) {
        self.command(&Command::Admin(AdminCommand::CreateTopic {
            name: name.into(),
            partitions: 1,
            replication_factor: 2,
            assignments: Vec::new(),
            configs: Vec::new(),
        }));
    }

    fn controller(&self, id: NodeId) -> &Controller {
        let process = self.world.process(id).expect("it was added");
        let Node::Controller(controller) = &process.node else { panic!("{id} is a controller") };
        controller
    }

    fn running(&self) -> Vec<NodeId> {
        let running = |id: &NodeId| self.world.state(*id) == ProcessState::Running;
        self.world.controller_ids().into_iter().filter(running).collect()
    }

    fn active(&self) -> Option<NodeId> {
        let mut active = self.running();
        active.retain(|id| self.controller(*id).is_active());
        assert!(active.len() <= 1, "nobody else decides: {active:?}");
        active.first().copied()
    }

    fn topics_of_broker(&self, id: i32) -> Vec<String> {
        let Some(Node::Broker(broker)) = self.world.process(NodeId(id)).map(|p| &p.node) else {
            panic!("{id} is a broker")
        };
        broker.metadata.image().topic_ids.keys().map(ToString::to_string).collect()
    }

    fn created(&self, name: &str) -> usize {
        let of = |event: &&TraceEvent| matches!(&event.fact, Fact::TopicCreated { name: of, .. } if &**of == name);
        self.facts.iter().filter(of).count()
    }

    /// Every running controller and both brokers have come to the same state.
    fn assert_agreed(&self) {
        let leader = self.active().expect("someone decides");
        let image = self.controller(leader).image();
        for id in self.running() {
            assert_eq!(self.controller(id).image().topics, image.topics, "{id} and {leader}");
            assert_eq!(self.controller(id).image().brokers, image.brokers, "{id} and {leader}");
        }
        for id in 1..=2 {
            let known: Vec<_> = image.topic_ids.keys().map(ToString::to_string).collect();
            assert_eq!(self.topics_of_broker(id), known);
        }
    }
}

fn submit(world: &mut World, command: &Command) {
    world.submit(command).expect("the command fits");
}

#[test]
fn the_others_elect_one_of_them_when_the_leader_dies() {
    for seed in 0..10 {
        let mut story = Story::new(3, seed);
        assert_eq!(story.active(), Some(NodeId(100)));
        story.create("before");
        story.run(500);
        story.command(&Command::Kill(NodeId(100)));
        story.run(1_500);
        assert_eq!(story.active(), None, "nobody misses it before the fetch time-out");
        story.run(6_000);
        let second = story.active().expect("a majority elects a leader");
        assert!(story.controller(second).epoch() >= 2);
        story.create("after");
        story.run(1_000);
        assert_eq!(story.topics_of_broker(1), ["after", "before"]);
        story.command(&Command::Start(NodeId(100)));
        story.run(8_000);
        assert_eq!(story.active(), Some(second), "the old leader follows");
        story.assert_agreed();
        assert_eq!((story.created("before"), story.created("after")), (1, 1));
    }
}

#[test]
fn a_controller_that_starts_makes_itself_known_to_the_active_one() {
    let mut story = Story::new(3, 1);
    let registered = |story: &Story| {
        let active = story.active().expect("someone decides");
        story.controller(active).image().controllers.clone()
    };
    let before = registered(&story);
    assert_eq!(before.keys().map(|id| id.0).collect::<Vec<_>>(), [100, 101, 102]);
    story.command(&Command::Kill(NodeId(101)));
    story.run(1_000);
    assert_eq!(registered(&story), before, "nobody strikes it off");
    story.command(&Command::Start(NodeId(101)));
    story.run(5_000);
    let after = registered(&story);
    for id in [100, 101, 102].map(NodeId) {
        assert_eq!(after[&id] == before[&id], id != NodeId(101), "only 101 is a new process");
    }
}

#[test]
fn without_a_majority_data_goes_on_and_metadata_waits() {
    let mut story = Story::new(3, 5);
    story.create("t");
    story.run(500);
    let config = vec![("acks".into(), "all".into())];
    story.command(&Command::AddProducer(ProducerSpec {
        app: Default::default(),
        name: "p".into(),
        config,
        workload: None,
    }));
    story.run(100);
    let record = NewRecord { value: Some(b"v"[..].into()), ..NewRecord::default() };
    let records = vec![record];
    let send = Command::Send { producer: NodeId(1_001), topic: "t".into(), records };
    story.command(&send);
    story.run(2_000);
    story.command(&Command::Kill(NodeId(101)));
    story.command(&Command::Kill(NodeId(102)));
    story.run(1_000);
    assert_eq!(story.active(), Some(NodeId(100)), "it does not know yet");
    story.run(3_000);
    assert_eq!(story.active(), None, "without fetches of a majority a leader resigns");
    story.command(&send);
    story.create("late");
    story.run(5_000);
    let acked = |event: &&TraceEvent| {
        matches!(event.fact, Fact::SendDone { result: SendResult::Acked(_), .. })
    };
    assert_eq!(story.facts.iter().filter(acked).count(), 2, "data goes on");
    assert_eq!(story.created("late"), 0);
    story.command(&Command::Start(NodeId(101)));
    story.run(8_000);
    assert!(story.active().is_some());
    assert_eq!(story.created("late"), 1, "the broker held the request");
    story.assert_agreed();
}

#[test]
fn what_a_leader_decided_alone_is_forgotten() {
    let mut story = Story::new(3, 9);
    story.run(1_000);
    for other in [101, 102] {
        story.command(&Command::Cut(LinkSel::Between(NodeId(100), NodeId(other))));
    }
    story.run(500);
    story.create("lonely");
    story.run(600);
    let lonely = |story: &Story, id| story.controller(NodeId(id)).image().topic("lonely").is_some();
    assert!(lonely(&story, 100), "it decided");
    assert_eq!(story.created("lonely"), 0, "but that is not committed");
    story.run(8_000);
    let second = story.active().expect("the other two have a majority");
    assert_ne!(second, NodeId(100));
    for other in [101, 102] {
        story.command(&Command::Heal(LinkSel::Between(NodeId(100), NodeId(other))));
    }
    story.run(30_000);
    story.assert_agreed();
    assert_eq!(story.created("lonely"), 1, "the broker asked the new leader");
}

#[test]
fn a_leader_that_stood_still_finds_itself_replaced() {
    let mut story = Story::new(3, 2);
    story.command(&Command::Pause(NodeId(100)));
    story.run(10_000);
    let second = story.active().expect("the other two have a majority");
    story.run(20_000);
    let fenced = story.facts.iter().any(|event| matches!(event.fact, Fact::BrokerFenced { .. }));
    assert!(!fenced, "brokers wait half a session for the old leader, then turn to the new one");
    story.command(&Command::Resume(NodeId(100)));
    story.run(3_000);
    assert_eq!(story.active(), Some(second));
    let follows = |role: &Role| matches!(role, Role::Follower { fetched: true });
    assert!(follows(story.controller(NodeId(100)).quorum().role()));
    story.assert_agreed();
}

#[test]
fn a_leader_that_is_stopped_names_its_successor() {
    let mut story = Story::new(3, 4);
    let stopped = story.world.now();
    story.command(&Command::Stop(NodeId(100)));
    story.run(1_000);
    assert_eq!(story.world.state(NodeId(100)), ProcessState::Down);
    let second = story.active().expect("nobody waits for a time-out");
    let elected = story.facts.iter().rfind(|e| matches!(e.fact, Fact::ControllerElected { .. }));
    let elected = elected.expect("one was elected");
    assert_eq!(elected.node, second);
    assert!(elected.at - stopped < Micros::from_ms(100), "{:?}", elected.at);
}

#[test]
fn five_voters_bear_two_deaths() {
    let mut story = Story::new(5, 3);
    story.create("a");
    story.run(500);
    story.command(&Command::Kill(NodeId(100)));
    story.command(&Command::Kill(NodeId(101)));
    story.run(10_000);
    story.create("b");
    story.run(1_000);
    assert_eq!(story.topics_of_broker(2), ["a", "b"]);
    let third = story.active().expect("three of five are a majority");
    story.command(&Command::Kill(third));
    story.run(10_000);
    assert_eq!(story.active(), None);
}

#[test]
fn a_single_controller_leads_again_in_the_next_epoch() {
    let mut story = Story::new(1, 1);
    story.create("t");
    story.run(500);
    story.command(&Command::Kill(NodeId(100)));
    story.run(500);
    story.command(&Command::Start(NodeId(100)));
    story.run(5_000);
    assert_eq!(story.controller(NodeId(100)).epoch(), 2);
    assert_eq!(story.created("t"), 1, "what was told is not told again");
    story.create("u");
    story.run(1_000);
    story.assert_agreed();
    assert_eq!(story.created("u"), 1);
}

/// Whatever happens to controllers: one leader an epoch (checked all along), and in the end one state, in which everything is
/// that was answered.
#[test]
fn metadata_survives_whatever_happens_to_controllers() {
    for seed in 0..20 {
        let mut story = Story::new(3, seed);
        let mut dice = Seed(seed).stream("fate", 0);
        for round in 0..12 {
            let id = NodeId(100 + dice.below(3) as i32);
            let other = NodeId(100 + dice.below(3) as i32);
            let command = match (dice.below(4), story.world.state(id)) {
                (0, ProcessState::Running) => Command::Kill(id),
                (1, ProcessState::Running) => Command::Pause(id),
                (2, ProcessState::Running) if id != other => {
                    Command::Cut(LinkSel::Between(id, other))
                }
                (3, ProcessState::Running) => Command::Heal(LinkSel::Around(id)),
                (_, ProcessState::Paused) => Command::Resume(id),
                (_, ProcessState::Down) => Command::Start(id),
                _ => Command::Heal(LinkSel::Between(id, other)),
            };
            submit(&mut story.world, &command);
            story.create(&format!("t{round}"));
            story.run(u64::from(200 + dice.below(5_000)));
        }
        for id in story.world.controller_ids() {
            match story.world.state(id) {
                ProcessState::Paused => story.command(&Command::Resume(id)),
                ProcessState::Down => story.command(&Command::Start(id)),
                ProcessState::Running | ProcessState::Starting | ProcessState::Stopping => {}
            }
            for other in story.world.controller_ids() {
                story.command(&Command::Heal(LinkSel::Between(id, other)));
            }
        }
        story.run(40_000);
        story.assert_agreed();
        let known = story.topics_of_broker(1);
        for event in &story.facts {
            if let Fact::AdminAnswered { target, error: ErrorCode::None, .. } = &event.fact {
                assert!(known.contains(&target.to_string()), "{target} was answered, seed {seed}");
            }
        }
        assert!(story.world.now() > SimTime::ZERO);
    }
}
