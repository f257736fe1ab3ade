//! What Kafka 3.x said while it kept its metadata in ZooKeeper: to ZooKeeper, and from the controller to the brokers.
//!
//! None of it is in 4.x. Records stand for what znodes hold, so that both modes make the same image of them. Invariant: a push
//! carries the epoch of the controller that sent it.

use super::{ApiKey, ErrorCode};
use crate::api::request::ConfigResource;
use crate::controller::records::MetadataRecord;
use crate::ids::{BrokerEpoch, LeaderEpoch, Name, NodeId, TopicId, TopicPartition};
use crate::quota::{QuotaEntity, QuotaKey};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// A znode's path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZPath {
    /// `/controller`, ephemeral: who has won the race.
    Controller,
    /// `/controller_epoch`
    ControllerEpoch,
    /// `/brokers/ids/N`, ephemeral: who is alive.
    Broker(NodeId),
    /// `/latest_producer_id_block`
    ProducerIds,
    /// `/brokers/topics/T`
    Topic(TopicId),
    /// `/brokers/topics/T/partitions/P/state`
    State(TopicPartition),
    /// `/config/...`, a key each.
    Config(ConfigResource, Name),
    /// `/config/clients/...`, a key each.
    Quota(QuotaEntity, QuotaKey),
}

/// What a znode holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named after the znodes")]
pub enum ZData {
    Controller(NodeId),
    Epoch(LeaderEpoch),
    Broker { rack: Option<Name>, incarnation: u64 },
    Record(Arc<MetadataRecord>),
}

/// A znode.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZNode {
    /// Its path.
    pub path: ZPath,
    /// What it holds.
    pub data: ZData,
    /// How often it was set.
    pub version: i32,
    /// The change that made it; of a broker's it is the broker's epoch.
    pub czxid: BrokerEpoch,
}

/// One step of a `multi`, which is done as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named after ZooKeeper's operations")]
pub enum ZWrite {
    Create {
        path: ZPath,
        data: ZData,
        ephemeral: bool,
    },
    /// Creates what is not there.
    Set {
        path: ZPath,
        data: ZData,
    },
    Delete {
        path: ZPath,
    },
    /// A topic with everything below it.
    DeleteTopic {
        topic: TopicId,
    },
    /// Fails unless the znode has this version.
    Check {
        path: ZPath,
        version: i32,
    },
}

/// Which znodes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZScope {
    /// The controller and its epoch.
    Controller,
    /// Who is alive.
    Brokers,
    /// Everything.
    All,
}

/// What a client asks of ZooKeeper.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ZAsk {
    /// A new session.
    Connect(Micros),
    /// Keeps the session alive.
    Ping,
    /// Reads znodes.
    Read(ZScope),
    /// Writes znodes.
    Multi(Vec<ZWrite>),
    /// Ends the session.
    Close,
    /// Waits for a change of a znode that is watched; it stands for the watches of all that were read.
    Watch,
}

/// What ZooKeeper answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ZAnswer {
    /// The session's id.
    Connected(u64),
    /// Done; the number of the last change.
    Done(i64),
    /// Znodes, in the order of their paths.
    Nodes(Vec<ZNode>),
    /// A path that is there already, is not there, or has another version.
    Failed(ZPath),
    /// The session has ended.
    Expired,
    /// These have changed.
    Events(Vec<ZPath>),
}

/// Which request of the controller a push is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PushKind {
    /// What a broker leads and follows.
    LeaderAndIsr,
    /// What brokers answer to clients.
    UpdateMetadata,
    /// Replicas that a broker has no more.
    StopReplica,
}

/// What a controller pushes to a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Push {
    /// Who sends it.
    pub controller: NodeId,
    /// Its epoch; brokers refuse what an older controller sends.
    pub controller_epoch: LeaderEpoch,
    /// The receiver's, as the sender knows it; a broker that has registered anew since refuses it.
    pub broker_epoch: BrokerEpoch,
    /// Everything there is, not only what has changed.
    pub whole: bool,
    /// The states.
    pub records: Arc<[Arc<MetadataRecord>]>,
}

/// A request of ZooKeeper mode.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum LegacyRequest {
    /// To ZooKeeper. The number counts a session's asks, so that one that is sent again is not done twice.
    Zk { session: u64, number: u32, ask: ZAsk },
    /// From the controller.
    Push(PushKind, Push),
    /// To the controller: a broker wants to end.
    ControlledShutdown { broker: NodeId, epoch: BrokerEpoch },
}

/// Its response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum LegacyResponse {
    Zk(ZAnswer),
    Push(PushKind, ErrorCode),
    /// How many partitions the broker still leads.
    ControlledShutdown(ErrorCode, u32),
}

impl PushKind {
    /// Which API this is.
    pub const fn key(self) -> ApiKey {
        match self {
            Self::LeaderAndIsr => ApiKey::LeaderAndIsr,
            Self::UpdateMetadata => ApiKey::UpdateMetadata,
            Self::StopReplica => ApiKey::StopReplica,
        }
    }
}

impl LegacyRequest {
    /// Which API this is.
    pub const fn key(&self) -> ApiKey {
        match self {
            Self::Zk { .. } => ApiKey::Zookeeper,
            Self::Push(kind, _) => kind.key(),
            Self::ControlledShutdown { .. } => ApiKey::ControlledShutdown,
        }
    }
}

impl LegacyResponse {
    /// Which API this answers.
    pub const fn key(&self) -> ApiKey {
        match self {
            Self::Zk(_) => ApiKey::Zookeeper,
            Self::Push(kind, _) => kind.key(),
            Self::ControlledShutdown(..) => ApiKey::ControlledShutdown,
        }
    }

    /// The code in it that is not NONE.
    pub const fn error(&self) -> ErrorCode {
        match self {
            Self::Zk(_) => ErrorCode::None,
            Self::Push(_, error) | Self::ControlledShutdown(error, _) => *error,
        }
    }
}
