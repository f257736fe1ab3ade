//! TXN_OFFSET_COMMIT and transaction markers, as a group coordinator takes them.
//!
//! Invariant: an offset of a transaction is in the log before anybody is told of it, and counts for nobody before the marker.

use super::caller::Caller;
use super::classic::{ClassicGroup, GroupState};
use super::coordinator::GroupCoordinator;
use super::modern::ConsumerGroup;
use super::offsets::Committed;
use super::offsets_log::OffsetsLog;
use super::pending::Ended;
use super::records::{self, Stored};
use super::shard::Shard;
use super::write::{Done, append_error};
use crate::api::request::TxnOffsetCommit;
use crate::api::response::PartitionErrors;
use crate::api::{ApiKey, ErrorCode, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, Name, Offset, ProducerId};
use crate::log::Batch;
use crate::log::batch::ControlType;
use crate::log::producers::Guard;
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::vec::Vec;

/// What follows a write that is about a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TxnDone {
    /// Offsets wait; `caller` is none once it was told that this took too long.
    Commit {
        /// Which group.
        group: Name,
        /// Whose transaction.
        producer: ProducerId,
        /// What was written.
        offsets: Vec<((Name, i32), Committed)>,
        /// One verdict a partition of the request.
        answer: PartitionErrors,
        /// Who waits.
        caller: Option<Caller>,
    },
    /// A transaction has ended.
    Marker {
        /// Whose.
        producer: ProducerId,
        /// Committed or aborted.
        committed: bool,
    },
}

impl TxnDone {
    /// Who waits is told that it did not work here.
    pub fn refuse(&mut self, error: ErrorCode, cx: &mut Cx<'_>) {
        if let Self::Commit { answer, caller, .. } = self
            && let Some(caller) = caller.take()
        {
            refuse(answer.clone(), error, caller, cx);
        }
    }

    /// A client's connection ended.
    pub fn gone(&mut self, conn: ConnId) {
        if let Self::Commit { caller: Some(caller), .. } = self {
            caller.gone(conn);
        }
    }
}

impl GroupCoordinator {
    /// Whether a partition of the offsets topic is served here.
    pub fn is_serving(&self, partition: i32) -> bool {
        self.shards().any(|shard| shard.partition == partition && shard.is_loaded)
    }

    /// Answers a TXN_OFFSET_COMMIT, now or later.
    pub fn commit_transactional(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        request: &TxnOffsetCommit,
        guard: Guard,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let caller = Caller::new(conn, correlation);
        let group = &request.group_id;
        let error = match self.shard_for(group, log) {
            _ if group.is_empty() => ErrorCode::InvalidGroupId,
            None => ErrorCode::NotCoordinator,
            Some(shard) if !shard.is_loaded => ErrorCode::CoordinatorLoadInProgress,
            Some(shard) => return shard.commit_transactional(request, guard, caller, log, cx),
        };
        refuse_all(request, error, caller, cx);
    }

    /// A marker was appended to a partition of the offsets topic that is served here.
    pub fn on_marker(
        &mut self,
        partition: i32,
        next_offset: Offset,
        producer: ProducerId,
        committed: bool,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        if let Some(shard) = self.shard_mut(partition) {
            let done = Done::Txn(TxnDone::Marker { producer, committed });
            shard.wait_for(next_offset, done, log, cx);
            shard.on_high_watermark(log.high_watermark(partition), log, cx);
        }
    }
}

