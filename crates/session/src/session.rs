//! The session itself: run, stop, go back, change.
//!
//! It moves in ticks; a tick is one event of the world or one entry of the script. Invariant: ticks come in an order that only
//! the script decides, so a moment reached twice is the same moment.

use crate::branch::{Branch, KEPT};
use crate::breakpoint::Breakpoint;
use crate::history::{History, SPACING_EVENTS, Snapshot};
use crate::script::{Entry, Script};
use crate::trace::Trace;
use crate::witness::Witness;
use alloc::vec::Vec;
use kafkascope_kernel::{Digest, Ring, SimTime};
use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_model::command::{Command, CommandError};
use kafkascope_model::trace::TraceEvent;
use kafkascope_model::world::{Observe, World};

/// How far a call of [`Session::advance`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The wished moment is reached.
    Reached,
    /// So many events were handled as were allowed; time stands before the wished moment.
    OutOfBudget,
    /// A breakpoint was hit by the fact of this number.
    Stopped(Breakpoint, u64),
}

/// Why a script could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionError {
    /// Which command of the set-up was refused, from 0.
    pub index: usize,
    /// Why.
    pub error: CommandError,
}

/// One run with its past.
#[derive(Clone, Debug)]
pub struct Session {
    script: Script,
    /// The entries the script came with; editing the past drops later commands of the user, not these.
    plan: Vec<Entry>,
    live: Snapshot,
    /// The farthest moment that was simulated.
    head: SimTime,
    history: History,
    trace: Trace,
    refusals: FlatMap<usize, CommandError>,
    breakpoints: FlatSet<Breakpoint>,
    branches: Ring<Branch>,
}

impl Session {
    /// Carries out the set-up and runs to where the script opens.
    pub fn open(script: Script) -> Result<Self, SessionError> {
        let mut world = World::new(script.spec.clone());
        world.set_observe(Observe { facts: true, network: false, exchanges: false });
        for (index, command) in script.setup.iter().enumerate() {
            world.submit(command).map_err(|error| SessionError { index, error })?;
        }
        let mut trace = Trace::new(script.spec.limits.trace_facts);
        trace.extend(world.take_facts());
        let live = Snapshot { world, cursor: 0 };
        let mut session = Self {
            history: History::new(live.clone()),
            live,
            head: SimTime::ZERO,
            trace,
            refusals: FlatMap::new(),
            breakpoints: FlatSet::new(),
            branches: Ring::new(KEPT),
            plan: script.entries.clone(),
            script,
        };
        session.seek(session.script.opens_at);
        Ok(session)
    }

    /// The simulated moment.
    pub const fn now(&self) -> SimTime {
        self.live.world.now()
    }

    /// The farthest moment that was simulated; later ones are not known yet.
    pub const fn head(&self) -> SimTime {
        self.head
    }

    /// The world as it is now.
    pub const fn world(&self) -> &World {
        &self.live.world
    }

    /// When something happens next; none if nothing will ever happen again.
    pub fn next_at(&mut self) -> Option<SimTime> {
        let event = self.live.world.next_event_at();
        let entry = self.script.entries.get(self.live.cursor).map(|entry| entry.at);
        event.into_iter().chain(entry).min()
    }

    /// What decides this run.
    pub const fn script(&self) -> &Script {
        &self.script
    }

    /// The state's digest.
    pub fn digest(&self) -> Digest {
        self.live.world.digest()
    }

    /// All facts that are known, also those later than now.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The number of the first fact that is still to come, seen from now.
    pub const fn facts_end(&self) -> u64 {
        self.live.world.facts_stated()
    }

    /// Facts from number `seq` until now, as far as they are kept.
    pub fn facts_from(&self, seq: u64) -> impl DoubleEndedIterator<Item = &TraceEvent> {
        self.trace.range(seq, self.facts_end())
    }

    /// Entries of the script that were refused when their time came.
    pub const fn refusals(&self) -> &FlatMap<usize, CommandError> {
        &self.refusals
    }

    /// A second run beside this one, from the latest snapshot before `from`.
    pub fn witness(&self, from: SimTime) -> Witness {
        Witness::new(self.history.latest(|mark| mark.world.now() < from).clone())
    }

