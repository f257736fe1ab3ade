//! Metadata on its way: the committed records, and what brokers made of them.
//!
//! Invariant: every committed record is judged once, in order, before anything else of its moment.

use crate::board::Board;
use crate::catalogue::Id;
use crate::exposed::{Exposed, Eye};
use crate::eyes;
use crate::partitions;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_model::broker::Broker;
use kafkascope_model::command::{AdminCommand, Command};
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::controller::image::{BrokerImage, MetadataImage};
use kafkascope_model::controller::records::{MetadataRecord, PartitionState};
use kafkascope_model::ids::{Name, NodeId, Offset, TopicId, TopicPartition};
use kafkascope_model::world::World;
use std::collections::BTreeSet;

/// What has to be known about metadata besides the truth.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// Unclean elections that a user asked for.
    asked_unclean: bool,
    /// Topics whose replicas a user placed.
    placed_by_hand: BTreeSet<Name>,
    /// Partitions whose decision may be only half committed.
    touched: BTreeSet<TopicPartition>,
    /// Partitions with members that joined an ISR, and whether each served then.
    joined: Vec<(TopicPartition, Vec<(NodeId, bool)>)>,
    /// Topics that Kafka placed itself, just now.
    created: BTreeSet<TopicId>,
    brokers_changed: bool,
}

impl Metadata {
    /// A command was carried out.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few commands matter")]
    pub fn command(&mut self, command: &Command) {
        match command {
            Command::Admin(AdminCommand::ElectLeaders { unclean: true, .. }) => {
                self.asked_unclean = true;
            }
            Command::Admin(AdminCommand::CreateTopic { name, assignments, .. })
                if !assignments.is_empty() =>
            {
                self.placed_by_hand.insert(name.clone());
            }
            _ => {}
        }
    }

    /// Replays everything newly committed.
    pub fn advance(
        &mut self,
        world: &World,
        truth: &mut Truth,
        taints: &mut Taints,
        exposed: &Exposed,
        board: &mut Board,
    ) {
        let before = truth.end();
        while let Some((offset, epoch, record)) = truth.next(world) {
            self.judge(offset, &record, truth, taints, board);
            truth.apply(offset, epoch, &record);
            self.after(&record, truth, board);
        }
        if truth.end() == before {
            return;
        }
        for topic in std::mem::take(&mut self.created) {
            dealt_out(topic, truth, board);
        }
        let touched = std::mem::take(&mut self.touched);
        let all = std::mem::take(&mut self.brokers_changed);
        if !touched.is_empty() || all {
            let defaults = defaults(world);
            let every: Vec<_> = truth.image.partitions().map(|(tp, _)| tp).collect();
            for tp in every.into_iter().filter(|tp| all || touched.contains(tp)) {
                partitions::settled(tp, truth, &defaults, board);
            }
        }
        for (tp, joined) in std::mem::take(&mut self.joined) {
            exposed.isr_changed(tp, &joined, &mut Eye { world, truth, taints, board });
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "few records matter")]
    fn judge(
        &mut self,
        offset: Offset,
        record: &MetadataRecord,
        truth: &Truth,
        taints: &mut Taints,
        board: &mut Board,
    ) {
        match record {
            MetadataRecord::PartitionChange { tp, state } => {
                let Some(before) = truth.partition(*tp) else { return };
                let permitted = self.asked_unclean || may_be_unclean(*tp, truth);
                partitions::changed(*tp, before, state, permitted, taints, board);
                let new = state.isr.iter().copied().filter(|id| !before.isr.contains(id));
                let joined: Vec<_> = new.map(|id| (id, truth.serves(id))).collect();
                if !joined.is_empty() {
                    self.joined.push((*tp, joined));
                }
                self.touched.insert(*tp);
            }
            MetadataRecord::RegisterBroker { broker, epoch, incarnation, .. } => {
                let last = truth.image.brokers.get(broker).map_or(-1, |image| image.epoch);
                // What an unclean stop made necessary is written before the registration.
                let known = truth.image.brokers.get(broker);
                // Whoever asks again because it missed the answer keeps its epoch.
                let amended = known.is_some_and(|known| known.incarnation == *incarnation);
                let rises = if amended { *epoch == last } else { *epoch > last };
                board.check(Id::C10, *epoch <= offset && rises, || {
                    format!("broker {broker} has epoch {epoch} after {last}, recorded at {offset}")
                });
                self.brokers_changed = true;
            }
            MetadataRecord::BrokerChange { .. } => self.brokers_changed = true,
            MetadataRecord::RemoveTopic { id } => taints.delete(*id),
            _ => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "few records matter")]
    fn after(&mut self, record: &MetadataRecord, truth: &Truth, board: &mut Board) {
        let MetadataRecord::Partition { tp, state } = record else { return };
        partitions::created(*tp, state, truth, board);
        let by_hand = |topic: &Name| self.placed_by_hand.contains(topic);
        let topic = truth.image.topics.get(&tp.topic);
        if topic.is_some_and(|topic| !by_hand(&topic.name)) {
            partitions::placed(*tp, state, &truth.image, board);
            // More partitions of an old topic begin where the cluster happens to stand, and so does a cluster of which some
            // part does not serve.
            if tp.partition == 0 && all_serve_without_racks(truth) {
                self.created.insert(tp.topic);
            }
        }
        self.touched.insert(*tp);
    }
}

