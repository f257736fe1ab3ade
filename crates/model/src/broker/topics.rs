//! METADATA: what clients are told of brokers and topics (`KRaftMetadataCache`, `KafkaApis.handleTopicMetadataRequest`).
//!
//! Invariant: fenced brokers are not named; what a topic lacks is said by an error code.

use super::Env;
use crate::api::request::Metadata;
use crate::api::response::{self, PartitionMetadata, TopicMetadata};
use crate::api::{ErrorCode, Response};
use crate::controller::image::{MetadataImage, TopicImage};
use crate::controller::records::PartitionState;
use crate::cx::{Cx, Draw};
use crate::group::OFFSETS_TOPIC;
use crate::ids::{Name, NodeId, TopicId};
use crate::share::SHARE_STATE_TOPIC;
use crate::txn::TXN_TOPIC;
use alloc::vec::Vec;

/// Answers a METADATA; the names that were asked for, may be created and are not there.
pub(super) fn metadata(
    request: &Metadata,
    env: &Env<'_>,
    cx: &mut Cx<'_>,
) -> (Response, Vec<Name>) {
    let image = env.image;
    let live = image.brokers.iter().filter(|(_, broker)| !broker.fenced);
    let brokers: Vec<(NodeId, Option<Name>)> =
        live.map(|(id, broker)| (*id, broker.rack.clone())).collect();
    let mut missing = Vec::new();
    let topics = match &request.topics {
        None => image.topics.iter().map(|(id, topic)| known(*id, topic, image)).collect(),
        Some(names) => {
            let one = |name: &Name| match image.topic(name) {
                Some((id, topic)) => known(id, topic, image),
                None => unknown(name, request, env, &mut missing),
            };
            names.iter().map(one).collect()
        }
    };
    let controller_id = match env.controller {
        Some(controller) => controller,
        None => any_of(&brokers, cx),
    };
    (Response::Metadata(response::Metadata { brokers, controller_id, topics }), missing)
}

/// A broker forwards what is for the controller, so any will do.
fn any_of(brokers: &[(NodeId, Option<Name>)], cx: &mut Cx<'_>) -> NodeId {
    match u32::try_from(brokers.len()).unwrap_or(0) {
        0 => NodeId::NONE,
        count => brokers[cx.rng(Draw::NodeChoice).below(count) as usize].0,
    }
}

/// Whether a topic may have this name (`org.apache.kafka.common.internals.Topic.validate`).
pub(super) fn is_valid_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=249).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(legal)
}

/// Whether a topic is a coordinator's.
fn is_internal(name: &str) -> bool {
    matches!(name, OFFSETS_TOPIC | TXN_TOPIC | SHARE_STATE_TOPIC)
}

fn known(id: TopicId, topic: &TopicImage, image: &MetadataImage) -> TopicMetadata {
    let numbered = (0_i32..).zip(&topic.partitions);
    TopicMetadata {
        name: topic.name.clone(),
        topic_id: id,
        error: ErrorCode::None,
        is_internal: is_internal(&topic.name),
        partitions: numbered.map(|(index, state)| partition(index, state, image)).collect(),
    }
}

fn unknown(
    name: &Name,
    request: &Metadata,
    env: &Env<'_>,
    missing: &mut Vec<Name>,
) -> TopicMetadata {
    let error = if is_valid_name(name) {
        ErrorCode::UnknownTopicOrPartition
    } else {
        ErrorCode::InvalidTopicException
    };
    if request.allow_auto_topic_creation
        && env.config.auto_create_topics_enable
        && error == ErrorCode::UnknownTopicOrPartition
    {
        missing.push(name.clone());
    }
    TopicMetadata {
        name: name.clone(),
        topic_id: TopicId::ZERO,
        error,
        is_internal: is_internal(name),
        partitions: Vec::new(),
    }
}

fn partition(index: i32, state: &PartitionState, image: &MetadataImage) -> PartitionMetadata {
    let offline = |id: &NodeId| image.brokers.get(id).is_none_or(|broker| broker.fenced);
    let has_leader = image.brokers.contains_key(&state.leader);
    let error = if has_leader { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
    PartitionMetadata {
        error,
        partition_index: index,
        leader_id: if has_leader { state.leader } else { NodeId::NONE },
        leader_epoch: state.leader_epoch,
        replica_nodes: state.replicas.clone(),
        isr_nodes: state.isr.clone(),
        offline_replicas: state.replicas.iter().copied().filter(offline).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_valid_name;

    #[test]
    fn topics_have_the_names_that_kafka_allows() {
        for name in ["a", "a.b_c-9", "__consumer_offsets", &"x".repeat(249)] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in ["", ".", "..", "a b", "ä", &"x".repeat(250)] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
