//! Logs, each by itself: offsets, epochs, segments, producers' sequences.
//!
//! New batches are looked at once, when they have been written. Invariant: a shadow equals its log as of the last look.

use crate::board::Board;
use crate::catalogue::Id;
use crate::cleaning::Keys;
use crate::eyes;
use crate::log_transactions::{LogTransactions, Wrong};
use crate::replication::LogMatching;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::ids::{
    EpochMs, LeaderEpoch, NodeId, Offset, ProducerEpoch, ProducerId, TopicPartition,
};
use kafkascope_model::log::segment::Segment;
use kafkascope_model::log::{Batch, PartitionLog};
use std::collections::{BTreeMap, BTreeSet};

/// What every log looked like.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    shadows: BTreeMap<(NodeId, TopicPartition), Shadow>,
    /// Partitions of which some replica lost what it had stored, or was elected without it: markers perhaps.
    robbed: BTreeSet<TopicPartition>,
    /// The largest log start that any replica of a partition has had, and the newest leader epoch it knew.
    starts: BTreeMap<TopicPartition, (Offset, LeaderEpoch)>,
}

/// What one log looked like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    /// Log start, high watermark and log end.
    pub marks: (Offset, Offset, Offset),
    /// Its leader epochs.
    pub epochs: Vec<(LeaderEpoch, Offset)>,
    /// The epoch in which its broker leads, if it does.
    leads: Option<LeaderEpoch>,
    /// Epoch and base offset of its last batch.
    last: Option<(LeaderEpoch, Offset)>,
    /// Last epoch and sequence of each producer, and the base offset of the batch that had it.
    sequences: BTreeMap<ProducerId, (ProducerEpoch, i32, Offset)>,
    segments: usize,
    /// Its last stable offset.
    pub stable: Offset,
    /// Its transactions.
    pub transactions: LogTransactions,
    keys: Keys,
    /// The newest timestamp of each segment.
    stamps: BTreeMap<Offset, EpochMs>,
}

impl Logs {
    /// The log as it was at the last look.
    pub fn before(&self, node: NodeId, tp: TopicPartition) -> Option<&Shadow> {
        self.shadows.get(&(node, tp))
    }

    /// Looks at a replica that may have changed.
    pub fn look(
        &mut self,
        node: NodeId,
        replica: &Partition,
        matching: &mut LogMatching,
        board: &mut Board,
    ) {
        let known = self.starts.entry(replica.tp).or_default();
        known.0 = known.0.max(replica.log.log_start());
        known.1 = known.1.max(replica.leader_epoch);
        let (start, mut newest) = *known;
        if self.robbed.contains(&replica.tp) {
            newest = LeaderEpoch::MAX;
        }
        let shadow = self.shadows.entry((node, replica.tp)).or_default();
        let mut eye =
            Eye { node, replica, log: &replica.log, start, newest, shadow, matching, board };
        eye.marks();
        eye.grown();
        eye.stable();
        eye.segments();
        eye.remember();
    }

    /// A replica lost some of what was stored, or leads without it.
    pub fn rob(&mut self, tp: TopicPartition) {
        self.robbed.insert(tp);
    }

    /// The cleaner went over a log, up to `up_to`.
    pub fn compacted(&self, node: NodeId, replica: &Partition, up_to: Offset, board: &mut Board) {
        let (place, log) = (Place(node, replica.tp), &replica.log);
        let Some(shadow) = self.shadows.get(&(node, replica.tp)) else { return };
        let active = log.segments().last().map_or(0, |segment| segment.base_offset);
        let within = up_to <= active && up_to <= log.last_stable_offset().max(log.log_start());
        board.check(Id::K4, within, || {
            format!("{place}: cleaned up to {up_to}, the active segment begins at {active}")
        });
        let (_, hw, end) = marks(log);
        let same = (hw, end) == (shadow.marks.1, shadow.marks.2);
        board
            .check(Id::K6, same, || format!("{place}: {:?} became {:?}", shadow.marks, marks(log)));
        let missing = shadow.keys.missing(log, up_to);
        board.check(Id::K3, missing.is_none(), || format!("{place}: {missing:?} was cleaned away"));
    }

    /// A segment went because it was too old.
    pub fn expired(
        &self,
        node: NodeId,
        replica: &Partition,
        base: Offset,
        now: EpochMs,
        board: &mut Board,
    ) {
        let place = Place(node, replica.tp);
        let stamp =
            self.shadows.get(&(node, replica.tp)).and_then(|shadow| shadow.stamps.get(&base));
        let Some(stamp) = stamp else { return };
        let retention = replica.config.retention_ms;
        board.check(Id::K2, retention >= 0 && now - stamp > retention, || {
            format!("{place}: the segment of {base} went at {now}, its newest record is of {stamp}")
        });
    }

