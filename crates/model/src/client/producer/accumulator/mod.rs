//! Records that wait to be sent, in batches by partition (`org.apache.kafka.clients.producer.internals.RecordAccumulator`).
//!
//! Every batch that is not done lives here, under way or not; queues hold those that are not under way. Invariant: a queue is in
//! the order in which its batches must leave.

use super::batch::{BatchId, ProducerBatch, Slot, payload_of};
use super::idempotence::{Batches, Idempotence};
use super::partitioner::BuiltInPartitioner;
use crate::client::cluster::{Cluster, KnownTopic};
use crate::cx::Cx;
use crate::ids::{EpochMs, LeaderEpoch, Name, NodeId, RecordId, TopicPartition};
use crate::workload::NewRecord;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Micros, SimTime};

/// What a producer's configs say about batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccumulatorConfig {
    /// `batch.size`.
    pub batch_size: u32,
    /// `linger.ms`.
    pub linger: Micros,
    /// `buffer.memory`.
    pub buffer_memory: u64,
    /// `max.request.size`.
    pub max_request_size: u32,
    /// `delivery.timeout.ms`.
    pub delivery_timeout: Micros,
    /// `partitioner.adaptive.partitioning.enable`.
    pub adaptive: bool,
    /// `partitioner.availability.timeout.ms`; none if brokers are never avoided.
    pub availability_timeout: Option<Micros>,
    /// Whether a request holds batches of one partition only, as librdkafka's do.
    pub one_a_request: bool,
}

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Appended {
    /// The record is in a batch of this partition; `wake` if the sender has reason to look.
    Yes {
        /// Where it went.
        tp: TopicPartition,
        /// The batch is new or full.
        wake: bool,
    },
    /// The buffer has no room for another batch.
    BufferFull,
}

/// What there is to send (`RecordAccumulator.ReadyCheckResult`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ready {
    /// Brokers with something to send to them.
    pub nodes: FlatSet<NodeId>,
    /// When there is something else at the earliest, as far as that depends on time.
    pub next_check: Option<SimTime>,
    /// Topics with something to send and no known leader for it.
    pub unknown_leaders: FlatSet<Name>,
}

impl Ready {
    fn count(&mut self, leader: NodeId, at: SimTime, now: SimTime) {
        if at <= now {
            self.nodes.insert(leader);
        } else {
            self.next_check = Some(self.next_check.map_or(at, |other| at.min(other)));
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct TopicQueues {
    partitioner: BuiltInPartitioner,
    queues: FlatMap<i32, VecDeque<BatchId>>,
}

/// When a broker last had something to be sent, and last took it (`RecordAccumulator.NodeLatencyStats`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NodeLatency {
    ready_at: SimTime,
    drained_at: SimTime,
}

/// Records that wait to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordAccumulator {
    config: AccumulatorConfig,
    /// Every batch that is not done.
    pub batches: Batches,
    topics: FlatMap<Name, TopicQueues>,
    muted: FlatSet<Slot>,
    drain_from: FlatMap<NodeId, u32>,
    latencies: FlatMap<NodeId, NodeLatency>,
    free_bytes: u64,
    next_batch: u64,
    /// The application waits for room: everything is sent at once.
    pub exhausted: bool,
    /// The application flushes, or the producer closes: everything is sent at once.
    pub flushing: bool,
    /// A transaction is being ended: everything is sent at once.
    pub completing: bool,
}

impl RecordAccumulator {
    /// Nothing waits.
    pub const fn new(config: AccumulatorConfig) -> Self {
        Self {
            config,
            batches: FlatMap::new(),
            topics: FlatMap::new(),
            muted: FlatSet::new(),
            drain_from: FlatMap::new(),
            latencies: FlatMap::new(),
            free_bytes: config.buffer_memory,
            next_batch: 0,
            exhausted: false,
            flushing: false,
            completing: false,
        }
    }

    /// The configs it works by.
    pub const fn config(&self) -> &AccumulatorConfig {
        &self.config
    }

    /// Whether anything is not done.
    pub fn has_incomplete(&self) -> bool {
        !self.batches.is_empty()
    }

    /// Bytes of the buffer that are in use.
    pub const fn used_bytes(&self) -> u64 {
        self.config.buffer_memory - self.free_bytes
    }

