//! Configs of a recording's nodes and clients, sorted by whether the model has them.
//!
//! Kafka warns of a key it does not know and goes on; a key that Kafka knows and the model does not is a gap that must be told.
//! Invariant: no config of a script is dropped unless Kafka drops it too, or it says what is so anyway.

use super::action::Pairs;
use super::script::Cluster;
use super::stage::Stop;
use kafkascope_model::command::ConfigPairs;
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::config::{ConfigTable, known_keys};

/// The configs of every node: what the recorder sets on any cluster, then what the script says.
pub fn of_nodes(cluster: &Cluster) -> Result<ConfigPairs, Stop> {
    let mut pairs = base(cluster.brokers);
    pairs.retain(|key, _| honoured::<BrokerConfig>(key));
    for (key, value) in &cluster.config {
        if base(cluster.brokers).get(key) == Some(value) || is_so_anyway(key, value) {
            continue;
        }
        pairs.insert(key.clone(), value.clone());
    }
    of_client::<BrokerConfig>(&pairs)
}

/// Configs of one scope as a command takes them.
pub fn of_client<T: ConfigTable>(pairs: &Pairs) -> Result<ConfigPairs, Stop> {
    let mut taken = ConfigPairs::new();
    for (key, value) in pairs {
        if honoured::<T>(key) {
            taken.push((key.as_str().into(), value.as_str().into()));
        } else if known_keys(T::SCOPE).any(|known| known == key) {
            return Err(Stop::lacks(format!("the {} config {key}", T::SCOPE.name())));
        }
    }
    Ok(taken)
}

fn honoured<T: ConfigTable>(key: &str) -> bool {
    T::default().entries().iter().any(|entry| entry.key == key)
}

/// Coordinators speak every protocol, whatever is listed beside the two of consumers.
fn is_so_anyway(key: &str, value: &str) -> bool {
    let listed = |protocol| value.split(',').any(|own| own.trim() == protocol);
    key == "group.coordinator.rebalance.protocols" && listed("classic") && listed("consumer")
}

/// What the recorder sets on every node of every cluster.
fn base(brokers: i32) -> Pairs {
    let replicas = brokers.min(3).to_string();
    let rows = [
        ("offsets.topic.replication.factor", replicas.as_str()),
        ("transaction.state.log.replication.factor", replicas.as_str()),
        ("share.coordinator.state.topic.replication.factor", replicas.as_str()),
        ("transaction.state.log.min.isr", "1"),
        ("share.coordinator.state.topic.min.isr", "1"),
        ("offsets.topic.num.partitions", "50"),
        ("group.initial.rebalance.delay.ms", "0"),
    ];
    rows.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}
