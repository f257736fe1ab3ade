//! JOIN_GROUP to a classic group (`GroupMetadataManager.classicGroupJoinToClassicGroup`).
//!
//! A dynamic newcomer first gets a member id and comes back with it; a static one is known by its instance id. Invariant: every
//! JOIN_GROUP is either answered here or parked at its member.

use super::{ClassicGroup, GroupLimits, GroupState, Member, Write};
use crate::api::response;
use crate::api::{ApiKey, ErrorCode, Response, request::JoinGroup};
use crate::cx::{Cx, Draw};
use crate::group::caller::Caller;
use crate::group::write::Done;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::format;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;

/// How long a newcomer's JOIN_GROUP may be parked before it counts as gone (`classicGroupNewMemberJoinTimeoutMs`).
const NEW_MEMBER_JOIN_TIMEOUT: Micros = Micros::from_ms(300_000);

impl ClassicGroup {
    /// Takes in a JOIN_GROUP.
    pub fn join(
        &mut self,
        request: &JoinGroup,
        caller: Caller,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        let newcomer = request.member_id.is_empty();
        if !self.accepts(&request.member_id, limits) {
            self.remove(&request.member_id);
            refuse_join(&self.id, &"".into(), ErrorCode::GroupMaxSizeReached, caller, cx);
        } else if !self.supports_protocols(request) {
            let error = ErrorCode::InconsistentGroupProtocol;
            refuse_join(&self.id, &request.member_id, error, caller, cx);
        } else if newcomer {
            return self.join_new(request, caller, limits, cx);
        } else if self.pending_join.contains(&request.member_id) {
            return self.admit(&request.member_id, request, caller, limits, cx);
        } else {
            return self.join_known(request, caller, limits, cx);
        }
        None
    }

    fn join_new(
        &mut self,
        request: &JoinGroup,
        caller: Caller,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        let id = new_member_id(request, cx);
        let Some(instance) = &request.group_instance_id else {
            self.pending_join.insert(id.clone());
            let timeout = Micros::from_config_ms(i64::from(request.session_timeout_ms));
            cx.arm(self.timer_session(&id), timeout);
            refuse_join(&self.id, &id, ErrorCode::MemberIdRequired, caller, cx);
            return None;
        };
        match self.static_members.get(instance).cloned() {
            Some(old) => self.rejoin_static(&old, id, request, caller, limits, cx),
            None => self.admit(&id, request, caller, limits, cx),
        }
    }

