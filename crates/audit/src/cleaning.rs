//! What a log that is compacted must keep: of every key the newest record.
//!
//! Keys that a transaction ever wrote are left out, since what was aborted never counts. Invariant: a key is known by the newest
//! record that was written for it.

use crate::eyes;
use kafkascope_model::ids::{Bytes, Offset, RecordId};
use kafkascope_model::log::{Batch, PartitionLog};
use std::collections::{BTreeMap, BTreeSet};

/// The newest record of each key of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    newest: BTreeMap<Bytes, Newest>,
    transactional: BTreeSet<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Newest {
    offset: Offset,
    record: RecordId,
    is_tombstone: bool,
}

impl Keys {
    /// The next batch of the log.
    pub fn written(&mut self, batch: &Batch) {
        if batch.control.is_some() {
            return;
        }
        for record in batch.records.iter() {
            let Some(key) = record.key.clone() else { continue };
            if batch.transactional {
                self.transactional.insert(key.clone());
            }
            let (offset, is_tombstone) = (batch.offset_of(record), record.value.is_none());
            let newest = Newest { offset, record: record.id, is_tombstone };
            self.newest.insert(key, newest);
        }
    }

    /// The first key below `end` whose newest record, with a value, is not in the log.
    pub fn missing(&self, log: &PartitionLog, end: Offset) -> Option<(&Bytes, Offset)> {
        let kept = |key: &&Bytes| !self.transactional.contains(*key);
        let live = self.newest.iter().filter(|(key, _)| kept(key));
        let values = live.filter(|(_, newest)| !newest.is_tombstone && newest.offset < end);
        let below = values.filter(|(_, newest)| newest.offset >= log.log_start());
        let mut gone = below.filter(|(_, newest)| !has(log, newest));
        gone.next().map(|(key, newest)| (key, newest.offset))
    }
}

fn has(log: &PartitionLog, newest: &Newest) -> bool {
    let Newest { offset, record: id, .. } = *newest;
    let batch = eyes::batches(log, offset).find(|batch| batch.next_offset() > offset);
    let same = |batch: &Batch| {
        batch.records.iter().any(|record| batch.offset_of(record) == offset && record.id == id)
    };
    batch.is_some_and(same)
}
