//! Who has the fewest and who has the most partitions, while they change (`MemberAssignmentBalancer`).
//!
//! Invariant: among members with as many partitions, the one that comes first gets the next and the one that comes last loses
//! the next.

use alloc::vec::Vec;

/// Members of one topic, sorted by how much they have.
#[derive(Debug)]
pub struct Balancer {
    sorted: Vec<usize>,
    least_end: usize,
    least_count: i64,
    next_least: usize,
    most_start: usize,
    most_end: usize,
    most_count: i64,
    /// One more than the place of the next member to lose a partition.
    next_most: usize,
}

impl Balancer {
    /// Members with at least one among them; `sizes` is how much each member has.
    pub fn new(members: &[usize], sizes: &[i64]) -> Self {
        assert!(!members.is_empty(), "somebody wants the topic");
        let mut sorted = members.to_vec();
        sorted.sort_by_key(|member| (sizes[*member], *member));
        let count = sorted.len();
        Self {
            least_end: 0,
            least_count: sizes[sorted[0]] - 1,
            next_least: 0,
            most_start: count,
            most_end: count,
            most_count: sizes[sorted[count - 1]] + 1,
            next_most: count,
            sorted,
        }
    }

    /// Who gets the next partition.
    pub fn next_least(&mut self, sizes: &[i64]) -> usize {
        if self.next_least >= self.least_end {
            self.least_count += 1;
            while self.least_end < self.sorted.len()
                && sizes[self.sorted[self.least_end]] == self.least_count
            {
                self.least_end += 1;
            }
            self.next_least = 0;
        }
        let member = self.sorted[self.next_least];
        self.next_least += 1;
        member
    }

    /// Who loses the next partition, if anyone can.
    pub fn next_most(&mut self, sizes: &[i64]) -> Option<usize> {
        if self.next_most <= self.most_start {
            if self.most_end <= self.most_start && self.most_start > 0 {
                self.most_count = sizes[self.sorted[self.most_start - 1]];
            } else {
                self.most_count -= 1;
            }
            while self.most_start > 0 && sizes[self.sorted[self.most_start - 1]] == self.most_count
            {
                self.most_start -= 1;
            }
            self.next_most = self.most_end;
        }
        let place = self.next_most.checked_sub(1)?;
        self.next_most = place;
        Some(self.sorted[place])
    }

    /// The member just named has nothing to lose.
    pub fn exclude_most(&mut self) {
        self.sorted.swap(self.next_most, self.most_end - 1);
        self.most_end -= 1;
    }

    /// Whether no move would help any more.
    pub const fn is_balanced(&self) -> bool {
        self.most_count - self.least_count <= 1
    }
}
