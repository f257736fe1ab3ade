//! An application with a consumer.
//!
//! It polls in a loop. Invariant: it delivers each partition in offset order between two resets.

use crate::api::Response;
use crate::command::ConsumerSpec;
use crate::config::consumer::ConsumerConfig;
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::Lane;
use alloc::vec::Vec;

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerTimer {
    /// Time to look after things.
    Tick,
}

/// An application with a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer {
    /// This process.
    pub id: NodeId,
    /// What it was started with.
    pub spec: ConsumerSpec,
    /// Consumer configs.
    pub config: ConsumerConfig,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
}

impl Consumer {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        spec: ConsumerSpec,
        config: ConsumerConfig,
        bootstrap: Vec<NodeId>,
    ) -> Self {
        Self { id, spec, config, bootstrap }
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
    pub fn on_timer(&mut self, _timer: ConsumerTimer, _cx: &mut Cx<'_>) {}

    /// The application calls `commitSync`: the given offsets, or its positions.
    pub fn commit(
        &mut self,
        _offsets: Option<Vec<(crate::ids::Name, i32, crate::ids::Offset)>>,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// The application seeks.
    pub fn seek(
        &mut self,
        _topic: &crate::ids::Name,
        _partition: i32,
        _offset: crate::ids::Offset,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// The application stops calling `poll`, or goes on.
    pub fn block_polling(&mut self, _blocked: bool, _cx: &mut Cx<'_>) {}

    /// The application works differently from now on.
    pub fn set_processing(&mut self, _processing: crate::workload::Processing, _cx: &mut Cx<'_>) {}
}
