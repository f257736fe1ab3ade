//! A controller whose log is ZooKeeper (`KafkaController`, up to 3.x), and where it put replicas (`AdminUtils`).
//!
//! It decides by the same rules; what it decided counts once ZooKeeper has it. Invariant: records are written in the order in
//! which they were decided.

use super::image::MetadataImage;
use super::placement::{Dice, PlacementError, UsableBroker};
use super::records::{MetadataRecord, PartitionState};
use super::{Controller, broker_changes, elect_leaders, serve};
use crate::config::broker::BrokerConfig;
use crate::cx::Cx;
use crate::ids::{BrokerEpoch, LeaderEpoch, Name, NodeId, Offset, TopicPartition};
use crate::net::ConnId;
use crate::trace::{ChangeReason, Fact};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros};

/// A broker as its znode tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LiveBroker {
    /// `broker.id`.
    pub id: NodeId,
    /// The change that made the znode.
    pub epoch: BrokerEpoch,
    /// Its process.
    pub incarnation: u64,
    /// `broker.rack`.
    pub rack: Option<Name>,
}

impl Controller {
    /// The winner of the race, with what ZooKeeper holds; topic ids begin above `ids_from`.
    pub fn in_zookeeper(
        id: NodeId,
        config: BrokerConfig,
        epoch: LeaderEpoch,
        mut image: MetadataImage,
        ids_from: u32,
    ) -> Self {
        let mut controller = Self::new(id, config, vec![id]);
        controller.quorum.lead_alone(epoch);
        (image.next_offset, image.epoch) = (0, epoch);
        controller.image = image;
        controller.active = true;
        controller.legacy = Some(ids_from);
        controller
    }

    /// What was decided from `offset` on.
    pub fn decided_since(&self, offset: Offset) -> Vec<Arc<MetadataRecord>> {
        let entries = (offset..self.quorum.log.end()).filter_map(|at| self.quorum.log.entry(at));
        entries.map(|(_, record)| Arc::clone(record)).collect()
    }

    /// The end of what was decided.
    pub fn decided_end(&self) -> Offset {
        self.quorum.log.end()
    }

    /// ZooKeeper has everything below `offset`: answers and facts leave.
    pub fn written_up_to(&mut self, offset: Offset, cx: &mut Cx<'_>) {
        self.deferred.release(offset, cx);
    }

    /// A connection is gone; nobody waits on it.
    pub fn forget_client(&mut self, conn: ConnId) {
        self.deferred.forget(conn);
    }

    /// Another has won the race: whoever waits is sent there.
    pub fn depose(&mut self, cx: &mut Cx<'_>) {
        for (conn, correlation, body) in self.deferred.take_answers() {
            cx.respond(conn, correlation, serve::not_controller(body));
        }
    }

    /// Who is alive has changed (`BrokerChangeHandler`): the dead leave every ISR and lose what they led, the others may lead.
    pub fn see_brokers(&mut self, alive: &[LiveBroker], cx: &mut Cx<'_>) {
        let is_same = |id: NodeId, epoch: BrokerEpoch| {
            alive.iter().any(|broker| broker.id == id && broker.epoch == epoch)
        };
        let known = self.image.brokers.iter();
        let gone: Vec<(NodeId, BrokerEpoch)> = known
            .filter(|(id, broker)| !is_same(**id, broker.epoch))
            .map(|(id, broker)| (*id, broker.epoch))
            .collect();
        for (broker, epoch) in gone {
            let records = self.bumped(broker_changes::clean_return(&self.view(), broker));
            let silent = Micros::ZERO;
            self.decide(
                &[Fact::BrokerFenced { broker, silent }],
                records,
                ChangeReason::Fenced,
                cx,
            );
            let gone = vec![MetadataRecord::UnregisterBroker { broker, epoch }];
            self.decide(&[], gone, ChangeReason::Fenced, cx);
        }
        for broker in alive
            .iter()
            .filter(|broker| !self.image.brokers.contains_key(&broker.id))
            .cloned()
            .collect::<Vec<_>>()
        {
            let LiveBroker { id, epoch, incarnation, rack } = broker;
            let came = MetadataRecord::RegisterBroker {
                broker: id,
                epoch,
                incarnation,
                rack,
                fenced: true,
            };
            self.decide(&[], vec![came], ChangeReason::Unfenced, cx);
            let records = broker_changes::unfence(&self.view(), id);
            self.decide(&[], records, ChangeReason::Unfenced, cx);
        }
    }

    /// A broker wants to end: what it leads moves; how many partitions it still leads.
    pub fn begin_shutdown(&mut self, broker: NodeId, cx: &mut Cx<'_>) -> u32 {
        if self.image.brokers.contains_key(&broker) {
            let records = broker_changes::begin_controlled_shutdown(&self.view(), broker);
            let records = self.bumped(records);
            self.decide(&[], records, ChangeReason::ControlledShutdown, cx);
        }
        self.image.partitions().filter(|(_, state)| state.leader == broker).count() as u32
    }

    /// Gives leadership back to preferred replicas.
    pub fn balance_now(&mut self, cx: &mut Cx<'_>) {
        let records = elect_leaders::balance_leaders(&self.view());
        self.decide(&[], records, ChangeReason::Preferred, cx);
    }

    /// In ZooKeeper mode every ISR that the controller shrinks begins a new leader epoch
    /// (`ReplicaStateMachine.doRemoveReplicasFromIsr`): that is how the leader hears of it.
    fn bumped(&self, mut records: Vec<MetadataRecord>) -> Vec<MetadataRecord> {
        for record in &mut records {
            let MetadataRecord::PartitionChange { tp, state } = record else { continue };
            let old = self.image.partition(*tp);
            if old.is_some_and(|old| old.leader_epoch == state.leader_epoch) {
                state.leader_epoch += 1;
            }
        }
        records
    }
}

