//! A group that speaks the consumer protocol (`ConsumerGroup`, `ModernGroup`).
//!
//! Handlers check first and change afterwards; they return the records that make the change last. Invariant: a partition is
//! held by one member at most.

mod classic;
mod convert;
mod fence;
mod heartbeat;
mod member;
mod target;

pub use classic::Joined;
pub use convert::may_upgrade;
pub use heartbeat::check_request;
pub use member::{ClassicSide, ConsumerMember};

use super::assignor::Targets;
use crate::api::ErrorCode;
use crate::api::request::OffsetCommit;
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::GroupTimer;
use crate::group::modern::pattern::Pattern;
use crate::ids::{Name, Offset, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Micros, SimTime};

/// The epoch that says goodbye.
pub const LEAVE: i32 = -1;
/// The epoch with which a static member goes for a while.
pub const LEAVE_STATIC: i32 = -2;
/// The epoch that a group gets with its first member.
const FIRST_EPOCH: i32 = 2;

/// Where a group stands (`ConsumerGroup.ConsumerGroupState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerGroupState {
    /// No members.
    #[default]
    Empty,
    /// The target is older than the group's epoch.
    Assigning,
    /// A member has not reached the target.
    Reconciling,
    /// Everyone has what he should have.
    Stable,
}

impl ConsumerGroupState {
    /// As Kafka writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
        }
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerGroup {
    /// `group.id`.
    pub id: Name,
    /// Counts changes of members, subscriptions and topics.
    pub epoch: i32,
    /// The group epoch that the targets were made for.
    pub target_epoch: i32,
    /// What each member should have.
    pub targets: Targets,
    /// When it stood where, as facts told.
    pub state: ConsumerGroupState,
    members: FlatMap<Name, ConsumerMember>,
    /// Member ids by arrival; assignors look at the newest first.
    order: Vec<Name>,
    static_members: FlatMap<Name, Name>,
    /// Who holds a partition.
    held: FlatMap<TopicPartition, Name>,
    /// Topics that anyone subscribed to by name, and whether anyone has a pattern.
    names: FlatSet<Name>,
    has_patterns: bool,
    /// Subscribed topics with their partition counts, as of the last look at metadata.
    topics: FlatMap<Name, (TopicId, i32)>,
    /// Metadata up to this offset has been looked at.
    seen_metadata: Offset,
    /// When the last target was made.
    assigned_at: Option<SimTime>,
}

impl ConsumerGroup {
    /// A group that nobody is in.
    pub const fn new(id: Name) -> Self {
        Self {
            id,
            epoch: 0,
            target_epoch: 0,
            targets: FlatMap::new(),
            state: ConsumerGroupState::Empty,
            members: FlatMap::new(),
            order: Vec::new(),
            static_members: FlatMap::new(),
            held: FlatMap::new(),
            names: FlatSet::new(),
            has_patterns: false,
            topics: FlatMap::new(),
            seen_metadata: -1,
            assigned_at: None,
        }
    }

    /// Its members, by member id.
    pub fn members(&self) -> impl Iterator<Item = &ConsumerMember> {
        self.members.values()
    }

    /// A member.
    pub fn member(&self, id: &str) -> Option<&ConsumerMember> {
        self.members.get(id)
    }

    /// How many members it has.
    pub fn size(&self) -> u32 {
        self.members.len() as u32
    }

    /// Where it stands by its members.
    pub fn computed_state(&self) -> ConsumerGroupState {
        if self.members.is_empty() {
            ConsumerGroupState::Empty
        } else if self.epoch > self.target_epoch {
            ConsumerGroupState::Assigning
        } else if self.members.values().all(|m| m.current.is_reconciled_to(self.target_epoch)) {
            ConsumerGroupState::Stable
        } else {
            ConsumerGroupState::Reconciling
        }
    }

    /// Everything was replayed: what it reads, and where it stands.
    pub fn settle(&mut self, image: &MetadataImage) {
        self.topics_changed(true, image);
        self.state = self.computed_state();
    }

    /// Whether anyone reads a topic (`isSubscribedToTopic`).
    pub fn reads(&self, topic: &str) -> bool {
        self.topics.contains_key(topic) || self.names.contains(topic)
    }

