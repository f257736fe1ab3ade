//! Sends batches and judges the answers (`org.apache.kafka.clients.producer.internals.Sender`).
//!
//! Invariant: every record that was appended ends in exactly one `SendDone`, unless the process is killed before.

use super::accumulator::{Ready, RecordAccumulator};
use super::batch::{BatchId, ProducerBatch, ProducerIdentity, Slot};
use super::idempotence::Idempotence;
use super::identity::IdentityRequest;
use super::transactions::{Transactions, TxnCall};
use crate::api::request::Produce;
use crate::api::response::ProducedPartition;
use crate::api::{ErrorCode, Request, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::network::{Answer, Outcome, Peer};
use crate::cx::Cx;
use crate::ids::{NodeId, Offset, TopicPartition};
use crate::log::Codec;
use crate::trace::{Fact, SendResult};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// What a producer remembers of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProducerCall {
    /// The batches in a PRODUCE.
    Produce(Vec<SentBatch>),
    /// INIT_PRODUCER_ID without a transactional id.
    InitProducerId,
    /// A request to a coordinator of transactions or groups.
    Transactional,
}

/// A batch in a PRODUCE, also if it expires before the answer comes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SentBatch {
    tp: TopicPartition,
    id: BatchId,
    slot: Slot,
    last_sequence: Option<i32>,
}

/// What a producer's configs say about sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SenderConfig {
    /// `acks`, as on the wire.
    pub acks: i16,
    /// `retries`.
    pub retries: u32,
    /// `retry.backoff.ms`.
    pub retry_backoff_ms: i64,
    /// `retry.backoff.max.ms`.
    pub retry_backoff_max_ms: i64,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `max.in.flight.requests.per.connection` is 1.
    pub guarantee_order: bool,
    /// `compression.type`.
    pub codec: Codec,
}

/// The sending half of a producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sender {
    config: SenderConfig,
    /// Connections and metadata.
    pub client: KafkaClient<ProducerCall>,
    /// Records that wait.
    pub accumulator: RecordAccumulator,
    /// Producer id and sequences; none if idempotence is off.
    pub idempotence: Option<Idempotence>,
    /// Transactions; none without `transactional.id`.
    pub transactions: Option<Transactions>,
    identity_request: IdentityRequest,
    in_flight: FlatMap<Slot, Vec<BatchId>>,
    wakeup: Option<SimTime>,
}

impl Sender {
    /// Nothing sent yet.
    pub fn new(
        config: SenderConfig,
        client: KafkaClient<ProducerCall>,
        accumulator: RecordAccumulator,
        idempotent: bool,
        transactions: Option<Transactions>,
    ) -> Self {
        let transactional = transactions.is_some();
        Self {
            config,
            client,
            accumulator,
            idempotence: idempotent.then(|| Idempotence::new(transactional)),
            transactions,
            identity_request: IdentityRequest::Idle { again: false },
            in_flight: FlatMap::new(),
            wakeup: None,
        }
    }

    /// Sends what can be sent now (`Sender.runOnce` until it would wait).
    pub fn run(&mut self, cx: &mut Cx<'_>) {
        self.poll(cx);
        loop {
            let asking = self.client.is_asking();
            let sent = self.run_once(cx);
            let late = self.poll(cx);
            if !sent && !late && asking == self.client.is_asking() {
                break;
            }
        }
    }

    /// `close()` aborts a transaction that is open (`Sender.run`, once it is to stop).
    pub fn abort_open(&mut self) {
        if let Some(transactions) = &mut self.transactions
            && transactions.is_open()
            && !transactions.is_completing()
        {
            let _ = transactions.call(&TxnCall::Abort);
        }
    }

    /// Whether a transaction is still to be ended before the producer may end.
    pub fn is_ending(&self) -> bool {
        self.transactions.as_ref().is_some_and(Transactions::is_completing)
    }

