//! Losing, doubling and delaying single messages.
//!
//! Invariant: what a fault leaves of a connection is what TCP would leave: a stream in order, without gaps, or none.

use super::World;
use crate::command::CommandError;
use crate::ids::MsgId;
use crate::net::{Envelope, MessageFault, MessageSel, NextMessage, Payload};
use crate::trace::Fact;
use alloc::string::ToString;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

impl World {
    /// Faults of messages, waiting and past.
    pub const fn message_faults(&self) -> &crate::net::MessageFaults {
        &self.message_faults
    }

    pub(super) fn tamper(
        &mut self,
        sel: MessageSel,
        fault: MessageFault,
    ) -> Result<(), CommandError> {
        match sel {
            MessageSel::UnderWay(msg) => {
                let message = self.flights.get(&msg).and_then(described);
                let Some(message) = message else {
                    let text = "this message is no longer under way; choose one that is";
                    return Err(CommandError::Invalid(text.to_string()));
                };
                check(message, fault)?;
                self.strike(msg, message, fault);
            }
            MessageSel::Next(next) => {
                check(next, fault)?;
                self.require_known(next.from)?;
                self.require_known(next.to)?;
                self.message_faults.wait(next, fault);
                self.note(next.from, None, Fact::MessageAimedAt(next, fault));
            }
        }
        Ok(())
    }

    /// A message has just left: it may be lost with an earlier one, or be the one that a fault waits for.
    pub(super) fn meet_faults(&mut self, msg: MsgId) {
        let envelope = &self.flights[&msg];
        let Some(message) = described(envelope) else { return };
        let way = (envelope.conn, envelope.to_server);
        if self.message_faults.swallows(way, envelope.life) {
            self.flights.remove(&msg);
        } else if let Some(fault) = self.message_faults.take(message) {
            self.strike(msg, message, fault);
        }
    }

    fn strike(&mut self, msg: MsgId, message: NextMessage, fault: MessageFault) {
        match fault {
            MessageFault::Drop => self.lose(msg),
            MessageFault::Duplicate => self.double(msg),
            MessageFault::Delay(by) => self.delay(msg, by),
        }
        self.note(message.from, None, Fact::MessageStruck { msg, message, fault });
    }

    fn lose(&mut self, msg: MsgId) {
        let Some(lost) = self.flights.get(&msg) else { return };
        let (way, life) = ((lost.conn, lost.to_server), lost.life);
        for id in self.and_behind(msg) {
            self.flights.remove(&id);
        }
        self.message_faults.open_gap(way, life);
    }

    fn double(&mut self, msg: MsgId) {
        let Some(original) = self.flights.get(&msg) else { return };
        let id = MsgId(self.next_msg);
        let copy = Envelope { id, ..original.clone() };
        let due_at = copy.due_at;
        self.next_msg += 1;
        self.message_faults.add_copy(id);
        self.flights.insert(id, copy);
        self.set_due(id, due_at);
    }

    /// A message and what follows it arrive later, in the same order. One that a cut link holds back has no time yet.
    fn delay(&mut self, msg: MsgId, by: Micros) {
        let mut last = SimTime::ZERO;
        for id in self.and_behind(msg) {
            let due_at = self.flights[&id].due_at;
            if due_at < SimTime::END {
                let own = if id == msg { due_at + by } else { due_at };
                last = last.max(own);
                self.set_due(id, last);
            }
        }
        let Some(envelope) = self.flights.get(&msg) else { return };
        let (id, to_server) = (envelope.conn, envelope.to_server);
        let conn = self.conns.get_mut(&id).expect("messages travel on connections");
        let latest = if to_server { &mut conn.last_to_server } else { &mut conn.last_to_client };
        *latest = last.max(*latest);
    }

    /// A message and those behind it on its way, oldest first; the end of a connection is not held up.
    fn and_behind(&self, msg: MsgId) -> Vec<MsgId> {
        let Some(first) = self.flights.get(&msg) else { return Vec::new() };
        let same = |other: &&Envelope| {
            (other.conn, other.to_server, other.life) == (first.conn, first.to_server, first.life)
                && other.id >= msg
                && other.payload != Payload::Reset
        };
        self.flights.values().filter(same).map(|other| other.id).collect()
    }
}

/// What kind of message travels in an envelope; none for the end of a connection.
fn described(envelope: &Envelope) -> Option<NextMessage> {
    let (api, answer) = match &envelope.payload {
        Payload::Request(body) => (body.key(), false),
        Payload::Response(body) => (body.key(), true),
        Payload::Reset => return None,
    };
    Some(NextMessage { api, answer, from: envelope.from(), to: envelope.to() })
}

fn check(message: NextMessage, fault: MessageFault) -> Result<(), CommandError> {
    /// As long as anything in a run may take.
    const LONGEST: Micros = Micros::from_ms(86_400_000);
    let sentence = match fault {
        MessageFault::Duplicate if message.answer => {
            "TCP hands an answer over once; duplicate the request instead"
        }
        MessageFault::Delay(by) if by > LONGEST => "a message is late by a day at most",
        MessageFault::Drop | MessageFault::Duplicate | MessageFault::Delay(_) => return Ok(()),
    };
    Err(CommandError::Invalid(sentence.to_string()))
}
