//! Timers: at most one deadline for each timer of each process.
//!
//! A deadline that moves later keeps its place in the queue and is put back when it comes up, so that re-arming costs nothing.
//! Invariant: a timer that was disarmed, or whose process died, never reaches a handler.

use super::{Event, ProcessState, World};
use crate::ids::NodeId;
use crate::node::Timer;
use kafkascope_kernel::{Micros, SimTime};

/// When a timer is due, and when its entry in the queue comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Deadline {
    pub(super) at: SimTime,
    queued_at: SimTime,
    armed: bool,
}

impl World {
    /// Armed timers with their deadlines, by process.
    pub fn timers(&self) -> impl Iterator<Item = (NodeId, &Timer, SimTime)> {
        self.timers
            .iter()
            .filter(|(_, deadline)| deadline.armed)
            .map(|((node, timer), deadline)| (*node, timer, deadline.at))
    }

    pub(super) fn arm(&mut self, node: NodeId, timer: Timer, after: Micros) {
        let at = self.now + after;
        let key = (node, timer);
        if let Some(deadline) = self.timers.get_mut(&key)
            && deadline.queued_at <= at
        {
            deadline.at = at;
            deadline.armed = true;
            return;
        }
        self.queue.schedule(at, Event::Timer(node, key.1.clone()));
        self.timers.insert(key, Deadline { at, queued_at: at, armed: true });
    }

    pub(super) fn disarm(&mut self, node: NodeId, timer: Timer) {
        if let Some(deadline) = self.timers.get_mut(&(node, timer)) {
            deadline.armed = false;
        }
    }

    pub(super) fn disarm_all(&mut self, node: NodeId) {
        for ((owner, _), deadline) in &mut self.timers {
            if *owner == node {
                deadline.armed = false;
            }
        }
    }

    /// An entry of the queue came up: the timer is due, was moved, or is of no interest any more.
    pub(super) fn timer_due(&mut self, node: NodeId, timer: Timer) {
        let key = (node, timer);
        let Some(deadline) = self.timers.get(&key).copied() else { return };
        if deadline.queued_at != self.now {
            return;
        }
        if deadline.armed && deadline.at > self.now {
            self.requeue(key, deadline);
            return;
        }
        self.timers.remove(&key);
        if deadline.armed {
            self.fire(node, key.1);
        }
    }

    fn requeue(&mut self, key: (NodeId, Timer), deadline: Deadline) {
        self.queue.schedule(deadline.at, Event::Timer(key.0, key.1.clone()));
        self.timers.insert(key, Deadline { queued_at: deadline.at, ..deadline });
    }

    fn fire(&mut self, node: NodeId, timer: Timer) {
        match self.state(node) {
            ProcessState::Running | ProcessState::Stopping => {
                self.run(node, None, |role, cx| role.on_timer(timer, cx))
            }
            ProcessState::Paused => self.park(node, Event::Timer(node, timer)),
            ProcessState::Starting | ProcessState::Down => {}
        }
    }
}
