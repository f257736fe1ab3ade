//! A controller and its brokers in whole worlds: they boot, die, return, shut down, and the controller sees to it.
//!
//! Invariant: these worlds differ in nothing but their commands and configs.

use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::command::{AdminCommand, Command};
use kafkascope_model::controller::image::{BrokerImage, MetadataImage};
use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{ChangeReason, Fact, TraceEvent};
use kafkascope_model::world::{ProcessState, World, WorldSpec};

struct Story {
    world: World,
    facts: Vec<TraceEvent>,
}

impl Story {
    /// One controller and three brokers; `config` is everyone's.
    fn new(config: &[(&str, &str)]) -> Self {
        let mut world = World::new(WorldSpec {
            seed: Seed(11),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        let config: Vec<_> =
            config.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let controller = Command::AddController { id: NodeId(100), config: config.clone() };
        world.submit(&controller).expect("it fits");
        for id in 1..=3 {
            let broker = Command::AddBroker { id: NodeId(id), rack: None, config: config.clone() };
            world.submit(&broker).expect("it fits");
        }
        let mut story = Self { world, facts: Vec::new() };
        story.run(1_000);
        story
    }

    /// The same with a topic `t` of one partition on 1, 2, 3.
    fn with_topic(config: &[(&str, &str)]) -> Self {
        let mut story = Self::new(config);
        story.admin(AdminCommand::CreateTopic {
            name: "t".into(),
            partitions: -1,
            replication_factor: -1,
            assignments: vec![[1, 2, 3].map(NodeId).to_vec()],
            configs: Vec::new(),
        });
        story
    }

    fn run(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        self.facts.extend(self.world.take_facts());
    }

    fn command(&mut self, command: &Command) {
        self.world.submit(command).expect("the command fits");
    }

    /// Asks through the admin client; the verdict.
    fn admin(&mut self, call: AdminCommand) -> ErrorCode {
        let before = self.facts.len();
        self.command(&Command::Admin(call));
        self.run(1_000);
        let verdict = |event: &TraceEvent| {
            let Fact::AdminAnswered { error, .. } = event.fact else { return None };
            Some(error)
        };
        self.facts[before..].iter().find_map(verdict).expect("the call was answered")
    }

    fn image(&self) -> &MetadataImage {
        let process = self.world.process(NodeId(100)).expect("it was added");
        let Node::Controller(controller) = &process.node else { panic!("100 is a controller") };
        controller.image()
    }

    fn partition(&self) -> &PartitionState {
        let (id, _) = self.image().topic("t").expect("it was created");
        self.image().partition(TopicPartition::new(id, 0)).expect("it was created")
    }

    fn isr(&self) -> Vec<i32> {
        self.partition().isr.iter().map(|id| id.0).collect()
    }

    fn find(&self, wanted: impl Fn(&Fact) -> bool) -> Vec<&TraceEvent> {
        self.facts.iter().filter(|event| wanted(&event.fact)).collect()
    }

    fn moment(&self, wanted: impl Fn(&Fact) -> bool) -> SimTime {
        self.find(wanted).last().expect("it happened").at
    }
}

#[test]
fn brokers_register_are_unfenced_and_know_of_a_new_topic() {
    let mut story = Story::new(&[]);
    let unfenced = story.find(|fact| matches!(fact, Fact::BrokerUnfenced { .. })).len();
    assert_eq!(unfenced, 3);
    assert!(story.image().brokers.values().all(BrokerImage::is_active));
    let epochs: Vec<_> = story.image().brokers.values().map(|broker| broker.epoch).collect();
    assert!(epochs.iter().all(|epoch| *epoch >= 10), "after the records of a new cluster");
    let verdict = story.admin(AdminCommand::CreateTopic {
        name: "t".into(),
        partitions: 6,
        replication_factor: 3,
        assignments: Vec::new(),
        configs: Vec::new(),
    });
    assert_eq!(verdict, ErrorCode::None);
    for id in 1..=3 {
        let Some(Node::Broker(broker)) = story.world.process(NodeId(id)).map(|p| &p.node) else {
            panic!("{id} is a broker")
        };
        assert_eq!(broker.metadata.image().topics, story.image().topics);
        let leads = story.image().partitions().filter(|(_, state)| state.leader == NodeId(id));
        assert_eq!(leads.count(), 2, "leaderships are spread evenly");
    }
}

#[test]
fn a_silent_broker_is_fenced_when_its_session_ends_and_the_next_in_sync_replica_leads() {
    let mut story = Story::with_topic(&[]);
    let killed = story.world.now();
    story.command(&Command::Kill(NodeId(1)));
    story.run(20_000);
    let silent = story.facts.iter().find_map(|event| {
        let Fact::BrokerFenced { broker, silent } = event.fact else { return None };
        Some((broker, silent))
    });
    let (broker, silent) = silent.expect("one was fenced");
    assert_eq!(broker, NodeId(1));
    assert!(silent > Micros::from_ms(9_000) && silent < Micros::from_ms(10_200), "{silent:?}");
    let state = story.partition();
    assert_eq!((state.leader, state.leader_epoch), (NodeId(2), 1));
    assert_eq!(story.isr(), [2, 3]);
    let elected = story.moment(|fact| matches!(fact, Fact::LeaderElected { epoch: 1, .. }));
    assert!(elected - killed > Micros::from_ms(6_900), "a heartbeat may be 2 s old");
}

#[test]
fn a_broker_back_within_its_session_asks_until_that_is_over() {
    let mut story = Story::with_topic(&[("broker.heartbeat.interval.ms", "500")]);
    story.command(&Command::Kill(NodeId(1)));
    story.run(100);
    story.command(&Command::Start(NodeId(1)));
    story.run(20_000);
    let duplicate = |fact: &Fact| {
        let error = ErrorCode::DuplicateBrokerRegistration;
        matches!(fact, Fact::BrokerRefused { error: found, .. } if *found == error)
    };
    assert!(story.find(duplicate).len() > 3, "it is refused again and again");
    let last_refused = story.moment(duplicate);
    let registered =
        story.moment(|fact| matches!(fact, Fact::BrokerRegistered { broker: NodeId(1), .. }));
    assert!(registered > last_refused);
    assert_eq!(story.partition().leader, NodeId(2), "meanwhile the next one took over");
    assert_eq!(story.isr(), [1, 2, 3], "and 1 follows in sync");
}

#[test]
fn a_controlled_shutdown_hands_over_before_the_process_ends() {
    let mut story = Story::with_topic(&[]);
    story.command(&Command::Stop(NodeId(1)));
    story.run(8_000);
    assert_eq!(story.world.state(NodeId(1)), ProcessState::Down);
    let began = story.moment(|fact| matches!(fact, Fact::ShutdownBegan { .. }));
    let elected = story.moment(|fact| {
        let leaving = ChangeReason::ControlledShutdown;
        matches!(fact, Fact::LeaderElected { reason, .. } if *reason == leaving)
    });
    let granted = story.moment(|fact| matches!(fact, Fact::ShutdownGranted { .. }));
    let exited = story.moment(|fact| matches!(fact, Fact::Exited(_)));
    assert!(began <= elected && elected < granted && granted < exited);
    assert_eq!(story.partition().leader, NodeId(2));
    assert!(story.image().brokers[&NodeId(1)].fenced);
}

#[test]
fn a_paused_broker_is_fenced_and_keeps_its_epoch_when_it_goes_on() {
    let mut story = Story::with_topic(&[]);
    let epoch = story.image().brokers[&NodeId(3)].epoch;
    story.command(&Command::Pause(NodeId(3)));
    story.run(12_000);
    assert!(story.image().brokers[&NodeId(3)].fenced);
    assert_eq!(story.isr(), [1, 2]);
    story.command(&Command::Resume(NodeId(3)));
    story.run(5_000);
    let broker = &story.image().brokers[&NodeId(3)];
    assert_eq!((broker.fenced, broker.epoch), (false, epoch));
    assert_eq!(story.isr(), [1, 2, 3]);
}

#[test]
fn preferred_leaders_come_back_with_the_next_look() {
    let mut story = Story::with_topic(&[("leader.imbalance.check.interval.seconds", "60")]);
    story.command(&Command::Kill(NodeId(1)));
    story.run(12_000);
    story.command(&Command::Start(NodeId(1)));
    story.run(15_000);
    assert_eq!((story.partition().leader, story.isr()), (NodeId(2), vec![1, 2, 3]));
    story.run(60_000);
    assert_eq!((story.partition().leader, story.partition().leader_epoch), (NodeId(1), 2));
    let by_itself = |fact: &Fact| {
        let preferred = ChangeReason::Preferred;
        matches!(fact, Fact::LeaderElected { reason, .. } if *reason == preferred)
    };
    assert_eq!(story.find(by_itself).len(), 1);
}

#[test]
fn without_its_controller_a_cluster_changes_nothing() {
    let mut story = Story::with_topic(&[]);
    story.command(&Command::Kill(NodeId(100)));
    story.command(&Command::Kill(NodeId(1)));
    story.run(30_000);
    assert_eq!(story.partition().leader, NodeId(1), "nobody is there to fence it");
    story.command(&Command::Start(NodeId(100)));
    story.run(5_000);
    assert!(!story.image().brokers[&NodeId(1)].fenced, "every broker gets a new session");
    story.run(10_000);
    assert!(story.image().brokers[&NodeId(1)].fenced);
    assert_eq!(story.partition().leader, NodeId(2));
}

#[test]
fn a_broker_cut_off_from_the_controller_is_fenced_though_it_lives() {
    let mut story = Story::with_topic(&[]);
    let link = LinkSel::Between(NodeId(1), NodeId(100));
    story.command(&Command::Cut(link));
    story.run(12_000);
    assert_eq!((story.partition().leader, story.isr()), (NodeId(2), vec![2, 3]));
    story.command(&Command::Heal(link));
    story.run(10_000);
    assert_eq!(story.isr(), [1, 2, 3], "it learns that it leads no more, and follows");
}

#[test]
fn a_broker_that_finds_no_controller_gives_up_after_a_minute() {
    let mut story = Story::new(&[]);
    story.command(&Command::Kill(NodeId(100)));
    story.command(&Command::Kill(NodeId(1)));
    story.command(&Command::Start(NodeId(1)));
    story.run(59_000);
    assert_eq!(story.world.state(NodeId(1)), ProcessState::Running);
    story.run(5_000);
    assert_eq!(story.world.state(NodeId(1)), ProcessState::Down);
    assert_eq!(story.world.state(NodeId(2)), ProcessState::Running, "whoever was registered stays");
}

#[test]
fn the_admin_client_changes_topics_and_configs_or_learns_why_not() {
    let mut story = Story::with_topic(&[]);
    let topic = || ConfigResource::Topic("t".into());
    let grow = |total| AdminCommand::CreatePartitions { name: "t".into(), total };
    let alter = |key: &str, value: &str| AdminCommand::AlterConfigs {
        resource: topic(),
        configs: vec![(key.into(), Some(value.into()))],
    };
    let elect = || AdminCommand::ElectLeaders { unclean: false, partitions: vec![("t".into(), 0)] };
    let cases = [
        (grow(3), ErrorCode::None),
        (grow(3), ErrorCode::InvalidPartitions),
        (alter("min.insync.replicas", "2"), ErrorCode::None),
        (alter("min.insync.replicas", "none"), ErrorCode::InvalidConfig),
        (elect(), ErrorCode::ElectionNotNeeded),
        (AdminCommand::DeleteTopic { name: "t".into() }, ErrorCode::None),
    ];
    for (call, verdict) in cases {
        let told = format!("{call:?}");
        assert_eq!(story.admin(call), verdict, "{told}");
    }
    assert!(story.image().topics.is_empty());
}
