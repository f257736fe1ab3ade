//! FETCH: serving consumers and followers, at once or when there is enough (`ReplicaManager.fetchMessages`, `DelayedFetch`).
//!
//! A follower's fetch is also its acknowledgement. Invariant: consumers see nothing at or above the high watermark, and with
//! `read_committed` nothing at or above the last stable offset.

use super::partition::Partition;
use super::read_replica::preferred_read_replica;
use super::replica_manager::ReplicaManager;
use super::{BrokerTimer, Env};
use crate::api::request::{Fetch, FetchPartition};
use crate::api::response::{self, CurrentLeader, FetchedPartition};
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, LeaderEpoch, NodeId, Offset, TopicPartition};
use crate::net::{ConnId, Lane};
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// A fetch that waits for data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ParkedFetch {
    correlation: Correlation,
    fetch: Fetch,
}

/// What one partition has for a fetch.
enum Look<'a> {
    Refused(ErrorCode, Option<CurrentLeader>),
    Diverging(&'a Partition, (LeaderEpoch, Offset)),
    /// A replica nearer to the consumer has it.
    Elsewhere(&'a Partition, NodeId),
    /// Batches below this offset may be read.
    Readable(&'a Partition, Offset),
}

impl ReplicaManager {
    /// Serves a FETCH.
    pub fn handle_fetch(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        fetch: Fetch,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let at_once = fetch.max_wait_ms <= 0
            || fetch.partitions.is_empty()
            || self.is_worth_answering(&fetch, env, cx.now);
        let answer = at_once.then(|| self.read(&fetch, env, cx.now));
        if fetch.replica_id.is_broker() {
            if let Some(answer) = &answer {
                self.count_given(&fetch, answer, env, cx);
            }
            self.note_progress(&fetch, env, cx);
        }
        match answer {
            Some(answer) => cx.respond(conn, correlation, answer),
            None => self.park_fetch(conn, correlation, fetch, cx),
        }
    }

    /// New data at the leader: fetches that followers have parked are answered.
    pub(super) fn wake_followers(&mut self, tp: TopicPartition, env: &Env<'_>, cx: &mut Cx<'_>) {
        let me = self.me;
        let Some(partition) = self.replicas.get(tp) else { return };
        let Some(leadership) = &partition.leadership else { return };
        let log_end = partition.log.log_end();
        let conn = |id: NodeId| ConnId { client: id, server: me, lane: Lane::Fetcher };
        let parked = |id: NodeId| self.fetches.get(&conn(id)).map(|parked| (conn(id), parked));
        let ready: Vec<ConnId> = leadership
            .remotes
            .iter()
            .filter_map(|remote| parked(remote.id))
            .filter(|(_, parked)| self.is_satisfied(parked, tp, log_end, (env, cx.now)))
            .map(|(conn, _)| conn)
            .collect();
        for conn in ready {
            self.complete_fetch(conn, env, cx);
        }
    }

    /// The high watermark moved: fetches that consumers have parked may be answered.
    pub(super) fn wake_watchers(&mut self, tp: TopicPartition, env: &Env<'_>, cx: &mut Cx<'_>) {
        let Some(partition) = self.replicas.get(tp) else { return };
        if partition.watchers.is_empty() {
            return;
        }
        let satisfied = |conn: &&ConnId| {
            let parked = self.fetches.get(conn);
            parked.is_some_and(|parked| {
                let end = visible_end(partition, parked.fetch.read_committed);
                self.is_satisfied(parked, tp, end, (env, cx.now))
            })
        };
        let ready: Vec<ConnId> = partition.watchers.iter().filter(satisfied).copied().collect();
        for conn in ready {
            self.complete_fetch(conn, env, cx);
        }
    }

    /// A partition's role or epoch changed, or it went: every fetch parked on it is answered.
    pub(super) fn complete_fetches_of(
        &mut self,
        tp: TopicPartition,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let parked_on = |parked: &ParkedFetch| parked.fetch.partitions.iter().any(|p| p.tp == tp);
        let conns: Vec<ConnId> = self
            .fetches
            .iter()
            .filter(|(_, parked)| parked_on(parked))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in conns {
            self.complete_fetch(conn, env, cx);
        }
    }

    /// Answers a parked fetch with what there is now.
    pub(super) fn complete_fetch(&mut self, conn: ConnId, env: &Env<'_>, cx: &mut Cx<'_>) {
        let Some(parked) = self.forget_fetch(conn) else { return };
        cx.disarm(BrokerTimer::Parked(conn));
        let answer = self.read(&parked.fetch, env, cx.now);
        if parked.fetch.replica_id.is_broker() {
            self.count_given(&parked.fetch, &answer, env, cx);
        }
        cx.respond(conn, parked.correlation, answer);
    }

    pub(super) fn forget_fetch(&mut self, conn: ConnId) -> Option<ParkedFetch> {
        let parked = self.fetches.remove(&conn)?;
        if !parked.fetch.replica_id.is_broker() {
            for want in &parked.fetch.partitions {
                if let Some(partition) = self.replicas.get_mut(want.tp) {
                    partition.watchers.retain(|watcher| *watcher != conn);
                }
            }
        }
        Some(parked)
    }

    fn park_fetch(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        fetch: Fetch,
        cx: &mut Cx<'_>,
    ) {
        if !fetch.replica_id.is_broker() {
            for want in &fetch.partitions {
                if let Some(partition) = self.replicas.get_mut(want.tp) {
                    partition.watchers.push(conn);
                }
            }
        }
        let wait = Micros::from_config_ms(i64::from(fetch.max_wait_ms));
        cx.arm(BrokerTimer::Parked(conn), wait);
        self.fetches.insert(conn, ParkedFetch { correlation, fetch });
    }

    /// Whether a parked fetch has enough, now that `tp` can be read up to `end`.
    fn is_satisfied(
        &self,
        parked: &ParkedFetch,
        tp: TopicPartition,
        end: Offset,
        (env, now): (&Env<'_>, SimTime),
    ) -> bool {
        let wanted = parked.fetch.partitions.iter().find(|want| want.tp == tp);
        let has_news = wanted.is_some_and(|want| want.fetch_offset < end);
        if !has_news {
            return false;
        }
        let one_byte_will_do =
            parked.fetch.min_bytes <= 1 && env.config.leader_replication_throttled_rate == i64::MAX;
        one_byte_will_do || self.is_worth_answering(&parked.fetch, env, now)
    }

    /// Whether there is an error to report, or as much data as the fetcher asked for.
    fn is_worth_answering(&self, fetch: &Fetch, env: &Env<'_>, now: SimTime) -> bool {
        let enough = u64::from(fetch.min_bytes.max(0).unsigned_abs());
        let mut bytes = 0;
        for want in &fetch.partitions {
            if bytes >= enough {
                break;
            }
            match self.look(want, fetch, env) {
                Look::Refused(..) | Look::Diverging(..) | Look::Elsewhere(..) => return true,
                Look::Readable(partition, _)
                    if self.should_leader_throttle(partition, fetch.replica_id, (env, now)) => {}
                Look::Readable(partition, below) => {
                    let readable = partition.log.readable_bytes(want.fetch_offset, below, enough);
                    bytes +=
                        readable.min(u64::from(want.partition_max_bytes.max(0).unsigned_abs()));
                }
            }
        }
        bytes >= enough
    }

    fn look(&self, want: &FetchPartition, fetch: &Fetch, env: &Env<'_>) -> Look<'_> {
        let replica = fetch.replica_id;
        let hosted = self.replicas.get(want.tp).filter(|partition| partition.leader_epoch >= 0);
        let Some(partition) = hosted else {
            let (error, leader) = Self::absent(want.tp, env);
            // The fetch session knows the name of a topic whose id is gone (`FetchSession.CachedPartition`).
            let gone = error == ErrorCode::UnknownTopicId;
            return Look::Refused(
                if gone { ErrorCode::UnknownTopicOrPartition } else { error },
                leader,
            );
        };
        match may_read(partition, want, replica) {
            Err(error) => {
                let moved =
                    matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch);
                Look::Refused(error, moved.then(|| partition.current_leader()))
            }
            Ok(Some(end)) => Look::Diverging(partition, end),
            Ok(None) if replica.is_broker() => Look::Readable(partition, partition.log.log_end()),
            Ok(None) => match preferred_read_replica(partition, want.fetch_offset, fetch, env) {
                Some(node) => Look::Elsewhere(partition, node),
                None => Look::Readable(partition, visible_end(partition, fetch.read_committed)),
            },
        }
    }

    fn read(&self, fetch: &Fetch, env: &Env<'_>, now: SimTime) -> Response {
        let mut partitions = Vec::new();
        let mut room = fetch.max_bytes.max(0).unsigned_abs();
        let mut anything = false;
        for want in &fetch.partitions {
            let news = self.read_one(want, fetch, (room, !anything), (env, now));
            let Some(answer) = news else { continue };
            let bytes: u32 = answer.batches.iter().map(|batch| batch.size_bytes).sum();
            room = room.saturating_sub(bytes);
            anything |= bytes > 0;
            partitions.push(answer);
        }
        Response::Fetch(response::Fetch { error: ErrorCode::None, partitions, throttle_time_ms: 0 })
    }

    /// What there is to say of a partition; incremental fetch sessions leave out those that have no news.
    fn read_one(
        &self,
        want: &FetchPartition,
        fetch: &Fetch,
        bounds: (u32, bool),
        (env, now): (&Env<'_>, SimTime),
    ) -> Option<FetchedPartition> {
        match self.look(want, fetch, env) {
            Look::Refused(error, leader) => {
                Some(FetchedPartition { error, current_leader: leader, ..nothing(want.tp) })
            }
            Look::Diverging(partition, end) => {
                Some(FetchedPartition { diverging_epoch: Some(end), ..from(partition) })
            }
            Look::Elsewhere(partition, node) => {
                Some(FetchedPartition { preferred_read_replica: node, ..from(partition) })
            }
            Look::Readable(partition, _)
                if self.should_leader_throttle(partition, fetch.replica_id, (env, now)) =>
            {
                has_moved(partition, want, fetch.replica_id).then(|| from(partition))
            }
            Look::Readable(partition, below) => read_batches(partition, want, fetch, below, bounds),
        }
    }

    /// A follower's fetch says what it has: the ISR may grow, the high watermark may move.
    fn note_progress(&mut self, fetch: &Fetch, env: &Env<'_>, cx: &mut Cx<'_>) {
        for want in &fetch.partitions {
            let Some(partition) = self.replicas.get_mut(want.tp) else { continue };
            if may_read(partition, want, fetch.replica_id) != Ok(None) {
                continue;
            }
            let (leader_end, high_watermark) =
                (partition.log.log_end(), partition.log.high_watermark());
            let Some(leadership) = &mut partition.leadership else { continue };
            let Some(remote) = leadership.remote_mut(fetch.replica_id) else { continue };
            let (had, start) = (remote.log_end, remote.log_start);
            remote.fetched(
                want.fetch_offset,
                want.log_start_offset,
                fetch.replica_epoch,
                leader_end,
                cx.now,
            );
            if let Some(proposal) =
                leadership.expansion(fetch.replica_id, high_watermark, env.image)
            {
                self.propose_expand(want.tp, fetch.replica_id, proposal, cx);
            }
            if had != want.fetch_offset {
                self.advance_high_watermark(want.tp, env, cx);
            }
            if start != want.log_start_offset {
                self.settle_deletes(env, cx);
            }
        }
    }
}

/// Up to where a consumer sees anything.
fn visible_end(partition: &Partition, read_committed: bool) -> Offset {
    if read_committed { partition.log.last_stable_offset() } else { partition.log.high_watermark() }
}

/// Whether a fetch may read a partition, or where its log parts from this one.
fn may_read(
    partition: &Partition,
    want: &FetchPartition,
    replica: NodeId,
) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
    partition.check_epoch(want.current_leader_epoch)?;
    if replica.is_broker() {
        let leadership = partition.require_leadership()?;
        if !leadership.remotes.iter().any(|remote| remote.id == replica) {
            return Err(ErrorCode::UnknownLeaderEpoch);
        }
    }
    partition.log.check_fetch(want.fetch_offset, want.last_fetched_epoch)
}

/// Batches below an offset, as many as there is room for.
fn read_batches(
    partition: &Partition,
    want: &FetchPartition,
    fetch: &Fetch,
    below: Offset,
    (room, at_least_one): (u32, bool),
) -> Option<FetchedPartition> {
    let max = room.min(want.partition_max_bytes.max(0).unsigned_abs());
    let batches = partition.log.read(want.fetch_offset, max, below, at_least_one);
    if batches.is_empty() && !has_moved(partition, want, fetch.replica_id) {
        return None;
    }
    let aborted_transactions = if fetch.read_committed {
        partition.log.aborted_in(want.fetch_offset, &batches)
    } else {
        Vec::new()
    };
    Some(FetchedPartition { aborted_transactions, batches, ..from(partition) })
}

/// Whether a follower knows another high watermark or log start.
fn has_moved(partition: &Partition, want: &FetchPartition, replica: NodeId) -> bool {
    replica.is_broker()
        && (partition.log.high_watermark() != want.high_watermark
            || partition.log.log_start() != want.log_start_offset)
}

fn nothing(tp: TopicPartition) -> FetchedPartition {
    FetchedPartition {
        tp,
        error: ErrorCode::None,
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: -1,
        diverging_epoch: None,
        current_leader: None,
        aborted_transactions: Vec::new(),
        preferred_read_replica: NodeId::NONE,
        batches: Vec::new(),
    }
}

fn from(partition: &Partition) -> FetchedPartition {
    FetchedPartition {
        high_watermark: partition.log.high_watermark(),
        last_stable_offset: partition.log.last_stable_offset(),
        log_start_offset: partition.log.log_start(),
        ..nothing(partition.tp)
    }
}
