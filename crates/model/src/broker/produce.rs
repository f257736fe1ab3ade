//! PRODUCE: appending as a leader, and waiting for the in-sync replicas (`ReplicaManager.appendRecords`, `DelayedProduce`).
//!
//! With acks=all the ISR is looked at twice: before the append, and when the high watermark has passed it. Invariant: an answer
//! without an error means that the batch lies below the high watermark (acks=all) or in the leader's log (acks=1).

use super::replica_manager::ReplicaManager;
use super::{BrokerTimer, Env};
use crate::api::request::Produce;
use crate::api::response::{self, CurrentLeader, ProducedPartition};
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, EpochMs, Offset, TopicPartition};
use crate::log::{Batch, LeaderAppend};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// A produce request that waits for replication.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ParkedProduce {
    correlation: Correlation,
    partitions: Vec<ProducedPartition>,
    /// Partitions still waited for.
    open: Vec<TopicPartition>,
}

/// A batch that lies in the leader's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Appended {
    pub(super) base_offset: Offset,
    pub(super) next_offset: Offset,
    pub(super) log_append_time: EpochMs,
    /// Whether the high watermark moved with it, and those who wait for that are still to be told.
    moved: bool,
}

impl ReplicaManager {
    /// Serves a PRODUCE.
    pub fn handle_produce(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        produce: Produce,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let (acks, timeout_ms) = (produce.acks, produce.timeout_ms);
        let mut parked = ParkedProduce {
            correlation,
            partitions: Vec::with_capacity(produce.partitions.len()),
            open: Vec::new(),
        };
        let (mut first, mut more) = (None, Vec::new());
        for (tp, batch) in produce.partitions {
            let Some(moved) = self.produce_one(conn, tp, batch, acks, &mut parked, env, cx) else {
                continue;
            };
            match first {
                None => first = Some((tp, moved)),
                Some(_) => more.push((tp, moved)),
            }
        }
        match acks {
            0 => finish_unacknowledged(conn, &parked, cx),
            _ if parked.open.is_empty() => parked.answer(conn, cx),
            _ => {
                self.produces.insert(conn, parked);
                cx.arm(BrokerTimer::Parked(conn), Micros::from_config_ms(i64::from(timeout_ms)));
            }
        }
        // Whoever waits sees the whole request's batches at once (`ReplicaManager.tryCompleteActions`).
        for (tp, moved) in first.into_iter().chain(more) {
            self.tell_appended(tp, moved, env, cx);
        }
    }