    /// Appends a record to the last batch of its partition, or to a new one. Without a partition the sticky one is taken.
    pub fn append(
        &mut self,
        topic: (&Name, &KnownTopic),
        partition: Option<i32>,
        record: (RecordId, &NewRecord, EpochMs),
        cx: &mut Cx<'_>,
    ) -> Appended {
        let (name, known) = topic;
        let sticky = partition.is_none();
        let index = match partition {
            Some(partition) => partition,
            None => self.sticky_partition(name, known, cx),
        };
        let tp = TopicPartition::new(known.id, index);
        let Some((bytes, wake)) = self.append_to(name, tp, record, cx.now) else {
            return Appended::BufferFull;
        };
        if sticky {
            let full = self.last_is_full(name, index);
            let batch_size = self.config.batch_size;
            let queues = self.topics.entry(name.clone()).or_default();
            queues.partitioner.produced(bytes, batch_size, full, known, cx);
        }
        Appended::Yes { tp, wake }
    }

    /// Which brokers can be sent to (`RecordAccumulator.ready`); also tells the partitioners how long queues are.
    pub fn ready(&mut self, cluster: &Cluster, now: SimTime) -> Ready {
        let mut ready = Ready::default();
        let hurry = self.exhausted || self.flushing || self.completing;
        let linger = if hurry { Micros::ZERO } else { self.config.linger };
        for (name, topic) in &mut self.topics {
            let known = cluster.topic(name);
            for (partition, queue) in &topic.queues {
                let Some(first) = queue.front() else { continue };
                let leader = known.and_then(|known| leader_of(known, *partition));
                let Some((leader, epoch)) = leader.filter(|(node, _)| cluster.has_node(*node))
                else {
                    ready.unknown_leaders.insert(name.clone());
                    continue;
                };
                let batch = self.batches.get_mut(first).expect("queued batches exist");
                batch.saw_leader_epoch(epoch);
                if !self.muted.contains(&batch.slot) {
                    let linger = if queue.len() > 1 { Micros::ZERO } else { linger };
                    ready.count(leader, batch.sendable_at(linger, now), now);
                }
            }
            if let Some(known) = known.filter(|_| topic.partitioner.is_used()) {
                let adaptive = self.config.adaptive && topic.queues.len() >= known.partitions.len();
                let lengths = adaptive.then(|| {
                    let timeout = self.config.availability_timeout;
                    available_queues(topic, known, |node| {
                        cluster.has_node(node) && !is_slow(self.latencies.get(&node), timeout)
                    })
                });
                topic.partitioner.update_load(lengths.as_deref(), known.partitions.len() as u32);
            }
        }
        ready
    }

    /// A broker with something to send to it can take it, or not (`RecordAccumulator.updateNodeLatencyStats`).
    pub fn note_latency(&mut self, node: NodeId, can_drain: bool, now: SimTime) {
        if self.config.availability_timeout.is_some() {
            let fresh = NodeLatency { ready_at: now, drained_at: now };
            let latency = self.latencies.entry(node).or_insert(fresh);
            latency.ready_at = now;
            if can_drain {
                latency.drained_at = now;
            }
        }
    }

    /// Takes what goes into the next request to a broker: at most one batch a partition, up to `max.request.size`, beginning
    /// where the last request ended (`RecordAccumulator.drainBatchesForOneNode`).
    pub fn drain(
        &mut self,
        node: NodeId,
        cluster: &Cluster,
        mut idempotence: Option<&mut Idempotence>,
        now: SimTime,
    ) -> Vec<BatchId> {
        let queues = self.queues_led_by(node, cluster);
        let mut drained = Vec::new();
        let mut size = 0;
        let count = queues.len();
        let start = self.drain_from.get(&node).map_or(0, |from| *from as usize % count.max(1));
        for turn in 0..count {
            let index = (start + turn) % count;
            self.drain_from.insert(node, index as u32);
            let (first, tp, epoch) = queues[index];
            let Some(id) = first else { continue };
            let batch = self.batches.get_mut(&id).expect("queued batches exist");
            batch.saw_leader_epoch(epoch);
            if batch.backs_off_until(now).is_some() || self.muted.contains(&batch.slot) {
                continue;
            }
            let batch = &self.batches[&id];
            let too_much = size + batch.size_bytes() > self.config.max_request_size;
            let must_wait =
                idempotence.as_ref().is_some_and(|state| state.must_wait(batch, &self.batches));
            let complete = (too_much || self.config.one_a_request) && !drained.is_empty();
            if complete || must_wait {
                break;
            }
            if let Some(state) = &mut idempotence {
                state.number(id, &mut self.batches);
            }
            let batch = self.batches.get_mut(&id).expect("queued batches exist");
            batch.close();
            batch.tp = tp;
            size += batch.size_bytes();
            queue_of(&mut self.topics, &batch.slot).pop_front();
            drained.push(id);
        }
        drained
    }

