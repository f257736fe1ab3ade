//! Requests with their responses, as a node's request log has them.
//!
//! Invariant: one exchange for each request that a server read, in the order in which they were read.

use super::World;
use super::transport::server_token;
use crate::api::{Request, Response};
use crate::ids::{Correlation, MsgId};
use crate::net::ConnId;
use kafkascope_kernel::SimTime;

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exchange {
    /// The message that brought the request.
    pub msg: MsgId,
    /// The message that took the answer back.
    pub answer: Option<MsgId>,
    /// When the request left.
    pub sent_at: SimTime,
    /// When the server read it.
    pub at: SimTime,
    /// When it was answered.
    pub answered_at: Option<SimTime>,
    /// Who asked whom.
    pub conn: ConnId,
    /// The number by which the client knows the answer.
    pub correlation: Correlation,
    /// What was asked.
    pub request: Request,
    /// What was answered; none while it is open and for acks=0.
    pub response: Option<Response>,
}

impl World {
    pub(super) fn open_exchange(
        &mut self,
        (conn, correlation): (ConnId, Correlation),
        msg: MsgId,
        request: &Request,
    ) {
        if self.observe.exchanges {
            self.open_exchanges.insert(msg, self.exchanges.len());
            let request = request.clone();
            self.exchanges.push(Exchange {
                msg,
                answer: None,
                sent_at: self.sent.remove(&msg).unwrap_or(self.now),
                at: self.now,
                answered_at: None,
                conn,
                correlation,
                request,
                response: None,
            });
        }
    }

    pub(super) fn close_exchange(&mut self, msg: MsgId, response: Option<&Response>) {
        if let Some(index) = self.open_exchanges.remove(&msg) {
            let exchange = &mut self.exchanges[index];
            exchange.answered_at = Some(self.now);
            exchange.answer = response.map(|_| MsgId(self.next_msg));
            exchange.response = response.cloned();
        }
    }

    /// Nobody waits for the answer any more; the server's log has it all the same.
    pub(super) fn close_orphan(&mut self, token: Correlation, response: Option<&Response>) {
        let last = self.open_exchanges.iter().rfind(|(msg, _)| server_token(**msg) == token);
        if let Some((msg, index)) = last.map(|(msg, index)| (*msg, *index)) {
            self.close_exchange(msg, response);
            self.exchanges[index].answer = None;
        }
    }
}