    /// Moments that can be reached without replay.
    pub fn snapshots(&self) -> impl Iterator<Item = SimTime> {
        self.history.moments()
    }

    /// Futures that were left, oldest first.
    pub fn branches(&self) -> impl DoubleEndedIterator<Item = &Branch> + ExactSizeIterator {
        self.branches.iter()
    }

    /// Sets or clears a breakpoint.
    pub fn set_breakpoint(&mut self, breakpoint: Breakpoint, set: bool) {
        if set {
            self.breakpoints.insert(breakpoint);
        } else {
            self.breakpoints.remove(&breakpoint);
        }
    }

    /// Carries out a command now and writes it into the script. Behind the head it forks: the old future becomes a branch.
    pub fn submit(&mut self, command: Command) -> Result<(), CommandError> {
        let limit = self.script.spec.limits.script_commands;
        if self.script.entries.len() as u64 >= u64::from(limit) {
            return Err(CommandError::Limit { what: "commands", limit });
        }
        // A replay carries entries out after everything else of their moment, so this must too.
        self.seek(self.now());
        self.try_out(&command)?;
        self.leave_future();
        let at = self.now();
        self.script.insert(Entry { at, command });
        self.tick(at);
        self.collect();
        Ok(())
    }

    /// Runs until `until`, a breakpoint, or `budget_events` events handled.
    pub fn advance(&mut self, until: SimTime, budget_events: u32) -> Advanced {
        let budget = budget_events.min(self.script.spec.limits.events_per_advance);
        let mut outcome = Advanced::OutOfBudget;
        for _ in 0..budget {
            let before = self.facts_end();
            if !self.tick(until) {
                outcome = Advanced::Reached;
                break;
            }
            self.mark();
            if let Some((breakpoint, seq)) = self.hit(before) {
                outcome = Advanced::Stopped(breakpoint, seq);
                break;
            }
        }
        self.collect();
        self.head = self.head.max(self.now());
        outcome
    }

    /// Goes to a moment: everything that happens by then has happened. Later than the head is reached by running.
    pub fn seek(&mut self, to: SimTime) {
        if to < self.now() {
            self.restore(|mark| mark.world.now() <= to);
        }
        self.replay(|session| session.tick(to));
    }

    /// Goes to where the fact of number `seq` has just been stated. Facts that are still to come are reached by running.
    pub fn seek_fact(&mut self, seq: u64) {
        if self.facts_end() > seq {
            self.restore(|mark| mark.world.facts_stated() <= seq);
        }
        self.replay(|session| {
            session.facts_end() <= seq && session.next_at().is_some() && session.tick(SimTime::END)
        });
    }

