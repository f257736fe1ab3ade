//! The newest offset of every key (`SkimpyOffsetMap`).
//!
//! Kafka's map holds hashes of keys, this one the keys themselves. Invariant: `latest` is the last offset it knows all about.

use crate::ids::{Bytes, Offset};
use crate::log::{Batch, Record};
use kafkascope_kernel::FlatMap;

/// Keys with their newest offsets.
#[derive(Debug)]
pub(super) struct OffsetMap {
    newest: FlatMap<Bytes, Offset>,
    max_keys: u64,
    /// The last offset that was looked at; -1 if none was.
    pub(super) latest: Offset,
}

impl OffsetMap {
    pub(super) const fn new(max_keys: u64) -> Self {
        Self { newest: FlatMap::new(), max_keys, latest: -1 }
    }

    /// Takes up a batch's records from `from` on; false when the map is full before its end.
    pub(super) fn put_all(&mut self, batch: &Batch, from: Offset) -> bool {
        for record in batch.records.iter() {
            let offset = batch.offset_of(record);
            let Some(key) = record.key.as_ref().filter(|_| offset >= from) else { continue };
            if self.newest.len() as u64 >= self.max_keys {
                return false;
            }
            self.newest.insert(key.clone(), offset);
            self.latest = offset;
        }
        true
    }

    /// Whether a record is beyond the map, or the newest of its key.
    pub(super) fn is_newest(&self, record: &Record, offset: Offset) -> bool {
        offset > self.latest
            || record
                .key
                .as_ref()
                .is_some_and(|key| self.newest.get(key).is_none_or(|newest| offset >= *newest))
    }

    /// Whether a record lies beyond what the map knows.
    pub(super) const fn is_beyond(&self, offset: Offset) -> bool {
        offset > self.latest
    }
}
