//! A member of a classic group (`ClassicGroupMember`).
//!
//! Invariant: a member waits for at most one JOIN_GROUP and one SYNC_GROUP answer.

use crate::api::request::{JoinGroup, Subscription};
use crate::group::caller::Caller;
use crate::ids::Name;
use alloc::vec::Vec;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Given by the coordinator.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance_id: Option<Name>,
    /// `client.id`.
    pub client_id: Name,
    /// The member's `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// The member's `max.poll.interval.ms`.
    pub rebalance_timeout_ms: i32,
    /// Assignors it offers, in order of preference, each with its subscription.
    pub protocols: Vec<(Name, Subscription)>,
    /// What it was assigned in this generation.
    pub assignment: Vec<(Name, i32)>,
    /// Its JOIN_GROUP, while the group is being joined.
    pub awaiting_join: Option<Caller>,
    /// Its SYNC_GROUP, until the leader's assignment is stored.
    pub awaiting_sync: Option<Caller>,
    /// It has not been through a whole join phase yet.
    pub is_new: bool,
}

impl Member {
    /// A member as its first JOIN_GROUP describes it.
    pub fn new(id: Name, request: &JoinGroup) -> Self {
        Self {
            id,
            instance_id: request.group_instance_id.clone(),
            client_id: request.client_id.clone(),
            session_timeout_ms: request.session_timeout_ms,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            protocols: request.protocols.clone(),
            assignment: Vec::new(),
            awaiting_join: None,
            awaiting_sync: None,
            is_new: true,
        }
    }

    /// Takes over what a later JOIN_GROUP says.
    pub fn update(&mut self, request: &JoinGroup) {
        self.session_timeout_ms = request.session_timeout_ms;
        self.rebalance_timeout_ms = request.rebalance_timeout_ms;
        self.protocols.clone_from(&request.protocols);
    }

    /// Whether it offers an assignor.
    pub fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| &**name == protocol)
    }

    /// Its subscription for an assignor.
    pub fn subscription(&self, protocol: &str) -> Subscription {
        let found = self.protocols.iter().find(|(name, _)| &**name == protocol);
        found.map(|(_, subscription)| subscription.clone()).unwrap_or_default()
    }

    /// The first of its assignors that is among the candidates (`ClassicGroupMember.vote`).
    pub fn vote(&self, candidates: &[Name]) -> Option<&Name> {
        self.protocols.iter().map(|(name, _)| name).find(|name| candidates.contains(name))
    }

    /// Whether silence is excused: it waits for an answer, unless it is new and could be gone without anyone knowing
    /// (`ClassicGroupMember.hasSatisfiedHeartbeat`).
    pub const fn is_excused(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}
