//! The share coordinator of a broker (`ShareCoordinatorService`): it keeps the state of share partitions in
//! `__share_group_state`.
//!
//! A request may be about several partitions of that topic; it is answered when every row is. Invariant: a row is answered only
//! once what it wrote is durable.

mod records;
mod shard;
mod state;

pub use shard::ShareShard;
pub use state::ShareState;

use super::{SHARE_STATE_TOPIC, ShareKey};
use crate::api::share::{ShareRequest, ShareResponse, WrittenState};
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::group::coordinator::partition_for;
use crate::group::write::append_error;
use crate::group::{OffsetsLog, OffsetsRecord};
use crate::ids::{LeaderEpoch, Name, Offset, TopicId, TopicPartition};
use crate::net::ConnId;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros};
use shard::{Pending, Row};

/// How long it takes to read a partition of the topic after an election.
pub const LOAD_TIME: Micros = Micros::from_ms(10);

/// What a row of a request asks for.
enum Ask<'a> {
    Initialize(i32, Offset),
    Read(LeaderEpoch),
    Write(&'a WrittenState),
    Delete,
    Summary,
}

/// Which kind of answer a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Initialize,
    Read,
    Write,
    Delete,
    Summary,
}

/// A request that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Open {
    caller: Caller,
    kind: Kind,
    rows: Vec<(TopicPartition, Option<Result<Row, ErrorCode>>)>,
}

/// What became of a row: its answer, and what must be durable first.
type Served = Result<(Row, Option<OffsetsRecord>), ErrorCode>;

/// A broker's share coordinator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareCoordinator {
    shards: FlatMap<i32, ShareShard>,
    open: FlatMap<u32, Open>,
    next: u32,
}

impl ShareCoordinator {
    /// Partitions of the topic that this broker serves or loads.
    pub fn shards(&self) -> impl Iterator<Item = &ShareShard> {
        self.shards.values()
    }

    /// Answers one of INITIALIZE_, READ_, WRITE_, DELETE_SHARE_GROUP_STATE and READ_SHARE_GROUP_STATE_SUMMARY.
    pub fn handle(
        &mut self,
        caller: Caller,
        request: &ShareRequest,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let (kind, group, asks) = rows_of(request);
        let number = self.next;
        self.next = number.wrapping_add(1);
        let rows = asks.iter().map(|(tp, _)| (*tp, None)).collect();
        self.open.insert(number, Open { caller, kind, rows });
        for (row, (tp, ask)) in (0_u32..).zip(&asks) {
            let key = ShareKey::new(group.clone(), *tp);
            let served = self.serve(&key, ask, log, cx);
            self.on_served(&key, number, row, served, log, cx);
        }
        self.answer_if_complete(number, cx);
    }

    /// The broker now leads a partition of the topic: it is to be loaded after [`LOAD_TIME`]; whether that is news.
    pub fn on_elected(&mut self, partition: i32) -> bool {
        let is_new = !self.shards.contains_key(&partition);
        self.shards.entry(partition).or_insert_with(|| ShareShard::loading(partition));
        is_new
    }

    /// A partition has been read to its end.
    pub fn on_loaded(&mut self, partition: i32, log: &dyn OffsetsLog) {
        if let Some(shard) = self.shards.get_mut(&partition) {
            shard.load(log);
        }
    }

    /// The broker no longer leads a partition: who waits is sent to the next coordinator.
    pub fn on_resigned(&mut self, partition: i32, cx: &mut Cx<'_>) {
        let Some(shard) = self.shards.remove(&partition) else { return };
        for pending in shard.pending {
            self.finish(&pending, Err(ErrorCode::NotCoordinator), cx);
        }
    }

    /// The high watermark of a partition of the topic moved.
    pub fn on_high_watermark(&mut self, partition: i32, to: Offset, cx: &mut Cx<'_>) {
        while let Some(shard) = self.shards.get_mut(&partition)
            && shard.pending.front().is_some_and(|pending| pending.until <= to)
            && let Some(pending) = shard.pending.pop_front()
        {
            self.finish(&pending, Ok(()), cx);
        }
    }

    /// A topic was deleted: what was kept of it goes too.
    pub fn on_topic_deleted(&mut self, topic: TopicId, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        for shard in self.shards.values_mut().filter(|shard| shard.is_loaded) {
            let tombstones = shard.forget_topic(topic);
            if !tombstones.is_empty() {
                let _ = log.append(shard.partition, tombstones, cx);
            }
        }
    }

    /// A connection ended: what is open on it gets no answer.
    pub fn on_client_gone(&mut self, conn: ConnId) {
        for open in self.open.values_mut() {
            open.caller.gone(conn);
        }
    }

    fn shard_for(&mut self, key: &ShareKey, log: &dyn OffsetsLog) -> Option<&mut ShareShard> {
        let (_, topic) = log.image().topic(SHARE_STATE_TOPIC)?;
        let partition = partition_for(&key.coordinator_key(), topic.partitions.len() as i32);
        self.shards.get_mut(&partition)
    }

