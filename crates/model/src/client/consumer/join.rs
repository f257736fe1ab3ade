//! Joining the group (`AbstractCoordinator.joinGroupIfNeeded` and its response handlers).
//!
//! One call goes as far as it can and says whether the member is in; answers that come later are followed up by the next one.
//! Invariant: partitions are given back before JOIN_GROUP leaves, once a rebalance.

use super::membership::{JoinFuture, MemberState};
use super::{Call, Consumer, Generation, answered};
use crate::api::request::{self, Subscription};
use crate::api::response::JoinGroup;
use crate::api::{ApiKey, ErrorCode, Request, Response};
use crate::client::network::Outcome;
use crate::config::consumer::Assignor;
use crate::cx::Cx;
use crate::group::assignor::sticky_user_data;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

impl Consumer {
    /// Whether the member is in a stable generation (`ensureActiveGroup`); an error is what `poll()` throws.
    pub(super) fn ensure_active(&mut self, cx: &mut Cx<'_>) -> Result<bool, ErrorCode> {
        while self.membership.rejoin_needed || self.membership.join != JoinFuture::Idle {
            if !self.ensure_coordinator(cx) || cx.now < self.membership.retry_at {
                return Ok(false);
            }
            if self.membership.needs_prepare && !self.prepare_join(cx) {
                return Ok(false);
            }
            self.membership.needs_prepare = false;
            match core::mem::replace(&mut self.membership.join, JoinFuture::InFlight) {
                JoinFuture::Idle => {
                    self.send_join(cx);
                    return Ok(false);
                }
                JoinFuture::InFlight => return Ok(false),
                JoinFuture::Done(Ok(partitions)) => {
                    self.membership.join = JoinFuture::Idle;
                    if self.membership.state == MemberState::Stable {
                        self.complete_join(&partitions, cx);
                        self.membership.needs_prepare = true;
                    } else {
                        self.membership.reset("the generation was reset meanwhile", true);
                    }
                }
                JoinFuture::Done(Err(error)) => {
                    self.membership.join = JoinFuture::Idle;
                    if !self.join_failed(error, cx)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Whether to try again at once.
    fn join_failed(&mut self, error: ErrorCode, cx: &Cx<'_>) -> Result<bool, ErrorCode> {
        if error == ErrorCode::MemberIdRequired {
            return Ok(true);
        }
        self.membership.request_rejoin(&format!("rebalance failed due to {}", thrown(error)));
        let at_once = matches!(
            error,
            ErrorCode::UnknownMemberId
                | ErrorCode::IllegalGeneration
                | ErrorCode::RebalanceInProgress
        );
        if at_once {
            return Ok(true);
        }
        if !error.is_retriable() {
            return Err(error);
        }
        self.membership.retry_at = cx.now + self.retry_backoff();
        Ok(false)
    }

    fn send_join(&mut self, cx: &mut Cx<'_>) {
        self.membership.state = MemberState::PreparingRebalance;
        let reason = self.membership.rejoin_reason.clone();
        cx.note(Fact::Joining { reason: reason.clone() });
        let generation = self.membership.generation.clone();
        let body = request::JoinGroup {
            group_id: self.group_id(),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms: self.config.max_poll_interval_ms,
            member_id: generation.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            client_id: self.client_id(),
            protocol_type: "consumer".into(),
            protocols: self.offered_protocols(),
            reason,
        };
        // The answer takes as long as the others take to join, and a little.
        let patience = i64::from(self.config.max_poll_interval_ms) + 5_000;
        let timeout = self.request_timeout().max(Micros::from_config_ms(patience));
        self.ask_coordinator_within(
            Request::JoinGroup(body.into()),
            Call::Join(generation),
            timeout,
            cx,
        );
    }

    fn offered_protocols(&self) -> Vec<(Name, Subscription)> {
        let mut topics = self.spec.subscribe.clone();
        topics.sort();
        topics.dedup();
        let rack = &self.config.client_rack;
        let subscription = Subscription {
            topics,
            owned_partitions: self.subscriptions.partitions(),
            generation_id: self.membership.generation.id,
            rack_id: (!rack.is_empty()).then(|| rack.clone()),
            user_data: None,
        };
        let offered = self.config.assignors.0.iter();
        let of = |assignor: &Assignor| {
            let remembered =
                self.membership.sticky.as_ref().filter(|_| *assignor == Assignor::Sticky);
            let user_data =
                remembered.map(|(list, generation)| sticky_user_data(list, *generation));
            Subscription { user_data, ..subscription.clone() }
        };
        offered.map(|assignor| (assignor.protocol_name().into(), of(assignor))).collect()
    }

    pub(super) fn on_joined(&mut self, sent: &Generation, outcome: Outcome, cx: &mut Cx<'_>) {
        let answer = answered(outcome).map(|body| {
            let Response::JoinGroup(answer) = body else {
                unreachable!("JOIN_GROUP is answered by its own response")
            };
            answer
        });
        let error = answer.as_ref().map_or_else(|error| *error, |answer| answer.error);
        match answer {
            Ok(answer) if error.is_ok() => self.take_generation(answer, cx),
            Ok(answer) if error == ErrorCode::MemberIdRequired => {
                let id = answer.member_id;
                let reason = format!("need to re-join with the given member-id: {id}");
                self.membership.generation = Generation { member_id: id, ..Generation::none() };
                self.membership.request_rejoin(&reason);
                self.fail_join(error);
            }
            Ok(_) | Err(_) => {
                self.suspect_coordinator(error, cx);
                let unchanged = self.membership.generation == *sent;
                if error == ErrorCode::UnknownMemberId && unchanged {
                    self.membership.reset_on(ApiKey::JoinGroup, error);
                }
                self.fail_join(error);
            }
        }
    }

    fn take_generation(&mut self, answer: JoinGroup, cx: &mut Cx<'_>) {
        if self.membership.state != MemberState::PreparingRebalance {
            // It left meanwhile, so this generation is not its own.
            self.fail_join(ErrorCode::IllegalGeneration);
            return;
        }
        self.membership.state = MemberState::CompletingRebalance;
        self.heartbeat.begin(&self.config, cx.now);
        let name = answer.protocol_name.clone().unwrap_or_else(|| "".into());
        let chosen = self.config.assignors.0.iter().find(|a| a.protocol_name() == &*name);
        self.membership.generation = Generation {
            id: answer.generation_id,
            member_id: answer.member_id.clone(),
            protocol: chosen.copied(),
        };
        if answer.leader == answer.member_id {
            self.lead(answer, cx);
        } else {
            self.send_sync(vec![], cx);
        }
    }

    pub(super) fn send_sync(
        &mut self,
        assignments: Vec<(Name, Vec<super::Partition>)>,
        cx: &mut Cx<'_>,
    ) {
        let generation = self.membership.generation.clone();
        let protocol = generation.protocol.map_or("", Assignor::protocol_name);
        let body = request::SyncGroup {
            group_id: self.group_id(),
            generation_id: generation.id,
            member_id: generation.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_name: protocol.into(),
            assignments,
        };
        if !self.ask_coordinator(Request::SyncGroup(body.into()), Call::Sync(generation), cx) {
            self.fail_join(ErrorCode::CoordinatorNotAvailable);
        }
    }

    pub(super) fn on_synced(&mut self, sent: &Generation, outcome: Outcome, cx: &mut Cx<'_>) {
        let unchanged = self.membership.generation == *sent;
        let result = answered(outcome).and_then(|body| {
            let Response::SyncGroup(answer) = body else {
                unreachable!("SYNC_GROUP is answered by its own response")
            };
            if answer.error.is_ok() { Ok(answer.assignment) } else { Err(answer.error) }
        });
        match result {
            Ok(_) if !unchanged || self.membership.state != MemberState::CompletingRebalance => {
                self.fail_join(ErrorCode::IllegalGeneration);
            }
            Ok(assignment) => {
                self.membership.state = MemberState::Stable;
                self.membership.rejoin_reason = "".into();
                self.membership.rejoin_needed = false;
                self.membership.join = JoinFuture::Done(Ok(assignment));
            }
            Err(error) => {
                self.suspect_coordinator(error, cx);
                let forgotten =
                    matches!(error, ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration);
                if forgotten && unchanged {
                    self.membership.reset_on(ApiKey::SyncGroup, error);
                }
                self.fail_join(error);
            }
        }
    }

    fn fail_join(&mut self, error: ErrorCode) {
        self.membership.join = JoinFuture::Done(Err(error));
    }
}

/// The exception that an error becomes.
pub(super) const fn thrown(error: ErrorCode) -> &'static str {
    if matches!(error, ErrorCode::NetworkException) {
        "DisconnectException"
    } else {
        error.exception()
    }
}
