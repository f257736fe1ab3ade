//! Replica fetchers: one for each broker that leads something this broker follows (`AbstractFetcherThread`).
//!
//! A fetcher has one request under way; what it brings is appended, and the next one goes out at once. Partitions that failed
//! rest for `replica.fetch.backoff.ms`. Invariant: a partition is in at most one fetcher, that of its leader.

use super::partition::Partition;
use super::replica_manager::ReplicaManager;
use super::replicas::Replicas;
use super::{BrokerTimer, Env};
use crate::api::request::{Fetch, FetchPartition, ListOffsets, OffsetSpec};
use crate::api::response::{FetchedPartition, ListedOffset};
use crate::api::{ApiKey, ErrorCode, Request, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId, Offset, TopicPartition};
use crate::log::divergence::OutOfRange;
use crate::net::{ConnId, Lane};
use crate::trace::{Fact, ThrottledSide};
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// What copies partitions from one leader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fetcher {
    partitions: Vec<Following>,
    in_flight: Option<Correlation>,
    sent_at: SimTime,
    /// Whether a timer looks after the request under way.
    watched: bool,
    next_correlation: Correlation,
}

/// How a partition is being followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    /// It is fetched.
    Fetching,
    /// The leader does not have the offset: its log's bounds are looked up first.
    OutOfRange,
    /// Until metadata names another epoch there is no use in asking.
    Fenced,
}

/// One followed partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Following {
    /// What the next fetch says of it.
    want: FetchPartition,
    phase: Phase,
    /// It rests until then.
    rests_until: SimTime,
    /// Whether the request under way is about it in its present state.
    asked: bool,
    /// How far it was behind the leader's high watermark when something came last; none before that.
    lag: Option<Offset>,
}

impl Fetcher {
    /// Partitions followed, with the offset to be fetched next.
    pub fn partitions(&self) -> impl Iterator<Item = (TopicPartition, Offset)> {
        self.partitions.iter().map(|following| (following.want.tp, following.want.fetch_offset))
    }

    fn find(&mut self, tp: TopicPartition) -> Option<&mut Following> {
        let index = self.partitions.binary_search_by_key(&tp, |following| following.want.tp);
        index.ok().map(|index| &mut self.partitions[index])
    }

    fn add(&mut self, following: Following) {
        match self.partitions.binary_search_by_key(&following.want.tp, |known| known.want.tp) {
            Ok(index) => self.partitions[index] = following,
            Err(index) => self.partitions.insert(index, following),
        }
    }

    fn correlation(&mut self) -> Correlation {
        let correlation = self.next_correlation;
        self.next_correlation += 1;
        self.in_flight = Some(correlation);
        correlation
    }
}

impl Following {
    fn is_due(&self, phase: Phase, now: SimTime) -> bool {
        self.phase == phase && self.rests_until <= now
    }

    fn rest(&mut self, env: &Env<'_>, now: SimTime) {
        self.asked = false;
        self.rests_until = now + backoff(env);
    }
}

impl ReplicaManager {
    /// Begins to follow `leader` from the end of the local log; [`Self::send_fetches`] sends the request.
    pub(super) fn start_fetching(
        &mut self,
        tp: TopicPartition,
        leader: NodeId,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(partition) = self.replicas.get(tp) else { return };
        if partition.log.epochs().latest().is_none() {
            // Without epochs the logs cannot be compared: what is not known to be committed goes.
            let to = partition.log.high_watermark();
            self.truncate(tp, to, env, cx);
        }
        if let Some(want) = self.next_fetch(tp, env) {
            let rests_until = SimTime::ZERO;
            let following =
                Following { want, phase: Phase::Fetching, rests_until, asked: false, lag: None };
            self.fetchers.entry(leader).or_default().add(following);
        }
    }

