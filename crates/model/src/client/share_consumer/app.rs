//! The application around the share consumer: it polls, works through what it got, and says of each record what became of it
//! (`ShareConsumerImpl.poll`, `acknowledge`, `close`).
//!
//! With implicit acknowledgement the next `poll()` accepts everything of the last one. Invariant: a record is done before the
//! next one is begun, and all of them before the next `poll()`.

use super::ShareConsumer;
use super::inbox::Handed;
use crate::api::share::AckType;
use crate::config::consumer::ShareAcknowledgementMode;
use crate::cx::{Cx, Effect};
use crate::ids::{NodeId, Offset, TopicPartition};
use crate::trace::Fact;
use crate::workload::Processing;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// How long an application waits after `poll()` threw before it polls again.
const AFTER_ERROR: Micros = Micros::from_ms(200);
/// How long `close()` may take.
const CLOSE_TIMEOUT: Micros = Micros::from_ms(30_000);

/// What the application is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Not running.
    Idle,
    /// In `poll()`, until then.
    Polling(SimTime),
    /// At work; the first record is done then.
    Working(VecDeque<Handed>, SimTime),
    /// Out of `poll()`, until then.
    Resting(SimTime),
    /// Does not call `poll()`.
    Blocked,
    /// In `close()`: sessions end, then the group is left.
    Closing { until: SimTime, said_goodbye: bool },
    /// `close()` returned.
    Closed,
}

/// What was said of a record.
type Said = (NodeId, TopicPartition, Offset, AckType);

/// The application's own state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct App {
    phase: Phase,
    pub processing: Processing,
    /// It is told not to call `poll()`.
    pub blocked: bool,
    /// It is told to close.
    pub closing: bool,
    /// What it said of the last `poll()`'s records and the client has not sent.
    said: Vec<Said>,
    /// Records that it accepts by polling again.
    implied: Vec<Said>,
    /// How many records it has seen.
    seen: u32,
    /// Since when it has waited for a record.
    since: SimTime,
    /// The next look for records may ask brokers.
    may_ask: bool,
}

impl App {
    pub const fn new(processing: Processing) -> Self {
        Self {
            phase: Phase::Idle,
            processing,
            blocked: false,
            closing: false,
            said: Vec::new(),
            implied: Vec::new(),
            seen: 0,
            since: SimTime::ZERO,
            may_ask: false,
        }
    }

    /// The process runs.
    pub fn start(&mut self, now: SimTime) {
        self.phase = Phase::Resting(SimTime::ZERO);
        self.since = now;
    }

    /// Whether it is inside `poll()`.
    pub const fn is_polling(&self) -> bool {
        matches!(self.phase, Phase::Polling(_))
    }

    /// Whether it is in `close()`, or beyond.
    pub const fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::Closed | Phase::Idle)
    }

    /// Whether there is nothing left to do.
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Idle)
    }

    /// Records it works on.
    pub fn held(&self) -> u32 {
        match &self.phase {
            Phase::Working(records, _) => u32::try_from(records.len()).unwrap_or(u32::MAX),
            Phase::Idle
            | Phase::Polling(_)
            | Phase::Resting(_)
            | Phase::Blocked
            | Phase::Closing { .. }
            | Phase::Closed => 0,
        }
    }

    /// When it has something to do.
    pub fn wakeup_at(&self, now: SimTime) -> Option<SimTime> {
        match &self.phase {
            Phase::Idle | Phase::Closed | Phase::Blocked => None,
            Phase::Working(_, at) | Phase::Resting(at) => Some(*at),
            Phase::Polling(until) | Phase::Closing { until, .. } => {
                (*until > now && *until < SimTime::END).then_some(*until)
            }
        }
    }
}

impl ShareConsumer {
    /// Takes the application one step further; whether it may go further at once.
    pub(super) fn app_turn(&mut self, cx: &mut Cx<'_>) -> bool {
        match &mut self.app.phase {
            Phase::Idle | Phase::Closed => false,
            Phase::Polling(until) => {
                let until = *until;
                self.poll_turn(until, cx)
            }
            Phase::Working(..) => self.work(cx),
            Phase::Resting(until) => {
                let over = *until <= cx.now || self.app.closing;
                if over {
                    self.next_round(cx);
                }
                over
            }
            Phase::Blocked => {
                let over = !self.app.blocked || self.app.closing;
                if over {
                    self.next_round(cx);
                }
                over
            }
            Phase::Closing { until, said_goodbye } => {
                let (until, said_goodbye) = (*until, *said_goodbye);
                self.close_turn(until, said_goodbye, cx)
            }
        }
    }

    /// Whether the application has seen as many records as it wanted, or waited as long as it would.
    fn has_enough(&self, now: SimTime) -> bool {
        let enough = self.spec.max_messages.is_some_and(|most| self.app.seen >= most);
        let patience = self.spec.timeout.is_some_and(|patience| self.app.since + patience < now);
        enough || patience
    }

