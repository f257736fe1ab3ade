//! Requests about committed offsets besides commits: OFFSET_FETCH and OFFSET_DELETE (`OffsetMetadataManager.fetchOffsets`,
//! `deleteOffsets`).
//!
//! Invariant: offsets of a topic that the group reads are not deleted.

use super::OffsetsLog;
use super::caller::Caller;
use super::records;
use super::shard::Shard;
use crate::api::request::{OffsetDelete, OffsetFetch};
use crate::api::{ApiKey, ErrorCode, Response, response};
use crate::cx::Cx;
use crate::trace::Fact;
use alloc::vec::Vec;

impl Shard {
    /// Takes in an OFFSET_FETCH; a member of a consumer-protocol group must be up to date.
    pub fn fetch_offsets(
        &self,
        request: &OffsetFetch,
        caller: Caller,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let group = self.modern.get(&request.group_id);
        let error =
            group.map_or(ErrorCode::None, |group| group.accept_fetch(request.member.as_ref()));
        if !error.is_ok() {
            let (group, api) = (request.group_id.clone(), ApiKey::OffsetFetch);
            cx.note(Fact::GroupRefused { group, api, error });
            let answer = response::OffsetFetch { error, offsets: Vec::new() };
            return caller.answer(Response::OffsetFetch(answer), cx);
        }
        let mut answer = self.offsets.fetch(request);
        self.txn_offsets.unsettle(request, &mut answer);
        for row in &mut answer.offsets {
            let asked = request.topic_ids.iter().find(|(topic, _)| *topic == row.0);
            if asked.is_some_and(|(topic, id)| log.image().topic_ids.get(topic) != Some(id)) {
                (row.2, row.3, row.4) = (-1, -1, ErrorCode::UnknownTopicId);
            }
        }
        caller.answer(Response::OffsetFetch(answer), cx);
    }

    /// Takes in an OFFSET_DELETE.
    pub fn forget_offsets(
        &mut self,
        request: &OffsetDelete,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let id = &request.group_id;
        let known = self.groups.contains_key(id) || self.modern.contains_key(id);
        if !known {
            let answer = Response::OffsetDelete(ErrorCode::GroupIdNotFound, Vec::new());
            return caller.answer(answer, cx);
        }
        let (mut rows, mut deleted) = (Vec::new(), Vec::new());
        for (topic, partition) in &request.partitions {
            let reads = self.modern.get(id).is_some_and(|group| group.reads(topic))
                || self.groups.get(id).is_some_and(|group| group.is_reading(topic));
            let tp = (topic.clone(), *partition);
            let error = if reads { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
            if !reads && self.offsets.get(id, &tp).is_some() {
                self.forget_offset(id, tp.clone());
                deleted.push(records::offset_record(id, &tp, None));
            }
            rows.push((tp.0, tp.1, error));
        }
        let answer = Response::OffsetDelete(ErrorCode::None, rows);
        self.answer_when_stored(deleted, answer, caller, log, cx);
    }
}
