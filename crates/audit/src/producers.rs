//! Producers: what they were told, held against what the logs have.
//!
//! Invariant: a record counts as acknowledged only if its application was told an offset.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::client::network::Peer;
use kafkascope_model::client::producer::Producer;
use kafkascope_model::config::producer::Acks;
use kafkascope_model::ids::{Bytes, NodeId, Offset, RecordId, TopicId, TopicPartition};
use kafkascope_model::log::PartitionLog;
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

/// How much later than `delivery.timeout.ms` the sender's thread may notice.
const ONE_POLL: Micros = Micros::from_ms(1_000);

/// What was heard of producers.
#[derive(Clone, Debug, Default)]
pub struct Producers {
    /// Sent, and neither acknowledged nor failed; since when.
    open: BTreeMap<RecordId, SimTime>,
    batched: BTreeMap<RecordId, SimTime>,
    acked: BTreeMap<TopicPartition, BTreeMap<Offset, RecordId>>,
    keys: BTreeMap<RecordId, Bytes>,
    /// Where each producer puts each key, with the number of partitions then.
    homes: BTreeMap<(NodeId, TopicId, Bytes), (i32, usize)>,
    /// Those that stood still or began again.
    disturbed: BTreeSet<NodeId>,
    /// Records whose `send()` blocks; since when.
    blocked: BTreeMap<RecordId, SimTime>,
    /// When each was last given a producer id.
    identified: BTreeMap<NodeId, SimTime>,
    /// Those that went on under another epoch or id, which they do when they cannot know what a broker has: what was under way
    /// is numbered anew, and may be written twice or behind later records (`TransactionManager.bumpIdempotentProducerEpoch`).
    renamed: BTreeSet<NodeId>,
}

impl Producers {
    /// A fact of a producer.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about sending")]
    pub fn observe(&mut self, event: &TraceEvent, world: &World, board: &mut Board) {
        match &event.fact {
            Fact::Sent { record, key, .. } => {
                self.open.insert(*record, event.at);
                if let Some(key) = key {
                    self.keys.insert(*record, key.clone());
                }
            }
            Fact::SendBlocked { record } => {
                self.blocked.insert(*record, event.at);
            }
            Fact::Batched { record, tp, by_key } => {
                self.unblocked(event, *record, world, board);
                self.batched.insert(*record, event.at);
                if let Some(key) = self.keys.remove(record).filter(|_| *by_key) {
                    self.keyed(event.node, *tp, &key, world, board);
                }
            }
            Fact::ProducerIdAssigned { .. } => {
                let again = self.identified.insert(event.node, event.at).is_some();
                if again && config(world, event.node, |p| p.config.transactional_id.is_none()) {
                    self.renamed.insert(event.node);
                }
            }
            Fact::BatchSent { leader, .. } => in_flight(event.node, *leader, world, board),
            Fact::SendDone { record, tp, result } => {
                self.open.remove(record);
                self.unblocked(event, *record, world, board);
                self.in_time(event, *record, world, board);
                if matches!(result, SendResult::Failed(_)) {
                    board.check(Id::P9, true, String::new);
                }
                if let SendResult::Acked(offset) = result
                    && *offset >= 0
                {
                    self.acked.entry(*tp).or_default().insert(*offset, *record);
                }
            }
            Fact::Exited(_) | Fact::Paused if event.node.is_client() => {
                self.disturbed.insert(event.node);
                self.open.retain(|record, _| record.producer() != Some(event.node));
            }
            _ => {}
        }
    }

    /// Records that should have succeeded or failed by now.
    pub fn overdue(&self, world: &World) -> Vec<RecordId> {
        let late = |record: RecordId, since: SimTime| {
            let Some(producer) = record.producer().and_then(|id| eyes::producer(world, id)) else {
                return false;
            };
            let delivery = producer.config.effective_delivery_timeout_ms();
            let limit =
                Micros::from_config_ms(delivery.saturating_add(producer.config.max_block_ms));
            world.now().since(since) > limit + ONE_POLL
        };
        self.open.iter().filter(|(id, since)| late(**id, **since)).map(|(id, _)| *id).collect()
    }

