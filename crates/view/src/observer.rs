//! The observer: picture, ledger and chronicle, folded together from the trace.
//!
//! The page keeps one for the moment that is shown, feeds it new facts, and begins a new one to go back. Invariant: it
//! depends on the facts and the directory alone.

use crate::chronicle::Chronicle;
use crate::directory::Directory;
use crate::explain::Context;
use crate::ledger::Ledger;
use crate::picture::Picture;
use kafkascope_kernel::SimTime;
use kafkascope_model::trace::TraceEvent;

/// All that is known of a run up to a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observer {
    /// The cluster.
    pub picture: Picture,
    /// The records.
    pub ledger: Ledger,
    /// What is worth telling.
    pub chronicle: Chronicle,
    /// How many facts were folded; the next one's place in the trace.
    pub seen: usize,
}

impl Observer {
    /// Folds the next fact.
    pub fn observe(&mut self, event: &TraceEvent, directory: &Directory) {
        self.ledger.observe(event, &self.picture);
        let context = Context { before: &self.picture, ledger: &self.ledger, directory };
        self.chronicle.observe(event, &context);
        self.picture.observe(event);
        self.seen += 1;
    }

    /// What sentences may know now.
    pub const fn context<'a>(&'a self, directory: &'a Directory) -> Context<'a> {
        Context { before: &self.picture, ledger: &self.ledger, directory }
    }

    /// Brings it to the moment `now`, with all facts of the branch that is shown; begins anew if that lies in the past.
    pub fn catch_up(&mut self, trace: &[TraceEvent], now: SimTime, directory: &Directory) {
        if self.picture.last.at > now || self.seen > trace.len() {
            *self = Self::default();
        }
        let due = trace[self.seen..].iter().take_while(|event| event.at <= now);
        for event in due {
            self.observe(event, directory);
        }
    }
}
