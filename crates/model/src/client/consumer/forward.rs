//! Records that the application cannot process: passed over, tried again, or sent on to another topic.
//!
//! A value that begins with `poison` cannot be decoded by any application. Invariant: a record that is sent on is passed over
//! only once the other topic has it.

use super::app::Phase;
use super::records::Handed;
use super::{Call, Consumer, answered};
use crate::api::request::Produce;
use crate::api::{ErrorCode, Request, Response};
use crate::client::network::{Outcome, Peer};
use crate::cx::Cx;
use crate::ids::{Bytes, Name, RecordId, TopicPartition};
use crate::log::{Batch, Codec, Record, TimestampType};
use crate::trace::{Fact, SendResult};
use crate::workload::OnPoison;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// How a value begins that nobody can decode.
const POISON: &[u8] = b"poison";
/// How long an application waits before it tries a record again, at least.
const AGAIN: Micros = Micros::from_ms(1_000);
/// Bytes of a batch with one small record, payload apart.
const OVERHEAD: u32 = 68;

/// A copy of a record on its way to another topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Forward {
    /// Copies sent so far.
    count: u32,
    /// The copy under way: where it goes and what it is.
    copy: Option<(Name, RecordId)>,
    in_flight: bool,
    /// It is not tried again before this.
    pub retry_at: SimTime,
}

/// Whether nobody can decode a value.
pub(super) fn is_poison(value: Option<&Bytes>) -> bool {
    value.is_some_and(|value| value.starts_with(POISON))
}

impl Consumer {
    /// The record that it works on cannot be decoded: what happens instead, and whether the next one may be begun.
    pub(super) fn on_poison(
        &mut self,
        mut records: VecDeque<Handed>,
        at: SimTime,
        cx: &mut Cx<'_>,
    ) -> bool {
        let per_record = self.app.processing.per_record;
        let Some(Handed { record, tp, offset, .. }) = records.front().copied() else { return true };
        let then = self.app.processing.on_poison;
        cx.note(Fact::ProcessingFailed { record, tp, offset, then: then.name() });
        match then {
            OnPoison::Harmless | OnPoison::Stuck | OnPoison::Skip => {
                records.pop_front();
                self.app.phase = Phase::Working(records, at + per_record);
                true
            }
            OnPoison::RetryInPlace => {
                let again = cx.now + per_record.max(AGAIN);
                self.app.phase = Phase::Working(records, again);
                false
            }
            OnPoison::RetryTopic => self.send_on("retry", records, cx),
            OnPoison::DeadLetter => self.send_on("dlt", records, cx),
        }
    }

    /// Of a partition nothing is handed out from a record on that cannot be decoded; if nothing else is left, `poll()` throws,
    /// and will again (`CompletedFetch.fetchRecords`).
    pub(super) fn stop_before_poison(
        &mut self,
        records: Vec<Handed>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<Handed>, &'static str> {
        let poison: Vec<Handed> = records.iter().filter(|handed| handed.poison).copied().collect();
        let Some(first) = poison.first().copied() else { return Ok(records) };
        let held_back = |handed: &Handed| {
            poison.iter().any(|bad| bad.tp == handed.tp && bad.offset <= handed.offset)
        };
        let good: Vec<Handed> =
            records.iter().filter(|handed| !held_back(handed)).copied().collect();
        for bad in poison.iter().rev() {
            self.go_back_to(bad);
        }
        if good.is_empty() {
            let (record, tp, offset) = (first.record, first.tp, first.offset);
            let then = self.app.processing.on_poison.name();
            cx.note(Fact::ProcessingFailed { record, tp, offset, then });
            return Err("RecordDeserializationException");
        }
        Ok(good)
    }

    fn go_back_to(&mut self, bad: &Handed) {
        let Some(name) = self.topic_in_hand(bad.tp.topic) else { return };
        if let Some(assigned) = self.subscriptions.get_mut(&(name, bad.tp.partition))
            && let Some(position) = &mut assigned.position
        {
            position.offset = bad.offset;
        }
    }