impl Shard {
    fn commit_transactional(
        &mut self,
        request: &TxnOffsetCommit,
        guard: Guard,
        caller: Caller,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let error = self.accept_transactional(request, cx);
        if !error.is_ok() {
            return refuse_all(request, error, caller, cx);
        }
        let (mut answer, mut offsets, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for (topic, index, offset, leader_epoch) in &request.offsets {
            let known = super::shard::exists(log, topic, *index);
            let verdict = if known { ErrorCode::None } else { ErrorCode::UnknownTopicOrPartition };
            answer.push((topic.clone(), *index, verdict));
            if known {
                let tp = (topic.clone(), *index);
                let (offset, leader_epoch) = (*offset, *leader_epoch);
                let committed = Committed { offset, leader_epoch, at: cx.epoch_ms() };
                stored.push(records::offset_record(&request.group_id, &tp, Some(committed)));
                offsets.push((tp, committed));
            }
        }
        if stored.is_empty() {
            return caller.answer(Response::TxnOffsetCommit(answer), cx);
        }
        let producer = request.producer_id;
        let identity = (producer, request.producer_epoch, guard);
        match log.append_transactional(self.partition, stored, identity, cx) {
            Err(error) => refuse(answer, append_error(error), caller, cx),
            Ok(until) => {
                let (group, caller) = (request.group_id.clone(), Some(caller));
                let done = TxnDone::Commit { group, producer, offsets, answer, caller };
                self.wait_for(until, Done::Txn(done), log, cx);
                self.on_high_watermark(log.high_watermark(self.partition), log, cx);
            }
        }
    }

    fn accept_transactional(&mut self, request: &TxnOffsetCommit, cx: &mut Cx<'_>) -> ErrorCode {
        let id = &request.group_id;
        if let Some(group) = self.modern.get(id) {
            return group.accept_transactional(request);
        }
        match self.groups.get_mut(id) {
            Some(group) => group.accept_transactional(request, cx),
            None if request.generation_id < 0 => {
                self.groups.insert(id.clone(), ClassicGroup::new(id.clone()));
                ErrorCode::None
            }
            None => ErrorCode::IllegalGeneration,
        }
    }

    /// What follows a durable, or failed, write of a transaction.
    pub(super) fn finish_txn(&mut self, mut done: TxnDone, stored: ErrorCode, cx: &mut Cx<'_>) {
        if !stored.is_ok() {
            return done.refuse(stored, cx);
        }
        match done {
            TxnDone::Commit { group, producer, offsets, answer, caller } => {
                for (tp, committed) in offsets {
                    cx.note(Fact::OffsetPending {
                        group: group.clone(),
                        topic: tp.0.clone(),
                        partition: tp.1,
                        offset: committed.offset,
                    });
                    self.txn_offsets.add(producer, &group, tp, committed);
                }
                if let Some(caller) = caller {
                    caller.answer(Response::TxnOffsetCommit(answer), cx);
                }
            }
            TxnDone::Marker { producer, committed } => {
                for (group, tp, offset) in self.end_transaction(producer, committed) {
                    let (topic, partition) = tp;
                    match offset {
                        Some(offset) => {
                            cx.note(Fact::OffsetCommitted { group, topic, partition, offset });
                        }
                        None => cx.note(Fact::OffsetsDropped { group, producer_id: producer }),
                    }
                }
            }
        }
    }

    /// A transaction is over: its offsets hold, or are dropped; which ones, with the offset where it holds now.
    fn end_transaction(
        &mut self,
        producer: ProducerId,
        committed: bool,
    ) -> Vec<(Name, (Name, i32), Option<Offset>)> {
        let mut told = Vec::new();
        for Ended { group, tp, committed: holds } in self.txn_offsets.end(producer, committed) {
            if let Some(holds) = holds {
                self.offsets.set(&group, tp.clone(), Some(holds));
                told.push((group, tp, Some(holds.offset)));
            } else if !committed {
                told.push((group, tp, None));
            }
        }
        told
    }

    /// Replays a batch of a transaction, or a marker.
    pub(super) fn replay_transactional(&mut self, batch: &Batch) {
        if let Some(control) = batch.control {
            self.end_transaction(batch.producer_id, control == ControlType::Commit);
            return;
        }
        for record in batch.records.iter() {
            let key = record.key.as_deref().unwrap_or_default();
            if let Some(Stored::Offset { group, partition, committed: Some(committed) }) =
                records::read(key, record.value.as_deref())
            {
                if !self.modern.contains_key(&group) {
                    let known = self.groups.entry(group.clone());
                    known.or_insert_with(|| ClassicGroup::new(group.clone()));
                }
                self.txn_offsets.add(batch.producer_id, &group, partition, committed);
            }
        }
    }
}

impl ClassicGroup {
    /// As for a plain commit, but a rebalance under way is no obstacle (`ClassicGroup.validateOffsetCommit`).
    fn accept_transactional(&mut self, request: &TxnOffsetCommit, cx: &mut Cx<'_>) -> ErrorCode {
        let generation = request.generation_id;
        let managed =
            generation >= 0 || !request.member_id.is_empty() || request.group_instance_id.is_some();
        if !managed || generation < 0 && self.state == GroupState::Empty {
            return ErrorCode::None;
        }
        let error = self.validate_member(&request.member_id, request.group_instance_id.as_ref());
        if !error.is_ok() {
            error
        } else if generation != self.generation {
            ErrorCode::IllegalGeneration
        } else {
            self.heard_of(&request.member_id, cx);
            ErrorCode::None
        }
    }
}

impl ConsumerGroup {
    /// As for a plain commit, but nobody has to be a member who does not say so (`ConsumerGroup.validateOffsetCommit`).
    fn accept_transactional(&self, request: &TxnOffsetCommit) -> ErrorCode {
        let epoch = request.generation_id;
        let outside =
            epoch < 0 && request.member_id.is_empty() && request.group_instance_id.is_none();
        if outside || (epoch < 0 && self.size() == 0) {
            return ErrorCode::None;
        }
        match self.member(&request.member_id) {
            None => ErrorCode::UnknownMemberId,
            Some(member) if member.current.epoch == epoch => ErrorCode::None,
            Some(_) => ErrorCode::IllegalGeneration,
        }
    }
}

fn refuse_all(request: &TxnOffsetCommit, error: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
    let (group, api) = (request.group_id.clone(), ApiKey::TxnOffsetCommit);
    cx.note(Fact::GroupRefused { group, api, error });
    let rows = request.offsets.iter();
    let answer = rows.map(|(topic, index, ..)| (topic.clone(), *index, error));
    caller.answer(Response::TxnOffsetCommit(answer.collect()), cx);
}

fn refuse(mut answer: PartitionErrors, error: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
    for row in answer.iter_mut().filter(|row| row.2.is_ok()) {
        row.2 = error;
    }
    caller.answer(Response::TxnOffsetCommit(answer), cx);
}
