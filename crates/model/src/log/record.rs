//! One record, as format v2 has it (`org.apache.kafka.common.record.DefaultRecord`).
//!
//! Payloads are shared, so replicas, snapshots and messages in flight hold one copy. Invariant: a record never changes after
//! `send()`; a null value with a key is a tombstone, an empty value is not.

use crate::ids::{Bytes, EpochMs, Name, RecordId};
use kafkascope_kernel::Shared;

/// A record's header: names may repeat, values may be null.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The header's name.
    pub key: Name,
    /// The header's value.
    pub value: Option<Bytes>,
}

/// One record inside a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The ledger's identity of it.
    pub id: RecordId,
    /// Offset relative to the batch's base offset.
    pub offset_delta: i32,
    /// CreateTime, or the broker's time when the topic says LogAppendTime.
    pub timestamp: EpochMs,
    /// Null means keyless.
    pub key: Option<Bytes>,
    /// Null with a key is a tombstone.
    pub value: Option<Bytes>,
    /// In the order the application gave them; none is by far the most common.
    pub headers: Option<Shared<Header>>,
}

impl Record {
    /// Key present, value null.
    pub const fn is_tombstone(&self) -> bool {
        self.key.is_some() && self.value.is_none()
    }
}
