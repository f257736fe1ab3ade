//! How an application with a producer goes about it: its library, its partitioner, its transactions.
//!
//! Invariant: configs are checked against the table of the library that the application is built with.

use super::clients::one_of;
use super::{Reading, configs};
use crate::doc::{Item, Section};
use kafkascope_model::command::ConfigPairs;
use kafkascope_model::config::librdkafka::LibrdkafkaConfig;
use kafkascope_model::config::producer::ProducerConfig;
use kafkascope_model::ids::Bytes;
use kafkascope_model::workload::{Library, ProducerApp, TxnPlan};

/// The most records of a transaction, and the most transactions that a plan counts.
const MOST: i64 = 1_000_000;

/// `client`, `config`, `partition-of` and `transactions`.
pub fn app(section: &Section<'_>, reading: &Reading<'_>) -> (ConfigPairs, ProducerApp) {
    let known = [("java", Library::Java), ("librdkafka", Library::Librdkafka)];
    let library = section.get("client").map(|item| one_of(&item, &known)).unwrap_or_default();
    let config = match library {
        Library::Java => configs::read::<ProducerConfig>(section, "config"),
        Library::Librdkafka => configs::read::<LibrdkafkaConfig>(section, "config"),
    };
    let pairs = config.iter().map(|(key, value)| (&**key, &**value));
    let checked = match library {
        Library::Java => ProducerConfig::checked(pairs).map(|_| ()),
        Library::Librdkafka => LibrdkafkaConfig::checked(pairs).map(|_| ()),
    };
    if let Err(error) = checked {
        section.wrong(error.to_string());
    }
    let has = |key: &str| config.iter().any(|(known, _)| &**known == key);
    let partition_of = section.section("partition-of").map(|table| {
        let row = |(key, item): (&str, Item<'_>)| {
            let partition = item.whole(0..=i64::from(i32::MAX))?;
            Some((Bytes::from(key.as_bytes()), partition as i32))
        };
        table.entries().into_iter().filter_map(row).collect()
    });
    if partition_of.is_some() && (has("partitioner.class") || has("partitioner")) {
        section.wrong("'partition-of' is a partitioner of its own; leave the config out");
    }
    let transactions = section.section("transactions").map(|plan| plan_of(&plan));
    if transactions.is_some() && !has("transactional.id") {
        section.wrong("'transactions' needs the config transactional.id");
    }
    let writes_to = section.get("writes-to").and_then(|item| reading.cast.topic(&item));
    if writes_to.is_some() && transactions.is_none() {
        section.wrong("'writes-to' answers a consumer in transactions: write 'transactions = {}'");
    }
    (config, ProducerApp { library, partition_of, transactions, writes_to })
}

/// `{ records = 5, abort-every = 3, hang-at = 7 }`
fn plan_of(section: &Section<'_>) -> TxnPlan {
    let number = |key, least| section.whole(key, least..=MOST).map(|number| number as u32);
    let plan = TxnPlan {
        records: number("records", 1).unwrap_or(1),
        abort_every: number("abort-every", 1).unwrap_or(0),
        hang_at: number("hang-at", 1).unwrap_or(0),
    };
    section.finish();
    plan
}
