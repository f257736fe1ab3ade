//! Ordered maps and sets for small collections, as sorted vectors.
//!
//! Nearly every table of a simulated cluster holds a handful of entries and is copied whole with each snapshot. A sorted vector
//! is one allocation, walks memory in order, and compiles to a fraction of a search tree's code, which the page has to download.
//! Their methods behave as those of `BTreeMap` and `BTreeSet`, and hash alike.
//! Invariant: keys strictly increase.

mod map;
mod set;

pub use map::{Entry, FlatMap};
pub use set::FlatSet;
