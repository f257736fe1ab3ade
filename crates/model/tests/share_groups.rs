//! Share groups under faults: whatever happens to members, brokers and links, a record is in one pair of hands at a time, is handed
//! out a limited number of times, and is settled in the end.
//!
//! Invariant: these worlds differ in nothing but their seeds, that is in their faults and in what applications say of records.

#![allow(clippy::wildcard_enum_match_arm, reason = "the laws look at some facts only")]

use kafkascope_kernel::{FlatMap, FlatSet, Limits, Micros, Prng, Seed};
use kafkascope_model::api::share::{AckType, RecordState};
use kafkascope_model::command::{AdminCommand, Command, ProducerSpec, ShareConsumerSpec};
use kafkascope_model::ids::{NodeId, Offset, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::workload::{Answers, NewRecord, Processing, Workload};
use kafkascope_model::world::{World, WorldSpec};

/// Sent, as far as faults allow.
const RECORDS: u32 = 120;
/// `group.share.delivery.count.limit`.
const MOST_DELIVERIES: i16 = 5;

struct Story {
    world: World,
    rng: Prng,
    facts: Vec<TraceEvent>,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut world = World::new(WorldSpec {
            seed: Seed(seed),
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: 1_700_000_000_000,
        });
        submit(&mut world, &Command::AddController { id: NodeId(100), config: Vec::new() });
        for id in (1..=3).map(NodeId) {
            submit(&mut world, &Command::AddBroker { id, rack: None, config: Vec::new() });
        }
        let rng = Seed(seed).stream("share-groups", 0);
        let mut story = Self { world, rng, facts: Vec::new() };
        story.run(3_000);
        story.topic();
        story
    }

    fn topic(&mut self) {
        let create = AdminCommand::CreateTopic {
            name: "t".into(),
            partitions: 2,
            replication_factor: 3,
            assignments: Vec::new(),
            configs: vec![("min.insync.replicas".into(), "2".into())],
        };
        submit(&mut self.world, &Command::Admin(create));
        let earliest = AdminCommand::AlterConfigs {
            resource: kafkascope_model::api::request::ConfigResource::Group("g".into()),
            configs: vec![("share.auto.offset.reset".into(), Some("earliest".into()))],
        };
        submit(&mut self.world, &Command::Admin(earliest));
        self.run(1_000);
    }

    fn producer(&mut self) {
        let event =
            |n: u32| NewRecord { key: Some(n.to_be_bytes().into()), ..NewRecord::default() };
        let workload = Workload {
            topic: "t".into(),
            events: (0..RECORDS).map(event).collect(),
            repeat: false,
            every: Micros::from_ms(150),
            burst: 1,
            jitter: Micros::ZERO,
            first_after: Micros::ZERO,
        };
        let producer = ProducerSpec {
            app: Default::default(),
            name: "shop".into(),
            config: Vec::new(),
            workload: Some(workload),
        };
        submit(&mut self.world, &Command::AddProducer(producer));
    }

    fn member(&mut self, number: u32) -> NodeId {
        let id = self.world.next_client_id();
        let odd = [AckType::Release, AckType::Reject, AckType::Renew][number as usize % 3];
        let pair = |key: &str, value: &str| (key.into(), value.into());
        let spec = ShareConsumerSpec {
            name: format!("m{number}").into(),
            config: vec![pair("group.id", "g"), pair("share.acknowledgement.mode", "explicit")],
            subscribe: vec!["t".into()],
            processing: Processing {
                per_record: Micros::from_ms(self.rng.between(1, 60)),
                ..Processing::default()
            },
            answers: Answers { usual: AckType::Accept, odd: Some((9, odd)) },
            max_messages: None,
            timeout: None,
        };
        submit(&mut self.world, &Command::AddShareConsumer(spec));
        id
    }

    fn fault(&mut self, nodes: &[NodeId]) {
        let mut any = || nodes[self.rng.below(nodes.len() as u32) as usize];
        let (a, b) = (any(), any());
        let command = match self.rng.below(9) {
            0 => Command::Kill(a),
            1 | 2 => Command::Start(a),
            3 => Command::Pause(a),
            4 | 5 => Command::Resume(a),
            6 => Command::Cut(LinkSel::OneWay(a, b)),
            7 => Command::Slow(LinkSel::Between(a, b), Micros::from_ms(self.rng.between(1, 500))),
            _ => Command::Stop(a),
        };
        let _refused = self.world.submit(&command);
    }

    fn repair(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            for command in [
                Command::Resume(*node),
                Command::Heal(LinkSel::Around(*node)),
                Command::Start(*node),
            ] {
                let _refused = self.world.submit(&command);
            }
        }
    }

    fn run(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        self.world.run_until(until);
        self.facts.extend(self.world.take_facts());
    }
}

