//! The ground everything stands on: simulated time, one total order of events, named random streams, stable digests.
//!
//! It exists so that nothing above it can be impure: no clock, no hash map, no float, no environment is reachable here.
//! Invariant: the same calls in the same order give the same answers on every machine, 32 or 64 bit.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod digest;
pub mod flat;
pub mod limits;
pub mod prng;
pub mod queue;
pub mod ring;
pub mod shared;
pub mod time;

pub use digest::{Digest, digest_of};
pub use flat::{FlatMap, FlatSet};
pub use limits::Limits;
pub use prng::{Prng, Ratio, Seed};
pub use queue::{EventId, EventQueue};
pub use ring::Ring;
pub use shared::Shared;
pub use time::{Micros, SimTime};
