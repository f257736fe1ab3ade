//! Transactions as one log knows them: which are open, which ended above the high watermark, which were aborted
//! (`ProducerStateManager`'s ongoing and unreplicated transactions, `TransactionIndex`).
//!
//! Invariant: it is a pure function of the log's batches and its high watermark; a transaction is in at most one of the lists of
//! open and of unreplicated ones.

use crate::ids::{Offset, ProducerId};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// The transactions of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transactions {
    /// First offset and producer of those without a marker.
    ongoing: FlatMap<Offset, ProducerId>,
    /// First offset and marker of those whose marker is not known to be replicated.
    unreplicated: FlatMap<Offset, Offset>,
    /// In the order of their markers.
    aborted: Vec<AbortedTxn>,
}

/// A transaction that was aborted (`org.apache.kafka.storage.internals.log.AbortedTxn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTxn {
    /// Whose.
    pub producer_id: ProducerId,
    /// Its first record.
    pub first_offset: Offset,
    /// Its marker.
    pub last_offset: Offset,
    /// Where the last stable offset was once the marker was written, replication aside.
    pub last_stable_offset: Offset,
}

impl Transactions {
    /// A producer's first record of a transaction was appended.
    pub fn begin(&mut self, first_offset: Offset, producer: ProducerId) {
        self.ongoing.insert(first_offset, producer);
    }

    /// A marker ended the transaction that began at `first_offset`.
    pub fn complete(
        &mut self,
        first_offset: Offset,
        producer: ProducerId,
        marker: Offset,
        aborted: bool,
    ) {
        self.ongoing.remove(&first_offset);
        if aborted {
            let next = self.ongoing.iter().find(|(_, other)| **other != producer);
            self.aborted.push(AbortedTxn {
                producer_id: producer,
                first_offset,
                last_offset: marker,
                last_stable_offset: next.map_or(marker + 1, |(first, _)| *first),
            });
        }
        self.unreplicated.insert(first_offset, marker);
    }

    /// Everything below is replicated.
    pub fn on_high_watermark(&mut self, high_watermark: Offset) {
        if !self.unreplicated.is_empty() {
            self.unreplicated.retain(|_, marker| *marker >= high_watermark);
        }
    }

    /// The first offset whose outcome is open, or not replicated.
    pub fn first_unstable(&self) -> Option<Offset> {
        let firsts = [self.ongoing.keys().next(), self.unreplicated.keys().next()];
        firsts.into_iter().flatten().min().copied()
    }

    /// The first offset of the oldest transaction without a marker; compaction goes no further.
    pub fn first_undecided(&self) -> Option<Offset> {
        self.ongoing.keys().next().copied()
    }

    /// Transactions without a marker: first offset and producer, oldest first.
    pub fn ongoing(&self) -> impl Iterator<Item = (Offset, ProducerId)> {
        self.ongoing.iter().map(|(first, producer)| (*first, *producer))
    }

    /// Those aborted, in the order of their markers.
    pub fn aborted(&self) -> &[AbortedTxn] {
        &self.aborted
    }

    /// Those aborted that overlap `from .. upper`: what a reader of that range must know (`TransactionIndex.collectAbortedTxns`).
    pub fn aborted_between(&self, from: Offset, upper: Offset) -> Vec<AbortedTxn> {
        let overlaps = |txn: &&AbortedTxn| txn.last_offset >= from && txn.first_offset < upper;
        let after = self.aborted.partition_point(|txn| txn.last_offset < from);
        self.aborted[after..].iter().filter(overlaps).copied().collect()
    }

    /// The log now begins with the segment at `base`: the index of what is gone went with it.
    pub fn forget_before(&mut self, base: Offset, log_start: Offset) {
        self.on_high_watermark(log_start);
        let gone = self.aborted.partition_point(|txn| txn.last_offset < base);
        self.aborted.drain(..gone);
    }
}
