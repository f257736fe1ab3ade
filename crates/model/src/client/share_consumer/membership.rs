//! Being a member: finding the coordinator, beating, taking assignments, leaving (`ShareMembershipManager`,
//! `ShareHeartbeatRequestManager`, `CoordinatorRequestManager`).
//!
//! Invariant: at most one heartbeat and one FIND_COORDINATOR are under way.

use super::{Call, ShareConsumer};
use crate::api::request::{CoordinatorType, FindCoordinator};
use crate::api::share::{HeartbeatAnswer, ShareGroupHeartbeat};
use crate::api::{ErrorCode, Request, Response, ShareRequest, ShareResponse};
use crate::client::network::{Outcome, Peer};
use crate::cx::{Cx, Draw};
use crate::ids::{Name, NodeId, TopicPartition};
use crate::trace::Fact;
use alloc::format;
use alloc::vec;
use kafkascope_kernel::{FlatSet, Micros, SimTime};

/// Where a member stands (`MemberState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareMemberState {
    /// Not in the group.
    #[default]
    Unsubscribed,
    /// It asks to be let in.
    Joining,
    /// It has an assignment that the coordinator does not know it has.
    Acknowledging,
    /// At work.
    Stable,
    /// It says goodbye.
    Leaving,
    /// Out, because the application did not poll for so long.
    Stale,
    /// It cannot be a member.
    Fatal,
}

/// A member's own knowledge of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Membership {
    pub id: Name,
    pub epoch: i32,
    pub state: ShareMemberState,
    pub assigned: FlatSet<TopicPartition>,
    pub coordinator: Option<NodeId>,
    /// The goodbye was answered, or there was nobody to say it to.
    pub left: bool,
    /// What `poll()` throws next.
    pub failed: Option<ErrorCode>,
    interval: Micros,
    next_at: SimTime,
    in_flight: bool,
    /// Everything is told again with the next heartbeat.
    tells_all: bool,
    asking: bool,
    find_at: SimTime,
    find_attempts: u32,
    beat_attempts: u32,
    poll_until: SimTime,
}

impl Default for Membership {
    fn default() -> Self {
        Self {
            id: "".into(),
            epoch: 0,
            state: ShareMemberState::Unsubscribed,
            assigned: FlatSet::new(),
            coordinator: None,
            left: false,
            failed: None,
            interval: Micros::ZERO,
            next_at: SimTime::ZERO,
            in_flight: false,
            tells_all: true,
            asking: false,
            find_at: SimTime::ZERO,
            find_attempts: 0,
            beat_attempts: 0,
            poll_until: SimTime::END,
        }
    }
}

impl Membership {
    /// The member makes its id, a random UUID.
    pub fn begin(&mut self, cx: &mut Cx<'_>) {
        let (high, low) = (cx.rng(Draw::Uuid).bits(), cx.rng(Draw::Uuid).bits());
        self.id = format!("{high:016x}{low:016x}").into();
        self.join();
    }

    fn join(&mut self) {
        self.epoch = 0;
        self.state = ShareMemberState::Joining;
        self.tells_all = true;
        self.next_at = SimTime::ZERO;
    }

    /// Whether it counts as a member, or is about to.
    pub const fn is_in(&self) -> bool {
        matches!(
            self.state,
            ShareMemberState::Joining | ShareMemberState::Acknowledging | ShareMemberState::Stable
        )
    }
}

impl ShareConsumer {
    /// The application polled: a member that was out for that comes back.
    pub(super) fn polled(&mut self, cx: &mut Cx<'_>) {
        let interval = i64::from(self.config.max_poll_interval_ms);
        self.membership.poll_until = cx.now + Micros::from_config_ms(interval);
        if self.membership.state == ShareMemberState::Stale {
            self.membership.join();
        }
    }

