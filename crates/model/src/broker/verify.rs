//! Before the first batch of a transaction is appended to a partition, its leader makes sure that the transaction coordinator
//! knows of it (KIP-890; `ReplicaManager.maybeSendPartitionsToTransactionCoordinator`).
//!
//! Invariant: a request waits for at most one verification, and goes on with the guards that it got before it asked, even if its
//! client is gone by then.

use super::add_partitions::{Ask, Verified};
use super::replica_manager::ReplicaManager;
use super::{Broker, BrokerTimer, Env};
use crate::api::request::{AddedPartitions, Produce, TxnOffsetCommit};
use crate::api::response::PartitionErrors;
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::group::{OFFSETS_TOPIC, partition_for};
use crate::ids::{Correlation, EpochMs, Name, TopicPartition};
use crate::log::Batch;
use crate::log::producers::Guard;
use crate::net::ConnId;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// What a verification found: by partition the guard to append with, or why not to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Checked {
    guards: FlatMap<TopicPartition, Result<Guard, ErrorCode>>,
    /// Whether transactional batches need a guard at all.
    needed: bool,
}

/// A request that waits for the transaction coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Verifying {
    since: SimTime,
    ask: AddedPartitions,
    what: Waiting,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Waiting {
    Produce(Produce, Checked),
    Offsets(TxnOffsetCommit, Guard),
}

impl Checked {
    /// The guard for a batch of a partition, or why it is refused.
    pub(super) fn guard(&self, tp: TopicPartition) -> Result<Guard, ErrorCode> {
        let unasked = if self.needed { Guard::Missing } else { Guard::NotNeeded };
        self.guards.get(&tp).copied().unwrap_or(Ok(unasked))
    }
}

impl ReplicaManager {
    /// Begins the verifications that a PRODUCE needs.
    fn begin_verifications(&mut self, produce: &Produce, now: EpochMs) -> Checked {
        let mut checked = Checked { needed: true, ..Checked::default() };
        for (tp, batch) in produce.partitions.iter().filter(|(_, batch)| batch.transactional) {
            if let Some(guard) = self.begin_verification(*tp, batch, now) {
                checked.guards.insert(*tp, Ok(guard));
            }
        }
        checked
    }

    fn begin_verification(
        &mut self,
        tp: TopicPartition,
        batch: &Batch,
        now: EpochMs,
    ) -> Option<Guard> {
        let partition = self.replicas.get_mut(tp).filter(|p| p.leadership.is_some())?;
        partition.log.producers_mut().begin_verification(batch, true, now)
    }
}

impl Broker {
    /// Serves a PRODUCE, after the coordinator was asked if it must be.
    pub(super) fn serve_produce(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        produce: Produce,
        cx: &mut Cx<'_>,
    ) {
        let verifies = self.config.transaction_partition_verification_enable;
        let Some(id) = produce.transactional_id.clone().filter(|_| verifies) else {
            let (replicas, env) = self.data_plane();
            replicas.handle_produce(conn, correlation, produce, &Checked::default(), &env, cx);
            return;
        };
        let checked = self.replicas.begin_verifications(&produce, cx.epoch_ms());
        let (_, env) = self.data_plane();
        let named = checked.guards.keys().filter_map(|tp| name_of(*tp, &env));
        let partitions: Vec<(Name, i32)> = named.collect();
        let asking = produce.partitions.iter().find(|(tp, _)| checked.guards.contains_key(tp));
        let Some((_, batch)) = asking.filter(|_| !partitions.is_empty()) else {
            let (replicas, env) = self.data_plane();
            return replicas.handle_produce(conn, correlation, produce, &checked, &env, cx);
        };
        let ask = AddedPartitions {
            transactional_id: id,
            producer_id: batch.producer_id,
            producer_epoch: batch.producer_epoch,
            verify_only: false,
            partitions,
        };
        self.verify(conn, correlation, ask, Waiting::Produce(produce, checked), cx);
    }

    /// Serves a TXN_OFFSET_COMMIT, after the coordinator was asked if it must be.
    pub(super) fn serve_txn_offsets(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        request: TxnOffsetCommit,
        cx: &mut Cx<'_>,
    ) {
        let verifies = self.config.transaction_partition_verification_enable;
        let guard = if verifies { self.guard_for(&request, cx.epoch_ms()) } else { None };
        let Some((guard, partition)) = guard else {
            let unasked = if verifies { Guard::Missing } else { Guard::NotNeeded };
            return self.with_groups(cx, |groups, log, cx| {
                groups.commit_transactional(conn, correlation, &request, unasked, log, cx);
            });
        };
        let ask = AddedPartitions {
            transactional_id: request.transactional_id.clone(),
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
            verify_only: false,
            partitions: vec![(OFFSETS_TOPIC.into(), partition)],
        };
        self.verify(conn, correlation, ask, Waiting::Offsets(request, guard), cx);
    }