/// The image as records: everything, in an order in which it can be replayed.
pub fn records_of(image: &MetadataImage) -> Vec<MetadataRecord> {
    let mut records = Vec::new();
    for (broker, known) in &image.brokers {
        records.push(MetadataRecord::RegisterBroker {
            broker: *broker,
            epoch: known.epoch,
            incarnation: known.incarnation,
            rack: known.rack.clone(),
            fenced: false,
        });
    }
    for (id, topic) in &image.topics {
        records.push(MetadataRecord::Topic { id: *id, name: topic.name.clone() });
        for (index, state) in (0_i32..).zip(&topic.partitions) {
            let tp = TopicPartition::new(*id, index);
            records.push(MetadataRecord::Partition { tp, state: PartitionState::clone(state) });
        }
    }
    for (resource, pairs) in &image.configs {
        for (key, value) in pairs {
            let (resource, key, value) = (resource.clone(), key.clone(), Some(value.clone()));
            records.push(MetadataRecord::Config { resource, key, value });
        }
    }
    for ((entity, key), limit) in image.quotas.limits() {
        let (entity, key, value) = (entity.clone(), *key, Some(*limit));
        records.push(MetadataRecord::ClientQuota { entity, key, value });
    }
    records
}

/// Where Kafka 3.x put replicas of new partitions (`AdminUtils.assignReplicasToBrokers`): in turn, from a random start.
pub fn place_from(
    brokers: &[UsableBroker],
    partitions: u32,
    factor: i16,
    present: u32,
    dice: &mut dyn Dice,
) -> Result<Vec<Vec<NodeId>>, PlacementError> {
    let count = u32::try_from(brokers.len()).unwrap_or(u32::MAX);
    if factor <= 0 {
        return Err(PlacementError::NotAboveZero);
    }
    if u32::from(factor.unsigned_abs()) > count {
        return Err(PlacementError::MoreThanAvailable { wanted: factor, available: count });
    }
    let racks = brokers.iter().filter(|broker| broker.rack.is_some()).count();
    if racks > 0 && racks < brokers.len() {
        return Err(PlacementError::RacksIncomplete);
    }
    let (start, shift) = (dice.below(count), dice.below(count));
    let factor = u32::from(factor.unsigned_abs());
    Ok(assign(brokers, partitions, factor, Draws { start, shift, first: present }))
}

/// What chance decides, and the number of the first new partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Draws {
    /// `startIndex`.
    start: u32,
    /// `nextReplicaShift`.
    shift: u32,
    /// `startPartitionId`.
    first: u32,
}

/// The same without chance. With racks, a partition's replicas are spread over them first.
fn assign(
    brokers: &[UsableBroker],
    partitions: u32,
    factor: u32,
    draws: Draws,
) -> Vec<Vec<NodeId>> {
    let with_racks = brokers.iter().all(|broker| broker.rack.is_some());
    let order = if with_racks { alternated(brokers) } else { brokers.iter().collect() };
    let count = order.len() as u32;
    let racks: Vec<&Name> = racks_of(&order);
    let mut shift = draws.shift;
    let mut lists = Vec::new();
    for partition in draws.first..draws.first + partitions {
        if partition > 0 && partition % count == 0 {
            shift += 1;
        }
        let first = (partition + draws.start) % count;
        let mut list = vec![order[first as usize]];
        let mut step = 0;
        while (list.len() as u32) < factor {
            let jump = if with_racks { shift * racks.len() as u32 } else { shift };
            let at = (first + 1 + (jump + step) % (count - 1)) % count;
            let candidate = order[at as usize];
            step += 1;
            if !with_racks || fits(candidate, &list, racks.len(), order.len()) {
                list.push(candidate);
            }
        }
        lists.push(list.into_iter().map(|broker| broker.id).collect());
    }
    lists
}

/// Whether it brings a new rack while there is one, and a new broker while there is one.
fn fits(candidate: &UsableBroker, list: &[&UsableBroker], racks: usize, brokers: usize) -> bool {
    let used = racks_of(list);
    let new_rack = candidate.rack.as_ref().is_none_or(|rack| !used.contains(&rack));
    let new_broker = list.iter().all(|other| other.id != candidate.id);
    (new_rack || used.len() == racks) && (new_broker || list.len() == brokers)
}

fn racks_of<'a>(brokers: &[&'a UsableBroker]) -> Vec<&'a Name> {
    let mut racks: Vec<&Name> = brokers.iter().filter_map(|broker| broker.rack.as_ref()).collect();
    racks.sort_unstable();
    racks.dedup();
    racks
}

/// One broker of each rack in turn (`getRackAlternatedBrokerList`).
fn alternated(brokers: &[UsableBroker]) -> Vec<&UsableBroker> {
    let mut by_rack: FlatMap<&Name, Vec<&UsableBroker>> = FlatMap::new();
    for broker in brokers {
        if let Some(rack) = &broker.rack {
            by_rack.entry(rack).or_default().push(broker);
        }
    }
    for own in by_rack.values_mut() {
        own.sort_unstable_by_key(|broker| broker.id);
    }
    let longest = by_rack.values().map(Vec::len).max().unwrap_or(0);
    let turns = (0..longest).flat_map(|turn| by_rack.values().filter_map(move |own| own.get(turn)));
    turns.copied().collect()
}
