//! What was shown: every record that was below a leader's high watermark, for ever.
//!
//! Invariant: an entry is as the first leader showed it, until an excused loss cuts it off.

use crate::board::Board;
use crate::catalogue::Id;
use crate::cleaning::Keys;
use crate::eyes;
use crate::logs::Place;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::ids::{LeaderEpoch, NodeId, Offset, ProducerId, RecordId, TopicPartition};
use kafkascope_model::log::PartitionLog;
use kafkascope_model::log::batch::{Batch, ControlType};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// Why an ISR may have a member that is behind. The metadata with a leader's last ISR change may reach it after the controller's
/// answer and after the next proposal, which it then forgets (`Partition.makeLeader` takes equal partition epochs), and so it no
/// longer waits for whom it has proposed.
/// Why what a leader alone acknowledged may be lost.
const BEHIND_THE_TIMES: &str = "its leader had not heard yet that min.insync.replicas was raised";
const FORGOTTEN: &str = "metadata that came late made the leader forget whom it had proposed";

/// All partitions.
#[derive(Clone, Debug, Default)]
pub struct Exposed {
    partitions: BTreeMap<TopicPartition, Shown>,
}

/// What was shown of one partition.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Everything below it was shown, and is not lost.
    pub end: Offset,
    /// Up to where anything was ever shown.
    pub reached: Offset,
    /// The epoch of the last of it.
    pub epoch: Option<LeaderEpoch>,
    /// Data records by offset, with their epoch.
    pub records: BTreeMap<Offset, (LeaderEpoch, RecordId)>,
    /// The largest log start of any replica.
    pub start: Offset,
    /// The newest record of each key that was ever shown, of a compacted topic.
    pub keys: Keys,
    /// Records may have been compacted away since.
    compacted: bool,
    /// Records of transactions that are open, by producer.
    open: BTreeMap<ProducerId, Vec<Offset>>,
    /// Records of transactions that were aborted.
    aborted: BTreeSet<Offset>,
}

impl Exposed {
    /// What was shown of a partition.
    pub fn of(&self, tp: TopicPartition) -> Option<&Shown> {
        self.partitions.get(&tp)
    }

    /// A replica's log start rose.
    pub fn started(&mut self, tp: TopicPartition, start: Offset) {
        let shown = self.partitions.entry(tp).or_default();
        shown.start = shown.start.max(start);
    }

    /// A leader shows everything below its high watermark.
    fn extend(&mut self, tp: TopicPartition, replica: &Partition) {
        let log = &replica.log;
        let hw = log.high_watermark();
        let shown = self.partitions.entry(tp).or_default();
        shown.compacted |= replica.config.cleanup_policy.compacts();
        if hw <= shown.end {
            return;
        }
        for batch in eyes::batches(log, shown.end).filter(|batch| batch.base_offset < hw) {
            shown.transaction(batch);
            if shown.compacted {
                shown.keys.written(batch);
            }
            let data = batch.records.iter().filter(|_| batch.control.is_none());
            for record in data {
                let entry = (batch.leader_epoch, record.id);
                shown.records.entry(batch.offset_of(record)).or_insert(entry);
            }
        }
        (shown.end, shown.reached) = (hw, shown.reached.max(hw));
        shown.epoch = log.epochs().epoch_at(hw - 1);
    }

