//! The application: one thread that calls `send()`, `flush()` and `close()` (`KafkaProducer.doSend`, `waitOnMetadata`).
//!
//! `send()` blocks while metadata is missing or the buffer is full, at most `max.block.ms`; what the application would have
//! sent meanwhile comes later. Invariant: it makes one call at a time, in order.

use super::accumulator::Appended;
use super::batch::payload_of;
use super::chooser::Chooser;
use super::plan::{Next, Plan, Then};
use super::sender::Sender;
use super::transactions::{Transactions, TxnCall};
use crate::command::GroupOffsets;
use crate::cx::{Cx, Draw, Effect};
use crate::ids::{Name, NodeId, RecordId, TopicId, TopicPartition};
use crate::trace::{Fact, SendResult};
use crate::workload::{Hand, NewRecord, ProducerApp, Workload};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// The most calls that may wait for the one under way; further ones fail at once.
const MAX_WAITING: usize = 100_000;

/// Where a record goes whose partition was never chosen.
const NOWHERE: TopicPartition = TopicPartition::new(TopicId::ZERO, -1);

/// What an application's configs say about `send()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AppConfig {
    /// `max.block.ms`.
    pub max_block: Micros,
    /// Whether `send()` waits for room in the buffer; librdkafka's `produce()` fails instead.
    pub blocks_on_memory: bool,
}

/// An application that sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct App {
    config: AppConfig,
    producer: NodeId,
    sent: u32,
    waiting: VecDeque<Call>,
    sending: Option<Sending>,
    transacting: Option<Transacting>,
    workload: Option<Running>,
    chooser: Chooser,
    plan: Option<Plan>,
    /// Where what it makes of a consumer's records goes.
    writes_to: Option<Name>,
    closed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    Send(Name, NewRecord),
    Flush,
    Transact(TxnCall),
}

/// A call about a transaction that has not returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Transacting {
    call: &'static str,
    deadline: SimTime,
}

/// A `send()` that has not returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sending {
    id: RecordId,
    topic: Name,
    record: NewRecord,
    /// The partitioner's choice, once it was asked; it is asked once.
    chosen: Option<i32>,
    deadline: SimTime,
    waits: Wait,
}

/// What a `send()` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Wait {
    Nothing,
    /// Metadata newer than this version.
    Metadata(u32),
    Memory,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Running {
    workload: Workload,
    next: u32,
    /// Events of the present burst that have come.
    of_burst: u32,
    due_at: SimTime,
}

impl App {
    /// An application that has sent `sent` records in earlier lives.
    pub fn new(
        config: AppConfig,
        chooser: Chooser,
        spec: &ProducerApp,
        producer: NodeId,
        sent: u32,
    ) -> Self {
        Self {
            config,
            producer,
            sent,
            waiting: VecDeque::new(),
            sending: None,
            transacting: None,
            workload: None,
            chooser,
            plan: spec.transactions.map(Plan::new),
            writes_to: spec.writes_to.clone(),
            closed: false,
        }
    }

    /// How many records were sent, earlier lives included.
    pub const fn sent(&self) -> u32 {
        self.sent
    }

    /// Begins, changes or ends the stream of events.
    pub fn set_workload(&mut self, workload: Option<Workload>, now: SimTime) {
        let started = workload.filter(|workload| !workload.events.is_empty());
        self.workload = started.map(|workload| Running {
            due_at: now + workload.first_after,
            workload,
            next: 0,
            of_burst: 0,
        });
    }

