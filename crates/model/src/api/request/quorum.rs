//! Requests among controllers, and of brokers that follow the metadata log.
//!
//! Invariant: epochs and offsets are of the metadata log, never of a partition.

use crate::ids::{LeaderEpoch, NodeId, Offset};
use alloc::vec::Vec;

/// FETCH of the metadata log by a broker (observer) or a voter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RaftFetch {
    /// Who fetches.
    pub replica_id: NodeId,
    /// The quorum epoch it knows.
    pub current_leader_epoch: LeaderEpoch,
    /// First offset wanted.
    pub fetch_offset: Offset,
    /// Epoch of its last record.
    pub last_fetched_epoch: LeaderEpoch,
    /// The high watermark it knows; the answer waits until there is a higher one or more data.
    pub high_watermark: Offset,
    /// How long the answer may wait.
    pub max_wait_ms: i32,
}

/// VOTE: a voter stands for election, or asks whether it could (KIP-996).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vote {
    /// Who stands.
    pub replica_id: NodeId,
    /// The epoch it would lead, or with `pre_vote` the one it is in.
    pub replica_epoch: LeaderEpoch,
    /// Epoch of its last record.
    pub last_offset_epoch: LeaderEpoch,
    /// Its log end.
    pub last_offset: Offset,
    /// Only asks.
    pub pre_vote: bool,
}

/// BEGIN_QUORUM_EPOCH: a new leader makes itself known to the voters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BeginQuorumEpoch {
    /// The leader.
    pub leader_id: NodeId,
    /// Its epoch.
    pub leader_epoch: LeaderEpoch,
}

/// END_QUORUM_EPOCH: a leader gives up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndQuorumEpoch {
    /// Who led.
    pub leader_id: NodeId,
    /// The epoch that ends.
    pub leader_epoch: LeaderEpoch,
    /// Who shall stand first: the voters by how much of the log they have.
    pub preferred_candidates: Vec<NodeId>,
}
