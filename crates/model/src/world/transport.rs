//! Messages: how they leave, travel and arrive.
//!
//! Invariant: on one connection nothing overtakes, and nothing of an earlier life of a connection reaches a handler.

use super::{Event, ProcessState, World};
use crate::api::{Request, Response};
use crate::cx::Draw;
use crate::ids::{Correlation, MsgId, NodeId};
use crate::net::{ConnId, Envelope, LinkSel, Payload};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::SimTime;

/// The number by which a server knows a request that it works on. A client's own numbers begin anew when it is started anew, so
/// that an answer to its former life could pass for one to its present life; no two requests have the same message.
pub(super) const fn server_token(request: MsgId) -> Correlation {
    (request.0 & 0x7fff_ffff) as Correlation
}

impl World {
    pub(super) fn send_request(
        &mut self,
        id: ConnId,
        correlation: Correlation,
        body: Request,
        cause: Option<MsgId>,
    ) {
        let conn = self.conns.entry(id).or_default();
        if !conn.open {
            conn.open = true;
            conn.life += 1;
            // A new connection waits for nothing that an older one has lost or delayed.
            (conn.last_to_server, conn.last_to_client) = (SimTime::ZERO, SimTime::ZERO);
        }
        let life = conn.life;
        let (api, bytes) = (body.key(), body.payload_bytes());
        let msg = self.dispatch(id, life, true, correlation, bytes, Payload::Request(body));
        if self.observe.network {
            self.note(id.client, cause, Fact::RequestSent { msg, to: id.server, api, bytes });
        }
    }

