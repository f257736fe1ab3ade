//! What a broker asks the active controller for.
//!
//! Invariant: registration and heartbeats are not among it; they have a channel of their own.

use super::BrokerTimer;
use crate::controller_channel::Channel;
use crate::ids::Correlation;
use crate::net::ConnId;

/// What a broker asks the controller for besides its own registration; comes back with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ControllerCall {
    /// A client's request that only the controller can answer; whom to answer.
    Forward(ConnId, Correlation),
    /// A proposed ISR.
    AlterPartition,
    /// A block of producer ids.
    AllocateProducerIds,
    /// To be let go, in ZooKeeper mode.
    Leave,
    /// A topic that a client's Metadata or FindCoordinator asked for.
    AutoCreate(crate::ids::Name),
}

/// The channel for everything but registration and heartbeats.
pub type ToController = Channel<ControllerCall, BrokerTimer>;
