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
    let mut sessions: BTreeMap<(i32, String, String), Session> = BTreeMap::new();
    lines.sort_by_key(|line| line.t_ms);
    lines.retain(|line| {
        if line.answered_ms < 0 || is_observer(line) {
            return false;
        }
        let key = (line.to, line.from.clone(), line.api.clone());
        let news = if line.api == "FETCH" && !is_raft(line) {
            sessions.entry(key.clone()).or_default().news(line)
        } else {
            news(line)
        };
        let Some(news) = news else { return true };
        last.insert(key, news.clone()) != Some(news)
    });
    lines
}

fn is_raft(line: &Line) -> bool {
    line.request["replicaState"]["replicaEpoch"] == -1
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
        "FETCH" => {
            let leaders = parts(response, "responses", "partitionIndex");
            let leaders =
                leaders.map(|(_, part)| json!([part["errorCode"], part["currentLeader"]]));
            Some(json!([leaders.collect::<Vec<_>>(), request["replicaState"]]))
        }
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

/// A consumer's or follower's fetches at one broker, as a fetch session would shorten them.
#[derive(Default)]
struct Session {
    asked: BTreeMap<String, Value>,
    told: BTreeMap<String, Value>,
}

impl Session {
    /// What the request and its answer would hold besides what the other side knows; none if there are records in it.
    fn news(&mut self, line: &Line) -> Option<Value> {
        let wanted = parts(&line.request, "topics", "partition");
        let asked = wanted
            .map(|(name, part)| (name, json!([part["fetchOffset"], part["currentLeaderEpoch"]])));
        let asked: BTreeMap<String, Value> = asked.collect();
        if asked.is_empty() {
            // The client gives its session up.
            return None;
        }
        let asked = changed(&mut self.asked, asked, true);
        let found: Vec<_> = parts(&line.response, "responses", "partitionIndex").collect();
        if found.iter().any(|(_, part)| part["recordsSizeInBytes"].as_i64().unwrap_or(0) > 0) {
            return None;
        }
        let told = found.into_iter().map(|(name, part)| {
            let news = json!([part["errorCode"], part["highWatermark"], part["lastStableOffset"]]);
            (name, news)
        });
        let told = changed(&mut self.told, told.collect(), false);
        let of_all = [&line.request["replicaState"], &line.response["errorCode"]];
        Some(json!([of_all, asked, told]))
    }
}

/// The rows that are not as they were; `forget` drops those that are not there any more.
fn changed(
    known: &mut BTreeMap<String, Value>,
    rows: BTreeMap<String, Value>,
    forget: bool,
) -> Vec<(String, Value)> {
    let new = rows.iter().filter(|(name, row)| known.get(*name) != Some(*row));
    let new = new.map(|(name, row)| (name.clone(), row.clone())).collect();
    if forget {
        known.clear();
    }
    known.extend(rows);
    new
}

/// Each partition's part of a request or answer, with a name for the partition.
fn parts<'a>(
    message: &'a Value,
    list: &str,
    index: &'a str,
) -> impl Iterator<Item = (String, &'a Value)> {
    let topics = message[list].as_array().into_iter().flatten();
    topics.flat_map(move |topic| {
        let parts = topic["partitions"].as_array().into_iter().flatten();
        parts.map(move |part| (format!("{}-{}", topic["topicId"], part[index]), part))
    })
}
