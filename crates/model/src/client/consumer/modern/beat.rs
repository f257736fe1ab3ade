//! CONSUMER_GROUP_HEARTBEAT, sent and answered (`ConsumerHeartbeatRequestManager`, `AbstractHeartbeatRequestManager`).
//!
//! Invariant: at most one heartbeat is under way, goodbyes apart; what the coordinator knows already is left out.

use super::{ModernState, Step};
use crate::api::request::ConsumerGroupHeartbeat;
use crate::api::{ErrorCode, Request, Response, response};
use crate::client::consumer::{Call, Consumer, answered};
use crate::client::network::Outcome;
use crate::cx::Cx;
use crate::ids::Name;
use crate::trace::Fact;
use crate::uuid::random_uuid;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::{Micros, SimTime};

impl Consumer {
    /// Does what the background thread would do now.
    pub(in crate::client::consumer) fn modern_beat(&mut self, cx: &mut Cx<'_>) {
        if self.app.is_polling() {
            self.modern_polled(cx.now);
        }
        if !self.modern_beats() {
            return;
        }
        if self.modern.state == ModernState::Unsubscribed {
            if !self.app.is_polling() {
                return;
            }
            self.modern_join(cx);
        }
        if self.modern.poll_until <= cx.now && self.modern.is_in_group() {
            self.modern_go_stale(cx);
            return;
        }
        if !self.modern_due(cx.now) {
            return;
        }
        if self.ensure_coordinator(cx) {
            self.send_modern_heartbeat(cx);
        }
    }

    /// When the background thread has something to do.
    pub(in crate::client::consumer) fn next_modern_beat(&self, now: SimTime) -> Option<SimTime> {
        if !self.modern_beats() || self.modern.state == ModernState::Unsubscribed {
            return None;
        }
        let polls = self.app.is_polling() || !self.modern.is_in_group();
        let poll_until = (!polls).then_some(self.modern.poll_until);
        let beat = match (self.modern.in_flight, self.coordinator.node) {
            (true, _) => None,
            (false, None) => self.lookup_at(now),
            (false, Some(_)) => Some(self.modern.next_at),
        };
        [beat, poll_until].into_iter().flatten().min()
    }

    /// The application calls `poll()`; one that stayed away too long joins again (`resetPollTimer`).
    pub(in crate::client::consumer) fn modern_polled(&mut self, now: SimTime) {
        let interval = Micros::from_config_ms(i64::from(self.config.max_poll_interval_ms));
        self.modern.poll_until = now + interval;
    }

    fn modern_beats(&self) -> bool {
        let silent = matches!(
            self.modern.state,
            ModernState::Fenced | ModernState::Stale | ModernState::Fatal
        );
        self.is_modern()
            && self.is_subscribed()
            && self.config.group_id.is_some()
            && !self.app.is_leaving()
            && !silent
    }

    fn modern_due(&self, now: SimTime) -> bool {
        let at_once =
            matches!(self.modern.state, ModernState::Joining | ModernState::Acknowledging)
                && self.modern.attempts == 0;
        !self.modern.in_flight && (at_once || self.modern.next_at <= now)
    }

    /// Subscribed: the next heartbeat joins.
    pub(super) fn modern_join(&mut self, cx: &mut Cx<'_>) {
        if self.modern.member_id.is_empty() {
            self.modern.member_id = random_uuid(cx);
        }
        self.modern.state = ModernState::Joining;
        self.modern.epoch = 0;
        self.modern.target = None;
        self.modern.local = None;
        self.modern.local_version += 1;
        self.modern.step = Step::Idle;
        self.modern.tells_all = true;
        self.modern.next_at = cx.now;
        self.modern.attempts = 0;
    }

    fn send_modern_heartbeat(&mut self, cx: &mut Cx<'_>) {
        let body = self.modern_request(self.modern.epoch);
        if self.modern.state == ModernState::Joining {
            let reason = if self.modern.attempts == 0 { "subscribed" } else { "tried again" };
            cx.note(Fact::Joining { reason: reason.into() });
        }
        if self.modern.state == ModernState::Acknowledging {
            let done = self.modern.target == self.modern.local;
            self.modern.state = if done { ModernState::Stable } else { ModernState::Reconciling };
        }
        self.modern.tells_all = false;
        self.modern.told_version = Some(self.modern.local_version);
        self.modern.next_at = cx.now + self.modern.interval;
        self.modern.in_flight = true;
        let epoch = self.modern.epoch;
        let request = Request::ConsumerGroupHeartbeat(body.into());
        self.ask_coordinator(request, Call::ModernHeartbeat(epoch), cx);
    }

