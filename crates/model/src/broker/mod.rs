//! A broker.
//!
//! Its disk outlives its process. Invariant: it learns of the cluster only by metadata it fetched.

pub mod lifecycle;
pub mod metadata;
pub mod to_controller;

use crate::api::{Request, Response};
use crate::config::broker::BrokerConfig;
use crate::cx::Cx;
use crate::ids::Name;
use crate::ids::{Correlation, NodeId};
use crate::net::{ConnId, Lane};
use alloc::vec::Vec;

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerTimer {
    /// Time to look after things.
    Tick,
    /// Of the group coordinator.
    Group(crate::group::GroupTimer),
    /// Time for the next registration or heartbeat.
    Heartbeat,
    /// The pause of the lifecycle's channel is over.
    LifecycleRetry,
    /// The pause of the channel to the controller is over.
    ToControllerRetry,
    /// Time to fetch metadata again.
    MetadataRetry,
    /// A metadata fetch got no answer.
    MetadataTimeout,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broker {
    /// `node.id`.
    pub id: NodeId,
    /// `broker.rack`.
    pub rack: Option<Name>,
    /// Node configs.
    pub config: BrokerConfig,
    /// The quorum's voters.
    pub controllers: Vec<NodeId>,
}

impl Broker {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        rack: Option<Name>,
        config: BrokerConfig,
        controllers: Vec<NodeId>,
    ) -> Self {
        Self { id, rack, config, controllers }
    }

    /// The process begins to run.
    pub fn start(&mut self, _cx: &mut Cx<'_>) {}

    /// The process is gone; only its disk stays.
    pub fn kill(&mut self) {}

    /// SIGTERM.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        cx.out.push(crate::cx::Effect::Exit);
    }

    /// A request arrived.
    pub fn on_request(
        &mut self,
        _conn: ConnId,
        _correlation: Correlation,
        _body: Request,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, _conn: ConnId, _cx: &mut Cx<'_>) {}

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
    pub fn on_timer(&mut self, _timer: BrokerTimer, _cx: &mut Cx<'_>) {}
}
