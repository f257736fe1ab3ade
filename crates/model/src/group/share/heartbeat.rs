//! A member beats: it joins, goes on or leaves (`GroupMetadataManager.shareGroupHeartbeat`, `shareGroupFenceMember`).
//!
//! Invariant: a member reaches the epoch of the newest target with the very heartbeat that asks for it.

use super::assignor::{self, Assignable};
use super::{ShareGroup, ShareMember};
use crate::api::ErrorCode;
use crate::api::share::{HeartbeatAnswer, ShareGroupHeartbeat};
use crate::controller::image::MetadataImage;
use crate::group::java_order::sort_by_name;
use crate::group::modern::assignor::MemberSpec;
use crate::ids::{EpochMs, Name, NodeId, TopicId, TopicPartition};
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use kafkascope_kernel::FlatSet;

/// What configs say of a share group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShareConfig {
    /// `group.share.max.size`.
    pub max_size: i32,
    /// `share.session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `share.heartbeat.interval.ms`.
    pub heartbeat_interval_ms: i32,
    /// `share.assignment.interval.ms`.
    pub assignment_interval_ms: i32,
}

/// What a heartbeat changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the group has a new epoch, and why.
    pub reason: Option<&'static str>,
    /// Whether the member has another assignment.
    pub reassigned: bool,
    /// Whether the member has another epoch or assignment.
    pub moved: bool,
    /// Whether the targets were made anew.
    pub retargeted: bool,
    /// Whether the member is new or subscribed to something else.
    pub resubscribed: bool,
    /// What the member gets; the verdict in it is none.
    pub answer: Option<HeartbeatAnswer>,
    /// Partitions whose state must be initialized.
    pub to_initialize: Vec<TopicPartition>,
}

/// What can be refused without looking at the group.
pub fn check(body: &ShareGroupHeartbeat) -> ErrorCode {
    let named = body.subscribed_topic_names.as_ref().is_some_and(|names| !names.is_empty());
    let odd = body.member_id.is_empty()
        || body.group_id.is_empty()
        || body.rack_id.as_ref().is_some_and(|rack| rack.is_empty())
        || body.member_epoch < -1
        || (body.member_epoch == 0 && !named);
    if odd { ErrorCode::InvalidRequest } else { ErrorCode::None }
}

impl ShareGroup {
    /// Takes in a heartbeat of a member who joins or goes on.
    pub fn heartbeat(
        &mut self,
        body: &ShareGroupHeartbeat,
        client: NodeId,
        config: ShareConfig,
        image: &MetadataImage,
        now: EpochMs,
    ) -> Result<Verdict, ErrorCode> {
        let known = self.members.get(&body.member_id);
        let full = i32::try_from(self.members.len()).unwrap_or(i32::MAX) >= config.max_size;
        if known.is_none() && full {
            return Err(ErrorCode::GroupMaxSizeReached);
        }
        check_epoch(known, body.member_epoch)?;
        let mut verdict = self.enter(body, client);
        let hash = metadata_hash(&self.topics(), image);
        let reason = if verdict.resubscribed {
            Some("a member joined or changed its subscription")
        } else if self.assignment_epoch >= self.epoch && self.has_unassigned() {
            Some("partitions were initialized")
        } else if hash != self.metadata_hash {
            Some("the topics changed")
        } else {
            None
        };
        if reason.is_some() {
            self.epoch += 1;
            self.metadata_hash = hash;
        }
        verdict.reason = reason;
        verdict.retargeted = self.retarget(config, image, now);
        let before = self.members.get(&body.member_id).map(|member| member.epoch);
        verdict.reassigned = self.reconcile(&body.member_id, reason.is_some(), image);
        let after = self.members.get(&body.member_id).map(|member| member.epoch);
        verdict.moved = verdict.reassigned || before != after;
        verdict.to_initialize = self.begin_initializing(image, now);
        verdict.answer = Some(self.answer(body, verdict.reassigned, config));
        Ok(verdict)
    }

    /// A member leaves, or is given up; whether it was there.
    pub fn remove(&mut self, member: &Name, image: &MetadataImage) -> Option<ShareMember> {
        let gone = self.members.remove(member)?;
        self.targets.remove(member);
        self.epoch += 1;
        self.metadata_hash = metadata_hash(&self.topics(), image);
        Some(gone)
    }

