//! Broker configs that change while brokers run, in whole worlds.
//!
//! Invariant: these worlds differ in nothing but their commands.

use kafkascope_kernel::{Limits, Micros, Seed};
use kafkascope_model::api::request::ConfigResource;
use kafkascope_model::command::{AdminCommand, Command};
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::world::{World, WorldSpec};

const RETENTION: &str = "log.retention.ms";

/// A controller and two brokers.
fn cluster() -> World {
    let mut world = World::new(WorldSpec {
        seed: Seed(7),
        profile: NetworkProfile::KAFKA,
        limits: Limits::NATIVE,
        epoch_ms_at_zero: 1_700_000_000_000,
    });
    command(&mut world, &Command::AddController { id: NodeId(100), config: Vec::new() });
    for id in [1, 2].map(NodeId) {
        command(&mut world, &Command::AddBroker { id, rack: None, config: Vec::new() });
    }
    world
}

fn command(world: &mut World, command: &Command) {
    world.submit(command).expect("the command fits");
    let until = world.now() + Micros::from_ms(3_000);
    world.run_until(until);
}

fn alter(world: &mut World, broker: Option<i32>, key: &str, value: Option<&str>) {
    let resource = ConfigResource::Broker(broker.map(NodeId));
    let configs = vec![(key.into(), value.map(Into::into))];
    command(world, &Command::Admin(AdminCommand::AlterConfigs { resource, configs }));
}

fn of_both<T>(world: &World, read: impl Fn(&BrokerConfig) -> T) -> [T; 2] {
    [1, 2].map(|id| {
        let process = world.process(NodeId(id)).expect("it is there");
        let Node::Broker(broker) = &process.node else { panic!("{id} is a broker") };
        read(&broker.config)
    })
}

#[test]
fn what_is_set_for_a_broker_wins_over_what_is_set_for_all_and_lives_on_in_the_metadata() {
    let mut world = cluster();
    let retention = |config: &BrokerConfig| config.log_retention_ms;
    alter(&mut world, None, RETENTION, Some("60000"));
    alter(&mut world, Some(2), RETENTION, Some("1000"));
    assert_eq!(of_both(&world, retention), [Some(60_000), Some(1_000)]);
    command(&mut world, &Command::Kill(NodeId(2)));
    assert_eq!(of_both(&world, retention), [Some(60_000), None], "a process that is gone has none");
    command(&mut world, &Command::Start(NodeId(2)));
    assert_eq!(of_both(&world, retention), [Some(60_000), Some(1_000)]);
    alter(&mut world, Some(2), RETENTION, None);
    // The admin client looks for the broker first.
    let until = world.now() + Micros::from_ms(10_000);
    world.run_until(until);
    assert_eq!(of_both(&world, retention), [Some(60_000); 2]);
}

#[test]
fn a_config_that_a_running_broker_does_not_take_is_not_in_force() {
    let mut world = cluster();
    alter(&mut world, None, "replica.lag.time.max.ms", Some("1000"));
    assert_eq!(of_both(&world, |config| config.replica_lag_time_max_ms), [30_000; 2]);
}

#[test]
fn a_rate_of_throttled_replication_is_for_brokers_that_run() {
    let mut world = cluster();
    let config = vec![("leader.replication.throttled.rate".into(), "1000".into())];
    let refused = world.submit(&Command::AddBroker { id: NodeId(3), rack: None, config });
    let told = refused.expect_err("Kafka takes it from no properties file").to_string();
    assert!(told.contains("alter the configs of the broker"), "{told}");
    alter(&mut world, None, "leader.replication.throttled.rate", Some("1000"));
    assert_eq!(of_both(&world, |config| config.leader_replication_throttled_rate), [1_000; 2]);
}
