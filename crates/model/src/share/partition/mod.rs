//! One partition as one share group reads it, at the partition's leader (`SharePartition`).
//!
//! It hands records out, remembers to whom and for how long, and moves its start past what is final. Changes are stored at the
//! share coordinator before they count. Invariant: below the start offset everything is final, and the start never falls.

mod acknowledge;
mod acquire;
mod window;

pub use acquire::Taken;

use super::ShareLimits;
use super::in_flight::{InFlightBatch, InFlightState};
use crate::api::share::{RecordState, StateBatch, StoredState, WrittenState};
use crate::ids::{LeaderEpoch, Name, Offset, TopicPartition};
use crate::trace::SettledBy;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, SimTime};

/// Where a share partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Its state was not asked for yet.
    Empty,
    /// Its state is being read.
    Initializing,
    /// It hands out records.
    Active,
}

/// Offsets that were stored with holes: the holes are acquired like new records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct GapWindow {
    /// The end offset when it was read.
    end: Offset,
    /// Everything below was looked at.
    start: Offset,
}

/// What a share coordinator was asked, by whom: a share partition that was given up and opened anew takes no answer to its former
/// life for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// Counts the share partitions that this broker ever opened.
    pub life: u32,
    /// Counts the changes of one of them.
    pub number: u32,
}

/// A change that is being stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PendingWrite {
    batches: Vec<StateBatch>,
    by: SettledBy,
}

/// A share partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharePartition {
    /// Which partition.
    pub tp: TopicPartition,
    /// The epoch in which this broker leads it.
    pub leader_epoch: LeaderEpoch,
    /// Where it stands.
    pub phase: Phase,
    /// SPSO: everything below is final.
    pub start_offset: Offset,
    /// SPEO: the last offset that was acquired, or the next one to be.
    pub end_offset: Offset,
    /// Counts initializations.
    pub state_epoch: i32,
    /// Final records at or above the start offset.
    pub delivery_complete_count: i32,
    batches: FlatMap<Offset, InFlightBatch>,
    /// Something below the end may have become available.
    looks_back: bool,
    gap: Option<GapWindow>,
    writes: FlatMap<Ticket, PendingWrite>,
    next_ticket: Ticket,
    /// When locks are looked at next.
    pub lock_check: Option<SimTime>,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The states that hold now, merged; none if the change was taken back.
    pub batches: Vec<StateBatch>,
    /// What led to it.
    pub by: SettledBy,
    /// Whether the start moved.
    pub moved: bool,
}

/// Something to be stored, and by what its answer is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ToWrite {
    /// Comes back with the answer.
    pub ticket: Ticket,
    /// What to store.
    pub state: WrittenState,
}

impl SharePartition {
    /// One whose state is still to be read; no other that this broker opened has the same `life`.
    pub const fn new(tp: TopicPartition, leader_epoch: LeaderEpoch, life: u32) -> Self {
        Self {
            tp,
            leader_epoch,
            phase: Phase::Empty,
            start_offset: 0,
            end_offset: 0,
            state_epoch: 0,
            delivery_complete_count: 0,
            batches: FlatMap::new(),
            looks_back: false,
            gap: None,
            writes: FlatMap::new(),
            next_ticket: Ticket { life, number: 0 },
            lock_check: None,
        }
    }

    /// Whether a ticket is its own.
    pub const fn owns(&self, ticket: Ticket) -> bool {
        self.next_ticket.life == ticket.life
    }

    /// With what it asks for its state.
    pub const fn ticket(&self) -> Ticket {
        self.next_ticket
    }

    /// Its state was read; `start` is where it begins if nothing was stored.
    pub fn load(&mut self, stored: &StoredState, start: Offset) {
        self.phase = Phase::Active;
        self.start_offset = start;
        self.state_epoch = stored.state_epoch;
        let mut next = start;
        let mut has_gaps = false;
        for batch in stored.batches.iter().filter(|batch| batch.last >= start) {
            has_gaps |= batch.first > next;
            next = batch.last + 1;
            let state = InFlightState::stored(batch.state, batch.delivery_count);
            let first = batch.first.max(start);
            self.batches.insert(first, InFlightBatch::new(first, batch.last, state));
            if batch.state.is_terminal() {
                self.delivery_complete_count += count(first, batch.last);
            }
        }
        self.end_offset = start;
        if let Some(last) = self.last_in_flight() {
            self.looks_back = true;
            self.end_offset = last;
            self.gap = has_gaps.then_some(GapWindow { end: last, start });
            self.move_start();
        }
    }

    /// The records in flight, in order of their offsets.
    pub fn batches(&self) -> impl Iterator<Item = &InFlightBatch> {
        self.batches.values()
    }

    /// How many offsets lie between start and end.
    pub fn in_flight(&self) -> i64 {
        if self.batches.is_empty() { 0 } else { self.end_offset - self.start_offset + 1 }
    }

    /// Whether there is anything to acquire, or room for it (`canAcquireRecords`).
    pub fn can_acquire(&mut self, limits: ShareLimits) -> bool {
        self.next_fetch_offset() != self.end_offset + 1
            || self.in_flight() < i64::from(limits.record_locks)
    }

    /// Where to read: the first record that is available again, or what follows the end (`nextFetchOffset`).
    pub fn next_fetch_offset(&mut self) -> Offset {
        if self.last_in_flight().is_none_or(|last| last < self.start_offset) {
            self.looks_back = false;
            return self.end_offset;
        }
        if self.looks_back
            && let Some(offset) = self.first_available()
        {
            return offset;
        }
        self.looks_back = false;
        self.end_offset + 1
    }

