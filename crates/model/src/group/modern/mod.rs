//! Groups that speak the consumer protocol (KIP-848): the coordinator assigns, and each member converges by heartbeats.
//!
//! Invariant: a partition is given to a member only after whoever had it has said that it gave it up.

pub mod assignor;
pub mod consumer;
pub(super) mod describe;
pub mod limits;
pub mod pattern;
pub mod reconcile;
pub mod records;
pub(super) mod shard;

#[cfg(test)]
mod stories;

pub use consumer::{ConsumerGroup, ConsumerGroupState, ConsumerMember};
