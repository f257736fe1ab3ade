//! One replica's log as the facts tell it.
//!
//! Batches share their record ids with the facts. Invariant: batches are in order of offset and do not overlap;
//! `log_end` is the next offset after the last.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not about logs")]

use super::{Moment, Picture};
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use std::collections::VecDeque;
use std::sync::Arc;

/// Some records with successive offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBatch {
    /// Offset of its first record.
    pub base_offset: Offset,
    /// Its records; shared with the fact that told of them.
    pub records: Arc<[RecordId]>,
    /// Epoch of the leader that appended it.
    pub epoch: LeaderEpoch,
}

/// A replica.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaPicture {
    /// What it holds, by offset.
    pub batches: VecDeque<LogBatch>,
    /// Its log start.
    pub log_start: Offset,
    /// Its log end.
    pub log_end: Offset,
    /// Its high watermark.
    pub high_watermark: Offset,
    /// Its last stable offset, if it was told.
    pub last_stable: Option<Offset>,
    /// Whether it believes to lead, with the epoch.
    pub leads: Option<LeaderEpoch>,
    /// Whom it follows.
    pub follows: Option<NodeId>,
    /// When its role changed last.
    pub role_changed: Moment,
    /// What it cut off last: the offsets and the records that were there.
    pub cut: Option<(Moment, Offset, Arc<[RecordId]>)>,
    /// Bases of its segments, oldest first, without the first.
    pub segments: Vec<Offset>,
}

impl LogBatch {
    /// The offset after its last record.
    pub fn next_offset(&self) -> Offset {
        self.base_offset + self.records.len() as Offset
    }
}

impl ReplicaPicture {
    /// Which record is at an offset.
    pub fn record_at(&self, offset: Offset) -> Option<RecordId> {
        let index = self.batches.partition_point(|batch| batch.next_offset() <= offset);
        let batch = self.batches.get(index).filter(|batch| batch.base_offset <= offset)?;
        let place = usize::try_from(offset - batch.base_offset).ok()?;
        batch.records.get(place).copied()
    }

    /// Records with their offsets within `from .. to`.
    pub fn records(&self, from: Offset, to: Offset) -> impl Iterator<Item = (Offset, RecordId)> {
        let index = self.batches.partition_point(|batch| batch.next_offset() <= from);
        self.batches
            .iter()
            .skip(index)
            .take_while(move |batch| batch.base_offset < to)
            .flat_map(|batch| (batch.base_offset..).zip(batch.records.iter().copied()))
            .filter(move |(offset, _)| (from..to).contains(offset))
    }

    /// The batches that lie within `from .. to`, cut at both ends.
    pub fn slice(&self, from: Offset, to: Offset) -> Vec<LogBatch> {
        let index = self.batches.partition_point(|batch| batch.next_offset() <= from);
        let inside = self.batches.iter().skip(index).take_while(|batch| batch.base_offset < to);
        inside.filter_map(|batch| cut(batch, from, to)).collect()
    }

    fn append(&mut self, batch: LogBatch) {
        self.truncate(batch.base_offset);
        self.log_end = batch.next_offset();
        if self.batches.is_empty() && self.log_start > batch.base_offset {
            self.log_start = batch.base_offset;
        }
        self.batches.push_back(batch);
    }

    fn truncate(&mut self, to: Offset) {
        while let Some(last) = self.batches.back().filter(|batch| batch.next_offset() > to) {
            let rest = cut(last, last.base_offset, to);
            self.batches.pop_back();
            self.batches.extend(rest);
        }
        self.log_end = self.log_end.min(to);
        self.high_watermark = self.high_watermark.min(to);
        self.segments.retain(|base| *base <= to);
    }

    /// Records in these ranges of offsets are gone; the others keep their offsets.
    fn compact(&mut self, gone: &[(Offset, Offset)]) {
        let reach = gone.last().map_or(0, |(_, to)| *to);
        let touched = self.batches.partition_point(|batch| batch.base_offset < reach);
        let later = self.batches.split_off(touched);
        let old = std::mem::replace(&mut self.batches, later);
        let mut kept = VecDeque::new();
        for batch in &old {
            let mut from = batch.base_offset;
            let first = gone.partition_point(|(_, to)| *to <= batch.base_offset);
            for (start, end) in gone[first..].iter().filter(|(s, _)| *s < batch.next_offset()) {
                kept.extend(cut(batch, from, *start));
                from = *end;
            }
            kept.extend(cut(batch, from, batch.next_offset()));
        }
        kept.append(&mut self.batches);
        self.batches = kept;
    }

    fn start_at(&mut self, offset: Offset) {
        self.log_start = offset;
        while self.batches.front().is_some_and(|batch| batch.next_offset() <= offset) {
            self.batches.pop_front();
        }
        self.log_end = self.log_end.max(offset);
    }
}

