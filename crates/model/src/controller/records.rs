//! The records of the metadata log (`metadata/src/main/resources/common/metadata/*.json`).
//!
//! Controllers write them, brokers replay them into an image. Invariant: the image is a pure function of the records.

use crate::api::request::ConfigResource;
use crate::ids::{BrokerEpoch, LeaderEpoch, Name, NodeId, ProducerId, TopicId, TopicPartition};
use crate::quota::{QuotaEntity, QuotaKey};
use alloc::vec::Vec;

/// One metadata record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum MetadataRecord {
    /// LeaderChangeMessage: a new controller's first record.
    LeaderChange { leader: NodeId },
    /// BeginTransactionRecord: what follows counts only once the transaction ends.
    BeginTransaction,
    /// EndTransactionRecord.
    EndTransaction,
    /// FeatureLevelRecord: the cluster has a feature at this level.
    FeatureLevel { feature: &'static str, level: i16 },
    /// NoOpRecord, written by an idle active controller every 500 ms.
    NoOp,
    /// RegisterBrokerRecord; its offset becomes the broker epoch.
    RegisterBroker {
        broker: NodeId,
        epoch: BrokerEpoch,
        incarnation: u64,
        rack: Option<Name>,
        fenced: bool,
    },
    /// RegisterControllerRecord: a controller that is ready to be active.
    RegisterController { controller: NodeId, incarnation: u64 },
    /// UnregisterBrokerRecord.
    UnregisterBroker { broker: NodeId, epoch: BrokerEpoch },
    /// BrokerRegistrationChangeRecord; `None` leaves a flag as it is.
    BrokerChange {
        broker: NodeId,
        epoch: BrokerEpoch,
        fenced: Option<bool>,
        in_controlled_shutdown: Option<bool>,
    },
    /// TopicRecord.
    Topic { id: TopicId, name: Name },
    /// RemoveTopicRecord.
    RemoveTopic { id: TopicId },
    /// PartitionRecord: a partition as a whole.
    Partition { tp: TopicPartition, state: PartitionState },
    /// PartitionChangeRecord: the partition after the change (Kafka writes only the changed fields).
    PartitionChange { tp: TopicPartition, state: PartitionState },
    /// ConfigRecord; `None` deletes.
    Config { resource: ConfigResource, key: Name, value: Option<Name> },
    /// ClientQuotaRecord; `None` removes.
    ClientQuota { entity: QuotaEntity, key: QuotaKey, value: Option<i64> },
    /// ProducerIdsRecord: the next id to hand out.
    ProducerIds { next: ProducerId },
}

/// A partition as the controller keeps it (`PartitionRegistration`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionState {
    /// In order of preference.
    pub replicas: Vec<NodeId>,
    /// In sync.
    pub isr: Vec<NodeId>,
    /// Eligible leader replicas: out of the ISR, but known to have everything acknowledged (KIP-966).
    pub elr: Vec<NodeId>,
    /// Who led last when ISR and ELR ran empty.
    pub last_known_elr: Vec<NodeId>,
    /// -1 without a leader.
    pub leader: NodeId,
    /// Counts leader changes.
    pub leader_epoch: LeaderEpoch,
    /// Counts all changes.
    pub partition_epoch: i32,
    /// Replicas that a reassignment adds.
    pub adding: Vec<NodeId>,
    /// Replicas that a reassignment removes.
    pub removing: Vec<NodeId>,
    /// After an unclean election, until the leader has recovered.
    pub recovering: bool,
}

impl PartitionState {
    /// Whether its first replica leads.
    pub fn has_preferred_leader(&self) -> bool {
        self.replicas.first() == Some(&self.leader)
    }
}
