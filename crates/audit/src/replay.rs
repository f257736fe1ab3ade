//! An audited run: a script is lived again from its beginning, every step under the auditor's eyes.
//!
//! A page or a command line keeps its own session; the audit runs beside it, as far and as fast as its owner lets it, and costs
//! nothing while nobody asks. Invariant: the world here passes through the same states as any session of the script.

use crate::auditor::Auditor;
use crate::board::{Line, Verdict};
use crate::words::in_words;
use kafkascope_kernel::SimTime;
use kafkascope_model::command::CommandError;
use kafkascope_model::trace::TraceEvent;
use kafkascope_model::world::{Observe, World};
use kafkascope_session::Script;

/// A run under audit.
#[derive(Clone, Debug)]
pub struct Replay {
    script: Script,
    world: World,
    cursor: usize,
    auditor: Auditor,
}

impl Replay {
    /// Carries out the script's set-up.
    ///
    /// # Errors
    ///
    /// A command of the set-up is refused.
    pub fn new(script: Script) -> Result<Self, CommandError> {
        let mut world = World::new(script.spec.clone());
        world.set_observe(Observe { facts: true, network: false, exchanges: false });
        let mut auditor = Auditor::default();
        for command in &script.setup {
            auditor.command(command);
            world.submit(command)?;
        }
        let facts = world.take_facts();
        auditor.observe(&world, &facts);
        Ok(Self { script, world, cursor: 0, auditor })
    }

    /// Runs until `until` or until `budget` events were handled. Whether `until` is reached.
    pub fn advance(&mut self, until: SimTime, budget: u64) -> bool {
        self.advance_with(until, budget, |_| {})
    }

    /// The same; `each` sees every fact too.
    pub fn advance_with(
        &mut self,
        until: SimTime,
        budget: u64,
        mut each: impl FnMut(&TraceEvent),
    ) -> bool {
        for _ in 0..budget {
            if !self.tick(until, &mut each) {
                return true;
            }
        }
        false
    }

    /// How far it has come.
    pub const fn now(&self) -> SimTime {
        self.world.now()
    }

    /// What it lives.
    pub const fn script(&self) -> &Script {
        &self.script
    }

    /// The world as it is now.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The verdicts so far.
    pub const fn auditor(&self) -> &Auditor {
        &self.auditor
    }

    /// Every property with its state, findings in the words of the run.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.auditor.lines().map(|mut line| {
            if let Verdict::Excused(finding) | Verdict::Violated(finding) = &mut line.verdict {
                finding.what = in_words(&finding.what, &self.world);
            }
            line
        })
    }

    /// Holds every leader's log against what producers were told.
    pub fn take_stock(&mut self) {
        self.auditor.take_stock(&self.world);
    }

    /// Nothing has failed for long: asks what must have come about.
    pub fn after_quiet(&mut self) {
        self.auditor.after_quiet(&self.world);
    }

    fn tick(&mut self, until: SimTime, each: &mut impl FnMut(&TraceEvent)) -> bool {
        let entry = self.script.entries.get(self.cursor).filter(|entry| entry.at <= until);
        let due = entry.map_or(until, |entry| entry.at);
        let stepped = self.world.step(due);
        if !stepped {
            let Some(entry) = entry else { return false };
            self.auditor.command(&entry.command);
            // A refused command changes nothing; the session that shows the run tells of it.
            let _ = self.world.submit(&entry.command);
            self.cursor += 1;
        }
        let facts = self.world.take_facts();
        self.auditor.observe(&self.world, &facts);
        facts.iter().for_each(each);
        true
    }
}
