//! Fetching ahead and handing out (`AbstractFetch`, `FetchCollector`).
//!
//! One FETCH a broker is under way, for every partition there that has nothing buffered; what comes back waits here until
//! `poll()` takes it. Invariant: records are handed out only from the partition's own position.

use super::records::{CompletedFetch, Handed};
use super::subscription::Partition;
use super::{Call, Consumer, answered, java_order};
use crate::api::request::{Fetch, FetchPartition};
use crate::api::{ErrorCode, Request, Response};
use crate::client::network::{Outcome, Peer};
use crate::config::consumer::{AutoOffsetReset, IsolationLevel};
use crate::cx::Cx;
use crate::ids::{NodeId, Offset, TopicPartition};
use crate::trace::Fact;
use crate::workload::CommitStrategy;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Micros, SimTime};

type PartitionsByNode = FlatMap<NodeId, Vec<(Partition, Offset, FetchPartition)>>;

/// Answers that wait to be handed out, and where fetches are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Fetcher {
    buffer: VecDeque<CompletedFetch>,
    pending: FlatSet<NodeId>,
    /// Brokers that keep a fetch session for this consumer (`FetchSessionHandler`).
    sessions: FlatSet<NodeId>,
    /// How many brokers have yet to answer that they dropped it; none before `close()`.
    goodbyes: Option<u32>,
    /// When a broker that cannot be reached may be tried again.
    pub retry_at: Option<SimTime>,
}

/// What `poll()` got: records, or that a position moved without any.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub records: Vec<Handed>,
    pub advanced: bool,
}

impl Consumer {
    /// Sends a FETCH to every broker with partitions to fetch and none under way (`sendFetches`).
    pub(super) fn send_fetches(&mut self, cx: &mut Cx<'_>) {
        self.fetcher.retry_at = None;
        for (node, partitions) in self.prepare_fetches(cx) {
            let asked =
                partitions.iter().map(|(name, offset, _)| (name.clone(), *offset)).collect();
            let wanted = partitions.into_iter().map(|(_, _, partition)| partition).collect();
            let body = self.fetch_request(wanted);
            self.fetcher.pending.insert(node);
            let timeout = self.request_timeout();
            let (peer, call) = (Peer::broker(node), Call::Fetch(asked));
            self.outbox.push(peer, Request::Fetch(body), call, timeout, cx);
        }
    }

    fn fetch_request(&self, partitions: Vec<FetchPartition>) -> Fetch {
        Fetch {
            replica_id: NodeId::NONE,
            replica_epoch: -1,
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            read_committed: self.config.isolation_level == IsolationLevel::ReadCommitted,
            rack_id: self.config.client_rack.clone(),
            partitions,
        }
    }

    /// The last of `close()`: every connected broker is told to drop its session (`maybeCloseFetchSessions`). Whether all have
    /// answered.
    pub(super) fn close_sessions(&mut self, cx: &mut Cx<'_>) -> bool {
        if self.fetcher.goodbyes.is_none() {
            let nodes = core::mem::take(&mut self.fetcher.sessions);
            let connected = |node: &NodeId| self.client.is_connected(Peer::broker(*node));
            let nodes: Vec<NodeId> = nodes.into_iter().filter(connected).collect();
            self.fetcher.goodbyes = Some(nodes.len() as u32);
            for node in nodes {
                let body = Request::Fetch(self.fetch_request(Vec::new()));
                let timeout = self.request_timeout();
                self.outbox.push(Peer::broker(node), body, Call::CloseSession, timeout, cx);
            }
        }
        self.fetcher.goodbyes == Some(0)
    }

    pub(super) fn on_session_closed(&mut self) {
        self.fetcher.goodbyes = self.fetcher.goodbyes.map(|left| left.saturating_sub(1));
    }

