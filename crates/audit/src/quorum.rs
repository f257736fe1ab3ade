//! The quorum of controllers: epochs, votes, leaders, and what is committed.
//!
//! Invariant: a voter is compared with itself as it was at the last look.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::truth::Truth;
use kafkascope_kernel::SimTime;
use kafkascope_model::controller::Controller;
use kafkascope_model::controller::quorum::Role;
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset};
use kafkascope_model::world::{ProcessState, World};
use std::collections::BTreeMap;

/// What was seen of the quorum.
#[derive(Clone, Debug, Default)]
pub struct QuorumEye {
    leaders: BTreeMap<LeaderEpoch, NodeId>,
    votes: BTreeMap<(NodeId, LeaderEpoch), NodeId>,
    seen: BTreeMap<NodeId, (LeaderEpoch, Offset)>,
    stands: BTreeMap<NodeId, Stand>,
}

/// How far a voter is on its way to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    No,
    Asks,
    Stands,
    Leads,
}

impl QuorumEye {
    /// Looks at how far every voter is on its way to lead; elections pass through states of which nobody tells.
    pub fn glance(&mut self, world: &World, board: &mut Board) {
        for (process, controller) in eyes::controllers(world) {
            self.steps(world, controller, process.state, board);
        }
    }

    /// Looks at every voter.
    pub fn look(&mut self, world: &World, truth: &Truth, board: &mut Board) {
        for (process, controller) in eyes::controllers(world) {
            self.epochs(controller, process.state, board);
            self.leader(controller, truth, board);
            self.vote(world, controller, board);
        }
        committed(world, truth, board);
    }

    fn epochs(&mut self, controller: &Controller, state: ProcessState, board: &mut Board) {
        let (id, quorum) = (controller.id, controller.quorum());
        let hw = quorum.high_watermark();
        let (epoch, known) = self.seen.get(&id).copied().unwrap_or((0, 0));
        board.check(Id::Q2, quorum.epoch() >= epoch, || {
            format!("controller {id} fell from epoch {epoch} to {}", quorum.epoch())
        });
        let runs = state != ProcessState::Down;
        if let Some(hw) = hw.filter(|_| runs) {
            let fits = hw <= quorum.log.end() && hw >= known;
            board.check(Id::Q4, fits, || {
                format!("controller {id}: committed fell from {known} to {hw}")
            });
        }
        self.seen.insert(id, (quorum.epoch(), hw.filter(|_| runs).unwrap_or(0)));
    }

    fn leader(&mut self, controller: &Controller, truth: &Truth, board: &mut Board) {
        let (id, quorum) = (controller.id, controller.quorum());
        let leads = quorum.leadership().is_some();
        if controller.is_active() {
            board.check(Id::Q7, leads, || format!("controller {id} decides without leading"));
        }
        if !leads {
            return;
        }
        let leader = *self.leaders.entry(quorum.epoch()).or_insert(id);
        board.check(Id::Q1, leader == id, || {
            format!("{leader} and {id} both lead the quorum in epoch {}", quorum.epoch())
        });
        // A leader that was replaced without knowing it may lack what its successor committed.
        if self.leaders.last_key_value().is_some_and(|(_, last)| *last == id) {
            board.check(Id::Q3, truth.is_in(controller), || {
                format!("controller {id} leads without what is committed up to {}", truth.end())
            });
        }
    }

    /// Whoever has others to ask asks before it stands, and stands before it leads.
    fn steps(&mut self, world: &World, voter: &Controller, state: ProcessState, board: &mut Board) {
        let now = match voter.quorum().role() {
            Role::Prospective(_) => Stand::Asks,
            Role::Candidate(_) => Stand::Stands,
            Role::Leader(_) => Stand::Leads,
            Role::Unattached | Role::Follower { .. } | Role::Resigned { .. } => Stand::No,
        };
        // A cluster begins with a quorum that has a leader.
        if world.now() == SimTime::ZERO
            || state == ProcessState::Down
            || eyes::controllers(world).count() < 2
        {
            self.stands.remove(&voter.id);
            return;
        }
        let before = self.stands.insert(voter.id, now);
        let fits = match (before, now) {
            (Some(before), Stand::Stands) => matches!(before, Stand::Asks | Stand::Stands),
            (Some(before), Stand::Leads) => matches!(before, Stand::Stands | Stand::Leads),
            (None, _) | (_, Stand::No | Stand::Asks) => true,
        };
        board.check(Id::Q6, fits, || {
            format!("controller {} went from {before:?} to {now:?}", voter.id)
        });
    }

    fn vote(&mut self, world: &World, controller: &Controller, board: &mut Board) {
        let (id, quorum) = (controller.id, controller.quorum());
        let Some(voted) = quorum.voted() else { return };
        let key = (id, quorum.epoch());
        let Some(first) = self.votes.get(&key) else {
            self.votes.insert(key, voted);
            granted(world, controller, voted, board);
            return;
        };
        board.check(Id::Q1, *first == voted, || {
            format!("controller {id} voted for {first} and {voted} in epoch {}", quorum.epoch())
        });
    }
}

fn granted(world: &World, voter: &Controller, candidate: NodeId, board: &mut Board) {
    let Some(elected) = eyes::controller(world, candidate) else { return };
    let reach = |controller: &Controller| {
        let log = &controller.quorum().log;
        (log.last_epoch(), log.written())
    };
    board.check(Id::Q5, reach(elected) >= reach(voter), || {
        format!("controller {} voted for {candidate}, which is behind it", voter.id)
    });
}

fn committed(world: &World, truth: &Truth, board: &mut Board) {
    let voters = eyes::controllers(world).count();
    if voters == 0 {
        return;
    }
    let holders =
        eyes::controllers(world).filter(|(_, controller)| truth.is_in(controller)).count();
    board.check(Id::Q4, holders > voters / 2, || {
        format!("{} is committed, {holders} of {voters} controllers have it", truth.end())
    });
}