    /// Sends these records after what is under way, and flushes.
    pub fn send_all(&mut self, topic: &Name, records: &[NewRecord], cx: &mut Cx<'_>) {
        for record in records {
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push_back(Call::Send(topic.clone(), record.clone()));
            } else {
                let sending = self.begin(topic.clone(), record.clone(), cx);
                fail(&sending, NOWHERE, "TimeoutException", cx);
            }
        }
        self.waiting.push_back(Call::Flush);
    }

    /// Makes a call about its transaction, after what is under way.
    pub fn transact(&mut self, call: TxnCall) {
        self.waiting.push_back(Call::Transact(call));
    }

    /// What was made of a consumer's batch, to be sent in one transaction with its offsets.
    pub fn answer(&mut self, consumer: NodeId, records: Vec<NewRecord>, offsets: GroupOffsets) {
        if let Some(plan) = &mut self.plan {
            plan.answer(consumer, records, offsets);
        }
    }

    /// When the stream's next event comes, if nothing is in its way.
    pub fn next_event_at(&self) -> Option<SimTime> {
        let idle = self.sending.is_none()
            && self.transacting.is_none()
            && self.waiting.is_empty()
            && !self.plan.as_ref().is_some_and(Plan::is_over)
            && !self.closed;
        self.workload.as_ref().filter(|_| idle).map(|running| running.due_at)
    }

    /// When the call under way gives up.
    pub fn deadline(&self) -> Option<SimTime> {
        let transacting = self.transacting.as_ref().map(|call| call.deadline);
        self.sending.as_ref().map(|sending| sending.deadline).or(transacting)
    }

    /// Goes on as far as possible; whether the sender has reason to look.
    pub fn advance(&mut self, sender: &mut Sender, cx: &mut Cx<'_>) -> bool {
        let mut wake = false;
        loop {
            if let Some(sending) = self.sending.take() {
                let (still, woke) = self.go_on(sending, sender, cx);
                wake |= woke;
                self.sending = still;
                if self.sending.is_some() {
                    return wake;
                }
            }
            if let Some(transacting) = self.transacting.take() {
                let result = sender.transactions.as_mut().and_then(Transactions::take_result);
                match result {
                    Some(result) => self.returned(transacting.call, result, cx),
                    None if transacting.deadline <= cx.now => {
                        self.returned(transacting.call, Err("TimeoutException"), cx);
                    }
                    None => {
                        self.transacting = Some(transacting);
                        return wake;
                    }
                }
            }
            match self.waiting.pop_front() {
                Some(Call::Transact(call)) => wake |= self.begin_call(&call, sender, cx),
                Some(Call::Send(topic, record)) => {
                    self.sending = Some(self.begin(topic, record, cx));
                }
                Some(Call::Flush) if sender.has_incomplete() => {
                    wake |= !sender.accumulator.flushing;
                    sender.accumulator.flushing = true;
                    self.waiting.push_front(Call::Flush);
                    return wake;
                }
                Some(Call::Flush) => sender.accumulator.flushing = false,
                None => match self.planned(cx.now) {
                    Some(Next::Nothing) => return wake,
                    Some(Next::Call(call)) => wake |= self.begin_call(&call, sender, cx),
                    Some(Next::Answer(records, offsets)) => self.queue_answer(records, offsets),
                    Some(Next::Event) | None => match self.next_of_workload(cx) {
                        Some((topic, record)) => self.sending = Some(self.begin(topic, record, cx)),
                        None => return wake,
                    },
                },
            }
        }
    }

    /// `close()`: no further call; one under way throws.
    pub fn close(&mut self, cx: &mut Cx<'_>) {
        if let Some(to) = self.plan.as_mut().and_then(Plan::take_consumer) {
            cx.out.push(Effect::Pass { to, hand: Hand::Failed });
        }
        self.closed = true;
        self.workload = None;
        self.waiting.clear();
        if let Some(sending) = self.sending.take() {
            fail(&sending, NOWHERE, "KafkaException", cx);
        }
    }

    /// Whether `close()` was called.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Begins a call; whether the sender has reason to look.
    fn begin_call(&mut self, call: &TxnCall, sender: &mut Sender, cx: &mut Cx<'_>) -> bool {
        let begun = match &mut sender.transactions {
            Some(transactions) => transactions.call(call),
            None => Err("IllegalStateException"),
        };
        match begun {
            Ok(true) => self.returned(call.name(), Ok(()), cx),
            Err(error) => self.returned(call.name(), Err(error), cx),
            Ok(false) => {
                let deadline = cx.now + self.config.max_block;
                self.transacting = Some(Transacting { call: call.name(), deadline });
                return true;
            }
        }
        false
    }

    /// A call about a transaction returned; an application with a plan knows what to do.
    fn returned(&mut self, call: &'static str, result: Result<(), &'static str>, cx: &mut Cx<'_>) {
        cx.note(Fact::AppCallDone { call, error: result.err() });
        let Some(plan) = &mut self.plan else { return };
        match plan.returned(call, result) {
            Then::GoOn => {}
            Then::Again(outputs) => {
                self.waiting.push_back(Call::Transact(TxnCall::Begin));
                let sends = outputs.into_iter().map(|(topic, record)| Call::Send(topic, record));
                self.waiting.extend(sends);
            }
            Then::Report(to, committed) => {
                cx.out.push(Effect::Pass { to, hand: Hand::Ended(committed) });
            }
            Then::Close => self.close(cx),
        }
    }

    /// What an application with a plan does next.
    fn planned(&mut self, now: SimTime) -> Option<Next> {
        let due = self.workload.as_ref().is_some_and(|running| running.due_at <= now);
        let none_left = self.workload.is_none();
        self.plan.as_mut().filter(|_| !self.closed).map(|plan| plan.next(due, none_left))
    }

    fn queue_answer(&mut self, records: Vec<NewRecord>, offsets: GroupOffsets) {
        self.waiting.push_back(Call::Transact(TxnCall::Begin));
        if let Some(topic) = &self.writes_to {
            let sends = records.into_iter().map(|record| Call::Send(topic.clone(), record));
            self.waiting.extend(sends);
        }
        self.waiting.push_back(Call::Transact(TxnCall::SendOffsets(offsets)));
    }

    fn begin(&mut self, topic: Name, record: NewRecord, cx: &mut Cx<'_>) -> Sending {
        self.sent += 1;
        let id = RecordId::of(self.producer, self.sent);
        if let Some(plan) = &mut self.plan {
            plan.sent(&topic, &record);
        }
        let (key, value) = (record.key.clone(), record.value.clone());
        cx.note(Fact::Sent { record: id, topic: topic.clone(), key, value });
        let deadline = cx.now + self.config.max_block;
        Sending { id, topic, record, chosen: None, deadline, waits: Wait::Nothing }
    }

    /// The call, if it still waits, and whether the sender has reason to look.
    fn go_on(
        &mut self,
        mut sending: Sending,
        sender: &mut Sender,
        cx: &mut Cx<'_>,
    ) -> (Option<Sending>, bool) {
        if is_illegal(&sending.record) {
            fail(&sending, NOWHERE, "IllegalArgumentException", cx);
            return (None, false);
        }
        let metadata = &mut sender.client.metadata;
        if let Wait::Metadata(version) = sending.waits {
            let error = metadata.error(&sending.topic);
            if metadata.version() > version && error == crate::api::ErrorCode::InvalidTopicException
            {
                refuse(&sending, NOWHERE, error.exception(), sender, cx);
                return (None, false);
            }
            if metadata.version() <= version {
                return give_up(sending, sender, cx);
            }
        }
        metadata.add_topic(&sending.topic, cx.now);
        if !is_known(&sending, sender) {
            note_block(&sending, cx);
            let metadata = &mut sender.client.metadata;
            metadata.request_update_for_topic(&sending.topic, cx);
            sending.waits = Wait::Metadata(metadata.version());
            let (still, _) = give_up(sending, sender, cx);
            return (still, true);
        }
        self.append(sending, sender, cx)
    }

    fn append(
        &mut self,
        mut sending: Sending,
        sender: &mut Sender,
        cx: &mut Cx<'_>,
    ) -> (Option<Sending>, bool) {
        let cluster = sender.client.metadata.cluster();
        let known = cluster.topic(&sending.topic).expect("looked up before");
        let record = &sending.record;
        let size = payload_of(record).upper_bound();
        let limits = *sender.accumulator.config();
        if size > limits.max_request_size || u64::from(size) > limits.buffer_memory {
            let tp = TopicPartition::new(known.id, record.partition.unwrap_or(-1));
            refuse(&sending, tp, "RecordTooLargeException", sender, cx);
            return (None, false);
        }
        if u64::from(limits.batch_size) > limits.buffer_memory {
            fail(&sending, NOWHERE, "IllegalArgumentException", cx);
            return (None, false);
        }
        let by_key = record.partition.is_none() && self.chooser.is_by_key(record);
        let chosen = sending.chosen.or(record.partition);
        let choose = || self.chooser.choose(&sending.topic, record, known, cx);
        let partition = chosen.or_else(choose);
        let expiry = cx.now + limits.delivery_timeout;
        if let Some(transactions) = &mut sender.transactions
            && let Err(error) = transactions.may_send(expiry)
        {
            if let Some(plan) = &mut self.plan {
                plan.send_failed();
            }
            fail(&sending, NOWHERE, error, cx);
            return (None, true);
        }
        let at = record.timestamp.unwrap_or_else(|| cx.epoch_ms());
        let topic = (&sending.topic, known);
        match sender.accumulator.append(topic, partition, (sending.id, record, at), cx) {
            Appended::Yes { tp, wake } => {
                cx.note(Fact::Batched { record: sending.id, tp, by_key });
                sender.accumulator.exhausted = false;
                if let Some(transactions) = &mut sender.transactions {
                    transactions.joined();
                }
                (None, wake)
            }
            Appended::BufferFull => {
                if !self.config.blocks_on_memory {
                    fail(&sending, NOWHERE, "_QUEUE_FULL", cx);
                    return (None, false);
                }
                note_block(&sending, cx);
                let wake = !sender.accumulator.exhausted;
                sender.accumulator.exhausted = true;
                sending.chosen = partition;
                sending.waits = Wait::Memory;
                let (still, _) = give_up(sending, sender, cx);
                (still, wake)
            }
        }
    }

    fn next_of_workload(&mut self, cx: &mut Cx<'_>) -> Option<(Name, NewRecord)> {
        let running = self.workload.as_mut().filter(|running| running.due_at <= cx.now)?;
        let workload = &running.workload;
        let (every, jitter) = (workload.every.0, workload.jitter.0);
        let record = workload.events.get(running.next as usize)?.clone();
        let topic = workload.topic.clone();
        running.of_burst += 1;
        if running.of_burst >= workload.burst {
            running.of_burst = 0;
            let draw = if jitter == 0 { 0 } else { cx.rng(Draw::Workload).between(0, jitter * 2) };
            // Never less than a microsecond, so that time moves on.
            let pause = Micros((every + draw).saturating_sub(jitter).max(1));
            running.due_at = (running.due_at + pause).max(cx.now);
        }
        running.next += 1;
        if running.next as usize == workload.events.len() {
            running.next = 0;
            if !workload.repeat {
                self.workload = None;
            }
        }
        Some((topic, record))
    }
}

