//! Timers: at most one deadline for each timer of each process.
//!
//! A deadline that moves later keeps its place in the queue and is put back when it comes up, so that re-arming costs nothing.
//! Invariant: a timer that was disarmed, or whose process died, never reaches a handler.

use super::{Event, ProcessState, World};
use crate::ids::NodeId;
use crate::node::Timer;
use kafkascope_kernel::{FlatMap, Micros, SimTime};

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
        self.processes.iter().flat_map(|(node, process)| {
            let armed = process.timers.iter().filter(|(_, deadline)| deadline.armed);
            armed.map(|(timer, deadline)| (*node, timer, deadline.at))
        })
    }

    pub(super) fn arm(&mut self, node: NodeId, timer: Timer, after: Micros) {
        let at = self.now + after;
        let fresh = Deadline { at, queued_at: at, armed: true };
        let timers = self.timers_of(node);
        match timers.get_mut(&timer) {
            Some(deadline) if deadline.queued_at <= at => {
                deadline.at = at;
                deadline.armed = true;
                return;
            }
            Some(deadline) => *deadline = fresh,
            None => {
                timers.insert(timer.clone(), fresh);
            }
        }
        self.queue.schedule(at, Event::Timer(node, timer));
    }

    pub(super) fn disarm(&mut self, node: NodeId, timer: &Timer) {
        if let Some(deadline) = self.timers_of(node).get_mut(timer) {
            deadline.armed = false;
        }
    }

    pub(super) fn disarm_all(&mut self, node: NodeId) {
        for deadline in self.timers_of(node).values_mut() {
            deadline.armed = false;
        }
    }

    /// An entry of the queue came up: the timer is due, was moved, or is of no interest any more.
    pub(super) fn timer_due(&mut self, node: NodeId, timer: Timer) {
        let now = self.now;
        let timers = self.timers_of(node);
        let Some(deadline) = timers.get_mut(&timer) else { return };
        if deadline.queued_at != now {
            return;
        }
        if deadline.armed && deadline.at > now {
            deadline.queued_at = deadline.at;
            let at = deadline.at;
            self.queue.schedule(at, Event::Timer(node, timer));
            return;
        }
        let armed = deadline.armed;
        timers.remove(&timer);
        if armed {
            self.fire(node, timer);
        }
    }

    fn timers_of(&mut self, node: NodeId) -> &mut FlatMap<Timer, Deadline> {
        &mut self.processes.get_mut(&node).expect("timers belong to processes").timers
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