    /// What to fetch, by broker (`prepareFetchRequests`).
    fn prepare_fetches(&mut self, cx: &mut Cx<'_>) -> PartitionsByNode {
        let mut by_node = PartitionsByNode::new();
        let mut leaderless = false;
        for assigned in self.subscriptions.iter() {
            let Some(position) = assigned.fetch_position() else { continue };
            let name = &assigned.partition;
            if self.fetcher.buffer.iter().any(|fetch| fetch.partition == *name) {
                continue;
            }
            let known = self.client.metadata.cluster().tp(&name.0, name.1);
            let (Some(leader), Some(tp)) = (position.leader, known) else {
                leaderless = true;
                continue;
            };
            let preferred = assigned.preferred_replica.filter(|(_, until)| *until > cx.now);
            let node = preferred.map_or(leader, |(replica, _)| replica);
            match self.client.connect_at(Peer::broker(node), cx.now) {
                Some(at) if at > cx.now => {
                    let earlier = self.fetcher.retry_at.map_or(at, |other| other.min(at));
                    self.fetcher.retry_at = Some(earlier);
                    continue;
                }
                Some(_) | None if self.fetcher.pending.contains(&node) => continue,
                Some(_) | None => {}
            }
            let wanted = FetchPartition {
                tp,
                current_leader_epoch: position.leader_epoch,
                fetch_offset: position.offset,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: self.config.max_partition_fetch_bytes,
                high_watermark: -1,
            };
            by_node.entry(node).or_default().push((name.clone(), position.offset, wanted));
        }
        if leaderless {
            self.client.metadata.request_update(ErrorCode::None, cx);
        }
        by_node
    }

    pub(super) fn on_fetched(
        &mut self,
        node: NodeId,
        asked: Vec<(Partition, Offset)>,
        outcome: Outcome,
        cx: &mut Cx<'_>,
    ) {
        self.fetcher.pending.remove(&node);
        self.fetcher.sessions.remove(&node);
        let Ok(Response::Fetch(answer)) = answered(outcome) else {
            for (partition, _) in asked {
                if let Some(assigned) = self.subscriptions.get_mut(&partition) {
                    assigned.preferred_replica = None;
                }
            }
            return;
        };
        self.fetcher.sessions.insert(node);
        let read_committed = self.config.isolation_level == IsolationLevel::ReadCommitted;
        for row in answer.partitions {
            let Some(name) = self.client.metadata.cluster().name_of(row.tp.topic).cloned() else {
                continue;
            };
            let partition = (name, row.tp.partition);
            let Some((_, offset)) = asked.iter().find(|(other, _)| *other == partition) else {
                continue;
            };
            let fetch = CompletedFetch::new(partition, *offset, row, read_committed)
                .checking_crcs(self.config.check_crcs)
                .keeping(self.makes_something());
            self.fetcher.buffer.push_back(fetch);
        }
        self.follow_named_leaders(cx);
    }

    fn makes_something(&self) -> bool {
        matches!(self.app.processing.commits, CommitStrategy::InTransaction { .. })
    }

    /// Errors may name the new leader (KIP-951).
    fn follow_named_leaders(&mut self, cx: &mut Cx<'_>) {
        let mut news = false;
        for fetch in &self.fetcher.buffer {
            if let Some(leader) = fetch.answer.current_leader
                && !fetch.answer.error.is_ok()
            {
                news |= self.client.metadata.take_leader(fetch.answer.tp, leader, cx);
            }
        }
        if news {
            self.follow_leaders();
        }
    }