/// A broker applied metadata.
pub fn applied(node: NodeId, broker: &Broker, truth: &Truth, board: &mut Board) {
    let image = broker.metadata.image();
    let behind = image.next_offset <= truth.end();
    board.check(Id::C8, behind, || {
        format!("broker {node} applied up to {}, committed is {}", image.next_offset, truth.end())
    });
    if image.next_offset == truth.end() {
        let same = **image == truth.image;
        board.check(Id::C8, same, || format!("broker {node} sees another cluster"));
        counted(broker, truth, board);
    }
}

/// What `UnderReplicatedPartitions` and `OfflinePartitionsCount` say: the broker's own replicas on one side, the controller's
/// records on the other.
fn counted(broker: &Broker, truth: &Truth, board: &mut Board) {
    let node = broker.id;
    let led = broker.replicas.replicas.iter().filter_map(|replica| {
        let leadership = replica.leadership.as_ref()?;
        let state = truth.partition(replica.tp)?;
        Some((leadership.isr.len(), leadership.remotes.len() + 1 - state.adding.len()))
    });
    let own = led.filter(|(isr, copies)| isr < copies).count();
    let is_short = |state: &PartitionState| {
        let wanted = state.replicas.iter().filter(|id| !state.adding.contains(id));
        state.leader == node && state.isr.len() < wanted.count()
    };
    let known = truth.image.partitions().filter(|(_, state)| is_short(state)).count();
    board.check(Id::C12, own == known, || {
        format!("broker {node} counts {own} under-replicated partitions, the controller {known}")
    });
    let leaderless = |image: &MetadataImage| {
        image.partitions().filter(|(_, state)| state.leader == NodeId::NONE).count()
    };
    let (own, known) = (leaderless(broker.metadata.image()), leaderless(&truth.image));
    board.check(Id::C12, own == known, || {
        format!("broker {node} counts {own} offline partitions, the controller {known}")
    });
}

/// A replica's idea of its partition is not newer than the truth.
pub fn view(world: &World, node: NodeId, tp: TopicPartition, truth: &Truth, board: &mut Board) {
    let Some(replica) = eyes::replica(world, node, tp) else { return };
    let Some(state) = truth.partition(tp) else { return };
    let older = replica.leader_epoch <= state.leader_epoch
        && replica.partition_epoch <= state.partition_epoch;
    board.check(Id::C9, older, || {
        let seen = (replica.leader_epoch, replica.partition_epoch);
        format!("{tp:?}: broker {node} has epochs {seen:?}, the controller {state:?}")
    });
}

/// A leader heard that its ISR is accepted: it has what the controller has, unless that has moved on.
pub fn accepted(world: &World, node: NodeId, tp: TopicPartition, truth: &Truth, board: &mut Board) {
    let Some(replica) = eyes::replica(world, node, tp) else { return };
    let (Some(state), Some(leadership)) = (truth.partition(tp), &replica.leadership) else {
        return;
    };
    let newer = replica.partition_epoch > state.partition_epoch;
    let other = replica.partition_epoch == state.partition_epoch && leadership.isr != state.isr;
    board.check(Id::C11, !newer && !other, || {
        format!("{tp:?}: {node} has ISR {:?}, the controller {state:?}", leadership.isr)
    });
}

fn all_serve_without_racks(truth: &Truth) -> bool {
    let plain =
        |(id, broker): (&NodeId, &BrokerImage)| broker.rack.is_none() && truth.image.is_active(*id);
    truth.image.brokers.iter().all(plain)
}

/// Where no racks are, brokers that serve lead equally many partitions of a new topic, give or take one.
fn dealt_out(topic: TopicId, truth: &Truth, board: &mut Board) {
    let image = &truth.image;
    let Some(created) = image.topics.get(&topic) else { return };
    let first = |id: &&NodeId| {
        created.partitions.iter().filter(|state| state.replicas.first() == Some(*id)).count()
    };
    let counts: Vec<usize> = image.brokers.keys().map(|id| first(&id)).collect();
    let spread = counts.iter().max().unwrap_or(&0) - counts.iter().min().unwrap_or(&0);
    board.check(Id::D2, spread <= 1, || format!("{}: leaders {counts:?}", created.name));
}

fn may_be_unclean(tp: TopicPartition, truth: &Truth) -> bool {
    let Some(topic) = truth.image.topics.get(&tp.topic) else { return false };
    let config = truth.image.cluster_topic_config(&topic.name, &BrokerConfig::default());
    config.unclean_leader_election_enable
}

fn defaults(world: &World) -> BrokerConfig {
    let config = eyes::controllers(world).next().map(|(_, controller)| controller.config.clone());
    config.unwrap_or_default()
}
