//! A bounded buffer that makes room by dropping its oldest, and says how many it dropped.
//!
//! Invariant: at most `capacity` items are held, and `dropped() + len()` is the number ever pushed.

use alloc::collections::VecDeque;

/// The newest `capacity` items pushed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ring<T> {
    items: VecDeque<T>,
    capacity: u32,
    dropped: u64,
}

impl<T> Ring<T> {
    /// An empty ring; `capacity` must not be zero.
    pub const fn new(capacity: u32) -> Self {
        assert!(capacity > 0, "a ring holds something");
        Self { items: VecDeque::new(), capacity, dropped: 0 }
    }

    /// Adds the newest item.
    pub fn push(&mut self, item: T) {
        if self.items.len() as u64 == u64::from(self.capacity) {
            self.items.pop_front();
            self.dropped += 1;
        }
        self.items.push_back(item);
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.items.iter()
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many had to make room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_oldest_makes_room_and_is_counted() {
        let mut ring = Ring::new(2);
        for n in 1..=5 {
            ring.push(n);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [4, 5]);
        assert_eq!(ring.dropped(), 3);
    }
}
