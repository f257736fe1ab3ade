//! A batch that is being filled, sent or retried (`org.apache.kafka.clients.producer.internals.ProducerBatch`).
//!
//! Invariant: once it has left the first time its records never change; sequence and epoch may, when the epoch is bumped.

use super::sizes::{BATCH_OVERHEAD, Payload};
use crate::ids::{EpochMs, LeaderEpoch, Name, ProducerEpoch, ProducerId, RecordId, TopicPartition};
use crate::log::{Batch, Codec, Record, TimestampType};
use crate::workload::NewRecord;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// A batch's identity within its producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// A partition as the producer's application names it; a recreated topic keeps its name and gets another id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The topic's name.
    pub topic: Name,
    /// The partition's index.
    pub partition: i32,
}

/// A producer id with its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerIdentity {
    /// -1 none.
    pub id: ProducerId,
    /// -1 none.
    pub epoch: ProducerEpoch,
}

impl ProducerIdentity {
    /// No identity.
    pub const NONE: Self = Self { id: -1, epoch: -1 };
}

/// A batch of one producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerBatch {
    /// Where it goes.
    pub slot: Slot,
    /// The same with the topic id known last.
    pub tp: TopicPartition,
    /// When its first record came.
    pub created_at: SimTime,
    /// When it was last put back for a retry; at first, when it was created.
    pub last_attempt: SimTime,
    /// How often it was put back.
    pub attempts: u32,
    /// How long the current retry waits.
    pub retry_wait: Micros,
    /// Whose sequence it has.
    pub identity: ProducerIdentity,
    /// Sequence of its first record; none before it is first sent, and without idempotence.
    pub base_sequence: Option<i32>,
    /// Whether the sequence was given anew after an epoch bump.
    pub sequence_was_reset: bool,
    /// Bytes of the buffer that it holds; none after a split.
    pub reserved: u32,
    /// It came of a split.
    is_part: bool,
    bytes: u32,
    write_limit: u32,
    records: Records,
    first_timestamp: EpochMs,
    max_timestamp: EpochMs,
    leader_epoch: Option<LeaderEpoch>,
    attempts_at_leader_change: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Records {
    Open(Vec<Record>),
    Closed(Arc<[Record]>),
}

impl ProducerBatch {
    /// An empty batch that holds up to `write_limit` bytes, or one record of any size.
    pub fn new(slot: Slot, tp: TopicPartition, now: SimTime, write_limit: u32) -> Self {
        Self {
            slot,
            tp,
            created_at: now,
            last_attempt: now,
            attempts: 0,
            retry_wait: Micros::ZERO,
            identity: ProducerIdentity::NONE,
            base_sequence: None,
            sequence_was_reset: false,
            reserved: write_limit,
            is_part: false,
            bytes: BATCH_OVERHEAD,
            write_limit,
            records: Records::Open(Vec::new()),
            first_timestamp: -1,
            max_timestamp: -1,
            leader_epoch: None,
            attempts_at_leader_change: 0,
        }
    }

    /// Its records, in order.
    pub fn records(&self) -> &[Record] {
        match &self.records {
            Records::Open(records) => records,
            Records::Closed(records) => records,
        }
    }

    /// How many records it has.
    pub fn count(&self) -> u32 {
        self.records().len() as u32
    }

    /// Bytes on the wire, header included.
    pub const fn size_bytes(&self) -> u32 {
        self.bytes
    }

    /// Whether it takes no further record.
    pub fn is_full(&self) -> bool {
        match &self.records {
            Records::Open(records) => !records.is_empty() && self.write_limit <= self.bytes,
            Records::Closed(_) => true,
        }
    }

    /// Whether it was sent and put back.
    pub const fn in_retry(&self) -> bool {
        self.attempts > 0
    }

    /// Sequence of its last record.
    pub fn last_sequence(&self) -> Option<i32> {
        self.base_sequence.map(|base| increment_sequence(base, self.count() as i32 - 1))
    }

    /// Appends a record if it fits; the answer is the bytes it took.
    pub fn try_append(&mut self, id: RecordId, record: &NewRecord, at: EpochMs) -> Option<u32> {
        let payload = payload_of(record);
        let first = if self.count() == 0 { at } else { self.first_timestamp };
        let size = payload.record_size(self.count(), at - first);
        let fits = self.count() == 0 || self.bytes + size <= self.write_limit;
        let Records::Open(records) = &mut self.records else { return None };
        if !fits {
            return None;
        }
        records.push(Record {
            id,
            offset_delta: records.len() as i32,
            timestamp: at,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.clone(),
        });
        self.first_timestamp = first;
        self.max_timestamp = self.max_timestamp.max(at);
        self.bytes += size;
        Some(size)
    }

    /// Takes no further record from now on.
    pub fn close(&mut self) {
        if let Records::Open(records) = &mut self.records {
            self.records = Records::Closed(core::mem::take(records).into());
        }
    }

