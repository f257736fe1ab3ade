//! The request inspector: what one request says, both ways, and what can be done to it.
//!
//! The trace keeps facts, not messages. What is in flight is read from the world; what has arrived is read by a witness that
//! lives the stretch of time again. Invariant: a request is read once and kept until another one is selected.

mod faults;
mod fields;
mod purpose;
mod under_way;

pub(super) use under_way::{on_link, under_way};

use super::Sight;
use crate::ui::{Jump, Selection};
use crate::view_model::Text;
use crate::view_model::clock::stage_time;
use crate::view_model::request::{MessageVm, RequestVm, StepVm};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::api::share::ShareResponse;
use kafkascope_model::api::{Request, Response};
use kafkascope_model::ids::{Correlation, MsgId, RecordId};
use kafkascope_model::log::batch::Batch;
use kafkascope_model::net::{ConnId, Envelope, MessageFault, Payload};
use kafkascope_model::trace::Fact;
use kafkascope_model::world::Exchange;
use kafkascope_session::Witness;

/// The most events a witness handles in one projection.
const BUDGET: u32 = 60_000;
/// The most events it handles in all.
const PATIENCE: u32 = 400_000;
/// How long before its answer a request may have been read: a parked fetch, a rebalance, anything.
const REACH: [Micros; 3] = [Micros(600_000), Micros(70_000_000), Micros(u64::MAX)];
/// The most records that are shown.
const RECORDS: usize = 18;
/// How many facts back a fault of the message is looked for.
const LOOK_BACK: u64 = 20_000;

/// What is kept from one projection to the next.
#[derive(Debug, Default)]
pub(super) struct RequestLens {
    of: Option<Key>,
    witness: Option<Witness>,
    patience: u32,
    /// Where in [`REACH`] the witness began.
    reach: usize,
    known: Option<Known>,
}

/// Which message of which run.
type Key = (MsgId, SimTime, (usize, usize));

/// What is known of a request.
#[derive(Clone, Debug)]
struct Known {
    conn: ConnId,
    correlation: Correlation,
    /// The request's message, if it was seen.
    msg: Option<MsgId>,
    sent_at: Option<SimTime>,
    /// When it arrives, for one in flight; the end of time while its link is cut.
    due_at: Option<SimTime>,
    request: Option<Request>,
    read_at: Option<SimTime>,
    answered_at: Option<SimTime>,
    answer: Option<MsgId>,
    response: Option<Response>,
}

impl RequestLens {
    /// The selected message; none if another thing is selected, or if it is not known any more.
    pub fn show(&mut self, sight: &Sight<'_>) -> Option<RequestVm> {
        let Selection::Message(msg, at) = sight.ui.selection else {
            *self = Self::default();
            return None;
        };
        let run = (sight.session.script().entries.len(), sight.session.branches().len());
        if self.of != Some((msg, at, run)) {
            // What was seen of it before a fault is still what it said.
            let known = self.known.take().filter(|_| self.of.is_some_and(|of| of.0 == msg));
            let of = Some((msg, at, run));
            *self = Self { of, known, patience: PATIENCE, ..Self::default() };
        }
        self.read(sight, msg, at);
        let known = self.known.as_ref()?;
        Some(shown(sight, msg, known))
    }

    fn read(&mut self, sight: &Sight<'_>, msg: MsgId, at: SimTime) {
        let flying = sight.session.world().flight(msg);
        if let Some(known) = flying.and_then(in_flight) {
            if known.request.is_some() {
                self.known = Some(known);
                return;
            }
            if self.known.is_none() {
                self.known = Some(known);
            }
        }
        if self.known.as_ref().is_some_and(Known::is_complete) || self.patience == 0 {
            return;
        }
        self.look_back(sight, msg, at);
    }

    /// Lives the stretch of time in which it was read again.
    fn look_back(&mut self, sight: &Sight<'_>, msg: MsgId, at: SimTime) {
        let session = sight.session;
        while let Some(reach) = REACH.get(self.reach) {
            let from = SimTime(at.0.saturating_sub(reach.0));
            let witness = self.witness.get_or_insert_with(|| session.witness(from));
            let until = session.now().max(at);
            let there = witness.follow(session.script(), until, BUDGET.min(self.patience));
            let mut all = witness.exchanges().iter().rev();
            if let Some(found) = all.find(|one| one.msg == msg || one.answer == Some(msg)) {
                self.known = Some(read(found));
            } else if there {
                (self.witness, self.reach) = (None, self.reach + 1);
                continue;
            }
            break;
        }
        self.patience = self.patience.saturating_sub(BUDGET / 8);
        if self.known.as_ref().is_some_and(Known::is_complete) {
            self.witness = None;
        }
    }
}

impl Known {
    /// Whether nothing more will be learnt.
    const fn is_complete(&self) -> bool {
        self.request.is_some() && self.answered_at.is_some()
    }
}

fn in_flight(envelope: &Envelope) -> Option<Known> {
    let mut known = Known {
        conn: envelope.conn,
        correlation: envelope.correlation,
        msg: None,
        sent_at: None,
        due_at: Some(envelope.due_at),
        request: None,
        read_at: None,
        answered_at: None,
        answer: None,
        response: None,
    };
    match &envelope.payload {
        Payload::Request(request) => {
            (known.msg, known.sent_at) = (Some(envelope.id), Some(envelope.sent_at));
            known.request = Some(request.clone());
        }
        Payload::Response(response) => {
            (known.answer, known.answered_at) = (Some(envelope.id), Some(envelope.sent_at));
            known.response = Some(response.clone());
        }
        Payload::Reset => return None,
    }
    Some(known)
}

