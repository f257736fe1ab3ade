//! Tracks: what one client asked of one broker, in order, without what is left to chance.
//!
//! Invariant: a track holds no two equal idle requests without another kind of request between them.

use super::line::Line;
use std::collections::{BTreeMap, BTreeSet};

/// Sent again and again while nothing happens, and by a clock or a retry's back-off rather than by a rule.
const IDLE: [&str; 9] = [
    "API_VERSIONS",
    "FETCH",
    "FIND_COORDINATOR",
    "HEARTBEAT",
    "METADATA",
    "ALLOCATE_PRODUCER_IDS",
    "BROKER_HEARTBEAT",
    "CONSUMER_GROUP_HEARTBEAT",
    "SHARE_GROUP_HEARTBEAT",
];

/// Whether a request may repeat without telling anything. How many batches a burst of records becomes is a race between the
/// application's thread and the sender's; how often a producer asks for its id depends on the brokers it happens to ask.
fn is_idle(line: &Line) -> bool {
    let is_burst = line.api == "PRODUCE" && line.error == 0;
    IDLE.contains(&&*line.api) || is_burst || asks_for_any_id(line)
}

fn asks_for_any_id(line: &Line) -> bool {
    line.api == "INIT_PRODUCER_ID" && line.request["transactionalId"].is_null()
}

/// Whether a follower learns of a new leader before that leader itself does is a race between two brokers' threads.
fn is_early_follower(line: &Line) -> bool {
    line.from.contains("-fetcher-") && line.api == "FETCH" && line.error == UNKNOWN_LEADER_EPOCH
}

const UNKNOWN_LEADER_EPOCH: i64 = 75;

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
    pub fn of(mut lines: Vec<Line>) -> Self {
        name_voters(&mut lines);
        let mut tracks: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        for line in lines.into_iter().filter(|line| !opens_a_node(line) && !is_early_follower(line))
        {
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

    /// The names of all tracks on either side, but those which only one side has and in which nothing happens: whether the
    /// clock's next tick still falls into a recording is chance.
    pub fn keys_with(&self, other: &Self) -> BTreeSet<String> {
        let all: BTreeSet<String> =
            self.tracks.keys().chain(other.tracks.keys()).cloned().collect();
        let happens = |track: &[Line]| track.iter().any(|line| !is_idle(line) || line.error != 0);
        let counts = |key: &String| {
            let (one, two) = (self.track(key), other.track(key));
            !one.is_empty() && !two.is_empty() || happens(one) || happens(two)
        };
        all.into_iter().filter(counts).collect()
    }
}

/// Which voter leads the quorum is a throw of dice, so voters are named in the order in which they lead, the others after them.
fn name_voters(lines: &mut [Line]) {
    let mut order: Vec<i32> = Vec::new();
    let leads = |line: &&Line| line.api == "FETCH" && line.error == 0;
    let leaders = lines.iter().filter(leads).map(|line| line.to);
    let mut others: Vec<i32> = lines.iter().map(|line| line.to).collect();
    others.extend(lines.iter().filter_map(raft_client));
    others.sort_unstable();
    for voter in leaders.chain(others).filter(|id| *id >= FIRST_CONTROLLER) {
        if !order.contains(&voter) {
            order.push(voter);
        }
    }
    let name = |id: i32| order.iter().position(|voter| *voter == id);
    for line in lines {
        if let Some(place) = name(line.to) {
            line.to = FIRST_CONTROLLER + place as i32;
        }
        if let Some(place) = raft_client(line).and_then(name) {
            line.from = format!("{RAFT_CLIENT}{}", FIRST_CONTROLLER + place as i32);
        } else if let Some(place) = line.from.parse().ok().and_then(name) {
            line.from = (FIRST_CONTROLLER + place as i32).to_string();
        }
    }
}

/// The node that asks on its connection to the quorum.
fn raft_client(line: &Line) -> Option<i32> {
    line.from.strip_prefix(RAFT_CLIENT)?.parse().ok()
}

/// How a node's connections to the quorum name themselves, before its id.
const RAFT_CLIENT: &str = "raft-client-";

/// Whether a connection between nodes was open before the recording began depends on how the cluster came up.
fn opens_a_node(line: &Line) -> bool {
    let is_node = is_broker(line) || line.from.starts_with(RAFT_CLIENT);
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
    if line.to < FIRST_CONTROLLER && (ANY_BROKER.contains(&api) || asks_for_any_id(line)) {
        return format!("{} > any broker", line.from);
    }
    format!("{} > {}", line.from, line.to)
}

fn collapse(track: &mut Vec<Line>) {
    let mut seen = BTreeSet::new();
    let mut opened = false;
    track.retain(|line| {
        // A client opens further connections as its choice of a least loaded node falls.
        if line.api == "API_VERSIONS" && core::mem::replace(&mut opened, true) {
            return false;
        }
        if is_idle(line) {
            return seen.insert((line.api.clone(), line.error));
        }
        seen.clear();
        true
    });
}
