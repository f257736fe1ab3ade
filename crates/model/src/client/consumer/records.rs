//! One partition's part of a FETCH answer, record by record (`CompletedFetch`).
//!
//! Invariant: records come out in offset order; control records and those of aborted transactions never do, though the
//! position passes them.

use super::forward::is_poison;
use super::subscription::Partition;
use crate::api::response::FetchedPartition;
use crate::ids::{Bytes, LeaderEpoch, Offset, ProducerId, RecordId, TopicPartition};
use crate::log::Batch;
use crate::log::batch::ControlType;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;

/// A record's key and value.
pub(super) type Payload = (Option<Bytes>, Option<Bytes>);

/// A record handed to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Handed {
    pub record: RecordId,
    pub tp: TopicPartition,
    pub offset: Offset,
    pub epoch: LeaderEpoch,
    /// Nobody can decode it.
    pub poison: bool,
}

/// A partition's answer that is not used up yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CompletedFetch {
    pub partition: Partition,
    /// What was asked for.
    pub fetch_offset: Offset,
    /// What comes next.
    pub next_offset: Offset,
    /// Epoch of the last batch that was entered.
    pub last_epoch: Option<LeaderEpoch>,
    pub answer: FetchedPartition,
    /// Whether the application makes something of every record.
    keep_all: bool,
    /// Key and value of records taken that nobody can decode, or that something is made of.
    pub poison: Vec<(RecordId, Payload)>,
    /// Where a broken batch begins that was met.
    pub broken: Option<Offset>,
    read_committed: bool,
    check_crcs: bool,
    aborted: FlatSet<ProducerId>,
    /// The batch being read, and whether it was entered.
    batch: u32,
    entered: bool,
}

impl CompletedFetch {
    /// Nothing used up yet.
    pub fn new(
        partition: Partition,
        fetch_offset: Offset,
        answer: FetchedPartition,
        read_committed: bool,
    ) -> Self {
        Self {
            partition,
            fetch_offset,
            next_offset: fetch_offset,
            last_epoch: None,
            answer,
            keep_all: false,
            poison: Vec::new(),
            broken: None,
            read_committed,
            check_crcs: true,
            aborted: FlatSet::new(),
            batch: 0,
            entered: false,
        }
    }

    /// The same, whether batches are checked or not (`check.crcs`).
    #[must_use]
    pub fn checking_crcs(self, check_crcs: bool) -> Self {
        Self { check_crcs, ..self }
    }

    /// The same; whether keys and values of all records are kept.
    #[must_use]
    pub fn keeping(self, keep_all: bool) -> Self {
        Self { keep_all, ..self }
    }

    /// Up to `limit` more records (`CompletedFetch.fetchRecords`).
    pub fn take(&mut self, limit: usize) -> Vec<Handed> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(batch) = self.answer.batches.get(self.batch as usize).cloned() else { break };
            if self.check_crcs && batch.corrupt {
                self.broken = Some(batch.base_offset);
                break;
            }
            if !core::mem::replace(&mut self.entered, true) {
                self.enter(&batch);
            }
            if self.is_visible(&batch) {
                self.take_from(&batch, limit, &mut taken);
                if taken.len() == limit && self.next_offset <= batch.last_offset() {
                    break;
                }
            }
            self.next_offset = self.next_offset.max(batch.next_offset());
            self.batch += 1;
            self.entered = false;
        }
        taken
    }

    /// Whether every batch has been passed.
    pub fn is_used_up(&self) -> bool {
        self.batch as usize >= self.answer.batches.len()
    }

    fn enter(&mut self, batch: &Batch) {
        self.last_epoch = Some(batch.leader_epoch);
        let last = batch.last_offset();
        let begun = self.answer.aborted_transactions.iter().filter(|(_, first)| *first <= last);
        self.aborted.extend(begun.map(|(producer, _)| *producer));
        self.answer.aborted_transactions.retain(|(_, first)| *first > last);
        if batch.control == Some(ControlType::Abort) {
            self.aborted.remove(&batch.producer_id);
        }
    }

    fn is_visible(&self, batch: &Batch) -> bool {
        let aborted =
            self.read_committed && batch.transactional && self.aborted.contains(&batch.producer_id);
        batch.control.is_none() && !aborted
    }

    fn take_from(&mut self, batch: &Batch, limit: usize, taken: &mut Vec<Handed>) {
        for record in batch.records.iter() {
            let offset = batch.offset_of(record);
            if offset < self.next_offset {
                continue;
            }
            if taken.len() == limit {
                return;
            }
            let (tp, epoch) = (self.answer.tp, batch.leader_epoch);
            let poison = is_poison(record.value.as_ref());
            if poison || self.keep_all {
                self.poison.push((record.id, (record.key.clone(), record.value.clone())));
            }
            taken.push(Handed { record: record.id, tp, offset, epoch, poison });
            self.next_offset = offset + 1;
        }
    }
}

