//! Share groups in their partition of the offsets topic: requests in, records and answers out.
//!
//! Invariant: a member is answered only once what its heartbeat changed is durable.

use super::heartbeat::{self, Verdict};
use super::{ShareConfig, ShareGroup, records};
use crate::api::share::{HeartbeatAnswer, ShareGroupHeartbeat};
use crate::api::{ErrorCode, Response, ShareResponse};
use crate::config::share::ShareGroupConfig;
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::shard::Shard;
use crate::group::write::{Done, Write};
use crate::group::{GroupTimer, OffsetsLog, OffsetsRecord};
use crate::ids::{Name, TopicId, TopicPartition};
use crate::share::ShareKey;
use crate::share::persister::What;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros};

/// The share groups of a partition of the offsets topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareGroups {
    /// By id.
    pub groups: FlatMap<Name, ShareGroup>,
    /// What share coordinators are to be asked.
    pub outgoing: Vec<(ShareKey, What)>,
}

/// What follows a heartbeat's records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareDone {
    /// Who waits; none if it was told already, or nobody does.
    pub caller: Option<Caller>,
    /// Which group.
    pub group: Name,
    /// What it gets.
    pub answer: Option<HeartbeatAnswer>,
    /// Partitions to be initialized, with this epoch.
    pub initialize: Vec<TopicPartition>,
    /// The group's epoch.
    pub state_epoch: i32,
}

impl ShareDone {
    /// The records are durable, or will not be so here.
    pub fn finish(self, stored: ErrorCode, groups: &mut ShareGroups, cx: &mut Cx<'_>) {
        if let (Some(caller), Some(answer)) = (self.caller, self.answer) {
            let answer = if stored.is_ok() { answer } else { refusal(stored) };
            caller.answer(Response::Share(ShareResponse::GroupHeartbeat(answer)), cx);
        }
        if stored.is_ok() {
            for tp in self.initialize {
                let key = ShareKey::new(self.group.clone(), tp);
                groups.outgoing.push((key, What::Initialize(self.state_epoch, -1)));
            }
        }
    }
}

/// The answer to a heartbeat that is refused.
pub const fn refusal(error: ErrorCode) -> HeartbeatAnswer {
    HeartbeatAnswer {
        error,
        member_id: None,
        member_epoch: 0,
        heartbeat_interval_ms: 0,
        assignment: None,
    }
}

/// Refuses a heartbeat.
pub fn refuse(group: &Name, error: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
    cx.note(Fact::GroupRefused { group: group.clone(), api: super::HEARTBEAT, error });
    caller.answer(Response::Share(ShareResponse::GroupHeartbeat(refusal(error))), cx);
}

impl Shard {
    /// Takes in a SHARE_GROUP_HEARTBEAT.
    pub fn share_heartbeat(
        &mut self,
        body: &ShareGroupHeartbeat,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let checked = heartbeat::check(body);
        let taken = if !checked.is_ok() {
            Err(checked)
        } else if self.groups.contains_key(&body.group_id) {
            Err(ErrorCode::GroupIdNotFound)
        } else if body.member_epoch == -1 {
            self.share_leave(body, caller, log, cx)
        } else {
            self.share_beat(body, caller, log, cx)
        };
        match taken {
            Ok(write) => self.store(Some(write), log, cx),
            Err(error) => refuse(&body.group_id, error, caller, cx),
        }
    }

    /// A member of a share group was silent for too long.
    pub fn on_share_session(
        &mut self,
        group: &Name,
        member: &Name,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let Some(own) = self.share.groups.get_mut(group) else { return };
        if own.remove(member, log.image()).is_none() {
            return;
        }
        cx.note(Fact::MemberExpired { group: group.clone(), member: member.clone() });
        note_left(own, "a member's session ended", cx);
        let write = gone(own, member, None, None);
        self.store(Some(write), log, cx);
    }

    /// A share coordinator answered for one of a group's partitions.
    pub fn on_share_initialized(
        &mut self,
        key: &ShareKey,
        ok: bool,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let Some(group) = self.share.groups.get_mut(&key.group) else { return };
        if group.on_initialized(key.tp, ok, cx.epoch_ms()) {
            let record = records::partitions(group);
            self.store(Some(Write::of(record)), log, cx);
        }
    }

    /// A topic is gone.
    pub fn forget_shared_topic(
        &mut self,
        topic: TopicId,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let mut changed = Vec::new();
        for group in self.share.groups.values_mut() {
            if group.forget_topic(topic) {
                changed.push(records::partitions(group));
            }
        }
        if !changed.is_empty() {
            self.store(Some(Write { records: changed, done: Done::Nothing }), log, cx);
        }
    }

