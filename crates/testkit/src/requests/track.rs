//! Tracks: what one client asked of one broker, in order, without what is left to chance.
//!
//! Invariant: a track holds no two equal idle requests without another kind of request between them.

use super::line::Line;
use std::collections::{BTreeMap, BTreeSet};

/// Sent again and again while nothing happens, and by a clock or a retry's back-off rather than by a rule.
const IDLE: [&str; 7] = [
    "API_VERSIONS",
    "FETCH",
    "HEARTBEAT",
    "METADATA",
    "BROKER_HEARTBEAT",
    "CONSUMER_GROUP_HEARTBEAT",
    "SHARE_GROUP_HEARTBEAT",
];

// Successful PRODUCE requests count as idle too: how many batches a burst of records becomes is a race between the
// application's thread and the sender's.

/// Any broker answers these; clients ask the least loaded one, beginning their search at random.
const ANY_BROKER: [&str; 12] = [
    "API_VERSIONS",
    "METADATA",
    "FIND_COORDINATOR",
    "CREATE_TOPICS",
    "DELETE_TOPICS",
    "CREATE_PARTITIONS",
    "ELECT_LEADERS",
    "ALTER_PARTITION_REASSIGNMENTS",
    "LIST_PARTITION_REASSIGNMENTS",
    "INCREMENTAL_ALTER_CONFIGS",
    "GET_TELEMETRY_SUBSCRIPTIONS",
    "PUSH_TELEMETRY",
];

/// What the one broker asks the controller that a client happened to turn to.
const BY_SOME_BROKER: [&str; 2] = ["ALLOCATE_PRODUCER_IDS", "CREATE_TOPICS"];

/// Controllers have ids from here on.
const FIRST_CONTROLLER: i32 = 100;

/// Requests by client and broker.
#[derive(Clone, Debug, Default)]
pub struct Tracks {
    tracks: BTreeMap<String, Vec<Line>>,
}

impl Tracks {
    /// Sorts lines, which are in order of time, into tracks.
    pub fn of(lines: Vec<Line>) -> Self {
        let mut tracks: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        for line in lines.into_iter().filter(|line| !opens_a_node(line)) {
            tracks.entry(key(&line)).or_default().push(line);
        }
        for track in tracks.values_mut() {
            collapse(track);
        }
        Self { tracks }
    }

    /// One track; empty where there is none.
    pub fn track(&self, key: &str) -> &[Line] {
        self.tracks.get(key).map_or(&[], Vec::as_slice)
    }

    /// The names of all tracks on either side.
    pub fn keys_with(&self, other: &Self) -> BTreeSet<String> {
        self.tracks.keys().chain(other.tracks.keys()).cloned().collect()
    }
}

/// Whether a connection between nodes was open before the recording began depends on how the cluster came up.
fn opens_a_node(line: &Line) -> bool {
    let is_node = is_broker(line) || line.from.starts_with("raft-client-");
    is_node && line.api == "API_VERSIONS"
}

fn is_broker(line: &Line) -> bool {
    line.from.parse::<i32>().is_ok()
}

fn key(line: &Line) -> String {
    let api = &*line.api;
    let is_broker = is_broker(line);
    if is_broker && BY_SOME_BROKER.contains(&api) {
        return format!("some broker > {}", line.to);
    }
    let anonymous_id = api == "INIT_PRODUCER_ID" && line.request["transactionalId"].is_null();
    if line.to < FIRST_CONTROLLER && (ANY_BROKER.contains(&api) || anonymous_id) {
        return format!("{} > any broker", line.from);
    }
    format!("{} > {}", line.from, line.to)
}

fn collapse(track: &mut Vec<Line>) {
    let mut seen = BTreeSet::new();
    track.retain(|line| {
        let is_burst = line.api == "PRODUCE" && line.error == 0;
        if IDLE.contains(&&*line.api) || is_burst {
            return seen.insert((line.api.clone(), line.error));
        }
        seen.clear();
        true
    });
}