    pub(super) fn respond(
        &mut self,
        id: ConnId,
        token: Correlation,
        body: Option<Response>,
        cause: Option<MsgId>,
    ) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let asked = |(_, request): &mut (Correlation, MsgId)| server_token(*request) == token;
        let Some((correlation, request)) = conn.busy.take_if(asked) else {
            return self.close_orphan(token, body.as_ref());
        };
        let life = conn.served_life;
        if conn.closing || !conn.waiting.is_empty() {
            self.queue.schedule(self.now, Event::Read(id));
        }
        self.close_exchange(request, body.as_ref());
        if self.message_faults.take_copy(request) {
            return;
        }
        let Some(body) = body else { return };
        let (api, bytes, error) = (body.key(), body.payload_bytes(), body.first_error());
        let msg = self.dispatch(id, life, false, correlation, bytes, Payload::Response(body));
        if self.observe.network {
            self.note(id.server, cause, Fact::ResponseSent { msg, to: id.client, api, error });
        }
    }

    /// `by` closes a connection; the other side is told.
    pub(super) fn close(&mut self, id: ConnId, by: NodeId) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let life = conn.life;
        if by == id.client {
            if core::mem::replace(&mut conn.open, false) {
                self.dispatch(id, life, true, 0, 0, Payload::Reset);
            }
        } else {
            let life = if conn.busy.take().is_some() { conn.served_life } else { life };
            conn.waiting.clear();
            conn.closing = false;
            self.dispatch(id, life, false, 0, 0, Payload::Reset);
        }
    }

    /// The process `dead` is gone: every peer's operating system learns it.
    pub(super) fn reset_connections(&mut self, dead: NodeId) {
        let touched: Vec<ConnId> = self
            .conns
            .keys()
            .filter(|id| id.client == dead || id.server == dead)
            .copied()
            .collect();
        for id in touched {
            self.close(id, dead);
            let conn = self.conns.get_mut(&id).expect("listed just now");
            if id.server == dead {
                conn.refused_life = conn.life;
            }
        }
    }

    pub(super) fn arrive(&mut self, msg: MsgId) {
        let Some(envelope) = self.flights.remove(&msg) else { return };
        if envelope.due_at > self.now {
            // It was delayed on its way.
            self.flights.insert(msg, envelope);
            return;
        }
        let to = envelope.to();
        match self.state(to) {
            ProcessState::Running | ProcessState::Stopping => self.deliver(envelope),
            ProcessState::Paused => {
                self.flights.insert(msg, envelope);
                self.park(to, Event::Arrive(msg));
            }
            ProcessState::Starting | ProcessState::Down => self.refuse(&envelope),
        }
    }

    /// The server takes up the next request that waits on a connection, or learns that its client is gone.
    pub(super) fn read_next(&mut self, id: ConnId) {
        if self.state(id.server) == ProcessState::Paused {
            self.park(id.server, Event::Read(id));
            return;
        }
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if conn.busy.is_some() || self.now < conn.muted_until {
            return;
        }
        if let Some((correlation, msg, body)) = conn.waiting.pop_front() {
            self.serve(id, correlation, msg, body);
        } else if core::mem::take(&mut conn.closing) {
            self.run(id.server, None, |node, cx| node.on_client_gone(id, cx));
        }
    }

    /// Reads nothing more of a connection until `until`.
    pub(super) fn mute(&mut self, id: ConnId, until: SimTime) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.muted_until = until;
            self.queue.schedule(until, Event::Read(id));
        }
    }

    /// A link is whole again: what it held back leaves now.
    pub(super) fn release(&mut self, sel: LinkSel) {
        self.links.heal(sel);
        self.message_faults.heal(sel);
        let held: Vec<MsgId> =
            self.flights.values().filter(|e| e.due_at == SimTime::END).map(|e| e.id).collect();
        for msg in held {
            let envelope = &self.flights[&msg];
            let (conn, to_server) = (envelope.conn, envelope.to_server);
            let due_at = self.due(conn, to_server, 0);
            self.set_due(msg, due_at);
        }
    }

    fn dispatch(
        &mut self,
        conn: ConnId,
        life: u32,
        to_server: bool,
        correlation: Correlation,
        bytes: u32,
        payload: Payload,
    ) -> MsgId {
        let id = MsgId(self.next_msg);
        self.next_msg += 1;
        let due_at = self.due(conn, to_server, bytes);
        let envelope =
            Envelope { id, conn, life, to_server, correlation, sent_at: self.now, due_at, payload };
        self.flights.insert(id, envelope);
        self.set_due(id, due_at);
        if !self.message_faults.is_empty() {
            self.meet_faults(id);
        }
        id
    }

    /// When a message that leaves now arrives; the end of time if its link is cut or an earlier one is held back.
    fn due(&mut self, id: ConnId, to_server: bool, bytes: u32) -> SimTime {
        let (from, to) = if to_server { (id.client, id.server) } else { (id.server, id.client) };
        if self.links.is_cut(from, to) {
            return SimTime::END;
        }
        let rng = self.streams.get(Draw::Link, from);
        let mut due = self.now + self.links.transit(from, to, bytes, rng);
        if bytes > 0 && !self.slow_disks.is_empty() {
            // Whoever gets records to store works on them as long as its disk takes.
            due += self.slow_disk_of(to);
        }
        let conn = self.conns.get_mut(&id).expect("messages travel on connections");
        let last = if to_server { &mut conn.last_to_server } else { &mut conn.last_to_client };
        *last = due.max(*last);
        *last
    }

    pub(super) fn set_due(&mut self, msg: MsgId, due_at: SimTime) {
        let envelope = self.flights.get_mut(&msg).expect("dispatched just now");
        envelope.due_at = due_at;
        if due_at < SimTime::END {
            self.queue.schedule(due_at, Event::Arrive(msg));
        }
    }

    fn deliver(&mut self, envelope: Envelope) {
        let Envelope { id: msg, conn: id, life, correlation, payload, to_server, sent_at, .. } =
            envelope;
        let conn = self.conns.get_mut(&id).expect("messages travel on connections");
        match payload {
            Payload::Request(body) => {
                if self.observe.exchanges {
                    self.sent.insert(msg, sent_at);
                }
                if life <= conn.refused_life {
                    self.refuse_life(id, life);
                } else if life < conn.served_life {
                    // Its socket is another one; what it asks for is done, and nobody hears the answer.
                    self.hand_over(id, correlation, msg, body);
                } else if life == conn.served_life
                    && (conn.busy.is_some()
                        || !conn.waiting.is_empty()
                        || self.now < conn.muted_until)
                {
                    conn.waiting.push_back((correlation, msg, body));
                } else {
                    self.end_older_life(id, life, msg);
                    self.serve(id, correlation, msg, body);
                }
            }
            Payload::Response(body) => {
                if conn.open && conn.life == life {
                    let (from, lane) = (id.server, id.lane);
                    self.run(id.client, Some(msg), |node, cx| {
                        node.on_response(from, lane, correlation, body, cx)
                    });
                }
            }
            Payload::Reset if to_server && life < conn.served_life => {}
            Payload::Reset if to_server && (conn.busy.is_some() || !conn.waiting.is_empty()) => {
                conn.closing = true;
            }
            Payload::Reset if to_server => {
                self.run(id.server, Some(msg), |node, cx| node.on_client_gone(id, cx));
            }
            Payload::Reset => self.disconnected(id, life, msg),
        }
    }

    /// A new life of a connection begins at its server: what an older one still brought is done first, for nobody.
    fn end_older_life(&mut self, id: ConnId, life: u32, msg: MsgId) {
        let conn = self.conns.get_mut(&id).expect("requests arrive on connections");
        conn.muted_until = SimTime::ZERO;
        conn.closing = false;
        if life > conn.served_life {
            for (correlation, msg, body) in core::mem::take(&mut conn.waiting) {
                self.serve(id, correlation, msg, body);
            }
        }
        let conn = self.conns.get_mut(&id).expect("requests arrive on connections");
        conn.served_life = life;
        if conn.busy.take().is_some() {
            self.run(id.server, Some(msg), |node, cx| node.on_client_gone(id, cx));
        }
    }

    fn serve(&mut self, id: ConnId, correlation: Correlation, msg: MsgId, body: Request) {
        let conn = self.conns.get_mut(&id).expect("requests arrive on connections");
        conn.busy = Some((correlation, msg));
        self.hand_over(id, correlation, msg, body);
    }

    fn hand_over(&mut self, id: ConnId, correlation: Correlation, msg: MsgId, body: Request) {
        self.open_exchange((id, correlation), msg, &body);
        let token = server_token(msg);
        self.run(id.server, Some(msg), |node, cx| node.on_request(id, token, body, cx));
    }

    fn disconnected(&mut self, id: ConnId, life: u32, msg: MsgId) {
        let conn = self.conns.get_mut(&id).expect("messages travel on connections");
        if conn.open && conn.life == life {
            conn.open = false;
            self.note(id.client, Some(msg), Fact::Disconnected { peer: id.server });
            self.run(id.client, Some(msg), |node, cx| node.on_disconnect(id.server, id.lane, cx));
        }
    }

    /// Nobody listens: the operating system answers.
    fn refuse(&mut self, envelope: &Envelope) {
        match envelope.payload {
            Payload::Request(_) => self.refuse_life(envelope.conn, envelope.life),
            Payload::Response(_) | Payload::Reset => {}
        }
    }

    fn refuse_life(&mut self, id: ConnId, life: u32) {
        self.dispatch(id, life, false, 0, 0, Payload::Reset);
    }
}
