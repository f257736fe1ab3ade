//! Whole clusters under random faults: whatever dies, sleeps or is cut off, metadata keeps its shape and the cluster recovers.
//!
//! Invariant: a seed decides everything that happens.

#![allow(clippy::wildcard_enum_match_arm, reason = "a story looks at some processes only")]

use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Limits, Micros, Prng, Seed};
use kafkascope_model::broker::zk::Zk;
use kafkascope_model::command::{AdminCommand, Command, ProducerSpec};
use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::ids::{LeaderEpoch, NodeId, RecordId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, SendResult};
use kafkascope_model::workload::NewRecord;
use kafkascope_model::world::{ProcessState, World, WorldSpec};

const PRODUCER: NodeId = NodeId(1_001);

struct Story {
    world: World,
    /// Leaders by partition and epoch.
    leaders: FlatMap<(TopicPartition, LeaderEpoch), NodeId>,
    acked: FlatSet<RecordId>,
}

impl Story {
    /// With no controllers, metadata is in ZooKeeper.
    fn new(seed: u64, controllers: i32) -> Self {
        let mut world = World::new(WorldSpec {
            seed: Seed(seed),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        if controllers == 0 {
            submit(&mut world, &Command::AddZookeeper { id: NodeId(100) });
        }
        for id in (100..).take(controllers as usize) {
            submit(&mut world, &Command::AddController { id: NodeId(id), config: Vec::new() });
        }
        for id in 1..=3 {
            let broker = Command::AddBroker { id: NodeId(id), rack: None, config: Vec::new() };
            submit(&mut world, &broker);
        }
        let mut story = Self { world, leaders: FlatMap::new(), acked: FlatSet::new() };
        story.run(1_000);
        let create = AdminCommand::CreateTopic {
            name: "t".into(),
            partitions: 3,
            replication_factor: 3,
            assignments: Vec::new(),
            configs: vec![("min.insync.replicas".into(), "2".into())],
        };
        submit(&mut story.world, &Command::Admin(create));
        story.run(1_000);
        let spec = ProducerSpec {
            app: Default::default(),
            name: "p".into(),
            config: Vec::new(),
            workload: None,
        };
        submit(&mut story.world, &Command::AddProducer(spec));
        story.run(10);
        story
    }

    fn run(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        for event in self.world.take_facts() {
            if let Fact::LeaderElected { tp, leader, epoch, .. } = event.fact {
                let before = self.leaders.insert((tp, epoch), leader);
                assert!(before.is_none_or(|before| before == leader), "{tp:?} {epoch}");
            } else if let Fact::SendDone { record, result: SendResult::Acked(_), .. } = event.fact {
                self.acked.insert(record);
            }
        }
        self.check_shape();
    }

    /// Leaders are in sync, whoever is in sync or eligible is a replica, and nobody is both.
    fn check_shape(&self) {
        for (_, process) in self.world.processes() {
            let image = match &process.node {
                Node::Controller(controller) => controller.image(),
                Node::Broker(broker) => broker.metadata.image(),
                _ => continue,
            };
            for (tp, state) in image.partitions() {
                let PartitionState { replicas, isr, elr, leader, .. } = state;
                assert!(*leader == NodeId::NONE || isr.contains(leader), "{tp:?} {state:?}");
                let known: FlatSet<_> = isr.iter().chain(elr).collect();
                assert_eq!(known.len(), isr.len() + elr.len(), "{tp:?} {state:?}");
                assert!(known.iter().all(|id| replicas.contains(id)), "{tp:?} {state:?}");
            }
        }
    }

    /// Whatever can fail.
    fn servers(&self) -> Vec<NodeId> {
        let mut servers = self.world.broker_ids();
        servers.extend(self.world.controller_ids());
        servers.extend(self.world.zookeeper());
        servers
    }

    fn send(&mut self) {
        let record = NewRecord { value: Some(b"v"[..].into()), ..NewRecord::default() };
        let records = vec![record; 3];
        submit(&mut self.world, &Command::Send { producer: PRODUCER, topic: "t".into(), records });
    }

    /// One random fault, or the end of one.
    fn fate(&mut self, dice: &mut Prng) {
        let servers = self.servers();
        let count = u32::try_from(servers.len()).expect("a few");
        let one = servers[dice.below(count) as usize];
        let other = servers[dice.below(count) as usize];
        let command = match (self.world.state(one), dice.below(6)) {
            (ProcessState::Running, 0) => Command::Kill(one),
            (ProcessState::Running, 1) => Command::Pause(one),
            (ProcessState::Running, 2) => Command::Stop(one),
            (ProcessState::Running, 3) if one != other => Command::Cut(LinkSel::OneWay(one, other)),
            (ProcessState::Running, 4) if one != other => {
                Command::Cut(LinkSel::Between(one, other))
            }
            (ProcessState::Paused, _) => Command::Resume(one),
            (ProcessState::Down, _) => Command::Start(one),
            _ => Command::Heal(LinkSel::Around(one)),
        };
        submit(&mut self.world, &command);
    }

    /// Everything is put right again.
    fn relieve(&mut self) {
        let servers = self.servers();
        for one in &servers {
            submit(&mut self.world, &Command::Heal(LinkSel::Around(*one)));
            for other in servers.iter().filter(|other| *other != one) {
                submit(&mut self.world, &Command::Heal(LinkSel::Between(*one, *other)));
                submit(&mut self.world, &Command::Heal(LinkSel::OneWay(*one, *other)));
            }
            if self.world.state(*one) == ProcessState::Paused {
                submit(&mut self.world, &Command::Resume(*one));
            }
        }
        for _ in 0..6 {
            self.run(15_000);
            for one in &servers {
                if self.world.state(*one) == ProcessState::Down {
                    submit(&mut self.world, &Command::Start(*one));
                }
            }
        }
    }
}

fn submit(world: &mut World, command: &Command) {
    world.submit(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
}

#[test]
fn a_cluster_recovers_from_whatever_happened_to_it() {
    for seed in 0..SEEDS {
        let controllers = [1, 3, 0][seed as usize % 3];
        let mut story = Story::new(seed, controllers);
        let mut dice = Seed(seed).stream("fate", 1);
        for _ in 0..12 {
            story.send();
            story.fate(&mut dice);
            story.run(u64::from(100 + dice.below(6_000)));
        }
        story.relieve();
        story.run(60_000);
        let before = story.acked.len();
        story.send();
        story.run(60_000);
        assert!(story.acked.len() >= before + 3, "seed {seed}: it takes records again");
        let isrs = story.isrs();
        assert!(isrs.iter().all(|isr| *isr == 3), "seed {seed}: everyone is in sync: {isrs:?}");
        for broker in 1..=3 {
            let held = story.records_on(NodeId(broker));
            assert!(
                story.acked.is_subset(&held),
                "seed {seed}: {broker} has what was acknowledged"
            );
        }
    }
}

/// How many fates are tried.
const SEEDS: u64 = 18;

impl Story {
    /// Every record in a broker's logs.
    fn records_on(&self, broker: NodeId) -> FlatSet<RecordId> {
        let process = self.world.process(broker).expect("it was added");
        let Node::Broker(broker) = &process.node else { panic!("{broker} is a broker") };
        let logs = broker.replicas.replicas.iter().map(|replica| &replica.log);
        let batches = logs.flat_map(|log| log.read(0, u32::MAX, log.log_end(), true));
        batches.flat_map(|batch| batch.records.iter().map(|r| r.id).collect::<Vec<_>>()).collect()
    }

    /// Sizes of the topic's ISRs, as the active controller has them.
    fn isrs(&self) -> Vec<usize> {
        let images = self.world.processes().filter_map(|(_, process)| match &process.node {
            Node::Controller(controller) => controller.is_active().then(|| controller.image()),
            Node::Broker(broker) => {
                let active = broker.zk().is_some_and(Zk::is_active);
                active.then(|| &**broker.metadata.image())
            }
            _ => None,
        });
        let image = images.last().expect("one decides");
        let (_, topic) = image.topic("t").expect("it was created");
        topic.partitions.iter().map(|state| state.isr.len()).collect()
    }
}
