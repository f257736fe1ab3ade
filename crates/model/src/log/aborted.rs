//! The index of aborted transactions (`org.apache.kafka.storage.internals.log.TransactionIndex`).
//!
//! Invariant: entries are in the order of their markers.

use crate::ids::{Offset, ProducerId};

/// One aborted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTxn {
    /// Whose it was.
    pub producer_id: ProducerId,
    /// Its first record.
    pub first_offset: Offset,
    /// Its marker.
    pub last_offset: Offset,
}
