//! Applications that read, work and write in transactions: of every input one output, in the transaction that commits the input.
//!
//! An application processes records one after the other and sends what it made of them in the same order, so the n-th record sent
//! belongs to the n-th one processed. Invariant: what is judged is a transaction whose offsets have just become visible.

use crate::board::Board;
use crate::catalogue::Id;
use crate::exposed::Exposed;
use crate::eyes;
use crate::groups::coordinates;
use crate::offsets::Ended;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_model::config::consumer::IsolationLevel;
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::ids::{NodeId, Offset, ProducerEpoch, ProducerId, RecordId, TopicPartition};
use kafkascope_model::log::Batch;
use kafkascope_model::trace::{Fact, PositionSource, TraceEvent};
use kafkascope_model::txn::{TXN_TOPIC, TxnState};
use kafkascope_model::workload::CommitStrategy;
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Why an input may have no output.
const LEFT_OUT: &str = "the application passed over a record that it could not decode";
/// Why an input may have two: a broker that is cut off goes on as coordinator and leader, and nobody asks it for what epoch it does
/// so as long as nothing is written.
const MISLED: &str = "where to go on was told by a coordinator or leader that had been replaced";

type Txn = (ProducerId, ProducerEpoch);
type Input = (TopicPartition, Offset);

/// What was heard of such applications.
#[derive(Clone, Debug, Default)]
pub struct Applications {
    /// Who reads for a producer.
    readers: BTreeMap<NodeId, Reader>,
    /// Consumers that were told committed offsets, or the bounds of a log, by a broker of the past.
    misled: BTreeSet<NodeId>,
    /// From what each record that is on its way was made.
    made: BTreeMap<RecordId, Input>,
    /// What each transaction's outputs in leaders' logs were made from, and where they are.
    outputs: BTreeMap<Txn, Outputs>,
    /// Transactions whose offsets are visible, or never will be.
    ended: BTreeSet<Txn>,
    /// Transactions that have their commit marker in the offsets topic, by the epoch that the marker carries.
    marked: BTreeSet<Txn>,
}

/// What a transaction wrote.
#[derive(Clone, Debug)]
struct Outputs {
    producer: NodeId,
    /// From what each record was made, and where it is.
    made: Vec<(Input, TopicPartition)>,
}

#[derive(Clone, Debug)]
struct Reader {
    consumer: NodeId,
    committed_only: bool,
    /// Records that are processed and for which nothing was sent yet.
    processed: VecDeque<Input>,
    excuse: Option<&'static str>,
}

/// What the checks look at.
pub struct Sight<'a> {
    pub world: &'a World,
    pub exposed: &'a Exposed,
    pub taints: &'a Taints,
    pub truth: &'a Truth,
}

impl Sight<'_> {
    /// Why coordinators may have forgotten something, if so.
    fn coordination(&self) -> Option<&'static str> {
        let topics = [OFFSETS_TOPIC, TXN_TOPIC].map(|name| self.world.topic_named(name));
        topics.into_iter().flatten().find_map(|topic| self.taints.of_topic(topic))
    }
}

impl Applications {
    /// A fact of an application, or of a leader that has its records.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about applications")]
    pub fn observe(&mut self, event: &TraceEvent, sight: &Sight<'_>, board: &mut Board) {
        match &event.fact {
            Fact::Processed { tp, offset, .. } => self.processed(event.node, (*tp, *offset), sight),
            Fact::Delivered { .. } | Fact::Exited(_) => {
                // What was processed before is sent, or never will be.
                for reader in self.read_by(event.node) {
                    reader.processed.clear();
                }
            }
            Fact::PositionSet {
                tp,
                source: PositionSource::Committed | PositionSource::Reset,
                ..
            } => self.placed(event.node, *tp, sight),
            Fact::ProcessingFailed { .. } => {
                for reader in self.read_by(event.node) {
                    reader.excuse = Some(LEFT_OUT);
                }
            }
            Fact::Sent { record, .. } => {
                let reader = self.readers.get_mut(&event.node);
                if let Some(input) = reader.and_then(|reader| reader.processed.pop_front()) {
                    self.made.insert(*record, input);
                }
            }
            Fact::Appended { tp, base_offset, records, .. } => {
                self.appended(event.node, *tp, *base_offset, records, sight.world);
            }
            Fact::MarkerAppended { tp, producer_id, epoch, committed: true, .. }
                if sight.world.topic_named(OFFSETS_TOPIC) == Some(tp.topic) =>
            {
                self.marked.insert((*producer_id, *epoch));
            }
            Fact::TransactionMoved {
                producer_id, epoch, state: TxnState::CompleteCommit, ..
            } => self.complete(*producer_id, *epoch, sight, board),
            _ => {}
        }
    }

    fn read_by(&mut self, consumer: NodeId) -> impl Iterator<Item = &mut Reader> {
        self.readers.values_mut().filter(move |reader| reader.consumer == consumer)
    }

