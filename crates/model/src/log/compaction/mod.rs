//! Compaction: of every key the newest record stays (`org.apache.kafka.storage.internals.log.{LogCleaner, Cleaner}`).
//!
//! Every replica compacts for itself, so replicas may differ in what is superseded. Invariant: offsets and order never change,
//! and the active segment, and all from the last stable offset on, stay as they are.

mod filter;
mod offset_map;
mod transactions;

use super::partition_log::PartitionLog;
use super::segment::Segment;
use crate::config::topic::TopicConfig;
use crate::ids::{EpochMs, Offset};
use alloc::vec::Vec;
use filter::Filter;
use offset_map::OffsetMap;
use transactions::CleanedTransactions;

/// What the cleaner remembers of a log (`cleaner-offset-checkpoint`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CleanerState {
    /// Everything below it was compacted; none before the first pass.
    pub checkpoint: Option<Offset>,
    /// A broken batch was met: the log is not compacted any more (`LogCleanerManager.markPartitionUncleanable`).
    pub uncleanable: bool,
}

/// What could be compacted of a log (`LogToClean`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanable {
    /// Where the dirty part begins.
    pub first_dirty: Offset,
    /// Where the part begins that may not be touched: the base offset of a segment.
    pub first_uncleanable: Offset,
    /// Bytes that were compacted before.
    pub clean_bytes: u64,
    /// Bytes that can be compacted and were not.
    pub dirty_bytes: u64,
    /// `max.compaction.lag.ms` has passed for some of them.
    pub overdue: bool,
}

/// What a pass did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// Below this the log is clean now.
    pub up_to: Offset,
    /// Offsets whose records went, as ranges `from..to`.
    pub gone: Vec<(Offset, Offset)>,
}

impl Cleanable {
    /// Whether the cleaner takes a log up: it is dirty enough, or some of it has waited too long.
    pub const fn is_due(&self, config: &TopicConfig) -> bool {
        (self.overdue && self.dirty_bytes > 0)
            || config
                .min_cleanable_dirty_ratio
                .is_less_than(self.dirty_bytes, self.clean_bytes + self.dirty_bytes)
    }

    /// Whether this log has a larger dirty share than the other.
    pub const fn is_dirtier_than(&self, other: &Self) -> bool {
        let (mine, theirs) =
            (self.clean_bytes + self.dirty_bytes, other.clean_bytes + other.dirty_bytes);
        (self.dirty_bytes as u128) * (theirs as u128) > (other.dirty_bytes as u128) * (mine as u128)
    }
}

impl PartitionLog {
    /// Whether the cleaner leaves it alone since it met a broken batch.
    pub const fn is_uncleanable(&self) -> bool {
        self.cleaner.uncleanable
    }

    /// What could be compacted now (`LogCleanerManager.cleanableOffsets`).
    pub fn cleanable(&self, now: EpochMs, config: &TopicConfig) -> Cleanable {
        let checkpoint = self.cleaner.checkpoint.unwrap_or(self.log_start);
        let valid = (self.log_start..=self.log_end).contains(&checkpoint);
        self.cleanable_from(if valid { checkpoint } else { self.log_start }, now, config)
    }

    /// The same for a dirty part that begins at `first_dirty`.
    pub fn cleanable_from(
        &self,
        first_dirty: Offset,
        now: EpochMs,
        config: &TopicConfig,
    ) -> Cleanable {
        let active = self.segments.last().expect("a log has a segment");
        let dirty = self.between(first_dirty, active.base_offset);
        let mut limit = self.last_stable_offset().min(active.base_offset);
        if config.min_compaction_lag_ms > 0 {
            let young = now.saturating_sub(config.min_compaction_lag_ms);
            let first_young = dirty.iter().find(|segment| segment.largest_timestamp() > young);
            limit = first_young.map_or(limit, |segment| limit.min(segment.base_offset));
        }
        let limit = limit.max(first_dirty);
        let holder = self.between(limit, active.base_offset).first().unwrap_or(active);
        let first_uncleanable = holder.base_offset;
        let bytes = |from: Offset, to: Offset| -> u64 {
            self.between(from, to).iter().map(|segment| segment.size_bytes).sum()
        };
        let until = now.saturating_sub(config.max_compaction_lag_ms.max(0));
        Cleanable {
            first_dirty,
            first_uncleanable,
            clean_bytes: bytes(0, first_dirty),
            dirty_bytes: bytes(first_dirty.min(first_uncleanable), first_uncleanable),
            overdue: dirty.iter().any(|segment| (1..until).contains(&segment.first_timestamp)),
        }
    }

