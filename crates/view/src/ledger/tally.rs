//! The ledger's counts.
//!
//! Invariant: each count can be recomputed from the lives; it is kept so that nobody has to.

use crate::picture::Moment;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::TopicPartition;
use kafkascope_model::workload::Outside;

/// Counts of records and verdicts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Handed to `send()`.
    pub sent: u64,
    /// Acknowledged with an offset.
    pub acknowledged: u64,
    /// Given up by producers.
    pub failed: u64,
    /// Gone with the buffers of producers that ended.
    pub never_left: u64,
    /// Acknowledged and lost.
    pub lost: u64,
    /// In the log more than once.
    pub duplicated: u64,
    /// Behind a later one of the same producer and partition.
    pub reordered: u64,
    /// Handed to an application, each time counted.
    pub delivered: u64,
    /// Of these, not the first time for the group.
    pub delivered_again: u64,
    /// Done outside Kafka, by kind.
    pub effects: FlatMap<Outside, EffectCount>,
    /// Since when nobody can write, by partition.
    closed_since: FlatMap<TopicPartition, Moment>,
    /// For how long nobody could, before that.
    closed_for: FlatMap<TopicPartition, Micros>,
}

/// How often something was done outside Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectCount {
    /// Done.
    pub done: u64,
    /// Of these, not the first time for the record and the group.
    pub again: u64,
    /// Asked for again, and not done.
    pub known: u64,
}

impl Tally {
    /// How long nobody could write to a partition up to `now`.
    pub fn not_writable(&self, tp: TopicPartition, now: SimTime) -> Micros {
        let open = self.closed_since.get(&tp).map_or(Micros::ZERO, |since| now.since(since.at));
        self.closed_for.get(&tp).copied().unwrap_or_default() + open
    }

    /// Partitions that nobody could write to for a time, or cannot now.
    pub fn partitions_not_writable(&self) -> impl Iterator<Item = TopicPartition> {
        let open = self.closed_since.keys().filter(|tp| !self.closed_for.contains_key(tp));
        self.closed_for.keys().chain(open).copied()
    }

    /// Since when nobody can write to a partition, if so.
    pub fn closed_since(&self, tp: TopicPartition) -> Option<Moment> {
        self.closed_since.get(&tp).copied()
    }

    pub(super) fn close(&mut self, tp: TopicPartition, now: Moment) {
        self.closed_since.entry(tp).or_insert(now);
    }

    pub(super) fn open(&mut self, tp: TopicPartition, now: Moment) {
        if let Some(since) = self.closed_since.remove(&tp) {
            let closed = self.closed_for.entry(tp).or_default();
            *closed = *closed + now.at.since(since.at);
        }
    }

    pub(super) fn forget(&mut self, tp: TopicPartition) {
        self.closed_since.remove(&tp);
        self.closed_for.remove(&tp);
    }
}
