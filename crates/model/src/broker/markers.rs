//! WRITE_TXN_MARKERS and DESCRIBE_PRODUCERS: the ends of transactions in a leader's logs (`KafkaApis.handleWriteTxnMarkersRequest`).
//!
//! Invariant: a request is answered once each of its markers is replicated, or it is clear that it will not be so here.

use super::replica_manager::ReplicaManager;
use super::{Broker, BrokerTimer, Env};
use crate::api::request::{DescribeProducers, TxnMarker, WriteTxnMarkers};
use crate::api::response::{ActiveProducer, DescribedProducers, PartitionErrors};
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::group::{OFFSETS_TOPIC, java_order};
use crate::ids::{Correlation, Offset, ProducerId, TopicPartition};
use crate::log::batch::ControlType;
use crate::log::marker::EndMarker;
use crate::log::producers::{Origin, ProducerState, Terms};
use crate::net::ConnId;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// A WRITE_TXN_MARKERS that waits for replication.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ParkedMarkers {
    correlation: Correlation,
    answer: Vec<(ProducerId, PartitionErrors)>,
    open: Vec<Open>,
}

/// A marker that is not replicated yet, and its place in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Open {
    tp: TopicPartition,
    next_offset: Offset,
    place: (u32, u32),
}

impl Broker {
    /// Serves a WRITE_TXN_MARKERS; markers in the offsets topic settle what groups hold back.
    pub(super) fn serve_markers(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        request: &WriteTxnMarkers,
        cx: &mut Cx<'_>,
    ) {
        let mut parked = ParkedMarkers { correlation, answer: Vec::new(), open: Vec::new() };
        for (index, marker) in (0_u32..).zip(&request.markers) {
            let mut rows = PartitionErrors::new();
            for (place, (topic, partition)) in (0_u32..).zip(&marker.partitions) {
                let written = self.write_marker(marker, topic, *partition, cx);
                let error = written.as_ref().err().copied().unwrap_or_default();
                rows.push((topic.clone(), *partition, error));
                if let Ok((tp, next_offset)) = written {
                    parked.open.push(Open { tp, next_offset, place: (index, place) });
                }
            }
            parked.answer.push((marker.producer_id, rows));
        }
        self.replicas.park_markers(conn, parked, self.config.request_timeout_ms, cx);
    }

    fn write_marker(
        &mut self,
        marker: &TxnMarker,
        topic: &str,
        partition: i32,
        cx: &mut Cx<'_>,
    ) -> Result<(TopicPartition, Offset), ErrorCode> {
        let of_group = topic == OFFSETS_TOPIC;
        if of_group && !self.groups.is_serving(partition) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let (replicas, env) = self.data_plane();
        let (id, _) = env.image.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let tp = TopicPartition::new(id, partition);
        let next_offset = replicas.append_marker(tp, marker, &env, cx)?;
        if of_group {
            self.with_groups(cx, |groups, log, cx| {
                let (producer, committed) = (marker.producer_id, marker.committed);
                groups.on_marker(partition, next_offset, producer, committed, log, cx);
            });
        }
        Ok((tp, next_offset))
    }
}

impl ReplicaManager {
    /// Answers a DESCRIBE_PRODUCERS.
    pub(super) fn describe_producers(
        &self,
        request: &DescribeProducers,
        env: &Env<'_>,
    ) -> Response {
        let one = |tp: &TopicPartition| {
            let hosted = self.replicas.get(*tp).filter(|partition| partition.leader_epoch >= 0);
            let found = match hosted {
                None => Err(Self::absent(*tp, env).0),
                Some(partition) => partition.require_leadership().map(|_| partition),
            };
            let (error, active_producers) = match found {
                Err(error) => (error, Vec::new()),
                Ok(partition) => {
                    let all: Vec<_> = partition.log.producers().entries().collect();
                    let listed = java_order::sort_by_id(all, |(id, _)| *id);
                    (ErrorCode::None, listed.into_iter().map(active).collect())
                }
            };
            DescribedProducers { tp: *tp, error, active_producers }
        };
        Response::DescribeProducers(request.partitions.iter().map(one).collect())
    }