    /// Puts a batch back for a retry, in the order of its sequence.
    pub fn put_back(&mut self, id: BatchId) {
        let batch = &self.batches[&id];
        let (slot, base) = (batch.slot.clone(), batch.base_sequence);
        let earlier = |other: &BatchId| {
            let other = self.batches[other].base_sequence;
            matches!((other, base), (Some(other), Some(base)) if other < base)
        };
        let index = self.topics.get(&slot.topic).and_then(|t| t.queues.get(&slot.partition));
        let index =
            index.map_or(0, |queue| queue.iter().take_while(|other| earlier(other)).count());
        queue_of(&mut self.topics, &slot).insert(index, id);
    }

    /// Cuts a batch that its broker found too large into smaller ones, and queues them in its place.
    pub fn split(&mut self, id: BatchId) -> Vec<BatchId> {
        let whole = self.remove(id).expect("a batch is split before it is done");
        let parts = whole.split(self.config.batch_size);
        let ids: Vec<BatchId> = parts.into_iter().map(|part| self.keep(part)).collect();
        for id in ids.iter().rev() {
            self.put_back(*id);
        }
        ids
    }

    /// Forgets a batch that is done; its memory is free again.
    pub fn remove(&mut self, id: BatchId) -> Option<ProducerBatch> {
        let batch = self.batches.remove(&id)?;
        self.free_bytes += u64::from(batch.reserved);
        Some(batch)
    }

    /// Queued batches older than `delivery.timeout.ms`, taken from their queues.
    pub fn expired(&mut self, now: SimTime) -> Vec<BatchId> {
        let mut expired = Vec::new();
        for queue in self.topics.values_mut().flat_map(|topic| topic.queues.values_mut()) {
            while let Some(first) = queue.front()
                && self.batches[first].is_expired(self.config.delivery_timeout, now)
            {
                expired.extend(queue.pop_front());
            }
        }
        expired
    }

    /// Everything that is queued, taken from the queues.
    pub fn take_queued(&mut self) -> Vec<BatchId> {
        let queues = self.topics.values_mut().flat_map(|topic| topic.queues.values_mut());
        queues.flat_map(core::mem::take).collect()
    }

    /// Records that have never left.
    pub fn never_left(&self) -> impl Iterator<Item = RecordId> {
        let queues = self.topics.values().flat_map(|topic| topic.queues.values());
        let batches = queues.flatten().map(|id| &self.batches[id]);
        batches.filter(|batch| batch.attempts == 0).flat_map(ProducerBatch::record_ids)
    }

    /// Batches that were never sent, taken from the queues.
    pub fn take_unsent(&mut self) -> Vec<BatchId> {
        let batches = &self.batches;
        let unsent = |id: &mut BatchId| batches[id].base_sequence.is_none();
        let mut taken = Vec::new();
        for queue in self.topics.values_mut().flat_map(|topic| topic.queues.values_mut()) {
            let mut all: Vec<BatchId> = core::mem::take(queue).into();
            taken.extend(all.extract_if(.., unsent));
            *queue = all.into();
        }
        taken
    }

    /// When the oldest batch of all expires.
    pub fn next_expiry(&self) -> Option<SimTime> {
        // Parts of a split batch are older than their number says; they are found when the next expires.
        let oldest = self.batches.values().next()?;
        Some(oldest.created_at + self.config.delivery_timeout)
    }

    /// Keeps a partition from being sent to, or lets it be again (`max.in.flight.requests.per.connection=1`).
    pub fn mute(&mut self, slot: &Slot, muted: bool) {
        if muted {
            self.muted.insert(slot.clone());
        } else {
            self.muted.remove(slot);
        }
    }