    fn modern_request(&self, epoch: i32) -> ConsumerGroupHeartbeat {
        let modern = &self.modern;
        let all = modern.state == ModernState::Joining || (modern.tells_all && epoch >= 0);
        let rack = &self.config.client_rack;
        let owned = || modern.local.iter().flatten().copied().collect::<Vec<_>>();
        let tells_owned = all || (epoch >= 0 && modern.told_version != Some(modern.local_version));
        let names = || {
            let mut names: Vec<Name> = self.spec.subscribe.clone();
            names.sort();
            names.dedup();
            names
        };
        ConsumerGroupHeartbeat {
            group_id: self.group_id(),
            member_id: modern.member_id.clone(),
            member_epoch: epoch,
            instance_id: self.config.group_instance_id.clone(),
            rack_id: (all && !rack.is_empty()).then(|| rack.clone()),
            rebalance_timeout_ms: if all { self.config.max_poll_interval_ms } else { -1 },
            subscribed_topic_names: all.then(names),
            subscribed_topic_regex: if all { self.spec.pattern.clone() } else { None },
            server_assignor: if all { self.config.group_remote_assignor.clone() } else { None },
            topic_partitions: tells_owned.then(owned),
            client_id: self.client_id(),
        }
    }

    /// The application stayed away from `poll()` for `max.poll.interval.ms`: the member leaves, and gives everything up when
    /// `poll()` is called again (`transitionToSendingLeaveGroup`, `transitionToStale`).
    fn modern_go_stale(&mut self, cx: &mut Cx<'_>) {
        self.send_modern_goodbye(cx);
        self.modern.state = ModernState::Stale;
        self.modern.step = Step::Idle;
        self.modern.epoch = -1;
    }

    /// Leaves for good, or as a static member for a while.
    pub(in crate::client::consumer) fn send_modern_goodbye(&mut self, cx: &mut Cx<'_>) {
        if self.coordinator.node.is_none() || !self.modern.is_in_group() {
            return;
        }
        let epoch = if self.config.group_instance_id.is_some() { -2 } else { -1 };
        self.modern.tells_all = false;
        let body = self.modern_request(epoch);
        self.ask_coordinator(Request::ConsumerGroupHeartbeat(body.into()), Call::Leave, cx);
    }

    /// `close()`: partitions are given up, then the member says goodbye.
    pub(in crate::client::consumer) fn modern_leave(&mut self, cx: &mut Cx<'_>) {
        self.give_up_all(cx);
        self.send_modern_goodbye(cx);
        self.modern.state = ModernState::Unsubscribed;
        self.modern.step = Step::Idle;
        self.modern.epoch = -1;
    }

    pub(in crate::client::consumer) fn on_modern_beat(
        &mut self,
        sent_epoch: i32,
        outcome: Outcome,
        cx: &mut Cx<'_>,
    ) {
        self.modern.in_flight = false;
        let listens = !matches!(
            self.modern.state,
            ModernState::Unsubscribed | ModernState::Stale | ModernState::Fatal
        );
        let answer = answered(outcome).and_then(|body| {
            let Response::ConsumerGroupHeartbeat(answer) = body else {
                unreachable!("CONSUMER_GROUP_HEARTBEAT is answered by its own response")
            };
            if answer.error.is_ok() { Ok(answer) } else { Err(answer.error) }
        });
        match answer {
            Ok(answer) if listens => self.take_modern_answer(answer, cx),
            Ok(_) => {}
            Err(error) => self.modern_refused(error, listens && sent_epoch >= 0, cx),
        }
    }

    fn take_modern_answer(&mut self, answer: response::ConsumerGroupHeartbeat, cx: &mut Cx<'_>) {
        self.modern.attempts = 0;
        let interval = Micros::from_config_ms(i64::from(answer.heartbeat_interval_ms));
        if self.modern.interval != interval {
            self.modern.interval = interval;
            self.modern.next_at = cx.now + interval;
        }
        self.modern.epoch = answer.member_epoch;
        let Some(assignment) = answer.assignment else { return };
        let assignment: FlatSet<_> = assignment.into_iter().collect();
        self.modern.target = Some(assignment);
        if self.modern.target != self.modern.local {
            if self.modern.step == Step::Idle {
                self.modern.step = Step::Arrived(cx.now);
            }
            self.modern.state = ModernState::Reconciling;
        } else if matches!(self.modern.state, ModernState::Joining | ModernState::Reconciling) {
            self.modern.state = ModernState::Stable;
        }
    }

    fn modern_refused(&mut self, error: ErrorCode, listens: bool, cx: &mut Cx<'_>) {
        self.suspect_coordinator(error, cx);
        self.modern.tells_all = true;
        if !listens {
            return;
        }
        if matches!(error, ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId) {
            self.modern.state = ModernState::Fenced;
            self.modern.step = Step::Idle;
            self.modern.epoch = 0;
        } else if matches!(error, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable) {
            self.modern.next_at = cx.now;
        } else if error == ErrorCode::CoordinatorLoadInProgress
            || error == ErrorCode::NetworkException
        {
            let (base, cap) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
            self.modern.next_at = cx.now + cx.backoff(base.min(cap), cap, self.modern.attempts);
            self.modern.attempts += 1;
        } else {
            self.modern.state = ModernState::Fatal;
            self.membership.failed = Some(error);
        }
    }
}