    /// Does what the network thread would do now for the group.
    pub(super) fn beat(&mut self, cx: &mut Cx<'_>) {
        if !self.membership.is_in() || !self.ensure_coordinator(cx) {
            return;
        }
        if self.membership.poll_until <= cx.now && !self.app.is_polling() {
            self.leave(cx);
            self.membership.state = ShareMemberState::Stale;
            self.give_up_assignment(cx);
            return;
        }
        let urgent = self.membership.state == ShareMemberState::Acknowledging;
        let due = self.membership.next_at <= cx.now || urgent;
        if due && !self.membership.in_flight {
            self.send_heartbeat(cx);
        }
    }

    /// When there is something to do for the group.
    pub(super) fn next_beat(&self, now: SimTime) -> Option<SimTime> {
        if !self.membership.is_in() {
            return None;
        }
        let own = &self.membership;
        if own.coordinator.is_none() {
            return (!own.asking && own.find_at > now).then_some(own.find_at);
        }
        let beat = (!own.in_flight).then_some(own.next_at);
        let late = (!self.app.is_polling()).then_some(own.poll_until);
        beat.into_iter().chain(late).filter(|at| *at > now).min()
    }

    /// Says goodbye, if there is anybody to say it to.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        let own = &mut self.membership;
        own.state = ShareMemberState::Leaving;
        let Some(node) = own.coordinator.filter(|_| own.epoch > 0) else {
            own.left = true;
            return;
        };
        own.epoch = -1;
        let body = ShareGroupHeartbeat {
            group_id: self.config.group_id.clone().unwrap_or_else(|| "".into()),
            member_id: own.id.clone(),
            member_epoch: -1,
            rack_id: None,
            client_id: self.client_id(),
            subscribed_topic_names: Some(vec![]),
        };
        let _ = cx;
        let body = Request::Share(ShareRequest::GroupHeartbeat(body));
        self.ask(Peer::coordinator(node), body, Call::Leave);
    }

    pub(super) fn on_coordinator(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        self.membership.asking = false;
        let found = match outcome {
            Outcome::Answered(Response::FindCoordinator(mut rows)) => match rows.pop() {
                Some(row) if row.error.is_ok() => Ok(row.node_id),
                Some(row) => Err(row.error),
                None => Err(ErrorCode::CoordinatorNotAvailable),
            },
            Outcome::Answered(_) => {
                unreachable!("FIND_COORDINATOR is answered by its own response")
            }
            Outcome::Disconnected | Outcome::TimedOut => Err(ErrorCode::NetworkException),
        };
        match found {
            Ok(node) => {
                self.membership.coordinator = Some(node);
                self.membership.find_attempts = 0;
                cx.note(Fact::CoordinatorFound { coordinator: node });
            }
            Err(_) => {
                let wait = self.retry_backoff(self.membership.find_attempts, cx);
                self.membership.find_attempts += 1;
                self.membership.find_at = cx.now + wait;
            }
        }
    }

    pub(super) fn on_beat(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        self.membership.in_flight = false;
        let answer = match outcome {
            Outcome::Answered(Response::Share(ShareResponse::GroupHeartbeat(body))) => body,
            Outcome::Answered(_) => unreachable!("a heartbeat is answered by its own response"),
            Outcome::Disconnected | Outcome::TimedOut => {
                self.lose_coordinator(ErrorCode::NetworkException, cx);
                self.beat_failed(cx);
                return;
            }
        };
        if !self.membership.is_in() {
            return;
        }
        if answer.error.is_ok() {
            self.on_beaten(answer, cx);
        } else {
            self.on_refused(answer.error, cx);
        }
    }

    fn on_beaten(&mut self, answer: HeartbeatAnswer, cx: &mut Cx<'_>) {
        let own = &mut self.membership;
        own.beat_attempts = 0;
        let interval = Micros::from_config_ms(i64::from(answer.heartbeat_interval_ms));
        if core::mem::replace(&mut own.interval, interval) != interval {
            own.next_at = cx.now + interval;
        }
        own.epoch = answer.member_epoch;
        if own.state == ShareMemberState::Acknowledging {
            own.state = ShareMemberState::Stable;
        }
        let Some(assignment) = answer.assignment else { return };
        let assigned: FlatSet<TopicPartition> = assignment.into_iter().collect();
        let news = assigned != own.assigned;
        own.state = if news { ShareMemberState::Acknowledging } else { ShareMemberState::Stable };
        if news {
            own.assigned = assigned;
            let partitions = own.assigned.iter().copied().collect();
            let generation = own.epoch;
            cx.note(Fact::Assigned { partitions, generation });
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "all others end the membership")]
    fn on_refused(&mut self, error: ErrorCode, cx: &mut Cx<'_>) {
        self.membership.tells_all = true;
        match error {
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.lose_coordinator(error, cx);
                self.membership.next_at = cx.now;
            }
            ErrorCode::CoordinatorLoadInProgress => self.beat_failed(cx),
            ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId => {
                self.give_up_assignment(cx);
                self.membership.join();
            }
            other => {
                self.membership.state = ShareMemberState::Fatal;
                self.membership.failed = Some(other);
                self.give_up_assignment(cx);
            }
        }
    }

    fn beat_failed(&mut self, cx: &mut Cx<'_>) {
        self.membership.tells_all = true;
        let wait = self.retry_backoff(self.membership.beat_attempts, cx);
        self.membership.beat_attempts += 1;
        self.membership.next_at = cx.now + wait;
    }

    fn give_up_assignment(&mut self, cx: &mut Cx<'_>) {
        if self.membership.assigned.is_empty() {
            return;
        }
        let lost = core::mem::take(&mut self.membership.assigned);
        let generation = self.membership.epoch;
        cx.note(Fact::Lost { partitions: lost.into_iter().collect(), generation });
    }

    fn ensure_coordinator(&mut self, cx: &mut Cx<'_>) -> bool {
        if self.membership.coordinator.is_some() {
            return true;
        }
        if self.membership.asking || cx.now < self.membership.find_at {
            return false;
        }
        let Some(peer) = self.client.least_loaded(cx) else {
            self.membership.find_at = cx.now + self.retry_backoff(0, cx);
            return false;
        };
        let keys = vec![self.group_id()];
        let body = FindCoordinator { key_type: CoordinatorType::Group, keys };
        self.ask(peer, Request::FindCoordinator(body), Call::FindCoordinator);
        self.membership.asking = true;
        false
    }

    fn lose_coordinator(&mut self, error: ErrorCode, cx: &mut Cx<'_>) {
        if self.membership.coordinator.take().is_some() {
            cx.note(Fact::CoordinatorLost { error });
        }
    }

    fn send_heartbeat(&mut self, cx: &mut Cx<'_>) {
        let Some(node) = self.membership.coordinator else { return };
        if self.membership.state == ShareMemberState::Joining && self.membership.tells_all {
            cx.note(Fact::Joining { reason: "a member joins with epoch 0".into() });
        }
        let joins = self.membership.state == ShareMemberState::Joining;
        let all = joins || self.membership.tells_all;
        let rack = &self.config.client_rack;
        let body = ShareGroupHeartbeat {
            group_id: self.group_id(),
            member_id: self.membership.id.clone(),
            member_epoch: self.membership.epoch,
            rack_id: (all && !rack.is_empty()).then(|| rack.clone()),
            client_id: self.client_id(),
            subscribed_topic_names: all.then(|| self.spec.subscribe.clone()),
        };
        self.membership.tells_all = false;
        self.membership.in_flight = true;
        self.membership.next_at = cx.now + self.membership.interval;
        let body = Request::Share(ShareRequest::GroupHeartbeat(body));
        self.ask(Peer::coordinator(node), body, Call::Heartbeat);
    }

    fn client_id(&self) -> Name {
        self.config.client_id.clone().unwrap_or_else(|| self.spec.name.clone())
    }
}