/// What `ProducerRecord`'s constructor refuses.
fn is_illegal(record: &NewRecord) -> bool {
    record.partition.is_some_and(|partition| partition < 0)
        || record.timestamp.is_some_and(|timestamp| timestamp < 0)
}

/// Whether the topic is known and has the partition that the application chose.
fn is_known(sending: &Sending, sender: &Sender) -> bool {
    let known = sender.client.metadata.cluster().topic(&sending.topic);
    known.map(|topic| topic.partitions.len() as i32).is_some_and(|count| {
        count > 0 && sending.record.partition.is_none_or(|chosen| chosen < count)
    })
}

/// Throws if `max.block.ms` have passed, waits on otherwise.
fn give_up(sending: Sending, sender: &mut Sender, cx: &mut Cx<'_>) -> (Option<Sending>, bool) {
    if sending.deadline > cx.now {
        return (Some(sending), false);
    }
    let error = match sending.waits {
        Wait::Memory => "BufferExhaustedException",
        Wait::Nothing | Wait::Metadata(_) => "TimeoutException",
    };
    sender.accumulator.exhausted = false;
    refuse(&sending, NOWHERE, error, sender, cx);
    (None, false)
}

/// A Kafka exception before there is a batch: the open transaction is lost.
fn refuse(
    sending: &Sending,
    tp: TopicPartition,
    error: &'static str,
    sender: &mut Sender,
    cx: &mut Cx<'_>,
) {
    let transaction = sender.transactions.as_mut();
    let lost = transaction.map_or(Ok(()), |transaction| transaction.send_failed(error));
    fail(sending, tp, lost.err().unwrap_or(error), cx);
}

fn note_block(sending: &Sending, cx: &mut Cx<'_>) {
    if sending.waits == Wait::Nothing {
        cx.note(Fact::SendBlocked { record: sending.id });
    }
}

fn fail(sending: &Sending, tp: TopicPartition, error: &'static str, cx: &mut Cx<'_>) {
    cx.note(Fact::SendDone { record: sending.id, tp, result: SendResult::Failed(error) });
}
