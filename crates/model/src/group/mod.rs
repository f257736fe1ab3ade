//! Group coordinators: the broker's side of consumer groups, and the assignors that clients run.
//!
//! Invariant: in one generation each partition has at most one owner.
