//! Fetching and acknowledging, broker by broker (`ShareConsumeRequestManager`).
//!
//! Acknowledgements travel with the next fetch if there is one, else by themselves. Invariant: a broker has one request of this
//! kind under way at most.

use super::inbox::Inbox;
use super::session::{Acks, Session, batches_of};
use super::{Call, ShareConsumer};
use crate::api::share::{AckType, ShareAcknowledge, ShareFetch, ShareFetched};
use crate::api::{ErrorCode, Request, Response, ShareRequest, ShareResponse};
use crate::client::network::{Outcome, Peer};
use crate::cx::Cx;
use crate::ids::{NodeId, Offset, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet, SimTime};

/// Sessions, and what is under way on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Fetcher {
    pub inbox: Inbox,
    sessions: FlatMap<NodeId, Session>,
    pending: FlatSet<NodeId>,
    /// To go with the next fetch.
    with_fetch: FlatMap<NodeId, Acks>,
    /// To go by themselves.
    alone: FlatMap<NodeId, Acks>,
    /// Whether the application asked for records and none came yet.
    pub wants_more: bool,
    /// Sessions that are being ended.
    closing: FlatSet<NodeId>,
    /// When a broker that cannot be reached may be tried again.
    pub retry_at: Option<SimTime>,
}

impl Fetcher {
    /// Puts in what was said of records.
    pub fn acknowledge(
        &mut self,
        said: impl IntoIterator<Item = (NodeId, TopicPartition, Offset, AckType)>,
        with_fetch: bool,
    ) {
        let waiting = if with_fetch { &mut self.with_fetch } else { &mut self.alone };
        for (node, tp, offset, ack) in said {
            waiting.entry(node).or_default().entry(tp).or_default().insert(offset, ack);
        }
    }

    /// Every session is ended, with everything that is still to be said.
    pub fn begin_close(&mut self) {
        self.wants_more = false;
        for (node, acks) in core::mem::take(&mut self.with_fetch) {
            for (tp, acks) in acks {
                self.alone.entry(node).or_default().entry(tp).or_default().extend(acks);
            }
        }
        let open = self.sessions.iter().filter(|(_, session)| session.epoch > 0);
        self.closing = open.map(|(node, _)| *node).collect();
        self.closing.extend(&self.pending);
    }

    /// Whether sessions are still being ended.
    pub fn is_closing(&self) -> bool {
        !self.closing.is_empty() || !self.pending.is_empty()
    }
}

impl ShareConsumer {
    /// Sends a SHARE_FETCH to every broker with partitions to fetch and none under way.
    pub(super) fn send_fetches(&mut self, cx: &mut Cx<'_>) {
        self.fetcher.retry_at = None;
        if !self.fetcher.wants_more || self.app.is_leaving() {
            return;
        }
        let mut wanted: FlatMap<NodeId, Vec<TopicPartition>> = FlatMap::new();
        let mut leaderless = false;
        for tp in &self.membership.assigned {
            match self.client.metadata.cluster().leader(*tp) {
                Some(node) => wanted.entry(node).or_default().push(*tp),
                None => leaderless = true,
            }
        }
        if leaderless {
            self.client.metadata.request_update(ErrorCode::None, cx);
        }
        for node in self.fetcher.with_fetch.keys() {
            wanted.entry(*node).or_default();
        }
        for (node, partitions) in wanted {
            if !self.fetcher.pending.contains(&node) && self.may_connect(node, cx.now) {
                self.send_fetch(node, &partitions);
            }
        }
    }

    /// Sends acknowledgements that do not wait for a fetch, and ends sessions.
    pub(super) fn send_acknowledgements(&mut self, cx: &mut Cx<'_>) {
        let nodes: FlatSet<NodeId> =
            self.fetcher.alone.keys().chain(&self.fetcher.closing).copied().collect();
        for node in nodes {
            if self.fetcher.pending.contains(&node) || !self.may_connect(node, cx.now) {
                continue;
            }
            let acks = self.fetcher.alone.remove(&node).unwrap_or_default();
            let closes = self.fetcher.closing.remove(&node);
            let session = self.fetcher.sessions.entry(node).or_default();
            if session.epoch == 0 {
                // Without a session there is nobody to tell; the locks run out.
                continue;
            }
            let epoch = if closes { -1 } else { session.epoch };
            let renews = acks.values().flat_map(FlatMap::values).any(|a| *a == AckType::Renew);
            let body = ShareAcknowledge {
                group_id: self.group_id(),
                member_id: self.membership.id.clone(),
                share_session_epoch: epoch,
                is_renew_ack: renews,
                partitions: acks.iter().map(|(tp, acks)| (*tp, batches_of(acks))).collect(),
            };
            self.fetcher.pending.insert(node);
            let body = Request::Share(ShareRequest::Acknowledge(body));
            self.ask(Peer::broker(node), body, Call::Acknowledge(node));
        }
    }

