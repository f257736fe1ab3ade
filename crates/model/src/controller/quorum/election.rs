//! Elections: asking for votes, and giving them (`KafkaRaftClient.handleVoteRequest`, `NomineeState`).
//!
//! Invariant: a voter gives one vote an epoch and remembers it; a pre-vote changes nothing at the voter.

use super::{Asked, Quorum, Role, Votes};
use crate::api::request::{BeginQuorumEpoch, EndQuorumEpoch, Vote};
use crate::api::response;
use crate::api::{ErrorCode, Request};
use crate::controller::ControllerTimer;
use crate::cx::{Cx, Draw};
use crate::ids::{LeaderEpoch, NodeId, Offset};
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// `KafkaRaftClient.RETRY_BACKOFF_BASE_MS`.
const BACKOFF_BASE: Micros = Micros::from_ms(100);

impl Quorum {
    pub(super) fn become_prospective(&mut self, cx: &mut Cx<'_>) {
        self.role = Role::Prospective(Votes::of(self.me));
        self.peers.reset(cx);
        self.arm_election(cx);
        self.count_votes(cx);
    }

    fn become_candidate(&mut self, cx: &mut Cx<'_>) {
        self.enter_epoch(self.epoch + 1, None, Some(self.me));
        self.role = Role::Candidate(Votes::of(self.me));
        self.peers.reset(cx);
        cx.note(Fact::ControllerCandidate { epoch: self.epoch });
        self.arm_election(cx);
        self.count_votes(cx);
    }

    /// Too few would vote for this voter: it goes back to what it was.
    pub(super) fn give_up_asking(&mut self, cx: &mut Cx<'_>) {
        if self.leader.is_some() {
            self.become_follower(self.epoch, self.leader, cx);
        } else {
            self.become_unattached(self.epoch, self.voted, cx);
        }
    }

    pub(super) fn ask_for_votes(&mut self, cx: &mut Cx<'_>) {
        let (votes, pre_vote) = match &self.role {
            Role::Prospective(votes) => (votes, true),
            Role::Candidate(votes) => (votes, false),
            Role::Unattached | Role::Follower { .. } | Role::Leader(_) | Role::Resigned { .. } => {
                return;
            }
        };
        let askable = |id: &NodeId| !votes.has(*id) && self.peers.is_free(*id);
        let unasked: Vec<_> = self.peers.ids().filter(askable).collect();
        let body = Vote {
            replica_id: self.me,
            replica_epoch: self.epoch,
            last_offset_epoch: self.log.last_epoch(),
            last_offset: self.log.written(),
            pre_vote,
        };
        let asked = Asked::Vote(self.epoch, pre_vote);
        for id in unasked {
            self.peers.ask(id, Request::Vote(body), asked, self.timing.request, cx);
        }
    }

    /// A vote came back.
    pub(super) fn on_vote(
        &mut self,
        from: NodeId,
        (epoch, pre_vote): (LeaderEpoch, bool),
        vote: &response::Vote,
        cx: &mut Cx<'_>,
    ) {
        if self.learn(vote.leader_id, vote.leader_epoch, cx) || !vote.error.is_ok() {
            return;
        }
        let current = epoch == self.epoch;
        match &mut self.role {
            Role::Prospective(votes) if pre_vote && current => {
                votes.record(from, vote.vote_granted);
            }
            Role::Candidate(votes) if !pre_vote && current => {
                votes.record(from, vote.vote_granted);
            }
            Role::Prospective(_)
            | Role::Candidate(_)
            | Role::Unattached
            | Role::Follower { .. }
            | Role::Leader(_)
            | Role::Resigned { .. } => return,
        }
        self.count_votes(cx);
    }

    fn count_votes(&mut self, cx: &mut Cx<'_>) {
        let voters = self.voters.len();
        match &self.role {
            Role::Prospective(votes) if votes.is_won(voters) => self.become_candidate(cx),
            Role::Prospective(votes) if votes.is_lost(voters) => self.give_up_asking(cx),
            Role::Candidate(votes) if votes.is_won(voters) => self.become_leader(cx),
            Role::Candidate(votes) if votes.is_lost(voters) => self.back_off(cx),
            Role::Prospective(_)
            | Role::Candidate(_)
            | Role::Unattached
            | Role::Follower { .. }
            | Role::Leader(_)
            | Role::Resigned { .. } => {}
        }
    }

    /// A lost election is repeated after a pause that grows with each loss (`binaryExponentialElectionBackoffMs`).
    fn back_off(&mut self, cx: &mut Cx<'_>) {
        self.failures += 1;
        let range = 2_u32 << self.failures.saturating_sub(1).min(20);
        let times = u64::from(cx.rng(Draw::Election).below(range));
        let pause = Micros(BACKOFF_BASE.0 * times).min(self.timing.backoff_max);
        cx.arm(ControllerTimer::Role, pause);
    }

