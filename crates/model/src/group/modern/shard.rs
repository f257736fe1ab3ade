//! Requests to groups of the consumer protocol, in their partition of the offsets topic (`GroupMetadataManager`).
//!
//! Invariant: a group id belongs to one group, of one kind.

use super::consumer::{ConsumerGroup, Joined, LEAVE_STATIC, may_upgrade};
use super::limits::ModernLimits;
use super::records::{self, ModernRecord};
use crate::api::request::{ConsumerGroupHeartbeat, Heartbeat, JoinGroup, LeaveGroup, SyncGroup};
use crate::api::{ApiKey, ErrorCode, Response, response};
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::classic::{GroupLimits, refuse_join, refuse_sync};
use crate::group::records::group_tombstone;
use crate::group::shard::Shard;
use crate::group::write::{Done, Write};
use crate::group::{OffsetsLog, OffsetsRecord};
use crate::ids::Name;
use crate::trace::Fact;
use alloc::vec::Vec;

type Answered = (Vec<OffsetsRecord>, response::ConsumerGroupHeartbeat);

impl Shard {
    /// Takes in a CONSUMER_GROUP_HEARTBEAT.
    pub fn consumer_heartbeat(
        &mut self,
        request: &ConsumerGroupHeartbeat,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let outcome = if request.member_epoch < 0 {
            self.goodbye(request, log, cx)
        } else {
            self.beat(request, caller, log, cx)
        };
        match outcome {
            Ok((records, answer)) => {
                let answer = Response::ConsumerGroupHeartbeat(answer);
                self.answer_when_stored(records, answer, caller, log, cx);
            }
            Err(error) => {
                let (group, api) = (request.group_id.clone(), ApiKey::ConsumerGroupHeartbeat);
                cx.note(Fact::GroupRefused { group, api, error });
                let answer = Response::ConsumerGroupHeartbeat(refused(request, error));
                caller.answer(answer, cx);
            }
        }
    }