    /// The batch as it goes into a request.
    pub fn to_wire(&mut self, codec: Codec) -> Batch {
        self.close();
        let Records::Closed(records) = &self.records else { unreachable!("just closed") };
        Batch {
            base_offset: 0,
            last_offset_delta: records.len() as i32 - 1,
            leader_epoch: -1,
            producer_id: self.identity.id,
            producer_epoch: self.identity.epoch,
            base_sequence: self.base_sequence.unwrap_or(-1),
            max_timestamp: self.max_timestamp,
            timestamp_type: TimestampType::CreateTime,
            codec,
            transactional: false,
            control: None,
            delete_horizon: -1,
            corrupt: false,
            size_bytes: BATCH_OVERHEAD + codec.compressed(self.bytes - BATCH_OVERHEAD),
            records: records.clone(),
        }
    }

    /// Its records' identities.
    pub fn record_ids(&self) -> impl Iterator<Item = RecordId> {
        self.records().iter().map(|record| record.id)
    }

    /// Counts one more attempt, to be made after `wait`.
    pub fn put_back(&mut self, now: SimTime, wait: Micros) {
        self.attempts += 1;
        self.last_attempt = now;
        self.retry_wait = wait;
    }

    /// Whether it is older than `delivery.timeout.ms`.
    pub fn is_expired(&self, delivery_timeout: Micros, now: SimTime) -> bool {
        self.created_at + delivery_timeout <= now
    }

    /// Learns its partition's leader epoch: a new leader is tried without back-off (KIP-951).
    pub fn saw_leader_epoch(&mut self, epoch: LeaderEpoch) {
        if self.leader_epoch != Some(epoch) {
            self.leader_epoch = Some(epoch);
            self.attempts_at_leader_change = self.attempts;
        }
    }

    /// When its back-off ends; none if it has none, or its leader has changed meanwhile.
    pub fn backs_off_until(&self, now: SimTime) -> Option<SimTime> {
        let new_leader = self.attempts >= 1 && self.attempts == self.attempts_at_leader_change;
        let until = self.last_attempt + self.retry_wait;
        (self.attempts > 0 && now < until && !new_leader).then_some(until)
    }

    /// When it may be sent: when its back-off ends, or at once if it is full or a retry, or after it has lingered.
    pub fn sendable_at(&self, linger: Micros, now: SimTime) -> SimTime {
        if let Some(until) = self.backs_off_until(now) {
            until
        } else if self.in_retry() || self.is_full() {
            now
        } else {
            self.last_attempt + linger
        }
    }

    /// Cuts it into batches of at most `batch_size` bytes, or, if it came of a split itself, in halves
    /// (`RecordAccumulator.splitAndReenqueue`). They have its age and its sequences, and hold no buffer.
    pub fn split(&self, batch_size: u32) -> Vec<Self> {
        let batch_size = if self.is_part { self.half() } else { batch_size };
        let mut parts: Vec<Self> = Vec::new();
        for record in self.records() {
            let fresh = NewRecord {
                key: record.key.clone(),
                value: record.value.clone(),
                partition: None,
                timestamp: None,
                headers: record.headers.clone(),
            };
            let appended = parts
                .last_mut()
                .and_then(|part| part.try_append(record.id, &fresh, record.timestamp));
            if appended.is_none() {
                let limit = batch_size.max(payload_of(&fresh).upper_bound());
                let mut part = Self::new(self.slot.clone(), self.tp, self.created_at, limit);
                (part.reserved, part.is_part) = (0, true);
                part.try_append(record.id, &fresh, record.timestamp)
                    .expect("a new batch takes any record");
                parts.push(part);
            }
        }
        let mut sequence = self.base_sequence;
        for part in &mut parts {
            part.close();
            part.identity = self.identity;
            part.base_sequence = sequence;
            sequence = sequence.map(|base| increment_sequence(base, part.count() as i32));
        }
        parts
    }

    /// Half its bytes, but at least as many as its largest record takes.
    fn half(&self) -> u32 {
        let bounds = self.records().iter().map(|record| {
            let (key, value) = (record.key.as_ref(), record.value.as_ref());
            let headers = record.headers.as_deref().unwrap_or_default();
            Payload { key, value, headers }.upper_bound()
        });
        bounds.max().unwrap_or(0).max(self.bytes / 2)
    }
}

/// What a record to be sent carries.
pub fn payload_of(record: &NewRecord) -> Payload<'_> {
    Payload {
        key: record.key.as_ref(),
        value: record.value.as_ref(),
        headers: record.headers.as_deref().unwrap_or_default(),
    }
}

/// A sequence number so many records later: 2147483647 is followed by 0 (`DefaultRecordBatch.incrementSequence`).
pub const fn increment_sequence(sequence: i32, by: i32) -> i32 {
    if sequence > i32::MAX - by { by - (i32::MAX - sequence) - 1 } else { sequence + by }
}