    /// Follows a partition no longer.
    pub(super) fn stop_fetching(&mut self, tp: TopicPartition) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.partitions.retain(|following| following.want.tp != tp);
        }
    }

    /// Lets every idle fetcher send its next request.
    pub(super) fn send_fetches(&mut self, env: &Env<'_>, cx: &mut Cx<'_>) {
        let leaders: Vec<NodeId> = self.fetchers.keys().copied().collect();
        for leader in leaders {
            self.on_fetcher_timer(leader, env, cx);
        }
    }

    /// A fetcher's partitions have rested.
    pub fn on_fetcher_timer(&mut self, leader: NodeId, env: &Env<'_>, cx: &mut Cx<'_>) {
        let exceeded = self.quotas.is_exceeded(ThrottledSide::Follower, env.config, cx.now);
        let throttle = Throttle { me: self.me, replicas: exceeded.then_some(&self.replicas) };
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        let held_back = send_next(throttle, leader, fetcher, env, cx);
        if let Some(held_back) = held_back {
            self.note_throttled(ThrottledSide::Follower, held_back, cx);
        }
    }

    /// A leader answered.
    pub fn on_fetcher_response(
        &mut self,
        leader: NodeId,
        correlation: Correlation,
        body: Response,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        if fetcher.in_flight.take_if(|sent| *sent == correlation).is_none() {
            return;
        }
        if let Response::Fetch(fetch) = body {
            for answer in fetch.partitions {
                self.on_fetched(leader, answer, env, cx);
            }
        } else if let Response::ListOffsets(listed) = body {
            for pair in listed.chunks_exact(2) {
                self.on_leader_bounds(leader, &pair[0], &pair[1], env, cx);
            }
        }
        self.on_fetcher_timer(leader, env, cx);
    }

    /// The connection to a leader broke: everything asked for rests.
    pub fn on_fetcher_disconnect(&mut self, leader: NodeId, env: &Env<'_>, cx: &mut Cx<'_>) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        fetcher.in_flight = None;
        for following in fetcher.partitions.iter_mut().filter(|following| following.asked) {
            following.rest(env, cx.now);
        }
        self.on_fetcher_timer(leader, env, cx);
    }

    /// The request under way may have had no answer for `replica.socket.timeout.ms`: its connection is given up then.
    pub fn on_fetcher_late(&mut self, leader: NodeId, env: &Env<'_>, cx: &mut Cx<'_>) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        fetcher.watched = fetcher.in_flight.is_some();
        if !fetcher.watched {
            return;
        }
        let (waited, patience) = (cx.now.since(fetcher.sent_at), patience(env));
        if waited < patience {
            cx.arm(BrokerTimer::FetcherLate(leader), Micros(patience.0 - waited.0));
        } else {
            fetcher.watched = false;
            cx.note(Fact::RequestTimedOut { api: ApiKey::Fetch, to: leader });
            cx.close(ConnId { client: self.me, server: leader, lane: Lane::Fetcher });
            self.on_fetcher_disconnect(leader, env, cx);
        }
    }

    /// What the next fetch of a partition says, from its log as it is now.
    fn next_fetch(&self, tp: TopicPartition, env: &Env<'_>) -> Option<FetchPartition> {
        let partition = self.replicas.get(tp)?;
        let log = &partition.log;
        Some(FetchPartition {
            tp,
            current_leader_epoch: partition.leader_epoch,
            fetch_offset: log.log_end(),
            last_fetched_epoch: log.epochs().latest().unwrap_or(-1),
            log_start_offset: log.log_start(),
            partition_max_bytes: env.config.replica_fetch_max_bytes,
            high_watermark: log.high_watermark(),
        })
    }

    fn on_fetched(
        &mut self,
        leader: NodeId,
        answer: FetchedPartition,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let tp = answer.tp;
        let Some(following) = self.following(leader, tp).filter(|following| following.asked) else {
            return;
        };
        let error = answer.error;
        if error.is_ok() {
            if let Some((epoch, end)) = answer.diverging_epoch {
                let to = self.common_end(tp, epoch, end);
                self.truncate(tp, to, env, cx);
            } else {
                let (high_watermark, brings) = (answer.high_watermark, !answer.batches.is_empty());
                let sound = self.append_fetched(answer, env, cx);
                let end = self.replicas.get(tp).map_or(0, |partition| partition.log.log_end());
                if let Some(following) = self.following(leader, tp) {
                    if brings || following.lag.is_none() {
                        following.lag = Some((high_watermark - end).max(0));
                    }
                    if !sound {
                        following.rest(env, cx.now);
                    }
                }
            }
            self.go_on(leader, tp, env);
        } else if error == ErrorCode::OffsetOutOfRange {
            following.phase = Phase::OutOfRange;
        } else if error == ErrorCode::FencedLeaderEpoch {
            following.phase = Phase::Fenced;
        } else {
            following.rest(env, cx.now);
        }
    }

    /// The leader's log end and log start, after it had refused an offset.
    fn on_leader_bounds(
        &mut self,
        leader: NodeId,
        latest: &ListedOffset,
        earliest: &ListedOffset,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let tp = latest.tp;
        let Some(following) = self.following(leader, tp).filter(|following| following.asked) else {
            return;
        };
        following.phase = Phase::Fetching;
        if !latest.error.is_ok() || !earliest.error.is_ok() {
            following.rest(env, cx.now);
            return;
        }
        let Some(partition) = self.replicas.get(tp) else { return };
        match partition.log.after_out_of_range(earliest.offset, latest.offset) {
            OutOfRange::TruncateTo(end) => self.truncate(tp, end, env, cx),
            OutOfRange::RestartAt(start) => self.restart_at(tp, start, cx),
            OutOfRange::GoOn => {}
        }
        self.go_on(leader, tp, env);
    }

    /// The next fetch of a partition begins where its log ends now.
    fn go_on(&mut self, leader: NodeId, tp: TopicPartition, env: &Env<'_>) {
        let want = self.next_fetch(tp, env);
        if let (Some(following), Some(want)) = (self.following(leader, tp), want) {
            following.want = want;
        }
    }

    fn following(&mut self, leader: NodeId, tp: TopicPartition) -> Option<&mut Following> {
        self.fetchers.get_mut(&leader)?.find(tp)
    }
}

