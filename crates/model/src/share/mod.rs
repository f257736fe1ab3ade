//! Share groups on brokers (KIP-932): share partitions at their leaders, and the share coordinator that keeps their state.
//!
//! The groups themselves live beside consumer groups, in [`crate::group::share`]. Invariant: a record is acquired by one member
//! at most, and what is final stays final.

mod answers;
pub mod coordinator;
pub mod in_flight;
pub mod log;
pub mod manager;
pub mod partition;
pub mod persister;
pub mod session;

use crate::broker::BrokerTimer;
use crate::ids::{Name, TopicPartition};
use crate::net::ConnId;
use crate::node::Timer;
use alloc::format;
use kafkascope_kernel::Micros;

/// The internal topic that holds the state of share partitions (`Topic.SHARE_GROUP_STATE_TOPIC_NAME`).
pub const SHARE_STATE_TOPIC: &str = "__share_group_state";

/// One partition as one share group sees it (`SharePartitionKey`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareKey {
    /// `group.id`.
    pub group: Name,
    /// Which partition.
    pub tp: TopicPartition,
}

impl ShareKey {
    /// Shorthand.
    pub const fn new(group: Name, tp: TopicPartition) -> Self {
        Self { group, tp }
    }

    /// By what its share coordinator is found (`asCoordinatorKey`).
    pub fn coordinator_key(&self) -> Name {
        let Self { group, tp } = self;
        format!("{group}:{}:{}", tp.topic.0, tp.partition).into()
    }
}

/// A timer of a broker's share partitions, their coordinator or their persister.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareTimer {
    /// A fetch has waited long enough.
    Fetch(ConnId),
    /// Locks may have run out.
    Lock(ShareKey),
    /// A partition of the coordinator's topic has been read.
    Loaded(i32),
    /// The persister has something to do.
    Persister,
}

impl From<ShareTimer> for Timer {
    fn from(timer: ShareTimer) -> Self {
        Self::Broker(BrokerTimer::Share(timer))
    }
}

/// What configs allow a share partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShareLimits {
    /// `share.delivery.count.limit`.
    pub delivery_count: i16,
    /// `share.partition.max.record.locks`.
    pub record_locks: i32,
    /// `share.record.lock.duration.ms`.
    pub lock_ms: i32,
    /// `share.renew.acknowledge.enable`.
    pub renews: bool,
}

impl ShareLimits {
    /// How long a record is locked.
    pub const fn lock(self) -> Micros {
        Micros::from_ms(self.lock_ms as u64)
    }
}