/// The offsets that an application gets out of one partition's answer, read from `from` on.
pub fn offsets_handed(from: Offset, answer: FetchedPartition, read_committed: bool) -> Vec<Offset> {
    let mut fetch = CompletedFetch::new(("".into(), 0), from, answer, read_committed);
    fetch.take(usize::MAX).iter().map(|handed| handed.offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ErrorCode;
    use crate::ids::{NodeId, TopicId};
    use crate::log::{Codec, Record, TimestampType};

    /// A batch of records at these offsets, `next` after it; a producer if it is transactional.
    fn batch(offsets: &[Offset], next: Offset, producer: Option<ProducerId>) -> Batch {
        let base_offset = offsets.first().copied().unwrap_or(next - 1);
        let record = |offset: &Offset| Record {
            id: RecordId::of(NodeId(1_001), *offset as u32 + 1),
            offset_delta: (*offset - base_offset) as i32,
            timestamp: 0,
            key: None,
            value: None,
            headers: None,
        };
        Batch {
            base_offset,
            last_offset_delta: (next - 1 - base_offset) as i32,
            leader_epoch: 3,
            producer_id: producer.unwrap_or(-1),
            producer_epoch: -1,
            base_sequence: -1,
            max_timestamp: 0,
            timestamp_type: TimestampType::CreateTime,
            codec: Codec::None,
            transactional: producer.is_some(),
            control: None,
            delete_horizon: -1,
            corrupt: false,
            size_bytes: 100,
            records: offsets.iter().map(record).collect(),
        }
    }

    fn marker(offset: Offset, producer: ProducerId, control: ControlType) -> Batch {
        let control = Some(control);
        Batch { control, ..batch(&[offset], offset + 1, Some(producer)) }
    }

    fn fetch(
        from: Offset,
        aborted: &[(ProducerId, Offset)],
        batches: Vec<Batch>,
    ) -> CompletedFetch {
        let answer = FetchedPartition {
            tp: TopicPartition::new(TopicId(1), 0),
            error: ErrorCode::None,
            high_watermark: 100,
            last_stable_offset: 100,
            log_start_offset: 0,
            diverging_epoch: None,
            current_leader: None,
            aborted_transactions: aborted.to_vec(),
            preferred_read_replica: NodeId::NONE,
            batches,
        };
        CompletedFetch::new(("t".into(), 0), from, answer, !aborted.is_empty())
    }

    fn offsets(handed: &[Handed]) -> Vec<Offset> {
        handed.iter().map(|handed| handed.offset).collect()
    }

    #[test]
    fn records_before_the_position_are_left_out_and_the_rest_comes_in_portions() {
        let mut fetch =
            fetch(2, &[], alloc::vec![batch(&[0, 1, 2, 3], 4, None), batch(&[4], 5, None)]);
        assert_eq!((offsets(&fetch.take(1)), fetch.next_offset), (alloc::vec![2], 3));
        assert!(!fetch.is_used_up());
        assert_eq!((offsets(&fetch.take(9)), fetch.next_offset), (alloc::vec![3, 4], 5));
        assert!(fetch.is_used_up());
    }

    #[test]
    fn the_position_passes_what_compaction_removed() {
        let mut fetch = fetch(0, &[], alloc::vec![batch(&[0, 3], 8, None)]);
        assert_eq!((offsets(&fetch.take(9)), fetch.next_offset), (alloc::vec![0, 3], 8));
    }

    #[test]
    fn aborted_records_and_markers_are_passed_but_never_handed_out() {
        let log = alloc::vec![
            batch(&[0], 1, Some(7)),
            batch(&[1], 2, Some(8)),
            marker(2, 7, ControlType::Abort),
            batch(&[3], 4, Some(7)),
            marker(4, 8, ControlType::Commit),
        ];
        let mut fetch = fetch(0, &[(7, 0)], log);
        assert_eq!((offsets(&fetch.take(9)), fetch.next_offset), (alloc::vec![1, 3], 5));
        assert_eq!(fetch.last_epoch, Some(3));
    }
}
