//! CONSUMER_GROUP_HEARTBEAT from a member that joins, stays or acknowledges
//! (`GroupMetadataManager.consumerGroupHeartbeat`).
//!
//! Invariant: a heartbeat that is refused has changed nothing.

use super::{ConsumerGroup, ConsumerGroupState, ConsumerMember};
use crate::api::request::ConsumerGroupHeartbeat;
use crate::api::{ErrorCode, response};
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::OffsetsRecord;
use crate::group::caller::Caller;
use crate::group::modern::assignor::ServerAssignor;
use crate::group::modern::limits::ModernLimits;
use crate::group::modern::pattern::Pattern;
use crate::group::modern::reconcile::ReconcileState;
use crate::group::modern::records;
use crate::ids::{Name, TopicPartition};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::Micros;

/// What a heartbeat led to: records to store, then the answer.
pub type Beaten = (Vec<OffsetsRecord>, response::ConsumerGroupHeartbeat);

impl ConsumerGroup {
    /// Takes in a heartbeat of somebody who does not leave.
    pub fn heartbeat(
        &mut self,
        request: &ConsumerGroupHeartbeat,
        caller: Caller,
        limits: &ModernLimits,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Result<Beaten, ErrorCode> {
        let mut records = Vec::new();
        let before = self.find_or_admit(request, limits, &mut records)?;
        let joins = request.member_epoch == 0;
        if joins {
            let (group, member) = (self.id.clone(), request.member_id.clone());
            let reason = "the consumer protocol".into();
            cx.note(Fact::MemberJoining { group, member, client: caller.client(), reason });
        }
        let updated = updated(&before, request);
        let owned: Option<FlatSet<TopicPartition>> =
            request.topic_partitions.as_ref().map(|list| list.iter().copied().collect());
        let (id, interval) = (updated.id.clone(), limits.heartbeat_interval_ms);
        let after = self.advance(&before, updated, owned.as_ref(), limits, image, &mut records, cx);
        cx.arm(self.timer_session(&id), limits.session_timeout);
        cx.disarm(self.timer_rejoin(&id));
        let full = request.rebalance_timeout_ms != -1
            && request.topic_partitions.is_some()
            && (request.subscribed_topic_names.is_some()
                || request.subscribed_topic_regex.is_some());
        let changed = after.current.assigned != before.current.assigned;
        let assigned = || after.current.assigned.iter().copied().collect();
        let answer = response::ConsumerGroupHeartbeat {
            error: ErrorCode::None,
            member_id: id,
            member_epoch: after.current.epoch,
            heartbeat_interval_ms: interval,
            assignment: (joins || full || changed).then(assigned),
        };
        Ok((records, answer))
    }

    /// The three steps of a heartbeat: who the member is, what the group should have, how far the member may go.
    #[expect(clippy::too_many_arguments, reason = "both protocols go through it")]
    pub(super) fn advance(
        &mut self,
        before: &ConsumerMember,
        updated: ConsumerMember,
        owned: Option<&FlatSet<TopicPartition>>,
        limits: &ModernLimits,
        image: &MetadataImage,
        records: &mut Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) -> ConsumerMember {
        let id = updated.id.clone();
        let subscribed = (&updated.topics, &updated.regex) != (&before.topics, &before.regex);
        if updated != *before || !self.members.contains_key(&id) {
            records.push(records::member_record(&self.id, &updated));
        }
        self.put(updated);
        let topics = self.topics_changed(subscribed, image);
        if subscribed || topics {
            let joined = before.topics.is_empty() && before.regex.is_none();
            let reason = match (subscribed, joined) {
                (true, true) => "a member joined",
                (true, false) => "a member's subscription changed",
                (false, _) => "subscribed topics changed",
            };
            self.bump(reason, records, cx);
        }
        self.maybe_assign(limits, image, records, cx);
        self.reconcile(&id, owned, records, cx);
        self.note_state(cx);
        self.members[&id].clone()
    }

    /// The same for a member with which the group goes back to the classic protocol: no new target is made, for a rebalance
    /// follows if the last one is out of date; whether it is.
    pub(super) fn settle_in(
        &mut self,
        before: &ConsumerMember,
        updated: ConsumerMember,
        owned: &FlatSet<TopicPartition>,
        image: &MetadataImage,
        records: &mut Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) -> (ConsumerMember, bool) {
        let id = updated.id.clone();
        let subscribed = (&updated.topics, &updated.regex) != (&before.topics, &before.regex);
        self.put(updated);
        let changed = self.topics_changed(subscribed, image) || subscribed;
        let stale = changed || self.target_epoch < self.epoch;
        if !stale {
            self.reconcile(&id, Some(owned), records, cx);
        }
        (self.members[&id].clone(), stale)
    }

    /// Takes a member one step towards its target (`maybeReconcile`).
    fn reconcile(
        &mut self,
        id: &Name,
        owned: Option<&FlatSet<TopicPartition>>,
        records: &mut Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) {
        let member = &self.members[id];
        if member.current.is_reconciled_to(self.target_epoch) {
            return;
        }
        let nothing = FlatSet::new();
        let target = self.targets.get(id).unwrap_or(&nothing);
        let is_taken = |tp: TopicPartition| self.held.get(&tp).is_some_and(|other| other != id);
        let next = member.current.next(self.target_epoch, target, owned, is_taken);
        if next == member.current {
            return;
        }
        let mut member = member.clone();
        member.current = next;
        records.push(records::current_record(&self.id, id, Some(&member.current)));
        self.watch_revocation(&member, cx);
        cx.note(Fact::MemberStep {
            group: self.id.clone(),
            member: id.clone(),
            epoch: member.current.epoch,
            step: member.current.state,
            assigned: member.current.assigned.iter().copied().collect(),
            to_revoke: member.current.pending_revocation.iter().copied().collect(),
        });
        self.put(member);
    }

    /// A member that has to give up partitions has its rebalance time-out for that.
    pub(super) fn watch_revocation(&self, member: &ConsumerMember, cx: &mut Cx<'_>) {
        let waits = member.current.state == ReconcileState::UnrevokedPartitions;
        if waits && member.classic.is_none() {
            let timeout = Micros::from_config_ms(i64::from(member.rebalance_timeout_ms));
            cx.arm(self.timer_revocation(&member.id), timeout);
        } else {
            cx.disarm(self.timer_revocation(&member.id));
        }
    }

    /// States that the group is complete or empty, when it has become so.
    pub(super) fn note_state(&mut self, cx: &mut Cx<'_>) {
        let state = self.computed_state();
        if core::mem::replace(&mut self.state, state) == state {
            return;
        }
        let (group, generation) = (self.id.clone(), self.epoch);
        match state {
            ConsumerGroupState::Stable => cx.note(Fact::GroupStable { group, generation }),
            ConsumerGroupState::Empty => cx.note(Fact::GroupEmpty { group, generation }),
            ConsumerGroupState::Assigning | ConsumerGroupState::Reconciling => {}
        }
    }

    /// The member as it was; a newcomer has nothing yet, a static one that is back has what it left
    /// (`getOrMaybeSubscribeDynamicConsumerGroupMember`, `getOrMaybeSubscribeStaticConsumerGroupMember`).
    fn find_or_admit(
        &mut self,
        request: &ConsumerGroupHeartbeat,
        limits: &ModernLimits,
        records: &mut Vec<OffsetsRecord>,
    ) -> Result<ConsumerMember, ErrorCode> {
        let id = &request.member_id;
        let joins = request.member_epoch == 0;
        let known = self.members.get(id);
        let known_instance =
            request.instance_id.as_ref().and_then(|instance| self.static_members.get(instance));
        match (known_instance, known) {
            (Some(old), _) if old != id || self.members[old].is_away() => {
                let old = self.members[old].clone();
                if !joins {
                    return Err(ErrorCode::FencedInstanceId);
                }
                if old.classic.is_none() && !old.is_away() {
                    return Err(ErrorCode::UnreleasedInstanceId);
                }
                Ok(self.replace_static(&old, id, records))
            }
            (None, Some(_)) if request.instance_id.is_some() && !joins => {
                Err(ErrorCode::UnknownMemberId)
            }
            (_, Some(member)) => {
                check_epoch(member, request)?;
                Ok(member.clone())
            }
            (_, None) if !joins => Err(ErrorCode::UnknownMemberId),
            (_, None) if (self.size() as i32) >= limits.max_size => {
                Err(ErrorCode::GroupMaxSizeReached)
            }
            (_, None) => Ok(ConsumerMember::new(id.clone())),
        }
    }

    /// A static member is back under a new id: target and partitions are its own again (`replaceMember`).
    pub(super) fn replace_static(
        &mut self,
        old: &ConsumerMember,
        id: &Name,
        records: &mut Vec<OffsetsRecord>,
    ) -> ConsumerMember {
        let target = self.targets.get(&old.id).cloned().unwrap_or_default();
        let place = self.order.iter().position(|other| *other == old.id);
        records.extend(records::member_tombstones(&self.id, &old.id));
        self.take(&old.id);
        let mut member = ConsumerMember { id: id.clone(), ..old.clone() };
        member.current.epoch = 0;
        member.current.previous_epoch = 0;
        records.push(records::member_record(&self.id, &member));
        records.push(records::target_record(&self.id, id, Some(&target)));
        records.push(records::current_record(&self.id, id, Some(&member.current)));
        self.targets.insert(id.clone(), target);
        self.put(member.clone());
        if let Some(place) = place
            && let Some(newest) = self.order.pop()
        {
            self.order.insert(place, newest);
        }
        member
    }
}

/// What can be refused without looking at the group (`throwIfConsumerGroupHeartbeatRequestIsInvalid`).
pub fn check_request(request: &ConsumerGroupHeartbeat) -> ErrorCode {
    let is_blank = |text: &Option<Name>| text.as_ref().is_some_and(|text| text.trim().is_empty());
    let joins = request.member_epoch == 0;
    let subscribes = request.subscribed_topic_names.as_ref().is_some_and(|list| !list.is_empty())
        || request.subscribed_topic_regex.is_some();
    let incomplete = joins
        && (request.rebalance_timeout_ms == -1
            || request.topic_partitions.as_ref().is_none_or(|owned| !owned.is_empty())
            || !subscribes);
    let nameless = request.group_id.trim().is_empty() || request.member_id.trim().is_empty();
    let homeless = request.member_epoch == super::LEAVE_STATIC && request.instance_id.is_none();
    let unheard = request.member_epoch < super::LEAVE_STATIC;
    let blank = is_blank(&request.instance_id) || is_blank(&request.rack_id);
    if nameless || incomplete || homeless || unheard || blank {
        ErrorCode::InvalidRequest
    } else if request.server_assignor.as_deref().is_some_and(|name| !is_assignor(name)) {
        ErrorCode::UnsupportedAssignor
    } else if request.subscribed_topic_regex.as_deref().is_some_and(|text| !is_pattern(text)) {
        ErrorCode::InvalidRegularExpression
    } else {
        ErrorCode::None
    }
}

fn is_assignor(name: &str) -> bool {
    ServerAssignor::named(name).is_some()
}

/// An empty pattern takes a subscription back.
fn is_pattern(text: &str) -> bool {
    text.is_empty() || Pattern::parse(text).is_some()
}

/// Whether the member may speak so (`throwIfConsumerGroupMemberEpochIsInvalid`). A lost answer is made up for: the epoch before
/// is accepted of who has nothing that it should not have, and who joins again has nothing.
fn check_epoch(member: &ConsumerMember, request: &ConsumerGroupHeartbeat) -> Result<(), ErrorCode> {
    let (said, known) = (request.member_epoch, member.current.epoch);
    if said == known || said == 0 {
        return Ok(());
    }
    let subset = request
        .topic_partitions
        .as_ref()
        .is_some_and(|owned| owned.iter().all(|tp| member.current.assigned.contains(tp)));
    let lost_answer = said < known && said == member.current.previous_epoch && subset;
    if lost_answer { Ok(()) } else { Err(ErrorCode::FencedMemberEpoch) }
}

/// The member with what the request says anew.
fn updated(before: &ConsumerMember, request: &ConsumerGroupHeartbeat) -> ConsumerMember {
    let mut member = before.clone();
    member.client_id = request.client_id.clone();
    member.classic = None;
    if let Some(instance) = &request.instance_id {
        member.instance_id = Some(instance.clone());
    }
    if let Some(rack) = &request.rack_id {
        member.rack_id = Some(rack.clone());
    }
    if request.rebalance_timeout_ms != -1 {
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
    }
    if let Some(assignor) = &request.server_assignor {
        member.assignor = ServerAssignor::named(assignor);
    }
    if let Some(topics) = &request.subscribed_topic_names {
        member.topics.clone_from(topics);
        member.topics.sort();
    }
    if let Some(regex) = &request.subscribed_topic_regex {
        member.regex = (!regex.is_empty()).then(|| regex.clone());
    }
    member
}