    /// Moves of a high watermark settle the markers that it has passed.
    pub(super) fn settle_markers(
        &mut self,
        conn: ConnId,
        tp: TopicPartition,
        error: ErrorCode,
        cx: &mut Cx<'_>,
    ) {
        let high_watermark = self.replicas.get(tp).map_or(Offset::MAX, |p| p.log.high_watermark());
        let Some(parked) = self.markers.get_mut(&conn) else { return };
        let over = |open: &mut Open| {
            open.tp == tp && (!error.is_ok() || open.next_offset <= high_watermark)
        };
        let done: Vec<Open> = parked.open.extract_if(.., over).collect();
        for open in done {
            parked.set(open, error);
        }
        if parked.open.is_empty()
            && let Some(parked) = self.markers.remove(&conn)
        {
            cx.disarm(BrokerTimer::Parked(conn));
            parked.respond(conn, cx);
        }
    }

    pub(super) fn time_out_markers(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        if let Some(mut parked) = self.forget_markers(conn) {
            for open in core::mem::take(&mut parked.open) {
                parked.set(open, ErrorCode::RequestTimedOut);
            }
            parked.respond(conn, cx);
        }
    }

    pub(super) fn forget_markers(&mut self, conn: ConnId) -> Option<ParkedMarkers> {
        let parked = self.markers.remove(&conn)?;
        for open in &parked.open {
            if let Some(leadership) =
                self.replicas.get_mut(open.tp).and_then(|partition| partition.leadership.as_mut())
            {
                leadership.waiting.retain(|(_, waiting)| *waiting != conn);
            }
        }
        Some(parked)
    }

    fn append_marker(
        &mut self,
        tp: TopicPartition,
        marker: &TxnMarker,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        let control = if marker.committed { ControlType::Commit } else { ControlType::Abort };
        let coordinator_epoch = marker.coordinator_epoch;
        let batch = EndMarker { control, coordinator_epoch }.batch(
            marker.producer_id,
            marker.producer_epoch,
            cx.epoch_ms(),
        );
        let terms = Terms {
            origin: Origin::Coordinator,
            transaction_version: marker.transaction_version,
            ..Terms::default()
        };
        let appended = self.append(tp, batch, -1, &terms, env, cx).map_err(|(error, _)| error);
        appended.map(|appended| appended.next_offset)
    }

    fn park_markers(
        &mut self,
        conn: ConnId,
        mut parked: ParkedMarkers,
        wait_ms: i32,
        cx: &mut Cx<'_>,
    ) {
        parked.open.retain(|open| {
            let partition = self.replicas.get_mut(open.tp);
            let Some(partition) = partition else { return false };
            let waits = partition.log.high_watermark() < open.next_offset;
            if let Some(leadership) = partition.leadership.as_mut().filter(|_| waits) {
                leadership.waiting.push((open.next_offset, conn));
            }
            waits
        });
        if parked.open.is_empty() {
            parked.respond(conn, cx);
        } else {
            self.markers.insert(conn, parked);
            cx.arm(BrokerTimer::Parked(conn), Micros::from_config_ms(i64::from(wait_ms)));
        }
    }
}

impl ParkedMarkers {
    fn set(&mut self, open: Open, error: ErrorCode) {
        let (producer, partition) = open.place;
        let rows = self.answer.get_mut(producer as usize).map(|(_, rows)| rows);
        if let Some(row) = rows.and_then(|rows| rows.get_mut(partition as usize)) {
            row.2 = error;
        }
    }

    fn respond(self, conn: ConnId, cx: &mut Cx<'_>) {
        cx.respond(conn, self.correlation, Response::WriteTxnMarkers(self.answer));
    }
}

fn active((id, state): (ProducerId, &ProducerState)) -> ActiveProducer {
    ActiveProducer {
        producer_id: id,
        producer_epoch: state.epoch,
        last_sequence: state.last_sequence(),
        last_timestamp: state.last_timestamp,
        coordinator_epoch: state.coordinator_epoch,
        current_txn_start_offset: state.txn_first_offset.unwrap_or(-1),
    }
}