    /// A leader's high watermark moved.
    ///
    /// Configs follow leadership when a broker applies metadata, so a mark that moves in the same moment (`applied`) may have moved
    /// under the old ones.
    pub fn advanced(
        &mut self,
        leader: NodeId,
        replica: &Partition,
        applied: bool,
        eye: &mut Eye<'_>,
    ) {
        let tp = replica.tp;
        let Some(leadership) = &replica.leadership else { return };
        let hw = replica.log.high_watermark();
        let epoch = replica.log.epochs().epoch_at(hw - 1);
        if is_behind_the_times(replica, leadership.isr.len(), eye.truth) {
            eye.taints.taint(tp, BEHIND_THE_TIMES);
        }
        let excuse = eye.taints.of(tp);
        let enough = !leadership.is_under_min_isr(&replica.config);
        eye.board.check(Id::R9, enough || applied, || {
            format!("{tp:?}: the high watermark moved to {hw} with ISR {:?}", leadership.isr)
        });
        let what = |member: NodeId| {
            move || {
                format!("{tp:?}: broker {leader} shows up to {hw}, which {member} does not have")
            }
        };
        // Whom a reassignment took away has deleted its log, while the old leader may not have heard of it yet.
        let moved = |id: &NodeId| eye.truth.partition(tp).is_some_and(|q| !q.replicas.contains(id));
        for member in leadership.isr.iter().filter(|id| !moved(id)) {
            let has = eye.holds(*member, tp, hw, epoch);
            let robbed = eye.taints.loss_of(tp, *member);
            if let Some(why) = robbed.filter(|_| !has) {
                // What is shown from here on rests on copies that are not there.
                eye.taints.taint(tp, why);
            }
            eye.board.check_unless(Id::R2, excuse.or(robbed), has, what(*member));
        }
        let zombie = eye.truth.partition(tp).is_some_and(|q| q.leader_epoch > replica.leader_epoch);
        let id = if zombie { Id::R15 } else { Id::R5 };
        let members = eye.truth.isr(tp);
        if zombie && members.is_empty() {
            eye.board.check(Id::R15, true, String::new);
        }
        for member in members {
            let has = eye.holds(*member, tp, hw, epoch);
            let excuse = excuse.or(eye.taints.loss_of(tp, *member));
            eye.board.check_unless(Id::R3, excuse, has, what(*member));
            eye.board.check_unless(id, excuse, has, what(*member));
        }
        self.extend(tp, replica);
    }

    /// The controller changed an ISR.
    pub fn isr_changed(&self, tp: TopicPartition, joined: &[(NodeId, bool)], eye: &mut Eye<'_>) {
        let Some(shown) = self.partitions.get(&tp) else { return };
        for (member, serves) in joined {
            let has = eye.holds(*member, tp, shown.end, shown.epoch);
            if eye.has_forgotten(tp) {
                eye.taints.taint(tp, FORGOTTEN);
            }
            // It may have lost it after it was proposed.
            if let Some(why) = eye.taints.loss_of(tp, *member).filter(|_| !has) {
                eye.taints.taint(tp, why);
            }
            let excuse = eye.taints.of(tp);
            eye.board.check_unless(Id::R11, excuse, has && *serves, || {
                format!(
                    "{tp:?}: {member} joined the ISR without what was shown up to {}",
                    shown.end
                )
            });
        }
    }

    /// A broker began to lead.
    pub fn began(&mut self, node: NodeId, replica: &Partition, eye: &mut Eye<'_>) {
        let tp = replica.tp;
        let Some(shown) = self.partitions.get_mut(&tp) else { return };
        let has = eyes::holds(&replica.log, shown.end, shown.epoch);
        let (excuse, end) = (eye.taints.of(tp), shown.end);
        eye.board.check_unless(Id::R8, excuse, has, || {
            format!("{tp:?}: {node} leads up to {}, {end} was shown", replica.log.log_end())
        });
        if !has {
            shown.cut_to(&replica.log);
        }
    }

    /// A follower cut off everything from `to`.
    pub fn truncated(&self, node: NodeId, tp: TopicPartition, to: Offset, eye: &mut Eye<'_>) {
        let Some(shown) = self.partitions.get(&tp) else { return };
        if eye.truth.isr(tp).contains(&node) {
            let excuse = eye.taints.of(tp);
            eye.board.check_unless(Id::R14, excuse, to >= shown.end, || {
                format!("{tp:?}: {node} cut back to {to}, {} was shown", shown.end)
            });
        }
    }
}

/// Whether a leader shows with an ISR that would be too small if it knew what the controller knows: whoever left that ISR counts as
/// eligible then, as if nothing had been acknowledged without him.
fn is_behind_the_times(replica: &Partition, isr: usize, truth: &Truth) -> bool {
    let copies = truth.partition(replica.tp).map_or(0, |state| state.replicas.len());
    if isr >= copies {
        return false;
    }
    let Some(topic) = truth.image.topics.get(&replica.tp.topic) else { return false };
    let now = truth.image.cluster_topic_config(&topic.name, &BrokerConfig::default());
    let known = replica.config.min_insync_replicas;
    now.min_insync_replicas > known
        && isr < copies.min(usize::try_from(now.min_insync_replicas).unwrap_or(0))
}

