//! The heartbeat thread (`AbstractCoordinator.HeartbeatThread`, `Heartbeat`): it beats whether or not the application polls, and
//! leaves the group when the application stays away too long.
//!
//! Invariant: a member beats only between the answer to JOIN_GROUP and the next JOIN_GROUP.

use super::{Call, Consumer, Generation, answered};
use crate::api::request;
use crate::api::{ApiKey, ErrorCode, Request, Response};
use crate::client::network::Outcome;
use crate::config::consumer::ConsumerConfig;
use crate::cx::Cx;
use kafkascope_kernel::{Micros, SimTime};

/// When what is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Heartbeat {
    next_at: SimTime,
    session_until: SimTime,
    poll_until: SimTime,
}

impl Heartbeat {
    /// The member just joined: everything counts from now (`resetTimeouts`).
    pub fn begin(&mut self, config: &ConsumerConfig, now: SimTime) {
        self.next_at = now + Micros::from_config_ms(i64::from(config.heartbeat_interval_ms));
        self.reset_session(config, now);
        self.polled(config, now);
    }

    /// The coordinator was heard of.
    pub fn reset_session(&mut self, config: &ConsumerConfig, now: SimTime) {
        self.session_until = now + Micros::from_config_ms(i64::from(config.session_timeout_ms));
    }

    /// The application polled.
    pub fn polled(&mut self, config: &ConsumerConfig, now: SimTime) {
        self.poll_until = now + Micros::from_config_ms(i64::from(config.max_poll_interval_ms));
    }
}

impl Consumer {
    /// Does what the heartbeat thread would do now.
    pub(super) fn beat(&mut self, cx: &mut Cx<'_>) {
        if self.is_modern() {
            return self.modern_beat(cx);
        }
        if self.app.is_polling() {
            self.heartbeat.polled(&self.config, cx.now);
        }
        if !self.beats() {
            return;
        }
        if self.coordinator.node.is_none() {
            self.ensure_coordinator(cx);
        } else if self.heartbeat.session_until <= cx.now {
            self.lose_coordinator(ErrorCode::RequestTimedOut, cx);
            self.ensure_coordinator(cx);
        } else if self.heartbeat.poll_until <= cx.now {
            self.leave_group("consumer poll timeout has expired.", cx);
        } else if self.heartbeat.next_at <= cx.now {
            self.send_heartbeat(cx);
        }
    }

    /// When the heartbeat thread has something to do.
    pub(super) fn next_beat(&self, now: SimTime) -> Option<SimTime> {
        if !self.beats() {
            return None;
        }
        let Heartbeat { next_at, session_until, poll_until } = self.heartbeat;
        if self.coordinator.node.is_none() {
            return self.lookup_at(now);
        }
        let polls = self.app.is_polling();
        let due = next_at.min(session_until);
        Some(if polls { due } else { due.min(poll_until) })
    }

    pub(super) fn on_beat(&mut self, sent: &Generation, outcome: Outcome, cx: &mut Cx<'_>) {
        let unchanged = self.membership.generation == *sent;
        let verdict = answered(outcome).and_then(|body| {
            let Response::Heartbeat(error) = body else {
                unreachable!("HEARTBEAT is answered by its own response")
            };
            if error.is_ok() { Ok(()) } else { Err(error) }
        });
        let Err(error) = verdict else {
            self.heartbeat.reset_session(&self.config, cx.now);
            return;
        };
        self.suspect_coordinator(error, cx);
        let forgotten = matches!(
            error,
            ErrorCode::IllegalGeneration | ErrorCode::UnknownMemberId | ErrorCode::FencedInstanceId
        );
        if error == ErrorCode::RebalanceInProgress {
            // It goes on beating, so that the coordinator waits for it as long as the rebalance may take.
            self.heartbeat.reset_session(&self.config, cx.now);
            if self.membership.state == super::MemberState::Stable {
                self.membership.request_rejoin("group is already rebalancing");
            }
        } else if forgotten && !unchanged {
            self.heartbeat.reset_session(&self.config, cx.now);
        } else if forgotten {
            self.membership.reset_on(ApiKey::Heartbeat, error);
            if error == ErrorCode::FencedInstanceId {
                self.membership.failed = Some(error);
            }
        } else {
            self.heartbeat.next_at = cx.now + self.retry_backoff();
        }
    }

    fn beats(&self) -> bool {
        self.is_subscribed()
            && !self.is_modern()
            && self.membership.has_joined()
            && self.membership.failed.is_none()
            && !self.app.is_leaving()
    }

    fn send_heartbeat(&mut self, cx: &mut Cx<'_>) {
        let interval = Micros::from_config_ms(i64::from(self.config.heartbeat_interval_ms));
        self.heartbeat.next_at = cx.now + interval;
        let generation = self.membership.generation.clone();
        let body = request::Heartbeat {
            group_id: self.group_id(),
            generation_id: generation.id,
            member_id: generation.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
        };
        self.ask_coordinator(Request::Heartbeat(body), Call::Heartbeat(generation), cx);
    }
}