    /// Runs until a fact that `wanted` accepts has been stated, at most `budget_events` ticks; the fact's number.
    pub fn step(
        &mut self,
        budget_events: u32,
        wanted: impl Fn(&TraceEvent) -> bool,
    ) -> Option<u64> {
        for _ in 0..budget_events {
            let before = self.facts_end();
            self.next_at()?;
            self.tick(SimTime::END);
            self.mark();
            self.collect();
            self.head = self.head.max(self.now());
            let found = self.facts_from(before).find(|fact| wanted(fact)).map(|fact| fact.seq);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Goes back to where the fact before the latest that `wanted` accepts has just been stated; its number. Without one, goes to
    /// the beginning.
    pub fn step_back(&mut self, wanted: impl Fn(&TraceEvent) -> bool) -> Option<u64> {
        let latest = self.latest_before(self.facts_end(), &wanted)?;
        let mut before = latest;
        while let Some(seq) = self.latest_before(before, &wanted) {
            self.seek_fact(seq);
            // Facts of one tick are stated at once; between them there is no moment to stand at.
            if self.facts_end() <= latest {
                return Some(seq);
            }
            before = seq;
        }
        self.restore(|_| false);
        None
    }

    /// Runs a future that was left again, as far as it had come; the present one becomes a branch.
    pub fn switch(&mut self, index: usize) -> bool {
        let Some(branch) = self.branches.iter().nth(index).cloned() else { return false };
        let Ok(mut other) = Self::open(branch.script) else { return false };
        other.plan = core::mem::take(&mut self.plan);
        self.become_other(other, branch.head);
        true
    }

    /// Lives another script up to this moment, for instance this one with a config changed; the present run becomes a branch.
    ///
    /// # Errors
    ///
    /// A command of the script's set-up is refused; nothing is changed then.
    pub fn relive(&mut self, script: Script) -> Result<(), SessionError> {
        let other = Self::open(script)?;
        self.become_other(other, self.now());
        Ok(())
    }

    fn become_other(&mut self, mut other: Self, at: SimTime) {
        let left = Branch { script: self.script.clone(), forked_at: self.now(), head: self.head };
        other.branches = core::mem::replace(&mut self.branches, Ring::new(KEPT));
        other.branches.push(left);
        other.breakpoints = core::mem::take(&mut self.breakpoints);
        other.seek(at);
        *self = other;
    }

    /// One event or one entry due by `until`; otherwise the clock moves there. Whether anything happened.
    fn tick(&mut self, until: SimTime) -> bool {
        let entry = self.script.entries.get(self.live.cursor).filter(|entry| entry.at <= until);
        let due = entry.map_or(until, |entry| entry.at);
        if self.live.world.step(due) {
            return true;
        }
        let Some(entry) = entry else { return false };
        if let Err(error) = self.live.world.submit(&entry.command) {
            self.refusals.insert(self.live.cursor, error);
        }
        self.live.cursor += 1;
        true
    }

    /// Ticks as long as `tick` says, and keeps one snapshot near where that ends, so that small steps back are cheap.
    fn replay(&mut self, mut tick: impl FnMut(&mut Self) -> bool) {
        let mut near = None;
        let mut since = self.live.world.events_handled();
        while tick(self) {
            let handled = self.live.world.events_handled();
            if handled >= since + SPACING_EVENTS {
                self.collect();
                near = Some(self.live.clone());
                since = handled;
            }
        }
        self.collect();
        self.head = self.head.max(self.now());
        if let Some(snapshot) = near {
            self.history.keep(snapshot);
        }
    }

    fn mark(&mut self) {
        if self.history.wants(self.live.world.events_handled()) {
            self.collect();
            self.history.keep(self.live.clone());
        }
    }

    fn collect(&mut self) {
        self.trace.extend(self.live.world.take_facts());
    }

    fn restore(&mut self, usable: impl Fn(&Snapshot) -> bool) {
        self.live = self.history.latest(usable).clone();
    }

    fn hit(&mut self, before: u64) -> Option<(Breakpoint, u64)> {
        if self.breakpoints.is_empty() || self.facts_end() == before {
            return None;
        }
        self.collect();
        self.facts_from(before).find_map(|fact| {
            let hit = self.breakpoints.iter().find(|breakpoint| breakpoint.hits(&fact.fact));
            hit.map(|breakpoint| (*breakpoint, fact.seq))
        })
    }

    fn latest_before(&self, seq: u64, wanted: impl Fn(&TraceEvent) -> bool) -> Option<u64> {
        self.trace.range(0, seq).rev().find(|fact| wanted(fact)).map(|fact| fact.seq)
    }

    /// Whether a command would be accepted; it is tried on a copy because a refusal must not fork anything.
    fn try_out(&self, command: &Command) -> Result<(), CommandError> {
        let mut copy = self.live.world.clone();
        copy.submit(command)
    }

    /// Cuts off everything later than now; if anything of it has run, it becomes a branch.
    fn leave_future(&mut self) {
        let (now, cursor) = (self.now(), self.live.cursor);
        if now >= self.head {
            return;
        }
        self.branches.push(Branch { script: self.script.clone(), forked_at: now, head: self.head });
        self.history.cut(self.live.world.events_handled(), cursor);
        self.trace.cut(self.facts_end());
        self.refusals.retain(|index, _| *index < cursor);
        self.script.cut(cursor);
        self.script.entries.extend(self.plan.iter().filter(|entry| entry.at > now).cloned());
        self.head = now;
    }
}
