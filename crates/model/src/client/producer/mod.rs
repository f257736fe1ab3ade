//! An application with a producer.
//!
//! It knows the cluster only by metadata. Invariant: records of a partition leave in the order of their sequence.

use crate::api::Response;
use crate::command::ProducerSpec;
use crate::config::producer::ProducerConfig;
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::Lane;
use alloc::vec::Vec;

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProducerTimer {
    /// Time to look after things.
    Tick,
}

/// An application with a producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Producer {
    /// This process.
    pub id: NodeId,
    /// What it was started with.
    pub spec: ProducerSpec,
    /// Producer configs.
    pub config: ProducerConfig,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
}

impl Producer {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        spec: ProducerSpec,
        config: ProducerConfig,
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
    pub fn on_timer(&mut self, _timer: ProducerTimer, _cx: &mut Cx<'_>) {}

    /// The application sends these records now and flushes.
    pub fn send(
        &mut self,
        _topic: &crate::ids::Name,
        _records: &[crate::workload::NewRecord],
        _cx: &mut Cx<'_>,
    ) {
    }

    /// The application's own stream of events changes.
    pub fn set_workload(&mut self, _workload: Option<crate::workload::Workload>, _cx: &mut Cx<'_>) {
    }
}