    fn next_round(&mut self, cx: &mut Cx<'_>) {
        if self.app.closing || self.has_enough(cx.now) {
            let until = cx.now + CLOSE_TIMEOUT;
            let said = core::mem::take(&mut self.app.said);
            self.fetcher.acknowledge(said, false);
            self.fetcher.begin_close();
            self.app.phase = Phase::Closing { until, said_goodbye: false };
        } else if self.app.blocked {
            self.app.phase = Phase::Blocked;
        } else {
            let Processing { per_poll, poll_timeout, .. } = self.app.processing;
            // Without a pause between polls, one long poll is the same as many short ones.
            let until = match self.spec.timeout {
                Some(patience) => self.app.since + patience + Micros(1),
                None if per_poll == Micros::ZERO => SimTime::END,
                None => cx.now + poll_timeout,
            };
            let implied = core::mem::take(&mut self.app.implied);
            self.app.said.extend(implied);
            self.app.may_ask = true;
            self.polled(cx);
            self.app.phase = Phase::Polling(until);
        }
    }

    fn poll_turn(&mut self, until: SimTime, cx: &mut Cx<'_>) -> bool {
        if self.app.blocked || self.app.closing {
            self.next_round(cx);
            return true;
        }
        if let Some(error) = self.membership.failed.take() {
            cx.note(Fact::PollFailed { error: error.exception() });
            self.app.phase = Phase::Resting(cx.now + AFTER_ERROR);
            return true;
        }
        let records = self.collect();
        if !records.is_empty() {
            self.begin_work(records, cx);
            return true;
        }
        let over = until <= cx.now;
        if over {
            self.rest(cx);
        }
        over
    }

    /// Records that are there; what was said travels with the fetch for more, or by itself if there are some.
    fn collect(&mut self) -> VecDeque<Handed> {
        let said = core::mem::take(&mut self.app.said);
        let limit = usize::try_from(self.config.max_poll_records).unwrap_or(usize::MAX);
        let (records, gaps) = self.fetcher.inbox.take(limit);
        let asks = records.is_empty() && core::mem::take(&mut self.app.may_ask);
        self.fetcher.wants_more |= asks;
        self.fetcher.acknowledge(said, asks);
        let gaps = gaps.into_iter().map(|(node, tp, offset)| (node, tp, offset, AckType::Gap));
        self.fetcher.acknowledge(gaps, false);
        records
    }

    fn begin_work(&mut self, records: VecDeque<Handed>, cx: &mut Cx<'_>) {
        for Handed { record, tp, offset, epoch, .. } in records.iter().copied() {
            cx.note(Fact::Delivered { record, tp, offset, epoch });
        }
        let first = cx.now + self.app.processing.per_record;
        self.app.phase = Phase::Working(records, first);
    }

    /// Finishes what is due; whether the round is over.
    fn work(&mut self, cx: &mut Cx<'_>) -> bool {
        let per_record = self.app.processing.per_record;
        loop {
            let enough = self.spec.max_messages.is_some_and(|most| self.app.seen >= most);
            let Phase::Working(records, at) = &mut self.app.phase else { return false };
            if enough || records.is_empty() {
                break;
            }
            if *at > cx.now {
                return false;
            }
            *at += per_record;
            let Some(handed) = records.pop_front() else { break };
            self.finish(handed, cx);
        }
        self.rest(cx);
        true
    }

    fn finish(&mut self, handed: Handed, cx: &mut Cx<'_>) {
        let Handed { record, tp, offset, node, .. } = handed;
        self.app.seen += 1;
        self.app.since = cx.now;
        if self.config.share_acknowledgement_mode == ShareAcknowledgementMode::Implicit {
            self.app.implied.push((node, tp, offset, AckType::Accept));
            self.app.processing.done(record, (tp, offset), cx);
            return;
        }
        let ack = self.spec.answers.of(offset);
        self.app.said.push((node, tp, offset, ack));
        if ack == AckType::Accept {
            self.app.processing.done(record, (tp, offset), cx);
        } else {
            cx.note(Fact::ShareAnswered { record, tp, offset, answer: ack });
        }
    }

    fn rest(&mut self, cx: &Cx<'_>) {
        self.app.phase = Phase::Resting(cx.now + self.app.processing.per_poll);
    }

    fn close_turn(&mut self, until: SimTime, said_goodbye: bool, cx: &mut Cx<'_>) -> bool {
        let in_time = cx.now < until;
        if !said_goodbye {
            if in_time && self.fetcher.is_closing() {
                return false;
            }
            self.leave(cx);
            self.app.phase = Phase::Closing { until, said_goodbye: true };
            return true;
        }
        if in_time && !self.membership.left {
            return false;
        }
        self.app.phase = Phase::Closed;
        cx.note(Fact::ClientClosed);
        cx.out.push(Effect::Exit);
        false
    }
}