    /// The answer to a request for a vote.
    pub(super) fn vote(&mut self, vote: &Vote, cx: &mut Cx<'_>) -> response::Vote {
        let error = self.check_epoch(vote.replica_epoch);
        let mut granted = false;
        if error.is_ok() {
            if vote.replica_epoch > self.epoch {
                self.become_unattached(vote.replica_epoch, None, cx);
            }
            granted = self.can_grant(vote);
            if granted && !vote.pre_vote && self.voted.is_none() {
                self.become_unattached(self.epoch, Some(vote.replica_id), cx);
            }
        }
        response::Vote {
            error,
            leader_id: self.leader.unwrap_or(NodeId::NONE),
            leader_epoch: self.epoch,
            vote_granted: granted,
        }
    }

    /// Who follows a live leader gives no vote; nobody votes for a shorter log than his own.
    fn can_grant(&self, vote: &Vote) -> bool {
        let own: (LeaderEpoch, Offset) = (self.log.last_epoch(), self.log.written());
        let complete = (vote.last_offset_epoch, vote.last_offset) >= own;
        let first_vote = || match self.voted {
            Some(voted) => voted == vote.replica_id,
            None => self.leader.is_none() && complete,
        };
        match &self.role {
            Role::Leader(_) => false,
            Role::Follower { fetched } => vote.pre_vote && !*fetched && complete,
            Role::Candidate(_) | Role::Resigned { .. } => vote.pre_vote && complete,
            Role::Unattached | Role::Prospective(_) if vote.pre_vote => complete,
            Role::Unattached | Role::Prospective(_) => first_vote(),
        }
    }

    pub(super) fn begin_epoch(&mut self, cx: &mut Cx<'_>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let body = BeginQuorumEpoch { leader_id: self.me, leader_epoch: self.epoch };
        for id in leadership.untold.clone() {
            let body = Request::BeginQuorumEpoch(body);
            let free = self.peers.is_free(id);
            if free && self.peers.ask(id, body, Asked::Begin, self.timing.request, cx) {
                leadership.untold.remove(&id);
            }
        }
    }

    pub(super) fn end_epoch(&mut self, cx: &mut Cx<'_>) {
        let Role::Resigned { successors, untold } = &self.role else { return };
        let body = EndQuorumEpoch {
            leader_id: self.me,
            leader_epoch: self.epoch,
            preferred_candidates: successors.clone(),
        };
        for id in untold.iter().copied().filter(|id| self.peers.is_free(*id)).collect::<Vec<_>>() {
            let body = Request::EndQuorumEpoch(body.clone());
            self.peers.ask(id, body, Asked::End, self.timing.request, cx);
        }
    }

    /// A new leader makes itself known.
    pub(super) fn begun(
        &mut self,
        begin: &BeginQuorumEpoch,
        cx: &mut Cx<'_>,
    ) -> response::QuorumEpoch {
        let error = self.check_epoch(begin.leader_epoch);
        if error.is_ok() {
            self.learn(begin.leader_id, begin.leader_epoch, cx);
        }
        self.quorum_epoch(error)
    }

    /// A leader gives up: the first of its successors need not wait for the fetch to time out.
    pub(super) fn ended(&mut self, end: &EndQuorumEpoch, cx: &mut Cx<'_>) -> response::QuorumEpoch {
        let error = self.check_epoch(end.leader_epoch);
        if error.is_ok() {
            self.learn(end.leader_id, end.leader_epoch, cx);
            let follows = matches!(self.role, Role::Follower { .. });
            if follows && self.leader == Some(end.leader_id) {
                let candidates = &end.preferred_candidates;
                let position = candidates.iter().position(|id| *id == self.me);
                let position = position.unwrap_or(candidates.len());
                cx.arm(ControllerTimer::Role, self.successor_pause(position, candidates.len()));
            }
        }
        self.quorum_epoch(error)
    }

    /// `strictExponentialElectionBackoffMs`.
    fn successor_pause(&self, position: usize, successors: usize) -> Micros {
        if position == 0 || successors == 0 {
            return Micros::ZERO;
        }
        let base = self.timing.backoff_max.0 >> (successors - 1).min(63);
        Micros(base << (position - 1).min(20)).min(self.timing.backoff_max)
    }

    pub(super) fn check_epoch(&self, epoch: LeaderEpoch) -> ErrorCode {
        if epoch < self.epoch { ErrorCode::FencedLeaderEpoch } else { ErrorCode::None }
    }

    fn quorum_epoch(&self, error: ErrorCode) -> response::QuorumEpoch {
        let leader_id = self.leader.unwrap_or(NodeId::NONE);
        response::QuorumEpoch { error, leader_id, leader_epoch: self.epoch }
    }
}
