//! How a member comes from what it has to what it should have (`CurrentAssignmentBuilder`, `MemberState`).
//!
//! First it gives up, then it moves to the target's epoch, then it gets what is free. Invariant: a member's epoch rises only
//! when it has nothing left to give up.

use crate::ids::TopicPartition;
use kafkascope_kernel::FlatSet;

/// Where a member stands on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReconcileState {
    /// It has what it should have.
    #[default]
    Stable,
    /// It has to give up partitions.
    UnrevokedPartitions,
    /// It waits for partitions that others have not given up.
    UnreleasedPartitions,
}

/// What a member has and is asked to give up (`ConsumerGroupMember`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CurrentAssignment {
    /// The epoch that it has converged to.
    pub epoch: i32,
    /// The one before.
    pub previous_epoch: i32,
    /// Where it stands.
    pub state: ReconcileState,
    /// What it may read.
    pub assigned: FlatSet<TopicPartition>,
    /// What it has to give up.
    pub pending_revocation: FlatSet<TopicPartition>,
}

impl CurrentAssignment {
    /// The next step towards a target. `owned` is what the member says it has, if it says so; `is_taken` tells what other
    /// members still hold.
    pub fn next(
        &self,
        target_epoch: i32,
        target: &FlatSet<TopicPartition>,
        owned: Option<&FlatSet<TopicPartition>>,
        is_taken: impl Fn(TopicPartition) -> bool,
    ) -> Self {
        let step = |epoch| self.step(epoch, target_epoch, target, owned, &is_taken);
        match self.state {
            ReconcileState::Stable if self.epoch == target_epoch => self.clone(),
            ReconcileState::Stable | ReconcileState::UnreleasedPartitions => step(self.epoch),
            ReconcileState::UnrevokedPartitions => {
                if still_owns(owned, &self.pending_revocation) {
                    self.clone()
                } else {
                    step(self.epoch + 1)
                }
            }
        }
    }

    /// Whether it has what it should have as of an epoch (`isReconciledTo`).
    pub fn is_reconciled_to(&self, target_epoch: i32) -> bool {
        self.state == ReconcileState::Stable && self.epoch == target_epoch
    }

    fn step(
        &self,
        epoch: i32,
        target_epoch: i32,
        target: &FlatSet<TopicPartition>,
        owned: Option<&FlatSet<TopicPartition>>,
        is_taken: &impl Fn(TopicPartition) -> bool,
    ) -> Self {
        let mut assigned: FlatSet<_> = self.assigned.intersection(target).copied().collect();
        let pending_revocation: FlatSet<_> = self.assigned.difference(target).copied().collect();
        let wanted = target.iter().copied().filter(|tp| !assigned.contains(tp));
        let (taken, free): (FlatSet<_>, FlatSet<_>) = wanted.partition(|tp| is_taken(*tp));
        if !pending_revocation.is_empty() && still_owns(owned, &pending_revocation) {
            let state = ReconcileState::UnrevokedPartitions;
            return self.moved(epoch, state, assigned, pending_revocation);
        }
        assigned.extend(free);
        let state = if taken.is_empty() {
            ReconcileState::Stable
        } else {
            ReconcileState::UnreleasedPartitions
        };
        self.moved(target_epoch, state, assigned, FlatSet::new())
    }

    fn moved(
        &self,
        epoch: i32,
        state: ReconcileState,
        assigned: FlatSet<TopicPartition>,
        pending_revocation: FlatSet<TopicPartition>,
    ) -> Self {
        let previous_epoch = if epoch == self.epoch { self.previous_epoch } else { self.epoch };
        Self { epoch, previous_epoch, state, assigned, pending_revocation }
    }
}

/// Without a word about it, a member is taken to have everything.
fn still_owns(owned: Option<&FlatSet<TopicPartition>>, revoked: &FlatSet<TopicPartition>) -> bool {
    owned.is_none_or(|owned| !owned.is_disjoint(revoked))
}
