//! The event queue: one total order `(time, sequence)`.
//!
//! Two events at one instant leave in the order in which they were scheduled, whatever the heap's shape. Cancelling is lazy:
//! a cancelled entry is dropped when it comes up. Invariant: `pop` never returns a moment earlier than the one before.

use crate::time::SimTime;
use alloc::collections::{BTreeSet, BinaryHeap};
use core::cmp::Ordering;

/// Names a scheduled event, for cancelling it. Never reused within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

/// Events ordered by `(time, sequence)`.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    heap: BinaryHeap<Due<E>>,
    cancelled: BTreeSet<EventId>,
    next_seq: u64,
    floor: SimTime,
}

#[derive(Clone, Debug)]
struct Due<E> {
    at: SimTime,
    seq: u64,
    event: E,
}

impl<E> EventQueue<E> {
    /// An empty queue.
    pub const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            cancelled: BTreeSet::new(),
            next_seq: 0,
            floor: SimTime::ZERO,
        }
    }

    /// Schedules `event`; `at` must not lie before the last event popped.
    pub fn schedule(&mut self, at: SimTime, event: E) -> EventId {
        assert!(at >= self.floor, "an event cannot be scheduled in the past");
        let seq = self.next_seq;
        self.next_seq += 1;
        self.heap.push(Due { at, seq, event });
        EventId(seq)
    }

    /// Makes sure that a pending event never comes up. It must be pending.
    pub fn cancel(&mut self, id: EventId) {
        self.cancelled.insert(id);
    }

    /// When the next event is due.
    pub fn peek(&mut self) -> Option<SimTime> {
        self.drop_cancelled();
        self.heap.peek().map(|due| due.at)
    }

    /// Takes the next event if it is due at or before `until`.
    pub fn pop_due(&mut self, until: SimTime) -> Option<(SimTime, EventId, E)> {
        self.drop_cancelled();
        if self.heap.peek()?.at > until {
            return None;
        }
        let due = self.heap.pop()?;
        self.floor = due.at;
        Some((due.at, EventId(due.seq), due.event))
    }

    /// How many events are pending, cancelled ones not counted.
    pub fn len(&self) -> usize {
        self.heap.len() - self.cancelled.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pending events in no particular order, cancelled ones left out.
    pub fn iter_unordered(&self) -> impl Iterator<Item = (SimTime, EventId, &E)> {
        self.heap
            .iter()
            .filter(|due| !self.cancelled.contains(&EventId(due.seq)))
            .map(|due| (due.at, EventId(due.seq), &due.event))
    }

    fn drop_cancelled(&mut self) {
        while !self.cancelled.is_empty() {
            let Some(head) = self.heap.peek() else { return };
            if !self.cancelled.remove(&EventId(head.seq)) {
                return;
            }
            self.heap.pop();
        }
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Ord for Due<E> {
    /// Reversed, because the heap hands out its greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.seq).cmp(&(self.at, self.seq))
    }
}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Due<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn drain(queue: &mut EventQueue<&'static str>) -> Vec<&'static str> {
        core::iter::from_fn(|| queue.pop_due(SimTime::END).map(|(_, _, event)| event)).collect()
    }

    #[test]
    fn events_at_one_instant_leave_in_the_order_they_came() {
        let mut queue = EventQueue::new();
        queue.schedule(SimTime(5), "b");
        queue.schedule(SimTime(5), "c");
        queue.schedule(SimTime(1), "a");
        assert_eq!(drain(&mut queue), ["a", "b", "c"]);
    }

    #[test]
    fn a_cancelled_event_never_comes_up_and_does_not_count() {
        let mut queue = EventQueue::new();
        let id = queue.schedule(SimTime(1), "never");
        queue.schedule(SimTime(2), "kept");
        queue.cancel(id);
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.peek(), Some(SimTime(2)));
        assert_eq!(drain(&mut queue), ["kept"]);
    }

    #[test]
    #[should_panic(expected = "in the past")]
    fn the_past_is_closed() {
        let mut queue = EventQueue::new();
        queue.schedule(SimTime(5), "a");
        queue.pop_due(SimTime::END);
        queue.schedule(SimTime(4), "b");
    }
}