    /// Follower and leader have the same newest value of every key, as far as that was shown.
    pub fn compare(
        &self,
        follower: NodeId,
        leader: NodeId,
        replica: &Partition,
        excuse: Option<&'static str>,
        board: &mut Board,
    ) {
        let tp = replica.tp;
        let Some(theirs) = self.shadows.get(&(leader, tp)) else { return };
        if !replica.config.cleanup_policy.compacts() {
            return;
        }
        let missing = theirs.keys.missing(&replica.log, theirs.marks.1);
        board.check_unless(Id::R10, excuse, missing.is_none(), || {
            format!("{}: {missing:?} of its leader is not there", Place(follower, tp))
        });
    }

    /// All logs of a broker are gone.
    pub fn forget_all(&mut self, node: NodeId) {
        self.shadows.retain(|(owner, _), _| *owner != node);
    }

    /// A broker's log is gone.
    pub fn forget(&mut self, node: NodeId, tp: TopicPartition) {
        self.shadows.remove(&(node, tp));
    }
}

struct Eye<'a> {
    node: NodeId,
    replica: &'a Partition,
    log: &'a PartitionLog,
    start: Offset,
    newest: LeaderEpoch,
    shadow: &'a mut Shadow,
    matching: &'a mut LogMatching,
    board: &'a mut Board,
}