    /// Whether a record in a batch is not done, one outside of any transaction included.
    pub fn has_incomplete(&self) -> bool {
        let stray = self.transactions.as_ref().and_then(Transactions::stray_until);
        stray.is_some() || self.accumulator.has_incomplete()
    }

    /// Whether a PRODUCE is under way.
    pub fn has_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// When `run` must be called again at the latest.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        match (self.wakeup, self.client.wakeup_at()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// A request of this producer came back.
    pub fn on_answer(&mut self, answer: Answer<ProducerCall>, cx: &mut Cx<'_>) {
        match answer.call {
            ProducerCall::InitProducerId => self.on_identity(&answer.outcome, cx),
            ProducerCall::Transactional => self.on_transactional(answer.outcome, cx),
            ProducerCall::Produce(batches) => self.on_produced(&batches, answer.outcome, cx),
        }
    }

    /// Fails everything that is not done.
    pub fn abort_all(&mut self, error: &'static str, cx: &mut Cx<'_>) {
        self.accumulator.take_queued();
        self.in_flight.clear();
        let ids: Vec<BatchId> = self.accumulator.batches.keys().copied().collect();
        for id in ids {
            self.finish(id, SendResult::Failed(error), cx);
        }
    }

    fn poll(&mut self, cx: &mut Cx<'_>) -> bool {
        let late = self.client.poll(cx);
        let any = !late.is_empty();
        for answer in late {
            self.on_answer(answer, cx);
        }
        any
    }

    fn run_once(&mut self, cx: &mut Cx<'_>) -> bool {
        self.wakeup = None;
        if self.transactions.is_some() {
            let sent = !self.transact(cx) && self.send_batches(cx);
            if let Some(at) = self.transactions.as_ref().and_then(Transactions::stray_until) {
                self.wake(at);
            }
            return sent;
        }
        if let Some(idempotence) = &mut self.idempotence {
            if idempotence.settle(&mut self.accumulator.batches) && idempotence.has_identity() {
                let ProducerIdentity { id, epoch } = idempotence.identity();
                cx.note(Fact::ProducerIdAssigned { id, epoch });
            }
            if !idempotence.has_identity() {
                let backoff = self.config.retry_backoff_ms;
                self.wakeup = self.identity_request.advance(&mut self.client, backoff, cx);
                return false;
            }
        }
        self.send_batches(cx)
    }

    fn send_batches(&mut self, cx: &mut Cx<'_>) -> bool {
        let ready = self.accumulator.ready(self.client.metadata.cluster(), cx.now);
        self.ask_for_leaders(&ready, cx);
        self.wakeup = ready.next_check;
        let mut sent = false;
        for node in ready.nodes {
            let peer = Peer::broker(node);
            let can_drain = self.client.ready(peer, cx);
            self.accumulator.note_latency(node, can_drain, cx.now);
            if can_drain {
                sent |= self.send_to(node, cx);
            } else if let Some(at) = self.client.connect_at(peer, cx.now) {
                self.wake(at);
            }
        }
        self.expire(cx);
        sent
    }

    fn ask_for_leaders(&mut self, ready: &Ready, cx: &mut Cx<'_>) {
        for topic in &ready.unknown_leaders {
            self.client.metadata.add_topic(topic, cx.now);
        }
        if !ready.unknown_leaders.is_empty() {
            self.client.metadata.request_update(ErrorCode::LeaderNotAvailable, cx);
        }
    }

