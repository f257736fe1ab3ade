//! Share groups at their coordinator (KIP-932, `ShareGroup`, `GroupMetadataManager.shareGroupHeartbeat`).
//!
//! Members beat, the coordinator assigns; nobody has to give anything up first, since partitions are shared. A partition is
//! assigned only once its state is initialized at the share coordinator. Invariant: epochs only grow.

pub mod assignor;
mod coordinator;
mod heartbeat;
mod initialize;
pub mod records;
pub mod shard;

pub use heartbeat::{ShareConfig, Verdict};

use super::modern::assignor::Targets;
use crate::api::share::{DescribedShareGroup, DescribedShareMember};
use crate::api::{ApiKey, ErrorCode};
use crate::controller::image::MetadataImage;
use crate::ids::{EpochMs, Name, NodeId, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// A member of a share group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareMember {
    /// Its member id.
    pub id: Name,
    /// `client.id`.
    pub client_id: Name,
    /// The process that beats.
    pub client: NodeId,
    /// What it subscribed to.
    pub topics: FlatSet<Name>,
    /// The epoch it has reached; 0 before the first.
    pub epoch: i32,
    /// The epoch before.
    pub previous_epoch: i32,
    /// What it may fetch.
    pub assigned: FlatSet<TopicPartition>,
}

/// Partitions of a topic on their way to be shared, or shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Initialized {
    /// The topic's name.
    pub name: Name,
    /// Which.
    pub partitions: FlatSet<i32>,
    /// Since when, in milliseconds since 1970.
    pub at: EpochMs,
}

/// A share group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareGroup {
    /// `group.id`.
    pub id: Name,
    /// Counts changes of members, subscriptions and topics.
    pub epoch: i32,
    /// The group epoch that the targets were made for.
    pub assignment_epoch: i32,
    /// When they were made, in milliseconds since 1970.
    pub assigned_at: EpochMs,
    /// What was known of the topics then.
    pub metadata_hash: u64,
    /// By member id.
    pub members: FlatMap<Name, ShareMember>,
    /// Partitions by member id.
    pub targets: Targets,
    /// Partitions whose state is being initialized.
    pub initializing: FlatMap<TopicId, Initialized>,
    /// Partitions that may be assigned.
    pub initialized: FlatMap<TopicId, Initialized>,
    /// Initializations whose answers are waited for.
    waiting: FlatSet<TopicPartition>,
    /// Those of them that came.
    arrived: FlatSet<TopicPartition>,
    /// Whether any of them failed.
    failed: bool,
}

impl ShareGroup {
    /// A group without members.
    pub const fn new(id: Name) -> Self {
        Self {
            id,
            epoch: 1,
            assignment_epoch: 0,
            assigned_at: 0,
            metadata_hash: 0,
            members: FlatMap::new(),
            targets: FlatMap::new(),
            initializing: FlatMap::new(),
            initialized: FlatMap::new(),
            waiting: FlatSet::new(),
            arrived: FlatSet::new(),
            failed: false,
        }
    }

    /// `Empty` or `Stable`.
    pub fn state_name(&self) -> &'static str {
        if self.members.is_empty() { "Empty" } else { "Stable" }
    }

    /// Every partition that may be assigned.
    pub fn shared_partitions(&self) -> impl Iterator<Item = TopicPartition> {
        self.initialized.iter().flat_map(|(topic, known)| {
            known.partitions.iter().map(|index| TopicPartition::new(*topic, *index))
        })
    }

    /// As an admin client sees it.
    pub fn described(&self, image: &MetadataImage) -> DescribedShareGroup {
        let named = |tp: &TopicPartition| {
            image.topics.get(&tp.topic).map(|topic| (topic.name.clone(), tp.partition))
        };
        let member = |member: &ShareMember| DescribedShareMember {
            member_id: member.id.clone(),
            client_id: member.client_id.clone(),
            member_epoch: member.epoch,
            subscribed_topic_names: member.topics.iter().cloned().collect(),
            assignment: member.assigned.iter().filter_map(named).collect(),
        };
        DescribedShareGroup {
            error: ErrorCode::None,
            group_id: self.id.clone(),
            group_state: self.state_name().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            members: self.members.values().map(member).collect(),
        }
    }

    /// What everyone subscribed to.
    fn topics(&self) -> FlatSet<Name> {
        self.members.values().flat_map(|member| member.topics.iter().cloned()).collect()
    }
}

/// A group that is not there, as an admin client sees it.
pub fn missing(id: &Name, error: ErrorCode) -> DescribedShareGroup {
    DescribedShareGroup {
        error,
        group_id: id.clone(),
        group_state: if error == ErrorCode::GroupIdNotFound { "Dead".into() } else { "".into() },
        group_epoch: 0,
        assignment_epoch: 0,
        members: Vec::new(),
    }
}

/// The API that a refusal is about.
pub const HEARTBEAT: ApiKey = ApiKey::ShareGroupHeartbeat;
