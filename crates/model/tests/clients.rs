//! Stories of producers and the admin client in whole worlds.
//!
//! Invariant: every world has one controller and three brokers, and runs on one seed.

use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Limits, Micros, Seed};
use kafkascope_model::api::request::OffsetSpec;
use kafkascope_model::api::{ErrorCode, Response};
use kafkascope_model::command::{AdminCommand, Command, ConsumerSpec, ProducerSpec};
use kafkascope_model::ids::{Name, NodeId, RecordId};
use kafkascope_model::net::LinkSel;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::{Fact, PositionSource, SendResult, TraceEvent};
use kafkascope_model::workload::{NewRecord, Processing, Workload};
use kafkascope_model::world::{ADMIN, World, WorldSpec};

/// A world whose cluster is up.
fn world() -> World {
    let mut world = World::new(WorldSpec {
        seed: Seed(7),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_700_000_000_000,
    });
    submit(&mut world, &Command::AddController { id: NodeId(100), config: vec![] });
    for id in 1..=3 {
        submit(&mut world, &Command::AddBroker { id: NodeId(id), rack: None, config: vec![] });
    }
    run_ms(&mut world, 3_000);
    world
}

fn submit(world: &mut World, command: &Command) {
    world.submit(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
}

fn run_ms(world: &mut World, ms: u64) {
    let until = world.now() + Micros::from_ms(ms);
    let before = world.events_handled();
    while world.step(until) {
        let handled = world.events_handled() - before;
        assert!(handled < 5_000_000, "time stands still at {}", world.now());
    }
}

/// Makes a call and lets time run until it is answered.
fn call(world: &mut World, command: AdminCommand) -> (ErrorCode, Option<Response>) {
    submit(world, &Command::Admin(command));
    for _ in 0..700 {
        let Node::Admin(admin) = &world.process(ADMIN).expect("there is one").node else {
            unreachable!("its id is its own")
        };
        if let Some(result) = admin.result(admin.calls_made()) {
            return (result.verdicts[0].1, result.response.clone());
        }
        run_ms(world, 100);
    }
    unreachable!("a call gives up after a minute")
}

fn create(world: &mut World, name: &str, assignments: &[&[i32]]) {
    let command = AdminCommand::CreateTopic {
        name: name.into(),
        partitions: -1,
        replication_factor: -1,
        assignments: assignments
            .iter()
            .map(|ids| ids.iter().map(|id| NodeId(*id)).collect())
            .collect(),
        configs: vec![("min.insync.replicas".into(), "2".into())],
    };
    assert_eq!(call(world, command).0, ErrorCode::None);
    run_ms(world, 500);
    world.take_facts();
}

fn producer(world: &mut World, config: &[(&str, &str)], workload: Option<Workload>) -> NodeId {
    let id = world.next_client_id();
    let config = config.iter().map(|(key, value)| (Name::from(*key), Name::from(*value)));
    let name = format!("shop-{id}").into();
    let spec = ProducerSpec { app: Default::default(), name, config: config.collect(), workload };
    submit(world, &Command::AddProducer(spec));
    id
}

fn events(every_ms: u64) -> Workload {
    let event = |n: u32| NewRecord {
        key: Some(format!("rider-{}", n % 7).into_bytes().into()),
        value: Some(format!("event {n}").into_bytes().into()),
        ..NewRecord::default()
    };
    Workload {
        topic: "trips".into(),
        events: (0..100).map(event).collect(),
        repeat: true,
        every: Micros::from_ms(every_ms),
        burst: 1,
        jitter: Micros::ZERO,
        first_after: Micros::ZERO,
    }
}

fn count(facts: &[TraceEvent], wanted: impl Fn(&Fact) -> bool) -> usize {
    facts.iter().filter(|event| wanted(&event.fact)).count()
}

fn acked(fact: &Fact) -> bool {
    matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. })
}

fn failed(fact: &Fact) -> bool {
    matches!(fact, Fact::SendDone { result: SendResult::Failed(_), .. })
}