    fn send_to(&mut self, node: NodeId, cx: &mut Cx<'_>) -> bool {
        let cluster = self.client.metadata.cluster();
        let drained = self.accumulator.drain(node, cluster, self.idempotence.as_mut(), cx.now);
        if drained.is_empty() {
            return false;
        }
        let mut partitions = Vec::with_capacity(drained.len());
        let mut sent = Vec::with_capacity(drained.len());
        for id in &drained {
            let batch = self.accumulator.batches.get_mut(id).expect("drained batches exist");
            let mut wire = batch.to_wire(self.config.codec);
            wire.transactional = self.transactions.is_some();
            cx.note(Fact::BatchSent {
                tp: batch.tp,
                records: batch.record_ids().collect(),
                base_sequence: wire.base_sequence,
                leader: node,
                attempt: batch.attempts,
            });
            partitions.push((batch.tp, wire));
            let (tp, slot, last_sequence) = (batch.tp, batch.slot.clone(), batch.last_sequence());
            sent.push(SentBatch { tp, id: *id, slot, last_sequence });
        }
        for batch in &sent {
            self.in_flight.entry(batch.slot.clone()).or_default().push(batch.id);
            if self.config.guarantee_order {
                self.accumulator.mute(&batch.slot, true);
            }
        }
        self.send_produce(node, partitions, sent, cx);
        true
    }

    fn send_produce(
        &mut self,
        node: NodeId,
        partitions: Vec<(TopicPartition, crate::log::Batch)>,
        sent: Vec<SentBatch>,
        cx: &mut Cx<'_>,
    ) {
        let (acks, timeout_ms) = (self.config.acks, self.config.request_timeout_ms);
        let transactional_id = self.transactions.as_ref().map(|known| known.id().clone());
        let body = Request::Produce(Produce { transactional_id, acks, timeout_ms, partitions });
        let peer = Peer::broker(node);
        if acks == 0 {
            self.client.send_and_forget(peer, body, cx);
            for batch in sent {
                self.judge(&batch, &verdict(batch.tp, ErrorCode::None), cx);
            }
        } else {
            self.client.send(peer, body, ProducerCall::Produce(sent), cx);
        }
    }

    /// Sees to the transaction before anything is sent; whether nothing may be sent now.
    fn transact(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(transactions) = &mut self.transactions else { return false };
        transactions.expire_stray(cx.now);
        if let Some(error) = transactions.fatal() {
            self.abort_all(error, cx);
        } else if let Some(error) = transactions.gives_up_with() {
            for id in self.accumulator.take_unsent() {
                self.finish(id, SendResult::Failed(error), cx);
            }
        }
        let backoff = Micros::from_config_ms(self.config.retry_backoff_ms.max(1));
        let (Some(transactions), Some(idempotence)) = (&mut self.transactions, &self.idempotence)
        else {
            return false;
        };
        self.accumulator.completing = transactions.is_completing();
        let (identity, incomplete) = (idempotence.identity(), self.accumulator.has_incomplete());
        let turn = transactions.advance(&mut self.client, identity, incomplete, backoff, cx);
        if let Some(at) = turn.wakeup {
            self.wake(at);
        }
        turn.busy || self.transactions.as_ref().is_some_and(|known| known.fatal().is_some())
    }

    fn on_transactional(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        let Some(transactions) = &mut self.transactions else { return };
        transactions.on_answer(outcome);
        if let Some(identity) = transactions.take_identity()
            && let Some(idempotence) = &mut self.idempotence
        {
            let ProducerIdentity { id, epoch } = identity;
            cx.note(Fact::ProducerIdAssigned { id, epoch });
            idempotence.begin_anew(identity);
        }
    }

    fn on_identity(&mut self, outcome: &Outcome, cx: &mut Cx<'_>) {
        let error = match outcome {
            Outcome::Answered(Response::InitProducerId(body)) if body.error.is_ok() => {
                let (id, epoch) = (body.producer_id, body.producer_epoch);
                cx.note(Fact::ProducerIdAssigned { id, epoch });
                if let Some(idempotence) = &mut self.idempotence {
                    idempotence.assign(ProducerIdentity { id, epoch });
                }
                self.identity_request = IdentityRequest::Idle { again: false };
                return;
            }
            Outcome::Answered(Response::InitProducerId(body)) => body.error,
            Outcome::Answered(_) => unreachable!("INIT_PRODUCER_ID is answered by its own kind"),
            Outcome::Disconnected | Outcome::TimedOut => ErrorCode::NetworkException,
        };
        self.identity_request = IdentityRequest::Idle { again: true };
        if !error.is_retriable() {
            self.abort_all(error.exception(), cx);
        }
    }

