//! A member of a group of the consumer protocol (`ConsumerGroupMember`).
//!
//! Invariant: a member that speaks the classic protocol carries what it offered, so that the group can go back.

use crate::api::request::Subscription;
use crate::group::modern::assignor::ServerAssignor;
use crate::group::modern::reconcile::CurrentAssignment;
use crate::ids::{Name, TopicPartition};
use alloc::vec::Vec;

/// What a member that speaks the classic protocol offered (`ClassicMemberMetadata`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClassicSide {
    /// Its `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// Assignors it offers, each with its subscription.
    pub protocols: Vec<(Name, Subscription)>,
    /// A rebalance was announced to it, or an assignment waits for its SYNC_GROUP: it must come back in time.
    pub is_awaited: bool,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerMember {
    /// Made by the member itself.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<Name>,
    /// `client.rack`.
    pub rack_id: Option<Name>,
    /// `client.id`.
    pub client_id: Name,
    /// `max.poll.interval.ms`: how long it may take to give up partitions.
    pub rebalance_timeout_ms: i32,
    /// Topics it subscribed to by name.
    pub topics: Vec<Name>,
    /// The pattern it subscribed to.
    pub regex: Option<Name>,
    /// The assignor it asks for.
    pub assignor: Option<ServerAssignor>,
    /// Where it stands.
    pub current: CurrentAssignment,
    /// None if it speaks the consumer protocol.
    pub classic: Option<ClassicSide>,
}

impl ConsumerMember {
    /// Somebody who is about to join.
    pub fn new(id: Name) -> Self {
        Self {
            id,
            instance_id: None,
            rack_id: None,
            client_id: "".into(),
            rebalance_timeout_ms: -1,
            topics: Vec::new(),
            regex: None,
            assignor: None,
            current: CurrentAssignment::default(),
            classic: None,
        }
    }

    /// Partitions that nobody else may have: what it reads and what it has still to give up.
    pub fn held(&self) -> impl Iterator<Item = TopicPartition> {
        self.current.assigned.iter().chain(&self.current.pending_revocation).copied()
    }

    /// Whether it said that it will be back (`LEAVE_GROUP_STATIC_MEMBER_EPOCH`).
    pub const fn is_away(&self) -> bool {
        self.current.epoch == super::LEAVE_STATIC
    }
}
