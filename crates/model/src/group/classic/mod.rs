//! A group that speaks the classic protocol (`ClassicGroup`).
//!
//! Members join, the leader assigns, everyone syncs; what changes the group begins this anew. Handlers answer callers through
//! `Cx` and return what must be stored first as a [`Write`]. Invariant: a stable group's members all have the assignment of its
//! generation.

mod join;
mod member;
mod membership;
mod rebalance;
mod sync;

pub(super) use join::refuse_join;
pub use member::Member;
pub(super) use sync::refuse_sync;

use super::caller::Caller;
use super::records;
use super::write::Write;
use crate::api::ErrorCode;
use crate::cx::Cx;
use crate::group::GroupTimer;
use crate::ids::{EpochMs, Name};
use crate::net::ConnId;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;
use kafkascope_kernel::{FlatMap, FlatSet};

/// Where a group stands (`ClassicGroupState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupState {
    /// No members; perhaps offsets.
    #[default]
    Empty,
    /// Waiting for members to join.
    PreparingRebalance,
    /// Waiting for the leader's assignment.
    CompletingRebalance,
    /// At work.
    Stable,
}

impl GroupState {
    /// As Kafka writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// What the broker's configs allow a group (`GroupCoordinatorConfig`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupLimits {
    /// `group.initial.rebalance.delay.ms`.
    pub initial_rebalance_delay_ms: i32,
    /// `group.max.size`.
    pub max_size: i32,
}

/// A classic group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClassicGroup {
    /// `group.id`.
    pub id: Name,
    /// Where it stands.
    pub state: GroupState,
    /// Where it stood before.
    pub previous_state: GroupState,
    /// Counts completed join phases.
    pub generation: i32,
    /// "consumer" for consumers; none while nobody was ever in it.
    pub protocol_type: Option<Name>,
    /// The assignor of this generation.
    pub protocol_name: Option<Name>,
    /// The member that assigns.
    pub leader: Option<Name>,
    /// Since when it has no members, as far as that is stored.
    pub empty_since: Option<EpochMs>,
    members: FlatMap<Name, Member>,
    static_members: FlatMap<Name, Name>,
    /// Ids that were handed out with MEMBER_ID_REQUIRED and not come back with.
    pending_join: FlatSet<Name>,
    pending_sync: FlatSet<Name>,
    /// Somebody joined during the initial delay.
    new_member_added: bool,
    /// How much longer the initial delay may last in all, and the part under way.
    initial_remaining_ms: i32,
    initial_delay_ms: i32,
}

impl ClassicGroup {
    /// A group that nobody is in.
    pub const fn new(id: Name) -> Self {
        Self {
            id,
            state: GroupState::Empty,
            previous_state: GroupState::Empty,
            generation: 0,
            protocol_type: None,
            protocol_name: None,
            leader: None,
            empty_since: None,
            members: FlatMap::new(),
            static_members: FlatMap::new(),
            pending_join: FlatSet::new(),
            pending_sync: FlatSet::new(),
            new_member_added: false,
            initial_remaining_ms: 0,
            initial_delay_ms: 0,
        }
    }

    /// A group as the log has it: stable if it has members (`GroupMetadataManager.replay`).
    pub fn loaded(id: Name, stored: records::StoredGroup) -> Self {
        let mut group = Self::new(id);
        group.generation = stored.generation;
        group.protocol_type = stored.protocol_type;
        group.protocol_name = stored.protocol_name;
        group.leader = stored.leader;
        group.empty_since = stored.members.is_empty().then_some(stored.since);
        for member in stored.members {
            if let Some(instance) = &member.instance_id {
                group.static_members.insert(instance.clone(), member.id.clone());
            }
            group.members.insert(member.id.clone(), member);
        }
        if !group.members.is_empty() {
            group.state = GroupState::Stable;
            group.previous_state = GroupState::Stable;
        }
        group
    }

    /// Whether nobody is in it or about to be.
    pub fn is_forgettable(&self) -> bool {
        self.state == GroupState::Empty && self.pending_join.is_empty()
    }

