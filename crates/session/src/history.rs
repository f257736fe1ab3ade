//! Snapshots to return to: dense near the present, sparse far back.
//!
//! A snapshot is a clone of the world, which shares every record's payload. Invariant: snapshots are in order of progress, at
//! most [`KEPT`] of them, and the first is the beginning.

use alloc::vec::Vec;
use kafkascope_kernel::SimTime;
use kafkascope_model::world::World;

/// How many snapshots are kept.
pub(crate) const KEPT: usize = 64;
/// How many events lie between two snapshots when they are taken.
pub(crate) const SPACING_EVENTS: u64 = 4_096;

/// A world with its place in the script.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The world.
    pub world: World,
    /// How many entries of the script it has seen.
    pub cursor: usize,
}

impl Snapshot {
    /// Events and commands that made it.
    fn progress(&self) -> (u64, usize) {
        (self.world.events_handled(), self.cursor)
    }
}

/// Snapshots in order.
#[derive(Clone, Debug)]
pub(crate) struct History {
    marks: Vec<Snapshot>,
}

impl History {
    pub(crate) fn new(beginning: Snapshot) -> Self {
        Self { marks: alloc::vec![beginning] }
    }

    /// Moments that can be reached at once.
    pub(crate) fn moments(&self) -> impl Iterator<Item = SimTime> {
        self.marks.iter().map(|mark| mark.world.now())
    }

    /// The latest snapshot that satisfies `usable`, which must hold for a prefix of all snapshots; the beginning if none does.
    pub(crate) fn latest(&self, usable: impl Fn(&Snapshot) -> bool) -> &Snapshot {
        let count = self.marks.partition_point(usable);
        &self.marks[count.saturating_sub(1)]
    }

    /// Whether the last snapshot lies so far back that another is wanted.
    pub(crate) fn wants(&self, events_handled: u64) -> bool {
        let last = self.marks.last().expect("the beginning is always there");
        events_handled >= last.world.events_handled() + SPACING_EVENTS
    }

    /// Keeps a snapshot; one that is already there is not kept twice.
    pub(crate) fn keep(&mut self, snapshot: Snapshot) {
        let place = self.marks.partition_point(|mark| mark.progress() < snapshot.progress());
        if self.marks.get(place).is_some_and(|mark| mark.progress() == snapshot.progress()) {
            return;
        }
        self.marks.insert(place, snapshot);
        if self.marks.len() > KEPT {
            self.thin();
        }
    }

    /// Forgets what lies behind `cursor` entries or `events` handled: that future was left.
    pub(crate) fn cut(&mut self, events_handled: u64, cursor: usize) {
        self.marks
            .retain(|mark| mark.progress() <= (events_handled, cursor) && mark.cursor <= cursor);
        assert!(!self.marks.is_empty(), "the beginning is never cut");
    }

    /// Drops the snapshot that is missed least: the one whose neighbours lie closest, measured by how far back they are.
    fn thin(&mut self) {
        let head = self.marks.last().expect("there are many").world.events_handled();
        let cost = |index: usize| {
            let gap = self.events(index + 1) - self.events(index - 1);
            let age = head - self.events(index) + SPACING_EVENTS;
            u128::from(gap) * 1_000_000 / u128::from(age)
        };
        let victim = (1..self.marks.len() - 1).min_by_key(|index| cost(*index));
        if let Some(index) = victim {
            self.marks.remove(index);
        }
    }

    fn events(&self, index: usize) -> u64 {
        self.marks[index].world.events_handled()
    }
}
