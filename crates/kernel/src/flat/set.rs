//! A set in order.
//!
//! Invariant: elements strictly increase.

use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::RangeBounds;
use core::slice;

/// A set as a sorted vector.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlatSet<T> {
    elements: Vec<T>,
}

impl<T> FlatSet<T> {
    /// An empty set; nothing is allocated.
    pub const fn new() -> Self {
        Self { elements: Vec::new() }
    }

    /// How many elements it has.
    pub const fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.elements.clear();
    }

    /// All elements, in order.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.elements.iter()
    }

    /// The least element.
    pub fn first(&self) -> Option<&T> {
        self.elements.first()
    }

    /// The greatest element.
    pub fn last(&self) -> Option<&T> {
        self.elements.last()
    }

    /// Takes out the least element.
    pub fn pop_first(&mut self) -> Option<T> {
        if self.elements.is_empty() { None } else { Some(self.elements.remove(0)) }
    }

    /// Takes out the greatest element.
    pub fn pop_last(&mut self) -> Option<T> {
        self.elements.pop()
    }

    /// Keeps what the predicate says yes to.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.elements.retain(keep);
    }
}

impl<T: Ord> FlatSet<T> {
    /// Whether an element is in.
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.find(element).is_ok()
    }

    /// Puts an element in; false if it was in already.
    pub fn insert(&mut self, element: T) -> bool {
        let place = self.find(&element);
        if let Err(at) = place {
            self.elements.insert(at, element);
        }
        place.is_err()
    }

    /// Takes an element out; false if it was not in.
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.take(element).is_some()
    }

    /// Takes an element out and gives it.
    pub fn take<Q: Ord + ?Sized>(&mut self, element: &Q) -> Option<T>
    where
        T: Borrow<Q>,
    {
        let at = self.find(element).ok()?;
        Some(self.elements.remove(at))
    }

    /// What lies in a range, in order.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> slice::Iter<'_, T>
    where
        T: Borrow<Q>,
    {
        self.elements[super::span(&range, self.elements.len(), |key| self.find(key))].iter()
    }

    /// What is in this set and not in the other, in order.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        self.iter().filter(|element| !other.contains(*element))
    }

    /// What is in both, in order.
    pub fn intersection<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        self.iter().filter(|element| other.contains(*element))
    }

    /// What is in either, in order, each once.
    pub fn union<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        let mut all: Vec<&T> = self.iter().chain(other.iter()).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// Whether everything in this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|element| other.contains(element))
    }

    /// Whether nothing is in both.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        !self.iter().any(|element| other.contains(element))
    }

    fn find<Q: Ord + ?Sized>(&self, element: &Q) -> Result<usize, usize>
    where
        T: Borrow<Q>,
    {
        self.elements.binary_search_by(|held| held.borrow().cmp(element))
    }
}

// A vector of integers hashes as one run of bytes; a set hashes one by one, as every other does.
impl<T: Hash> Hash for FlatSet<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|element| element.hash(state));
    }
}

impl<T> Default for FlatSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for FlatSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Ord> Extend<T> for FlatSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        elements.into_iter().for_each(|element| {
            self.insert(element);
        });
    }
}

impl<'a, T: Ord + Copy + 'a> Extend<&'a T> for FlatSet<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.extend(elements.into_iter().copied());
    }
}

impl<T: Ord> FromIterator<T> for FlatSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = Self::new();
        set.extend(elements);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for FlatSet<T> {
    fn from(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl<T> IntoIterator for FlatSet<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a FlatSet<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest_of;
    use std::collections::BTreeSet;

    #[test]
    fn it_answers_and_hashes_as_a_search_tree_does() {
        let flat: FlatSet<u32> = [3, 1, 2, 3].into();
        let tree: BTreeSet<u32> = [3, 1, 2, 3].into();
        assert!(flat.iter().eq(tree.iter()));
        assert_eq!(digest_of(&flat), digest_of(&tree));
    }

    #[test]
    fn sets_are_joined_cut_and_compared() {
        let (a, b) = (FlatSet::from([1, 2, 3]), FlatSet::from([3, 4]));
        assert!(a.union(&b).eq(&[1, 2, 3, 4]));
        assert!(a.intersection(&b).eq(&[3]));
        assert!(a.difference(&b).eq(&[1, 2]));
        assert!(FlatSet::from([1]).is_subset(&a) && !a.is_disjoint(&b));
    }

    #[test]
    fn what_is_in_is_not_put_in_again() {
        let mut set = FlatSet::from([1]);
        assert!(!set.insert(1) && set.insert(2) && set.remove(&1) && !set.remove(&1));
        assert!(set.iter().eq(&[2]));
    }
}
