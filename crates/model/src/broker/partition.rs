//! One replica on this broker: its log, and whether it leads or follows (`kafka.cluster.Partition`).
//!
//! The log and the checkpointed high watermark lie on disk, all else is memory. Invariant: leader epoch and partition epoch only
//! grow while the process lives.

use super::Env;
use super::leadership::Leadership;
use crate::api::ErrorCode;
use crate::api::response::CurrentLeader;
use crate::config::topic::TopicConfig;
use crate::controller::records::PartitionState;
use crate::cx::Cx;
use crate::ids::{EpochMs, LeaderEpoch, NodeId, Offset, TopicPartition};
use crate::log::PartitionLog;
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Partition {
    /// Which partition.
    pub tp: TopicPartition,
    /// Disk: its log.
    pub log: PartitionLog,
    /// Disk: the high watermark as last written to `replication-offset-checkpoint`.
    pub checkpoint: Offset,
    /// The topic's configs.
    pub config: Arc<TopicConfig>,
    /// Who leads, as far as this replica knows; -1 for nobody.
    pub leader: NodeId,
    /// The leader's epoch; -1 before metadata said so.
    pub leader_epoch: LeaderEpoch,
    /// The partition's version; -1 before metadata said so.
    pub partition_epoch: i32,
    /// Set while this broker leads.
    pub leadership: Option<Leadership>,
    /// Parked fetches of consumers.
    pub watchers: Vec<ConnId>,
    /// The last stable offset as last stated, while it is below the high watermark.
    pub unstable: Option<Offset>,
}

/// What metadata made of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The metadata was old.
    None,
    /// It leads a new epoch.
    Elected,
    /// It leads as before, perhaps with another ISR.
    StillLeads,
    /// It follows in a new epoch.
    Follows,
    /// It follows as before.
    StillFollows,
}

impl Partition {
    /// An empty replica without a role.
    pub fn new(tp: TopicPartition, config: Arc<TopicConfig>, now: EpochMs) -> Self {
        Self {
            tp,
            log: PartitionLog::new(now),
            checkpoint: 0,
            config,
            leader: NodeId::NONE,
            leader_epoch: -1,
            partition_epoch: -1,
            leadership: None,
            watchers: Vec::new(),
            unstable: None,
        }
    }

    /// The process is gone: the log stays, and the high watermark as it was last written down.
    pub fn kill(&mut self) {
        self.log.set_high_watermark(self.checkpoint);
        self.log.producers_mut().forget_verifications();
        self.leader = NodeId::NONE;
        self.leader_epoch = -1;
        self.partition_epoch = -1;
        self.leadership = None;
        self.watchers.clear();
        self.unstable = None;
    }

    /// Leads or follows as the metadata says (`Partition.makeLeader`, `makeFollower`).
    pub fn apply(&mut self, me: NodeId, state: &PartitionState, cx: &mut Cx<'_>) -> Transition {
        if state.partition_epoch < self.partition_epoch {
            return Transition::None;
        }
        let new_epoch = state.leader_epoch > self.leader_epoch;
        self.partition_epoch = state.partition_epoch;
        self.leader_epoch = state.leader_epoch;
        self.leader = state.leader;
        match (state.leader == me, new_epoch) {
            (true, true) => {
                self.begin_leading(me, state, cx);
                Transition::Elected
            }
            (true, false) => {
                if let Some(leadership) = &mut self.leadership {
                    leadership.adopt(me, state, cx.now);
                }
                Transition::StillLeads
            }
            (false, new_epoch) => {
                self.leadership = None;
                if new_epoch {
                    let (epoch, leader) = (state.leader_epoch, state.leader);
                    cx.note(Fact::BecameFollower { tp: self.tp, epoch, leader });
                    Transition::Follows
                } else {
                    Transition::StillFollows
                }
            }
        }
    }

    /// Moves the high watermark as far as the followers allow, if this broker leads. Whether it moved.
    pub fn advance_high_watermark(&mut self, env: &Env<'_>, cx: &mut Cx<'_>) -> bool {
        let Some(leadership) = &self.leadership else { return false };
        let log_end = self.log.log_end();
        let allowed = leadership.allowed_high_watermark(log_end, &self.config, env, cx.now);
        allowed.is_some_and(|to| to > self.log.high_watermark() && self.set_high_watermark(to, cx))
    }

    /// Sets the high watermark and states it. Whether it moved.
    pub fn set_high_watermark(&mut self, to: Offset, cx: &mut Cx<'_>) -> bool {
        let moved = self.log.set_high_watermark(to);
        if let Some((from, to)) = moved {
            cx.note(Fact::HighWatermark { tp: self.tp, from, to });
            self.note_stable(cx);
        }
        moved.is_some()
    }

    /// States the last stable offset if it moved and is not the high watermark, or was not until now.
    pub fn note_stable(&mut self, cx: &mut Cx<'_>) {
        let to = self.log.last_stable_offset();
        let unstable = (to < self.log.high_watermark()).then_some(to);
        if unstable != self.unstable {
            self.unstable = unstable;
            cx.note(Fact::LastStable { tp: self.tp, to });
        }
    }

    /// Compares the leader epoch that a request knows with this replica's; -1 skips it.
    pub const fn check_epoch(&self, known: LeaderEpoch) -> Result<(), ErrorCode> {
        if known < 0 || known == self.leader_epoch {
            Ok(())
        } else if known < self.leader_epoch {
            Err(ErrorCode::FencedLeaderEpoch)
        } else {
            Err(ErrorCode::UnknownLeaderEpoch)
        }
    }

    /// The leader's state, or `NOT_LEADER_OR_FOLLOWER`.
    pub fn require_leadership(&self) -> Result<&Leadership, ErrorCode> {
        self.leadership.as_ref().ok_or(ErrorCode::NotLeaderOrFollower)
    }

    /// Where the leader is, for errors.
    pub const fn current_leader(&self) -> CurrentLeader {
        CurrentLeader { leader_id: self.leader, leader_epoch: self.leader_epoch }
    }

    fn begin_leading(&mut self, me: NodeId, state: &PartitionState, cx: &mut Cx<'_>) {
        let log_end = self.log.log_end();
        self.log.begin_epoch(state.leader_epoch);
        let leadership = match self.leadership.take() {
            Some(mut held) => {
                held.epoch_start = log_end;
                held.adopt(me, state, cx.now);
                for remote in &mut held.remotes {
                    remote.begin_epoch(state.isr.contains(&remote.id), log_end, cx.now);
                }
                held
            }
            None => Leadership::new(me, state, log_end, cx.now),
        };
        self.leadership = Some(leadership);
        cx.note(Fact::BecameLeader { tp: self.tp, epoch: state.leader_epoch, log_end });
    }
}
