//! Members that speak the classic protocol to a group of the consumer protocol, while it moves from the one to the other
//! (`classicGroupJoinToConsumerGroup` and its siblings).
//!
//! JOIN_GROUP is answered at once with the member's own epoch as generation, and SYNC_GROUP brings what the member may read.
//! Invariant: such a member is told to come back whenever it is not where the target wants it.

use super::{ClassicSide, ConsumerGroup, ConsumerMember};
use crate::api::request::{Heartbeat, JoinGroup, LeaveGroup, SyncGroup};
use crate::api::{ErrorCode, response};
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::OffsetsRecord;
use crate::group::caller::Caller;
use crate::group::modern::limits::ModernLimits;
use crate::group::modern::reconcile::ReconcileState;
use crate::ids::{Name, TopicPartition};
use crate::trace::Fact;
use crate::uuid::random_uuid;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::Micros;

/// What a JOIN_GROUP came to.
pub struct Joined {
    /// What is to be stored.
    pub records: Vec<OffsetsRecord>,
    /// What the member is answered then.
    pub answer: response::JoinGroup,
    /// Whether the group goes back to the classic protocol with it, and if so, whether it begins with a rebalance.
    pub goes_back: Option<bool>,
}

impl ConsumerGroup {
    /// Takes in a JOIN_GROUP; the error comes with the member id that goes with it. Who takes the place of the last static member
    /// that spoke the consumer protocol takes the group back to the classic one.
    pub fn classic_join(
        &mut self,
        request: &JoinGroup,
        caller: Caller,
        limits: &ModernLimits,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Result<Joined, (ErrorCode, Name)> {
        let newcomer = request.member_id.is_empty();
        let refused = |error| (error, request.member_id.clone());
        if (self.size() as i32) >= limits.max_size && self.member(&request.member_id).is_none() {
            return Err(refused(ErrorCode::GroupMaxSizeReached));
        }
        if &*request.protocol_type != "consumer" || request.protocols.is_empty() {
            return Err(refused(ErrorCode::InconsistentGroupProtocol));
        }
        let id = if newcomer { random_uuid(cx) } else { request.member_id.clone() };
        if newcomer && request.group_instance_id.is_none() {
            return Err((ErrorCode::MemberIdRequired, id));
        }
        let mut records = Vec::new();
        let goes_back = self.may_downgrade_replacing(request.group_instance_id.as_ref(), limits);
        let before = self.classic_member(&id, newcomer, request, &mut records).map_err(refused)?;
        let updated = joined(&before, request);
        let subscription = &request.protocols[0].1;
        let owned: FlatSet<TopicPartition> = subscription
            .owned_partitions
            .iter()
            .filter_map(|(topic, p)| Some(TopicPartition::new(*image.topic_ids.get(topic)?, *p)))
            .collect();
        let (group, reason) = (self.id.clone(), request.reason.clone());
        let (client, member) = (caller.client(), id.clone());
        cx.note(Fact::MemberJoining { group, member, client, reason });
        let (after, rebalances) = if goes_back {
            let (after, stale) = self.settle_in(&before, updated, &owned, image, &mut records, cx);
            (after, Some(stale))
        } else {
            let out = &mut records;
            let after = self.advance(&before, updated, Some(&owned), limits, image, out, cx);
            self.await_classic(&id, request.session_timeout_ms, cx);
            (after, None)
        };
        let answer = response::JoinGroup {
            error: ErrorCode::None,
            generation_id: after.current.epoch,
            protocol_name: Some(request.protocols[0].0.clone()),
            leader: "".into(),
            skip_assignment: false,
            member_id: id,
            members: Vec::new(),
        };
        Ok(Joined { records, answer, goes_back: rebalances })
    }

    /// Takes in a SYNC_GROUP.
    pub fn classic_sync(
        &mut self,
        request: &SyncGroup,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Result<response::SyncGroup, ErrorCode> {
        let member =
            self.validated(&request.member_id, request.group_instance_id.as_ref())?.clone();
        let Some(side) = &member.classic else { return Err(ErrorCode::UnknownMemberId) };
        if request.generation_id != member.current.epoch {
            return Err(ErrorCode::IllegalGeneration);
        }
        if side.protocols.first().is_none_or(|(name, _)| *name != request.protocol_name) {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        let revokes = member.current.state == ReconcileState::UnrevokedPartitions;
        if member.current.epoch < self.epoch && !revokes {
            self.set_awaited(&member.id, true, cx);
            return Err(ErrorCode::RebalanceInProgress);
        }
        self.set_awaited(&member.id, false, cx);
        let timeout = Micros::from_config_ms(i64::from(side.session_timeout_ms));
        cx.arm(self.timer_session(&member.id), timeout);
        let named =
            |tp: &TopicPartition| Some((image.topics.get(&tp.topic)?.name.clone(), tp.partition));
        Ok(response::SyncGroup {
            error: ErrorCode::None,
            protocol_name: Some(request.protocol_name.clone()),
            assignment: member.current.assigned.iter().filter_map(named).collect(),
        })
    }

    /// What a HEARTBEAT is answered.
    pub fn classic_heartbeat(&mut self, request: &Heartbeat, cx: &mut Cx<'_>) -> ErrorCode {
        let found = self.validated(&request.member_id, request.group_instance_id.as_ref());
        let member = match found {
            Ok(member) => member.clone(),
            Err(error) => return error,
        };
        let Some(side) = &member.classic else { return ErrorCode::UnknownMemberId };
        if request.generation_id != member.current.epoch {
            return ErrorCode::IllegalGeneration;
        }
        let timeout = Micros::from_config_ms(i64::from(side.session_timeout_ms));
        cx.arm(self.timer_session(&member.id), timeout);
        let released = member.current.state == ReconcileState::UnreleasedPartitions
            && !self.waits_for_others(&member);
        let must_rejoin = member.current.epoch < self.epoch
            || member.current.state == ReconcileState::UnrevokedPartitions
            || released;
        if !must_rejoin {
            return ErrorCode::None;
        }
        if !side.is_awaited {
            self.set_awaited(&member.id, true, cx);
        }
        ErrorCode::RebalanceInProgress
    }

    /// Members of the classic protocol leave: one verdict each.
    pub fn classic_leave(
        &mut self,
        request: &LeaveGroup,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> (Vec<OffsetsRecord>, Vec<ErrorCode>) {
        let mut records = Vec::new();
        let mut verdicts = Vec::new();
        for (id, instance, reason) in &request.members {
            let found = self.classic_leaver(id, instance.as_ref());
            if let Ok(id) = &found {
                self.remove(id, &mut records, cx);
                let (group, member) = (self.id.clone(), id.clone());
                cx.note(Fact::MemberLeft { group, member, reason: reason.clone() });
            }
            verdicts.push(found.err().unwrap_or(ErrorCode::None));
        }
        if !records.is_empty() {
            self.topics_changed(true, image);
            self.bump("a member left", &mut records, cx);
            self.note_state(cx);
        }
        (records, verdicts)
    }

    fn classic_leaver(&self, id: &Name, instance: Option<&Name>) -> Result<Name, ErrorCode> {
        let member = match instance {
            Some(instance) if id.is_empty() => {
                let id = self.static_members.get(instance).ok_or(ErrorCode::UnknownMemberId)?;
                &self.members[id]
            }
            Some(_) | None => self.validated(id, instance)?,
        };
        match member.classic {
            Some(_) => Ok(member.id.clone()),
            None => Err(ErrorCode::UnknownMemberId),
        }
    }

    fn validated(&self, id: &Name, instance: Option<&Name>) -> Result<&ConsumerMember, ErrorCode> {
        if let Some(instance) = instance {
            let known = self.static_members.get(instance).ok_or(ErrorCode::UnknownMemberId)?;
            if known != id {
                return Err(ErrorCode::FencedInstanceId);
            }
        }
        self.members.get(id).ok_or(ErrorCode::UnknownMemberId)
    }

    fn classic_member(
        &mut self,
        id: &Name,
        newcomer: bool,
        request: &JoinGroup,
        records: &mut Vec<OffsetsRecord>,
    ) -> Result<ConsumerMember, ErrorCode> {
        let instance = request.group_instance_id.as_ref();
        let old = instance.and_then(|instance| self.static_members.get(instance)).cloned();
        match old {
            Some(old) if old != *id && newcomer => {
                let old = self.members[&old].clone();
                Ok(self.replace_static(&old, id, records))
            }
            Some(old) if old != *id => Err(ErrorCode::FencedInstanceId),
            None if instance.is_some() && !newcomer => Err(ErrorCode::UnknownMemberId),
            Some(_) | None => {
                let known = self.members.get(id).cloned();
                Ok(known.unwrap_or_else(|| ConsumerMember::new(id.clone())))
            }
        }
    }

    /// It was told its epoch: its session begins, and it has its rebalance time-out to ask for its assignment.
    fn await_classic(&mut self, id: &Name, session_timeout_ms: i32, cx: &mut Cx<'_>) {
        let timeout = Micros::from_config_ms(i64::from(session_timeout_ms));
        cx.arm(self.timer_session(id), timeout);
        self.set_awaited(id, true, cx);
    }

    fn set_awaited(&mut self, id: &Name, awaited: bool, cx: &mut Cx<'_>) {
        let timer = self.timer_rejoin(id);
        let Some(member) = self.members.get_mut(id) else { return };
        let timeout = Micros::from_config_ms(i64::from(member.rebalance_timeout_ms));
        if let Some(side) = &mut member.classic {
            side.is_awaited = awaited;
        }
        if awaited { cx.arm(timer, timeout) } else { cx.disarm(timer) }
    }

    /// Whether anybody else still holds something that a member should have (`waitingOnUnreleasedPartition`).
    fn waits_for_others(&self, member: &ConsumerMember) -> bool {
        let target = self.targets.get(&member.id);
        target.into_iter().flatten().any(|tp| {
            !member.current.assigned.contains(tp)
                && self.held.get(tp).is_some_and(|holder| *holder != member.id)
        })
    }
}

/// The member with what its JOIN_GROUP says.
fn joined(before: &ConsumerMember, request: &JoinGroup) -> ConsumerMember {
    let mut member = before.clone();
    let subscription = &request.protocols[0].1;
    member.client_id = request.client_id.clone();
    member.rebalance_timeout_ms = request.rebalance_timeout_ms;
    member.topics.clone_from(&subscription.topics);
    member.topics.sort();
    member.regex = None;
    if let Some(instance) = &request.group_instance_id {
        member.instance_id = Some(instance.clone());
    }
    if let Some(rack) = &subscription.rack_id {
        member.rack_id = Some(rack.clone());
    }
    member.classic = Some(ClassicSide {
        session_timeout_ms: request.session_timeout_ms,
        protocols: request.protocols.clone(),
        is_awaited: false,
    });
    member
}