    /// When the next lock runs out; a record keeps its lock while a change of it is being stored, for the change may fail.
    pub fn next_lock_end(&self, now: SimTime) -> Option<SimTime> {
        let states = self.batches.values().flat_map(InFlightBatch::states);
        states.filter_map(|(_, _, state)| state.next_look(now)).min()
    }

    /// A change was stored, or could not be.
    pub fn on_written(
        &mut self,
        ticket: Ticket,
        stored: bool,
        limits: ShareLimits,
        now: SimTime,
    ) -> Option<Settled> {
        let PendingWrite { batches, by } = self.writes.remove(&ticket)?;
        let reversible = by != SettledBy::LockExpiry;
        let ran_out = match reversible {
            true => self.end_changes(&batches, stored, limits, now),
            false => Vec::new(),
        };
        let before = self.start_offset;
        if stored || !reversible {
            self.move_start();
        }
        let moved = self.start_offset != before;
        // Of locks that ran out it was told when they did, unless the records were being changed then.
        let (batches, by) = match stored && reversible {
            true => (batches, by),
            false => (ran_out, SettledBy::LockExpiry),
        };
        Some(Settled { batches: merged(batches), by, moved })
    }

    /// Members that have records of it, each with how many.
    pub fn holders(&self) -> FlatMap<Name, i64> {
        let mut holders = FlatMap::new();
        let states = self.batches.values().flat_map(InFlightBatch::states);
        for (first, last, state) in states {
            if let Some(member) = &state.member {
                *holders.entry(member.clone()).or_insert(0) += last - first + 1;
            }
        }
        holders
    }

    fn first_available(&self) -> Option<Offset> {
        let gap = self.active_gap();
        let mut gap_start = gap.map_or(-1, |gap| gap.start);
        for batch in self.batches.values() {
            if gap.is_some() {
                if batch.first > gap_start {
                    return Some(gap_start);
                }
                gap_start = gap_start.max(batch.last + 1);
            }
            let mut states = batch.states();
            if let Some((first, ..)) = states.find(|(_, _, state)| state.is_available()) {
                return Some(first);
            }
        }
        None
    }

    fn active_gap(&self) -> Option<GapWindow> {
        self.gap.filter(|gap| gap.end == self.end_offset)
    }

    fn pass_gap(&mut self, offset: Offset) {
        if let Some(gap) = &mut self.gap {
            if gap.end == self.end_offset && offset <= gap.end {
                gap.start = offset;
            } else {
                self.gap = None;
            }
        }
    }

    fn last_in_flight(&self) -> Option<Offset> {
        self.batches.values().next_back().map(|batch| batch.last)
    }

    /// The batch that begins at an offset or before it.
    fn floor(&self, offset: Offset) -> Option<&InFlightBatch> {
        self.batches.range(..=offset).next_back().map(|(_, batch)| batch)
    }

    /// How many of these offsets count: those at or above the start.
    fn counted(&self, first: Offset, last: Offset) -> i32 {
        if last >= self.start_offset { count(first.max(self.start_offset), last) } else { 0 }
    }

    fn write(&mut self, batches: Vec<StateBatch>, by: SettledBy) -> Option<ToWrite> {
        if batches.is_empty() {
            return None;
        }
        let ticket = self.next_ticket;
        self.next_ticket.number = ticket.number.wrapping_add(1);
        let state = WrittenState {
            tp: self.tp,
            state_epoch: self.state_epoch,
            leader_epoch: self.leader_epoch,
            start_offset: self.start_offset,
            delivery_complete_count: self.delivery_complete_count,
            batches: batches.clone(),
        };
        self.writes.insert(ticket, PendingWrite { batches, by });
        Some(ToWrite { ticket, state })
    }

    fn end_changes(
        &mut self,
        batches: &[StateBatch],
        stored: bool,
        limits: ShareLimits,
        now: SimTime,
    ) -> Vec<StateBatch> {
        let mut ran_out = Vec::new();
        for changed in batches {
            let (mut undone, mut available) = (false, false);
            let from = self.floor(changed.first).map_or(changed.first, |batch| batch.first);
            for (_, batch) in self.batches.range_mut(from..=changed.last) {
                for (first, last, state) in batch.states_in_mut(changed.first, changed.last) {
                    if !state.is_changing() {
                        continue;
                    }
                    if state.end_change(stored, limits.delivery_count, now) {
                        let (state, delivery_count) = (state.state, state.delivery_count);
                        ran_out.push(StateBatch { first, last, state, delivery_count });
                    }
                    available |= state.state == RecordState::Available;
                    undone |= changed.state.is_terminal() && !state.state.is_terminal();
                }
            }
            self.looks_back |= available;
            if undone {
                self.delivery_complete_count -= self.counted(changed.first, changed.last);
            }
        }
        ran_out
    }
}

/// Neighbours with the same state as one.
fn merged(batches: Vec<StateBatch>) -> Vec<StateBatch> {
    let mut merged: Vec<StateBatch> = Vec::new();
    for batch in batches {
        match merged.last_mut() {
            Some(last)
                if last.last + 1 == batch.first
                    && last.state == batch.state
                    && last.delivery_count == batch.delivery_count =>
            {
                last.last = batch.last;
            }
            Some(_) | None => merged.push(batch),
        }
    }
    merged
}

const fn count(first: Offset, last: Offset) -> i32 {
    (last - first + 1) as i32
}