    /// Appends a batch to a partition that this broker leads, and tells those who wait for it.
    pub(super) fn append(
        &mut self,
        tp: TopicPartition,
        batch: Batch,
        acks: i16,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Appended, (ErrorCode, Option<CurrentLeader>)> {
        let appended = self.append_to_log(tp, batch, acks, env, cx)?;
        self.tell_appended(tp, appended.moved, env, cx);
        Ok(appended)
    }

    fn append_to_log(
        &mut self,
        tp: TopicPartition,
        batch: Batch,
        acks: i16,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Appended, (ErrorCode, Option<CurrentLeader>)> {
        let hosted = self.replicas.get_mut(tp).filter(|partition| partition.leader_epoch >= 0);
        let Some(partition) = hosted else { return Err(Self::absent(tp, env)) };
        let Some(leadership) = &partition.leadership else {
            return Err((ErrorCode::NotLeaderOrFollower, Some(partition.current_leader())));
        };
        if acks == -1 && leadership.is_under_min_isr(&partition.config) {
            return Err((ErrorCode::NotEnoughReplicas, None));
        }
        let (epoch, length) = (partition.leader_epoch, i64::from(batch.last_offset_delta) + 1);
        let records = batch.records.iter().map(|record| record.id).collect();
        let config = &partition.config;
        match partition.log.append_as_leader(batch, epoch, cx.epoch_ms(), config) {
            Err(error) => Err((error, None)),
            Ok(LeaderAppend::Duplicate(found)) => {
                let base_offset = found.base_offset;
                cx.note(Fact::DuplicateBatch { tp, base_offset });
                let next_offset = base_offset + length;
                Ok(Appended { base_offset, next_offset, log_append_time: -1, moved: false })
            }
            Ok(LeaderAppend::Appended { base_offset, log_append_time, rolled }) => {
                if let Some(base_offset) = rolled {
                    cx.note(Fact::SegmentRolled { tp, base_offset });
                }
                cx.note(Fact::Appended { tp, base_offset, records, epoch });
                let moved = partition.advance_high_watermark(env, cx);
                let next_offset = base_offset + length;
                Ok(Appended { base_offset, next_offset, log_append_time, moved })
            }
        }
    }

    /// Answers the produce requests whose offset the high watermark has reached, or all if this broker no longer leads.
    pub(super) fn settle_produces(&mut self, tp: TopicPartition, cx: &mut Cx<'_>) {
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        let high_watermark = partition.log.high_watermark();
        let config = &partition.config;
        let Some(leadership) = &mut partition.leadership else { return };
        if leadership.waiting.is_empty() {
            return;
        }
        let enough = leadership.maximal_isr().len() >= leadership.min_isr(config);
        let verdict =
            if enough { ErrorCode::None } else { ErrorCode::NotEnoughReplicasAfterAppend };
        let reached = |(offset, _): &mut (Offset, ConnId)| *offset <= high_watermark;
        let done: Vec<ConnId> =
            leadership.waiting.extract_if(.., reached).map(|(_, conn)| conn).collect();
        for conn in done {
            self.settle_produce(conn, tp, verdict, None, cx);
        }
    }

    /// This broker no longer leads a partition: those who waited for its high watermark learn so.
    pub(super) fn refuse_waiting(
        &mut self,
        waiting: Vec<(Offset, ConnId)>,
        tp: TopicPartition,
        error: ErrorCode,
        leader: Option<CurrentLeader>,
        cx: &mut Cx<'_>,
    ) {
        for (_, conn) in waiting {
            self.settle_produce(conn, tp, error, leader, cx);
        }
    }

    pub(super) fn time_out_produce(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        if let Some(mut parked) = self.forget_produce(conn) {
            for tp in core::mem::take(&mut parked.open) {
                parked.set(tp, ErrorCode::RequestTimedOut, None);
            }
            parked.answer(conn, cx);
        }
    }

    pub(super) fn forget_produce(&mut self, conn: ConnId) -> Option<ParkedProduce> {
        let parked = self.produces.remove(&conn)?;
        for tp in &parked.open {
            if let Some(leadership) =
                self.replicas.get_mut(*tp).and_then(|partition| partition.leadership.as_mut())
            {
                leadership.waiting.retain(|(_, waiting)| *waiting != conn);
            }
        }
        Some(parked)
    }

    /// Whether the high watermark moved with the append; none if it was refused.
    #[allow(clippy::too_many_arguments, reason = "one partition of a request")]
    fn produce_one(
        &mut self,
        conn: ConnId,
        tp: TopicPartition,
        batch: Batch,
        acks: i16,
        parked: &mut ParkedProduce,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> Option<bool> {
        let appended = if matches!(acks, -1..=1) {
            self.append_to_log(tp, batch, acks, env, cx)
        } else {
            Err((ErrorCode::InvalidRequiredAcks, None))
        };
        let partition = self.replicas.get_mut(tp);
        let log_start_offset = partition.as_ref().map_or(-1, |p| p.log.log_start());
        let mut answer = ProducedPartition {
            tp,
            error: ErrorCode::None,
            base_offset: -1,
            log_append_time: -1,
            log_start_offset,
            current_leader: None,
        };
        let moved = appended.as_ref().ok().map(|appended| appended.moved);
        match appended {
            Ok(appended) => {
                answer.base_offset = appended.base_offset;
                answer.log_append_time = appended.log_append_time;
                let partition = partition.expect("it was appended to");
                if acks == -1 && partition.log.high_watermark() < appended.next_offset {
                    let leadership = partition.leadership.as_mut().expect("it was appended to");
                    leadership.waiting.push((appended.next_offset, conn));
                    parked.open.push(tp);
                }
            }
            Err((error, leader)) => {
                cx.note(Fact::AppendRefused { tp, error });
                answer.error = error;
                answer.log_start_offset = -1;
                answer.current_leader = leader;
            }
        }
        parked.partitions.push(answer);
        moved
    }

    fn settle_produce(
        &mut self,
        conn: ConnId,
        tp: TopicPartition,
        error: ErrorCode,
        leader: Option<CurrentLeader>,
        cx: &mut Cx<'_>,
    ) {
        let Some(parked) = self.produces.get_mut(&conn) else { return };
        parked.open.retain(|open| *open != tp);
        parked.set(tp, error, leader);
        if parked.open.is_empty() {
            let parked = self.produces.remove(&conn).expect("seen just now");
            cx.disarm(BrokerTimer::Parked(conn));
            parked.answer(conn, cx);
        }
    }
}

impl ParkedProduce {
    fn set(&mut self, tp: TopicPartition, error: ErrorCode, leader: Option<CurrentLeader>) {
        if let Some(answer) = self.partitions.iter_mut().find(|answer| answer.tp == tp) {
            answer.error = error;
            answer.current_leader = leader;
            if !error.is_ok() {
                answer.base_offset = -1;
            }
        }
    }

    fn answer(self, conn: ConnId, cx: &mut Cx<'_>) {
        let body = response::Produce { partitions: self.partitions, throttle_time_ms: 0 };
        cx.respond(conn, self.correlation, Response::Produce(body));
    }
}

/// With acks=0 there is no answer; after an error the connection is closed, the only way to tell the producer.
fn finish_unacknowledged(conn: ConnId, parked: &ParkedProduce, cx: &mut Cx<'_>) {
    if parked.partitions.iter().all(|answer| answer.error.is_ok()) {
        cx.finish(conn, parked.correlation);
    } else {
        cx.close(conn);
    }
}