    fn keyed(
        &mut self,
        producer: NodeId,
        tp: TopicPartition,
        key: &Bytes,
        world: &World,
        board: &mut Board,
    ) {
        // What the producer knows counts: it learns of new partitions when it asks again.
        let known = eyes::producer(world, producer).and_then(|producer| {
            let cluster = producer.sender().client.metadata.cluster();
            cluster.name_of(tp.topic).and_then(|name| cluster.topic(name))
        });
        let count = known.map_or(0, |topic| topic.partitions.len());
        let home =
            self.homes.entry((producer, tp.topic, key.clone())).or_insert((tp.partition, count));
        let excuse = (home.1 != count).then_some("partitions were added");
        board.check_unless(Id::P8, excuse, home.0 == tp.partition, || {
            let text = String::from_utf8_lossy(key);
            format!("key '{text}' went to partition {}, now to {}", home.0, tp.partition)
        });
        *home = (tp.partition, count);
    }

    fn unblocked(
        &mut self,
        event: &TraceEvent,
        record: RecordId,
        world: &World,
        board: &mut Board,
    ) {
        let Some(since) = self.blocked.remove(&record) else { return };
        let Some(producer) = eyes::producer(world, event.node) else { return };
        let limit = Micros::from_config_ms(producer.config.max_block_ms);
        let still = self.disturbed.contains(&event.node).then_some("its process stood still");
        let took = event.at.since(since);
        board.check_unless(Id::P6, still, took <= limit + ONE_POLL, || {
            format!("send() of {record:?} blocked for {} ms", took.as_ms())
        });
    }

    fn in_time(&mut self, event: &TraceEvent, record: RecordId, world: &World, board: &mut Board) {
        let Some(since) = self.batched.remove(&record) else { return };
        let Some(producer) = eyes::producer(world, event.node) else { return };
        let limit = Micros::from_config_ms(producer.config.effective_delivery_timeout_ms());
        let took = event.at.since(since);
        let hidden = (!keeps_order(producer)).then_some("a batch that is tried again may hide it");
        let still = self.disturbed.contains(&event.node).then_some("its process stood still");
        // `Sender.runOnce` does nothing else, not even expire batches, while it asks for a producer id.
        let named = self.identified.get(&event.node).is_some_and(|at| *at <= since);
        let nameless = (producer.config.is_idempotent() && !named)
            .then_some("it waited for its producer id, and meanwhile no batch expires");
        let excuse = still.or(hidden).or(nameless);
        board.check_unless(Id::P5, excuse, took <= limit + ONE_POLL, || {
            format!("{record:?} was open for {} ms", took.as_ms())
        });
    }

    /// The first acknowledged record that a new leader does not have.
    pub fn new_leader(
        &self,
        tp: TopicPartition,
        log: &PartitionLog,
        book: &Book<'_>,
        board: &mut Board,
    ) {
        let Some(acked) = self.acked.get(&tp) else { return };
        if let Some((offset, record)) = acked.range(log.log_end()..).next() {
            self.lost(tp, *offset, *record, book, board);
        }
    }

    fn lost(
        &self,
        tp: TopicPartition,
        offset: Offset,
        record: RecordId,
        book: &Book<'_>,
        board: &mut Board,
    ) {
        let producer = record.producer().and_then(|id| eyes::producer(book.world, id));
        let weak = producer.and_then(|producer| match producer.config.acks {
            Acks::Zero => Some("acks=0: nobody promised anything"),
            Acks::One => Some("acks=1: only the leader had to have it"),
            Acks::All => None,
        });
        let excuse = weak.or(book.taints.of(tp));
        board.check_unless(Id::P1, excuse, false, || {
            format!(
                "{record:?}, acknowledged at {tp:?} offset {offset}, is not in the leader's log"
            )
        });
    }

