//! The wire: requests and answers, each heard once, at the moment it leaves.
//!
//! Some promises are about what a server says to whom, which no fact tells. Invariant: an answer is heard with the request that it
//! answers, and a request is known by its message until then.

use kafkascope_model::api::{Request, Response};
use kafkascope_model::ids::{Correlation, MsgId};
use kafkascope_model::net::{ConnId, Payload};
use kafkascope_model::world::World;
use std::collections::BTreeMap;

/// What is asked and not answered yet.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// The first message that was not heard.
    next: u64,
    /// Requests by connection, life of the connection, and the client's number.
    waiting: BTreeMap<(ConnId, u32, Correlation), MsgId>,
    requests: BTreeMap<MsgId, Request>,
}

impl Wire {
    /// Hears what has left since the last time; `each` is told of answers.
    pub fn listen(&mut self, world: &World, mut each: impl FnMut(ConnId, &Request, &Response)) {
        for envelope in world.flights_since(MsgId(self.next)) {
            self.next = envelope.id.0 + 1;
            let way = (envelope.conn, envelope.life, envelope.correlation);
            match &envelope.payload {
                Payload::Request(request) if is_heard(request) => {
                    self.waiting.insert(way, envelope.id);
                    self.requests.insert(envelope.id, request.clone());
                }
                Payload::Response(response) => {
                    let asked = self.waiting.remove(&way);
                    if let Some(request) = asked.and_then(|msg| self.requests.remove(&msg)) {
                        each(envelope.conn, &request, response);
                    }
                }
                Payload::Request(_) | Payload::Reset => {}
            }
        }
    }

    /// A request that is not answered yet.
    pub fn request(&self, msg: MsgId) -> Option<&Request> {
        self.requests.get(&msg)
    }
}

/// Requests that some promise is about.
const fn is_heard(request: &Request) -> bool {
    matches!(request, Request::Fetch(_) | Request::OffsetCommit(_) | Request::TxnOffsetCommit(_))
}
