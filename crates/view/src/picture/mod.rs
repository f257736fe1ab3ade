//! The cluster as its facts tell it: replicas, leaders, groups, clients, folded from the trace.
//!
//! The view reads this instead of the nodes, so that what is shown at a moment depends on the facts up to that moment alone.
//! Invariant: folding the same facts gives the same picture; only positions in flight come from the world.

#![allow(clippy::wildcard_enum_match_arm, reason = "facts of one kind are looked at in one place")]

mod clients;
mod groups;
mod queue;
mod replica;

pub use clients::{ConsumerPicture, Doing, Holding, ProducerPicture, QueuedBatch};
pub use groups::{GroupPicture, group_of};
pub use queue::{HandedOut, Queue};
pub use replica::{LogBatch, ReplicaPicture};

use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::{LeaderEpoch, Name, NodeId, Offset, RecordId, TopicId, TopicPartition};
use kafkascope_model::net::LinkSel;
use kafkascope_model::quota::QuotaKey;
use kafkascope_model::trace::{Exit, Fact, TraceEvent};
use std::sync::Arc;

/// A fact's moment and its sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say it")]
pub struct Moment {
    pub at: SimTime,
    pub seq: u64,
}

impl Moment {
    /// When a fact was stated.
    pub const fn of(event: &TraceEvent) -> Self {
        Self { at: event.at, seq: event.seq }
    }
}

/// Everything the facts tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The last fact's moment.
    pub last: Moment,
    /// How many facts were folded.
    pub facts: u64,
    /// Topics by id, deleted ones too.
    pub topics: FlatMap<TopicId, TopicPicture>,
    /// What the controller says of each partition.
    pub partitions: FlatMap<TopicPartition, PartitionPicture>,
    /// Replicas.
    pub replicas: FlatMap<(NodeId, TopicPartition), ReplicaPicture>,
    /// Processes.
    pub processes: FlatMap<NodeId, ProcessPicture>,
    /// Brokers as the controller sees them.
    pub brokers: FlatMap<NodeId, BrokerPicture>,
    /// The metadata quorum's leader, with its epoch.
    pub active_controller: Option<(NodeId, LeaderEpoch)>,
    /// Producers.
    pub producers: FlatMap<NodeId, ProducerPicture>,
    /// Consumers.
    pub consumers: FlatMap<NodeId, ConsumerPicture>,
    /// Groups.
    pub groups: FlatMap<Name, GroupPicture>,
    /// Links that a user changed.
    pub links: Vec<(LinkSel, LinkChange)>,
    /// Clients above a quota: which, and until when they wait.
    pub throttled: FlatMap<NodeId, (QuotaKey, SimTime)>,
    /// Configs that were set while the cluster ran: resource and key.
    pub configs: FlatMap<(Name, Name), Name>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicPicture {
    /// Its name.
    pub name: Name,
    /// How many partitions it was created with.
    pub partitions: i32,
    /// Its replication factor.
    pub replication_factor: i32,
    /// Whether it is gone.
    pub deleted: bool,
}

/// A partition in the controller's words.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionPicture {
    /// Its leader, or [`NodeId::NONE`].
    pub leader: NodeId,
    /// The leader's epoch.
    pub epoch: LeaderEpoch,
    /// When it was elected.
    pub elected: Moment,
    /// In-sync replicas.
    pub isr: Arc<[NodeId]>,
    /// When the ISR changed last.
    pub isr_changed: Moment,
    /// All replicas, if they were told.
    pub replicas: Arc<[NodeId]>,
    /// The leader before.
    pub previous: Option<NodeId>,
    /// Since when nobody leads it.
    pub leaderless: Option<Moment>,
}

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessPicture {
    /// How it is.
    pub state: ProcessWord,
    /// Since when.
    pub since: Moment,
}

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say it")]
pub enum ProcessWord {
    Running,
    Paused,
    Killed,
    Ended,
}

/// A broker as the controller sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokerPicture {
    /// Registered.
    pub registered: bool,
    /// Fenced; a broker is registered fenced.
    pub fenced: bool,
    /// When that changed last.
    pub changed: Moment,
    /// On its way out.
    pub shutting_down: bool,
    /// How long it had been silent when it was fenced.
    pub silent: Option<Micros>,
}

/// What a user did to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// Nothing passes.
    Cut,
    /// Everything takes this long.
    Slowed(Micros),
}

impl Picture {
    /// Folds the next fact.
    pub fn observe(&mut self, event: &TraceEvent) {
        self.last = Moment::of(event);
        self.facts += 1;
        self.observe_process(event);
        self.observe_controller(event);
        self.observe_log(event);
        self.observe_clients(event);
        self.observe_groups(event);
    }

    /// `trips-0`.
    pub fn partition_name(&self, tp: TopicPartition) -> String {
        match self.topics.get(&tp.topic) {
            Some(topic) => format!("{}-{}", topic.name, tp.partition),
            None if tp.topic == TopicId::ZERO => {
                format!("partition {} of a topic not known yet", tp.partition)
            }
            None => format!("topic {}-{}", tp.topic.0, tp.partition),
        }
    }

    /// Whether a member of a partition's ISR serves.
    pub fn may_be_led(&self, tp: TopicPartition) -> bool {
        let serves = |id| {
            let known = self.brokers.get(id);
            known.is_some_and(|it| it.registered && !it.fenced && !it.shutting_down)
        };
        self.partitions.get(&tp).is_some_and(|known| known.isr.iter().any(serves))
    }

    /// A partition's leader, if it has one.
    pub fn leader(&self, tp: TopicPartition) -> Option<NodeId> {
        self.partitions.get(&tp).map(|p| p.leader).filter(|leader| *leader != NodeId::NONE)
    }