    /// A new member is in; its JOIN_GROUP is parked (`addMemberThenRebalanceOrCompleteJoin`).
    fn admit(
        &mut self,
        id: &Name,
        request: &JoinGroup,
        caller: Caller,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        self.new_member_added = self.state == GroupState::PreparingRebalance
            && self.previous_state == GroupState::Empty;
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type.clone());
        }
        let mut member = Member::new(id.clone(), request);
        member.awaiting_join = Some(caller);
        self.add(member);
        cx.arm(self.timer_session(id), NEW_MEMBER_JOIN_TIMEOUT);
        self.note_joining(id, request, caller, cx);
        self.rebalance_or_complete("a new member joins", limits, cx)
    }

    fn join_known(
        &mut self,
        request: &JoinGroup,
        caller: Caller,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        let id = &request.member_id;
        let error = self.validate_member(id, request.group_instance_id.as_ref());
        let Some(member) = self.members.get(id).filter(|_| error.is_ok()) else {
            refuse_join(&self.id, id, error, caller, cx);
            return None;
        };
        let unchanged = member.protocols == request.protocols;
        let why = match self.state {
            GroupState::Empty => {
                refuse_join(&self.id, id, ErrorCode::UnknownMemberId, caller, cx);
                return None;
            }
            GroupState::PreparingRebalance => "a member joins again",
            GroupState::Stable if self.is_leader(id) => "the leader joins again",
            GroupState::CompletingRebalance | GroupState::Stable if !unchanged => {
                "a member's subscription changed"
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                // It may have missed the answer, so it hears about the running generation again.
                caller.answer(Response::JoinGroup(self.generation_answer(id, false)), cx);
                return None;
            }
        };
        let reason = if request.reason.is_empty() {
            why.into()
        } else {
            format!("{why}: {}", request.reason)
        };
        self.take_over(id, request, caller);
        self.note_joining(id, request, caller, cx);
        self.rebalance_or_complete(&reason, limits, cx)
    }

    /// A static member is back under a new id; in a stable group nobody else notices
    /// (`updateStaticMemberThenRebalanceOrCompleteJoin`).
    fn rejoin_static(
        &mut self,
        old: &Name,
        id: Name,
        request: &JoinGroup,
        caller: Caller,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        self.replace_static(old, &id, cx);
        self.take_over(&id, request, caller);
        self.heard_of(&id, cx);
        self.note_joining(&id, request, caller, cx);
        match self.state {
            GroupState::Stable if self.protocol_name == self.select_protocol() => {
                let assignments: FlatMap<_, _> =
                    self.members().map(|m| (m.id.clone(), m.assignment.clone())).collect();
                let done = Done::StaticMember { group: self.id.clone(), member: id };
                Some(self.record(&assignments, cx.epoch_ms()).then(done))
            }
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.rebalance_or_complete("a static member is back", limits, cx)
            }
            GroupState::PreparingRebalance => self.maybe_complete_join(cx),
            GroupState::Empty => unreachable!("a group with a static member is not empty"),
        }
    }

    /// The new id of a static member is stored: it learns the running generation and may skip assigning.
    pub fn on_static_member_stored(&mut self, id: &Name, stored: ErrorCode, cx: &mut Cx<'_>) {
        if stored.is_ok() {
            self.answer_join(id, self.is_leader(id), cx);
            return;
        }
        let waiting = self.members.get_mut(id).and_then(|member| member.awaiting_join.take());
        if let Some(caller) = waiting {
            refuse_join(&self.id, &"".into(), stored, caller, cx);
        }
    }

    /// Who still uses the old id is fenced (`ClassicGroup.replaceStaticMember`).
    fn replace_static(&mut self, old: &Name, new: &Name, cx: &mut Cx<'_>) {
        let mut member = self.members.remove(old).expect("static members are members");
        cx.disarm(self.timer_session(old));
        if let Some(caller) = member.awaiting_join.take() {
            refuse_join(&self.id, old, ErrorCode::FencedInstanceId, caller, cx);
        }
        if let Some(caller) = member.awaiting_sync.take() {
            super::sync::refuse_sync(&self.id, ErrorCode::FencedInstanceId, caller, cx);
        }
        if self.is_leader(old) {
            self.leader = Some(new.clone());
        }
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), new.clone());
        }
        member.id = new.clone();
        self.members.insert(new.clone(), member);
    }

    fn take_over(&mut self, id: &Name, request: &JoinGroup, caller: Caller) {
        let member = self.members.get_mut(id).expect("looked up before");
        member.update(request);
        member.awaiting_join = Some(caller);
    }

    fn note_joining(&self, id: &Name, request: &JoinGroup, caller: Caller, cx: &mut Cx<'_>) {
        let (group, member, reason) = (self.id.clone(), id.clone(), request.reason.clone());
        cx.note(Fact::MemberJoining { group, member, client: caller.client(), reason });
    }

    /// Whether there is room for it (`acceptJoiningMember`).
    fn accepts(&self, id: &str, limits: GroupLimits) -> bool {
        match self.state {
            GroupState::Empty => true,
            GroupState::PreparingRebalance => {
                self.members.get(id).is_some_and(|member| member.awaiting_join.is_some())
                    || self.awaiting_join() < limits.max_size
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.members.contains_key(id) || (self.size() as i32) < limits.max_size
            }
        }
    }

    /// Whether it offers an assignor that everyone else offers too (`ClassicGroup.supportsProtocols`).
    fn supports_protocols(&self, request: &JoinGroup) -> bool {
        if self.state == GroupState::Empty {
            return !request.protocol_type.is_empty() && !request.protocols.is_empty();
        }
        let candidates = self.candidates();
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && request.protocols.iter().any(|(name, _)| candidates.contains(name))
    }
}

/// `clientId-uuid`, or `instanceId-uuid` for a static member (`ClassicGroup.generateMemberId`).
fn new_member_id(request: &JoinGroup, cx: &mut Cx<'_>) -> Name {
    let prefix = request.group_instance_id.as_ref().unwrap_or(&request.client_id);
    let (high, low) = (cx.rng(Draw::Uuid).bits(), cx.rng(Draw::Uuid).bits());
    let version = 0x4000 | (high & 0x0fff);
    let variant = 0x8000 | (low >> 48 & 0x3fff);
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, low & 0xffff_ffff_ffff);
    format!("{prefix}-{a:08x}-{b:04x}-{version:04x}-{variant:04x}-{c:012x}").into()
}

/// Answers a JOIN_GROUP with an error.
pub(in crate::group) fn refuse_join(
    group: &Name,
    member_id: &Name,
    error: ErrorCode,
    caller: Caller,
    cx: &mut Cx<'_>,
) {
    if error != ErrorCode::MemberIdRequired {
        cx.note(Fact::GroupRefused { group: group.clone(), api: ApiKey::JoinGroup, error });
    }
    let answer = response::JoinGroup {
        error,
        generation_id: -1,
        protocol_name: None,
        leader: "".into(),
        skip_assignment: false,
        member_id: member_id.clone(),
        members: alloc::vec::Vec::new(),
    };
    caller.answer(Response::JoinGroup(answer), cx);
}
