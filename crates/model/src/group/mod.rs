//! Group coordinators: the broker's side of consumer groups, and the assignors that clients run.
//!
//! A broker hosts one [`GroupCoordinator`] over the partitions of `__consumer_offsets` that it leads, and lends it its log
//! through [`OffsetsLog`]. Invariant: in one generation each partition has at most one owner.

mod administration;
pub mod assignor;
pub mod caller;
pub mod classic;
pub mod coordinator;
pub mod expiry;
pub mod java_order;
pub mod modern;
mod offset_requests;
pub mod offsets;
pub mod offsets_log;
pub mod pending;
pub mod protocol;
pub mod records;
pub mod shard;
pub mod share;
pub mod transactional;
pub mod wire;
pub mod write;

pub use coordinator::{GroupCoordinator, GroupTimer, partition_for};
pub use offsets_log::{OFFSETS_TOPIC, OffsetsLog, OffsetsRecord};

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "anything else fails the test")]
mod testing;
