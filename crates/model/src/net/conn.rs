//! One connection: requests one way, answers the other, each in order.
//!
//! Invariant: the server works on at most one request of a connection; the others wait in its socket.

use super::ConnId;
use crate::api::{Request, Response};
use crate::ids::{Correlation, MsgId, NodeId};
use alloc::collections::VecDeque;
use kafkascope_kernel::SimTime;

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "what they say")]
pub enum Payload {
    Request(Request),
    Response(Response),
    /// The other side is gone, or closed the connection.
    Reset,
}

/// One message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Its identity.
    pub id: MsgId,
    /// On which connection.
    pub conn: ConnId,
    /// Which life of that connection; a message of an earlier one is dropped on arrival.
    pub life: u32,
    /// From the client to the server, or back.
    pub to_server: bool,
    /// Which request it is or answers.
    pub correlation: Correlation,
    /// When it left.
    pub sent_at: SimTime,
    /// When it arrives; the end of time while its link is cut.
    pub due_at: SimTime,
    /// What it says.
    pub payload: Payload,
}

impl Envelope {
    /// Who sent it.
    pub const fn from(&self) -> NodeId {
        if self.to_server { self.conn.client } else { self.conn.server }
    }

    /// Who gets it.
    pub const fn to(&self) -> NodeId {
        if self.to_server { self.conn.server } else { self.conn.client }
    }
}

/// The state of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Counts how often it was opened.
    pub life: u32,
    /// The life that the request being served belongs to; its answer does too.
    pub served_life: u32,
    /// The last life that the server's death ended; requests of it are refused.
    pub refused_life: u32,
    /// Whether it is open, as its client sees it.
    pub open: bool,
    /// The request the server works on, with the message that brought it.
    pub busy: Option<(Correlation, MsgId)>,
    /// Requests that arrived and were not read yet.
    pub waiting: VecDeque<(Correlation, MsgId, Request)>,
    /// The client has closed the life being served; the server learns it when it has read all that was sent before.
    pub closing: bool,
    /// The server reads no further request before.
    pub muted_until: SimTime,
    /// When the last message to the server arrives; later ones may not overtake it.
    pub last_to_server: SimTime,
    /// When the last message to the client arrives.
    pub last_to_client: SimTime,
}
