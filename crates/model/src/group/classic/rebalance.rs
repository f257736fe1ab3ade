//! The join phase: how it begins, waits and ends (`GroupMetadataManager.prepareRebalance`, `completeClassicGroupJoin`).
//!
//! Invariant: a generation begins only when everyone in the group has joined or was dropped for not joining.

use super::{ClassicGroup, GroupLimits, GroupState, Write};
use crate::api::response::JoinGroup;
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;

impl ClassicGroup {
    /// Begins a rebalance if none is under way, or ends the join phase if nobody is missing any more.
    pub(super) fn rebalance_or_complete(
        &mut self,
        reason: &str,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        match self.state {
            GroupState::PreparingRebalance => self.maybe_complete_join(cx),
            GroupState::Empty | GroupState::CompletingRebalance | GroupState::Stable => {
                self.prepare_rebalance(reason, limits, cx)
            }
        }
    }

    /// Begins a rebalance (`prepareRebalance`).
    pub(in crate::group) fn prepare_rebalance(
        &mut self,
        reason: &str,
        limits: GroupLimits,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignment(ErrorCode::RebalanceInProgress, cx);
        }
        self.pending_sync.clear();
        cx.disarm(self.timer_sync());
        let initial = self.state == GroupState::Empty;
        self.transition(GroupState::PreparingRebalance);
        cx.note(Fact::RebalanceStarted {
            group: self.id.clone(),
            generation: self.generation,
            reason: reason.into(),
        });
        if initial {
            self.begin_initial_delay(limits, cx);
            None
        } else if self.has_all_joined() {
            self.complete_join(cx)
        } else {
            self.wait_for_joins(cx);
            None
        }
    }

    /// Ends the join phase if nobody is missing and it is not a new group's initial delay (`maybeCompleteJoinPhase`).
    pub(super) fn maybe_complete_join(&mut self, cx: &mut Cx<'_>) -> Option<Write> {
        let waits = self.state != GroupState::PreparingRebalance
            || self.previous_state == GroupState::Empty
            || !self.has_all_joined();
        if waits { None } else { self.complete_join(cx) }
    }

    /// The join timer is due: a new group's delay is extended while members come, else the phase ends.
    pub fn on_join_timer(&mut self, limits: GroupLimits, cx: &mut Cx<'_>) -> Option<Write> {
        if self.state != GroupState::PreparingRebalance {
            return None;
        }
        let initial = self.previous_state == GroupState::Empty;
        if !initial || !self.new_member_added || self.initial_remaining_ms == 0 {
            return self.complete_join(cx);
        }
        self.new_member_added = false;
        let delay = limits.initial_rebalance_delay_ms.min(self.initial_remaining_ms);
        self.initial_remaining_ms = (self.initial_remaining_ms - self.initial_delay_ms).max(0);
        self.initial_delay_ms = delay;
        cx.arm(self.timer_join(), Micros::from_config_ms(i64::from(delay)));
        None
    }

    fn begin_initial_delay(&mut self, limits: GroupLimits, cx: &mut Cx<'_>) {
        let delay = limits.initial_rebalance_delay_ms;
        self.initial_delay_ms = delay;
        self.initial_remaining_ms = (self.rebalance_timeout_ms() - delay).max(0);
        cx.arm(self.timer_join(), Micros::from_config_ms(i64::from(delay)));
    }

    fn wait_for_joins(&self, cx: &mut Cx<'_>) {
        let timeout = Micros::from_config_ms(i64::from(self.rebalance_timeout_ms()));
        cx.arm(self.timer_join(), timeout);
    }

    /// Ends the join phase (`completeClassicGroupJoin`): who did not join goes, static members apart.
    pub(super) fn complete_join(&mut self, cx: &mut Cx<'_>) -> Option<Write> {
        cx.disarm(self.timer_join());
        self.drop_those_who_did_not_join(cx);
        if !self.elect_joined_leader() && !self.members.is_empty() {
            self.wait_for_joins(cx);
            return None;
        }
        self.generation += 1;
        self.pending_sync.clear();
        self.new_member_added = false;
        if self.members.is_empty() {
            self.protocol_name = None;
            self.transition(GroupState::Empty);
            self.empty_since = Some(cx.epoch_ms());
            cx.note(Fact::GroupEmpty { group: self.id.clone(), generation: self.generation });
            return Some(self.record(&FlatMap::new(), cx.epoch_ms()));
        }
        self.protocol_name = self.select_protocol();
        self.transition(GroupState::CompletingRebalance);
        self.announce_generation(cx);
        None
    }

    fn announce_generation(&mut self, cx: &mut Cx<'_>) {
        cx.note(Fact::GenerationFormed {
            group: self.id.clone(),
            generation: self.generation,
            members: self.size(),
            leader: self.leader.clone().unwrap_or_else(|| "".into()),
        });
        let ids: Vec<Name> = self.members.keys().cloned().collect();
        for id in &ids {
            self.answer_join(id, false, cx);
            self.heard_of(id, cx);
            if let Some(member) = self.members.get_mut(id) {
                member.is_new = false;
            }
        }
        self.pending_sync = ids.into_iter().collect();
        let timeout = Micros::from_config_ms(i64::from(self.rebalance_timeout_ms()));
        cx.arm(self.timer_sync(), timeout);
    }

    /// Tells a member that waits for it about the running generation.
    pub(super) fn answer_join(&mut self, id: &Name, skip_assignment: bool, cx: &mut Cx<'_>) {
        let waiting = self.members.get_mut(id).and_then(|member| member.awaiting_join.take());
        if let Some(caller) = waiting {
            let answer = self.generation_answer(id, skip_assignment);
            caller.answer(Response::JoinGroup(answer), cx);
        }
    }

    /// What JOIN_GROUP answers about the running generation; the leader learns everyone's subscription.
    pub(super) fn generation_answer(&self, id: &Name, skip_assignment: bool) -> JoinGroup {
        let protocol = self.protocol_name.clone().unwrap_or_else(|| "".into());
        let described = self.members.values().map(|member| {
            (member.id.clone(), member.instance_id.clone(), member.subscription(&protocol))
        });
        JoinGroup {
            error: ErrorCode::None,
            generation_id: self.generation,
            protocol_name: self.protocol_name.clone(),
            leader: self.leader.clone().unwrap_or_else(|| "".into()),
            skip_assignment,
            member_id: id.clone(),
            members: if self.is_leader(id) { described.collect() } else { Vec::new() },
        }
    }

    fn drop_those_who_did_not_join(&mut self, cx: &mut Cx<'_>) {
        let missing = |member: &&super::Member| {
            member.awaiting_join.is_none() && member.instance_id.is_none()
        };
        let missing: Vec<Name> =
            self.members.values().filter(missing).map(|member| member.id.clone()).collect();
        for id in missing {
            cx.disarm(self.timer_session(&id));
            self.remove(&id);
            let (group, reason) =
                (self.id.clone(), "removed: it did not join again in time".into());
            cx.note(Fact::MemberLeft { group, member: id, reason });
        }
    }

    /// Whether the leader has joined, or another who has took its place (`maybeElectNewJoinedLeader`).
    fn elect_joined_leader(&mut self) -> bool {
        let joined = |id: &Name| self.members.get(id).is_some_and(|m| m.awaiting_join.is_some());
        if self.leader.as_ref().is_some_and(joined) {
            return true;
        }
        let next = self.members.keys().find(|id| joined(id)).cloned();
        let found = next.is_some();
        if found {
            self.leader = next;
        }
        found
    }
}
