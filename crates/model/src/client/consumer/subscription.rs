//! What a consumer reads: its assignment, and for each partition where it stands (`SubscriptionState`).
//!
//! Partitions are known by name, as in Kafka's own client. Invariant: only a partition with a position that needs neither reset
//! nor validation is fetched.

use crate::config::consumer::AutoOffsetReset;
use crate::group::java_order;
use crate::ids::{EpochMs, LeaderEpoch, Name, NodeId, Offset};
use alloc::vec::Vec;
use kafkascope_kernel::SimTime;

/// A partition by its topic's name.
pub type Partition = (Name, i32);

/// The next record to hand to the application (`FetchPosition`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Its offset.
    pub offset: Offset,
    /// Epoch of the record before it, if known.
    pub offset_epoch: Option<LeaderEpoch>,
    /// The partition's leader as of the last metadata.
    pub leader: Option<NodeId>,
    /// The leader's epoch; -1 unknown.
    pub leader_epoch: LeaderEpoch,
}

/// What a partition waits for before it is fetched (`FetchStates`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FetchState {
    /// Its committed offset.
    Initializing,
    /// An offset by this strategy.
    AwaitReset(AutoOffsetReset),
    /// The first offset at or after this moment, in milliseconds since 1970.
    AwaitTime(EpochMs),
    /// There was nothing at or after it: the end is looked for.
    AwaitEnd,
    /// Word that the leader's log still has what was read.
    AwaitValidation,
    /// Nothing.
    Fetching,
}

/// One assigned partition (`TopicPartitionState`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigned {
    /// Which.
    pub partition: Partition,
    /// What it waits for.
    pub state: FetchState,
    /// Where it stands; none before it is known.
    pub position: Option<Position>,
    /// It is about to be revoked, so nothing more of it is fetched or returned.
    pub pending_revocation: bool,
    /// The application paused it.
    pub paused: bool,
    /// No reset or validation is asked for before this.
    pub retry_at: SimTime,
    /// Read from this replica until then, instead of the leader.
    pub preferred_replica: Option<(NodeId, SimTime)>,
}

/// All assigned partitions, the one that waits longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Subscriptions {
    assigned: Vec<Assigned>,
}

impl Assigned {
    const fn new(partition: Partition) -> Self {
        Self {
            partition,
            state: FetchState::Initializing,
            position: None,
            pending_revocation: false,
            paused: false,
            retry_at: SimTime::ZERO,
            preferred_replica: None,
        }
    }

    /// Where it stands, if it can be fetched.
    pub fn fetch_position(&self) -> Option<Position> {
        let ready = self.state == FetchState::Fetching && !self.pending_revocation && !self.paused;
        if ready { self.position } else { None }
    }

    /// Whether an offset is being looked up for it.
    pub const fn is_looked_up(&self) -> bool {
        matches!(
            self.state,
            FetchState::AwaitReset(_) | FetchState::AwaitTime(_) | FetchState::AwaitEnd
        )
    }

    /// Whether it has a position that holds, as commits and `position()` see it (`hasValidPosition`).
    pub fn has_valid_position(&self) -> bool {
        self.state == FetchState::Fetching && self.position.is_some()
    }

    /// Looks for a new offset by a strategy (`requestOffsetReset`).
    pub fn request_reset(&mut self, strategy: AutoOffsetReset) {
        self.state = FetchState::AwaitReset(strategy);
        self.position = None;
        self.retry_at = SimTime::ZERO;
        self.preferred_replica = None;
    }

    /// Looks for its committed offset again.
    pub fn forget_position(&mut self) {
        self.state = FetchState::Initializing;
        self.position = None;
    }

    /// Looks for the first offset at or after a moment (`offsetsForTimes`).
    pub fn request_time(&mut self, timestamp: EpochMs) {
        self.request_reset(AutoOffsetReset::Latest);
        self.state = FetchState::AwaitTime(timestamp);
    }

    /// Looks for the end (`seekToEnd`).
    pub fn request_end(&mut self) {
        self.request_reset(AutoOffsetReset::Latest);
        self.state = FetchState::AwaitEnd;
    }

    /// Goes on from a position whose past is to be checked first, if that is possible (`seekUnvalidated`).
    pub fn seek(&mut self, position: Position) {
        self.retry_at = SimTime::ZERO;
        self.preferred_replica = None;
        self.position = Some(position);
        self.state = if position.offset_epoch.is_some() && position.leader_epoch >= 0 {
            FetchState::AwaitValidation
        } else {
            FetchState::Fetching
        };
    }

    /// The leader changed: what was read from the old one is checked against the new one (`maybeValidatePosition`).
    pub fn leader_changed(&mut self, leader: Option<NodeId>, epoch: LeaderEpoch) {
        let Some(position) = &self.position else { return };
        if leader.is_none() || (position.leader, position.leader_epoch) == (leader, epoch) {
            return;
        }
        self.seek(Position { leader, leader_epoch: epoch, ..*position });
    }
}