/// How often each record was appended by a leader.
fn appends(facts: &[TraceEvent]) -> FlatMap<RecordId, usize> {
    let mut appends = FlatMap::new();
    for event in facts {
        if let Fact::Appended { records, .. } = &event.fact {
            for record in records.iter().filter(|id| **id != RecordId::INTERNAL) {
                *appends.entry(*record).or_default() += 1;
            }
        }
    }
    appends
}

#[test]
fn with_acks_all_every_record_is_acknowledged_although_a_leader_dies() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2]]);
    producer(&mut world, &[], Some(events(20)));
    run_ms(&mut world, 2_000);
    submit(&mut world, &Command::Kill(NodeId(1)));
    run_ms(&mut world, 20_000);
    let facts = world.take_facts();
    assert!(count(&facts, acked) > 1_000);
    assert_eq!(count(&facts, failed), 0);
}

#[test]
fn retries_over_a_cut_link_leave_no_duplicates() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2, 3]]);
    let shop = producer(&mut world, &[("request.timeout.ms", "2000")], Some(events(50)));
    run_ms(&mut world, 1_000);
    submit(&mut world, &Command::Cut(LinkSel::OneWay(NodeId(1), shop)));
    run_ms(&mut world, 6_000);
    submit(&mut world, &Command::Heal(LinkSel::OneWay(NodeId(1), shop)));
    run_ms(&mut world, 10_000);
    let facts = world.take_facts();
    assert!(count(&facts, |fact| matches!(fact, Fact::RequestTimedOut { .. })) > 0);
    assert!(count(&facts, |fact| matches!(fact, Fact::DuplicateBatch { .. })) > 0);
    assert!(appends(&facts).values().all(|times| *times == 1));
    assert_eq!(count(&facts, failed), 0);
    assert!(count(&facts, acked) > 300);
}

#[test]
fn a_restarted_application_begins_again_under_a_new_producer_id() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2, 3]]);
    let shop = producer(&mut world, &[], Some(events(20)));
    run_ms(&mut world, 1_000);
    submit(&mut world, &Command::Kill(shop));
    run_ms(&mut world, 1_000);
    submit(&mut world, &Command::Start(shop));
    run_ms(&mut world, 2_000);
    let facts = world.take_facts();
    let ids = facts.iter().filter_map(|event| {
        let Fact::ProducerIdAssigned { id, .. } = &event.fact else { return None };
        Some(*id)
    });
    let ids: Vec<i64> = ids.collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "{ids:?}");
    assert!(appends(&facts).values().all(|times| *times == 1));
}

#[test]
fn a_producer_closes_after_its_last_record_is_acknowledged() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2, 3]]);
    let shop = producer(&mut world, &[("linger.ms", "5000")], Some(events(20)));
    run_ms(&mut world, 1_000);
    submit(&mut world, &Command::CloseClient { client: shop });
    run_ms(&mut world, 1_000);
    let facts = world.take_facts();
    let sent = count(&facts, |fact| matches!(fact, Fact::Sent { .. }));
    assert!(sent >= 50 && count(&facts, acked) == sent);
    assert_eq!(count(&facts, |fact| matches!(fact, Fact::ClientClosed)), 1);
}