    fn beat(
        &mut self,
        request: &ConsumerGroupHeartbeat,
        caller: Caller,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Result<Answered, ErrorCode> {
        let limits = ModernLimits::of(log.config(), log.image(), &request.group_id);
        let mut records = Vec::new();
        if request.member_epoch == 0 {
            self.make_room(&request.group_id, &limits, log, &mut records, cx)?;
        }
        let group = self.modern.get_mut(&request.group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        let (mut more, answer) = group.heartbeat(request, caller, &limits, log.image(), cx)?;
        records.append(&mut more);
        Ok((records, answer))
    }

    /// There is a group of the consumer protocol afterwards: a new one, or a classic one that moves
    /// (`getOrMaybeCreateConsumerGroup`).
    fn make_room(
        &mut self,
        id: &Name,
        limits: &ModernLimits,
        log: &dyn OffsetsLog,
        records: &mut Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) -> Result<(), ErrorCode> {
        if self.modern.contains_key(id) {
            return Ok(());
        }
        let Some(classic) = self.groups.get(id) else {
            self.modern.insert(id.clone(), ConsumerGroup::new(id.clone()));
            return Ok(());
        };
        if classic.is_forgettable() {
            records.push(group_tombstone(id));
            self.groups.remove(id);
            self.modern.insert(id.clone(), ConsumerGroup::new(id.clone()));
            return Ok(());
        }
        if !may_upgrade(classic, limits) {
            return Err(ErrorCode::GroupIdNotFound);
        }
        let mut classic = self.groups.remove(id).expect("looked up just now");
        for (member, join, sync) in classic.dissolve(cx) {
            let error = ErrorCode::RebalanceInProgress;
            if let Some(caller) = join {
                refuse_join(id, &member, error, caller, cx);
            }
            if let Some(caller) = sync {
                refuse_sync(id, error, caller, cx);
            }
        }
        let group = ConsumerGroup::from_classic(&classic, log.image(), cx);
        records.push(group_tombstone(id));
        records.extend(group.all_records());
        self.modern.insert(id.clone(), group);
        Ok(())
    }

    fn goodbye(
        &mut self,
        request: &ConsumerGroupHeartbeat,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Result<Answered, ErrorCode> {
        let id = &request.group_id;
        let limits = ModernLimits::of(log.config(), log.image(), id);
        let group = self.modern.get_mut(id).ok_or(ErrorCode::GroupIdNotFound)?;
        let member = group.leaving(request)?;
        let answer = response::ConsumerGroupHeartbeat {
            error: ErrorCode::None,
            member_id: member.clone(),
            member_epoch: request.member_epoch,
            heartbeat_interval_ms: 0,
            assignment: None,
        };
        let goes_back =
            request.member_epoch != LEAVE_STATIC && group.may_downgrade(&member, &limits);
        let records = group.leave(&member, request.member_epoch, log.image(), cx);
        if goes_back {
            let records = self.downgrade(id, records, true, log, cx);
            return Ok((records, answer));
        }
        Ok((records, answer))
    }

    /// Only members of the classic protocol are left: so is the group from now on, and begins with a rebalance unless everyone has
    /// what he should have (`convertToClassicGroup`).
    fn downgrade(
        &mut self,
        id: &Name,
        mut records: Vec<OffsetsRecord>,
        rebalances: bool,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Vec<OffsetsRecord> {
        let Some(group) = self.modern.remove(id) else { return records };
        let mut classic = group.into_classic(log.image(), cx);
        records.extend(group.tombstones());
        records.push(classic.stored_record(cx.epoch_ms()));
        classic.begin_sessions(cx);
        if rebalances {
            let limits = GroupLimits::of(log.config());
            let reason = "the group goes back to the classic protocol";
            let write = classic.prepare_rebalance(reason, limits, cx);
            assert!(write.is_none(), "its members have still to join");
        }
        self.groups.insert(id.clone(), classic);
        records
    }

    /// A JOIN_GROUP to a group of the consumer protocol; whether there is such a group. An empty one makes room for a classic
    /// one (`maybeDeleteEmptyConsumerGroup`).
    pub fn join_modern(
        &mut self,
        request: &JoinGroup,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> bool {
        let id = &request.group_id;
        let Some(group) = self.modern.get_mut(id) else { return false };
        if group.size() == 0 {
            let records = group.tombstones();
            self.modern.remove(id);
            self.store(Some(Write { records, done: Done::Nothing }), log, cx);
            return false;
        }
        let limits = ModernLimits::of(log.config(), log.image(), id);
        match group.classic_join(request, caller, &limits, log.image(), cx) {
            Ok(Joined { mut records, answer, goes_back }) => {
                if let Some(rebalances) = goes_back {
                    records = self.downgrade(id, records, rebalances, log, cx);
                }
                self.answer_when_stored(records, Response::JoinGroup(answer), caller, log, cx);
            }
            Err((error, member)) => refuse_join(id, &member, error, caller, cx),
        }
        true
    }

    /// A SYNC_GROUP to a group of the consumer protocol; whether there is such a group.
    pub fn sync_modern(
        &mut self,
        request: &SyncGroup,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> bool {
        let Some(group) = self.modern.get_mut(&request.group_id) else { return false };
        match group.classic_sync(request, log.image(), cx) {
            Ok(answer) => {
                self.answer_when_stored(Vec::new(), Response::SyncGroup(answer), caller, log, cx);
            }
            Err(error) => refuse_sync(&request.group_id, error, caller, cx),
        }
        true
    }

    /// A HEARTBEAT to a group of the consumer protocol: its verdict, if there is such a group.
    pub fn heartbeat_modern(&mut self, request: &Heartbeat, cx: &mut Cx<'_>) -> Option<ErrorCode> {
        Some(self.modern.get_mut(&request.group_id)?.classic_heartbeat(request, cx))
    }

    /// A LEAVE_GROUP to a group of the consumer protocol; whether there is such a group.
    pub fn leave_modern(
        &mut self,
        request: &LeaveGroup,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> bool {
        let Some(group) = self.modern.get_mut(&request.group_id) else { return false };
        let (records, verdicts) = group.classic_leave(request, log.image(), cx);
        let answer = Response::LeaveGroup(ErrorCode::None, verdicts);
        self.answer_when_stored(records, answer, caller, log, cx);
        true
    }

    /// A member's time is up: its session, or what it was waited for.
    pub fn on_late_modern(
        &mut self,
        id: &Name,
        member: &Name,
        why: Late,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let limits = ModernLimits::of(log.config(), log.image(), id);
        let Some(group) = self.modern.get_mut(id) else { return };
        let goes_back = group.may_downgrade(member, &limits);
        let image = log.image();
        let mut records = match why {
            Late::Session => group.on_session_timer(member, image, cx),
            Late::Revocation => {
                let reason = "removed: it did not give up partitions in time";
                group.on_late_member(member, reason, image, cx)
            }
            Late::Rejoin => {
                let reason = "removed: it did not join again in time";
                group.on_late_member(member, reason, image, cx)
            }
        };
        if goes_back && !records.is_empty() {
            records = self.downgrade(id, records, true, log, cx);
        }
        if !records.is_empty() {
            self.store(Some(Write { records, done: Done::Nothing }), log, cx);
        }
    }

    pub(in crate::group) fn answer_when_stored(
        &mut self,
        records: Vec<OffsetsRecord>,
        answer: Response,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let done = Done::Answer { answer, caller: Some(caller) };
        self.store(Some(Write { records, done }), log, cx);
    }

    /// What a record of the log says of a group of the consumer protocol.
    pub(in crate::group) fn replay_modern(&mut self, id: &Name, record: ModernRecord) {
        if matches!(record, ModernRecord::Epoch(Some(_)))
            && self.groups.get(id).is_some_and(|group| group.protocol_type.is_none())
        {
            self.groups.remove(id);
        }
        let new = || ConsumerGroup::new(id.clone());
        let group = self.modern.entry(id.clone()).or_insert_with(new);
        if !group.replay(record) {
            self.modern.remove(id);
        }
    }

    /// An append failed: groups are again what the log says (`CoordinatorContext.revertLastWrittenOffset`).
    pub(in crate::group) fn revert_modern(&mut self, log: &dyn OffsetsLog) {
        self.modern.clear();
        for batch in log.batches(self.partition) {
            for record in batch.records.iter() {
                let key = record.key.as_deref().unwrap_or_default();
                if let Some((id, record)) = records::read(key, record.value.as_deref())
                    && !self.groups.contains_key(&id)
                {
                    self.replay_modern(&id, record);
                }
            }
        }
        self.settle_modern(log.image());
    }

    /// Everything was replayed: where each group stands.
    pub(in crate::group) fn settle_modern(&mut self, image: &MetadataImage) {
        for group in self.modern.values_mut() {
            group.settle(image);
        }
    }
}

/// What a member was too late for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Its next heartbeat.
    Session,
    /// Giving up partitions.
    Revocation,
    /// JOIN_GROUP or SYNC_GROUP, by a member that speaks the classic protocol.
    Rejoin,
}

/// A refusal.
pub fn refused(
    request: &ConsumerGroupHeartbeat,
    error: ErrorCode,
) -> response::ConsumerGroupHeartbeat {
    response::ConsumerGroupHeartbeat {
        error,
        member_id: request.member_id.clone(),
        member_epoch: 0,
        heartbeat_interval_ms: 0,
        assignment: None,
    }
}
