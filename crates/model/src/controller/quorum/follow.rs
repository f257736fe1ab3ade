//! A follower's fetches, and what any answer tells of leaders and epochs.
//!
//! Invariant: what is committed is never cut off.

use super::{Asked, Quorum, Role};
use crate::api::request::RaftFetch;
use crate::api::response;
use crate::api::{Request, Response};
use crate::controller::ControllerTimer;
use crate::cx::{Cx, Draw};
use crate::ids::{Correlation, LeaderEpoch, NodeId};

/// How long a fetch may wait at the leader (`KafkaRaftClient.MAX_FETCH_WAIT_MS`).
const MAX_WAIT_MS: i32 = 500;

impl Quorum {
    /// An answer of a peer.
    pub fn on_response(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        body: &Response,
        cx: &mut Cx<'_>,
    ) {
        match (self.peers.answered(from, correlation, cx), body) {
            (Some(Asked::Fetch), Response::RaftFetch(fetched)) => {
                self.on_fetched(from, fetched, cx)
            }
            (Some(Asked::Vote(epoch, pre_vote)), Response::Vote(vote)) => {
                self.on_vote(from, (epoch, pre_vote), vote, cx);
            }
            (Some(Asked::Begin), Response::BeginQuorumEpoch(answer)) => {
                self.learn(answer.leader_id, answer.leader_epoch, cx);
            }
            (Some(Asked::End), Response::EndQuorumEpoch(answer)) => {
                if let Role::Resigned { untold, .. } = &mut self.role {
                    untold.remove(&from);
                }
                self.learn(answer.leader_id, answer.leader_epoch, cx);
            }
            (Some(Asked::Hello), _) | (None, _) => {}
            (Some(asked), other) => unreachable!("{asked:?} was answered with {:?}", other.key()),
        }
        self.poll(cx);
    }

    /// What an answer or request tells of the quorum: a later epoch, or this one's leader. Whether that changed the role.
    pub(super) fn learn(&mut self, leader: NodeId, epoch: LeaderEpoch, cx: &mut Cx<'_>) -> bool {
        let leader = Some(leader).filter(|id| *id != NodeId::NONE && *id != self.me);
        let leads = self.leadership().is_some();
        let newer = epoch > self.epoch;
        let found = epoch == self.epoch && self.leader.is_none() && leader.is_some() && !leads;
        if newer && leader.is_none() {
            self.become_unattached(epoch, None, cx);
        } else if newer || found {
            self.become_follower(epoch, leader, cx);
        }
        newer || found
    }

    /// Fetches from the leader, or while that one cannot be reached from anyone who might know a new one.
    pub(super) fn fetch(&mut self, cx: &mut Cx<'_>) {
        let Some(leader) = self.leader else { return };
        if self.peers.is_resting(leader) {
            self.fetch_from_anyone(cx);
        } else if !self.peers.is_waiting() {
            self.fetch_from(leader, cx);
        }
    }

    /// Also from itself: who knows which voter will be told first.
    pub(super) fn fetch_from_anyone(&mut self, cx: &mut Cx<'_>) {
        let ready = self.peers.ready();
        let count = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        if count > 0 {
            let index = cx.rng(Draw::NodeChoice).below(count);
            self.fetch_from(ready[index as usize], cx);
        }
    }

    fn fetch_from(&mut self, to: NodeId, cx: &mut Cx<'_>) {
        let body = Request::RaftFetch(RaftFetch {
            replica_id: self.me,
            current_leader_epoch: self.epoch,
            fetch_offset: self.log.written(),
            last_fetched_epoch: self.log.last_epoch(),
            high_watermark: self.high_watermark.unwrap_or(-1),
            max_wait_ms: MAX_WAIT_MS,
        });
        self.peers.ask(to, body, Asked::Fetch, self.timing.request, cx);
    }

    fn on_fetched(&mut self, from: NodeId, fetched: &response::RaftFetch, cx: &mut Cx<'_>) {
        if self.learn(fetched.leader_id, fetched.leader_epoch, cx) {
            return;
        }
        let follows = matches!(self.role, Role::Follower { .. }) && self.leader == Some(from);
        let valid = fetched.error.is_ok() && fetched.leader_epoch == self.epoch;
        if !follows || !valid {
            self.peers.rest(from, self.timing.retry, cx);
            return;
        }
        if let Some(diverging) = fetched.diverging_epoch {
            let end = self.log.truncate_to(diverging);
            assert!(self.high_watermark.is_none_or(|known| known <= end), "committed stays");
        } else if fetched.base_offset == self.log.written() {
            self.log.copy(fetched.entries.clone());
        }
        let told = Some(fetched.high_watermark.min(self.log.written())).filter(|told| *told >= 0);
        self.high_watermark = self.high_watermark.max(told);
        self.role = Role::Follower { fetched: true };
        cx.arm(ControllerTimer::Role, self.timing.fetch);
    }
}
