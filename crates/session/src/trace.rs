//! The trace: facts of the run so far, also those of the future one has come back from.
//!
//! Invariant: facts are consecutive; a fact stated again during a replay is the one already here.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_model::trace::TraceEvent;

/// The newest facts of a run; older ones make room.
#[derive(Clone, Debug)]
pub struct Trace {
    facts: VecDeque<TraceEvent>,
    first: u64,
    limit: u32,
}

impl Trace {
    pub(crate) const fn new(limit: u32) -> Self {
        Self { facts: VecDeque::new(), first: 0, limit }
    }

    /// The number of the oldest fact still here; that many made room.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next new fact will have.
    pub fn end(&self) -> u64 {
        self.first + self.facts.len() as u64
    }

    /// One fact, unless it made room or is still to come.
    pub fn get(&self, seq: u64) -> Option<&TraceEvent> {
        let index = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        self.facts.get(index)
    }

    /// Facts numbered `from .. to`, as far as they are here, oldest first.
    pub fn range(
        &self,
        from: u64,
        to: u64,
    ) -> impl DoubleEndedIterator<Item = &TraceEvent> + ExactSizeIterator {
        let end = to.clamp(self.first, self.end());
        let start = from.clamp(self.first, end);
        self.facts.range((start - self.first) as usize..(end - self.first) as usize)
    }

    pub(crate) fn extend(&mut self, facts: Vec<TraceEvent>) {
        for fact in facts {
            if fact.seq < self.end() {
                continue;
            }
            if self.facts.is_empty() {
                self.first = fact.seq;
            }
            assert_eq!(fact.seq, self.end(), "facts are consecutive");
            self.facts.push_back(fact);
            if self.facts.len() as u64 > u64::from(self.limit) {
                self.facts.pop_front();
                self.first += 1;
            }
        }
    }

    /// Forgets facts from `seq` on: their future was left.
    pub(crate) fn cut(&mut self, seq: u64) {
        if seq <= self.first {
            self.facts.clear();
            self.first = seq;
        } else {
            self.facts.truncate((seq - self.first) as usize);
        }
    }
}
