//! A witness: the same run once more beside the session, with whole requests written down.
//!
//! The trace keeps facts, not messages; whoever wants to read a request lets a witness look at the stretch of time it lies in.
//! Invariant: a witness changes nothing of the session it looks at.

use crate::history::Snapshot;
use crate::script::Script;
use kafkascope_kernel::SimTime;
use kafkascope_model::world::{Exchange, Observe, World};

/// A second run of a stretch of a session.
#[derive(Clone, Debug)]
pub struct Witness {
    live: Snapshot,
}

impl Witness {
    pub(crate) fn new(mut live: Snapshot) -> Self {
        live.world.set_observe(Observe { facts: false, network: false, exchanges: true });
        Self { live }
    }

    /// Runs on until a moment, at most `budget` events; whether it got there.
    pub fn follow(&mut self, script: &Script, until: SimTime, budget: u32) -> bool {
        for _ in 0..budget {
            if !self.live.tick(script, until) {
                return true;
            }
        }
        false
    }

    /// How far it is.
    pub const fn now(&self) -> SimTime {
        self.live.world.now()
    }

    /// Requests that were read since it began, with their answers.
    pub fn exchanges(&self) -> &[Exchange] {
        self.live.world.exchanges()
    }

    /// The world where it stands.
    pub const fn world(&self) -> &World {
        &self.live.world
    }
}

impl Snapshot {
    /// One event or one entry due by `until`; otherwise the clock moves there. Whether anything happened.
    fn tick(&mut self, script: &Script, until: SimTime) -> bool {
        let entry = script.entries.get(self.cursor).filter(|entry| entry.at <= until);
        let due = entry.map_or(until, |entry| entry.at);
        if self.world.step(due) {
            return true;
        }
        let Some(entry) = entry else { return false };
        // What was refused then is refused again.
        let _ = self.world.submit(&entry.command);
        self.cursor += 1;
        true
    }
}
