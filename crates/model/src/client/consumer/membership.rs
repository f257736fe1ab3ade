//! What a member knows of its place in the group (`AbstractCoordinator.Generation`, `MemberState`).
//!
//! Invariant: outside a stable generation nothing is committed in its name.

use super::subscription::Partition;
use crate::api::response::JoinGroup;
use crate::api::{ApiKey, ErrorCode};
use crate::config::consumer::Assignor;
use crate::group::assignor::Topics;
use crate::ids::Name;
use alloc::format;
use alloc::vec::Vec;
use kafkascope_kernel::SimTime;

/// Where a member stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberState {
    /// Not in the group.
    #[default]
    Unjoined,
    /// JOIN_GROUP is under way.
    PreparingRebalance,
    /// SYNC_GROUP is under way.
    CompletingRebalance,
    /// In the group, with an assignment.
    Stable,
}

/// A generation of the group, and this member's id in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Generation {
    /// -1 outside.
    pub id: i32,
    /// Empty before the coordinator gave one.
    pub member_id: Name,
    /// The chosen assignor.
    pub protocol: Option<Assignor>,
}

/// What became of the last JOIN_GROUP with its SYNC_GROUP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum JoinFuture {
    /// None was sent.
    Idle,
    /// Under way.
    InFlight,
    /// An assignment, or why not.
    Done(Result<Vec<Partition>, ErrorCode>),
}

/// A member's view of its group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Membership {
    pub state: MemberState,
    pub generation: Generation,
    /// The generation and member id of the last completed join: what `groupMetadata()` says, also after the member was fenced.
    pub told: Generation,
    pub rejoin_needed: bool,
    pub rejoin_reason: Name,
    /// Whether partitions are still to be given back before the next JOIN_GROUP.
    pub needs_prepare: bool,
    pub join: JoinFuture,
    /// No JOIN_GROUP before this.
    pub retry_at: SimTime,
    /// Until when the commit before the rejoin may take; none while there is nothing to prepare.
    pub prepare_until: Option<SimTime>,
    /// The leader's partitions by topic when it assigned (`assignmentSnapshot`); none for others.
    pub assigned_by: Option<Topics>,
    pub is_leader: bool,
    /// The leader waits for metadata of topics that only others subscribed to.
    pub to_assign: Option<JoinGroup>,
    /// The version of metadata that an update was asked for on, when that answer came.
    pub stale_version: Option<u32>,
    /// What the sticky assignor remembers: the last assignment it made, and its generation.
    pub sticky: Option<(Vec<Partition>, i32)>,
    /// An error that the next `poll()` throws.
    pub failed: Option<ErrorCode>,
}

impl Generation {
    /// Outside the group.
    pub fn none() -> Self {
        Self { id: -1, member_id: "".into(), protocol: None }
    }
}

impl Membership {
    /// Not in the group, and wishes to be.
    pub fn new() -> Self {
        Self {
            state: MemberState::Unjoined,
            generation: Generation::none(),
            told: Generation::none(),
            rejoin_needed: true,
            rejoin_reason: "".into(),
            needs_prepare: true,
            join: JoinFuture::Idle,
            retry_at: SimTime::ZERO,
            prepare_until: None,
            assigned_by: None,
            is_leader: false,
            to_assign: None,
            stale_version: None,
            sticky: None,
            failed: None,
        }
    }

    /// Whether it is in the group or about to be, so that it beats (`!hasNotJoinedGroup`).
    pub const fn has_joined(&self) -> bool {
        matches!(self.state, MemberState::CompletingRebalance | MemberState::Stable)
    }

    /// Asks for a rebalance at the next `poll()`.
    pub fn request_rejoin(&mut self, reason: &str) {
        self.rejoin_reason = reason.into();
        self.rejoin_needed = true;
    }

    /// The group no longer knows this member, or its generation (`resetStateOnResponseError`).
    pub fn reset_on(&mut self, api: ApiKey, error: ErrorCode) {
        let forget_id = error != ErrorCode::IllegalGeneration;
        let reason = format!("encountered {} from {} response", error.name(), api.name());
        self.reset(&reason, forget_id);
    }

    /// Outside again; it will join anew (`resetStateAndRejoin`).
    pub fn reset(&mut self, reason: &str, forget_id: bool) {
        let member_id = if forget_id { "".into() } else { self.generation.member_id.clone() };
        self.generation = Generation { member_id, ..Generation::none() };
        self.state = MemberState::Unjoined;
        self.request_rejoin(reason);
        self.needs_prepare = true;
    }

    /// The generation, if it may be acted for (`generationIfStable`).
    pub fn stable_generation(&self) -> Option<&Generation> {
        (self.state == MemberState::Stable).then_some(&self.generation)
    }
}
