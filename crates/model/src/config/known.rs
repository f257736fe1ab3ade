//! Every config key of Kafka 4.3.1, by scope, and those of librdkafka.
//!
//! A key that is here but in none of the model's own tables is refused as *known to Kafka, not honoured here*; a key that is
//! not even here is a typing error. Invariant: each list is sorted, complete and Kafka's own.

use super::Scope;

/// Kafka's keys of a scope, in alphabetical order.
pub fn known_keys(scope: Scope) -> impl Iterator<Item = &'static str> {
    let list = match scope {
        Scope::Admin => include_str!("known/admin.txt"),
        Scope::Broker => include_str!("known/broker.txt"),
        Scope::Consumer => include_str!("known/consumer.txt"),
        Scope::Group => include_str!("known/group.txt"),
        Scope::Librdkafka => include_str!("known/librdkafka.txt"),
        Scope::Producer => include_str!("known/producer.txt"),
        Scope::Topic => include_str!("known/topic.txt"),
    };
    list.lines()
}
