//! How members go: they leave, fall silent, or do not give up partitions in time (`consumerGroupLeave`,
//! `consumerGroupFenceMember`).
//!
//! Invariant: every member that goes for good counts as a change of the group.

use super::{ConsumerGroup, ConsumerMember, LEAVE, LEAVE_STATIC};
use crate::api::ErrorCode;
use crate::api::request::ConsumerGroupHeartbeat;
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::OffsetsRecord;
use crate::group::modern::records;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::vec::Vec;

impl ConsumerGroup {
    /// Who a goodbye is from.
    pub fn leaving(&self, request: &ConsumerGroupHeartbeat) -> Result<Name, ErrorCode> {
        match &request.instance_id {
            None if self.members.contains_key(&request.member_id) => Ok(request.member_id.clone()),
            None => Err(ErrorCode::UnknownMemberId),
            Some(instance) => match self.static_members.get(instance) {
                None => Err(ErrorCode::UnknownMemberId),
                Some(id) if *id != request.member_id => Err(ErrorCode::FencedInstanceId),
                Some(id) => Ok(id.clone()),
            },
        }
    }

    /// A member says goodbye, for a while or for good.
    pub fn leave(
        &mut self,
        id: &Name,
        epoch: i32,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Vec<OffsetsRecord> {
        assert!(epoch == LEAVE || epoch == LEAVE_STATIC, "others stay");
        let for_a_while = epoch == LEAVE_STATIC;
        let reason = if for_a_while { "it will be back" } else { "it left" };
        let (group, member) = (self.id.clone(), id.clone());
        cx.note(Fact::MemberLeft { group, member, reason: reason.into() });
        if for_a_while {
            return self.go_for_a_while(id);
        }
        self.dismiss(id, "a member left", image, cx)
    }

    /// A static member keeps its partitions; nobody else learns that it went.
    fn go_for_a_while(&mut self, id: &Name) -> Vec<OffsetsRecord> {
        let mut member = self.members[id].clone();
        member.current.epoch = LEAVE_STATIC;
        member.current.pending_revocation.clear();
        let record = records::current_record(&self.id, id, Some(&member.current));
        self.put(member);
        alloc::vec![record]
    }

    /// A member was silent for its session time-out.
    pub fn on_session_timer(
        &mut self,
        id: &Name,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Vec<OffsetsRecord> {
        if !self.members.contains_key(id) {
            return Vec::new();
        }
        cx.note(Fact::MemberExpired { group: self.id.clone(), member: id.clone() });
        self.dismiss(id, "a member was silent for its session time-out", image, cx)
    }

    /// A member had its rebalance time-out to give up partitions, or to come back with JOIN_GROUP or SYNC_GROUP.
    pub fn on_late_member(
        &mut self,
        id: &Name,
        reason: &str,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Vec<OffsetsRecord> {
        if !self.members.contains_key(id) {
            return Vec::new();
        }
        let (group, member) = (self.id.clone(), id.clone());
        cx.note(Fact::MemberLeft { group, member, reason: reason.into() });
        self.dismiss(id, "a member was removed", image, cx)
    }

    /// Takes members out that are gone for good.
    pub(super) fn dismiss(
        &mut self,
        id: &Name,
        reason: &str,
        image: &MetadataImage,
        cx: &mut Cx<'_>,
    ) -> Vec<OffsetsRecord> {
        let mut records = Vec::new();
        self.remove(id, &mut records, cx);
        self.topics_changed(true, image);
        self.bump(reason, &mut records, cx);
        self.note_state(cx);
        records
    }

    pub(super) fn remove(
        &mut self,
        id: &Name,
        records: &mut Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) -> Option<ConsumerMember> {
        self.disarm_all(id, cx);
        records.extend(records::member_tombstones(&self.id, id));
        self.take(id)
    }
}
