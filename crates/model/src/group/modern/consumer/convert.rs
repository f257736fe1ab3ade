//! A group moves from the classic protocol to the consumer protocol and back, while it works
//! (`ConsumerGroup.fromClassicGroup`, `ClassicGroup.fromConsumerGroup`).
//!
//! Invariant: nobody loses a partition by the move itself.

use super::{ClassicSide, ConsumerGroup, ConsumerMember};
use crate::config::broker::MigrationPolicy;
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::OffsetsRecord;
use crate::group::classic::{ClassicGroup, Member};
use crate::group::java_order::sort_by_name;
use crate::group::modern::limits::ModernLimits;
use crate::group::modern::reconcile::{CurrentAssignment, ReconcileState};
use crate::group::modern::records;
use crate::group::records::StoredGroup;
use crate::ids::{Name, TopicPartition};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;

/// Whether a classic group may become one of the consumer protocol (`validateOnlineUpgrade`).
pub fn may_upgrade(group: &ClassicGroup, limits: &ModernLimits) -> bool {
    matches!(limits.migration, MigrationPolicy::Bidirectional | MigrationPolicy::Upgrade)
        && group.protocol_type.as_deref() == Some("consumer")
        && i64::from(group.size()) <= i64::from(limits.max_size)
}

impl ConsumerGroup {
    /// A classic group goes on as one of the consumer protocol: its generation is the epoch that everyone has reached.
    pub fn from_classic(group: &ClassicGroup, image: &MetadataImage, cx: &mut Cx<'_>) -> Self {
        let mut next = Self::new(group.id.clone());
        next.epoch = group.generation;
        next.target_epoch = group.generation;
        for member in group.members() {
            let upgraded = upgraded(group, member, image);
            next.targets.insert(member.id.clone(), upgraded.current.assigned.clone());
            let timeout = i64::from(member.session_timeout_ms);
            let timer = next.timer_session(&member.id);
            cx.arm(timer, kafkascope_kernel::Micros::from_config_ms(timeout));
            next.put(upgraded);
        }
        next.topics_changed(true, image);
        next.state = next.computed_state();
        cx.note(Fact::GroupConverted {
            group: group.id.clone(),
            to: "consumer",
            epoch: group.generation,
        });
        next
    }

    /// Everything that makes the group last.
    pub fn all_records(&self) -> Vec<OffsetsRecord> {
        let mut out = Vec::new();
        for member in self.members.values() {
            out.push(records::member_record(&self.id, member));
        }
        out.push(records::epoch_record(&self.id, Some(self.epoch)));
        for (member, target) in &self.targets {
            out.push(records::target_record(&self.id, member, Some(target)));
        }
        out.push(records::target_epoch_record(&self.id, Some(self.target_epoch)));
        for member in self.members.values() {
            out.push(records::current_record(&self.id, &member.id, Some(&member.current)));
        }
        out
    }

    /// Everything that takes the group out of the log.
    pub fn tombstones(&self) -> Vec<OffsetsRecord> {
        let ids = self.members.keys();
        let mut out: Vec<_> = ids.flat_map(|id| records::member_tombstones(&self.id, id)).collect();
        out.push(records::target_epoch_record(&self.id, None));
        out.push(records::epoch_record(&self.id, None));
        out
    }

    /// Whether without this member only members of the classic protocol are left and they may go back
    /// (`validateOnlineDowngradeWithFencedMember`).
    pub fn may_downgrade(&self, without: &str, limits: &ModernLimits) -> bool {
        let mut others = self.members.values().filter(|member| *member.id != *without);
        let back =
            matches!(limits.migration, MigrationPolicy::Bidirectional | MigrationPolicy::Downgrade);
        let others_left = self.members.len() > 1 && self.members.contains_key(without);
        back && others_left
            && others.all(|member| member.classic.is_some())
            && (self.size() as i32).saturating_sub(1) <= limits.classic_max_size
    }

    /// Whether it may if a new member that speaks the classic protocol takes the place of this static one
    /// (`validateOnlineDowngradeWithReplacedMember`).
    pub fn may_downgrade_replacing(&self, instance: Option<&Name>, limits: &ModernLimits) -> bool {
        let Some(old) = instance.and_then(|instance| self.static_members.get(instance)) else {
            return false;
        };
        let mut others = self.members.values().filter(|member| member.id != *old);
        matches!(limits.migration, MigrationPolicy::Bidirectional | MigrationPolicy::Downgrade)
            && others.all(|member| member.classic.is_some())
            && self.size() as i32 <= limits.classic_max_size
    }

    /// The group goes back to the classic protocol without a member that goes.
    pub fn into_classic(&self, image: &MetadataImage, cx: &mut Cx<'_>) -> ClassicGroup {
        let all: Vec<&ConsumerMember> = self.members.values().collect();
        let ordered = sort_by_name(all, |member| &member.id);
        let target = |member: &ConsumerMember| self.targets.get(&member.id);
        let members = ordered.into_iter().filter_map(|one| downgraded(one, target(one), image));
        let members: Vec<Member> = members.collect();
        let first = members.first().and_then(|member| member.protocols.first());
        let stored = StoredGroup {
            generation: self.epoch,
            protocol_type: Some("consumer".into()),
            protocol_name: first.map(|(name, _)| name.clone()),
            leader: members.first().map(|member| member.id.clone()),
            since: cx.epoch_ms(),
            members,
        };
        self.dissolve(cx);
        cx.note(Fact::GroupConverted { group: self.id.clone(), to: "classic", epoch: self.epoch });
        ClassicGroup::loaded(self.id.clone(), stored)
    }
}

fn upgraded(group: &ClassicGroup, member: &Member, image: &MetadataImage) -> ConsumerMember {
    let protocol = group.protocol_name.as_ref().or(member.protocols.first().map(|(name, _)| name));
    let subscription = member.subscription(protocol.map_or("", |name| name));
    let tp = |(topic, partition): &(Name, i32)| {
        Some(TopicPartition::new(*image.topic_ids.get(topic)?, *partition))
    };
    let assigned: FlatSet<_> = member.assignment.iter().filter_map(tp).collect();
    let mut topics = subscription.topics.clone();
    topics.sort();
    ConsumerMember {
        id: member.id.clone(),
        instance_id: member.instance_id.clone(),
        rack_id: subscription.rack_id,
        client_id: member.client_id.clone(),
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        topics,
        regex: None,
        assignor: None,
        current: CurrentAssignment {
            epoch: group.generation,
            previous_epoch: group.generation,
            state: ReconcileState::Stable,
            assigned,
            pending_revocation: FlatSet::new(),
        },
        classic: Some(ClassicSide {
            session_timeout_ms: member.session_timeout_ms,
            protocols: member.protocols.clone(),
            is_awaited: false,
        }),
    }
}

fn downgraded(
    member: &ConsumerMember,
    target: Option<&FlatSet<TopicPartition>>,
    image: &MetadataImage,
) -> Option<Member> {
    let side = member.classic.as_ref()?;
    let named =
        |tp: &TopicPartition| Some((image.topics.get(&tp.topic)?.name.clone(), tp.partition));
    Some(Member {
        id: member.id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        session_timeout_ms: side.session_timeout_ms,
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        protocols: side.protocols.clone(),
        assignment: target.into_iter().flatten().filter_map(named).collect(),
        awaiting_join: None,
        awaiting_sync: None,
        is_new: false,
    })
}
