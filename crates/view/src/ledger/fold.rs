//! How the ledger follows the facts.
//!
//! It sees each fact before the picture does, so the picture shows what was until then. Invariant: folding is the only way in.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not about records")]

use super::{Append, Delivery, Effect, Flight, Ledger, Life, Loss};
use crate::picture::{Moment, Picture};
use kafkascope_kernel::FlatSet;
use kafkascope_model::ids::{Bytes, Name, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Exit, Fact, SendResult, TraceEvent};
use kafkascope_model::workload::Outside;

impl Ledger {
    /// Folds the next fact; `before` is the picture without it.
    pub fn observe(&mut self, event: &TraceEvent, before: &Picture) {
        let (node, now) = (event.node, Moment::of(event));
        match &event.fact {
            Fact::Sent { record, topic, key, value } => {
                self.sent(*record, topic, key.as_ref(), value.as_ref(), now);
            }
            Fact::Batched { record, tp, by_key } => self.with(*record, |life| {
                (life.batched, life.tp, life.by_key) = (Some(now), Some(*tp), *by_key);
            }),
            Fact::BatchSent { records, leader, attempt, .. } => {
                for record in records.iter() {
                    let flight = Flight { moment: now, leader: *leader, attempt: *attempt };
                    self.with(*record, |life| life.flights.push(flight));
                }
            }
            Fact::Appended { tp, base_offset, records, epoch } => {
                for (offset, record) in (*base_offset..).zip(records.iter()) {
                    let append = Append { moment: now, broker: node, offset, epoch: *epoch };
                    self.appended(*record, *tp, append, before);
                }
            }
            Fact::Replicated { tp, base_offset, next_offset } => {
                self.replicated(node, *tp, *base_offset, *next_offset, now, before);
            }
            Fact::HighWatermark { tp, from, to } => {
                self.visible(node, *tp, *from, *to, now, before)
            }
            Fact::SendDone { record, tp, result } => self.done(*record, *tp, *result, now, before),
            Fact::BecameLeader { tp, log_end, .. } => {
                self.new_leader(node, *tp, *log_end, now, before);
                self.tally.open(*tp, now);
            }
            Fact::LeaderElected { tp, leader, .. } if *leader == NodeId::NONE => {
                self.tally.close(*tp, now);
            }
            Fact::Exited(Exit::Killed | Exit::PowerLost | Exit::Halted) => {
                for (tp, _) in before.partitions.iter().filter(|(_, p)| p.leader == node) {
                    self.tally.close(*tp, now);
                }
            }
            Fact::TopicDeleted { topic } => {
                for tp in before.partitions.keys().filter(|tp| tp.topic == *topic) {
                    self.tally.forget(*tp);
                }
                self.safe.retain(|(tp, _), _| tp.topic != *topic);
            }
            _ => self.observe_reading(event, before),
        }
    }

    fn observe_reading(&mut self, event: &TraceEvent, before: &Picture) {
        let (node, now) = (event.node, Moment::of(event));
        match &event.fact {
            Fact::MemberJoining { group, client, .. }
            | Fact::ShareAssigned { group, client, .. } => {
                self.groups.insert(*client, group.clone());
            }
            Fact::Delivered { record, offset, .. } => self.delivered(*record, node, *offset, now),
            Fact::BufferLost { records } => {
                self.tally.never_left += records.len() as u64;
                for record in records.iter() {
                    self.with(*record, |life| life.never_left = Some(now));
                }
            }
            Fact::SideEffect { record, kind, knows_again } => {
                self.effect(*record, node, (*kind, *knows_again), now);
            }
            Fact::Processed { record, .. } => {
                self.with(*record, |life| life.processed.push((node, now)));
            }
            Fact::OffsetCommitted { group, topic, partition, offset } => {
                if let Some(tp) = before.partition_named(topic, *partition) {
                    self.commit(group, tp, *offset, now, before);
                }
            }
            _ => {}
        }
    }

    fn with(&mut self, record: RecordId, change: impl FnOnce(&mut Life)) {
        if let Some(life) = self.lives.get_mut(&record) {
            change(life);
        }
    }

