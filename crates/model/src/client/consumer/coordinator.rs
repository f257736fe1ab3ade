//! Finding the group's coordinator, and losing it (`AbstractCoordinator.ensureCoordinatorReady`, `markCoordinatorUnknown`).
//!
//! Invariant: at most one FIND_COORDINATOR is under way.

use super::{Call, Consumer, answered};
use crate::api::request::{CoordinatorType, FindCoordinator};
use crate::api::{ErrorCode, Request, Response};
use crate::client::network::{Outcome, Peer};
use crate::cx::Cx;
use crate::ids::NodeId;
use crate::trace::Fact;
use alloc::vec;
use kafkascope_kernel::SimTime;

/// Who coordinates the group, as far as the member knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Coordinator {
    /// None while unknown.
    pub node: Option<NodeId>,
    asking: bool,
    attempts: u32,
    /// No FIND_COORDINATOR before this.
    pub retry_at: SimTime,
}

impl Consumer {
    /// Whether the coordinator is known and reachable; looks for it if not.
    pub(super) fn ensure_coordinator(&mut self, cx: &mut Cx<'_>) -> bool {
        if let Some(node) = self.coordinator.node {
            let peer = Peer::coordinator(node);
            let waits = self.client.connect_at(peer, cx.now).is_some_and(|at| at > cx.now);
            if !waits {
                return true;
            }
            self.lose_coordinator(ErrorCode::NetworkException, cx);
        }
        if self.coordinator.asking || cx.now < self.coordinator.retry_at {
            return false;
        }
        let Some(peer) = self.client.least_loaded(cx) else {
            self.coordinator.retry_at = cx.now + self.retry_backoff();
            return false;
        };
        let body =
            FindCoordinator { key_type: CoordinatorType::Group, keys: vec![self.group_id()] };
        let timeout = self.request_timeout();
        let call = Call::FindCoordinator;
        self.outbox.push(peer, Request::FindCoordinator(body), call, timeout, cx);
        self.coordinator.asking = true;
        false
    }

    pub(super) fn on_coordinator(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        self.coordinator.asking = false;
        let found = answered(outcome).and_then(|body| {
            let Response::FindCoordinator(mut list) = body else {
                unreachable!("FIND_COORDINATOR is answered by its own response")
            };
            let row = list.pop().ok_or(ErrorCode::CoordinatorNotAvailable)?;
            if row.error.is_ok() { Ok(row.node_id) } else { Err(row.error) }
        });
        match found {
            Ok(node) => {
                self.coordinator.node = Some(node);
                self.coordinator.attempts = 0;
                cx.note(Fact::CoordinatorFound { coordinator: node });
                self.heartbeat.reset_session(&self.config, cx.now);
                self.client.ready(Peer::coordinator(node), cx);
            }
            Err(error) if error.is_retriable() => {
                let (base, cap) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
                let wait = cx.backoff(base.min(cap), cap, self.coordinator.attempts);
                self.coordinator.attempts += 1;
                self.coordinator.retry_at = cx.now + wait;
                self.client.metadata.request_update(ErrorCode::None, cx);
            }
            Err(error) => self.membership.failed = Some(error),
        }
    }

    /// The coordinator is another one, or does not answer: everything under way to it fails.
    pub(super) fn lose_coordinator(&mut self, error: ErrorCode, cx: &mut Cx<'_>) {
        let Some(node) = self.coordinator.node.take() else { return };
        cx.note(Fact::CoordinatorLost { error });
        self.coordinator.attempts = 0;
        let peer = Peer::coordinator(node);
        let unsent = self.outbox.fail(peer);
        let lost = self.client.disconnect(peer, cx);
        self.returned.extend(unsent.into_iter().chain(lost));
    }

    /// A request to the coordinator came back without an answer: it is no longer trusted to be there.
    pub(super) fn lose_coordinator_if_disconnected(&mut self, outcome: &Outcome, cx: &mut Cx<'_>) {
        match outcome {
            Outcome::Disconnected | Outcome::TimedOut => {
                self.lose_coordinator(ErrorCode::NetworkException, cx);
            }
            Outcome::Answered(_) => {}
        }
    }

    /// What an error from the coordinator says about the coordinator itself.
    pub(super) fn suspect_coordinator(&mut self, error: ErrorCode, cx: &mut Cx<'_>) {
        let elsewhere = matches!(
            error,
            ErrorCode::CoordinatorNotAvailable
                | ErrorCode::NotCoordinator
                | ErrorCode::NetworkException
        );
        if elsewhere {
            self.lose_coordinator(error, cx);
        }
    }

    /// Puts in a request to the coordinator; whether it is known.
    pub(super) fn ask_coordinator(&mut self, body: Request, call: Call, cx: &Cx<'_>) -> bool {
        let timeout = self.request_timeout();
        self.ask_coordinator_within(body, call, timeout, cx)
    }

    /// The same, with a time-out of its own.
    pub(super) fn ask_coordinator_within(
        &mut self,
        body: Request,
        call: Call,
        timeout: kafkascope_kernel::Micros,
        cx: &Cx<'_>,
    ) -> bool {
        let Some(node) = self.coordinator.node else { return false };
        self.outbox.push(Peer::coordinator(node), body, call, timeout, cx);
        true
    }
}
