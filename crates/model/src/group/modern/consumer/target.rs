//! The target: who should have what, as of a group epoch (`TargetAssignmentBuilder`).
//!
//! A new one is made by whichever heartbeat finds that the group has changed, but not more often than
//! `group.consumer.assignment.interval.ms` allows (KIP-1263). Invariant: the target's epoch never passes the group's.

use super::{ConsumerGroup, FIRST_EPOCH};
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::group::OffsetsRecord;
use crate::group::java_order::sort_by_name;
use crate::group::modern::assignor::{GroupSpec, MemberSpec, ServerAssignor};
use crate::group::modern::limits::ModernLimits;
use crate::group::modern::records;
use crate::ids::{Name, TopicId};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

impl ConsumerGroup {
    /// Counts a change of the group.
    pub(super) fn bump(&mut self, reason: &str, records: &mut Vec<OffsetsRecord>, cx: &mut Cx<'_>) {
        self.epoch = (self.epoch + 1).max(FIRST_EPOCH);
        records.push(records::epoch_record(&self.id, Some(self.epoch)));
        cx.note(Fact::GroupEpoch {
            group: self.id.clone(),
            epoch: self.epoch,
            reason: reason.into(),
        });
    }

    /// Whether subscribed topics came, went or grew since the last look; looks again only when metadata is newer, or who
    /// reads what is.
    pub(super) fn topics_changed(&mut self, anyway: bool, image: &MetadataImage) -> bool {
        if !anyway && self.seen_metadata == image.next_offset {
            return false;
        }
        self.seen_metadata = image.next_offset;
        if anyway || self.has_patterns {
            let members = self.members.values();
            self.names = members.flat_map(|member| self.topics_of(member, image)).collect();
            self.has_patterns = self.members.values().any(|member| member.regex.is_some());
        }
        let known = self.names.iter().filter_map(|name| {
            let (id, topic) = image.topic(name)?;
            Some((name.clone(), (id, topic.partitions.len() as i32)))
        });
        let known: FlatMap<Name, (TopicId, i32)> = known.collect();
        let changed = known != self.topics;
        self.topics = known;
        changed
    }

    /// Makes a new target if the group has changed and enough time has passed.
    pub(super) fn maybe_assign(
        &mut self,
        limits: &ModernLimits,
        image: &MetadataImage,
        records: &mut Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) {
        let too_soon = self.assigned_at.is_some_and(|at| cx.now < at + limits.assignment_interval);
        if self.epoch <= self.target_epoch || too_soon {
            return;
        }
        self.assigned_at = Some(cx.now);
        let assignor = self.preferred_assignor(limits.default_assignor);
        let targets = assignor.assign(&self.spec(image));
        for (member, target) in &targets {
            if self.targets.get(member) != Some(target) {
                records.push(records::target_record(&self.id, member, Some(target)));
            }
        }
        self.targets = targets;
        self.target_epoch = self.epoch;
        records.push(records::target_epoch_record(&self.id, Some(self.target_epoch)));
        cx.note(Fact::TargetAssigned {
            group: self.id.clone(),
            epoch: self.target_epoch,
            members: self.size(),
            assignor: assignor.name(),
        });
    }

    /// The assignor that most members ask for (`computePreferredServerAssignor`).
    pub fn preferred_assignor(&self, default: ServerAssignor) -> ServerAssignor {
        let mut votes: FlatMap<ServerAssignor, u32> = FlatMap::new();
        for vote in self.members.values().filter_map(|member| member.assignor) {
            *votes.entry(vote).or_default() += 1;
        }
        let most = votes.values().copied().max();
        let winner = votes.into_iter().find(|(_, count)| Some(*count) == most);
        winner.map_or(default, |(assignor, _)| assignor)
    }

    /// The group as an assignor sees it, its members in the order of Java's hash map of their ids (`TargetAssignmentBuilder`).
    fn spec(&self, image: &MetadataImage) -> GroupSpec {
        let member = |id: &Name| {
            let member = &self.members[id];
            let names = self.topics_of(member, image);
            MemberSpec {
                id: id.clone(),
                instance_id: member.instance_id.clone(),
                topics: names
                    .iter()
                    .filter_map(|name| self.topics.get(name))
                    .map(|t| t.0)
                    .collect(),
                assigned: self.targets.get(id).cloned().unwrap_or_default(),
            }
        };
        GroupSpec {
            members: sort_by_name(self.order.clone(), |id| id).iter().map(member).collect(),
            partitions: self.topics.values().copied().collect(),
        }
    }
}