    fn send_on(&mut self, suffix: &str, records: VecDeque<Handed>, cx: &mut Cx<'_>) -> bool {
        let Some(handed) = records.front() else { return true };
        let name = self.topic_in_hand(handed.tp.topic);
        let topic: Name = format!("{}.{suffix}", name.as_deref().unwrap_or("unknown")).into();
        self.client.metadata.add_topic(&topic, cx.now);
        self.forward.count += 1;
        let record = RecordId::of(self.id, self.forward.count);
        let (key, value) = self.poison.get(&handed.record).cloned().unwrap_or_default();
        cx.note(Fact::Sent { record, topic: topic.clone(), key, value });
        self.forward.copy = Some((topic, record));
        self.forward.retry_at = cx.now;
        self.app.phase = Phase::SendingOn(records);
        true
    }

    /// Sends the copy once the other topic's leader is known, and again until it is acknowledged.
    pub(super) fn send_on_turn(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some((topic, record)) = self.forward.copy.clone() else { return self.sent_on(cx) };
        if self.forward.in_flight || cx.now < self.forward.retry_at {
            return false;
        }
        let partition = (topic.clone(), 0);
        let (leader, _) = self.leader_of(&partition);
        let tp = self.client.metadata.cluster().tp(&topic, 0);
        let (Some(leader), Some(tp)) = (leader, tp) else {
            self.client.metadata.request_update(ErrorCode::UnknownTopicOrPartition, cx);
            self.forward.retry_at = cx.now + self.retry_backoff();
            return false;
        };
        let batch = self.copied(record, cx);
        let body = Produce {
            transactional_id: None,
            acks: -1,
            timeout_ms: 30_000,
            partitions: vec![(tp, batch)],
        };
        let (timeout, call) = (self.request_timeout(), Call::SendOn(record, tp));
        self.outbox.push(Peer::broker(leader), Request::Produce(body), call, timeout, cx);
        self.forward.in_flight = true;
        false
    }

    pub(super) fn on_sent_on(
        &mut self,
        record: RecordId,
        tp: TopicPartition,
        outcome: Outcome,
        cx: &mut Cx<'_>,
    ) {
        self.forward.in_flight = false;
        let verdict = answered(outcome).and_then(|body| {
            let Response::Produce(answer) = body else {
                unreachable!("PRODUCE is answered by its own response")
            };
            let row = answer.partitions.first();
            let error = row.map_or(ErrorCode::UnknownServerError, |row| row.error);
            if error.is_ok() { Ok(row.map_or(-1, |row| row.base_offset)) } else { Err(error) }
        });
        match verdict {
            Ok(offset) => {
                cx.note(Fact::SendDone { record, tp, result: SendResult::Acked(offset) });
                self.forward.copy = None;
            }
            Err(error) => {
                self.client.metadata.request_update(error, cx);
                self.forward.retry_at = cx.now + self.retry_backoff();
            }
        }
    }

    /// The copy is safe: the application goes on with the next record.
    fn sent_on(&mut self, cx: &Cx<'_>) -> bool {
        let phase = core::mem::replace(&mut self.app.phase, Phase::Resting(cx.now));
        let Phase::SendingOn(mut records) = phase else {
            unreachable!("only who sends on waits for that")
        };
        records.pop_front();
        self.app.phase = Phase::Working(records, cx.now + self.app.processing.per_record);
        true
    }

    fn copied(&self, record: RecordId, cx: &Cx<'_>) -> Batch {
        let original = match &self.app.phase {
            Phase::SendingOn(records) => records.front().map(|handed| handed.record),
            Phase::Idle
            | Phase::Polling(_)
            | Phase::Working(..)
            | Phase::Resting(_)
            | Phase::Throwing(..)
            | Phase::Blocked
            | Phase::Committing { .. }
            | Phase::Closing { .. }
            | Phase::HandedOver
            | Phase::Closed => None,
        };
        let payload = original.and_then(|original| self.poison.get(&original));
        let (key, value) = payload.cloned().unwrap_or_default();
        let length = |field: &Option<Bytes>| field.as_ref().map_or(0, |bytes| bytes.len() as u32);
        let (size_bytes, timestamp) = (OVERHEAD + length(&key) + length(&value), cx.epoch_ms());
        let copy = Record { id: record, offset_delta: 0, timestamp, key, value, headers: None };
        Batch {
            base_offset: 0,
            last_offset_delta: 0,
            leader_epoch: -1,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            max_timestamp: timestamp,
            timestamp_type: TimestampType::CreateTime,
            codec: Codec::None,
            transactional: false,
            control: None,
            delete_horizon: -1,
            corrupt: false,
            size_bytes,
            records: [copy].into(),
        }
    }
}