impl Shown {
    /// Forgets what a leader's log does not have.
    fn cut_to(&mut self, log: &PartitionLog) {
        let kept = |offset: Offset, epoch: LeaderEpoch| {
            offset < log.log_end() && log.epochs().epoch_at(offset) == Some(epoch)
        };
        self.records.retain(|offset, (epoch, _)| kept(*offset, *epoch));
        self.end = self.records.last_key_value().map_or(0, |(offset, _)| offset + 1);
        let end = self.end;
        self.aborted.retain(|offset| *offset < end);
        self.open.values_mut().for_each(|offsets| offsets.retain(|offset| *offset < end));
        self.epoch = self.records.last_key_value().map(|(_, (epoch, _))| *epoch);
    }

    /// The first data record from `offset` on that can still be read, as far as that is known; for some readers only committed
    /// ones count.
    pub fn next_record(&self, offset: Offset, committed: bool) -> Option<(Offset, RecordId)> {
        if self.compacted {
            return None;
        }
        let from = offset.max(self.start);
        let mut records = self.records.range(from..);
        let next = records.find(|(offset, _)| !committed || !self.aborted.contains(offset));
        next.map(|(offset, (_, id))| (*offset, *id))
    }

    /// Offsets of the data records in a range that can still be read; none if that is not known.
    pub fn data_in(&self, from: Offset, to: Offset, committed: bool) -> Option<Vec<Offset>> {
        if self.compacted || from < self.start {
            return None;
        }
        let counts = |offset: &Offset| !committed || !self.aborted.contains(offset);
        Some(
            self.records
                .range(from..to.max(from))
                .map(|(offset, _)| *offset)
                .filter(counts)
                .collect(),
        )
    }

    /// A leader's log has the newest value of every key that was shown.
    pub fn take_stock(
        &self,
        leader: NodeId,
        replica: &Partition,
        excuse: Option<&'static str>,
        board: &mut Board,
    ) {
        if !self.compacted || !replica.config.cleanup_policy.compacts() {
            return;
        }
        let missing = self.keys.missing(&replica.log, self.reached);
        board.check_unless(Id::K5, excuse, missing.is_none(), || {
            format!("{}: {missing:?} cannot be read", Place(leader, replica.tp))
        });
    }

    /// Whether a record's transaction was aborted, or is open still.
    pub fn is_uncommitted(&self, offset: Offset) -> bool {
        let open = || self.open.values().any(|offsets| offsets.contains(&offset));
        self.aborted.contains(&offset) || open()
    }

    /// Follows transactions through the log, batch by batch.
    fn transaction(&mut self, batch: &Batch) {
        match batch.control {
            None if batch.transactional => {
                let offsets = batch.records.iter().map(|record| batch.offset_of(record));
                self.open.entry(batch.producer_id).or_default().extend(offsets);
            }
            Some(ControlType::Abort) => {
                self.aborted.extend(self.open.remove(&batch.producer_id).unwrap_or_default());
            }
            Some(ControlType::Commit) => {
                self.open.remove(&batch.producer_id);
            }
            None | Some(ControlType::LeaderChange) => {}
        }
    }
}

/// What the checks look at and write to.
pub struct Eye<'a> {
    pub world: &'a World,
    pub truth: &'a Truth,
    pub taints: &'a mut Taints,
    pub board: &'a mut Board,
}

impl Eye<'_> {
    /// Whether a partition's leader has no proposal any more.
    fn has_forgotten(&self, tp: TopicPartition) -> bool {
        let leader = self.truth.partition(tp).map(|state| state.leader);
        let replica = leader.and_then(|leader| eyes::replica(self.world, leader, tp));
        let leadership = replica.and_then(|replica| replica.leadership.as_ref());
        leadership.is_some_and(|leadership| leadership.proposed.is_none())
    }

    /// Whether a broker's disk has a partition's log up to `end`.
    fn holds(
        &self,
        node: NodeId,
        tp: TopicPartition,
        end: Offset,
        epoch: Option<LeaderEpoch>,
    ) -> bool {
        let replica = eyes::replica(self.world, node, tp);
        end == 0 || replica.is_some_and(|replica| eyes::holds(&replica.log, end, epoch))
    }
}
