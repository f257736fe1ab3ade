//! Quantities as people write them: spans of time and moments of the calendar.
//!
//! Invariant: what is written by this module reads back as the same quantity.

mod instant;
mod span;

pub use instant::{epoch_ms_of, show_instant};
pub use span::{parse_span, show_span};