    /// Up to `max.poll.records` records (`FetchCollector.collectFetch`); the error is what `poll()` throws.
    pub(super) fn collect(&mut self, cx: &mut Cx<'_>) -> Result<Collected, &'static str> {
        let mut collected = Collected::default();
        let limit = self.config.max_poll_records as usize;
        let mut paused = VecDeque::new();
        while collected.records.len() < limit {
            let Some(mut fetch) = self.fetcher.buffer.pop_front() else { break };
            if self.subscriptions.get(&fetch.partition).is_some_and(|assigned| assigned.paused) {
                paused.push_back(fetch);
                continue;
            }
            let error = fetch.answer.error;
            let fits = self.is_next(&fetch);
            if !error.is_ok() {
                self.fetch_failed(&fetch, fits, cx)?;
            } else if fits {
                self.hand_out(&mut fetch, limit, &mut collected, cx);
                if let Some(base_offset) = fetch.broken {
                    let tp = fetch.answer.tp;
                    self.fetcher.buffer.push_front(fetch);
                    self.fetcher.buffer.append(&mut paused);
                    if !collected.records.is_empty() {
                        return Ok(collected);
                    }
                    cx.note(Fact::CorruptionFound { tp, base_offset });
                    return Err("KafkaException");
                }
                if !fetch.is_used_up() {
                    self.fetcher.buffer.push_front(fetch);
                }
            }
        }
        self.fetcher.buffer.append(&mut paused);
        Ok(collected)
    }

    /// Records by partition, the partitions as `ConsumerRecords` lists them.
    pub(super) fn listed(&self, records: Vec<Handed>) -> VecDeque<Handed> {
        let mut by_partition: FlatMap<TopicPartition, Vec<Handed>> = FlatMap::new();
        for handed in records {
            by_partition.entry(handed.tp).or_default().push(handed);
        }
        let named = by_partition.into_iter().map(|(tp, records)| {
            let name = self.client.metadata.cluster().name_of(tp.topic).cloned();
            ((name.unwrap_or_else(|| "".into()), tp.partition), records)
        });
        let listed = java_order::sort(named.collect(), java_order::DEFAULT_CAPACITY, |row| &row.0);
        listed.into_iter().flat_map(|(_, records)| records).collect()
    }

    /// Whether fetched records of a partition wait for the application; it is not fetched again before they are used up.
    pub fn holds_records_of(&self, partition: &Partition) -> bool {
        self.fetcher.buffer.iter().any(|fetch| fetch.partition == *partition)
    }

    /// Whether something is there to be collected.
    pub(super) fn has_fetched(&self) -> bool {
        let paused = |fetch: &CompletedFetch| {
            self.subscriptions.get(&fetch.partition).is_some_and(|assigned| assigned.paused)
        };
        self.fetcher.buffer.iter().any(|fetch| !paused(fetch))
    }

    /// Whether an answer begins where its partition stands.
    fn is_next(&self, fetch: &CompletedFetch) -> bool {
        let assigned = self.subscriptions.get(&fetch.partition);
        let position = assigned.and_then(super::Assigned::fetch_position);
        position.is_some_and(|position| position.offset == fetch.next_offset)
    }

    fn hand_out(
        &mut self,
        fetch: &mut CompletedFetch,
        limit: usize,
        collected: &mut Collected,
        cx: &mut Cx<'_>,
    ) {
        let expires = cx.now + Micros::from_config_ms(self.config.metadata_max_age_ms);
        let records = fetch.take(limit - collected.records.len());
        self.poison.extend(fetch.poison.drain(..));
        let Some(assigned) = self.subscriptions.get_mut(&fetch.partition) else { return };
        if fetch.answer.preferred_read_replica.0 >= 0 {
            assigned.preferred_replica = Some((fetch.answer.preferred_read_replica, expires));
        }
        if let Some(position) = &mut assigned.position
            && position.offset != fetch.next_offset
        {
            position.offset = fetch.next_offset;
            position.offset_epoch = fetch.last_epoch;
            collected.advanced = true;
        }
        if fetch.is_used_up() && !records.is_empty() {
            self.subscriptions.move_to_end(&fetch.partition);
        }
        collected.records.extend(records);
    }

    fn fetch_failed(
        &mut self,
        fetch: &CompletedFetch,
        fits: bool,
        cx: &mut Cx<'_>,
    ) -> Result<(), &'static str> {
        let error = fetch.answer.error;
        let partition = &fetch.partition;
        self.subscriptions.move_to_end(partition);
        if error == ErrorCode::OffsetOutOfRange {
            return self.out_of_range(partition, fits);
        }
        let stale = error.is_invalid_metadata()
            || matches!(
                error,
                ErrorCode::OffsetNotAvailable
                    | ErrorCode::UnknownTopicId
                    | ErrorCode::InconsistentTopicId
            );
        if stale {
            self.client.metadata.request_update(error, cx);
            if let Some(assigned) = self.subscriptions.get_mut(partition) {
                assigned.preferred_replica = None;
            }
            return Ok(());
        }
        let tried_again =
            matches!(error, ErrorCode::UnknownLeaderEpoch | ErrorCode::UnknownServerError);
        if tried_again { Ok(()) } else { Err(error.exception()) }
    }

    /// The log no longer, or not yet, has the position: at a follower the leader is asked, else the position is reset.
    fn out_of_range(&mut self, partition: &Partition, fits: bool) -> Result<(), &'static str> {
        let strategy = self.config.auto_offset_reset;
        let Some(assigned) = self.subscriptions.get_mut(partition) else { return Ok(()) };
        if assigned.preferred_replica.take().is_some() || !fits {
            return Ok(());
        }
        if strategy == AutoOffsetReset::None {
            return Err(ErrorCode::OffsetOutOfRange.exception());
        }
        assigned.request_reset(strategy);
        Ok(())
    }

    /// States what was handed out.
    pub(super) fn note_delivered(&self, records: &VecDeque<Handed>, cx: &mut Cx<'_>) {
        for Handed { record, tp, offset, epoch, .. } in records.iter().copied() {
            cx.note(Fact::Delivered { record, tp, offset, epoch });
        }
    }
}