    fn sent(
        &mut self,
        record: RecordId,
        topic: &Name,
        key: Option<&Bytes>,
        value: Option<&Bytes>,
        now: Moment,
    ) {
        let key_index = key.map(|key| self.index_of(key));
        self.tally.sent += 1;
        let life = Life {
            topic: Some(topic.clone()),
            key: key.cloned(),
            key_index,
            value: value.cloned(),
            sent: now,
            ..Life::default()
        };
        self.lives.insert(record, life);
    }

    fn index_of(&mut self, key: &Bytes) -> usize {
        if let Some(index) = self.key_index.get(key) {
            return *index;
        }
        self.keys.push(key.clone());
        self.key_index.insert(key.clone(), self.keys.len() - 1);
        self.keys.len() - 1
    }

    fn appended(&mut self, record: RecordId, tp: TopicPartition, append: Append, before: &Picture) {
        let Some(producer) = record.producer() else { return };
        let furthest = self.furthest.get(&(tp, producer)).copied();
        let Some(life) = self.lives.get_mut(&record) else { return };
        let has = |old: &Append| before.record_at(append.broker, tp, old.offset) == Some(record);
        let twice = life.appends.iter().any(has);
        if twice && life.duplicate.is_none() {
            life.duplicate = Some(append.moment);
            self.tally.duplicated += 1;
        }
        if !twice && furthest.is_some_and(|far| far > record) && life.reordered.is_none() {
            life.reordered = Some(append.moment);
            self.tally.reordered += 1;
        }
        life.appends.push(append);
        let was_lost = life.loss.take().is_some() && life.is_acknowledged();
        if was_lost {
            self.regained(record);
        }
        let far = self.furthest.entry((tp, producer)).or_insert(record);
        *far = (*far).max(record);
    }

    fn replicated(
        &mut self,
        node: NodeId,
        tp: TopicPartition,
        from: Offset,
        to: Offset,
        now: Moment,
        before: &Picture,
    ) {
        let Some(leading) = before.leading(tp) else { return };
        let records: Vec<_> = leading.records(from, to).map(|(_, record)| record).collect();
        for record in records {
            self.with(record, |life| {
                if life.replicated.iter().all(|(broker, _)| *broker != node) {
                    life.replicated.push((node, now));
                }
            });
        }
    }

    fn visible(
        &mut self,
        node: NodeId,
        tp: TopicPartition,
        from: Offset,
        to: Offset,
        now: Moment,
        before: &Picture,
    ) {
        let Some(replica) = before.replicas.get(&(node, tp)) else { return };
        if replica.leads.is_none() {
            return;
        }
        let records: Vec<_> = replica.records(from, to).map(|(_, record)| record).collect();
        for record in records {
            self.with(record, |life| life.visible = life.visible.or(Some(now)));
        }
    }

    fn done(
        &mut self,
        record: RecordId,
        tp: TopicPartition,
        result: SendResult,
        now: Moment,
        before: &Picture,
    ) {
        let Some(life) = self.lives.get_mut(&record) else { return };
        match result {
            SendResult::Failed(why) => {
                life.failed = Some((now, why));
                self.tally.failed += 1;
            }
            SendResult::Acked(offset) => {
                life.acked = Some((now, offset));
                if offset < 0 {
                    return;
                }
                self.tally.acknowledged += 1;
                if life.loss.is_some() {
                    // The answer was under way while the new leader, which never had the record, began.
                    self.lost.push(record);
                    self.tally.lost += 1;
                } else if before.leader(tp).is_some() {
                    self.safe.insert((tp, offset), record);
                }
            }
        }
    }

