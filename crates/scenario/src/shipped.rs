//! The scenarios that come with Kafkascope.
//!
//! Invariant: every one of them loads, and runs with no refused command.

use kafkascope_kernel::FlatMap;

/// A scenario that comes with Kafkascope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its file's name without the ending; it never changes, because links name it.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Its text.
    pub toml: &'static str,
}

/// All of them; the first is the one a page opens with.
pub fn shipped() -> &'static [Shipped] {
    SHIPPED
}

/// The files that they name.
pub fn files() -> FlatMap<String, Vec<u8>> {
    let rides = include_bytes!("../../../scenarios/data/rides.csv").to_vec();
    FlatMap::from([("data/rides.csv".to_string(), rides)])
}

macro_rules! shipped {
    ($($id:literal, $title:literal;)*) => {
        &[$(Shipped {
            id: $id,
            title: $title,
            toml: include_str!(concat!("../../../scenarios/", $id, ".toml")),
        }),*]
    };
}

const SHIPPED: &[Shipped] = shipped! {
    "ride-share", "Ride-share";
    "quickstart", "Quickstart";
    "payments", "Payments";
    "sandwich-deli", "Sandwich deli";
    "sign-ups", "Website sign-ups";
    "iot-sensors", "IoT sensors";
    "table-of-rides", "A table of rides";
    "misconceptions/m23-what-a-restart-stops", "What a rolling restart stops";
    "misconceptions/m08-members-share-partitions", "Members share partitions, not records";
    "misconceptions/m12-sent-is-not-stored", "Sent is not stored";
    "misconceptions/m15-reset-is-for-newcomers", "auto.offset.reset is for newcomers";
    "misconceptions/m16-commits-are-for-restarts", "Commits are for restarts";
    "misconceptions/m17-a-commit-is-a-bookmark", "A commit is a bookmark";
    "misconceptions/m18-auto-commit-commits-positions", "Auto-commit commits positions";
    "misconceptions/m19-offsets-expire", "Offsets expire";
    "misconceptions/m20-a-bad-record-blocks-its-partition", "A bad record blocks its partition";
    "misconceptions/m21-lag-need-not-reach-zero", "Lag need not reach zero";
    "misconceptions/m22-polling-is-proof-of-life", "Polling is proof of life";
    "misconceptions/m24-a-group-id-is-a-membership", "A group id is a membership";
    "misconceptions/m35-exactly-once-ends-at-kafka", "Exactly once ends at Kafka";
    "cluster/loss-of-quorum", "Two of three controllers are gone";
    "cluster/disks", "What disks do";
    "cluster/racks", "Three racks";
    "cluster/quotas", "Two tenants and a quota";
    "cluster/adaptive-partitioning", "Keyless records find the quick brokers";
    "cluster/whose-clock", "Whose clock is it?";
    "cluster/throttled-reassignment", "A move that takes its time";
    "cluster/exactly-once", "Exactly once: consume, transform, produce";
    "cluster/hanging-transaction", "A transaction that nobody ends";
    "cluster/queue-and-log", "A queue beside a log";
    "cluster/same-key-other-partition", "Same key, other partition";
    "cluster/transactions", "Transactions, kept and broken";
    "cluster/zombie-producer", "A zombie is fenced";
    "cluster/zookeeper", "History: a cluster with ZooKeeper";
};
