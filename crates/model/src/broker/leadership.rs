//! What a leader knows and decides of one partition: followers, ISR, high watermark (`kafka.cluster.Partition`).
//!
//! While a larger ISR is proposed, the high watermark already waits for the newcomer; while a smaller one is proposed, it still
//! waits for the laggard. Invariant: at most one proposal is under way, and the leader never proposes to leave.

use super::Env;
use super::remote::Remote;
use crate::config::topic::TopicConfig;
use crate::controller::image::MetadataImage;
use crate::controller::records::PartitionState;
use crate::ids::{NodeId, Offset};
use crate::net::ConnId;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// A leader's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leadership {
    /// The log end when this epoch began.
    pub epoch_start: Offset,
    /// The ISR as the controller has it.
    pub isr: Vec<NodeId>,
    /// The ISR that was proposed and not yet answered.
    pub proposed: Option<Proposal>,
    /// After an unclean election, until an ISR change has gone through.
    pub recovering: bool,
    /// The other replicas.
    pub remotes: Vec<Remote>,
    /// Produce requests that wait for the high watermark to reach an offset.
    pub waiting: Vec<(Offset, ConnId)>,
}

/// A proposed ISR.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// The members.
    pub isr: Vec<NodeId>,
    /// Whether it adds a member; otherwise it drops some.
    pub expands: bool,
}

impl Leadership {
    /// A new leader's state.
    pub fn new(me: NodeId, state: &PartitionState, epoch_start: Offset, now: SimTime) -> Self {
        let mut leadership = Self {
            epoch_start,
            isr: Vec::new(),
            proposed: None,
            recovering: false,
            remotes: Vec::new(),
            waiting: Vec::new(),
        };
        leadership.adopt(me, state, now);
        leadership
    }

    /// Takes over replicas and ISR from metadata; a proposal that is still open is thereby settled.
    pub fn adopt(&mut self, me: NodeId, state: &PartitionState, now: SimTime) {
        self.isr.clone_from(&state.isr);
        self.recovering = state.recovering;
        self.proposed = None;
        let known = core::mem::take(&mut self.remotes);
        for id in state.replicas.iter().copied().filter(|id| *id != me) {
            let kept = known.iter().find(|remote| remote.id == id).copied();
            let fresh = || Remote::new(id, self.isr.contains(&id), now);
            self.remotes.push(kept.unwrap_or_else(fresh));
        }
    }

    /// The largest ISR that may be in force at the controller.
    pub fn maximal_isr(&self) -> &[NodeId] {
        match &self.proposed {
            Some(proposal) if proposal.expands => &proposal.isr,
            Some(_) | None => &self.isr,
        }
    }

    /// `min.insync.replicas`, but never more than there are replicas.
    pub fn min_isr(&self, config: &TopicConfig) -> usize {
        let wanted = usize::try_from(config.min_insync_replicas).unwrap_or(1);
        wanted.min(self.remotes.len() + 1)
    }

    /// Whether too few replicas are in sync for acks=all.
    pub fn is_under_min_isr(&self, config: &TopicConfig) -> bool {
        self.isr.len() < self.min_isr(config)
    }

    /// The high watermark that the followers' progress allows; none while the ISR is too small.
    pub fn allowed_high_watermark(
        &self,
        log_end: Offset,
        config: &TopicConfig,
        env: &Env<'_>,
        now: SimTime,
    ) -> Option<Offset> {
        if self.is_under_min_isr(config) {
            return None;
        }
        let lag_max = lag_max(env);
        let counts = |remote: &&Remote| {
            self.maximal_isr().contains(&remote.id)
                || (remote.is_caught_up(log_end, now, lag_max) && may_join(remote, env.image))
        };
        let ends = self.remotes.iter().filter(counts).map(|remote| remote.log_end);
        Some(ends.fold(log_end, Offset::min))
    }