    fn sticky_partition(&mut self, name: &Name, known: &KnownTopic, cx: &mut Cx<'_>) -> i32 {
        let batch_size = self.config.batch_size;
        let queues = self.topics.entry(name.clone()).or_default();
        let index = queues.partitioner.current(known, cx);
        if self.last_is_full(name, index) {
            // A switch that a half-full batch had put off.
            let queues = self.topics.entry(name.clone()).or_default();
            queues.partitioner.produced(0, batch_size, true, known, cx);
            return queues.partitioner.current(known, cx);
        }
        index
    }

    fn append_to(
        &mut self,
        name: &Name,
        tp: TopicPartition,
        record: (RecordId, &NewRecord, EpochMs),
        now: SimTime,
    ) -> Option<(u32, bool)> {
        let (id, payload, at) = record;
        let queues = self.topics.entry(name.clone()).or_default();
        let queue = queues.queues.entry(tp.partition).or_default();
        if let Some(last) = queue.back() {
            let last = self.batches.get_mut(last).expect("queued batches exist");
            if let Some(bytes) = last.try_append(id, payload, at) {
                return Some((bytes, queue.len() > 1 || last.is_full()));
            }
            last.close();
        }
        let limit = self.config.batch_size.max(payload_of(payload).upper_bound());
        self.free_bytes = self.free_bytes.checked_sub(u64::from(limit))?;
        let slot = Slot { topic: name.clone(), partition: tp.partition };
        let mut batch = ProducerBatch::new(slot, tp, now, limit);
        batch.try_append(id, payload, at).expect("a new batch takes any record");
        let bytes = batch.size_bytes();
        let batch = self.keep(batch);
        self.topics.get_mut(name)?.queues.get_mut(&tp.partition)?.push_back(batch);
        Some((bytes, true))
    }

    fn keep(&mut self, batch: ProducerBatch) -> BatchId {
        let id = BatchId(self.next_batch);
        self.next_batch += 1;
        self.batches.insert(id, batch);
        id
    }

    fn last_is_full(&self, name: &Name, partition: i32) -> bool {
        let queue = self.topics.get(name).and_then(|topic| topic.queues.get(&partition));
        queue.and_then(VecDeque::back).is_none_or(|last| self.batches[last].is_full())
    }

    /// Partitions that a broker leads, each with its first batch and its epoch.
    fn queues_led_by(
        &self,
        node: NodeId,
        cluster: &Cluster,
    ) -> Vec<(Option<BatchId>, TopicPartition, LeaderEpoch)> {
        let mut led = Vec::new();
        for (name, topic) in &self.topics {
            let Some(known) = cluster.topic(name) else { continue };
            for (partition, queue) in &topic.queues {
                if let Some((leader, epoch)) = leader_of(known, *partition)
                    && leader == node
                {
                    let tp = TopicPartition::new(known.id, *partition);
                    led.push((queue.front().copied(), tp, epoch));
                }
            }
        }
        led
    }
}

fn queue_of<'a>(
    topics: &'a mut FlatMap<Name, TopicQueues>,
    slot: &Slot,
) -> &'a mut VecDeque<BatchId> {
    let topic = topics.get_mut(&slot.topic).expect("a batch's topic has queues");
    topic.queues.entry(slot.partition).or_default()
}

fn is_slow(latency: Option<&NodeLatency>, timeout: Option<Micros>) -> bool {
    let (Some(latency), Some(timeout)) = (latency, timeout) else { return false };
    latency.ready_at.since(latency.drained_at) > timeout
}

fn leader_of(topic: &KnownTopic, partition: i32) -> Option<(NodeId, LeaderEpoch)> {
    let known = topic.partitions.get(usize::try_from(partition).ok()?)?;
    Some((known.leader?, known.leader_epoch))
}

/// How many batches wait for each partition whose leader is available.
fn available_queues(
    topic: &TopicQueues,
    known: &KnownTopic,
    available: impl Fn(NodeId) -> bool,
) -> Vec<(i32, u32)> {
    let queues = topic.queues.iter();
    let led = queues.filter(|(partition, _)| {
        leader_of(known, **partition).is_some_and(|(leader, _)| available(leader))
    });
    led.map(|(partition, queue)| (*partition, queue.len() as u32)).collect()
}

#[cfg(test)]
mod tests;
