//! DELETE_RECORDS: raising the log start, and waiting until every replica has followed (`DelayedDeleteRecords`).
//!
//! Invariant: the log start never passes the high watermark.

use super::replica_manager::ReplicaManager;
use super::{BrokerTimer, Env};
use crate::api::request::DeleteRecords;
use crate::api::{ErrorCode, Response};
use crate::config::topic::CleanupPolicy;
use crate::cx::Cx;
use crate::ids::{Correlation, Offset, TopicPartition};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// A request that waits for the followers' log starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ParkedDelete {
    correlation: Correlation,
    /// Partition, wanted log start, and the error if there was one.
    partitions: Vec<(TopicPartition, Offset, ErrorCode)>,
}

impl ReplicaManager {
    /// Serves a DELETE_RECORDS.
    pub fn handle_delete_records(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        request: &DeleteRecords,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let mut partitions = Vec::with_capacity(request.partitions.len());
        for (tp, offset) in &request.partitions {
            let (target, error) = match self.delete_before(*tp, *offset, env, cx) {
                Ok(target) => (target, ErrorCode::None),
                Err(error) => (-1, error),
            };
            partitions.push((*tp, target, error));
        }
        self.deletes.insert(conn, ParkedDelete { correlation, partitions });
        let wait = Micros::from_config_ms(i64::from(request.timeout_ms));
        cx.arm(BrokerTimer::Parked(conn), wait);
        self.settle_deletes(env, cx);
    }

    /// Answers the requests that every live replica has followed.
    pub(super) fn settle_deletes(&mut self, env: &Env<'_>, cx: &mut Cx<'_>) {
        if self.deletes.is_empty() {
            return;
        }
        let reached = |(tp, target, error): &(TopicPartition, Offset, ErrorCode)| {
            !error.is_ok() || self.low_watermark(*tp, env).is_none_or(|low| low >= *target)
        };
        let done: Vec<ConnId> = self
            .deletes
            .iter()
            .filter(|(_, parked)| parked.partitions.iter().all(reached))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in done {
            cx.disarm(BrokerTimer::Parked(conn));
            self.answer_delete(conn, |error| error, env, cx);
        }
    }

    pub(super) fn time_out_delete(&mut self, conn: ConnId, env: &Env<'_>, cx: &mut Cx<'_>) {
        let late =
            |error: ErrorCode| if error.is_ok() { ErrorCode::RequestTimedOut } else { error };
        self.answer_delete(conn, late, env, cx);
    }

    fn answer_delete(
        &mut self,
        conn: ConnId,
        verdict: impl Fn(ErrorCode) -> ErrorCode,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(parked) = self.deletes.remove(&conn) else { return };
        let answers = parked.partitions.iter().map(|(tp, _, error)| {
            let error = verdict(*error);
            match self.low_watermark(*tp, env).filter(|_| error.is_ok()) {
                Some(low) => (*tp, low, ErrorCode::None),
                None if error.is_ok() => (*tp, -1, ErrorCode::NotLeaderOrFollower),
                None => (*tp, -1, error),
            }
        });
        let body = Response::DeleteRecords(answers.collect());
        cx.respond(conn, parked.correlation, body);
    }

    fn delete_before(
        &mut self,
        tp: TopicPartition,
        offset: Offset,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        let Some(partition) = self.replicas.get_mut(tp) else {
            return Err(Self::absent(tp, env).0);
        };
        partition.require_leadership()?;
        if partition.config.cleanup_policy == CleanupPolicy::Compact {
            return Err(ErrorCode::PolicyViolation);
        }
        let high_watermark = partition.log.high_watermark();
        let target = if offset == -1 { high_watermark } else { offset };
        if target < 0 || target > high_watermark {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        if partition.log.raise_log_start(target) {
            cx.note(Fact::LogStart { tp, to: target });
        }
        Ok(target)
    }

    /// The lowest log start among this leader and its live followers.
    fn low_watermark(&self, tp: TopicPartition, env: &Env<'_>) -> Option<Offset> {
        let partition = self.replicas.get(tp)?;
        let leadership = partition.leadership.as_ref()?;
        let live = leadership.remotes.iter().filter(|remote| env.image.is_active(remote.id));
        Some(live.map(|remote| remote.log_start).fold(partition.log.log_start(), Offset::min))
    }
}