    fn on_produced(&mut self, sent: &[SentBatch], outcome: Outcome, cx: &mut Cx<'_>) {
        let error = match outcome {
            Outcome::Answered(Response::Produce(body)) => {
                for answer in &body.partitions {
                    if let Some(batch) = sent.iter().find(|batch| batch.tp == answer.tp) {
                        self.judge(batch, answer, cx);
                    }
                }
                for answer in &body.partitions {
                    if let Some(leader) = answer.current_leader {
                        self.client.metadata.take_leader(answer.tp, leader, cx);
                    }
                }
                return;
            }
            Outcome::Answered(_) => unreachable!("PRODUCE is answered by PRODUCE"),
            Outcome::Disconnected => ErrorCode::NetworkException,
            Outcome::TimedOut => ErrorCode::RequestTimedOut,
        };
        for batch in sent {
            self.judge(batch, &verdict(batch.tp, error), cx);
        }
    }

    /// Judges one batch's answer (`Sender.completeBatch`).
    fn judge(&mut self, sent: &SentBatch, answer: &ProducedPartition, cx: &mut Cx<'_>) {
        let error = answer.error;
        if self.accumulator.batches.contains_key(&sent.id) {
            self.forget_in_flight(sent);
            let count = self.accumulator.batches[&sent.id].count();
            if error == ErrorCode::MessageTooLarge && count > 1 {
                self.split(sent, cx);
            } else if error.is_ok() || error == ErrorCode::DuplicateSequenceNumber {
                self.complete(sent.id, answer.base_offset, cx);
            } else if self.can_retry(sent.id, answer, cx.now) {
                self.retry(sent.id, error, cx);
            } else {
                self.fail(sent.id, error, &answer.record_errors, cx);
            }
        } else if let Some(state) = &mut self.idempotence
            && error.is_ok()
        {
            state.acked_late(&sent.slot, sent.last_sequence);
        }
        if error.is_invalid_metadata() {
            self.client.metadata.request_update(error, cx);
        }
        if self.config.guarantee_order {
            self.accumulator.mute(&sent.slot, false);
        }
    }

    fn can_retry(&mut self, id: BatchId, answer: &ProducedPartition, now: SimTime) -> bool {
        let batch = &self.accumulator.batches[&id];
        let in_time = !batch.is_expired(self.accumulator.config().delivery_timeout, now);
        let allowed = in_time && batch.attempts < self.config.retries;
        allowed
            && match &mut self.idempotence {
                Some(state) => state.can_retry(batch, answer),
                None => answer.error.is_retriable(),
            }
    }

    fn retry(&mut self, id: BatchId, error: ErrorCode, cx: &mut Cx<'_>) {
        let (base, cap) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        let batch = self.accumulator.batches.get_mut(&id).expect("looked up before");
        let wait = cx.backoff(base.min(cap), cap, batch.attempts);
        batch.put_back(cx.now, wait);
        note_retry(batch, error, cx);
        self.accumulator.put_back(id);
    }

    fn split(&mut self, sent: &SentBatch, cx: &mut Cx<'_>) {
        note_retry(&self.accumulator.batches[&sent.id], ErrorCode::MessageTooLarge, cx);
        let parts = self.accumulator.split(sent.id);
        if let Some(state) = &mut self.idempotence {
            state.replace(sent.id, &sent.slot, &parts);
        }
    }

    fn complete(&mut self, id: BatchId, base_offset: Offset, cx: &mut Cx<'_>) {
        if let Some(state) = &mut self.idempotence {
            state.completed(id, &self.accumulator.batches[&id], base_offset);
        }
        self.finish(id, SendResult::Acked(base_offset), cx);
    }