    /// The coordinator answered, or could not: the requests that waited go on.
    pub(super) fn on_verified(&mut self, verified: Vec<Verified>, cx: &mut Cx<'_>) {
        for (whose, errors) in verified {
            let Some(waiting) = self.verifying.get(&whose) else { continue };
            if self.should_ask_again(waiting, &errors, cx.now) {
                let pause = self.config.add_partitions_to_txn_retry_backoff_ms;
                cx.arm(
                    BrokerTimer::Verify(whose.0, whose.1),
                    Micros::from_config_ms(i64::from(pause)),
                );
                continue;
            }
            let Some(waiting) = self.verifying.remove(&whose) else { continue };
            self.go_on(whose, waiting, &errors, cx);
        }
        self.pump_asks(cx);
    }

    /// The pause before the coordinator is asked again is over.
    pub(super) fn ask_again(&mut self, whose: (ConnId, Correlation), cx: &mut Cx<'_>) {
        if let Some(waiting) = self.verifying.get(&whose) {
            let body = waiting.ask.clone();
            self.ask(Ask { whose, body }, cx);
        }
    }

    /// Sends what waits for coordinators, and sees when to look again.
    pub(super) fn pump_asks(&mut self, cx: &mut Cx<'_>) {
        let timeout = Micros::from_config_ms(i64::from(self.config.request_timeout_ms));
        self.asks.pump(timeout, cx);
        match self.asks.wakeup_at() {
            Some(at) => cx.arm(BrokerTimer::AddPartitions, at.since(cx.now)),
            None => cx.disarm(BrokerTimer::AddPartitions),
        }
    }

    fn verify(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        ask: AddedPartitions,
        what: Waiting,
        cx: &mut Cx<'_>,
    ) {
        let body = ask.clone();
        let since = cx.now;
        let whose = (conn, correlation);
        self.verifying.insert(whose, Verifying { since, ask, what });
        self.ask(Ask { whose, body }, cx);
    }

    fn ask(&mut self, ask: Ask, cx: &mut Cx<'_>) {
        match self.asks.ask(ask, self.metadata.image()) {
            Some(verdict) => self.on_verified(vec![verdict], cx),
            None => self.pump_asks(cx),
        }
    }

    fn guard_for(&mut self, request: &TxnOffsetCommit, now: EpochMs) -> Option<(Guard, i32)> {
        let (topic, image) = self.metadata.image().topic(OFFSETS_TOPIC)?;
        let partition = partition_for(&request.group_id, image.partitions.len() as i32);
        let tp = TopicPartition::new(topic, partition);
        let batch = super::coordinator::transactional(request.producer_id, request.producer_epoch);
        self.replicas.begin_verification(tp, &batch, now).map(|guard| (guard, partition))
    }

    /// The transaction before is still being completed: that takes a moment only.
    fn should_ask_again(
        &self,
        waiting: &Verifying,
        errors: &PartitionErrors,
        now: SimTime,
    ) -> bool {
        let patience = self.config.add_partitions_to_txn_retry_backoff_max_ms;
        let busy = errors.iter().any(|row| row.2 == ErrorCode::ConcurrentTransactions);
        let in_time = now.since(waiting.since) < Micros::from_config_ms(i64::from(patience));
        busy && in_time && matches!(waiting.what, Waiting::Produce(..))
    }

    fn go_on(
        &mut self,
        (conn, correlation): (ConnId, Correlation),
        waiting: Verifying,
        errors: &PartitionErrors,
        cx: &mut Cx<'_>,
    ) {
        match waiting.what {
            Waiting::Produce(produce, mut checked) => {
                let (replicas, env) = self.data_plane();
                for (topic, index, error) in errors {
                    let refused = as_produce_error(*error);
                    if let Some((id, _)) = env.image.topic(topic)
                        && !refused.is_ok()
                    {
                        checked.guards.insert(TopicPartition::new(id, *index), Err(refused));
                    }
                }
                replicas.handle_produce(conn, correlation, produce, &checked, &env, cx);
            }
            Waiting::Offsets(request, guard) => {
                let error = errors.first().map_or(ErrorCode::None, |row| as_offsets_error(row.2));
                if error.is_ok() {
                    self.with_groups(cx, |groups, log, cx| {
                        groups.commit_transactional(conn, correlation, &request, guard, log, cx);
                    });
                } else {
                    let rows = request.offsets.iter();
                    let answer = rows.map(|(topic, index, ..)| (topic.clone(), *index, error));
                    cx.respond(conn, correlation, Response::TxnOffsetCommit(answer.collect()));
                }
            }
        }
        self.settle(cx);
    }
}

/// What a producer is told: what is over soon is a reason to try again, without new metadata.
const fn as_produce_error(error: ErrorCode) -> ErrorCode {
    if matches!(
        error,
        ErrorCode::NetworkException
            | ErrorCode::CoordinatorLoadInProgress
            | ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator
    ) {
        ErrorCode::NotEnoughReplicas
    } else {
        error
    }
}

const fn as_offsets_error(error: ErrorCode) -> ErrorCode {
    if matches!(error, ErrorCode::NetworkException) {
        ErrorCode::CoordinatorLoadInProgress
    } else {
        error
    }
}

fn name_of(tp: TopicPartition, env: &Env<'_>) -> Option<(Name, i32)> {
    env.image.topics.get(&tp.topic).map(|topic| (topic.name.clone(), tp.partition))
}
