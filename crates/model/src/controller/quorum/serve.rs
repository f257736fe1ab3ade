//! What a voter answers to voters and to brokers that follow the log.
//!
//! Invariant: only a leader hands out records, and each of its answers to a voter counts what that voter has.

use super::{Parked, Quorum, Role};
use crate::api::request::RaftFetch;
use crate::api::response;
use crate::api::{ErrorCode, Request, Response};
use crate::controller::ControllerTimer;
use crate::cx::Cx;
use crate::ids::{Correlation, LeaderEpoch, NodeId, Offset};
use crate::net::ConnId;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

impl Quorum {
    /// Serves a request of the quorum's own; anything else is left to the caller.
    pub fn serve(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: &Request,
        cx: &mut Cx<'_>,
    ) -> bool {
        let answer = if let Request::RaftFetch(fetch) = body {
            self.on_fetch(conn, correlation, fetch, cx);
            return true;
        } else if let Request::Vote(vote) = body {
            Response::Vote(self.vote(vote, cx))
        } else if let Request::BeginQuorumEpoch(begin) = body {
            Response::BeginQuorumEpoch(self.begun(begin, cx))
        } else if let Request::EndQuorumEpoch(end) = body {
            Response::EndQuorumEpoch(self.ended(end, cx))
        } else {
            return false;
        };
        cx.respond(conn, correlation, answer);
        self.poll(cx);
        true
    }

    /// A connection ended; what it waits for may be forgotten.
    pub fn on_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        self.parked.retain(|parked| parked.conn != conn);
        cx.disarm(ControllerTimer::FetchWaited(conn));
    }

    /// A fetch has waited long enough.
    pub fn on_fetch_waited(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        if let Some(index) = self.parked.iter().position(|parked| parked.conn == conn) {
            let parked = self.parked.remove(index);
            self.answer(parked, cx);
        }
    }

    /// Answers every fetch that waits.
    pub(super) fn wake(&mut self, cx: &mut Cx<'_>) {
        for parked in core::mem::take(&mut self.parked) {
            cx.disarm(ControllerTimer::FetchWaited(parked.conn));
            self.answer(parked, cx);
        }
    }

    fn on_fetch(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        fetch: &RaftFetch,
        cx: &mut Cx<'_>,
    ) {
        let parked = Parked { conn, correlation, offset: fetch.fetch_offset };
        let error = self.check_fetch(fetch.current_leader_epoch);
        let diverging = self
            .log
            .divergence(fetch.fetch_offset, fetch.last_fetched_epoch)
            .filter(|_| error.is_ok());
        if !error.is_ok() || diverging.is_some() {
            self.respond(parked, error, diverging, cx);
            return;
        }
        self.hear(fetch, cx);
        let news = fetch.fetch_offset < self.log.written()
            || fetch.high_watermark < self.told_high_watermark();
        if news {
            self.answer(parked, cx);
        } else {
            self.parked.push(parked);
            let wait = Micros::from_config_ms(fetch.max_wait_ms.into());
            cx.arm(ControllerTimer::FetchWaited(conn), wait);
        }
    }

    /// A voter's fetch tells how much it has.
    fn hear(&mut self, fetch: &RaftFetch, cx: &mut Cx<'_>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        if leadership.fetched_from(fetch.replica_id, fetch.fetch_offset) {
            cx.arm(ControllerTimer::Role, self.check_quorum());
        }
        self.advance(cx);
    }

    fn answer(&self, parked: Parked, cx: &mut Cx<'_>) {
        self.respond(parked, self.check_fetch(self.epoch), None, cx);
    }

    fn check_fetch(&self, epoch: LeaderEpoch) -> ErrorCode {
        if epoch < self.epoch {
            ErrorCode::FencedLeaderEpoch
        } else if epoch > self.epoch {
            ErrorCode::UnknownLeaderEpoch
        } else if self.leadership().is_none() {
            ErrorCode::NotLeaderOrFollower
        } else {
            ErrorCode::None
        }
    }

    /// A leader tells of the high watermark once it has committed a record of its own.
    fn told_high_watermark(&self) -> Offset {
        let start = self.leadership().map(|leadership| leadership.epoch_start);
        self.high_watermark.filter(|known| start.is_some_and(|start| *known > start)).unwrap_or(-1)
    }

    fn respond(
        &self,
        parked: Parked,
        error: ErrorCode,
        diverging_epoch: Option<(LeaderEpoch, Offset)>,
        cx: &mut Cx<'_>,
    ) {
        let gives = error.is_ok() && diverging_epoch.is_none();
        let high_watermark = if error.is_ok() { self.told_high_watermark() } else { -1 };
        let body = Response::RaftFetch(response::RaftFetch {
            error,
            leader_id: self.leader.unwrap_or(NodeId::NONE),
            leader_epoch: self.epoch,
            high_watermark,
            diverging_epoch,
            base_offset: parked.offset,
            entries: if gives { self.log.read(parked.offset) } else { Vec::new() },
        });
        cx.respond(parked.conn, parked.correlation, body);
    }
}
