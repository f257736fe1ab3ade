//! One partition of the offsets topic with its groups (`CoordinatorRuntime.CoordinatorContext`, `GroupCoordinatorShard`).
//!
//! Invariant: what a group stores is appended in the order in which it was decided, and followed up in that order.

use super::caller::Caller;
use super::classic::{ClassicGroup, GroupLimits, refuse_join, refuse_sync};
use super::modern::limits::ModernLimits;
use super::modern::{ConsumerGroup, records as modern};
use super::offsets::{Committed, Offsets};
use super::pending::PendingOffsets;
use super::records::{self, Stored};
use super::share::shard::{ShareDone, ShareGroups};
use super::write::{Done, PendingWrite, Write, append_error, failed};
use super::{GroupTimer, OffsetsLog, share};
use crate::api::request::{JoinGroup, OffsetCommit};
use crate::api::{ApiKey, ErrorCode, Response};
use crate::cx::Cx;
use crate::ids::{Name, Offset};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;

/// A partition of the offsets topic that this broker leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// Which partition.
    pub partition: i32,
    /// Whether it has been read to its end.
    pub is_loaded: bool,
    /// Classic groups, by id.
    pub groups: FlatMap<Name, ClassicGroup>,
    /// Groups of the consumer protocol, by id.
    pub modern: FlatMap<Name, ConsumerGroup>,
    /// Committed offsets.
    pub offsets: Offsets,
    /// Offsets that wait for a transaction.
    pub txn_offsets: PendingOffsets,
    /// Share groups.
    pub share: ShareGroups,
    pending: VecDeque<PendingWrite>,
}

impl Shard {
    /// A partition that is still to be read.
    pub fn loading(partition: i32) -> Self {
        Self {
            partition,
            is_loaded: false,
            groups: FlatMap::new(),
            modern: FlatMap::new(),
            offsets: Offsets::new(),
            txn_offsets: PendingOffsets::new(),
            share: ShareGroups::default(),
            pending: VecDeque::new(),
        }
    }

    /// Replays the log; members get a fresh session each.
    pub fn load(&mut self, log: &dyn OffsetsLog, cx: &mut Cx<'_>) {
        for batch in log.batches(self.partition) {
            if batch.transactional {
                self.replay_transactional(&batch);
                continue;
            }
            for record in batch.records.iter() {
                let key = record.key.as_deref().unwrap_or_default();
                if let Some(stored) = records::read(key, record.value.as_deref()) {
                    self.replay(stored);
                } else if let Some((id, said)) = modern::read(key, record.value.as_deref()) {
                    self.replay_modern(&id, said);
                } else {
                    share::records::replay(&mut self.share.groups, key, record.value.as_deref());
                }
            }
        }
        self.is_loaded = true;
        for group in self.groups.values() {
            group.begin_sessions(cx);
        }
        self.begin_share_sessions(log, cx);
        self.settle_modern(log.image());
        for group in self.modern.values() {
            let limits = ModernLimits::of(log.config(), log.image(), &group.id);
            group.begin_sessions(limits.session_timeout, cx);
        }
        let groups = (self.groups.len() + self.modern.len()) as u32;
        if groups > 0 {
            cx.note(Fact::CoordinatorLoaded { partition: self.partition, groups });
        }
    }

    fn replay(&mut self, stored: Stored) {
        match stored {
            Stored::Offset { group, partition, committed } => {
                if committed.is_some() && !self.modern.contains_key(&group) {
                    let id = group.clone();
                    self.groups.entry(id.clone()).or_insert_with(|| ClassicGroup::new(id));
                }
                if committed.is_none() {
                    return self.forget_offset(&group, partition);
                }
                self.txn_offsets.supersede(&group, &partition);
                self.offsets.set(&group, partition, committed);
            }
            Stored::Group { id, group: Some(stored) } => {
                self.groups.insert(id.clone(), ClassicGroup::loaded(id, stored));
            }
            Stored::Group { id, group: None } => {
                self.groups.remove(&id);
            }
        }
    }

    /// A tombstone for an offset is written: it is gone, and so is what waits for its partition.
    pub(super) fn forget_offset(&mut self, group: &Name, partition: (Name, i32)) {
        self.txn_offsets.forget(group, &partition);
        self.offsets.set(group, partition, None);
    }

