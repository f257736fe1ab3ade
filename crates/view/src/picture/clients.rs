//! Producers and consumers as the facts tell them.
//!
//! Invariant: a record is in at most one batch of its producer, and leaves it when its fate is told to the application.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not about clients")]

use super::{Moment, Picture};
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::api::ErrorCode;
use kafkascope_model::ids::{Name, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use std::collections::VecDeque;

/// The most records that a picture remembers as being in an application's hands.
const IN_HAND: usize = 64;
/// The last sends remembered, for the rate.
const RATE: usize = 16;

/// A producer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProducerPicture {
    /// Records whose fate is open, by partition, oldest first.
    pub open: FlatMap<TopicPartition, VecDeque<QueuedBatch>>,
    /// Records handed to `send()` that have no partition yet.
    pub unplaced: Vec<RecordId>,
    /// The error it was told last, until something goes well again.
    pub trouble: Option<(Moment, ErrorCode)>,
    /// Whether `send()` blocks.
    pub blocked: Option<Moment>,
    /// Moments of the last sends.
    pub sends: VecDeque<SimTime>,
    /// Its producer id and epoch.
    pub identity: Option<(i64, i16)>,
}

/// A record in the accumulator or on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedBatch {
    /// The record.
    pub record: RecordId,
    /// Where it is held.
    pub holding: Holding,
    /// Since when.
    pub since: Moment,
    /// Which attempt, from 0.
    pub attempt: u32,
}

/// Where an open record is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holding {
    /// In the accumulator.
    Waiting,
    /// In a request without an answer yet.
    Sent,
    /// Back in the accumulator.
    Retrying,
}

/// A consumer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerPicture {
    /// Its group, once it joined.
    pub group: Option<Name>,
    /// Whether that is a share group: then it has no positions of its own.
    pub shares: bool,
    /// Its member id.
    pub member: Option<Name>,
    /// Its partitions with the next offset it will return; none before that is known.
    pub positions: FlatMap<TopicPartition, Option<Offset>>,
    /// Records its application has and has not finished.
    pub in_hand: VecDeque<RecordId>,
    /// What its client does about its group.
    pub doing: Doing,
    /// Since when.
    pub since: Moment,
    /// When `poll()` last returned something.
    pub delivered: Option<Moment>,
}

/// What a consumer's client does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// Looks for its coordinator.
    #[default]
    Searching,
    /// Joins its group.
    Joining,
    /// Polls.
    Polling,
    /// Asks for metadata again.
    Refreshing,
    /// Has lost its coordinator.
    Lost,
}

impl ProducerPicture {
    /// Open records, by partition and age.
    pub fn open_records(&self) -> impl Iterator<Item = (TopicPartition, &QueuedBatch)> {
        self.open.iter().flat_map(|(tp, queue)| queue.iter().map(|open| (*tp, open)))
    }

    /// Records a thousand seconds, by the last sends; none for fewer than two.
    pub fn rate_per_mille(&self) -> Option<u64> {
        let (first, last) = (self.sends.front()?, self.sends.back()?);
        let span = last.since(*first).0;
        (span > 0).then(|| (self.sends.len() as u64 - 1) * 1_000_000_000 / span)
    }

    fn set(
        &mut self,
        tp: TopicPartition,
        record: RecordId,
        holding: Holding,
        now: Moment,
        attempt: u32,
    ) {
        let queue = self.open.entry(tp).or_default();
        match queue.iter_mut().find(|open| open.record == record) {
            Some(open) => (open.holding, open.since, open.attempt) = (holding, now, attempt),
            None => queue.push_back(QueuedBatch { record, holding, since: now, attempt }),
        }
    }

    fn done(&mut self, tp: TopicPartition, record: RecordId) {
        if let Some(queue) = self.open.get_mut(&tp) {
            queue.retain(|open| open.record != record);
        }
        self.unplaced.retain(|open| *open != record);
    }
}

impl Picture {
    pub(super) fn observe_clients(&mut self, event: &TraceEvent) {
        match &event.fact {
            Fact::Sent { .. }
            | Fact::Batched { .. }
            | Fact::BatchSent { .. }
            | Fact::BatchRetried { .. }
            | Fact::SendDone { .. }
            | Fact::SendBlocked { .. }
            | Fact::ProducerIdAssigned { .. } => self.observe_producer(event),
            Fact::Exited(_) | Fact::ClientClosed => {
                if let Some(producer) = self.producers.get_mut(&event.node) {
                    *producer = ProducerPicture::default();
                }
                if let Some(consumer) = self.consumers.get_mut(&event.node) {
                    let group = consumer.group.take();
                    *consumer = ConsumerPicture { group, ..ConsumerPicture::default() };
                }
            }
            Fact::Throttled { client, key, ms } => {
                let until = event.at + Micros::from_ms(ms.unsigned_abs());
                self.throttled.insert(*client, (*key, until));
            }
            _ => self.observe_consumer(event),
        }
    }

