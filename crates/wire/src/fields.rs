//! Lists of partitions, grouped by topic as the protocol groups them.
//!
//! Invariant: topics and partitions keep the order in which they first appear.

use crate::value::{Value, json};
use kafkascope_model::ids::NodeId;

/// `[{<topic>, "partitions": [...]}]`: rows of (topic, partition's object), grouped.
pub fn by_topic(
    topic_key: &'static str,
    list_key: &'static str,
    rows: impl IntoIterator<Item = (String, Value)>,
) -> Value {
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    for (topic, row) in rows {
        match groups.iter_mut().find(|(known, _)| *known == topic) {
            Some((_, list)) => list.push(row),
            None => groups.push((topic, vec![row])),
        }
    }
    let object = |(topic, list): (String, Vec<Value>)| json!({ topic_key: topic, list_key: list });
    groups.into_iter().map(object).collect()
}

/// Node ids as numbers.
pub fn ids(nodes: &[NodeId]) -> Value {
    nodes.iter().map(|node| json!(node.0)).collect()
}

/// `topic-0` for each partition.
pub fn names<T: AsRef<str>>(partitions: &[(T, i32)]) -> Value {
    partitions
        .iter()
        .map(|(topic, partition)| json!(format!("{}-{partition}", topic.as_ref())))
        .collect()
}
