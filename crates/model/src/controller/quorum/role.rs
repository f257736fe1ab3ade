//! What a voter is at the moment (`EpochState`).
//!
//! Invariant: only a leader knows how far the others are, only a nominee counts votes.

use crate::ids::{NodeId, Offset};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

/// A voter's role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Knows of no leader it could fetch from (`UnattachedState`).
    Unattached,
    /// Fetches from a leader (`FollowerState`).
    Follower {
        /// Whether that leader has answered a fetch.
        fetched: bool,
    },
    /// Asks whether it could win an election (`ProspectiveState`, KIP-996).
    Prospective(Votes),
    /// Stands for election (`CandidateState`).
    Candidate(Votes),
    /// Leads (`LeaderState`).
    Leader(Leadership),
    /// Led, and gave up or restarted (`ResignedState`).
    Resigned {
        /// Who shall stand first.
        successors: Vec<NodeId>,
        /// Who has not yet been told.
        untold: FlatSet<NodeId>,
    },
}

/// Votes of an election (`EpochElection`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Votes {
    granted: FlatSet<NodeId>,
    rejected: FlatSet<NodeId>,
}

impl Votes {
    /// A nominee votes for itself.
    pub fn of(me: NodeId) -> Self {
        Self { granted: FlatSet::from([me]), rejected: FlatSet::new() }
    }

    /// Counts a vote.
    pub fn record(&mut self, voter: NodeId, granted: bool) {
        if granted {
            self.granted.insert(voter);
        } else {
            self.rejected.insert(voter);
        }
    }

    /// Whether a voter has answered.
    pub fn has(&self, voter: NodeId) -> bool {
        self.granted.contains(&voter) || self.rejected.contains(&voter)
    }

    /// Whether a majority of `voters` has granted.
    pub fn is_won(&self, voters: usize) -> bool {
        self.granted.len() > voters / 2
    }

    /// Whether a majority can no longer grant.
    pub fn is_lost(&self, voters: usize) -> bool {
        voters - self.rejected.len() <= voters / 2
    }
}

/// What a leader knows of the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leadership {
    /// Offset of its first record.
    pub epoch_start: Offset,
    /// Log ends of the other voters, as their fetches told.
    ends: FlatMap<NodeId, Option<Offset>>,
    /// Who has fetched since the quorum was last seen whole.
    fetched: FlatSet<NodeId>,
    /// Who is to be told of this leader.
    pub untold: FlatSet<NodeId>,
}

impl Leadership {
    /// A leader whose first record will be at `epoch_start`.
    pub fn new(epoch_start: Offset, others: impl Iterator<Item = NodeId>) -> Self {
        let ends: FlatMap<_, _> = others.map(|id| (id, None)).collect();
        let untold = ends.keys().copied().collect();
        Self { epoch_start, ends, fetched: FlatSet::new(), untold }
    }

    /// A voter fetched from `offset`. Whether a majority has fetched since this was last so.
    pub fn fetched_from(&mut self, voter: NodeId, offset: Offset) -> bool {
        let Some(end) = self.ends.get_mut(&voter) else { return false };
        *end = Some(offset);
        self.untold.remove(&voter);
        self.fetched.insert(voter);
        let majority = self.fetched.len() + 1 > self.voters() / 2;
        if majority {
            self.fetched.clear();
        }
        majority
    }

    /// Who has not fetched yet.
    pub fn silent(&self) -> FlatSet<NodeId> {
        self.ends.iter().filter(|(_, end)| end.is_none()).map(|(id, _)| *id).collect()
    }

    /// How far a majority has the log, if that is past the leader's first record: only then earlier records are safe too.
    pub fn committed(&self, own_end: Offset) -> Option<Offset> {
        let mut ends: Vec<Option<Offset>> = self.ends.values().copied().collect();
        ends.push(Some(own_end));
        ends.sort_unstable();
        let held_by_majority = ends[ends.len() - 1 - self.voters() / 2]?;
        (held_by_majority > self.epoch_start).then_some(held_by_majority)
    }

    /// The other voters, those with most of the log first.
    pub fn successors(&self) -> Vec<NodeId> {
        let mut others: Vec<_> = self.ends.iter().map(|(id, end)| (*end, *id)).collect();
        others.sort_by_key(|(end, id)| (core::cmp::Reverse(*end), *id));
        others.into_iter().map(|(_, id)| id).collect()
    }

    fn voters(&self) -> usize {
        self.ends.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_commits_and_only_with_a_record_of_the_leader_itself() {
        // voters' fetch offsets, the leader's end, what is committed; the leader's first record is at 10
        type Case<'a> = (&'a [Option<i64>], i64, Option<i64>);
        let cases: &[Case<'_>] = &[
            (&[], 11, Some(11)),
            (&[None, None], 11, None),
            (&[Some(10), None], 11, None),
            (&[Some(11), None], 11, Some(11)),
            (&[Some(9), Some(12)], 15, Some(12)),
            (&[Some(14), Some(12)], 15, Some(14)),
            (&[Some(14), Some(12), Some(11), None], 15, Some(12)),
            (&[Some(14), None, None, None], 15, None),
        ];
        for (ends, own, committed) in cases {
            let ids = (101..).take(ends.len()).map(NodeId);
            let mut leader = Leadership::new(10, ids.clone());
            for (id, end) in ids.zip(*ends) {
                if let Some(end) = end {
                    leader.fetched_from(id, *end);
                }
            }
            assert_eq!(leader.committed(*own), *committed, "{ends:?}");
        }
    }

    #[test]
    fn an_election_of_three_is_won_by_two_and_lost_by_two() {
        let mut votes = Votes::of(NodeId(100));
        assert!(!votes.is_won(3) && !votes.is_lost(3));
        votes.record(NodeId(101), false);
        assert!(!votes.is_won(3) && !votes.is_lost(3));
        let mut lost = votes.clone();
        lost.record(NodeId(102), false);
        assert!(lost.is_lost(3));
        votes.record(NodeId(102), true);
        assert!(votes.is_won(3));
        assert!(Votes::of(NodeId(100)).is_won(1));
    }
}
