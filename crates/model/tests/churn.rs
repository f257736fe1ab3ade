//! Members come and go while nothing breaks: what holds then, whatever the protocol.
//!
//! Invariant: no process dies and no link fails in these worlds.

#![allow(clippy::wildcard_enum_match_arm, reason = "the laws look at some facts only")]

use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Limits, Micros, Prng, Seed};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::{World, WorldSpec};

fn world(seed: u64) -> World {
    let mut world = World::new(WorldSpec {
        seed: Seed(seed),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_700_000_000_000,
    });
    let pair = |key: &str, value: &str| (key.into(), value.into());
    let config = vec![
        pair("group.initial.rebalance.delay.ms", "0"),
        pair("offsets.topic.replication.factor", "1"),
    ];
    let mut start = |command| world.submit(&command).expect("accepted");
    start(Command::AddController { id: NodeId(100), config: config.clone() });
    start(Command::AddBroker { id: NodeId(1), rack: None, config });
    run(&mut world, 3_000);
    let topic = AdminCommand::CreateTopic {
        name: "t".into(),
        partitions: 7,
        replication_factor: 1,
        assignments: Vec::new(),
        configs: Vec::new(),
    };
    world.submit(&Command::Admin(topic)).expect("accepted");
    run(&mut world, 1_000);
    let event = |n: u32| NewRecord { key: Some(n.to_be_bytes().into()), ..NewRecord::default() };
    let workload = Workload {
        topic: "t".into(),
        events: (0..50).map(event).collect(),
        repeat: true,
        every: Micros::from_ms(40),
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
    world.submit(&Command::AddProducer(producer)).expect("accepted");
    world
}

fn run(world: &mut World, ms: u64) -> Vec<TraceEvent> {
    let until = world.now() + Micros::from_ms(ms);
    while world.step(until) {}
    world.take_facts()
}

fn member(number: u32, protocol: &[(&str, &str)]) -> Command {
    let own = [("group.id", "g"), ("auto.offset.reset", "earliest")];
    let config = own.iter().chain(protocol).map(|(k, v)| ((*k).into(), (*v).into())).collect();
    Command::AddConsumer(ConsumerSpec {
        name: format!("m{number}").into(),
        config,
        subscribe: vec!["t".into()],
        pattern: None,
        assign: Vec::new(),
        processing: Processing::default(),
    })
}

/// Opens and closes members at random times; everything that happened.
fn churn(seed: u64, protocols: &[&[(&str, &str)]]) -> Vec<TraceEvent> {
    let mut world = world(seed);
    let mut rng: Prng = Seed(seed).stream("churn", 0);
    let (mut facts, mut alive) = (Vec::new(), Vec::new());
    for number in 0..14 {
        if alive.len() > 1 && rng.below(3) == 0 {
            let client = alive.remove(rng.below(alive.len() as u32) as usize);
            world.submit(&Command::CloseClient { client }).expect("it runs");
        } else {
            alive.push(world.next_client_id());
            let protocol = protocols[rng.below(protocols.len() as u32) as usize];
            world.submit(&member(number, protocol)).expect("accepted");
        }
        facts.extend(run(&mut world, rng.between(50, 9_000)));
    }
    facts.extend(run(&mut world, 40_000));
    facts
}

#[derive(Default)]
struct Owners(FlatMap<TopicPartition, NodeId>);

impl Owners {
    fn see(&mut self, event: &TraceEvent) {
        match &event.fact {
            Fact::Assigned { partitions, .. } => {
                for tp in partitions.iter() {
                    let before = self.0.insert(*tp, event.node);
                    assert_eq!(before, None, "{tp:?} at {} goes to {}", event.at, event.node);
                }
            }
            Fact::Revoked { partitions, .. } | Fact::Lost { partitions, .. } => {
                for tp in partitions.iter() {
                    assert_eq!(self.0.remove(tp), Some(event.node), "{tp:?} at {}", event.at);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn at_no_moment_has_a_partition_two_owners_and_in_the_end_each_has_one() {
    let modern: &[(&str, &str)] = &[("group.protocol", "consumer")];
    let ranged: &[(&str, &str)] =
        &[("group.protocol", "consumer"), ("group.remote.assignor", "range")];
    let eager: &[(&str, &str)] = &[];
    let cooperative: &[(&str, &str)] = &[("partition.assignment.strategy", "cooperative-sticky")];
    let groups: [&[&[(&str, &str)]]; 5] =
        [&[modern], &[ranged], &[eager], &[cooperative], &[modern, eager]];
    for (seed, protocols) in (0..).zip(groups.iter().chain(&groups)) {
        let mut owners = Owners::default();
        for event in churn(seed, protocols) {
            owners.see(&event);
        }
        assert_eq!(owners.0.len(), 7, "seed {seed}: the group has come to rest");
    }
}

#[test]
fn committed_offsets_never_go_back_and_every_record_is_delivered_once() {
    let modern: &[(&str, &str)] = &[("group.protocol", "consumer")];
    let eager: &[(&str, &str)] = &[];
    for (seed, protocol) in [(21, modern), (22, eager), (23, modern)] {
        let (mut committed, mut delivered) = (FlatMap::new(), FlatMap::new());
        for event in churn(seed, &[protocol]) {
            match event.fact {
                Fact::OffsetCommitted { partition, offset, .. } => {
                    let before = committed.insert(partition, offset).unwrap_or(0);
                    assert!(before <= offset, "{partition} went back from {before} to {offset}");
                }
                Fact::Delivered { record, .. } => *delivered.entry(record).or_insert(0) += 1,
                _ => {}
            }
        }
        assert!(delivered.len() > 500 && delivered.values().all(|times| *times == 1));
    }
}
