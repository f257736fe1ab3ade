//! The quorum: how the controllers agree on one log and on who writes it (`KafkaRaftClient`, `QuorumState`).
//!
//! A voter asks by pre-vote whether it could win before it stands for election; the winner writes, the others fetch. Invariant:
//! an epoch has one leader at most, and what a majority holds in the leader's own epoch is never lost.

mod election;
mod follow;
mod peers;
mod role;
mod serve;

pub use role::{Leadership, Role, Votes};

use super::ControllerTimer;
use super::metadata_log::MetadataLog;
use crate::config::broker::BrokerConfig;
use crate::cx::{Cx, Draw};
use crate::ids::{Correlation, LeaderEpoch, NodeId, Offset};
use crate::net::ConnId;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::Micros;
use peers::{Asked, Peers};

/// A fetch that waits for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Parked {
    conn: ConnId,
    correlation: Correlation,
    offset: Offset,
}

/// Time-outs and pauses (`QuorumConfig`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Timing {
    election: Micros,
    fetch: Micros,
    request: Micros,
    retry: Micros,
    backoff_max: Micros,
}

/// One voter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quorum {
    me: NodeId,
    voters: Vec<NodeId>,
    timing: Timing,
    /// Disk: the log.
    pub log: MetadataLog,
    /// Disk: the epoch, its leader as far as known, and who got this voter's vote (`quorum-state`).
    epoch: LeaderEpoch,
    leader: Option<NodeId>,
    voted: Option<NodeId>,
    role: Role,
    high_watermark: Option<Offset>,
    /// Elections in a row without a winner.
    failures: u32,
    peers: Peers,
    parked: Vec<Parked>,
}

impl Quorum {
    /// A voter with an empty disk.
    pub fn new(me: NodeId) -> Self {
        Self {
            me,
            voters: Vec::new(),
            timing: Timing::default(),
            log: MetadataLog::default(),
            epoch: 0,
            leader: None,
            voted: None,
            role: Role::Unattached,
            high_watermark: None,
            failures: 0,
            peers: Peers::default(),
            parked: Vec::new(),
        }
    }

    /// The epoch.
    pub const fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// The leader, as far as known; the last one while none is.
    pub const fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Who got this voter's vote in the epoch, itself included.
    pub const fn voted(&self) -> Option<NodeId> {
        self.voted
    }

    /// What this voter is.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// What it leads with, if it does.
    pub const fn leadership(&self) -> Option<&Leadership> {
        match &self.role {
            Role::Leader(leadership) => Some(leadership),
            Role::Unattached
            | Role::Follower { .. }
            | Role::Prospective(_)
            | Role::Candidate(_)
            | Role::Resigned { .. } => None,
        }
    }

    /// Everything below it is committed; none as long as no leader told.
    pub const fn high_watermark(&self) -> Option<Offset> {
        self.high_watermark
    }

    /// The process begins to run. In a newly formatted cluster the voter with the lowest id is the first to lead.
    pub fn start(&mut self, voters: &[NodeId], config: &BrokerConfig, cx: &mut Cx<'_>) {
        self.voters = if voters.is_empty() { alloc::vec![self.me] } else { voters.to_vec() };
        self.timing = Timing::of(config);
        self.peers.begin(self.me, &self.voters);
        let first = self.voters.iter().min().copied();
        let formatted = self.epoch == 0;
        if formatted && first != Some(self.me) {
            self.become_follower(1, first, cx);
        } else if formatted || self.voters.len() == 1 {
            self.enter_epoch(self.epoch + 1, None, Some(self.me));
            self.become_leader(cx);
        } else if self.leader == Some(self.me) {
            self.resign(Vec::new(), cx);
        } else if self.leader.is_some() {
            self.become_follower(self.epoch, self.leader, cx);
        } else {
            self.become_unattached(self.epoch, self.voted, cx);
        }
        self.poll(cx);
    }

    /// Leads alone, under an epoch that somebody else counts (ZooKeeper mode).
    pub fn lead_alone(&mut self, epoch: LeaderEpoch) {
        self.epoch = epoch;
        self.leader = Some(self.me);
        self.role = Role::Leader(Leadership::new(0, core::iter::empty()));
    }

    /// The process is gone; the disk stays.
    pub fn kill(&mut self) {
        self.log.forget_gathered();
        self.role = Role::Unattached;
        self.high_watermark = None;
        self.failures = 0;
        self.parked.clear();
        self.peers = Peers::default();
    }

    /// Writes what the leader has gathered, and commits it if nobody else is needed for that.
    pub fn write(&mut self, cx: &mut Cx<'_>) {
        if self.log.written() < self.log.end() {
            self.log.write();
            self.advance(cx);
            self.wake(cx);
        }
    }

    /// Gives up leading, so that a successor is found at once. Whether there is anything to give up.
    pub fn abdicate(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(leadership) = self.leadership().filter(|_| self.voters.len() > 1) else {
            return false;
        };
        let successors = leadership.successors();
        self.resign(successors, cx);
        self.poll(cx);
        true
    }

    /// The time of the present role is over: an election, a fetch or a pause took too long.
    pub fn on_role_timeout(&mut self, cx: &mut Cx<'_>) {
        match &self.role {
            Role::Unattached | Role::Follower { .. } => self.become_prospective(cx),
            Role::Prospective(_) => self.give_up_asking(cx),
            Role::Candidate(_) => self.become_prospective(cx),
            Role::Resigned { .. } => self.become_unattached(self.epoch + 1, None, cx),
            Role::Leader(_) => {
                let successors = self.leadership().map(Leadership::successors).unwrap_or_default();
                self.resign(successors, cx);
            }
        }
        self.poll(cx);
    }

