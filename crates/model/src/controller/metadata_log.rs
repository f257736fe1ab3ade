//! The metadata log (`__cluster_metadata`), as it lies on a controller's disk.
//!
//! Invariant: offsets are positions, and epochs never fall along the log.

use super::records::MetadataRecord;
use crate::ids::{LeaderEpoch, Offset};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The most records that one fetch returns; it stands for Kafka's limit in bytes.
const FETCH_LIMIT: usize = 10_000;

/// Records with the epochs in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetadataLog {
    entries: Vec<(LeaderEpoch, Arc<MetadataRecord>)>,
    epoch: LeaderEpoch,
}

impl MetadataLog {
    /// The offset that the next record will have.
    pub fn end(&self) -> Offset {
        self.entries.len() as Offset
    }

    /// The present epoch.
    pub const fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// A new leader begins to write.
    pub const fn begin_epoch(&mut self) {
        self.epoch += 1;
    }

    /// Appends a record in the present epoch.
    pub fn append(&mut self, record: MetadataRecord) {
        self.entries.push((self.epoch, Arc::new(record)));
    }

    /// Records from `offset` on, as many as one fetch returns.
    pub fn read(&self, offset: Offset) -> Vec<(LeaderEpoch, Arc<MetadataRecord>)> {
        let start = usize::try_from(offset).unwrap_or(0).min(self.entries.len());
        self.entries[start..].iter().take(FETCH_LIMIT).cloned().collect()
    }
}