    /// Its members, by member id.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// A member.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.get(id)
    }

    /// How many members it has.
    pub fn size(&self) -> u32 {
        self.members.len() as u32
    }

    /// The largest time a member gives the others to join, in milliseconds.
    pub fn rebalance_timeout_ms(&self) -> i32 {
        self.members.values().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0)
    }

    /// Whether a member id, and an instance id that comes with it, are known here (`ClassicGroup.validateMember`).
    pub fn validate_member(&self, id: &str, instance_id: Option<&Name>) -> ErrorCode {
        if let Some(instance) = instance_id {
            match self.static_members.get(instance) {
                None => return ErrorCode::UnknownMemberId,
                Some(known) if &**known != id => return ErrorCode::FencedInstanceId,
                Some(_) => {}
            }
        }
        if self.members.contains_key(id) { ErrorCode::None } else { ErrorCode::UnknownMemberId }
    }

    /// The group as it goes into the log, with the given assignments.
    pub fn record(&self, assignments: &FlatMap<Name, Vec<(Name, i32)>>, now_ms: i64) -> Write {
        Write::of(records::group_record(self, assignments, now_ms))
    }

    /// The group as it goes into the log, with the assignments that hold.
    pub(super) fn stored_record(&self, now_ms: i64) -> super::OffsetsRecord {
        let held = self.members().map(|m| (m.id.clone(), m.assignment.clone())).collect();
        records::group_record(self, &held, now_ms)
    }

    /// Every member's session begins anew.
    pub fn begin_sessions(&self, cx: &mut Cx<'_>) {
        for id in self.members.keys() {
            self.heard_of(id, cx);
        }
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, conn: ConnId) {
        for member in self.members.values_mut() {
            for caller in member.awaiting_join.iter_mut().chain(&mut member.awaiting_sync) {
                caller.gone(conn);
            }
        }
    }

    /// Stops every timer; who waits for an answer to JOIN_GROUP or SYNC_GROUP.
    pub(super) fn dissolve(
        &mut self,
        cx: &mut Cx<'_>,
    ) -> Vec<(Name, Option<Caller>, Option<Caller>)> {
        cx.disarm(self.timer_join());
        cx.disarm(self.timer_sync());
        for id in self.members.keys().chain(&self.pending_join) {
            cx.disarm(self.timer_session(id));
        }
        let members = self.members.values_mut();
        members.map(|m| (m.id.clone(), m.awaiting_join.take(), m.awaiting_sync.take())).collect()
    }

    fn transition(&mut self, to: GroupState) {
        self.previous_state = self.state;
        self.state = to;
    }

    fn has_all_joined(&self) -> bool {
        self.pending_join.is_empty()
            && self.members.values().all(|member| member.awaiting_join.is_some())
    }

    fn awaiting_join(&self) -> i32 {
        self.members.values().filter(|member| member.awaiting_join.is_some()).count() as i32
    }

    fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    fn add(&mut self, member: Member) {
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        self.pending_join.remove(&member.id);
        self.leader.get_or_insert_with(|| member.id.clone());
        self.members.insert(member.id.clone(), member);
    }

    /// Forgets a member or a pending one; the leader's place goes to the next (`ClassicGroup.remove`).
    fn remove(&mut self, id: &str) {
        self.pending_join.remove(id);
        self.pending_sync.remove(id);
        let Some(member) = self.members.remove(id) else { return };
        if let Some(instance) = &member.instance_id {
            self.static_members.remove(instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
    }

    /// Assignors that every member offers.
    fn candidates(&self) -> Vec<Name> {
        let Some(first) = self.members.values().next() else { return Vec::new() };
        let names = first.protocols.iter().map(|(name, _)| name);
        names.filter(|name| self.members.values().all(|m| m.supports(name))).cloned().collect()
    }

    /// The candidate with the most votes; the earlier one in the alphabet if two have as many (`ClassicGroup.selectProtocol`).
    fn select_protocol(&self) -> Option<Name> {
        let candidates = self.candidates();
        let mut votes: FlatMap<&Name, u32> = FlatMap::new();
        for vote in self.members.values().filter_map(|member| member.vote(&candidates)) {
            *votes.entry(vote).or_default() += 1;
        }
        let most = votes.values().copied().max()?;
        votes.into_iter().find(|(_, count)| *count == most).map(|(name, _)| name.clone())
    }

    fn timer_join(&self) -> GroupTimer {
        GroupTimer::Join(self.id.clone())
    }

    fn timer_sync(&self) -> GroupTimer {
        GroupTimer::Sync(self.id.clone())
    }

    fn timer_session(&self, member: &Name) -> GroupTimer {
        GroupTimer::Session(self.id.clone(), member.clone())
    }

    /// A member was heard of: its session begins anew.
    pub(in crate::group) fn heard_of(&self, member: &str, cx: &mut Cx<'_>) {
        if let Some(member) = self.members.get(member) {
            let timeout = Micros::from_config_ms(i64::from(member.session_timeout_ms));
            cx.arm(self.timer_session(&member.id), timeout);
        }
    }
}
