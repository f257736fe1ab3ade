//! The group's leader: it deals the partitions and watches the topics (`ConsumerCoordinator.onLeaderElected`).
//!
//! Invariant: it assigns by metadata that covers every topic anyone in the group subscribed to.

use super::Consumer;
use super::membership::JoinFuture;
use crate::api::ErrorCode;
use crate::api::response::JoinGroup;
use crate::client::cluster::Cluster;
use crate::config::consumer::Assignor;
use crate::cx::Cx;
use crate::group::assignor::{self, AssignedMember, Topics};
use crate::ids::Name;
use alloc::vec;
use kafkascope_kernel::FlatSet;

impl Consumer {
    /// It leads: it learns of every topic of the group first, then assigns.
    pub(super) fn lead(&mut self, answer: JoinGroup, cx: &mut Cx<'_>) {
        self.membership.is_leader = true;
        let topics: FlatSet<Name> =
            answer.members.iter().flat_map(|(_, _, s)| s.topics.iter().cloned()).collect();
        self.client.metadata.set_topics(&topics);
        self.membership.to_assign = Some(answer);
        let stale = self.client.metadata.wants_update();
        self.membership.stale_version = stale.then(|| self.client.metadata.version());
        self.assign_when_known(cx);
    }

    /// Assigns as soon as metadata is there: an update that was asked for before is waited for (`ensureFreshMetadata`).
    pub(super) fn assign_when_known(&mut self, cx: &mut Cx<'_>) {
        let metadata = &self.client.metadata;
        let stale = self.membership.stale_version == Some(metadata.version());
        if self.membership.to_assign.is_none() || metadata.wants_new_topics() || stale {
            return;
        }
        let Some(answer) = self.membership.to_assign.take() else { return };
        if !matches!(self.membership.join, JoinFuture::InFlight) {
            return;
        }
        let topics = self.topics_of(&answer);
        self.membership.assigned_by = Some(topics.clone());
        if answer.skip_assignment {
            self.send_sync(vec![], cx);
            return;
        }
        let Some(chosen) = self.membership.generation.protocol else {
            self.membership.join = JoinFuture::Done(Err(ErrorCode::InconsistentGroupProtocol));
            return;
        };
        let members = answer.members.into_iter().map(|(id, instance_id, subscription)| {
            AssignedMember { id, instance_id, subscription }
        });
        let members: alloc::vec::Vec<_> = members.collect();
        let assignment = assignor::assign(chosen, &topics, &members);
        self.send_sync(assignment.into_iter().collect(), cx);
    }

    /// The leader's topics changed since it assigned: the group is to rebalance.
    pub(super) fn watch_topics(&mut self) {
        let Some(assigned_by) = &self.membership.assigned_by else { return };
        let cluster = self.client.metadata.cluster();
        let changed = assigned_by.iter().any(|(topic, racks)| racks_of(cluster, topic) != *racks);
        if changed && !self.membership.rejoin_needed {
            self.membership.request_rejoin("cached metadata has changed");
        }
    }

    fn topics_of(&self, answer: &JoinGroup) -> Topics {
        let cluster = self.client.metadata.cluster();
        let names = answer.members.iter().flat_map(|(_, _, subscription)| &subscription.topics);
        names.map(|name| (name.clone(), racks_of(cluster, name))).collect()
    }

    /// Whether partitions that change hands are given up first and handed out one rebalance later (KIP-429).
    pub(super) fn is_cooperative(&self) -> bool {
        self.config.assignors.0.iter().all(|a| *a == Assignor::CooperativeSticky)
    }
}

/// The racks of each partition's replicas; nothing of an unknown topic.
fn racks_of(cluster: &Cluster, topic: &str) -> alloc::vec::Vec<FlatSet<Name>> {
    let partitions = cluster.topic(topic).map_or(&[][..], |known| &known.partitions[..]);
    let racks = |replicas: &[crate::ids::NodeId]| {
        replicas.iter().filter_map(|replica| cluster.racks.get(replica).cloned()).collect()
    };
    partitions.iter().map(|partition| racks(&partition.replicas)).collect()
}