    fn fail(&mut self, id: BatchId, error: ErrorCode, records: &[i32], cx: &mut Cx<'_>) {
        let batch = &self.accumulator.batches[&id];
        let refused = batch.attempts < self.config.retries;
        if let Some(state) = &mut self.idempotence {
            state.failed(id, batch, error, refused);
        }
        self.finish_each(id, cx, |at| SendResult::Failed(exception_of(at, error, records)));
        if let Some(transactions) = &mut self.transactions {
            transactions.batch_failed(error.exception());
        }
    }

    fn expire(&mut self, cx: &mut Cx<'_>) {
        let Some(next) = self.accumulator.next_expiry() else { return };
        if next > cx.now {
            self.wake(next);
            return;
        }
        let timeout = self.accumulator.config().delivery_timeout;
        let mut expired = self.accumulator.expired(cx.now);
        for ids in self.in_flight.values_mut() {
            let batches = &self.accumulator.batches;
            expired.extend(ids.extract_if(.., |id| batches[id].is_expired(timeout, cx.now)));
        }
        for id in expired {
            self.expire_batch(id, cx);
        }
        if let Some(next) = self.accumulator.next_expiry() {
            self.wake(next.max(cx.now + Micros::from_ms(1)));
        }
    }

    fn expire_batch(&mut self, id: BatchId, cx: &mut Cx<'_>) {
        if let Some(state) = &mut self.idempotence {
            let batch = &self.accumulator.batches[&id];
            state.failed(id, batch, ErrorCode::RequestTimedOut, false);
            if batch.in_retry() {
                state.mark_unresolved(batch);
            }
        }
        if let Some(transactions) = &mut self.transactions {
            transactions.batch_failed("TimeoutException");
        }
        self.finish(id, SendResult::Failed("TimeoutException"), cx);
    }

    fn finish(&mut self, id: BatchId, result: SendResult, cx: &mut Cx<'_>) {
        self.finish_each(id, cx, |at| match result {
            SendResult::Acked(base) if base >= 0 => SendResult::Acked(base + i64::from(at)),
            SendResult::Acked(_) | SendResult::Failed(_) => result,
        });
    }

    /// Tells each record, by its place in the batch, what became of it.
    fn finish_each(&mut self, id: BatchId, cx: &mut Cx<'_>, told: impl Fn(i32) -> SendResult) {
        let Some(batch) = self.accumulator.remove(id) else { return };
        for record in batch.records() {
            let result = told(record.offset_delta);
            cx.note(Fact::SendDone { record: record.id, tp: batch.tp, result });
        }
    }

    fn forget_in_flight(&mut self, sent: &SentBatch) {
        if let Some(ids) = self.in_flight.get_mut(&sent.slot) {
            ids.retain(|id| *id != sent.id);
            if ids.is_empty() {
                self.in_flight.remove(&sent.slot);
            }
        }
    }

    fn wake(&mut self, at: SimTime) {
        self.wakeup = Some(self.wakeup.map_or(at, |other| other.min(at)));
    }
}

fn note_retry(batch: &ProducerBatch, error: ErrorCode, cx: &mut Cx<'_>) {
    let first = batch.records()[0].id;
    cx.note(Fact::BatchRetried { tp: batch.tp, first, count: batch.count(), error });
}

/// What a record's callback gets when its batch was refused for some of its records (`Sender.failBatch`).
fn exception_of(at: i32, error: ErrorCode, refused: &[i32]) -> &'static str {
    match refused {
        [] => error.exception(),
        [only] if *only == at => error.exception(),
        several if several.contains(&at) => ErrorCode::InvalidRecord.exception(),
        _ => "KafkaException",
    }
}

const fn verdict(tp: TopicPartition, error: ErrorCode) -> ProducedPartition {
    ProducedPartition {
        tp,
        error,
        base_offset: -1,
        log_append_time: -1,
        log_start_offset: -1,
        current_leader: None,
        record_errors: Vec::new(),
    }
}