    /// Whatever the new leader does not have is gone, acknowledged or not.
    fn new_leader(
        &mut self,
        node: NodeId,
        tp: TopicPartition,
        log_end: Offset,
        now: Moment,
        before: &Picture,
    ) {
        let holds =
            |offset, record| offset < log_end && before.record_at(node, tp, offset) == Some(record);
        let mut suspects: FlatSet<RecordId> =
            self.safe.range((tp, log_end)..=(tp, Offset::MAX)).map(|(_, id)| *id).collect();
        suspects.extend(open_suspects(node, tp, log_end, before));
        for record in suspects {
            let Some(life) = self.lives.get_mut(&record) else { continue };
            let Some(place) = life.place() else { continue };
            if life.loss.is_some() || life.appends.iter().any(|a| holds(a.offset, record)) {
                continue;
            }
            life.loss = Some(Loss {
                moment: now,
                leader: node,
                log_end,
                offset: place.offset,
                had_it: place.broker,
            });
            if life.is_acknowledged() {
                self.lost.push(record);
                self.tally.lost += 1;
            }
            self.safe.remove(&(tp, place.offset));
        }
        self.find_again(node, tp, before);
        self.recount(node, tp, before);
    }

    /// A leader that has what another lacked brings it back (an unclean election the other way round).
    fn find_again(&mut self, node: NodeId, tp: TopicPartition, before: &Picture) {
        let back: Vec<_> = self
            .lost
            .iter()
            .copied()
            .filter(|record| {
                let life = &self.lives[record];
                let here = |a: &Append| before.record_at(node, tp, a.offset) == Some(*record);
                life.tp == Some(tp) && life.appends.iter().any(here)
            })
            .collect();
        for record in back {
            self.with(record, |life| life.loss = None);
            self.regained(record);
        }
    }

    fn regained(&mut self, record: RecordId) {
        self.lost.retain(|lost| *lost != record);
        self.tally.lost -= 1;
    }

    /// What a leader cut off no longer counts for order.
    fn recount(&mut self, node: NodeId, tp: TopicPartition, before: &Picture) {
        self.furthest.retain(|(at, _), _| *at != tp);
        let Some(replica) = before.replicas.get(&(node, tp)) else { return };
        for record in replica.batches.iter().flat_map(|batch| batch.records.iter()) {
            if let Some(producer) = record.producer() {
                let far = self.furthest.entry((tp, producer)).or_insert(*record);
                *far = (*far).max(*record);
            }
        }
    }

    fn delivered(&mut self, record: RecordId, consumer: NodeId, offset: Offset, now: Moment) {
        let group = self.groups.get(&consumer).cloned();
        let Some(life) = self.lives.get_mut(&record) else { return };
        let again = group.is_some() && life.deliveries.iter().any(|d| d.group == group);
        life.deliveries.push(Delivery { moment: now, consumer, group, offset, again });
        self.tally.delivered += 1;
        self.tally.delivered_again += u64::from(again);
    }

    fn effect(
        &mut self,
        record: RecordId,
        consumer: NodeId,
        (kind, knows_again): (Outside, bool),
        now: Moment,
    ) {
        let group = self.groups.get(&consumer).cloned();
        let Some(life) = self.lives.get_mut(&record) else { return };
        let again = life.effects.iter().any(|done| done.group == group && done.kind == kind);
        let known = again && knows_again;
        life.effects.push(Effect { moment: now, consumer, group, kind, again, known });
        let count = self.tally.effects.entry(kind).or_default();
        count.done += u64::from(!known);
        count.again += u64::from(again && !known);
        count.known += u64::from(known);
    }

    fn commit(
        &mut self,
        group: &Name,
        tp: TopicPartition,
        to: Offset,
        now: Moment,
        before: &Picture,
    ) {
        let from = self.committed.insert((group.clone(), tp), to).unwrap_or(0);
        let Some(leading) = before.leading(tp) else { return };
        let passed: Vec<_> = leading.records(from, to).map(|(_, record)| record).collect();
        for record in passed {
            self.with(record, |life| {
                if life.committed.iter().all(|(known, _)| known != group) {
                    life.committed.push((group.clone(), now));
                }
            });
        }
    }
}

/// Records that other replicas have above the new leader's log end.
fn open_suspects(
    node: NodeId,
    tp: TopicPartition,
    log_end: Offset,
    before: &Picture,
) -> Vec<RecordId> {
    let others = before.replicas.iter().filter(|((id, at), _)| *at == tp && *id != node);
    others
        .flat_map(|(_, replica)| replica.records(log_end, replica.log_end))
        .map(|(_, record)| record)
        .collect()
}
