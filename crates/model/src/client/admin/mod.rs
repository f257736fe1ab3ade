//! The admin client.
//!
//! It asks the cluster for changes. Invariant: every call is answered by facts, one an object.

use crate::api::Response;
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::Lane;
use alloc::vec::Vec;

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdminTimer {
    /// Time to look after things.
    Tick,
}

/// The admin client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Admin {
    /// This process.
    pub id: NodeId,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
}

impl Admin {
    /// A process that does not run yet.
    pub fn new(id: NodeId, bootstrap: Vec<NodeId>) -> Self {
        Self { id, bootstrap }
    }

    /// The process begins to run.
    pub fn start(&mut self, _cx: &mut Cx<'_>) {}

    /// The process is gone; only its disk stays.
    pub fn kill(&mut self) {}

    /// SIGTERM.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        cx.out.push(crate::cx::Effect::Exit);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        _from: NodeId,
        _lane: Lane,
        _correlation: Correlation,
        _body: Response,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, _peer: NodeId, _lane: Lane, _cx: &mut Cx<'_>) {}

    /// A timer is due.
    pub fn on_timer(&mut self, _timer: AdminTimer, _cx: &mut Cx<'_>) {}

    /// The user asks for a change.
    pub fn call(&mut self, _command: crate::command::AdminCommand, _cx: &mut Cx<'_>) {}
}
