//! What a leader knows of a follower (`kafka.cluster.Replica`).
//!
//! It learns only from the follower's fetches: an offset fetched acknowledges everything below it. Invariant: a remote that has
//! not fetched from this leader has no log end.

use crate::ids::{BrokerEpoch, NodeId, Offset};
use kafkascope_kernel::{Micros, SimTime};

/// One follower, seen by its leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Remote {
    /// The follower.
    pub id: NodeId,
    /// Its log end, or -1.
    pub log_end: Offset,
    /// Its log start, or -1.
    pub log_start: Offset,
    /// Its broker epoch, as its last fetch said.
    pub broker_epoch: BrokerEpoch,
    /// When it last had everything.
    pub last_caught_up: Option<SimTime>,
    last_fetch: Option<SimTime>,
    leader_end_at_last_fetch: Offset,
}

impl Remote {
    /// A follower that has not fetched yet; members of the ISR are given the benefit of the doubt.
    pub fn new(id: NodeId, in_sync: bool, now: SimTime) -> Self {
        Self {
            id,
            log_end: -1,
            log_start: -1,
            broker_epoch: -1,
            last_caught_up: in_sync.then_some(now),
            last_fetch: None,
            leader_end_at_last_fetch: -1,
        }
    }

    /// The same leader begins another epoch: what it knows stays.
    pub fn begin_epoch(&mut self, in_sync: bool, leader_end: Offset, now: SimTime) {
        self.last_caught_up = in_sync.then_some(now);
        self.last_fetch = in_sync.then_some(now);
        self.leader_end_at_last_fetch = leader_end;
    }

    /// The follower fetched from `offset` while the leader's log ended at `leader_end`.
    pub fn fetched(
        &mut self,
        offset: Offset,
        log_start: Offset,
        broker_epoch: BrokerEpoch,
        leader_end: Offset,
        now: SimTime,
    ) {
        if offset >= leader_end {
            self.last_caught_up = self.last_caught_up.max(Some(now));
        } else if offset >= self.leader_end_at_last_fetch {
            self.last_caught_up = self.last_caught_up.max(self.last_fetch);
        }
        self.log_end = offset;
        self.log_start = log_start;
        self.broker_epoch = broker_epoch;
        self.leader_end_at_last_fetch = leader_end;
        self.last_fetch = Some(now);
    }

    /// Whether it has everything, or had so within `lag_max`.
    pub fn is_caught_up(&self, leader_end: Offset, now: SimTime, lag_max: Micros) -> bool {
        self.log_end == leader_end
            || self.last_caught_up.is_some_and(|then| now.since(then) <= lag_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG_MAX: Micros = Micros::from_ms(30_000);

    fn at(ms: u64) -> SimTime {
        SimTime::from_ms(ms)
    }

    #[test]
    fn a_follower_one_fetch_behind_a_busy_leader_counts_as_caught_up() {
        let mut remote = Remote::new(NodeId(2), false, at(0));
        for (ms, offset, leader_end) in [(1_000, 0, 10), (1_500, 10, 20), (2_000, 20, 30)] {
            remote.fetched(offset, 0, 1, leader_end, at(ms));
        }
        assert_eq!(remote.last_caught_up, Some(at(1_500)), "it had at 2 s what there was at 1.5 s");
        assert!(remote.is_caught_up(99, at(31_500), LAG_MAX));
        assert!(!remote.is_caught_up(99, at(31_501), LAG_MAX));
    }

    #[test]
    fn a_follower_that_never_fetched_is_caught_up_only_by_courtesy() {
        assert!(!Remote::new(NodeId(2), false, at(5)).is_caught_up(0, at(5), LAG_MAX));
        assert!(Remote::new(NodeId(2), true, at(5)).is_caught_up(0, at(6), LAG_MAX));
    }
}