    /// A remote.
    pub fn remote_mut(&mut self, id: NodeId) -> Option<&mut Remote> {
        self.remotes.iter_mut().find(|remote| remote.id == id)
    }

    /// The ISR with `id`, if it may join now.
    pub fn expansion(
        &self,
        id: NodeId,
        high_watermark: Offset,
        image: &MetadataImage,
    ) -> Option<Proposal> {
        if self.proposed.is_some() || self.isr.contains(&id) {
            return None;
        }
        let remote = self.remotes.iter().find(|remote| remote.id == id)?;
        let in_sync = remote.log_end >= high_watermark && remote.log_end >= self.epoch_start;
        if !in_sync || !may_join(remote, image) {
            return None;
        }
        let mut isr = self.isr.clone();
        isr.push(id);
        isr.sort_unstable();
        Some(Proposal { isr, expands: true })
    }

    /// The ISR without those who lag, if there are any: the proposal, and the laggards with their log ends.
    pub fn shrinking(
        &self,
        log_end: Offset,
        env: &Env<'_>,
        now: SimTime,
    ) -> Option<(Proposal, Vec<(NodeId, Offset)>)> {
        if self.proposed.is_some() || self.isr.len() <= 1 {
            return None;
        }
        let lag_max = lag_max(env);
        let lags = |remote: &&Remote| {
            self.isr.contains(&remote.id) && !remote.is_caught_up(log_end, now, lag_max)
        };
        let laggards: Vec<_> =
            self.remotes.iter().filter(lags).map(|remote| (remote.id, remote.log_end)).collect();
        if laggards.is_empty() {
            return None;
        }
        let stays = |id: &NodeId| !laggards.iter().any(|(laggard, _)| laggard == id);
        let isr = self.isr.iter().copied().filter(stays).collect();
        Some((Proposal { isr, expands: false }, laggards))
    }
}

fn lag_max(env: &Env<'_>) -> Micros {
    Micros::from_config_ms(env.config.replica_lag_time_max_ms)
}

/// Whether the controller would take a follower into the ISR (`Partition.isReplicaIsrEligible`).
fn may_join(remote: &Remote, image: &MetadataImage) -> bool {
    image.brokers.get(&remote.id).is_some_and(|broker| {
        broker.is_active() && (remote.broker_epoch == -1 || remote.broker_epoch == broker.epoch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::records::MetadataRecord;
    use alloc::vec;

    const FOLLOWER: NodeId = NodeId(2);

    fn image() -> MetadataImage {
        let mut image = MetadataImage::default();
        let broker = MetadataRecord::RegisterBroker {
            broker: FOLLOWER,
            epoch: 1,
            incarnation: 0,
            rack: None,
            fenced: false,
        };
        image.apply(0, 0, &broker);
        image
    }

    fn led_alone(epoch_start: Offset) -> Leadership {
        let state = PartitionState {
            replicas: vec![NodeId(1), FOLLOWER],
            isr: vec![NodeId(1)],
            elr: Vec::new(),
            last_known_elr: Vec::new(),
            leader: NodeId(1),
            leader_epoch: 1,
            partition_epoch: 1,
            adding: Vec::new(),
            removing: Vec::new(),
            recovering: false,
        };
        Leadership::new(NodeId(1), &state, epoch_start, SimTime::ZERO)
    }

    #[test]
    fn a_follower_joins_once_it_has_everything_shown_and_what_its_leader_began_with() {
        // high watermark, where the epoch began, the follower's end, whether it may join
        let cases = [(10, 5, 9, false), (10, 5, 10, true), (4, 7, 6, false), (4, 7, 7, true)];
        for (high_watermark, epoch_start, end, joins) in cases {
            let mut leadership = led_alone(epoch_start);
            leadership.remote_mut(FOLLOWER).expect("it is a replica").log_end = end;
            let proposal = leadership.expansion(FOLLOWER, high_watermark, &image());
            assert_eq!(proposal.is_some(), joins, "{high_watermark} {epoch_start} {end}");
        }
    }
}