    /// The replica that leads.
    pub fn leading(&self, tp: TopicPartition) -> Option<&ReplicaPicture> {
        self.replicas.get(&(self.leader(tp)?, tp))
    }

    /// Which record a replica has at an offset.
    pub fn record_at(&self, broker: NodeId, tp: TopicPartition, at: Offset) -> Option<RecordId> {
        self.replicas.get(&(broker, tp))?.record_at(at)
    }

    /// A partition by its topic's name; the newest topic of that name.
    pub fn partition_named(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        let (id, _) = self.topics.iter().rev().find(|(_, known)| &*known.name == topic)?;
        Some(TopicPartition::new(*id, partition))
    }

    /// Whether a process runs; unknown ones are thought to.
    pub fn is_up(&self, node: NodeId) -> bool {
        let word = self.processes.get(&node).map(|process| process.state);
        !matches!(word, Some(ProcessWord::Killed | ProcessWord::Ended))
    }

    fn observe_process(&mut self, event: &TraceEvent) {
        let since = Moment::of(event);
        let mut set = |state| {
            self.processes.insert(event.node, ProcessPicture { state, since });
        };
        match &event.fact {
            Fact::Starting | Fact::Resumed => set(ProcessWord::Running),
            Fact::Paused => set(ProcessWord::Paused),
            Fact::Exited(Exit::Killed | Exit::PowerLost | Exit::Halted) => set(ProcessWord::Killed),
            Fact::Exited(Exit::Clean) | Fact::ClientClosed => set(ProcessWord::Ended),
            Fact::LinkCut(sel) => self.change_link(*sel, LinkChange::Cut),
            Fact::LinkSlowed(sel, transit) => self.change_link(*sel, LinkChange::Slowed(*transit)),
            Fact::LinkHealed(sel) => self.links.retain(|(link, _)| link != sel),
            _ => {}
        }
    }

    fn change_link(&mut self, sel: LinkSel, change: LinkChange) {
        self.links.retain(|(link, _)| *link != sel);
        self.links.push((sel, change));
    }

    fn observe_controller(&mut self, event: &TraceEvent) {
        let now = Moment::of(event);
        match &event.fact {
            Fact::BrokerRegistered { broker, .. } => {
                let fresh = BrokerPicture {
                    registered: true,
                    fenced: true,
                    changed: now,
                    ..BrokerPicture::default()
                };
                self.brokers.insert(*broker, fresh);
            }
            Fact::BrokerFenced { broker, silent } => {
                let known = self.brokers.entry(*broker).or_default();
                *known = BrokerPicture {
                    registered: true,
                    fenced: true,
                    changed: now,
                    shutting_down: false,
                    silent: Some(*silent),
                };
            }
            Fact::BrokerUnfenced { broker } => {
                let known = self.brokers.entry(*broker).or_default();
                *known = BrokerPicture {
                    registered: true,
                    fenced: false,
                    changed: now,
                    ..BrokerPicture::default()
                };
            }
            Fact::ShutdownBegan { broker } => {
                self.brokers.entry(*broker).or_default().shutting_down = true;
            }
            Fact::ControllerElected { epoch } => {
                self.active_controller = Some((event.node, *epoch))
            }
            Fact::ControllerResigned { .. } | Fact::Exited(_) => {
                self.active_controller = self.active_controller.filter(|(id, _)| *id != event.node);
            }
            Fact::TopicCreated { topic, name, partitions, replication_factor } => {
                let topic_picture = TopicPicture {
                    name: name.clone(),
                    partitions: *partitions,
                    replication_factor: *replication_factor,
                    deleted: false,
                };
                self.topics.insert(*topic, topic_picture);
            }
            Fact::TopicDeleted { topic } => self.delete_topic(*topic),
            Fact::LeaderElected { tp, leader, epoch, .. } => self.elect(*tp, *leader, *epoch, now),
            Fact::IsrChanged { tp, isr, .. } => {
                let partition = self.partition_mut(*tp, now);
                partition.isr = isr.clone();
                partition.isr_changed = now;
            }
            Fact::ReplicasChanged { tp, replicas } => {
                self.partition_mut(*tp, now).replicas = replicas.clone();
            }
            Fact::ConfigChanged { resource, key, value } => {
                let place = (resource.clone(), key.clone());
                match value {
                    Some(value) => self.configs.insert(place, value.clone()),
                    None => self.configs.remove(&place),
                };
            }
            _ => {}
        }
    }

    fn elect(&mut self, tp: TopicPartition, leader: NodeId, epoch: LeaderEpoch, now: Moment) {
        let partition = self.partition_mut(tp, now);
        if partition.leader != NodeId::NONE && partition.leader != leader {
            partition.previous = Some(partition.leader);
        }
        partition.leaderless =
            (leader == NodeId::NONE).then(|| partition.leaderless.unwrap_or(now));
        (partition.leader, partition.epoch, partition.elected) = (leader, epoch, now);
    }

    fn delete_topic(&mut self, topic: TopicId) {
        if let Some(known) = self.topics.get_mut(&topic) {
            known.deleted = true;
        }
        self.partitions.retain(|tp, _| tp.topic != topic);
        self.replicas.retain(|(_, tp), _| tp.topic != topic);
    }

    fn partition_mut(&mut self, tp: TopicPartition, now: Moment) -> &mut PartitionPicture {
        self.partitions.entry(tp).or_insert_with(|| PartitionPicture {
            leader: NodeId::NONE,
            epoch: -1,
            elected: now,
            isr: Arc::new([]),
            isr_changed: now,
            replicas: Arc::new([]),
            previous: None,
            leaderless: None,
        })
    }
}

#[cfg(test)]
mod tests;