    /// After a load: everyone has a fresh session, and what was being initialized begins anew.
    pub fn begin_share_sessions(&mut self, log: &dyn OffsetsLog, cx: &mut Cx<'_>) {
        for group in self.share.groups.values_mut() {
            group.restart_initializing();
            let config = config_of(&group.id, log);
            for member in group.members.keys() {
                arm_session(&group.id, member, config, cx);
            }
        }
    }

    fn share_beat(
        &mut self,
        body: &ShareGroupHeartbeat,
        caller: Caller,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Result<Write, ErrorCode> {
        let id = &body.group_id;
        if body.member_epoch == 0 && !self.share.groups.contains_key(id) {
            self.share.groups.insert(id.clone(), ShareGroup::new(id.clone()));
        }
        let group = self.share.groups.get_mut(id).ok_or(ErrorCode::GroupIdNotFound)?;
        let config = config_of(id, log);
        let verdict = group.heartbeat(body, caller.client(), config, log.image(), cx.epoch_ms())?;
        arm_session(id, &body.member_id, config, cx);
        note_beat(group, &body.member_id, &verdict, cx);
        let records = changed_records(group, &body.member_id, &verdict);
        let done = ShareDone {
            caller: Some(caller),
            group: id.clone(),
            answer: verdict.answer,
            initialize: verdict.to_initialize,
            state_epoch: group.epoch,
        };
        Ok(Write { records, done: Done::Share(done) })
    }

    fn share_leave(
        &mut self,
        body: &ShareGroupHeartbeat,
        caller: Caller,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Result<Write, ErrorCode> {
        let group = self.share.groups.get_mut(&body.group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        group.remove(&body.member_id, log.image()).ok_or(ErrorCode::UnknownMemberId)?;
        cx.disarm(GroupTimer::ShareSession(body.group_id.clone(), body.member_id.clone()));
        let (id, member) = (body.group_id.clone(), body.member_id.clone());
        cx.note(Fact::MemberLeft {
            group: id,
            member,
            reason: "the consumer is being closed".into(),
        });
        note_left(group, "a member left", cx);
        let answer = HeartbeatAnswer {
            member_id: Some(body.member_id.clone()),
            member_epoch: -1,
            ..refusal(ErrorCode::None)
        };
        Ok(gone(group, &body.member_id, Some(caller), Some(answer)))
    }
}

fn gone(
    group: &ShareGroup,
    member: &Name,
    caller: Option<Caller>,
    answer: Option<HeartbeatAnswer>,
) -> Write {
    let mut records = records::member_tombstones(&group.id, member);
    records.push(records::epoch(group));
    let (id, initialize) = (group.id.clone(), Vec::new());
    let done = ShareDone { caller, group: id, answer, initialize, state_epoch: group.epoch };
    Write { records, done: Done::Share(done) }
}

fn changed_records(group: &ShareGroup, member: &Name, verdict: &Verdict) -> Vec<OffsetsRecord> {
    let mut changed = Vec::new();
    let own = &group.members[member];
    if verdict.resubscribed {
        changed.push(records::member(&group.id, own));
    }
    if verdict.reason.is_some() {
        changed.push(records::epoch(group));
    }
    if verdict.retargeted {
        changed.extend(records::targets(group));
    }
    if verdict.moved {
        changed.push(records::current(&group.id, own));
    }
    if !verdict.to_initialize.is_empty() {
        changed.push(records::partitions(group));
    }
    changed
}

fn config_of(group: &Name, log: &dyn OffsetsLog) -> ShareConfig {
    ShareGroupConfig::of(group, log.image(), log.config()).group(log.config())
}

fn arm_session(group: &Name, member: &Name, config: ShareConfig, cx: &mut Cx<'_>) {
    let timer = GroupTimer::ShareSession(group.clone(), member.clone());
    cx.arm(timer, Micros::from_config_ms(i64::from(config.session_timeout_ms)));
}

fn note_beat(group: &ShareGroup, member: &Name, verdict: &Verdict, cx: &mut Cx<'_>) {
    if let Some(reason) = verdict.reason {
        note_epoch(group, reason, cx);
    }
    if verdict.moved {
        let own = &group.members[member];
        cx.note(Fact::ShareAssigned {
            group: group.id.clone(),
            member: member.clone(),
            client: own.client,
            epoch: own.epoch,
            partitions: own.assigned.iter().copied().collect(),
        });
    }
}

fn note_left(group: &ShareGroup, reason: &str, cx: &mut Cx<'_>) {
    note_epoch(group, reason, cx);
    if group.members.is_empty() {
        cx.note(Fact::GroupEmpty { group: group.id.clone(), generation: group.epoch });
    }
}

fn note_epoch(group: &ShareGroup, reason: &str, cx: &mut Cx<'_>) {
    let members = u32::try_from(group.members.len()).unwrap_or(u32::MAX);
    let (id, epoch) = (group.id.clone(), group.epoch);
    cx.note(Fact::ShareGroupEpoch { group: id, epoch, members, reason: reason.into() });
}