    pub(super) fn on_fetched(&mut self, node: NodeId, outcome: Outcome, cx: &mut Cx<'_>) {
        self.fetcher.pending.remove(&node);
        let session = self.fetcher.sessions.entry(node).or_default();
        let Outcome::Answered(Response::Share(ShareResponse::Fetch(body))) = outcome else {
            session.restart();
            return;
        };
        if !follow(session, body.error) {
            if body.error == ErrorCode::UnknownTopicId {
                self.client.metadata.request_update(body.error, cx);
            }
            return;
        }
        self.take_in(node, body, cx);
    }

    pub(super) fn on_acknowledged(&mut self, node: NodeId, outcome: Outcome, cx: &mut Cx<'_>) {
        self.fetcher.pending.remove(&node);
        let session = self.fetcher.sessions.entry(node).or_default();
        let Outcome::Answered(Response::Share(ShareResponse::Acknowledge(body))) = outcome else {
            session.restart();
            return;
        };
        if follow(session, body.error) {
            for (_, error) in body.partitions {
                if error.is_invalid_metadata() {
                    self.client.metadata.request_update(error, cx);
                }
            }
        }
    }

    fn take_in(&mut self, node: NodeId, body: ShareFetched, cx: &mut Cx<'_>) {
        for row in body.partitions {
            if let Some(leader) = row.current_leader {
                self.client.metadata.take_leader(row.tp, leader, cx);
            }
            if !row.error.is_ok() {
                let retriable = row.error.is_invalid_metadata() || row.error.is_retriable();
                if retriable || row.error == ErrorCode::UnknownTopicId {
                    self.client.metadata.request_update(row.error, cx);
                } else {
                    self.membership.failed = Some(row.error);
                }
            }
            if !row.acquired.is_empty() {
                self.fetcher.wants_more = false;
                self.fetcher.inbox.push(node, &row);
            }
        }
    }

    fn may_connect(&mut self, node: NodeId, now: SimTime) -> bool {
        match self.client.connect_at(Peer::broker(node), now) {
            Some(at) if at > now => {
                let earlier = self.fetcher.retry_at.map_or(at, |other| other.min(at));
                self.fetcher.retry_at = Some(earlier);
                false
            }
            Some(_) | None => true,
        }
    }

    fn send_fetch(&mut self, node: NodeId, partitions: &[TopicPartition]) {
        let mut acks = self.fetcher.with_fetch.remove(&node).unwrap_or_default();
        let session = self.fetcher.sessions.entry(node).or_default();
        if session.epoch == 0 {
            // A new session cannot begin with acknowledgements; the locks run out.
            acks.clear();
            if partitions.is_empty() {
                return;
            }
        }
        let epoch = session.epoch;
        let named = session.name(partitions, acks);
        let of = |value: i32| if named.renews { 0 } else { value };
        let body = ShareFetch {
            group_id: self.group_id(),
            member_id: self.membership.id.clone(),
            share_session_epoch: epoch,
            max_wait_ms: of(self.config.fetch_max_wait_ms),
            min_bytes: of(self.config.fetch_min_bytes),
            max_bytes: of(self.config.fetch_max_bytes),
            max_records: of(self.config.max_poll_records),
            batch_size: of(self.config.max_poll_records),
            record_limit: false,
            is_renew_ack: named.renews,
            partitions: named.partitions,
            forgotten: named.forgotten,
        };
        self.fetcher.pending.insert(node);
        let body = Request::Share(ShareRequest::Fetch(body));
        self.ask(Peer::broker(node), body, Call::Fetch(node));
    }
}

/// What an answer makes of a session; whether there is anything in it (`ShareSessionHandler.handleResponse`).
fn follow(session: &mut Session, error: ErrorCode) -> bool {
    let lost = matches!(
        error,
        ErrorCode::ShareSessionNotFound
            | ErrorCode::InvalidShareSessionEpoch
            | ErrorCode::ShareSessionLimitReached
    );
    if lost {
        session.restart();
    } else {
        session.advance();
    }
    error.is_ok()
}
