//! What the recorder leaves out of a trace, left out of the model's requests too.
//!
//! It writes what was answered after the cluster was up, without its own questions, and a request whose answer brings nothing
//! new only once. Invariant: for the same requests the same lines are kept as by the recorder.

use super::line::Line;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the observer asks; scripts ask these through the same client.
const OBSERVER: [&str; 13] = [
    "API_VERSIONS",
    "DESCRIBE_GROUPS",
    "LIST_OFFSETS",
    "METADATA",
    "FIND_COORDINATOR",
    "CONSUMER_GROUP_DESCRIBE",
    "OFFSET_FETCH",
    "DESCRIBE_CLUSTER",
    "DESCRIBE_QUORUM",
    "DESCRIBE_TOPIC_PARTITIONS",
    "LIST_GROUPS",
    "LIST_TRANSACTIONS",
    "DESCRIBE_PRODUCERS",
];

/// The lines that the recorder would have written.
pub fn kept(mut lines: Vec<Line>) -> Vec<Line> {
    let mut last: BTreeMap<(i32, String, String), Value> = BTreeMap::new();
    lines.sort_by_key(|line| line.t_ms);
    lines.retain(|line| {
        if line.answered_ms < 0 || is_observer(line) {
            return false;
        }
        let Some(news) = news(line) else { return true };
        let key = (line.to, line.from.clone(), line.api.clone());
        last.insert(key, news.clone()) != Some(news)
    });
    lines
}

fn is_observer(line: &Line) -> bool {
    line.from.starts_with("consumer-null")
        || line.from.starts_with("reader/")
        || line.from.starts_with("adminclient") && OBSERVER.contains(&&*line.api)
}

/// What must change for a request to be written again; none where every one is.
fn news(line: &Line) -> Option<Value> {
    let Line { request, response, .. } = line;
    match &*line.api {
        "FETCH" if request["replicaState"]["replicaEpoch"] == -1 => {
            let leaders =
                parts(response).map(|part| json!([part["errorCode"], part["currentLeader"]]));
            Some(json!([leaders.collect::<Vec<_>>(), request["replicaState"]]))
        }
        "FETCH" => fetched(request, response),
        "BROKER_HEARTBEAT" => {
            Some(json!([request["wantFence"], request["wantShutDown"], response]))
        }
        "HEARTBEAT" => {
            Some(json!([request["memberId"], request["generationId"], response["errorCode"]]))
        }
        "CONSUMER_GROUP_HEARTBEAT"
        | "SHARE_GROUP_HEARTBEAT"
        | "FIND_COORDINATOR"
        | "METADATA"
        | "API_VERSIONS"
        | "INIT_PRODUCER_ID"
        | "JOIN_GROUP" => Some(json!([request, response])),
        _ => None,
    }
}

/// A fetch that brings records is always news.
fn fetched(request: &Value, response: &Value) -> Option<Value> {
    let size = |part: &Value| part["recordsSizeInBytes"].as_i64().unwrap_or(0);
    if parts(response).any(|part| size(part) > 0) {
        return None;
    }
    let ends = parts(response).map(|part| {
        json!([
            part["partitionIndex"],
            part["errorCode"],
            part["highWatermark"],
            part["lastStableOffset"]
        ])
    });
    let topics = request["topics"].as_array().into_iter().flatten();
    let asked = topics.flat_map(|topic| topic["partitions"].as_array().into_iter().flatten());
    let asked: Vec<Value> =
        asked.map(|part| json!([part["partition"], part["fetchOffset"]])).collect();
    Some(json!([request["replicaState"], response["errorCode"], ends.collect::<Vec<_>>(), asked]))
}

fn parts(response: &Value) -> impl Iterator<Item = &Value> {
    let topics = response["responses"].as_array().into_iter().flatten();
    topics.flat_map(|topic| topic["partitions"].as_array().into_iter().flatten())
}
