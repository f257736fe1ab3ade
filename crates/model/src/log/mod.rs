//! The log of one partition replica.
//!
//! Invariant: `log_start <= high_watermark <= log_end`, and offsets only grow.

pub mod batch;
pub mod compaction;
pub mod divergence;
mod durability;
pub mod epochs;
pub mod marker;
pub mod partition_log;
pub mod producers;
pub mod read;
pub mod record;
pub mod retention;
pub mod segment;
pub mod sizes;
#[cfg(test)]
pub(crate) mod testing;
pub mod transactions;
pub(crate) mod validation;

pub use batch::{Batch, Codec, TimestampType};
pub use partition_log::{LeaderAppend, PartitionLog};
pub use record::{Header, Record};
pub use transactions::AbortedTxn;