    /// Compacts once; none when there is nothing dirty. At most `max_keys` keys are looked after in one pass.
    pub fn clean(
        &mut self,
        what: Cleanable,
        max_keys: u64,
        now: EpochMs,
        config: &TopicConfig,
    ) -> Option<Cleaned> {
        if what.first_dirty >= what.first_uncleanable {
            return None;
        }
        let below = self.between(0, what.first_uncleanable).iter();
        if below.flat_map(Segment::batches).any(|batch| batch.corrupt) {
            self.cleaner.uncleanable = true;
            return None;
        }
        let map = self.offset_map(what, max_keys);
        let end = map.latest + 1;
        let count = self.between(0, end).len();
        let old: Vec<Segment> = self.segments.drain(..count).collect();
        let mut filter = Filter {
            map: &map,
            now,
            delete_retention_ms: config.delete_retention_ms,
            round_end: what.first_uncleanable,
            producers: &self.producers,
            transactions: CleanedTransactions::default(),
            kept: Vec::new(),
        };
        let groups = groups(&old, config, what.first_uncleanable);
        let mut cleaned: Vec<Segment> =
            groups.into_iter().map(|group| clean_group(group, &mut filter)).collect();
        let kept = filter.kept;
        self.producers.retain_aborted(|txn| {
            txn.last_offset >= self.segments[0].base_offset
                || kept.contains(&(txn.producer_id, txn.first_offset))
        });
        let gone = difference(offsets(&old), offsets(&cleaned));
        cleaned.append(&mut self.segments);
        self.segments = cleaned;
        self.cleaner.checkpoint = Some(end);
        Some(Cleaned { up_to: end, gone })
    }

    /// The newest offset of every key in the dirty part, as far as the map holds them (`Cleaner.buildOffsetMap`).
    fn offset_map(&self, what: Cleanable, max_keys: u64) -> OffsetMap {
        let mut map = OffsetMap::new(max_keys);
        let mut transactions = CleanedTransactions::default();
        transactions.add(
            self.producers.transactions().aborted(),
            what.first_dirty,
            what.first_uncleanable,
        );
        for segment in self.between(what.first_dirty, what.first_uncleanable) {
            for batch in segment.batches() {
                let counts = match batch.control {
                    Some(_) => {
                        transactions.on_marker(batch);
                        false
                    }
                    None => !transactions.on_data(batch),
                };
                if counts && !map.put_all(batch, what.first_dirty) {
                    return map;
                }
                if batch.last_offset() >= what.first_dirty {
                    map.latest = batch.last_offset();
                }
            }
        }
        map.latest = what.first_uncleanable - 1;
        map
    }

    /// Segments from the one that holds `from` to the last that begins below `to` (`LogSegments.values`).
    fn between(&self, from: Offset, to: Offset) -> &[Segment] {
        if from >= to {
            return &[];
        }
        let end = self.segments.partition_point(|segment| segment.base_offset < to);
        &self.segments[floor(&self.segments, from).min(end)..end]
    }
}

/// The index of the segment that holds `offset`, or of the first one.
fn floor(segments: &[Segment], offset: Offset) -> usize {
    segments.partition_point(|segment| segment.base_offset <= offset).saturating_sub(1)
}

/// Neighbours that fit into one segment are merged (`Cleaner.groupSegmentsBySize`).
fn groups<'a>(
    segments: &'a [Segment],
    config: &TopicConfig,
    first_uncleanable: Offset,
) -> Vec<&'a [Segment]> {
    let most = u64::from(config.segment_bytes.unsigned_abs());
    let last_offset = |index: usize| {
        segments.get(index + 1).map_or(first_uncleanable, |next| next.base_offset) - 1
    };
    let mut groups = Vec::new();
    let mut first = 0;
    while first < segments.len() {
        let mut size = segments[first].size_bytes;
        let mut next = first + 1;
        while let Some(segment) = segments.get(next)
            && size + segment.size_bytes <= most
            && (segment.size_bytes == 0
                || last_offset(next) - segments[next - 1].base_offset <= i64::from(i32::MAX))
        {
            size += segment.size_bytes;
            next += 1;
        }
        groups.push(&segments[first..next]);
        first = next;
    }
    groups
}

fn offsets(segments: &[Segment]) -> impl Iterator<Item = Offset> {
    let batches = segments.iter().flat_map(Segment::batches);
    batches.flat_map(|batch| batch.records.iter().map(|record| batch.offset_of(record)))
}

/// What is in `all` but not in `kept`, both rising, as ranges.
fn difference(
    all: impl Iterator<Item = Offset>,
    kept: impl Iterator<Item = Offset>,
) -> Vec<(Offset, Offset)> {
    let mut kept = kept.peekable();
    let mut ranges: Vec<(Offset, Offset)> = Vec::new();
    for offset in all {
        if kept.next_if_eq(&offset).is_some() {
            continue;
        }
        match ranges.last_mut() {
            Some((_, to)) if *to == offset => *to = offset + 1,
            Some(_) | None => ranges.push((offset, offset + 1)),
        }
    }
    ranges
}

/// Writes what stays of neighbouring segments into one.
fn clean_group(group: &[Segment], filter: &mut Filter<'_>) -> Segment {
    let (head, last) = (&group[0], &group[group.len() - 1]);
    let mut cleaned = Segment::new(head.base_offset, last.created);
    let end = last.last_batch().map_or(last.base_offset, super::Batch::next_offset);
    for (index, segment) in group.iter().enumerate() {
        let next = group.get(index + 1).map_or(end, |next| next.base_offset);
        filter.expect_aborted(segment.base_offset, next);
        for batch in segment.batches() {
            if let Some(batch) = filter.apply(batch) {
                cleaned.push(batch);
            }
        }
    }
    cleaned
}
