//! Committed offsets as the log of the offsets topic has them: plain ones at once, those of a transaction with its commit marker.
//!
//! Every coordinator's log is read again, batch by batch, as far as it is replicated. Of two offsets for one partition the one that
//! was written later holds, whichever transaction ends last. Invariant: a book says what a reader of the whole log would know.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use kafkascope_model::broker::Broker;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::group::records::{self, Stored};
use kafkascope_model::ids::{Name, NodeId, Offset, ProducerEpoch, ProducerId, TopicPartition};
use kafkascope_model::log::Batch;
use kafkascope_model::log::batch::ControlType;
use std::collections::{BTreeMap, BTreeSet};

/// A partition of a group.
pub type Key = (Name, (Name, i32));

/// A transaction with offsets that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose.
    pub producer: ProducerId,
    /// The epoch that its batches carried.
    pub epoch: ProducerEpoch,
    /// Committed or aborted.
    pub committed: bool,
    /// Its offsets, with what held before.
    pub offsets: Vec<(Key, Option<Offset>, Offset)>,
}

/// All coordinators' books.
#[derive(Clone, Debug, Default)]
pub struct Offsets {
    books: BTreeMap<(NodeId, TopicPartition), Book>,
}

/// What one log says.
#[derive(Clone, Debug, Default)]
struct Book {
    /// Everything below is read.
    read: Offset,
    /// What holds, and where in the log it was written.
    holds: BTreeMap<Key, (Offset, Offset)>,
    waiting: Vec<Waiting>,
    /// Partitions of groups that some transaction wrote for.
    transactional: BTreeSet<Key>,
}

/// An offset that waits for its transaction.
#[derive(Clone, Debug)]
struct Waiting {
    producer: ProducerId,
    epoch: ProducerEpoch,
    key: Key,
    offset: Offset,
    written: Offset,
}

impl Offsets {
    /// A coordinator has read its log to its end, replicated or not; transactions that it found ended.
    pub fn loaded(&mut self, node: NodeId, replica: &Partition) -> Vec<Ended> {
        let mut book = Book::default();
        let (ended, _) = book.read_to(replica.log.log_end(), replica);
        self.books.insert((node, replica.tp), book);
        ended
    }

    /// A broker's log may be another one from now on.
    pub fn forget(&mut self, node: NodeId, tp: TopicPartition) {
        self.books.remove(&(node, tp));
    }

    /// A process has ended.
    pub fn exited(&mut self, node: NodeId) {
        self.books.retain(|(owner, _), _| *owner != node);
    }

    /// More of a leader's log is replicated: what its broker knows of groups is held against it. Transactions that ended with it.
    pub fn advanced(
        &mut self,
        broker: &Broker,
        replica: &Partition,
        board: &mut Board,
    ) -> Vec<Ended> {
        let book = self.books.entry((broker.id, replica.tp)).or_default();
        let (ended, touched) = book.read_to(replica.log.high_watermark(), replica);
        let mut shards = broker.groups.shards();
        let own = |partition| partition == replica.tp.partition;
        let shard = shards.find(|shard| own(shard.partition) && shard.is_loaded);
        let Some(shard) = shard else { return ended };
        for key in touched.iter().filter(|key| book.transactional.contains(*key)) {
            let shown = shard.offsets.get(&key.0, &key.1).map(|committed| committed.offset);
            let holds = book.holds.get(key).map(|(offset, _)| *offset);
            board.check(Id::T7, shown == holds, || {
                format!("broker {} shows {shown:?} for {key:?}, its log {holds:?}", broker.id)
            });
        }
        ended
    }
}

impl Book {
    /// Reads on; transactions that ended, and partitions of groups that something was said of.
    fn read_to(&mut self, end: Offset, replica: &Partition) -> (Vec<Ended>, BTreeSet<Key>) {
        let (mut ended, mut touched) = (Vec::new(), BTreeSet::new());
        if end <= self.read {
            return (ended, touched);
        }
        let new = |batch: &&Batch| batch.base_offset >= self.read && batch.base_offset < end;
        let batches: Vec<_> = eyes::batches(&replica.log, self.read).filter(new).collect();
        for batch in batches {
            match batch.control {
                Some(ControlType::LeaderChange) => {}
                Some(control) => {
                    let committed = control == ControlType::Commit;
                    ended.extend(self.end(batch.producer_id, committed, &mut touched));
                }
                None => self.written(batch, &mut touched),
            }
        }
        self.read = end;
        (ended, touched)
    }