/// What a follower above its rate does not ask for.
#[derive(Clone, Copy)]
struct Throttle<'a> {
    me: NodeId,
    /// Its replicas, if it is above its rate.
    replicas: Option<&'a Replicas>,
}

impl Throttle<'_> {
    /// Whether a partition is not asked for (`RemoteLeaderEndPoint.shouldFollowerThrottle`).
    fn holds_back(&self, following: &Following) -> bool {
        let Some(replicas) = self.replicas else { return false };
        let tp = following.want.tp;
        let in_sync = following.lag.is_some_and(|lag| lag <= 0);
        let throttled = |partition: &Partition| {
            partition.config.follower_replication_throttled_replicas.has(tp, self.me)
        };
        !in_sync && replicas.get(tp).is_some_and(throttled)
    }
}

/// Sends the next request if none is under way: bounds to look up first, else a fetch; or wakes up when something has rested.
/// Whether something was held back, if it came to that.
fn send_next(
    throttle: Throttle<'_>,
    leader: NodeId,
    fetcher: &mut Fetcher,
    env: &Env<'_>,
    cx: &mut Cx<'_>,
) -> Option<bool> {
    if fetcher.in_flight.is_some() {
        return None;
    }
    let body = match next_lookup(throttle.me, fetcher, cx.now) {
        Some(lookup) => Some(lookup),
        None => next_fetch(throttle, fetcher, env, cx.now),
    };
    let held_back = fetcher.partitions.iter().any(|following| throttle.holds_back(following));
    if let Some(body) = body {
        let correlation = fetcher.correlation();
        fetcher.sent_at = cx.now;
        if !core::mem::replace(&mut fetcher.watched, true) {
            cx.arm(BrokerTimer::FetcherLate(leader), patience(env));
        }
        cx.send(leader, Lane::Fetcher, correlation, body);
    } else if let Some(next) = fetcher
        .partitions
        .iter()
        .filter(|following| following.phase != Phase::Fenced)
        .map(|following| {
            let backs_off = throttle.holds_back(following).then(|| cx.now + backoff(env));
            backs_off.map_or(following.rests_until, |at| at.max(following.rests_until))
        })
        .min()
    {
        cx.arm(BrokerTimer::Fetcher(leader), next.since(cx.now));
    }
    Some(held_back)
}

fn backoff(env: &Env<'_>) -> Micros {
    Micros::from_config_ms(i64::from(env.config.replica_fetch_backoff_ms))
}

fn patience(env: &Env<'_>) -> Micros {
    Micros::from_config_ms(i64::from(env.config.replica_socket_timeout_ms))
}

fn next_lookup(me: NodeId, fetcher: &mut Fetcher, now: SimTime) -> Option<Request> {
    let mut partitions = Vec::new();
    for following in &mut fetcher.partitions {
        following.asked = following.is_due(Phase::OutOfRange, now);
        if following.asked {
            let (tp, epoch) = (following.want.tp, following.want.current_leader_epoch);
            partitions.push((tp, epoch, OffsetSpec::Latest));
            partitions.push((tp, epoch, OffsetSpec::Earliest));
        }
    }
    let lookup = ListOffsets { replica_id: me, read_committed: false, partitions };
    (!lookup.partitions.is_empty()).then_some(Request::ListOffsets(lookup))
}

fn next_fetch(
    throttle: Throttle<'_>,
    fetcher: &mut Fetcher,
    env: &Env<'_>,
    now: SimTime,
) -> Option<Request> {
    let mut partitions = Vec::with_capacity(fetcher.partitions.len());
    for following in &mut fetcher.partitions {
        following.asked = following.is_due(Phase::Fetching, now) && !throttle.holds_back(following);
        if following.asked {
            partitions.push(following.want);
        }
    }
    if partitions.is_empty() {
        return None;
    }
    Some(Request::Fetch(Fetch {
        replica_id: throttle.me,
        replica_epoch: env.broker_epoch,
        max_wait_ms: env.config.replica_fetch_wait_max_ms,
        min_bytes: env.config.replica_fetch_min_bytes,
        max_bytes: env.config.replica_fetch_response_max_bytes,
        read_committed: false,
        rack_id: env.no_rack.clone(),
        partitions,
    }))
}
