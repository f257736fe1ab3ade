//! Throttled replication on a broker (`ReplicationQuotaManager`).
//!
//! A leader above its rate gives throttled replicas outside the ISR nothing; a follower above its rate does not ask for those that
//! are behind. What is in sync is never held back, though it counts. Invariant: without throttled replicas nothing here is done.

use super::Env;
use super::partition::Partition;
use super::replica_manager::ReplicaManager;
use crate::api::Response;
use crate::api::request::Fetch;
use crate::config::broker::BrokerConfig;
use crate::cx::Cx;
use crate::ids::{NodeId, TopicPartition};
use crate::quota::rate::{Rate, Windows};
use crate::trace::{Fact, ThrottledSide};
use kafkascope_kernel::SimTime;

/// What a broker gave to throttled replicas, and what its own took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReplicationQuotas {
    leader: Throttle,
    follower: Throttle,
}

/// One of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Throttle {
    rate: Rate,
    /// Whether something was held back at the last look.
    holds_back: bool,
}

impl ReplicationQuotas {
    fn of(&mut self, side: ThrottledSide) -> &mut Throttle {
        match side {
            ThrottledSide::Leader => &mut self.leader,
            ThrottledSide::Follower => &mut self.follower,
        }
    }

    /// Whether a side is above its rate.
    pub(super) fn is_exceeded(
        &self,
        side: ThrottledSide,
        config: &BrokerConfig,
        now: SimTime,
    ) -> bool {
        let (throttle, limit) = match side {
            ThrottledSide::Leader => (&self.leader, config.leader_replication_throttled_rate),
            ThrottledSide::Follower => (&self.follower, config.follower_replication_throttled_rate),
        };
        limit < i64::MAX && throttle.rate.is_above(limit, now.as_ms() as i64, windows(config))
    }
}

impl ReplicaManager {
    /// Whether a leader gives a replica nothing for now (`ReplicaManager.shouldLeaderThrottle`).
    pub(super) fn should_leader_throttle(
        &self,
        partition: &Partition,
        replica: NodeId,
        (env, now): (&Env<'_>, SimTime),
    ) -> bool {
        if env.config.leader_replication_throttled_rate == i64::MAX || !replica.is_broker() {
            return false;
        }
        let Some(leadership) = &partition.leadership else { return false };
        partition.config.leader_replication_throttled_replicas.has(partition.tp, self.me)
            && !leadership.isr.contains(&replica)
            && self.quotas.is_exceeded(ThrottledSide::Leader, env.config, now)
    }

    /// Counts what a follower is given, and tells when something begins to be held back.
    pub(super) fn count_given(
        &mut self,
        fetch: &Fetch,
        answer: &Response,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let now = cx.now;
        if env.config.leader_replication_throttled_rate < i64::MAX {
            let held_back = fetch.partitions.iter().any(|want| {
                self.replicas.get(want.tp).is_some_and(|partition| {
                    want.fetch_offset < partition.log.log_end()
                        && self.should_leader_throttle(partition, fetch.replica_id, (env, now))
                })
            });
            self.note_throttled(ThrottledSide::Leader, held_back, cx);
        }
        let Response::Fetch(fetch) = answer else { return };
        let throttled = fetch.partitions.iter().filter(|row| !row.batches.is_empty());
        let throttled = throttled.filter(|row| self.is_throttled(ThrottledSide::Leader, row.tp));
        let sizes = throttled.flat_map(|row| row.batches.iter().map(|batch| batch.size_bytes));
        let bytes: i64 = sizes.map(i64::from).sum();
        self.count(ThrottledSide::Leader, bytes, env, now);
    }

    /// Counts what a follower took.
    pub(super) fn count_taken(
        &mut self,
        tp: TopicPartition,
        bytes: i64,
        env: &Env<'_>,
        now: SimTime,
    ) {
        if self.is_throttled(ThrottledSide::Follower, tp) {
            self.count(ThrottledSide::Follower, bytes, env, now);
        }
    }

    /// Tells when one side begins to hold something back.
    pub(super) fn note_throttled(
        &mut self,
        side: ThrottledSide,
        holds_back: bool,
        cx: &mut Cx<'_>,
    ) {
        let before = core::mem::replace(&mut self.quotas.of(side).holds_back, holds_back);
        if holds_back && !before {
            cx.note(Fact::ReplicationThrottled { side });
        }
    }

    fn count(&mut self, side: ThrottledSide, bytes: i64, env: &Env<'_>, now: SimTime) {
        if bytes > 0 {
            let rate = &mut self.quotas.of(side).rate;
            rate.record(bytes, now.as_ms() as i64, windows(env.config));
        }
    }

    fn is_throttled(&self, side: ThrottledSide, tp: TopicPartition) -> bool {
        self.replicas.get(tp).is_some_and(|partition| {
            let config = &partition.config;
            match side {
                ThrottledSide::Leader => {
                    config.leader_replication_throttled_replicas.has(tp, self.me)
                }
                ThrottledSide::Follower => {
                    config.follower_replication_throttled_replicas.has(tp, self.me)
                }
            }
        })
    }
}

fn windows(config: &BrokerConfig) -> Windows {
    let ms = i64::from(config.replication_quota_window_size_seconds) * 1_000;
    Windows { count: i64::from(config.replication_quota_window_num), ms }
}