fn submit(world: &mut World, command: &Command) {
    world.submit(command).expect("the command fits");
}

/// What became of every offset of the group, by the facts.
#[derive(Default)]
struct Hands {
    /// Locked, as the leader says; one that was deposed says nothing any more.
    held: FlatSet<(NodeId, TopicPartition, Offset)>,
    leaders: FlatMap<TopicPartition, NodeId>,
    /// Acknowledged or archived, as the present leader says.
    done: FlatSet<(TopicPartition, Offset)>,
    /// The same, as any leader has ever said.
    settled: FlatSet<(TopicPartition, Offset)>,
    starts: FlatMap<TopicPartition, Offset>,
}

impl Hands {
    fn start(&self, tp: TopicPartition) -> Offset {
        self.starts.get(&tp).copied().unwrap_or(0)
    }

    fn see(&mut self, event: &TraceEvent) {
        match &event.fact {
            Fact::SharePartitionLoaded { tp, start, .. } => {
                self.leaders.insert(*tp, event.node);
                // A write that was tried again may arrive after a later one and take the start back: at least once.
                self.done.retain(|(of, _)| of != tp);
                self.starts.insert(*tp, *start);
                self.held.retain(|(leader, of, _)| of != tp || *leader != event.node);
            }
            Fact::ShareAcquired { tp, first, last, delivery_count, .. } => {
                assert!(*delivery_count <= MOST_DELIVERIES, "{event:?}");
                for offset in *first..=*last {
                    let free = self.held.insert((event.node, *tp, offset));
                    assert!(free, "{offset} has two holders: {event:?}");
                    let done = self.done.contains(&(*tp, offset));
                    assert!(!done, "{offset} was settled: {event:?}");
                }
            }
            Fact::ShareSettled { tp, first, last, state, .. } => {
                for offset in *first..=*last {
                    self.held.remove(&(event.node, *tp, offset));
                    if *state != RecordState::Available {
                        self.done.insert((*tp, offset));
                        self.settled.insert((*tp, offset));
                    }
                }
            }
            Fact::ShareStartMoved { tp, to, .. } => {
                let before = self.starts.insert(*tp, *to).unwrap_or(0);
                assert!(before <= *to, "the start goes back from {before}: {event:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_record_has_one_holder_at_a_time_and_is_settled_in_the_end_whatever_breaks() {
    for seed in 0..10 {
        let mut story = Story::new(seed);
        story.producer();
        let members: Vec<NodeId> = (0..3).map(|number| story.member(number)).collect();
        story.run(8_000);
        let nodes: Vec<NodeId> = (1..=3).map(NodeId).chain(members).collect();
        for _ in 0..25 {
            story.fault(&nodes);
            let pause = story.rng.between(10, 2_500);
            story.run(pause);
        }
        for _ in 0..3 {
            story.repair(&nodes);
            story.run(120_000);
        }
        let mut hands = Hands::default();
        let mut acked = Vec::new();
        for event in &story.facts {
            hands.see(event);
            if let Fact::SendDone { tp, result: SendResult::Acked(offset), .. } = event.fact {
                acked.push((tp, offset));
            }
        }
        assert!(acked.len() > 50, "seed {seed}: {} records are there", acked.len());
        let locked = hands.held.iter().filter(|(by, tp, _)| hands.leaders[tp] == *by);
        assert_eq!(locked.count(), 0, "seed {seed}: nothing stays locked");
        // A start may stay behind the last final record after a failover, and a deposed leader's last word may be stored unheard.
        acked.retain(|at| !hands.settled.contains(at) && at.1 >= hands.start(at.0));
        assert_eq!(acked, [], "seed {seed}: everything is settled");
    }
}