    fn observe_producer(&mut self, event: &TraceEvent) {
        let now = Moment::of(event);
        let producer = self.producers.entry(event.node).or_default();
        match &event.fact {
            Fact::Sent { record, .. } => {
                producer.unplaced.push(*record);
                producer.sends.push_back(event.at);
                if producer.sends.len() > RATE {
                    producer.sends.pop_front();
                }
            }
            Fact::Batched { record, tp, .. } => {
                producer.unplaced.retain(|open| open != record);
                producer.blocked = None;
                producer.set(*tp, *record, Holding::Waiting, now, 0);
            }
            Fact::BatchSent { tp, records, attempt, .. } => {
                for record in records.iter() {
                    producer.set(*tp, *record, Holding::Sent, now, *attempt);
                }
            }
            Fact::BatchRetried { tp, first, count, error } => {
                producer.trouble = Some((now, *error));
                let queue = producer.open.entry(*tp).or_default();
                let again = queue.iter_mut().skip_while(|open| open.record != *first);
                for open in again.take(*count as usize) {
                    (open.holding, open.since) = (Holding::Retrying, now);
                }
            }
            Fact::SendDone { record, tp, result } => {
                producer.done(*tp, *record);
                if matches!(result, SendResult::Acked(_)) {
                    producer.trouble = None;
                }
            }
            Fact::SendBlocked { .. } => producer.blocked = Some(now),
            Fact::ProducerIdAssigned { id, epoch } => producer.identity = Some((*id, *epoch)),
            _ => {}
        }
    }

    fn observe_consumer(&mut self, event: &TraceEvent) {
        let now = Moment::of(event);
        if !event.node.is_client() || self.producers.contains_key(&event.node) {
            return;
        }
        let known = self.consumers.get_mut(&event.node);
        let does = |doing| {
            if let Some(consumer) = known {
                (consumer.doing, consumer.since) = (doing, now);
            }
        };
        match &event.fact {
            Fact::Joining { .. } => {
                let consumer = self.consumers.entry(event.node).or_default();
                (consumer.doing, consumer.since) = (Doing::Joining, now);
            }
            Fact::CoordinatorFound { .. } | Fact::MetadataUpdated { .. } => does(Doing::Polling),
            Fact::CoordinatorLost { .. } => does(Doing::Lost),
            Fact::MetadataRequested { .. } => does(Doing::Refreshing),
            Fact::Assigned { .. } | Fact::Revoked { .. } | Fact::Lost { .. } => {
                self.observe_assignment(event);
            }
            Fact::PositionSet { tp, offset, .. } => {
                let consumer = self.consumers.entry(event.node).or_default();
                consumer.positions.insert(*tp, Some(*offset));
            }
            Fact::Delivered { record, tp, offset, .. } => {
                let consumer = self.consumers.entry(event.node).or_default();
                if !consumer.shares {
                    consumer.positions.insert(*tp, Some(*offset + 1));
                }
                (consumer.doing, consumer.delivered) = (Doing::Polling, Some(now));
                consumer.in_hand.push_back(*record);
                if consumer.in_hand.len() > IN_HAND {
                    consumer.in_hand.pop_front();
                }
            }
            Fact::Processed { record, .. } => {
                let consumer = self.consumers.entry(event.node).or_default();
                consumer.in_hand.retain(|held| held != record);
            }
            _ => {}
        }
    }

    fn observe_assignment(&mut self, event: &TraceEvent) {
        let consumer = self.consumers.entry(event.node).or_default();
        match &event.fact {
            Fact::Assigned { partitions, .. } => {
                for tp in partitions.iter() {
                    consumer.positions.entry(*tp).or_insert(None);
                }
                (consumer.doing, consumer.since) = (Doing::Polling, Moment::of(event));
            }
            Fact::Revoked { partitions, .. } | Fact::Lost { partitions, .. } => {
                consumer.positions.retain(|tp, _| !partitions.contains(tp));
            }
            _ => {}
        }
    }
}
