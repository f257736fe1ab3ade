//! Who can answer a call, and how that is found out (`KafkaAdminClient.NodeProvider`, `AdminApiLookupStrategy`).
//!
//! Invariant: what was looked up is forgotten when a call is tried again.

use crate::api::request::{self, ConfigResource, CoordinatorType};
use crate::api::{ErrorCode, Request, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::network::Peer;
use crate::command::AdminCommand;
use crate::cx::Cx;
use crate::ids::{Name, NodeId, TopicPartition};
use alloc::vec;
use alloc::vec::Vec;

/// Who can answer a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// Any broker.
    LeastLoaded,
    /// The broker that metadata names as the controller; brokers forward what the controller must do.
    Controller,
    /// This broker.
    Broker(NodeId),
    /// Every broker that METADATA lists.
    EveryBroker,
    /// The leader of this partition, found by METADATA.
    Leader(Name, i32),
    /// The coordinator of this group, found by FIND_COORDINATOR.
    Coordinator(Name),
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A node that needed no look-up.
    Known,
    /// The leader of a partition.
    Leader(NodeId, TopicPartition),
    /// A coordinator.
    Coordinator(NodeId),
    /// One of all brokers.
    OneOfAll(NodeId),
}

impl Place {
    /// The partition whose leader was looked up.
    pub(super) fn partition(self) -> TopicPartition {
        let Self::Leader(_, tp) = self else { unreachable!("a leader was looked up") };
        tp
    }
}

impl Target {
    pub(super) fn of(command: &AdminCommand) -> Self {
        match command {
            AdminCommand::CreateTopic { .. }
            | AdminCommand::CreatePartitions { .. }
            | AdminCommand::DeleteTopic { .. }
            | AdminCommand::ElectLeaders { .. }
            | AdminCommand::ReassignPartitions { .. } => Self::Controller,
            AdminCommand::AlterConfigs { resource: ConfigResource::Broker(Some(id)), .. } => {
                Self::Broker(*id)
            }
            AdminCommand::ListTransactions => Self::EveryBroker,
            AdminCommand::AlterConfigs { .. }
            | AdminCommand::AlterClientQuotas { .. }
            | AdminCommand::DescribeCluster
            | AdminCommand::DescribeTopic { .. }
            | AdminCommand::ListGroups => Self::LeastLoaded,
            AdminCommand::DeleteRecords { topic, partition, .. }
            | AdminCommand::DescribeProducers { topic, partition }
            | AdminCommand::ListOffsets { topic, partition, .. } => {
                Self::Leader(topic.clone(), *partition)
            }
            AdminCommand::DescribeGroup { group }
            | AdminCommand::DeleteGroup { group }
            | AdminCommand::ListGroupOffsets { group }
            | AdminCommand::AlterGroupOffsets { group, .. }
            | AdminCommand::DescribeShareGroup { group }
            | AdminCommand::ListShareGroupOffsets { group }
            | AdminCommand::AlterShareGroupOffsets { group, .. }
            | AdminCommand::DeleteShareGroupOffsets { group, .. }
            | AdminCommand::DeleteGroupOffsets { group, .. }
            | AdminCommand::RemoveMembers { group, .. } => Self::Coordinator(group.clone()),
        }
    }

    /// The request that finds out; none if nothing needs to be.
    pub(super) fn lookup(&self) -> Option<Request> {
        match self {
            Self::LeastLoaded | Self::Controller | Self::Broker(_) => None,
            Self::EveryBroker => {
                let (topics, allow_auto_topic_creation) = (Some(Vec::new()), true);
                Some(Request::Metadata(request::Metadata { topics, allow_auto_topic_creation }))
            }
            Self::Leader(topic, _) => {
                let topics = Some(vec![topic.clone()]);
                let allow_auto_topic_creation = false;
                Some(Request::Metadata(request::Metadata { topics, allow_auto_topic_creation }))
            }
            Self::Coordinator(group) => {
                let (key_type, keys) = (CoordinatorType::Group, vec![group.clone()]);
                Some(Request::FindCoordinator(request::FindCoordinator { key_type, keys }))
            }
        }
    }

    /// What the look-up was answered.
    pub(super) fn place_in(&self, response: &Response) -> Result<Place, ErrorCode> {
        match (self, response) {
            (Self::Leader(name, partition), Response::Metadata(body)) => {
                let unknown = ErrorCode::UnknownTopicOrPartition;
                let topic = body.topics.iter().find(|topic| topic.name == *name).ok_or(unknown)?;
                ok(topic.error)?;
                let mut known = topic.partitions.iter();
                let known = known.find(|known| known.partition_index == *partition);
                // A partition that is not there yet is waited for.
                let known = known.ok_or(ErrorCode::LeaderNotAvailable)?;
                if known.leader_id.0 < 0 {
                    return Err(ErrorCode::LeaderNotAvailable);
                }
                let tp = TopicPartition::new(topic.topic_id, *partition);
                Ok(Place::Leader(known.leader_id, tp))
            }
            (Self::Coordinator(group), Response::FindCoordinator(keys)) => {
                let key = keys.iter().find(|key| key.key == *group);
                let key = key.ok_or(ErrorCode::CoordinatorNotAvailable)?;
                ok(key.error).map(|()| Place::Coordinator(key.node_id))
            }
            _ => unreachable!("look-ups are answered by their own kind"),
        }
    }

    /// The node to send to now, if one is known.
    pub(super) fn peer(
        &self,
        place: Option<Place>,
        client: &KafkaClient<u32>,
        cx: &mut Cx<'_>,
    ) -> Option<Peer> {
        match (place, self) {
            (Some(Place::Leader(node, _) | Place::Coordinator(node)), _) => {
                Some(Peer::broker(node))
            }
            (Some(Place::OneOfAll(node)), _) => {
                client.metadata.cluster().has_node(node).then(|| Peer::broker(node))
            }
            (Some(Place::Known) | None, Self::Controller) => {
                client.metadata.cluster().controller.map(Peer::broker)
            }
            (Some(Place::Known) | None, Self::Broker(id)) => Some(Peer::broker(*id)),
            (
                Some(Place::Known) | None,
                Self::LeastLoaded | Self::Leader(..) | Self::Coordinator(_) | Self::EveryBroker,
            ) => client.least_loaded(cx),
        }
    }

    /// Kafka's client tries again what may pass, except what the user should hear of at once.
    pub(super) const fn is_worth_a_retry(&self, error: ErrorCode) -> bool {
        match self {
            Self::Leader(..) => error.is_retriable(),
            Self::Coordinator(_) => matches!(
                error,
                ErrorCode::CoordinatorLoadInProgress
                    | ErrorCode::CoordinatorNotAvailable
                    | ErrorCode::NotCoordinator
            ),
            Self::EveryBroker => matches!(error, ErrorCode::CoordinatorLoadInProgress),
            Self::LeastLoaded | Self::Controller | Self::Broker(_) => {
                matches!(error, ErrorCode::NotController)
            }
        }
    }
}

const fn ok(error: ErrorCode) -> Result<(), ErrorCode> {
    if error.is_ok() { Ok(()) } else { Err(error) }
}
