//! What a group coordinator does for share groups besides keeping them: it sorts requests to their shards, and tells admin
//! clients what there is.
//!
//! Invariant: it never answers for a partition of the offsets topic that it has not loaded.

use super::shard::refuse;
use super::{ShareGroup, missing, records};
use crate::api::{ErrorCode, Response, ShareRequest, ShareResponse};
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::shard::Shard;
use crate::group::write::{Done, Write};
use crate::group::{GroupCoordinator, OffsetsLog};
use crate::ids::{Name, TopicId};
use crate::share::ShareKey;
use crate::share::persister::What;
use crate::trace::Fact;
use alloc::vec::Vec;

impl GroupCoordinator {
    /// Answers SHARE_GROUP_HEARTBEAT and SHARE_GROUP_DESCRIBE.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the broker keeps every other request")]
    pub(in crate::group) fn handle_share(
        &mut self,
        caller: Caller,
        request: &ShareRequest,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        match request {
            ShareRequest::GroupHeartbeat(body) => match self.loaded(&body.group_id, log) {
                Ok(shard) => shard.share_heartbeat(body, caller, log, cx),
                Err(error) => refuse(&body.group_id, error, caller, cx),
            },
            ShareRequest::GroupDescribe(groups) => {
                let described = groups.iter().map(|id| match self.share_group(id, log) {
                    Ok(group) => group.described(log.image()),
                    Err(error) => missing(id, error),
                });
                let body = ShareResponse::GroupDescribe(described.collect());
                caller.answer(Response::Share(body), cx);
            }
            other => unreachable!("not a request to a share group: {other:?}"),
        }
    }

    /// A share group, if this broker coordinates it.
    pub fn share_group(
        &mut self,
        id: &Name,
        log: &dyn OffsetsLog,
    ) -> Result<&mut ShareGroup, ErrorCode> {
        let shard = self.loaded(id, log)?;
        shard.share.groups.get_mut(id).ok_or(ErrorCode::GroupIdNotFound)
    }

    /// Every share group of this broker.
    pub fn share_groups(&self) -> impl Iterator<Item = &ShareGroup> {
        self.shards().filter(|shard| shard.is_loaded).flat_map(|s| s.share.groups.values())
    }

    /// Takes what share coordinators are to be asked for its groups.
    pub fn take_share_outgoing(&mut self) -> Vec<(ShareKey, What)> {
        let shards = self.shards_mut();
        shards.flat_map(|shard| core::mem::take(&mut shard.share.outgoing)).collect()
    }

    /// A share coordinator answered for one of a group's partitions.
    pub fn on_share_initialized(
        &mut self,
        key: &ShareKey,
        ok: bool,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        if let Ok(shard) = self.loaded(&key.group, log) {
            shard.on_share_initialized(key, ok, log, cx);
        }
    }

    /// A topic was deleted: no group shares it any more.
    pub fn on_shared_topic_deleted(
        &mut self,
        topic: TopicId,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        for shard in self.shards_mut().filter(|shard| shard.is_loaded) {
            shard.forget_shared_topic(topic, log, cx);
        }
    }

    /// Deletes an empty share group with everything that is kept of it; none if there is no such group.
    pub fn delete_share_group(
        &mut self,
        id: &Name,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Option<ErrorCode> {
        let shard = self.loaded(id, log).ok()?;
        let group = shard.share.groups.get(id)?;
        if !group.members.is_empty() {
            return Some(ErrorCode::NonEmptyGroup);
        }
        let keys = group.shared_partitions().map(|tp| ShareKey::new(id.clone(), tp));
        let outgoing: Vec<(ShareKey, What)> = keys.map(|key| (key, What::Delete)).collect();
        shard.share.outgoing.extend(outgoing);
        shard.share.groups.remove(id);
        let records = records::group_tombstones(id);
        cx.note(Fact::GroupDeleted { group: id.clone() });
        shard.store(Some(Write { records, done: Done::Nothing }), log, cx);
        Some(ErrorCode::None)
    }

    fn loaded(&mut self, id: &str, log: &dyn OffsetsLog) -> Result<&mut Shard, ErrorCode> {
        let shard = self.shard_for(id, log).ok_or(ErrorCode::NotCoordinator)?;
        if shard.is_loaded { Ok(shard) } else { Err(ErrorCode::CoordinatorLoadInProgress) }
    }
}