    fn serve(
        &mut self,
        key: &ShareKey,
        ask: &Ask<'_>,
        log: &dyn OffsetsLog,
        cx: &Cx<'_>,
    ) -> Served {
        let (image, now) = (log.image(), cx.epoch_ms());
        let shard = self.shard_for(key, log).ok_or(ErrorCode::NotCoordinator)?;
        if !shard.is_loaded {
            return Err(ErrorCode::CoordinatorLoadInProgress);
        }
        match ask {
            Ask::Initialize(epoch, start) => {
                let record = shard.initialize(key, *epoch, *start, image, now)?;
                Ok((Row::Done, Some(record)))
            }
            Ask::Read(leader_epoch) => {
                let (stored, record) = shard.read(key, *leader_epoch, image)?;
                Ok((Row::State(stored), record))
            }
            Ask::Write(written) => {
                let record = shard.write(key, written, image, now)?;
                Ok((Row::Done, Some(record)))
            }
            Ask::Delete => Ok((Row::Done, shard.delete(key))),
            Ask::Summary => Ok((Row::Summary(shard.summary(key, image)?), None)),
        }
    }

    /// Appends what must be durable; what waits for nothing is settled at once.
    fn on_served(
        &mut self,
        key: &ShareKey,
        request: u32,
        row: u32,
        served: Served,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let (answer, record) = match served {
            Ok((answer, record)) => (Ok(answer), record),
            Err(error) => (Err(error), None),
        };
        self.set_row(request, row, answer);
        let Some(record) = record else { return };
        let Some(partition) = self.shard_for(key, log).map(|shard| shard.partition) else { return };
        match log.append(partition, alloc::vec![record], cx) {
            Err(error) => self.set_row(request, row, Err(append_error(error))),
            Ok(until) if until <= log.high_watermark(partition) => {}
            Ok(until) => {
                if let Some(shard) = self.shards.get_mut(&partition) {
                    shard.pending.push_back(Pending { until, request, row });
                }
            }
        }
    }

    fn set_row(&mut self, request: u32, row: u32, answer: Result<Row, ErrorCode>) {
        if let Some(open) = self.open.get_mut(&request)
            && let Some(slot) = open.rows.get_mut(row as usize)
        {
            slot.1 = Some(answer);
        }
    }

    fn finish(&mut self, pending: &Pending, verdict: Result<(), ErrorCode>, cx: &mut Cx<'_>) {
        if let Err(error) = verdict {
            self.set_row(pending.request, pending.row, Err(error));
        }
        self.answer_if_complete(pending.request, cx);
    }

    fn answer_if_complete(&mut self, request: u32, cx: &mut Cx<'_>) {
        let waits = |queue: &VecDeque<Pending>| queue.iter().any(|p| p.request == request);
        if self.shards.values().any(|shard| waits(&shard.pending)) {
            return;
        }
        let Some(open) = self.open.remove(&request) else { return };
        let body = response_of(open.kind, open.rows);
        open.caller.answer(Response::Share(body), cx);
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the broker keeps every other request")]
fn rows_of(request: &ShareRequest) -> (Kind, &Name, Vec<(TopicPartition, Ask<'_>)>) {
    match request {
        ShareRequest::InitializeState(group, rows) => {
            let asks = rows.iter().map(|(tp, epoch, start)| (*tp, Ask::Initialize(*epoch, *start)));
            (Kind::Initialize, group, asks.collect())
        }
        ShareRequest::ReadState(group, rows) => {
            (Kind::Read, group, rows.iter().map(|(tp, epoch)| (*tp, Ask::Read(*epoch))).collect())
        }
        ShareRequest::WriteState(group, rows) => {
            (Kind::Write, group, rows.iter().map(|row| (row.tp, Ask::Write(row))).collect())
        }
        ShareRequest::DeleteState(group, rows) => {
            (Kind::Delete, group, rows.iter().map(|tp| (*tp, Ask::Delete)).collect())
        }
        ShareRequest::ReadStateSummary(group, rows) => {
            (Kind::Summary, group, rows.iter().map(|(tp, _)| (*tp, Ask::Summary)).collect())
        }
        other => unreachable!("not a request to a share coordinator: {other:?}"),
    }
}

fn response_of(
    kind: Kind,
    rows: Vec<(TopicPartition, Option<Result<Row, ErrorCode>>)>,
) -> ShareResponse {
    let rows = rows.into_iter().map(|(tp, row)| (tp, row.unwrap_or(Ok(Row::Done))));
    let verdict = |row: &Result<Row, ErrorCode>| row.as_ref().err().copied().unwrap_or_default();
    match kind {
        Kind::Initialize => {
            ShareResponse::InitializeState(rows.map(|(tp, row)| (tp, verdict(&row))).collect())
        }
        Kind::Write => {
            ShareResponse::WriteState(rows.map(|(tp, row)| (tp, verdict(&row))).collect())
        }
        Kind::Delete => {
            ShareResponse::DeleteState(rows.map(|(tp, row)| (tp, verdict(&row))).collect())
        }
        Kind::Read => {
            let state = |row| match row {
                Ok(Row::State(state)) => Ok(state),
                Ok(Row::Done | Row::Summary(_)) => Err(ErrorCode::UnknownServerError),
                Err(error) => Err(error),
            };
            ShareResponse::ReadState(rows.map(|(tp, row)| (tp, state(row))).collect())
        }
        Kind::Summary => {
            let summary = |row| match row {
                Ok(Row::Summary(summary)) => Ok(summary),
                Ok(Row::Done | Row::State(_)) => Err(ErrorCode::UnknownServerError),
                Err(error) => Err(error),
            };
            ShareResponse::ReadStateSummary(rows.map(|(tp, row)| (tp, summary(row))).collect())
        }
    }
}