fn read(exchange: &Exchange) -> Known {
    Known {
        conn: exchange.conn,
        correlation: exchange.correlation,
        msg: Some(exchange.msg),
        sent_at: Some(exchange.sent_at),
        due_at: None,
        request: Some(exchange.request.clone()),
        read_at: Some(exchange.at),
        answered_at: exchange.answered_at,
        answer: exchange.answer,
        response: exchange.response.clone(),
    }
}

fn shown(sight: &Sight<'_>, selected: MsgId, known: &Known) -> RequestVm {
    let now = sight.now();
    let (client, server) = (sight.name(known.conn.client), sight.name(known.conn.server));
    let key = known.request.as_ref().map(Request::key);
    let key = key.or_else(|| known.response.as_ref().map(Response::key));
    let answered = known.answered_at.is_some_and(|at| at <= now);
    let mut records = Vec::new();
    for batch in batches(known, answered) {
        let ids = batch.records.iter().map(|record| record.id);
        records.extend(ids.filter(|id| *id != RecordId::INTERNAL));
    }
    let records_more = records.len().saturating_sub(RECORDS) as u32;
    records.truncate(RECORDS);
    let face = |id: RecordId| (sight.observer.ledger.face(id), id);
    RequestVm {
        api: key.map_or("message", |key| key.name()).into(),
        ends: format!("{client} to {server}").as_str().into(),
        purpose: key.map_or("", purpose::of),
        steps: steps(sight, known),
        records: records.into_iter().map(face).collect(),
        asks: known.request.as_ref().is_some_and(|request| !of_request(request).is_empty()),
        records_more,
        asked: MessageVm {
            selected: known.msg == Some(selected),
            faults: faults::of_request(sight, known),
            back: faults::is_past(sight, known.msg),
            ..fields::request(sight, known)
        },
        answered: MessageVm {
            selected: known.answer == Some(selected),
            faults: faults::of_answer(sight, known),
            back: faults::is_past(sight, known.answer),
            ..fields::answer(sight, known)
        },
    }
}

/// What it carries, either way.
fn batches(known: &Known, answered: bool) -> Vec<&Batch> {
    let asked = known.request.as_ref().map(of_request).unwrap_or_default();
    if !asked.is_empty() {
        return asked;
    }
    known.response.as_ref().filter(|_| answered).map(of_response).unwrap_or_default()
}

/// What one message carries.
fn batches_of(payload: &Payload) -> Vec<&Batch> {
    match payload {
        Payload::Request(request) => of_request(request),
        Payload::Response(response) => of_response(response),
        Payload::Reset => Vec::new(),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "no other request carries records")]
fn of_request(request: &Request) -> Vec<&Batch> {
    match request {
        Request::Produce(produce) => produce.partitions.iter().map(|(_, batch)| batch).collect(),
        _ => Vec::new(),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "no other answer carries records")]
fn of_response(response: &Response) -> Vec<&Batch> {
    match response {
        Response::Fetch(fetch) => {
            fetch.partitions.iter().flat_map(|one| one.batches.iter()).collect()
        }
        Response::Share(ShareResponse::Fetch(fetch)) => {
            fetch.partitions.iter().flat_map(|one| one.batches.iter()).collect()
        }
        _ => Vec::new(),
    }
}

fn steps(sight: &Sight<'_>, known: &Known) -> Vec<StepVm> {
    let now = sight.now();
    let step = |name: String, at: Option<SimTime>| StepVm {
        name: name.as_str().into(),
        time: at.map(stage_time).unwrap_or_default().as_str().into(),
        jump: at.map(|at| Jump { at, seq: None }),
        done: at.is_some_and(|at| at <= now),
        bad: false,
    };
    let (client, server) = (sight.name(known.conn.client), sight.name(known.conn.server));
    let mut steps = vec![step(format!("left {client}"), known.sent_at)];
    if let Some((at, text)) = struck(sight, known.msg) {
        steps.push(StepVm { bad: true, ..step(text, Some(at)) });
    }
    match (known.read_at, known.due_at) {
        (None, Some(SimTime::END)) => steps.push(step("held back: its link is cut".into(), None)),
        (None, Some(due)) if known.answered_at.is_none() => {
            steps.push(step(format!("arrives at {server}"), Some(due)));
        }
        (read, _) => steps.push(step(format!("read by {server}"), read)),
    }
    if let Some(at) = known.answered_at.filter(|at| *at <= now) {
        let word = if known.response.is_some() { "answered" } else { "done, without an answer" };
        steps.push(step(word.to_string(), Some(at)));
        if let Some((at, text)) = struck(sight, known.answer) {
            steps.push(StepVm { bad: true, ..step(text, Some(at)) });
        }
    }
    steps
}

/// What a fault did to a message.
fn struck(sight: &Sight<'_>, msg: Option<MsgId>) -> Option<(SimTime, String)> {
    let msg = msg?;
    let end = sight.session.facts_end();
    let facts = sight.session.trace().range(end.saturating_sub(LOOK_BACK), end);
    facts.rev().find_map(|event| {
        let Fact::MessageStruck { msg: struck, fault, .. } = &event.fact else { return None };
        let text = match fault {
            MessageFault::Drop => "lost on its way",
            MessageFault::Duplicate => "sent twice",
            MessageFault::Delay(_) => "held up on its way",
        };
        (*struck == msg).then(|| (event.at, text.to_string()))
    })
}

fn text(text: impl AsRef<str>) -> Text {
    text.as_ref().into()
}

#[cfg(test)]
mod tests;
