//! What becomes of one partition: its leader, ISR, ELR and replicas (`PartitionChangeBuilder`).
//!
//! A pure function of the partition, who may lead and what is wanted; every leader in the cluster comes out of here.
//! Invariant: `partition_epoch` counts every change, `leader_epoch` exactly those that name a leader.

use super::records::PartitionState;
use crate::ids::NodeId;
use alloc::vec;
use alloc::vec::Vec;

/// How far an election may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Election {
    /// The first replica if it is in sync, else as [`Election::Online`].
    Preferred,
    /// The present leader if it may stay, else the first replica that is in sync.
    #[default]
    Online,
    /// As [`Election::Online`], but rather lose records than stay without a leader.
    Unclean,
}

/// A change of one partition under way: set what is wanted, then [`PartitionChange::build`].
#[derive(Clone)]
pub struct PartitionChange<'a> {
    partition: &'a PartitionState,
    acceptable: &'a dyn Fn(NodeId) -> bool,
    min_isr: usize,
    elr_enabled: bool,
    /// How far the election may go.
    pub election: Election,
    /// The ISR wanted.
    pub isr: Vec<NodeId>,
    /// The replicas wanted, in order of preference.
    pub replicas: Vec<NodeId>,
    /// Replicas that a reassignment adds.
    pub adding: Vec<NodeId>,
    /// Replicas that a reassignment removes.
    pub removing: Vec<NodeId>,
    /// The recovery state wanted; true is RECOVERING.
    pub recovering: bool,
    /// A broker known to have lost what it had not flushed.
    pub unclean_shutdown: Option<NodeId>,
    elr: Vec<NodeId>,
}

/// What the change record names besides the targets; `None` leaves a field as it is.
#[derive(Default)]
struct Named {
    leader: Option<NodeId>,
    isr: Option<Vec<NodeId>>,
    recovering: Option<bool>,
    last_known_elr: Option<Vec<NodeId>>,
}

struct Elected {
    leader: NodeId,
    unclean: bool,
}

impl<'a> PartitionChange<'a> {
    /// A change that wants nothing but a leader. `acceptable` tells which brokers live and stay, `min_isr` is the topic's
    /// effective `min.insync.replicas`, `elr_enabled` is `eligible.leader.replicas.version` 1 (a 4.3.1 cluster's default).
    pub fn new(
        partition: &'a PartitionState,
        acceptable: &'a dyn Fn(NodeId) -> bool,
        min_isr: usize,
        elr_enabled: bool,
    ) -> Self {
        Self {
            partition,
            acceptable,
            min_isr,
            elr_enabled,
            election: Election::Online,
            isr: partition.isr.clone(),
            replicas: partition.replicas.clone(),
            adding: partition.adding.clone(),
            removing: partition.removing.clone(),
            recovering: partition.recovering,
            unclean_shutdown: None,
            elr: partition.elr.clone(),
        }
    }

    /// The partition after the change, or `None` if nothing changes.
    pub fn build(mut self) -> Option<PartitionState> {
        self.complete_reassignment();
        self.refresh_elr();
        let mut named = self.elect();
        self.bump_for_removed_replicas(&mut named);
        if named.isr.is_some() || !self.elr_enabled {
            self.elr.clear();
        }
        self.name_isr(&mut named);
        self.name_last_known_leader(&mut named);
        if self.recovering != self.partition.recovering {
            named.recovering = Some(self.recovering);
        }
        self.merge(named)
    }

    /// A reassignment is complete once every target replica is in the ISR (`PartitionReassignmentReplicas`).
    fn complete_reassignment(&mut self) {
        if self.adding.is_empty() && self.removing.is_empty() {
            return;
        }
        let isr = without(&self.isr, &self.removing);
        let replicas = without(&self.replicas, &self.removing);
        let nothing_left = isr.is_empty() || replicas.is_empty();
        if nothing_left || !contains_all(&isr, &replicas) {
            return;
        }
        self.isr = isr;
        self.replicas = replicas;
        self.adding.clear();
        self.removing.clear();
    }

    /// Below min ISR, whoever leaves the ISR stays eligible unless it went down uncleanly (KIP-966).
    fn refresh_elr(&mut self) {
        if !self.elr_enabled {
            return;
        }
        if self.isr.len() >= self.min_isr {
            self.elr.clear();
            return;
        }
        self.elr.extend(&self.partition.isr);
        self.elr.sort_unstable();
        self.elr.dedup();
        let Self { elr, isr, unclean_shutdown, .. } = self;
        elr.retain(|replica| !isr.contains(replica) && Some(*replica) != *unclean_shutdown);
    }

