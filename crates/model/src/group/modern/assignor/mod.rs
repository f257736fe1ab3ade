//! Assignors that the coordinator runs (`ConsumerGroupPartitionAssignor`).
//!
//! Pure functions of members and partition counts. Invariant: a partition goes to one member at most, and only to one that
//! subscribed to its topic.

mod balancer;
mod heterogeneous;
mod range;
mod uniform;

use crate::ids::{Name, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Partitions by member id.
pub type Targets = FlatMap<Name, FlatSet<TopicPartition>>;

/// A server-side assignor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerAssignor {
    /// Balanced and sticky.
    #[default]
    Uniform,
    /// Topic by topic, contiguous ranges.
    Range,
}

/// A member as an assignor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberSpec {
    /// Its member id.
    pub id: Name,
    /// `group.instance.id`.
    pub instance_id: Option<Name>,
    /// What it subscribed to, as far as it exists.
    pub topics: FlatSet<TopicId>,
    /// Its last target.
    pub assigned: FlatSet<TopicPartition>,
}

/// A group as an assignor sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupSpec {
    /// By member id.
    pub members: Vec<MemberSpec>,
    /// How many partitions each topic has.
    pub partitions: FlatMap<TopicId, i32>,
}

impl ServerAssignor {
    /// Its name in requests and configs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    /// By its name in requests.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Uniform, Self::Range].into_iter().find(|assignor| assignor.name() == name)
    }

    /// Deals the partitions.
    pub fn assign(self, group: &GroupSpec) -> Targets {
        match self {
            Self::Range => range::assign(group),
            Self::Uniform if group.is_homogeneous() => uniform::assign(group),
            Self::Uniform => heterogeneous::assign(group),
        }
    }
}

impl GroupSpec {
    /// Whether everyone subscribed to the same topics.
    fn is_homogeneous(&self) -> bool {
        self.members.windows(2).all(|pair| pair[0].topics == pair[1].topics)
    }

    /// Every partition of a topic, in order.
    fn of_topic(&self, topic: TopicId) -> impl Iterator<Item = TopicPartition> + use<> {
        let count = self.partitions.get(&topic).copied().unwrap_or(0);
        (0..count).map(move |index| TopicPartition::new(topic, index))
    }

    /// Nothing for anyone yet.
    fn nothing(&self) -> Targets {
        self.members.iter().map(|member| (member.id.clone(), FlatSet::new())).collect()
    }
}
