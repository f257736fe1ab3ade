//! A controller whose log is ZooKeeper (`KafkaController`, up to 3.x), and where it put replicas (`AdminUtils`).
//!
//! It decides by the same rules; what it decided counts once ZooKeeper has it. Invariant: records are written in the order in
//! which they were decided.

use super::image::MetadataImage;
use super::placement::{Dice, PlacementError, UsableBroker};
use super::records::{MetadataRecord, PartitionState};
use super::{Controller, legacy_leaders, serve};
use crate::api::ErrorCode;
use crate::config::broker::BrokerConfig;
use crate::cx::Cx;
use crate::ids::{BrokerEpoch, LeaderEpoch, Name, NodeId, Offset, TopicPartition};
use crate::net::ConnId;
use crate::trace::{ChangeReason, Fact};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet, Micros};

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

impl LiveBroker {
    fn is(&self, id: NodeId, epoch: BrokerEpoch) -> bool {
        (self.id, self.epoch) == (id, epoch)
    }
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

    /// Who is alive, as the winner of the race reads it: what the dead led and were in sync with is not theirs any more
    /// (`onControllerFailover`).
    pub fn take_office(&mut self, alive: &[LiveBroker], cx: &mut Cx<'_>) {
        self.welcome(alive, cx);
        let replicas = self.image.partitions().flat_map(|(_, state)| state.replicas.iter());
        let dead: FlatSet<NodeId> =
            replicas.copied().filter(|id| !self.image.brokers.contains_key(id)).collect();
        for broker in dead.iter().copied() {
            let fact = Fact::BrokerFenced { broker, silent: Micros::ZERO };
            let records = legacy_leaders::leave_isrs(&self.view(), broker);
            self.decide(&[fact], records, ChangeReason::Fenced, cx);
        }
        let records = legacy_leaders::elect_offline(&self.view());
        self.decide(&[], records, ChangeReason::Fenced, cx);
    }

    /// Who is alive has changed (`BrokerChangeHandler`): whoever has another epoch than before has been away in between.
    pub fn see_brokers(&mut self, alive: &[LiveBroker], cx: &mut Cx<'_>) {
        let gone: Vec<(NodeId, BrokerEpoch)> = self
            .image
            .brokers
            .iter()
            .filter(|(id, known)| !alive.iter().any(|it| it.is(**id, known.epoch)))
            .map(|(id, known)| (*id, known.epoch))
            .collect();
        for (broker, epoch) in &gone {
            let (broker, epoch) = (*broker, *epoch);
            let fact = Fact::BrokerFenced { broker, silent: Micros::ZERO };
            let record = MetadataRecord::UnregisterBroker { broker, epoch };
            self.decide(&[fact], vec![record], ChangeReason::Fenced, cx);
        }
        if !gone.is_empty() {
            let records = legacy_leaders::elect_offline(&self.view());
            self.decide(&[], records, ChangeReason::Fenced, cx);
        }
        for (broker, _) in gone {
            let records = legacy_leaders::leave_isrs(&self.view(), broker);
            self.decide(&[], records, ChangeReason::Fenced, cx);
        }
        if self.welcome(alive, cx) {
            let records = legacy_leaders::elect_offline(&self.view());
            self.decide(&[], records, ChangeReason::Unfenced, cx);
        }
    }

    /// Takes down who is new; whether anybody is.
    fn welcome(&mut self, alive: &[LiveBroker], cx: &mut Cx<'_>) -> bool {
        let known = &self.image.brokers;
        let new: Vec<LiveBroker> =
            alive.iter().filter(|it| !known.contains_key(&it.id)).cloned().collect();
        for LiveBroker { id: broker, epoch, incarnation, rack } in &new {
            let (broker, epoch, incarnation) = (*broker, *epoch, *incarnation);
            let rack = rack.clone();
            let came =
                MetadataRecord::RegisterBroker { broker, epoch, incarnation, rack, fenced: false };
            self.decide(&[], vec![came], ChangeReason::Unfenced, cx);
            let serves = MetadataRecord::BrokerChange {
                broker,
                epoch,
                fenced: Some(false),
                in_controlled_shutdown: None,
            };
            self.decide(&[], vec![serves], ChangeReason::Unfenced, cx);
        }
        !new.is_empty()
    }

    /// A broker wants to end: what it leads moves, if another may lead it; how many partitions it still leads
    /// (`doControlledShutdown`).
    pub fn begin_shutdown(
        &mut self,
        broker: NodeId,
        epoch: BrokerEpoch,
        cx: &mut Cx<'_>,
    ) -> Result<u32, ErrorCode> {
        let known = self.image.brokers.get(&broker).ok_or(ErrorCode::BrokerNotAvailable)?;
        if epoch < known.epoch {
            return Err(ErrorCode::StaleBrokerEpoch);
        }
        if !known.in_controlled_shutdown {
            let leaves = MetadataRecord::BrokerChange {
                broker,
                epoch: known.epoch,
                fenced: None,
                in_controlled_shutdown: Some(true),
            };
            self.decide(&[], vec![leaves], ChangeReason::ControlledShutdown, cx);
        }
        for step in [legacy_leaders::hand_over, legacy_leaders::stop_following] {
            let records = step(&self.view(), broker);
            self.decide(&[], records, ChangeReason::ControlledShutdown, cx);
        }
        let led = self.image.partitions().filter(|(_, state)| state.leader == broker);
        Ok(led.filter(|(_, state)| state.replicas.len() > 1).count() as u32)
    }

    /// Gives leadership back to preferred replicas.
    pub fn balance_now(&mut self, cx: &mut Cx<'_>) {
        let records = legacy_leaders::balance(&self.view());
        self.decide(&[], records, ChangeReason::Preferred, cx);
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