/// A batch less what lies outside `from .. to`.
fn cut(batch: &LogBatch, from: Offset, to: Offset) -> Option<LogBatch> {
    if from >= to {
        return None;
    }
    if from <= batch.base_offset && batch.next_offset() <= to {
        return Some(batch.clone());
    }
    let begin = from.max(batch.base_offset);
    let end = to.min(batch.next_offset());
    let first = usize::try_from(begin - batch.base_offset).ok()?;
    let last = usize::try_from(end - batch.base_offset).ok()?;
    let records: Arc<[RecordId]> = batch.records.get(first..last)?.into();
    (!records.is_empty()).then_some(LogBatch { base_offset: begin, records, epoch: batch.epoch })
}

impl Picture {
    pub(super) fn observe_log(&mut self, event: &TraceEvent) {
        let (node, now) = (event.node, Moment::of(event));
        match &event.fact {
            Fact::Appended { tp, base_offset, records, epoch } => {
                let batch =
                    LogBatch { base_offset: *base_offset, records: records.clone(), epoch: *epoch };
                self.replica_mut(node, *tp).append(batch);
            }
            Fact::Replicated { tp, base_offset, next_offset } => {
                self.replicate(node, *tp, *base_offset, *next_offset);
            }
            Fact::HighWatermark { tp, to, .. } => {
                self.replica_mut(node, *tp).high_watermark = *to;
            }
            Fact::LastStable { tp, to } => self.replica_mut(node, *tp).last_stable = Some(*to),
            Fact::Truncated { tp, from, to }
            | Fact::TailLost { tp, from, to }
            | Fact::LogRecovered { tp, from, to } => {
                let replica = self.replica_mut(node, *tp);
                let gone: Arc<[RecordId]> = replica.records(*to, *from).map(|(_, id)| id).collect();
                replica.cut = Some((now, *to, gone));
                replica.truncate(*to);
            }
            Fact::LogStart { tp, to } => self.replica_mut(node, *tp).start_at(*to),
            Fact::SegmentRolled { tp, base_offset } => {
                self.replica_mut(node, *tp).segments.push(*base_offset);
            }
            Fact::SegmentDeleted { tp, base_offset, .. } => {
                self.replica_mut(node, *tp).segments.retain(|base| base != base_offset);
            }
            Fact::Compacted { tp, gone, .. } => self.replica_mut(node, *tp).compact(gone),
            Fact::DiskWiped => self.replicas.retain(|(owner, _), _| *owner != node),
            Fact::BecameLeader { tp, epoch, log_end } => {
                let replica = self.replica_mut(node, *tp);
                (replica.leads, replica.follows) = (Some(*epoch), None);
                (replica.role_changed, replica.cut) = (now, None);
                replica.log_end = replica.log_end.max(*log_end);
            }
            Fact::BecameFollower { tp, leader, .. } => {
                let replica = self.replica_mut(node, *tp);
                (replica.leads, replica.follows) = (None, Some(*leader));
                replica.role_changed = now;
            }
            Fact::ReplicaHosted { tp, hosted: true } => {
                self.replica_mut(node, *tp);
            }
            Fact::ReplicaHosted { tp, hosted: false } => {
                self.replicas.remove(&(node, *tp));
            }
            _ => {}
        }
    }

    /// A follower's copy holds what its leader has at these offsets.
    fn replicate(&mut self, node: NodeId, tp: TopicPartition, from: Offset, to: Offset) {
        let known = self.replica_mut(node, tp).follows;
        let leader = known.or(self.leader(tp));
        let mut batches = leader
            .and_then(|leader| self.replicas.get(&(leader, tp)))
            .map(|replica| replica.slice(from, to))
            .unwrap_or_default();
        let reach = batches.last().map_or(from, LogBatch::next_offset);
        if reach < to {
            // The leader's copy is not known that far: someone else's is as good.
            batches = self.any_slice(node, tp, from, to);
        }
        let replica = self.replica_mut(node, tp);
        if replica.batches.is_empty() && replica.log_end < from {
            replica.start_at(from);
        }
        for batch in batches {
            replica.append(batch);
        }
        replica.log_end = replica.log_end.max(to);
    }

    fn any_slice(
        &self,
        node: NodeId,
        tp: TopicPartition,
        from: Offset,
        to: Offset,
    ) -> Vec<LogBatch> {
        let others = self.replicas.iter().filter(|((id, at), _)| *id != node && *at == tp);
        let slices = others.map(|(_, replica)| replica.slice(from, to));
        slices
            .max_by_key(|slice| slice.last().map_or(from, LogBatch::next_offset))
            .unwrap_or_default()
    }

    fn replica_mut(&mut self, node: NodeId, tp: TopicPartition) -> &mut ReplicaPicture {
        self.replicas.entry((node, tp)).or_default()
    }
}
