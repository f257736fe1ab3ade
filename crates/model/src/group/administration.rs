//! Groups as an admin client sees and deletes them (`GroupCoordinatorService.describeGroups`, `listGroups`, `deleteGroups`).
//!
//! Invariant: only an empty group is ever deleted, with everything that was committed for it.

use super::classic::{ClassicGroup, GroupState, Member};
use super::coordinator::GroupCoordinator;
use super::modern::ConsumerGroup;
use super::modern::describe::not_described;
use super::modern::limits::ModernLimits;
use super::offsets_log::OffsetsLog;
use super::records;
use super::shard::Shard;
use super::write::{Done, Write};
use crate::api::response::{DescribedConsumerGroup, DescribedGroup, DescribedMember, ListedGroup};
use crate::api::{ErrorCode, Request, Response};
use crate::cx::Cx;
use crate::ids::Name;
use crate::trace::Fact;
use alloc::vec::Vec;

impl GroupCoordinator {
    /// The answer, if the request is one of DESCRIBE_GROUPS, LIST_GROUPS and DELETE_GROUPS.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other request is a member's")]
    pub(super) fn administer(
        &mut self,
        request: &Request,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Option<Response> {
        Some(match request {
            Request::DescribeGroups(body) => {
                let described = body.groups.iter().map(|id| self.describe(id, log));
                Response::DescribeGroups(described.collect())
            }
            Request::ConsumerGroupDescribe(body) => {
                let described = body.groups.iter().map(|id| self.describe_modern(id, log));
                Response::ConsumerGroupDescribe(described.collect())
            }
            Request::ListGroups => Response::ListGroups(ErrorCode::None, self.list()),
            Request::DeleteGroups(body) => {
                let verdicts = body.groups.iter();
                let verdicts = verdicts.map(|id| (id.clone(), self.delete(id, log, cx)));
                Response::DeleteGroups(verdicts.collect())
            }
            _ => return None,
        })
    }

    fn describe(&mut self, id: &Name, log: &dyn OffsetsLog) -> DescribedGroup {
        match self.loaded_shard(id, log) {
            Err(error) => nothing(id, error),
            Ok(shard) => {
                let group = shard.groups.get(id);
                group.map_or_else(|| nothing(id, ErrorCode::GroupIdNotFound), described)
            }
        }
    }

    fn describe_modern(&mut self, id: &Name, log: &dyn OffsetsLog) -> DescribedConsumerGroup {
        match self.loaded_shard(id, log) {
            Err(error) => not_described(id, error),
            Ok(shard) => match shard.modern.get(id) {
                None => not_described(id, ErrorCode::GroupIdNotFound),
                Some(group) => {
                    let limits = ModernLimits::of(log.config(), log.image(), id);
                    group.described(log.image(), limits.default_assignor)
                }
            },
        }
    }

    fn list(&self) -> Vec<ListedGroup> {
        let loaded = || self.shards().filter(|shard| shard.is_loaded);
        let modern = loaded().flat_map(|shard| shard.modern.values());
        let listed = loaded().flat_map(|shard| shard.groups.values()).map(|group| ListedGroup {
            group_id: group.id.clone(),
            protocol_type: group.protocol_type.clone().unwrap_or_default(),
            group_state: group.state.name().into(),
            group_type: "classic".into(),
        });
        let shared = self.share_groups().map(|group| ListedGroup {
            group_id: group.id.clone(),
            protocol_type: "share".into(),
            group_state: group.state_name().into(),
            group_type: "share".into(),
        });
        listed.chain(modern.map(ConsumerGroup::listed)).chain(shared).collect()
    }

    fn delete(&mut self, id: &Name, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) -> ErrorCode {
        if let Some(verdict) = self.delete_share_group(id, log, cx) {
            return verdict;
        }
        let shard = match self.loaded_shard(id, log) {
            Ok(shard) => shard,
            Err(error) => return error,
        };
        if let Some(group) = shard.modern.get(id) {
            if group.size() > 0 {
                return ErrorCode::NonEmptyGroup;
            }
            bury(shard, id, log, cx);
            return ErrorCode::None;
        }
        match shard.groups.get(id).map(|group| group.state) {
            None => ErrorCode::GroupIdNotFound,
            Some(GroupState::Empty) => {
                bury(shard, id, log, cx);
                ErrorCode::None
            }
            Some(
                GroupState::PreparingRebalance
                | GroupState::CompletingRebalance
                | GroupState::Stable,
            ) => ErrorCode::NonEmptyGroup,
        }
    }

    fn loaded_shard(&mut self, id: &str, log: &dyn OffsetsLog) -> Result<&mut Shard, ErrorCode> {
        let shard = self.shard_for(id, log).ok_or(ErrorCode::NotCoordinator)?;
        if shard.is_loaded { Ok(shard) } else { Err(ErrorCode::CoordinatorLoadInProgress) }
    }
}

/// Tombstones for the group's offsets and for itself.
fn bury(shard: &mut Shard, id: &Name, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
    let mut committed: Vec<_> = shard.offsets.of(id).map(|(tp, _)| tp.clone()).collect();
    for waiting in shard.txn_offsets.of(id) {
        if !committed.contains(&waiting) {
            committed.push(waiting);
        }
    }
    let offsets = committed.iter().map(|tp| records::offset_record(id, tp, None));
    let own = match shard.modern.remove(id) {
        Some(group) => group.tombstones(),
        None => alloc::vec![records::group_tombstone(id)],
    };
    let records = offsets.chain(own).collect();
    for tp in committed {
        shard.forget_offset(id, tp);
    }
    shard.groups.remove(id);
    cx.note(Fact::GroupDeleted { group: id.clone() });
    shard.store(Some(Write { records, done: Done::Nothing }), log, cx);
}

/// Members show what they were last given, also while a rebalance goes on; the assignor shows while the group is stable
/// (`ClassicGroupMember.describeNoMetadata`).
fn described(group: &ClassicGroup) -> DescribedGroup {
    let stable = group.state == GroupState::Stable;
    let member = |member: &Member| DescribedMember {
        member_id: member.id.clone(),
        group_instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        assignment: member.assignment.clone(),
    };
    let protocol_data = group.protocol_name.clone().filter(|_| stable);
    DescribedGroup {
        error: ErrorCode::None,
        group_id: group.id.clone(),
        group_state: group.state.name().into(),
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        protocol_data: protocol_data.unwrap_or_default(),
        members: group.members().map(member).collect(),
    }
}

fn nothing(id: &Name, error: ErrorCode) -> DescribedGroup {
    DescribedGroup {
        error,
        group_id: id.clone(),
        group_state: if error == ErrorCode::GroupIdNotFound { "Dead".into() } else { "".into() },
        protocol_type: "".into(),
        protocol_data: "".into(),
        members: Vec::new(),
    }
}