    /// Time to make oneself known again to whoever has not fetched.
    pub fn on_begin_epoch_due(&mut self, cx: &mut Cx<'_>) {
        if let Role::Leader(leadership) = &mut self.role {
            leadership.untold = leadership.silent();
            cx.arm(ControllerTimer::BeginEpoch, self.timing.fetch.scale(1, 2));
            self.poll(cx);
        }
    }

    /// A peer has rested.
    pub fn on_rested(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        self.peers.rested(peer);
        self.poll(cx);
    }

    /// A peer did not answer.
    pub fn on_peer_timeout(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        self.peers.timed_out(peer, cx);
        self.poll(cx);
    }

    /// A connection to a peer broke.
    pub fn on_disconnect(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        self.peers.lost(peer, self.timing.retry, cx);
        self.poll(cx);
    }

    /// Sends whatever the role wants to send to whoever can be asked.
    fn poll(&mut self, cx: &mut Cx<'_>) {
        match self.role {
            Role::Unattached => self.fetch_from_anyone(cx),
            Role::Follower { .. } => self.fetch(cx),
            Role::Prospective(_) | Role::Candidate(_) => self.ask_for_votes(cx),
            Role::Leader(_) => self.begin_epoch(cx),
            Role::Resigned { .. } => self.end_epoch(cx),
        }
    }

    fn enter_epoch(&mut self, epoch: LeaderEpoch, leader: Option<NodeId>, voted: Option<NodeId>) {
        assert!(epoch >= self.epoch, "epochs never fall");
        let leads = epoch == self.epoch && self.leader.is_some() && leader.is_some();
        assert!(!leads || leader == self.leader, "an epoch has one leader");
        self.epoch = epoch;
        self.leader = leader;
        self.voted = voted;
    }

    fn become_unattached(&mut self, epoch: LeaderEpoch, voted: Option<NodeId>, cx: &mut Cx<'_>) {
        self.stop_leading(cx);
        self.enter_epoch(epoch, None, voted);
        self.role = Role::Unattached;
        self.arm_election(cx);
    }

    fn become_follower(&mut self, epoch: LeaderEpoch, leader: Option<NodeId>, cx: &mut Cx<'_>) {
        self.stop_leading(cx);
        self.enter_epoch(epoch, leader, self.voted.filter(|_| epoch == self.epoch));
        self.role = Role::Follower { fetched: false };
        self.failures = 0;
        self.peers.reset(cx);
        cx.arm(ControllerTimer::Role, self.timing.fetch);
    }

    fn become_leader(&mut self, cx: &mut Cx<'_>) {
        self.leader = Some(self.me);
        self.role = Role::Leader(Leadership::new(self.log.end(), self.peers.ids()));
        self.failures = 0;
        self.peers.reset(cx);
        cx.note(Fact::ControllerElected { epoch: self.epoch });
        let leader = super::records::MetadataRecord::LeaderChange { leader: self.me };
        self.log.append(self.epoch, leader);
        self.write(cx);
        if self.voters.len() > 1 {
            cx.arm(ControllerTimer::Role, self.check_quorum());
            cx.arm(ControllerTimer::BeginEpoch, self.timing.fetch.scale(1, 2));
        } else {
            cx.disarm(ControllerTimer::Role);
        }
    }

    /// In the same epoch, in which nobody else can lead.
    fn resign(&mut self, successors: Vec<NodeId>, cx: &mut Cx<'_>) {
        self.stop_leading(cx);
        let untold: FlatSet<_> = self.peers.ids().collect();
        self.role = Role::Resigned { successors, untold };
        self.peers.reset(cx);
        self.arm_election(cx);
    }

    /// Whoever waits for records is told to look elsewhere.
    fn stop_leading(&mut self, cx: &mut Cx<'_>) {
        if self.leadership().is_none() {
            return;
        }
        cx.note(Fact::ControllerResigned { epoch: self.epoch });
        self.log.forget_gathered();
        self.role = Role::Unattached;
        cx.disarm(ControllerTimer::BeginEpoch);
        self.wake(cx);
    }

    /// A random time between the configured one and twice that.
    fn arm_election(&self, cx: &mut Cx<'_>) {
        let least = self.timing.election.0;
        let wait = cx.rng(Draw::Election).between(least, least.saturating_mul(2).saturating_sub(1));
        cx.arm(ControllerTimer::Role, Micros(wait));
    }

    /// How long a leader goes on without a fetch from a majority.
    fn check_quorum(&self) -> Micros {
        self.timing.fetch.scale(3, 2)
    }

    /// Moves the high watermark, if a majority allows it.
    fn advance(&mut self, cx: &mut Cx<'_>) {
        let Some(committed) = self.leadership().and_then(|l| l.committed(self.log.written()))
        else {
            return;
        };
        if self.high_watermark.is_none_or(|known| known < committed) {
            self.high_watermark = Some(committed);
            self.wake(cx);
        }
    }
}

impl Timing {
    fn of(config: &BrokerConfig) -> Self {
        let micros = |ms: i32| Micros::from_config_ms(ms.into());
        Self {
            election: micros(config.controller_quorum_election_timeout_ms),
            fetch: micros(config.controller_quorum_fetch_timeout_ms),
            request: micros(config.controller_quorum_request_timeout_ms),
            retry: micros(config.controller_quorum_retry_backoff_ms),
            backoff_max: micros(config.controller_quorum_election_backoff_max_ms),
        }
    }
}
