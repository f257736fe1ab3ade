//! Replication between two logs: that they match, and who wrote them.
//!
//! Every batch is registered with the one before it; by induction equal entries mean equal beginnings. Invariant: an entry
//! never changes.

use crate::board::Board;
use crate::catalogue::Id;
use crate::logs::{Place, Shadow};
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::log::{Batch, PartitionLog};
use std::collections::BTreeMap;

/// All batches of all logs, by partition, epoch and offset.
#[derive(Clone, Debug, Default)]
pub struct LogMatching {
    entries: BTreeMap<(TopicPartition, LeaderEpoch, Offset), Entry>,
    /// Who appended in an epoch.
    writers: BTreeMap<(TopicPartition, LeaderEpoch), NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    end: Offset,
    first: Option<RecordId>,
    producer: (i64, i16, i32),
    /// Epoch and base offset of the batch before it; none if nobody who has both was seen yet.
    before: Option<(LeaderEpoch, Offset)>,
}

impl LogMatching {
    /// A batch was found in a log, after `before`.
    pub fn seen(
        &mut self,
        node: NodeId,
        tp: TopicPartition,
        batch: &Batch,
        before: Option<(LeaderEpoch, Offset)>,
        board: &mut Board,
    ) {
        let entry = Entry {
            end: batch.next_offset(),
            first: batch.records.first().map(|record| record.id),
            producer: (batch.producer_id, batch.producer_epoch, batch.base_sequence),
            before,
        };
        let key = (tp, batch.leader_epoch, batch.base_offset);
        let known = self.entries.entry(key).or_insert_with(|| entry.clone());
        if known.before.is_none() {
            known.before = before;
        }
        let same = (known.end, known.first, known.producer)
            == (entry.end, entry.first, entry.producer)
            && (before.is_none() || known.before == before);
        board.check(Id::R6, same, || {
            format!("broker {node}, {key:?}: {entry:?}, elsewhere {known:?}")
        });
    }

    /// A broker appended as leader.
    pub fn wrote(
        &mut self,
        node: NodeId,
        tp: TopicPartition,
        epoch: LeaderEpoch,
        board: &mut Board,
    ) {
        let writer = *self.writers.entry((tp, epoch)).or_insert(node);
        board.check(Id::R7, writer == node, || {
            format!("{tp:?}, epoch {epoch}: {writer} and {node} both appended")
        });
    }
}

/// Where two logs part: everything below has the same epochs in both.
pub fn common_end(a: &[(LeaderEpoch, Offset)], a_end: Offset, b: &PartitionLog) -> Offset {
    let theirs = b.epochs().entries();
    let end = a_end.min(b.log_end());
    let mut starts: Vec<Offset> = a.iter().chain(theirs).map(|(_, start)| *start).collect();
    starts.sort_unstable();
    let at = |entries: &[(LeaderEpoch, Offset)], offset: Offset| {
        let after = entries.partition_point(|(_, start)| *start <= offset);
        after.checked_sub(1).map(|index| entries[index].0)
    };
    let apart = starts.into_iter().find(|start| {
        *start >= b.log_start() && *start < end && at(a, *start) != at(theirs, *start)
    });
    apart.unwrap_or(end)
}

/// A follower cut its log back to `to`; `before` is how it was, `leader` its leader's log.
pub fn check_truncation(
    place: Place,
    before: &Shadow,
    to: Offset,
    leader: &PartitionLog,
    board: &mut Board,
) {
    let common = common_end(&before.epochs, before.marks.2, leader);
    board.check(Id::R13, to >= common || to < leader.log_start(), || {
        format!("{place}: cut back to {to}, though it agreed with its leader up to {common}")
    });
}