    /// Holds the logs of all leaders against what producers were told.
    pub fn take_stock(&self, book: &Book<'_>, board: &mut Board) {
        let partitions: Vec<_> = book.truth.image.partitions().collect();
        for (tp, state) in partitions {
            let Some(replica) = eyes::replica(book.world, state.leader, tp) else { continue };
            if replica.leader_epoch != state.leader_epoch {
                continue;
            }
            if !replica.config.cleanup_policy.compacts() {
                self.take_stock_of(tp, &replica.log, book, board);
            }
        }
    }

    fn take_stock_of(
        &self,
        tp: TopicPartition,
        log: &PartitionLog,
        book: &Book<'_>,
        board: &mut Board,
    ) {
        let none = BTreeMap::new();
        let acked = self.acked.get(&tp).unwrap_or(&none);
        let acked_ids: BTreeSet<_> = acked.values().collect();
        let mut at = BTreeMap::new();
        let mut last: BTreeMap<(NodeId, i64), RecordId> = BTreeMap::new();
        for batch in eyes::batches(log, log.log_start()).filter(|batch| batch.control.is_none()) {
            for record in batch.records.iter() {
                let Some(producer) = record.id.producer() else { continue };
                let twice = at.insert(record.id, batch.offset_of(record)).is_some();
                self.once(tp, record.id, producer, twice, book, board);
                if twice || !acked_ids.contains(&record.id) {
                    continue;
                }
                let before = last.insert((producer, batch.producer_id), record.id);
                let ordered = before.is_none_or(|before| before < record.id);
                self.in_order(tp, record.id, producer, ordered, book, board);
            }
        }
        for (offset, record) in acked.range(log.log_start()..) {
            if at.contains_key(record) {
                board.check(Id::P1, true, String::new);
            } else {
                self.lost(tp, *offset, *record, book, board);
            }
        }
    }

    fn once(
        &self,
        tp: TopicPartition,
        record: RecordId,
        producer: NodeId,
        twice: bool,
        book: &Book<'_>,
        board: &mut Board,
    ) {
        let plain = (!config(book.world, producer, |p| p.config.is_idempotent()))
            .then_some("idempotence is off: a retry is written again");
        let excuse = plain.or(self.renamed(producer)).or(book.taints.of(tp));
        board.check_unless(Id::P2, excuse, !twice, || format!("{record:?} is in {tp:?} twice"));
    }

    fn in_order(
        &self,
        tp: TopicPartition,
        record: RecordId,
        producer: NodeId,
        ordered: bool,
        book: &Book<'_>,
        board: &mut Board,
    ) {
        let kept = config(book.world, producer, keeps_order);
        let plain = (!kept).then_some("several requests at a time without idempotence");
        let again = self.disturbed.contains(&producer).then_some("its process began again");
        let excuse = plain.or(again).or(self.renamed(producer)).or(book.taints.of(tp));
        board.check_unless(Id::P3, excuse, ordered, || {
            format!("{record:?} lies in {tp:?} behind a later one")
        });
    }

    fn renamed(&self, producer: NodeId) -> Option<&'static str> {
        let renamed = self.renamed.contains(&producer);
        renamed.then_some("the producer went on under another epoch, after a batch had failed")
    }
}

/// What stock is taken with.
pub struct Book<'a> {
    pub world: &'a World,
    pub truth: &'a Truth,
    pub taints: &'a Taints,
}

fn keeps_order(producer: &Producer) -> bool {
    producer.config.is_idempotent() || producer.config.max_in_flight == 1
}

fn config(world: &World, producer: NodeId, of: impl Fn(&Producer) -> bool) -> bool {
    eyes::producer(world, producer).is_some_and(of)
}

fn in_flight(producer: NodeId, leader: NodeId, world: &World, board: &mut Board) {
    let Some(producer) = eyes::producer(world, producer) else { return };
    let count = producer.sender().client.in_flight(Peer::broker(leader));
    let limit = producer.config.max_in_flight.unsigned_abs();
    board.check(Id::P7, count <= limit, || format!("{count} requests are under way to {leader}"));
}