    fn written(&mut self, batch: &Batch, touched: &mut BTreeSet<Key>) {
        for record in batch.records.iter() {
            let name = record.key.as_deref().unwrap_or_default();
            let said = records::read(name, record.value.as_deref());
            let Some(Stored::Offset { group, partition, committed }) = said else { continue };
            let (key, written) = ((group, partition), batch.offset_of(record));
            touched.insert(key.clone());
            let Some(committed) = committed else {
                self.waiting.retain(|waiting| waiting.key != key);
                self.holds.remove(&key);
                continue;
            };
            let offset = committed.offset;
            if batch.transactional {
                let (producer, epoch) = (batch.producer_id, batch.producer_epoch);
                self.transactional.insert(key.clone());
                // Within a transaction the last one counts.
                self.waiting.retain(|other| other.producer != producer || other.key != key);
                self.waiting.push(Waiting { producer, epoch, key, offset, written });
            } else {
                self.holds.insert(key, (offset, written));
            }
        }
    }

    fn end(
        &mut self,
        producer: ProducerId,
        committed: bool,
        touched: &mut BTreeSet<Key>,
    ) -> Option<Ended> {
        let (own, rest) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|waiting| waiting.producer == producer);
        self.waiting = rest;
        let epoch = own.first()?.epoch;
        let mut offsets = Vec::new();
        for Waiting { key, offset, written, .. } in own {
            touched.insert(key.clone());
            let before = self.holds.get(&key).copied();
            if committed && before.is_none_or(|(_, at)| at < written) {
                self.holds.insert(key.clone(), (offset, written));
            }
            offsets.push((key, before.map(|(offset, _)| offset), offset));
        }
        Some(Ended { producer, epoch, committed, offsets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafkascope_model::group::offsets::Committed;
    use kafkascope_model::ids::RecordId;
    use kafkascope_model::log::{Codec, Record, TimestampType};

    fn key() -> Key {
        ("g".into(), ("orders".into(), 0))
    }

    fn batch(base_offset: Offset, producer_id: ProducerId, control: Option<ControlType>) -> Batch {
        Batch {
            base_offset,
            last_offset_delta: 0,
            leader_epoch: 0,
            producer_id,
            producer_epoch: 0,
            base_sequence: -1,
            max_timestamp: 0,
            timestamp_type: TimestampType::CreateTime,
            codec: Codec::None,
            transactional: producer_id >= 0,
            control,
            delete_horizon: -1,
            corrupt: false,
            size_bytes: 0,
            records: [].into(),
        }
    }

    /// A commit of an offset, by a producer's transaction or by none.
    fn commit(written: Offset, producer: ProducerId, offset: Offset) -> Batch {
        let committed = Committed { offset, leader_epoch: 0, at: 0 };
        let said = records::offset_record("g", &key().1, Some(committed));
        let record = Record {
            id: RecordId::INTERNAL,
            offset_delta: 0,
            timestamp: 0,
            key: Some(said.key),
            value: said.value,
            headers: None,
        };
        Batch { records: [record].into(), ..batch(written, producer, None) }
    }

    fn holds(book: &Book) -> Option<Offset> {
        book.holds.get(&key()).map(|(offset, _)| *offset)
    }

    #[test]
    fn offsets_of_a_transaction_hold_with_its_commit_marker_and_never_after_an_abort() {
        let (mut book, mut touched) = (Book::default(), BTreeSet::new());
        book.written(&commit(0, -1, 3), &mut touched);
        book.written(&commit(1, 7, 5), &mut touched);
        assert_eq!(holds(&book), Some(3));
        let ended = book.end(7, true, &mut touched).expect("it has offsets");
        assert_eq!((holds(&book), &ended.offsets[..]), (Some(5), &[(key(), Some(3), 5)][..]));
        book.written(&commit(3, 7, 9), &mut touched);
        book.end(7, false, &mut touched);
        assert_eq!(holds(&book), Some(5));
    }

    #[test]
    fn what_was_written_later_holds_whichever_transaction_ends_last() {
        let (mut book, mut touched) = (Book::default(), BTreeSet::new());
        book.written(&commit(0, 7, 5), &mut touched);
        book.written(&commit(1, 8, 4), &mut touched);
        book.end(8, true, &mut touched);
        book.end(7, true, &mut touched);
        assert_eq!(holds(&book), Some(4));
    }
}
