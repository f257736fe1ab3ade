//! Ordered maps and sets for small collections, as sorted vectors.
//!
//! Nearly every table of a simulated cluster holds a handful of entries and is copied whole with each snapshot. A sorted vector
//! is one allocation, walks memory in order, and compiles to a fraction of a search tree's code, which the page has to download.
//! Their methods behave as those of `BTreeMap` and `BTreeSet`, and hash alike.
//! Invariant: keys strictly increase.

mod map;
mod set;

use core::ops::{Bound, Range, RangeBounds};

pub use map::{Entry, FlatMap};
pub use set::FlatSet;

/// Where a range of keys lies among `len` sorted ones; `find` tells a key's place, or where it would be.
fn span<Q: ?Sized>(
    range: &impl RangeBounds<Q>,
    len: usize,
    find: impl Fn(&Q) -> Result<usize, usize>,
) -> Range<usize> {
    let at = |key| find(key).unwrap_or_else(|at| at);
    let behind = |key| find(key).map_or_else(|at| at, |at| at + 1);
    let from = match range.start_bound() {
        Bound::Included(key) => at(key),
        Bound::Excluded(key) => behind(key),
        Bound::Unbounded => 0,
    };
    let to = match range.end_bound() {
        Bound::Included(key) => behind(key),
        Bound::Excluded(key) => at(key),
        Bound::Unbounded => len,
    };
    from..to
}
