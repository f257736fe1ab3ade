//! Staying in a classic group and leaving it: HEARTBEAT, LEAVE_GROUP, sessions that end, and who may commit offsets
//! (`classicGroupHeartbeatToClassicGroup`, `classicGroupLeaveToClassicGroup`, `ClassicGroup.validateOffsetCommit`).
//!
//! Invariant: a member that goes sets off a rebalance, unless one is under way.

use super::{ClassicGroup, GroupLimits, GroupState, Write, join, sync};
use crate::api::ErrorCode;
use crate::api::request::{Heartbeat, LeaveGroup, OffsetCommit};
use crate::cx::Cx;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::vec::Vec;

impl ClassicGroup {
    /// What a HEARTBEAT is answered; an accepted one begins the member's session anew.
    pub fn heartbeat(&mut self, request: &Heartbeat, cx: &mut Cx<'_>) -> ErrorCode {
        let error = self.validate_member(&request.member_id, request.group_instance_id.as_ref());
        if !error.is_ok() {
            return error;
        }
        if request.generation_id != self.generation {
            return ErrorCode::IllegalGeneration;
        }
        match self.state {
            GroupState::Empty => return ErrorCode::UnknownMemberId,
            GroupState::PreparingRebalance
            | GroupState::CompletingRebalance
            | GroupState::Stable => self.heard_of(&request.member_id, cx),
        }
        if self.state == GroupState::PreparingRebalance {
            ErrorCode::RebalanceInProgress
        } else {
            ErrorCode::None
        }
    }

    /// Members leave by themselves, or an administrator removes static ones: one verdict each.
    pub fn leave(
        &mut self,
        request: &LeaveGroup,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> (Vec<ErrorCode>, Option<Write>) {
        let verdicts: Vec<ErrorCode> = request
            .members
            .iter()
            .map(|(id, instance, reason)| self.leave_one(id, instance.as_ref(), reason, cx))
            .collect();
        if verdicts.iter().all(|verdict| !verdict.is_ok()) {
            return (verdicts, None);
        }
        let write = match self.state {
            GroupState::Empty => None,
            GroupState::PreparingRebalance => self.maybe_complete_join(cx),
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.rebalance_or_complete("a member left", limits, cx)
            }
        };
        (verdicts, write)
    }

    /// A member's session ended, or a pending member never came back (`expireClassicGroupMemberHeartbeat`).
    pub fn on_session_timer(
        &mut self,
        id: &Name,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        if self.pending_join.contains(id) {
            self.remove(id);
            return self.complete_if_all_joined(cx);
        }
        if self.members.get(id)?.is_excused() {
            return None;
        }
        self.dismiss(id, cx);
        cx.note(Fact::MemberExpired { group: self.id.clone(), member: id.clone() });
        match self.state {
            GroupState::Empty => None,
            GroupState::PreparingRebalance => self.complete_if_all_joined(cx),
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.rebalance_or_complete("a member was silent for session.timeout.ms", limits, cx)
            }
        }
    }

    /// Whether offsets may be committed so (`ClassicGroup.validateOffsetCommit`); a member's commit begins its session anew.
    pub fn accept_commit(&mut self, request: &OffsetCommit, cx: &mut Cx<'_>) -> ErrorCode {
        let generation = request.generation_id_or_member_epoch;
        let managed =
            generation >= 0 || !request.member_id.is_empty() || request.group_instance_id.is_some();
        if generation < 0 && self.state == GroupState::Empty {
            return ErrorCode::None;
        }
        if !managed {
            return ErrorCode::UnknownMemberId;
        }
        let error = self.validate_member(&request.member_id, request.group_instance_id.as_ref());
        if !error.is_ok() {
            error
        } else if generation != self.generation {
            ErrorCode::IllegalGeneration
        } else if self.state == GroupState::CompletingRebalance {
            ErrorCode::RebalanceInProgress
        } else {
            self.heard_of(&request.member_id, cx);
            ErrorCode::None
        }
    }

    fn leave_one(
        &mut self,
        id: &Name,
        instance: Option<&Name>,
        reason: &Name,
        cx: &mut Cx<'_>,
    ) -> ErrorCode {
        let id = match instance {
            Some(instance) if id.is_empty() => match self.static_members.get(instance) {
                Some(id) => id.clone(),
                None => return ErrorCode::UnknownMemberId,
            },
            Some(_) | None => id.clone(),
        };
        if self.pending_join.contains(&id) {
            cx.disarm(self.timer_session(&id));
            self.remove(&id);
            return ErrorCode::None;
        }
        let error = self.validate_member(&id, instance);
        if error.is_ok() {
            self.dismiss(&id, cx);
            let (group, reason) = (self.id.clone(), reason.clone());
            cx.note(Fact::MemberLeft { group, member: id, reason });
        }
        error
    }

    /// Removes a member; what it waits for is answered, so that a live one joins anew.
    fn dismiss(&mut self, id: &Name, cx: &mut Cx<'_>) {
        cx.disarm(self.timer_session(id));
        let Some(member) = self.members.get_mut(id) else { return };
        if let Some(caller) = member.awaiting_join.take() {
            join::refuse_join(&self.id, &"".into(), ErrorCode::UnknownMemberId, caller, cx);
        }
        if let Some(caller) = member.awaiting_sync.take() {
            sync::refuse_sync(&self.id, ErrorCode::UnknownMemberId, caller, cx);
        }
        self.remove(id);
    }

    fn complete_if_all_joined(&mut self, cx: &mut Cx<'_>) -> Option<Write> {
        let all = self.state == GroupState::PreparingRebalance && self.has_all_joined();
        if all { self.complete_join(cx) } else { None }
    }
}