    /// Takes in a JOIN_GROUP; a group that did not exist is created by a newcomer only.
    pub fn join(
        &mut self,
        request: &JoinGroup,
        caller: Caller,
        limits: GroupLimits,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let id = &request.group_id;
        if self.join_modern(request, caller, log, cx) {
            return;
        }
        let is_new = !self.groups.contains_key(id);
        if is_new && !request.member_id.is_empty() {
            refuse_join(id, &request.member_id, ErrorCode::UnknownMemberId, caller, cx);
            return;
        }
        let group = self.groups.entry(id.clone()).or_insert_with(|| ClassicGroup::new(id.clone()));
        let write = group.join(request, caller, limits, cx);
        let created = || Write::of(records::new_group_record(id));
        self.store(write.or_else(|| is_new.then(created)), log, cx);
    }

    /// Takes in offsets to commit; partitions that do not exist are refused one by one.
    pub fn commit(
        &mut self,
        request: &OffsetCommit,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let error = self.accept_commit(request, cx);
        if !error.is_ok() {
            let (group, api) = (request.group_id.clone(), ApiKey::OffsetCommit);
            cx.note(Fact::GroupRefused { group, api, error });
            let answer = request.offsets.iter().map(|(topic, p, ..)| (topic.clone(), *p, error));
            caller.answer(Response::OffsetCommit(answer.collect()), cx);
            return;
        }
        let (mut answer, mut offsets, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for (topic, partition, offset, leader_epoch) in &request.offsets {
            let asked = request.topic_ids.iter().find(|(name, _)| name == topic);
            let stale = asked.is_some_and(|(name, id)| log.image().topic_ids.get(name) != Some(id));
            let known = !stale && exists(log, topic, *partition);
            let verdict = match (stale, known) {
                (true, _) => ErrorCode::UnknownTopicId,
                (false, true) => ErrorCode::None,
                (false, false) => ErrorCode::UnknownTopicOrPartition,
            };
            answer.push((topic.clone(), *partition, verdict));
            if known {
                let tp = (topic.clone(), *partition);
                let (offset, leader_epoch) = (*offset, *leader_epoch);
                let committed = Committed { offset, leader_epoch, at: cx.epoch_ms() };
                records.push(records::offset_record(&request.group_id, &tp, Some(committed)));
                offsets.push((tp, committed));
            }
        }
        if records.is_empty() {
            caller.answer(Response::OffsetCommit(answer), cx);
            return;
        }
        let group = request.group_id.clone();
        let done = Done::Commit { group, offsets, answer, caller: Some(caller) };
        self.store(Some(Write { records, done }), log, cx);
    }

    fn accept_commit(&mut self, request: &OffsetCommit, cx: &mut Cx<'_>) -> ErrorCode {
        let id = &request.group_id;
        if let Some(group) = self.modern.get(id) {
            return group.accept_commit(request);
        }
        match self.groups.get_mut(id) {
            Some(group) => group.accept_commit(request, cx),
            None if request.generation_id_or_member_epoch < 0 => {
                self.groups.insert(id.clone(), ClassicGroup::new(id.clone()));
                ErrorCode::None
            }
            None => ErrorCode::IllegalGeneration,
        }
    }

    /// The topic is gone, and with it what was committed for it.
    pub fn forget_topic(&mut self, topic: &Name, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        let mut gone = Vec::new();
        for group in self.offsets.groups() {
            let of_topic = self.offsets.of(group).filter(|((name, _), _)| name == topic);
            gone.extend(of_topic.map(|(partition, _)| (group.clone(), partition.clone())));
        }
        gone.extend(self.txn_offsets.of_topic(topic).cloned());
        gone.sort_unstable();
        gone.dedup();
        if gone.is_empty() {
            return;
        }
        let records =
            gone.iter().map(|(group, tp)| records::offset_record(group, tp, None)).collect();
        for (group, partition) in gone {
            self.forget_offset(&group, partition);
        }
        self.store(Some(Write { records, done: Done::Nothing }), log, cx);
    }

    /// Appends what a group wants stored; what follows waits for the high watermark.
    pub fn store(&mut self, write: Option<Write>, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        let mut next = write;
        while let Some(Write { records, done }) = next {
            if records.is_empty() {
                // What was read may not be told before what it rests on is durable.
                next = match self.pending.back().map(|last| last.until) {
                    None => self.finish(done, ErrorCode::None, log, cx),
                    Some(until) => {
                        self.pending.push_back(PendingWrite { until, deadline: None, done });
                        None
                    }
                };
                continue;
            }
            next = match log.append(self.partition, records, cx) {
                Err(error) => {
                    self.revert_modern(log);
                    self.finish(done, append_error(error), log, cx)
                }
                Ok(until) => {
                    self.wait_for(until, done, log, cx);
                    None
                }
            };
        }
        self.on_high_watermark(log.high_watermark(self.partition), log, cx);
    }

    /// What follows an append waits until the high watermark is here.
    pub(super) fn wait_for(
        &mut self,
        until: Offset,
        done: Done,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let wait = Micros::from_config_ms(i64::from(log.config().offsets_commit_timeout_ms));
        self.pending.push_back(PendingWrite { until, deadline: Some(cx.now + wait), done });
        if self.pending.len() == 1 {
            cx.arm(GroupTimer::Write(self.partition), wait);
        }
    }

    /// The high watermark moved: what it has passed is durable.
    pub fn on_high_watermark(
        &mut self,
        high_watermark: Offset,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        while self.pending.front().is_some_and(|write| write.until <= high_watermark) {
            let Some(write) = self.pending.pop_front() else { return };
            if self.pending.is_empty() {
                cx.disarm(GroupTimer::Write(self.partition));
            }
            let next = self.finish(write.done, ErrorCode::None, log, cx);
            self.store(next, log, cx);
        }
    }

    /// `offsets.commit.timeout.ms` passed for the oldest writes: their callers are told; the records may still count later.
    pub fn on_write_timer(&mut self, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        let error = append_error(ErrorCode::RequestTimedOut);
        let late = |write: &PendingWrite| write.deadline.is_some_and(|at| at <= cx.now);
        let late: Vec<usize> =
            (0..self.pending.len()).filter(|index| late(&self.pending[*index])).collect();
        let mut failed = Vec::new();
        for index in late {
            let write = &mut self.pending[index];
            write.deadline = None;
            match &mut write.done {
                Done::Nothing => {}
                Done::Txn(done) => done.refuse(error, cx),
                Done::Commit { answer, caller, .. } => {
                    if let Some(caller) = caller.take() {
                        refuse_commit(answer.clone(), error, caller, cx);
                    }
                }
                Done::Assignment { .. }
                | Done::StaticMember { .. }
                | Done::Answer { .. }
                | Done::Share(_) => {
                    failed.push(core::mem::replace(&mut write.done, Done::Nothing));
                }
            }
        }
        for done in failed {
            let next = self.finish(done, error, log, cx);
            self.store(next, log, cx);
        }
        if let Some(at) = self.pending.iter().filter_map(|write| write.deadline).min() {
            cx.arm(GroupTimer::Write(self.partition), at.since(cx.now));
        }
    }

    /// This broker no longer leads the partition: everyone who waits is sent to the next coordinator.
    pub fn unload(mut self, cx: &mut Cx<'_>) {
        cx.disarm(GroupTimer::Write(self.partition));
        cx.disarm(GroupTimer::Loaded(self.partition));
        for write in self.pending {
            match write.done {
                Done::Commit { answer, caller: Some(caller), .. } => {
                    refuse_commit(answer, ErrorCode::NotCoordinator, caller, cx);
                }
                Done::Txn(mut done) => done.refuse(ErrorCode::NotCoordinator, cx),
                Done::Share(done) => done.finish(ErrorCode::NotCoordinator, &mut self.share, cx),
                Done::Answer { answer, caller: Some(caller) } => {
                    caller.answer(failed(answer, ErrorCode::NotCoordinator), cx);
                }
                Done::Commit { .. }
                | Done::Answer { .. }
                | Done::Nothing
                | Done::Assignment { .. }
                | Done::StaticMember { .. } => {}
            }
        }
        for group in self.modern.values() {
            group.dissolve(cx);
        }
        for group in self.groups.values_mut() {
            group.unload(cx);
        }
        for group in self.share.groups.values() {
            for member in group.members.keys() {
                cx.disarm(GroupTimer::ShareSession(group.id.clone(), member.clone()));
            }
        }
        if !self.groups.is_empty() || !self.modern.is_empty() {
            cx.note(Fact::CoordinatorResigned { partition: self.partition });
        }
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, conn: ConnId) {
        for group in self.groups.values_mut() {
            group.on_client_gone(conn);
        }
        for write in &mut self.pending {
            if let Done::Commit { caller: Some(caller), .. }
            | Done::Answer { caller: Some(caller), .. }
            | Done::Share(ShareDone { caller: Some(caller), .. }) = &mut write.done
            {
                caller.gone(conn);
            } else if let Done::Txn(done) = &mut write.done {
                done.gone(conn);
            }
        }
    }

    /// What follows a write, now that it is durable or failed.
    fn finish(
        &mut self,
        done: Done,
        stored: ErrorCode,
        log: &dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        let limits = GroupLimits::of(log.config());
        match done {
            Done::Nothing => None,
            Done::Txn(done) => {
                self.finish_txn(done, stored, cx);
                None
            }
            Done::Share(done) => {
                done.finish(stored, &mut self.share, cx);
                None
            }
            Done::Answer { answer, caller } => {
                let answer = if stored.is_ok() { answer } else { failed(answer, stored) };
                if let Some(caller) = caller {
                    caller.answer(answer, cx);
                }
                None
            }
            Done::Assignment { group, generation, assignments } => {
                let group = self.groups.get_mut(&group)?;
                group.on_assignment_stored(generation, &assignments, stored, limits, cx)
            }
            Done::StaticMember { group, member } => {
                let group = self.groups.get_mut(&group)?;
                group.on_static_member_stored(&member, stored, cx);
                None
            }
            Done::Commit { group, offsets, answer, caller } => {
                if stored.is_ok() {
                    self.take_offsets(&group, offsets, cx);
                }
                match caller {
                    Some(caller) if stored.is_ok() => {
                        caller.answer(Response::OffsetCommit(answer), cx);
                    }
                    Some(caller) => refuse_commit(answer, stored, caller, cx),
                    None => {}
                }
                None
            }
        }
    }

    fn take_offsets(
        &mut self,
        group: &Name,
        offsets: Vec<((Name, i32), Committed)>,
        cx: &mut Cx<'_>,
    ) {
        for (partition, committed) in offsets {
            cx.note(Fact::OffsetCommitted {
                group: group.clone(),
                topic: partition.0.clone(),
                partition: partition.1,
                offset: committed.offset,
            });
            self.txn_offsets.supersede(group, &partition);
            self.offsets.set(group, partition, Some(committed));
        }
    }
}

impl ClassicGroup {
    /// Who waits in it is sent to the next coordinator (`GroupMetadataManager.onUnloaded`).
    fn unload(&mut self, cx: &mut Cx<'_>) {
        let waiting = self.dissolve(cx);
        for (member, join, sync) in waiting {
            if let Some(caller) = join {
                refuse_join(&self.id, &member, ErrorCode::NotCoordinator, caller, cx);
            }
            if let Some(caller) = sync {
                refuse_sync(&self.id, ErrorCode::NotCoordinator, caller, cx);
            }
        }
    }
}

fn refuse_commit(
    mut answer: Vec<(Name, i32, ErrorCode)>,
    error: ErrorCode,
    caller: Caller,
    cx: &mut Cx<'_>,
) {
    for (_, _, verdict) in &mut answer {
        if verdict.is_ok() {
            *verdict = error;
        }
    }
    caller.answer(Response::OffsetCommit(answer), cx);
}

pub(super) fn exists(log: &dyn OffsetsLog, topic: &str, partition: i32) -> bool {
    let count = log.image().topic(topic).map_or(0, |(_, image)| image.partitions.len());
    usize::try_from(partition).is_ok_and(|index| index < count)
}