    fn elect(&mut self) -> Named {
        let mut named = Named::default();
        let elected = self.choose();
        if elected.leader == self.partition.leader {
            return named;
        }
        if self.elr.contains(&elected.leader) {
            self.isr = vec![elected.leader];
            self.elr.retain(|replica| *replica != elected.leader);
        }
        if elected.unclean {
            named.isr = Some(vec![elected.leader]);
            named.recovering = (!self.partition.recovering).then_some(true);
        }
        named.leader = Some(elected.leader);
        named
    }

    fn choose(&self) -> Elected {
        let clean = |leader| Elected { leader, unclean: false };
        let unclean = |leader| Elected { leader, unclean: true };
        let preferred = self.replicas.first().filter(|_| self.election == Election::Preferred);
        if let Some(first) = preferred.filter(|first| self.is_valid(**first)) {
            return clean(*first);
        }
        if self.is_valid(self.partition.leader) {
            return clean(self.partition.leader);
        }
        if let Some(online) = self.replicas.iter().find(|replica| self.is_valid(**replica)) {
            return clean(*online);
        }
        if let Some(last) = self.last_known_leader() {
            return unclean(last);
        }
        let live = self.replicas.iter().find(|replica| (self.acceptable)(**replica));
        match live.filter(|_| self.election == Election::Unclean) {
            Some(live) => unclean(*live),
            None => clean(NodeId::NONE),
        }
    }

    fn is_valid(&self, replica: NodeId) -> bool {
        let complete = if self.isr.is_empty() {
            self.elr.contains(&replica)
        } else {
            self.isr.contains(&replica)
        };
        complete && (self.acceptable)(replica)
    }

    /// When ISR and ELR ran empty, whoever led last has at least as much as anyone (KIP-966's balanced recovery).
    fn last_known_leader(&self) -> Option<NodeId> {
        if !self.elr_enabled || !self.isr.is_empty() || !self.elr.is_empty() {
            return None;
        }
        let [last] = self.partition.last_known_elr[..] else { return None };
        (self.acceptable)(last).then_some(last)
    }

    /// A replica that is taken away must notice, so the leader is named again and the leader epoch grows.
    fn bump_for_removed_replicas(&self, named: &mut Named) {
        if named.leader.is_none() && !contains_all(&self.replicas, &self.partition.replicas) {
            named.leader = Some(self.partition.leader);
        }
    }

    fn name_isr(&self, named: &mut Named) {
        let may_change = !self.isr.is_empty() || self.elr_enabled;
        if named.isr.is_none() && may_change && self.isr != self.partition.isr {
            named.isr = Some(self.isr.clone());
        }
    }

    fn name_last_known_leader(&self, named: &mut Named) {
        if !self.elr_enabled {
            return;
        }
        let old = &self.partition.last_known_elr;
        match named.leader {
            Some(NodeId::NONE) if old.is_empty() => {
                named.last_known_elr = Some(vec![self.partition.leader]);
            }
            Some(leader) if leader != NodeId::NONE && !old.is_empty() => {
                named.last_known_elr = Some(Vec::new());
            }
            Some(_) | None => {}
        }
    }

    fn merge(self, named: Named) -> Option<PartitionState> {
        let old = self.partition;
        let last_known_elr = named.last_known_elr.unwrap_or_else(|| old.last_known_elr.clone());
        let mut next = PartitionState {
            replicas: self.replicas,
            isr: named.isr.unwrap_or_else(|| old.isr.clone()),
            elr: self.elr,
            last_known_elr,
            leader: named.leader.unwrap_or(old.leader),
            leader_epoch: old.leader_epoch,
            partition_epoch: old.partition_epoch,
            adding: self.adding,
            removing: self.removing,
            recovering: named.recovering.unwrap_or(old.recovering),
        };
        if named.leader.is_none() && next == *old {
            return None;
        }
        next.leader_epoch += i32::from(named.leader.is_some());
        next.partition_epoch += 1;
        assert!(
            next.leader == NodeId::NONE || next.isr.contains(&next.leader),
            "leaders are in sync"
        );
        Some(next)
    }
}

impl core::fmt::Debug for PartitionChange<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PartitionChange")
            .field("partition", self.partition)
            .field("election", &self.election)
            .field("isr", &self.isr)
            .finish_non_exhaustive()
    }
}

/// `all` less `removed`, in order.
pub(super) fn without(all: &[NodeId], removed: &[NodeId]) -> Vec<NodeId> {
    all.iter().copied().filter(|node| !removed.contains(node)).collect()
}

/// Whether every one of `wanted` is in `all`.
pub(super) fn contains_all(all: &[NodeId], wanted: &[NodeId]) -> bool {
    wanted.iter().all(|node| all.contains(node))
}
