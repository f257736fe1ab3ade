//! The network: connections between processes over links with delay, loss and cuts.
//!
//! A connection keeps order in both directions, as TCP does, and its server reads one request at a time: the next is not read
//! before the last was answered (`kafka.network.Processor` mutes the channel). Invariant: a message is delivered once or its
//! connection breaks; nothing vanishes silently on a live connection.

use crate::ids::NodeId;
use core::cmp::Ordering;

pub mod conn;
pub mod fault;
pub mod link;

pub use conn::{Connection, Envelope, Payload};
pub use fault::{MessageFault, MessageFaults, MessageSel, NextMessage};
pub use link::{Link, Links};

/// One connection; a client may hold several to the same node, one a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnId {
    /// Who opened it.
    pub client: NodeId,
    /// Who accepted it.
    pub server: NodeId,
    /// What it is for.
    pub lane: Lane,
}

impl ConnId {
    /// Its place among all, as one number: every message looks its connection up several times.
    const fn rank(self) -> u128 {
        const fn lifted(id: NodeId) -> u128 {
            (id.0 ^ i32::MIN).cast_unsigned() as u128
        }
        lifted(self.client) << 64 | lifted(self.server) << 32 | self.lane as u128
    }
}

impl Ord for ConnId {
    /// By client, server and lane.
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for ConnId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a connection is for. Kafka's processes keep these apart, so that a parked request holds up nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A client's ordinary connection to a broker.
    Main,
    /// A client's connection to an address of `bootstrap.servers` (Kafka uses node ids -1, -2, ... for these).
    Bootstrap,
    /// A consumer's connection to its group coordinator (Kafka uses node id `MAX_INT - id` for it).
    Coordinator,
    /// A replica fetcher (`broker-N-fetcher-M`).
    Fetcher,
    /// A node's registration, and a broker's heartbeats.
    Lifecycle,
    /// A broker's AlterPartition and AllocateProducerIds, and what it forwards for clients.
    ToController,
    /// Metadata log fetches, and the voters' requests among themselves (`raft-client-N`).
    Raft,
    /// Transaction coordinator to partition leaders.
    Markers,
    /// Partition leaders to transaction coordinators (`AddPartitionsToTxnManager`).
    AddPartitions,
    /// A broker to share coordinators (`Persister-client-N`).
    Persister,
    /// A group coordinator to partition leaders, for end offsets (`NetworkPartitionMetadataClient-client-N`).
    PartitionMetadata,
    /// A broker's session with ZooKeeper (3.x).
    Zookeeper,
    /// Where it waits for ZooKeeper's word of changes.
    Watches,
    /// From the controller to brokers (`ControllerChannelManager`, 3.x).
    FromController,
}

/// Which links a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkSel {
    /// Both directions between two nodes.
    Between(NodeId, NodeId),
    /// One direction.
    OneWay(NodeId, NodeId),
    /// Everything from and to a node.
    Around(NodeId),
}

impl LinkSel {
    /// Whether it covers the direction `from` to `to`.
    pub fn covers(self, from: NodeId, to: NodeId) -> bool {
        match self {
            Self::Between(a, b) => (a, b) == (from, to) || (b, a) == (from, to),
            Self::OneWay(a, b) => (a, b) == (from, to),
            Self::Around(node) => node == from || node == to,
        }
    }
}
