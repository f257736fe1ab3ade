//! Group coordinators: the broker's side of consumer groups, and the assignors that clients run.
//!
//! A broker hosts one [`GroupCoordinator`] over the partitions of `__consumer_offsets` that it leads, and lends it its log
//! through [`OffsetsLog`]. Invariant: in one generation each partition has at most one owner.

pub mod coordinator;
pub mod offsets_log;

pub use coordinator::{GroupCoordinator, GroupTimer, partition_for};
pub use offsets_log::{OFFSETS_TOPIC, OffsetsLog, OffsetsRecord};