#[test]
fn the_admin_client_changes_and_tells_what_the_cluster_is() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2, 3]]);
    let shop = producer(&mut world, &[], Some(events(20)));
    run_ms(&mut world, 1_000);
    let list = |spec| AdminCommand::ListOffsets {
        topic: "trips".into(),
        partition: 0,
        spec,
        read_committed: false,
    };
    let (error, response) = call(&mut world, list(OffsetSpec::Latest));
    let Some(Response::ListOffsets(offsets)) = response else { panic!("{response:?}") };
    assert!(error.is_ok() && offsets[0].offset >= 40, "{offsets:?}");

    let (topic, partition, before) = ("trips".into(), 0, 10);
    let delete = AdminCommand::DeleteRecords { topic, partition, before };
    assert_eq!(call(&mut world, delete).0, ErrorCode::None);
    let (_, response) = call(&mut world, list(OffsetSpec::Earliest));
    let Some(Response::ListOffsets(offsets)) = response else { panic!("{response:?}") };
    assert_eq!(offsets[0].offset, 10);

    let grow = |total| AdminCommand::CreatePartitions { name: "trips".into(), total };
    assert_eq!(call(&mut world, grow(3)).0, ErrorCode::None);
    assert_eq!(call(&mut world, grow(2)).0, ErrorCode::InvalidPartitions);
    run_ms(&mut world, 500);
    let (_, response) = call(&mut world, AdminCommand::DescribeTopic { name: "trips".into() });
    let Some(Response::Metadata(metadata)) = response else { panic!("{response:?}") };
    assert_eq!(metadata.topics[0].partitions.len(), 3);

    // A producer would have the topic created again.
    submit(&mut world, &Command::CloseClient { client: shop });
    run_ms(&mut world, 500);
    let gone = AdminCommand::DeleteTopic { name: "trips".into() };
    assert_eq!(call(&mut world, gone.clone()).0, ErrorCode::None);
    assert_eq!(call(&mut world, gone).0, ErrorCode::UnknownTopicOrPartition);
}

#[test]
fn a_reassignment_moves_a_partition_and_a_preferred_election_finds_nothing_to_do() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2]]);
    producer(&mut world, &[], Some(events(20)));
    run_ms(&mut world, 1_000);
    let replicas = Some(vec![NodeId(3), NodeId(2)]);
    let partitions = vec![("trips".into(), 0, replicas)];
    let moved = AdminCommand::ReassignPartitions { partitions };
    assert_eq!(call(&mut world, moved).0, ErrorCode::None);
    run_ms(&mut world, 5_000);
    let (_, response) = call(&mut world, AdminCommand::DescribeTopic { name: "trips".into() });
    let Some(Response::Metadata(metadata)) = response else { panic!("{response:?}") };
    let partition = &metadata.topics[0].partitions[0];
    assert_eq!(partition.replica_nodes, [NodeId(3), NodeId(2)]);
    let elect =
        AdminCommand::ElectLeaders { unclean: false, partitions: vec![("trips".into(), 0)] };
    let error = call(&mut world, elect).0;
    assert!(matches!(error, ErrorCode::None | ErrorCode::ElectionNotNeeded), "{error:?}");
    let facts = world.take_facts();
    assert_eq!(count(&facts, failed), 0);
}

#[test]
fn who_looks_for_a_time_after_everything_goes_on_at_the_end_of_his_own_will() {
    let mut world = world();
    create(&mut world, "trips", &[&[1, 2, 3]]);
    producer(&mut world, &[], Some(Workload { repeat: false, ..events(20) }));
    let consumer = world.next_client_id();
    submit(
        &mut world,
        &Command::AddConsumer(ConsumerSpec {
            name: "reader".into(),
            config: vec![
                ("auto.offset.reset".into(), "earliest".into()),
                ("enable.auto.commit".into(), "false".into()),
            ],
            subscribe: Vec::new(),
            pattern: None,
            assign: vec![("trips".into(), 0)],
            processing: Processing::default(),
        }),
    );
    run_ms(&mut world, 5_000);
    world.take_facts();
    submit(&mut world, &Command::SeekToTime { consumer, timestamp: 1_800_000_000_000 });
    run_ms(&mut world, 5_000);
    let facts = world.take_facts();
    let set = facts.iter().filter(|event| event.node == consumer).find_map(|event| {
        if let Fact::PositionSet { offset, source, .. } = event.fact {
            Some((offset, source))
        } else {
            None
        }
    });
    let word = "auto.offset.reset has no part in it";
    assert_eq!(set, Some((100, PositionSource::Seek)), "{word}");
}

#[test]
fn equal_commands_give_equal_worlds() {
    let digest = || {
        let mut world = world();
        create(&mut world, "trips", &[&[1, 2, 3], &[2, 3, 1]]);
        producer(&mut world, &[], Some(events(5)));
        run_ms(&mut world, 500);
        submit(&mut world, &Command::Kill(NodeId(2)));
        run_ms(&mut world, 12_000);
        world.digest()
    };
    assert_eq!(digest(), digest());
}
