//! The log of one partition replica.
//!
//! Invariant: `log_start <= high_watermark <= log_end`, and offsets only grow.

pub mod batch;
pub mod record;

pub use batch::{Batch, Codec, TimestampType};
pub use record::{Header, Record};