    /// A consumer knows where to go on.
    fn placed(&mut self, who: NodeId, tp: TopicPartition, sight: &Sight<'_>) {
        let Some(consumer) = eyes::consumer(sight.world, who) else { return };
        let group = consumer.config.group_id.as_deref();
        let asked = group.zip(consumer.coordinator());
        let stale =
            |(group, node): (&str, NodeId)| !coordinates(node, group, sight.world, sight.truth);
        let leader = sight.truth.partition(tp).map(|state| state.leader);
        let here = consumer.assignment().filter(|own| {
            own.partition.1 == tp.partition
                && sight.world.topic_named(&own.partition.0) == Some(tp.topic)
        });
        let mut led = here.filter_map(|own| own.position.and_then(|position| position.leader));
        if asked.is_some_and(stale) || led.any(|node| Some(node) != leader) {
            self.misled.insert(who);
        }
    }

    fn processed(&mut self, who: NodeId, input: Input, sight: &Sight<'_>) {
        let Some(consumer) = eyes::consumer(sight.world, who) else { return };
        let CommitStrategy::InTransaction { producer } = consumer.spec.processing.commits else {
            return;
        };
        let reader = self.readers.entry(producer).or_insert_with(|| Reader {
            consumer: who,
            committed_only: consumer.config.isolation_level == IsolationLevel::ReadCommitted,
            processed: VecDeque::new(),
            excuse: None,
        });
        reader.processed.push_back(input);
    }

    /// A leader has a batch of which something is known.
    fn appended(
        &mut self,
        leader: NodeId,
        tp: TopicPartition,
        base: Offset,
        records: &[RecordId],
        world: &World,
    ) {
        if !records.iter().any(|record| self.made.contains_key(record)) {
            return;
        }
        let Some(replica) = eyes::replica(world, leader, tp) else { return };
        let batch = eyes::batches(&replica.log, base).next();
        let Some(Batch { producer_id, producer_epoch, .. }) = batch else { return };
        let Some(producer) = records.iter().find_map(|record| record.producer()) else { return };
        let inputs: Vec<_> = records.iter().filter_map(|id| self.made.remove(id)).collect();
        let outputs = self.outputs.entry((*producer_id, *producer_epoch));
        let outputs = outputs.or_insert_with(|| Outputs { producer, made: Vec::new() });
        outputs.made.extend(inputs.into_iter().map(|input| (input, tp)));
    }

    /// Offsets of a transaction are visible, or dropped.
    pub fn ended(&mut self, ended: &Ended, judged: bool, sight: &Sight<'_>, board: &mut Board) {
        let txn = (ended.producer, ended.epoch);
        if !self.ended.insert(txn) || !judged || !ended.committed {
            return;
        }
        let Some(Outputs { producer, made: outputs }) = self.outputs.get(&txn) else { return };
        let Some(reader) = self.readers.get(producer) else { return };
        for ((group, (topic, index)), before, offset) in &ended.offsets {
            let Some(topic) = sight.world.topic_named(topic) else { continue };
            let tp = TopicPartition::new(topic, *index);
            let mut own: Vec<_> = outputs.iter().filter(|((of, _), _)| *of == tp).collect();
            own.sort_unstable();
            let excuse = self.excuse(reader, tp, outputs, sight);
            let inputs: Vec<Offset> = own.iter().map(|((_, input), _)| *input).collect();
            let first = inputs.first().copied().unwrap_or(*offset);
            let from = before.unwrap_or(first).min(first);
            let expected = sight.exposed.of(tp).and_then(|shown| {
                shown.data_in(before.unwrap_or(from), *offset, reader.committed_only)
            });
            let whole = expected.is_none_or(|expected| expected == inputs);
            board.check_unless(Id::T8, excuse, whole, || {
                format!("{group} went from {before:?} to {offset} of {tp:?}; outputs were made of {inputs:?}")
            });
        }
    }

    /// A transaction is committed everywhere, so the offsets of what its outputs were made from are; who coordinates the group may
    /// not have read that yet.
    fn complete(
        &self,
        producer: ProducerId,
        epoch: ProducerEpoch,
        sight: &Sight<'_>,
        board: &mut Board,
    ) {
        // Markers carry an epoch that is one larger than that of the transaction's batches.
        for txn in [(producer, epoch), (producer, epoch - 1)] {
            let Some(outputs) = self.outputs.get(&txn) else { continue };
            let tainted = outputs
                .made
                .iter()
                .find_map(|((tp, _), to)| sight.taints.of(*tp).or_else(|| sight.taints.of(*to)));
            let tainted = tainted.or_else(|| sight.coordination());
            let told = self.ended.contains(&txn) || self.marked.contains(&(producer, epoch));
            board.check_unless(Id::T8, tainted, told, || {
                format!("the transaction {txn:?} is committed with outputs and without offsets")
            });
        }
    }

    fn excuse(
        &self,
        reader: &Reader,
        tp: TopicPartition,
        outputs: &[(Input, TopicPartition)],
        sight: &Sight<'_>,
    ) -> Option<&'static str> {
        let of_outputs = || outputs.iter().find_map(|(_, to)| sight.taints.of(*to));
        let misled = self.misled.contains(&reader.consumer).then_some(MISLED);
        let own = reader.excuse.or(misled);
        let excuse = own.or_else(|| sight.taints.of(tp)).or_else(of_outputs);
        excuse.or_else(|| sight.coordination())
    }
}
