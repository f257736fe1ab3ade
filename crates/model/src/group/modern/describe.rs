//! Groups of the consumer protocol as an administrator sees them (`ConsumerGroup.asDescribedGroup`).
//!
//! Invariant: a member shows what it has, not what it should have.

use super::assignor::ServerAssignor;
use super::consumer::{ConsumerGroup, ConsumerMember};
use crate::api::ErrorCode;
use crate::api::response::{DescribedConsumerGroup, DescribedMember, ListedGroup};
use crate::controller::image::MetadataImage;
use crate::ids::Name;
use alloc::vec::Vec;

impl ConsumerGroup {
    /// What CONSUMER_GROUP_DESCRIBE answers; `default` assigns where no member has a wish.
    pub fn described(
        &self,
        image: &MetadataImage,
        default: ServerAssignor,
    ) -> DescribedConsumerGroup {
        let member = |member: &ConsumerMember| {
            let assigned = member.current.assigned.iter();
            let shown = DescribedMember {
                member_id: member.id.clone(),
                group_instance_id: member.instance_id.clone(),
                client_id: member.client_id.clone(),
                assignment: assigned
                    .filter_map(|tp| {
                        Some((image.topics.get(&tp.topic)?.name.clone(), tp.partition))
                    })
                    .collect(),
            };
            (shown, member.current.epoch)
        };
        DescribedConsumerGroup {
            error: ErrorCode::None,
            group_id: self.id.clone(),
            group_state: self.computed_state().name().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.target_epoch,
            assignor_name: self.preferred_assignor(default).name().into(),
            members: self.members().map(member).collect(),
        }
    }

    /// Its line in LIST_GROUPS.
    pub fn listed(&self) -> ListedGroup {
        ListedGroup {
            group_id: self.id.clone(),
            protocol_type: "consumer".into(),
            group_state: self.computed_state().name().into(),
            group_type: "consumer".into(),
        }
    }
}

/// What CONSUMER_GROUP_DESCRIBE answers of a group that is none, or of another kind.
pub fn not_described(id: &Name, error: ErrorCode) -> DescribedConsumerGroup {
    DescribedConsumerGroup {
        error,
        group_id: id.clone(),
        group_state: "".into(),
        group_epoch: 0,
        assignment_epoch: 0,
        assignor_name: "".into(),
        members: Vec::new(),
    }
}
