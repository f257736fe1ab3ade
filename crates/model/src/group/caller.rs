//! Who waits for an answer.
//!
//! A coordinator answers some requests much later than it reads them. Invariant: a caller is answered at most once, and never
//! on a later connection than the one it asked on.

use crate::api::Response;
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::ConnId;

/// A request that is not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// None once its connection has ended: the request counts on, as in Kafka, but its answer goes nowhere.
    conn: Option<ConnId>,
    correlation: Correlation,
}

impl Caller {
    /// Who asked, and which request it was.
    pub const fn new(conn: ConnId, correlation: Correlation) -> Self {
        Self { conn: Some(conn), correlation }
    }

    /// The process that asked; none once its connection has ended.
    pub fn client(self) -> NodeId {
        self.conn.map_or(NodeId::NONE, |conn| conn.client)
    }

    /// Answers it.
    pub fn answer(self, body: Response, cx: &mut Cx<'_>) {
        if let Some(conn) = self.conn {
            cx.respond(conn, self.correlation, body);
        }
    }

    /// Its connection ended, if it was this one.
    pub fn gone(&mut self, conn: ConnId) {
        if self.conn == Some(conn) {
            self.conn = None;
        }
    }
}
