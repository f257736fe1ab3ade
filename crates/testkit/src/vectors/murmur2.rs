//! Which partition a key goes to, and which partition of an internal topic an id belongs to.
//!
//! Invariant: keys go through the producer's own partitioner, ids through the coordinators' own hash.

use super::Tally;
use crate::problem::{Problem, typed};
use kafkascope_model::client::producer::partitioner;
use kafkascope_model::group::coordinator::partition_for;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Whether a document holds these vectors.
pub fn is(document: &Value) -> bool {
    document.get("murmur2").is_some_and(Value::is_array)
}

/// Runs every case.
pub fn run(document: &Value) -> Result<Tally, Problem> {
    let file: File = typed(document)?;
    let mut tally = Tally::default();
    for (at, case) in file.murmur2.iter().enumerate() {
        let key = bytes(&case.key_hex).ok_or_else(|| {
            Problem::at(
                format!("/murmur2/{at}/key_hex"),
                "these are not pairs of hexadecimal digits",
            )
        })?;
        key_case(&mut tally, at, case, &key);
    }
    for (at, case) in file.coordinator_partition.iter().enumerate() {
        id_case(&mut tally, at, case)?;
    }
    Ok(tally)
}

/// `partition_of_50` and the like: the partition among so many.
fn id_case(tally: &mut Tally, at: usize, case: &Map<String, Value>) -> Result<(), Problem> {
    let place = format!("/coordinator_partition/{at}");
    let id = case.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| Problem::at(format!("{place}/id"), "the case has no id"))?;
    let count = |key: &String| key.strip_prefix("partition_of_")?.parse::<i32>().ok();
    for (key, expected) in case.iter().filter_map(|(key, value)| Some((count(key)?, value))) {
        let got = json!(partition_for(id, key));
        tally.case(format!("{place}, '{id}' among {key} partitions"), expected, &got);
    }
    Ok(())
}

fn key_case(tally: &mut Tally, at: usize, case: &KeyCase, key: &[u8]) {
    let hash = partitioner::murmur2(key);
    let partition = |count: &i32| (count.to_string(), partitioner::partition_for_key(key, *count));
    let got: BTreeMap<String, i32> = case.counts().iter().map(partition).collect();
    let expected = json!({ "murmur2": case.murmur2, "partitions": case.partitions });
    tally.case(format!("murmur2/{at}"), &expected, &json!({ "murmur2": hash, "partitions": got }));
}

#[derive(Deserialize)]
struct File {
    murmur2: Vec<KeyCase>,
    #[serde(default)]
    coordinator_partition: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct KeyCase {
    key_hex: String,
    murmur2: i32,
    partitions: BTreeMap<String, i32>,
}

impl KeyCase {
    fn counts(&self) -> Vec<i32> {
        self.partitions.keys().filter_map(|count| count.parse().ok()).collect()
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| (high * 16 + low) as u8).collect())
}
