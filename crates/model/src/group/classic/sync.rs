//! SYNC_GROUP to a classic group: the leader hands in the assignment, everyone gets his part of it
//! (`GroupMetadataManager.classicGroupSyncToClassicGroup`).
//!
//! Invariant: nobody learns an assignment that is not stored.

use super::{ClassicGroup, GroupLimits, GroupState, Write};
use crate::api::{ApiKey, ErrorCode, Response, request::SyncGroup, response};
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::write::Done;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

type Assignments = FlatMap<Name, Vec<(Name, i32)>>;

impl ClassicGroup {
    /// Takes in a SYNC_GROUP.
    pub fn sync(&mut self, request: &SyncGroup, caller: Caller, cx: &mut Cx<'_>) -> Option<Write> {
        let error = self.validate_sync(request);
        if !error.is_ok() {
            refuse_sync(&self.id, error, caller, cx);
            return None;
        }
        self.pending_sync.remove(&request.member_id);
        if self.pending_sync.is_empty() {
            cx.disarm(self.timer_sync());
        }
        let leads = self.is_leader(&request.member_id);
        let member = self.members.get_mut(&request.member_id).expect("validated");
        if self.state == GroupState::Stable {
            let assignment = member.assignment.clone();
            self.answer_sync(assignment, caller, cx);
            return None;
        }
        member.awaiting_sync = Some(caller);
        leads.then(|| self.store_assignment(request, cx))
    }

    /// The assignment is stored, or it failed (`setAndPropagateAssignment`).
    pub fn on_assignment_stored(
        &mut self,
        generation: i32,
        assignments: &Assignments,
        stored: ErrorCode,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        if self.state != GroupState::CompletingRebalance || self.generation != generation {
            return None;
        }
        if !stored.is_ok() {
            self.drop_assignment(stored, cx);
            return self.rebalance_or_complete("the assignment could not be stored", limits, cx);
        }
        for member in self.members.values_mut() {
            member.assignment = assignments.get(&member.id).cloned().unwrap_or_default();
        }
        self.transition(GroupState::Stable);
        cx.note(Fact::GroupStable { group: self.id.clone(), generation });
        let waiting: Vec<_> = self
            .members
            .values_mut()
            .filter_map(|m| Some((m.id.clone(), m.assignment.clone(), m.awaiting_sync.take()?)))
            .collect();
        for (id, assignment, caller) in waiting {
            self.answer_sync(assignment, caller, cx);
            self.heard_of(&id, cx);
        }
        None
    }

    /// The sync phase took too long: who did not sync goes (`expirePendingSync`).
    pub fn on_sync_timer(&mut self, limits: GroupLimits, cx: &mut Cx<'_>) -> Option<Write> {
        let missing = core::mem::take(&mut self.pending_sync);
        let syncs = matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable);
        if missing.is_empty() || !syncs {
            return None;
        }
        for id in missing {
            cx.disarm(self.timer_session(&id));
            self.remove(&id);
            let (group, reason) = (self.id.clone(), "removed: it did not send SyncGroup".into());
            cx.note(Fact::MemberLeft { group, member: id, reason });
        }
        self.prepare_rebalance("a member did not send SyncGroup", limits, cx)
    }

    /// Everyone who waits for an assignment learns that there will be none (`resetAndPropagateAssignmentWithError`).
    pub(super) fn drop_assignment(&mut self, error: ErrorCode, cx: &mut Cx<'_>) {
        let ids: Vec<Name> = self.members.keys().cloned().collect();
        for id in ids {
            let member = self.members.get_mut(&id).expect("listed above");
            member.assignment = Vec::new();
            if let Some(caller) = member.awaiting_sync.take() {
                refuse_sync(&self.id, error, caller, cx);
                self.heard_of(&id, cx);
            }
        }
    }

    fn validate_sync(&self, request: &SyncGroup) -> ErrorCode {
        let error = self.validate_member(&request.member_id, request.group_instance_id.as_ref());
        if !error.is_ok() {
            error
        } else if request.generation_id != self.generation {
            ErrorCode::IllegalGeneration
        } else if self.protocol_name.as_ref().is_some_and(|name| *name != request.protocol_name) {
            ErrorCode::InconsistentGroupProtocol
        } else {
            match self.state {
                GroupState::Empty => ErrorCode::UnknownMemberId,
                GroupState::PreparingRebalance => ErrorCode::RebalanceInProgress,
                GroupState::CompletingRebalance | GroupState::Stable => ErrorCode::None,
            }
        }
    }

    /// A member that the leader left out gets nothing.
    fn store_assignment(&self, request: &SyncGroup, cx: &Cx<'_>) -> Write {
        let given: Assignments = request.assignments.iter().cloned().collect();
        let assignments: Assignments = self
            .members
            .keys()
            .map(|id| (id.clone(), given.get(id).cloned().unwrap_or_default()))
            .collect();
        let write = self.record(&assignments, cx.epoch_ms());
        let (group, generation) = (self.id.clone(), self.generation);
        write.then(Done::Assignment { group, generation, assignments })
    }

    fn answer_sync(&self, assignment: Vec<(Name, i32)>, caller: Caller, cx: &mut Cx<'_>) {
        let protocol_name = self.protocol_name.clone();
        let answer = response::SyncGroup { error: ErrorCode::None, protocol_name, assignment };
        caller.answer(Response::SyncGroup(answer), cx);
    }
}

/// Answers a SYNC_GROUP with an error.
pub(in crate::group) fn refuse_sync(
    group: &Name,
    error: ErrorCode,
    caller: Caller,
    cx: &mut Cx<'_>,
) {
    cx.note(Fact::GroupRefused { group: group.clone(), api: ApiKey::SyncGroup, error });
    let answer = response::SyncGroup { error, protocol_name: None, assignment: Vec::new() };
    caller.answer(Response::SyncGroup(answer), cx);
}