impl Eye<'_> {
    const fn place(&self) -> Place {
        Place(self.node, self.replica.tp)
    }

    fn leads(&self) -> Option<LeaderEpoch> {
        self.replica.leadership.as_ref().map(|_| self.replica.leader_epoch)
    }

    fn marks(&mut self) {
        let (start, hw, end) = marks(self.log);
        let place = self.place();
        self.board.check(Id::L1, 0 <= start && start <= hw && hw <= end, || {
            format!("{place}: log start {start}, high watermark {hw}, log end {end}")
        });
        if self.leads().is_some() && self.leads() == self.shadow.leads {
            let before = self.shadow.marks;
            let fell = start < before.0 || hw < before.1 || end < before.2;
            self.board.check(Id::L5, !fell, || {
                format!("{place}: {before:?} became {:?}", (start, hw, end))
            });
        }
    }

    /// What was written since the last look; all of it if something was cut off.
    fn grown(&mut self) {
        let (_, _, end) = marks(self.log);
        let first = self.log.segments().first().map_or(0, |segment| segment.base_offset);
        let begins_anew = self.log.log_start() > self.shadow.marks.2
            || self.shadow.last.is_some_and(|(_, base)| base < first);
        let cut = end < self.shadow.marks.2 || begins_anew || self.lost_its_last();
        if cut || self.shadow.last.is_none() {
            self.shadow.sequences.clear();
            self.shadow.transactions = LogTransactions::default();
            self.shadow.keys = Keys::default();
            self.shadow.last = None;
        }
        let from = if self.shadow.last.is_none() { i64::MIN } else { self.shadow.marks.2 };
        if from >= end {
            return;
        }
        for batch in eyes::batches(self.log, from).filter(|batch| batch.base_offset >= from) {
            self.written(batch);
        }
        self.epochs();
    }

    /// Whether the last batch seen is another one now.
    fn lost_its_last(&self) -> bool {
        let Some((epoch, base)) = self.shadow.last else { return false };
        base >= self.log.log_start()
            && eyes::batches(self.log, base).next().map(|batch| batch.leader_epoch) != Some(epoch)
    }

    fn written(&mut self, batch: &Batch) {
        let place = self.place();
        let (base, epoch) = (batch.base_offset, batch.leader_epoch);
        if let Some((last_epoch, last_base)) = self.shadow.last {
            let follows = self.is_compacted() || base == self.shadow.marks.2;
            let what = || format!("{place}: a batch at {base} after one at {last_base}");
            self.board.check(Id::L2, follows && base > last_base, what);
            let what = || format!("{place}: epoch {epoch} at {base} after {last_epoch}");
            self.board.check(Id::L3, epoch >= last_epoch, what);
        }
        let cached = self.log.epochs().epoch_at(base);
        if base >= self.log.log_start() {
            self.board.check(Id::L4, cached == Some(epoch), || {
                format!("{place}: the batch at {base} has epoch {epoch}, the cache {cached:?}")
            });
        }
        if !self.is_compacted() {
            // Below the log start nobody compares, and a follower may keep there what its leader never had.
            let last = self.shadow.last.filter(|(_, base)| *base >= self.start);
            let tp = self.replica.tp;
            self.matching.seen(self.node, tp, batch, last, self.board);
        }
        self.sequence(batch);
        self.transaction(batch);
        if self.is_compacted() {
            self.shadow.keys.written(batch);
        }
        self.shadow.last = Some((epoch, base));
        self.shadow.marks.2 = batch.next_offset();
    }

    fn transaction(&mut self, batch: &Batch) {
        let wrong = self.shadow.transactions.written(batch, self.start);
        let (place, compacted) =
            (self.place(), self.is_compacted() || batch.base_offset < self.start);
        for (id, fault) in [(Id::T2, Wrong::TwoOpen), (Id::T6, Wrong::Fenced)] {
            // Who was replaced without knowing it knows no markers either, nor does who has lost them.
            if batch.transactional && batch.leader_epoch == self.newest {
                self.board.check(id, wrong != Some(fault) || compacted, || {
                    let who = (batch.producer_id, batch.producer_epoch);
                    format!("{place}: {who:?} wrote at {}", batch.base_offset)
                });
            }
        }
    }

    fn stable(&mut self) {
        let hw = self.log.high_watermark();
        let known = self.shadow.transactions.last_stable(hw);
        // Records may have been deleted into a transaction, or compacted away with their producer's state.
        if known < self.log.log_start() || self.is_compacted() {
            return;
        }
        let (place, found) = (self.place(), self.log.last_stable_offset());
        self.board.check(Id::L7, known == found, || {
            format!("{place}: the last stable offset is {found}, the log says {known}")
        });
    }

    fn sequence(&mut self, batch: &Batch) {
        if batch.producer_id < 0 || batch.control.is_some() {
            self.shadow.sequences.remove(&batch.producer_id);
            return;
        }
        let (first, count) = (batch.base_sequence, i64::from(batch.last_offset_delta) + 1);
        let known = self.shadow.sequences.get(&batch.producer_id).copied();
        let expected = match known.filter(|(.., base)| *base >= self.start) {
            Some((epoch, last, _)) if epoch == batch.producer_epoch => after(last, 1),
            Some((epoch, ..)) if epoch < batch.producer_epoch => 0,
            Some(_) => -1,
            None => first,
        };
        let place = self.place();
        let who = (batch.producer_id, batch.producer_epoch);
        self.board.check(Id::P4, first == expected || self.is_compacted(), || {
            format!("{place}: {who:?} at {}: {first} instead of {expected}", batch.base_offset)
        });
        // A coordinator appends offsets in the name of a producer, without sequence numbers.
        let last = if first < 0 { first } else { after(first, count - 1) };
        let known = (batch.producer_epoch, last, batch.base_offset);
        self.shadow.sequences.insert(batch.producer_id, known);
    }

    fn epochs(&mut self) {
        let entries = self.log.epochs().entries();
        let rises = entries.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1);
        let place = self.place();
        self.board.check(Id::L3, rises, || format!("{place}: epochs {entries:?}"));
        for (id, state) in self.log.producers().entries() {
            if let Some((epoch, last, _)) = self.shadow.sequences.get(&id) {
                let same = state.epoch == *epoch && state.last_sequence() == *last;
                self.board.check(Id::L8, same || state.epoch > *epoch, || {
                    format!("{place}: producer {id} is known up to {}", state.last_sequence())
                });
            }
        }
    }

    fn segments(&mut self) {
        let segments = self.log.segments();
        if segments.len() == self.shadow.segments {
            return;
        }
        let ordered = segments.windows(2).all(|pair| {
            let end = pair[0].last_batch().map_or(pair[0].base_offset, Batch::next_offset);
            pair[0].base_offset < pair[1].base_offset && end <= pair[1].base_offset
        });
        let inside = segments.iter().all(|segment| {
            segment.batches().next().is_none_or(|batch| batch.base_offset >= segment.base_offset)
        });
        let bases: Vec<_> = segments.iter().map(|segment| segment.base_offset).collect();
        let place = self.place();
        let what = || format!("{place}: segments begin at {bases:?}");
        self.board.check(Id::L6, ordered && inside && !segments.is_empty(), what);
        self.shadow.segments = segments.len();
    }

    fn remember(&mut self) {
        self.shadow.marks = marks(self.log);
        self.shadow.stable = self.log.last_stable_offset();
        if self.replica.config.retention_ms >= 0 {
            let stamp = |segment: &Segment| (segment.base_offset, segment.max_timestamp);
            self.shadow.stamps = self.log.segments().iter().map(stamp).collect();
        }
        self.shadow.leads = self.leads();
        let entries = self.log.epochs().entries();
        if self.shadow.epochs != entries {
            self.shadow.epochs = entries.to_vec();
        }
    }

    fn is_compacted(&self) -> bool {
        self.replica.config.cleanup_policy.compacts()
    }
}

/// Where something was seen; it becomes words only if it has to be told.
#[derive(Clone, Copy)]
pub struct Place(pub NodeId, pub TopicPartition);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broker {}, {:?}", self.0, self.1)
    }
}

const fn marks(log: &PartitionLog) -> (Offset, Offset, Offset) {
    (log.log_start(), log.high_watermark(), log.log_end())
}

/// The sequence `by` later; it wraps at the largest integer.
fn after(sequence: i32, by: i64) -> i32 {
    let sum = i64::from(sequence) + by;
    let wrapped = if sum > i64::from(i32::MAX) { sum - i64::from(i32::MAX) - 1 } else { sum };
    i32::try_from(wrapped).unwrap_or(-1)
}
