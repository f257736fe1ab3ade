//! From a decision to every partition that took part (`TransactionMarkerChannelManager`, its completion handler).
//!
//! Invariant: a transaction is complete only when each of its partitions has its marker, or is gone.

use super::coordinator::{TransactionCoordinator, TxnTimer};
use super::log::TxnLog;
use super::markers::{Decision, Entry};
use super::metadata::Partition;
use super::shard::Done;
use super::state::TxnState;
use crate::api::response::PartitionErrors;
use crate::api::{ErrorCode, Response};
use crate::broker::outbound::RECONNECT;
use crate::cx::Cx;
use crate::ids::{Correlation, Name, NodeId, ProducerId};
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

impl TransactionCoordinator {
    /// The outcome is durable: its markers are sent.
    pub(super) fn send_markers(&mut self, id: &Name, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let Ok(shard) = self.shard_for(id, log) else { return };
        let (partition, epoch) = (shard.partition, shard.epoch);
        let Some(txn) = shard.transactions.get(id) else { return };
        let partitions = txn.partitions.clone();
        let decision = Decision {
            shard: partition,
            id,
            producer: (txn.producer_id, txn.producer_epoch),
            committed: txn.state == TxnState::PrepareCommit,
            coordinator_epoch: epoch,
            transaction_version: if txn.epoch_bumps { 2 } else { 0 },
        };
        let gone = self.markers.add(&decision, &partitions, log.image(), cx.now);
        self.reached(id, epoch, &gone, log, cx);
        self.pump_markers(log, cx);
    }

    /// A leader answered a WRITE_TXN_MARKERS.
    pub fn on_marker_response(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        body: Response,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        if let Some((entries, Response::WriteTxnMarkers(answer))) =
            self.markers.on_response(from, correlation, body)
        {
            for entry in entries {
                let errors = errors_of(entry.marker.producer_id, &answer);
                self.judge(entry, &errors, log, cx);
            }
        }
        self.pump_markers(log, cx);
    }

    /// A connection to a leader broke or was refused.
    pub fn on_marker_disconnect(&mut self, peer: NodeId, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        self.markers.on_disconnect(peer, cx.now);
        self.pump_markers(log, cx);
    }

    pub(super) fn pump_markers(&mut self, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let timeout = Micros::from_config_ms(i64::from(log.config().request_timeout_ms));
        let gone = self.markers.pump(log.image(), timeout, cx);
        for (entry, partitions) in gone {
            let epoch = entry.marker.coordinator_epoch;
            self.reached(&entry.transactional_id, epoch, &partitions, log, cx);
        }
        let again = (!self.unfinished.is_empty()).then_some(cx.now + RECONNECT);
        match self.markers.wakeup_at().into_iter().chain(again).min() {
            Some(at) => cx.arm(TxnTimer::Markers, at.since(cx.now)),
            None => cx.disarm(TxnTimer::Markers),
        }
    }

    /// Every marker of a transaction is written: that is written down.
    pub(super) fn complete(&mut self, id: &Name, log: &mut dyn TxnLog, cx: &mut Cx<'_>) {
        let now = cx.epoch_ms();
        let Ok(txn) = self.transaction(id, log) else { return };
        if txn.state.is_completing() && txn.pending.is_none() {
            let transit = txn.prepare_complete(now);
            self.store(id.clone(), transit, Done::Complete, log, cx);
        }
    }

    /// These partitions need no marker any more; with the last of them the transaction is complete.
    fn reached(
        &mut self,
        id: &Name,
        coordinator_epoch: i32,
        partitions: &[Partition],
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        let Ok(shard) = self.shard_for(id, log) else { return };
        if shard.epoch != coordinator_epoch {
            return;
        }
        let Some(txn) = shard.transactions.get_mut(id) else { return };
        if !txn.state.is_completing() {
            return;
        }
        for partition in partitions {
            txn.partitions.remove(partition);
        }
        if txn.partitions.is_empty() {
            self.complete(id, log, cx);
        }
    }

    /// What a leader said of the markers of one transaction (`TransactionMarkerRequestCompletionHandler`).
    fn judge(
        &mut self,
        entry: Entry,
        errors: &PartitionErrors,
        log: &mut dyn TxnLog,
        cx: &mut Cx<'_>,
    ) {
        let epoch = entry.marker.coordinator_epoch;
        let current = self.shard_for(&entry.transactional_id, log).is_ok_and(|s| s.epoch == epoch);
        let fenced = errors.iter().any(|(_, _, error)| {
            matches!(
                error,
                ErrorCode::InvalidProducerEpoch | ErrorCode::TransactionCoordinatorFenced
            )
        });
        if !current || fenced {
            return;
        }
        let written = |row: &&(Name, i32, ErrorCode)| row.2.is_ok();
        let name = |row: &(Name, i32, ErrorCode)| (row.0.clone(), row.1);
        let done: Vec<Partition> = errors.iter().filter(written).map(name).collect();
        let mut again = entry;
        again.marker.partitions.retain(|partition| !done.contains(partition));
        let id = again.transactional_id.clone();
        self.reached(&id, epoch, &done, log, cx);
        if !again.marker.partitions.is_empty() {
            self.markers.rest(again, cx.now);
        }
    }
}

fn errors_of(producer: ProducerId, answer: &[(ProducerId, PartitionErrors)]) -> PartitionErrors {
    let of = answer.iter().filter(|(id, _)| *id == producer);
    of.flat_map(|(_, rows)| rows.iter().cloned()).collect()
}