    /// Whether offsets may be committed so (`ConsumerGroup.validateOffsetCommit`).
    pub fn accept_commit(&self, request: &OffsetCommit) -> ErrorCode {
        let epoch = request.generation_id_or_member_epoch;
        if epoch < 0 && self.members.is_empty() {
            return ErrorCode::None;
        }
        match self.member(&request.member_id) {
            None => ErrorCode::UnknownMemberId,
            Some(member) if member.current.epoch == epoch => ErrorCode::None,
            Some(member) if member.classic.is_some() => ErrorCode::IllegalGeneration,
            Some(_) => ErrorCode::StaleMemberEpoch,
        }
    }

    /// Whether a member may read offsets (`ConsumerGroup.validateOffsetFetch`); anyone may who does not claim to be a member.
    pub fn accept_fetch(&self, member: Option<&(Name, i32)>) -> ErrorCode {
        let Some((id, epoch)) = member else { return ErrorCode::None };
        match self.member(id) {
            None => ErrorCode::UnknownMemberId,
            Some(member) if member.current.epoch != *epoch => ErrorCode::StaleMemberEpoch,
            Some(_) => ErrorCode::None,
        }
    }

    /// Every member's session begins anew, and what was to be given up is waited for again (`onLoaded`).
    pub fn begin_sessions(&self, session_timeout: Micros, cx: &mut Cx<'_>) {
        for member in self.members.values() {
            let own = member.classic.as_ref().map(|side| i64::from(side.session_timeout_ms));
            let timeout = own.map_or(session_timeout, Micros::from_config_ms);
            cx.arm(self.timer_session(&member.id), timeout);
            self.watch_revocation(member, cx);
        }
    }

    /// Stops every timer.
    pub fn dissolve(&self, cx: &mut Cx<'_>) {
        for id in self.members.keys() {
            self.disarm_all(id, cx);
        }
    }

    fn disarm_all(&self, id: &Name, cx: &mut Cx<'_>) {
        cx.disarm(self.timer_session(id));
        cx.disarm(self.timer_revocation(id));
        cx.disarm(self.timer_rejoin(id));
    }

    fn timer_session(&self, member: &Name) -> GroupTimer {
        GroupTimer::Session(self.id.clone(), member.clone())
    }

    fn timer_revocation(&self, member: &Name) -> GroupTimer {
        GroupTimer::Revocation(self.id.clone(), member.clone())
    }

    fn timer_rejoin(&self, member: &Name) -> GroupTimer {
        GroupTimer::Rejoin(self.id.clone(), member.clone())
    }

    /// Puts a member in, or in its own place with another state.
    pub fn put(&mut self, member: ConsumerMember) {
        self.release(&member.id);
        for tp in member.held() {
            self.held.insert(tp, member.id.clone());
        }
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        if !self.members.contains_key(&member.id) {
            self.order.push(member.id.clone());
        }
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member out, with its target.
    pub fn take(&mut self, id: &str) -> Option<ConsumerMember> {
        self.release(id);
        let member = self.members.remove(id)?;
        self.order.retain(|other| **other != *id);
        self.targets.remove(id);
        if let Some(instance) = &member.instance_id
            && self.static_members.get(instance).is_some_and(|known| **known == *id)
        {
            self.static_members.remove(instance);
        }
        Some(member)
    }

    fn release(&mut self, id: &str) {
        let Some(member) = self.members.get(id) else { return };
        let held: Vec<TopicPartition> = member.held().collect();
        for tp in held {
            if self.held.get(&tp).is_some_and(|holder| **holder == *id) {
                self.held.remove(&tp);
            }
        }
    }

    /// Topics of a member that exist: by name, and by its pattern.
    fn topics_of(&self, member: &ConsumerMember, image: &MetadataImage) -> FlatSet<Name> {
        let mut topics: FlatSet<Name> = member.topics.iter().cloned().collect();
        if let Some(pattern) = member.regex.as_deref().and_then(Pattern::parse) {
            topics.extend(image.topic_ids.keys().filter(|name| pattern.matches(name)).cloned());
        }
        topics
    }
}