    fn enter(&mut self, body: &ShareGroupHeartbeat, client: NodeId) -> Verdict {
        let is_new = !self.members.contains_key(&body.member_id);
        let member = self.members.entry(body.member_id.clone()).or_insert_with(|| ShareMember {
            id: body.member_id.clone(),
            client_id: body.client_id.clone(),
            client,
            topics: FlatSet::new(),
            epoch: 0,
            previous_epoch: -1,
            assigned: FlatSet::new(),
        });
        member.client = client;
        let mut resubscribed = is_new;
        if let Some(names) = &body.subscribed_topic_names {
            let topics: FlatSet<Name> = names.iter().cloned().collect();
            resubscribed |= topics != member.topics;
            member.topics = topics;
        }
        Verdict { resubscribed, ..Verdict::default() }
    }

    /// Whether something of a subscribed topic was initialized and is in nobody's target (`initializedAssignmentPending`).
    fn has_unassigned(&self) -> bool {
        let topics = self.topics();
        let assigned: FlatSet<TopicPartition> =
            self.targets.values().flat_map(|own| own.iter().copied()).collect();
        self.initialized.iter().any(|(topic, known)| {
            let of_topic = assigned.iter().filter(|tp| tp.topic == *topic);
            topics.contains(&known.name)
                && of_topic.map(|tp| tp.partition).collect::<FlatSet<_>>() != known.partitions
        })
    }

    /// Makes new targets if the group changed, unless the last ones are too young; whether it did.
    fn retarget(&mut self, config: ShareConfig, image: &MetadataImage, now: EpochMs) -> bool {
        let too_young = now < self.assigned_at + i64::from(config.assignment_interval_ms);
        if self.assignment_epoch >= self.epoch || (self.assignment_epoch > 0 && too_young) {
            return false;
        }
        let spec = |member: &ShareMember| MemberSpec {
            id: member.id.clone(),
            instance_id: None,
            topics: topic_ids(&member.topics, image),
            assigned: self.targets.get(&member.id).cloned().unwrap_or_default(),
        };
        let members = self.members.values().map(spec).collect();
        let members = sort_by_name(members, |member: &MemberSpec| &member.id);
        let known = self.initialized.iter().filter(|(topic, _)| image.topics.contains_key(topic));
        let assignable: Assignable =
            known.map(|(topic, known)| (*topic, known.partitions.clone())).collect();
        self.targets = assignor::assign(&members, &assignable);
        self.assignment_epoch = self.epoch;
        self.assigned_at = now;
        true
    }

    /// The member gets its target; whether that is news (`ShareGroupAssignmentBuilder`).
    fn reconcile(&mut self, member: &Name, changed: bool, image: &MetadataImage) -> bool {
        let epoch = self.assignment_epoch;
        let target = self.targets.get(member).cloned().unwrap_or_default();
        let Some(member) = self.members.get_mut(member) else { return false };
        if member.epoch == epoch && !changed {
            return false;
        }
        let topics = topic_ids(&member.topics, image);
        let assigned = target.into_iter().filter(|tp| topics.contains(&tp.topic)).collect();
        if member.epoch != epoch {
            member.previous_epoch = member.epoch;
            member.epoch = epoch;
        }
        let news = member.assigned != assigned;
        member.assigned = assigned;
        news
    }

    fn answer(
        &self,
        body: &ShareGroupHeartbeat,
        reassigned: bool,
        config: ShareConfig,
    ) -> HeartbeatAnswer {
        let member = &self.members[&body.member_id];
        let told = body.member_epoch == 0 || body.subscribed_topic_names.is_some() || reassigned;
        HeartbeatAnswer {
            error: ErrorCode::None,
            member_id: Some(member.id.clone()),
            member_epoch: member.epoch,
            heartbeat_interval_ms: config.heartbeat_interval_ms,
            assignment: told.then(|| member.assigned.iter().copied().collect()),
        }
    }
}

fn check_epoch(member: Option<&ShareMember>, epoch: i32) -> Result<(), ErrorCode> {
    match member {
        _ if epoch == 0 => Ok(()),
        None => Err(ErrorCode::UnknownMemberId),
        Some(known) if epoch == known.epoch || epoch == known.previous_epoch => Ok(()),
        Some(_) => Err(ErrorCode::FencedMemberEpoch),
    }
}

fn topic_ids(names: &FlatSet<Name>, image: &MetadataImage) -> FlatSet<TopicId> {
    names.iter().filter_map(|name| image.topic_ids.get(name).copied()).collect()
}

/// What a group's epoch depends on besides its members: ids and sizes of its topics (`ModernGroup.computeMetadataHash`).
fn metadata_hash(topics: &FlatSet<Name>, image: &MetadataImage) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    for name in topics {
        if let Some((id, topic)) = image.topic(name) {
            (id, topic.partitions.len() as u64).hash(&mut hasher);
        }
    }
    hasher.finish()
}

struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