impl Subscriptions {
    /// The partitions, in the order in which they are fetched.
    pub fn iter(&self) -> impl Iterator<Item = &Assigned> {
        self.assigned.iter()
    }

    /// One partition.
    pub fn get(&self, partition: &Partition) -> Option<&Assigned> {
        self.assigned.iter().find(|assigned| assigned.partition == *partition)
    }

    /// One partition, to be changed.
    pub fn get_mut(&mut self, partition: &Partition) -> Option<&mut Assigned> {
        self.assigned.iter_mut().find(|assigned| assigned.partition == *partition)
    }

    /// Names, sorted.
    pub fn partitions(&self) -> Vec<Partition> {
        let mut names: Vec<_> =
            self.assigned.iter().map(|assigned| assigned.partition.clone()).collect();
        names.sort();
        names
    }

    /// Makes exactly these assigned, in order of topic and partition; those that stay keep their position
    /// (`assignFromSubscribed`).
    pub fn assign(&mut self, partitions: &[Partition]) {
        self.replace(partitions);
        self.assigned.sort_by(|a, b| a.partition.cmp(&b.partition));
    }

    /// Makes exactly these assigned, in a hash map's order (`assignFromUser`).
    pub fn assign_by_hand(&mut self, partitions: &[Partition]) {
        self.replace(partitions);
        let listed = core::mem::take(&mut self.assigned);
        let order = java_order::DEFAULT_CAPACITY;
        self.assigned = java_order::sort(listed, order, |assigned| &assigned.partition);
    }

    fn replace(&mut self, partitions: &[Partition]) {
        self.assigned.retain(|assigned| partitions.contains(&assigned.partition));
        for partition in partitions {
            if self.get(partition).is_none() {
                self.assigned.push(Assigned::new(partition.clone()));
            }
        }
        for assigned in &mut self.assigned {
            assigned.pending_revocation = false;
        }
    }

    /// Nothing more of any partition is fetched or returned (`markPendingRevocation`).
    pub fn mark_pending_revocation(&mut self) {
        for assigned in &mut self.assigned {
            assigned.pending_revocation = true;
        }
    }

    /// The same for partitions that are not among these.
    pub fn mark_pending_revocation_except(&mut self, kept: &[Partition]) {
        for assigned in &mut self.assigned {
            assigned.pending_revocation |= !kept.contains(&assigned.partition);
        }
    }

    /// A partition had its turn (`movePartitionToEnd`).
    pub fn move_to_end(&mut self, partition: &Partition) {
        if let Some(index) = self.assigned.iter().position(|a| a.partition == *partition) {
            let assigned = self.assigned.remove(index);
            self.assigned.push(assigned);
        }
    }

    /// Whether every partition has a position that holds.
    pub fn has_all_positions(&self) -> bool {
        self.assigned.iter().all(Assigned::has_valid_position)
    }

    /// Positions to commit (`allConsumed`): partition, offset, epoch of the last record read or -1.
    pub fn all_consumed(&self) -> Vec<(Partition, Offset, LeaderEpoch)> {
        let valid = self.assigned.iter().filter(|assigned| assigned.has_valid_position());
        let consumed: Vec<_> = valid
            .filter_map(|assigned| {
                let position = assigned.position?;
                let epoch = position.offset_epoch.unwrap_or(-1);
                Some((assigned.partition.clone(), position.offset, epoch))
            })
            .collect();
        java_order::sort(consumed, java_order::DEFAULT_CAPACITY, |consumed| &consumed.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset_epoch: Option<LeaderEpoch>) -> Position {
        Position { offset: 7, offset_epoch, leader: Some(NodeId(1)), leader_epoch: 2 }
    }

    #[test]
    fn only_a_position_whose_past_is_known_is_checked_against_the_leader() {
        for (epoch, state) in [(None, FetchState::Fetching), (Some(1), FetchState::AwaitValidation)]
        {
            let mut assigned = Assigned::new(("t".into(), 0));
            assigned.seek(position(epoch));
            assert_eq!(assigned.state, state);
        }
    }

    #[test]
    fn a_partition_that_stays_keeps_its_position() {
        let mut subscriptions = Subscriptions::default();
        let (zero, one) = (("t".into(), 0), ("t".into(), 1));
        subscriptions.assign(&[zero.clone(), one.clone()]);
        subscriptions.get_mut(&one).expect("assigned").seek(position(None));
        subscriptions.assign(&[one.clone(), ("u".into(), 0)]);
        assert_eq!(subscriptions.get(&one).and_then(|a| a.position), Some(position(None)));
        assert!(subscriptions.get(&zero).is_none() && !subscriptions.has_all_positions());
        assert_eq!(subscriptions.all_consumed(), [(one, 7, -1)]);
    }
}
