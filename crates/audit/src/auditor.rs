//! The auditor itself: shows every fact to every room, and every changed replica to the rooms that look at logs.
//!
//! Invariant: it has seen every fact once, in order, each with the world right after it.

use crate::applications::{Applications, Sight};
use crate::board::{Board, Line};
use crate::catalogue::Id;
use crate::commits;
use crate::consumers::Consumers;
use crate::exposed::{Exposed, Eye};
use crate::eyes;
use crate::fetches::Served;
use crate::groups::Groups;
use crate::liveness::{self, Knowledge};
use crate::logs::{Logs, Place};
use crate::metadata::{self, Metadata};
use crate::modern;
use crate::offsets::{Ended, Offsets};
use crate::ownership::Ownership;
use crate::producers::{Book, Producers};
use crate::quorum::QuorumEye;
use crate::rebalances::Rebalances;
use crate::replication::{LogMatching, check_truncation};
use crate::shares::Shares;
use crate::taint::Taints;
use crate::transactions::{self, Transactions};
use crate::truth::Truth;
use crate::upkeep::Upkeep;
use crate::wire::Wire;
use kafkascope_kernel::SimTime;
use kafkascope_model::api::{ErrorCode, Request, Response};
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::command::Command;
use kafkascope_model::group::OFFSETS_TOPIC;
use kafkascope_model::ids::{MsgId, Name, NodeId, Offset, TopicPartition};
use kafkascope_model::log::retention::WhyDeleted;
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::txn::TXN_TOPIC;
use kafkascope_model::world::World;
use std::collections::BTreeMap;

/// Why promises need not be kept after a power cut.
const POWER: &str = "an in-sync replica lost in a power cut what was not yet on its disk";
/// Why they need not be kept when bits flip.
const BROKEN: &str = "a replica's disk holds a broken batch";

/// Watches one run.
#[derive(Clone, Debug)]
pub struct Auditor {
    board: Board,
    truth: Truth,
    taints: Taints,
    metadata: Metadata,
    quorum: QuorumEye,
    logs: Logs,
    matching: LogMatching,
    exposed: Exposed,
    producers: Producers,
    consumers: Consumers,
    groups: Groups,
    rebalances: Rebalances,
    ownership: Ownership,
    shares: Shares,
    transactions: Transactions,
    offsets: Offsets,
    applications: Applications,
    upkeep: Upkeep,
    wire: Wire,
    /// More than one message was handled in the last step, as a server does with what an ended connection still brought.
    crowded: bool,
    /// When each partition was last written to by a leader.
    written: BTreeMap<TopicPartition, SimTime>,
    /// When each group of the consumer protocol was last given another epoch.
    moved: BTreeMap<Name, SimTime>,
    /// Who applied metadata last, and when.
    applied: Option<(NodeId, SimTime)>,
}

impl Default for Auditor {
    fn default() -> Self {
        Self {
            board: Board::new(),
            truth: Truth::default(),
            taints: Taints::default(),
            metadata: Metadata::default(),
            quorum: QuorumEye::default(),
            logs: Logs::default(),
            matching: LogMatching::default(),
            exposed: Exposed::default(),
            producers: Producers::default(),
            consumers: Consumers::default(),
            groups: Groups::default(),
            rebalances: Rebalances::default(),
            ownership: Ownership::default(),
            shares: Shares::default(),
            transactions: Transactions::default(),
            offsets: Offsets::default(),
            applications: Applications::default(),
            upkeep: Upkeep::default(),
            wire: Wire::default(),
            crowded: false,
            written: BTreeMap::new(),
            moved: BTreeMap::new(),
            applied: None,
        }
    }
}

impl Auditor {
    /// A command is about to be carried out.
    pub fn command(&mut self, command: &Command) {
        self.metadata.command(command);
        self.consumers.command(command);
        self.groups.command(command);
    }

    /// One step of the world was made; `facts` are what it stated.
    pub fn observe(&mut self, world: &World, facts: &[TraceEvent]) {
        if let Some(last) = facts.last() {
            self.board.set_moment(last.at, last.seq);
        }
        self.listen(world);
        // What is committed without a word counts too: its controller may be gone in the next step.
        let Self { metadata, truth, taints, exposed, board, .. } = self;
        metadata.advance(world, truth, taints, exposed, board);
        self.quorum.glance(world, &mut self.board);
        if facts.is_empty() {
            return;
        }
        self.quorum.look(world, &self.truth, &mut self.board);
        self.crowded = facts.windows(2).any(|pair| pair[0].cause != pair[1].cause);
        for event in facts {
            self.board.set_moment(event.at, event.seq);
            self.fact(world, event);
        }
    }

    /// Holds every leader's log against what producers were told.
    pub fn take_stock(&mut self, world: &World) {
        let Self { truth, taints, exposed, board, producers, logs, .. } = self;
        producers.take_stock(&Book { world, truth, taints }, board);
        for (tp, state) in truth.image.partitions() {
            let (excuse, leader) = (taints.of(tp), state.leader);
            let Some(replica) = eyes::replica(world, leader, tp) else { continue };
            if let Some(shown) = exposed.of(tp) {
                shown.take_stock(leader, replica, excuse, board);
            }
            for follower in state.isr.iter().filter(|id| **id != leader) {
                let Some(replica) = eyes::replica(world, *follower, tp) else { continue };
                logs.compare(*follower, leader, replica, excuse, board);
            }
        }
    }

    /// Nothing has failed for long: asks what must have come about.
    pub fn after_quiet(&mut self, world: &World) {
        let Self { truth, taints, producers, consumers, upkeep, written, moved, board, .. } = self;
        upkeep.look(world, written, board);
        let failed = &consumers.failed;
        liveness::look(
            world,
            &Knowledge { truth, taints, producers, failed, written, moved },
            board,
        );
    }

    /// Why a partition's promises need not be kept, if so.
    pub fn excuse(&self, tp: TopicPartition) -> Option<&'static str> {
        self.taints.of(tp)
    }

    /// Whether the cluster has agreed on a leader for a partition.
    pub fn has_leader(&self, tp: TopicPartition) -> bool {
        self.truth.partition(tp).is_some_and(|state| state.leader != NodeId::NONE)
    }

    /// Every property with its state.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.board.lines()
    }

    /// Whether a property that must hold does not.
    pub fn is_violated(&self) -> bool {
        self.board.is_violated()
    }

    /// Hears what servers answer; what is known of their logs is still from before the step.
    fn listen(&mut self, world: &World) {
        let Self { wire, logs, board, .. } = self;
        wire.listen(world, |conn, request, response| {
            if let (Request::Fetch(fetch), Response::Fetch(answer)) = (request, response) {
                Served { server: conn.server, fetch, world, logs }.answered(answer, board);
            }
        });
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "each room has its own facts")]
    fn fact(&mut self, world: &World, event: &TraceEvent) {
        let node = event.node;
        match &event.fact {
            Fact::Appended { tp, epoch, .. } => {
                self.written.insert(*tp, event.at);
                if !self.crowded {
                    self.stored(world, node, *tp, event.cause);
                }
                self.matching.wrote(node, *tp, *epoch, &mut self.board);
                self.look(world, node, *tp);
            }
            Fact::MarkerAppended { tp, .. } => self.look(world, node, *tp),
            Fact::Replicated { tp, .. } => self.replicated(world, node, *tp),
            Fact::HighWatermark { tp, .. } => self.shows(world, event, *tp),
            Fact::Truncated { tp, to, .. } => self.truncated(world, node, *tp, *to),
            Fact::LogStart { tp, to } => self.log_start(world, node, *tp, *to),
            Fact::BecameLeader { tp, .. } => self.began(world, node, *tp),
            Fact::SegmentRolled { tp, .. } | Fact::BecameFollower { tp, .. } => {
                if matches!(event.fact, Fact::BecameFollower { .. }) {
                    self.offsets.forget(node, *tp);
                }
                self.look(world, node, *tp);
                metadata::view(world, node, *tp, &self.truth, &mut self.board);
            }
            Fact::ReplicaHosted { tp, hosted: false } => self.logs.forget(node, *tp),
            Fact::MetadataApplied { .. } => {
                self.applied = Some((node, event.at));
                if let Some(broker) = world.broker(node) {
                    metadata::applied(node, broker, &self.truth, &mut self.board);
                }
            }
            Fact::Exited(_) if node.is_broker() => {
                self.offsets.exited(node);
                self.look_at_all(world, node);
            }
            Fact::CoordinatorLoaded { partition, .. } => self.loaded(world, node, *partition),
            Fact::TransactionJoined { tp, producer_id, .. } => {
                let known = (world, &self.truth);
                transactions::joined(node, *tp, *producer_id, known, &mut self.board);
            }
            Fact::IsrProposalAnswered { tp, error: ErrorCode::None } => {
                metadata::accepted(world, node, *tp, &self.truth, &mut self.board);
            }
            Fact::GroupEpoch { group, .. } => {
                self.moved.insert(group.clone(), event.at);
            }
            Fact::Compacted { tp, up_to, .. } => {
                if let Some(replica) = eyes::replica(world, node, *tp) {
                    self.logs.compacted(node, replica, *up_to, &mut self.board);
                }
            }
            Fact::SegmentDeleted { tp, base_offset, why: WhyDeleted::Time } => {
                let now = eyes::wall_clock(world, node);
                if let Some(replica) = eyes::replica(world, node, *tp) {
                    self.logs.expired(node, replica, *base_offset, now, &mut self.board);
                }
            }
            Fact::TailLost { tp, .. } => self.disk_lost(world, node, *tp, POWER),
            Fact::LogRecovered { tp, .. } => self.disk_lost(world, node, *tp, BROKEN),
            Fact::FetchGivenUp { tp, .. } => self.taints.give_up(*tp, node),
            Fact::DiskWiped => self.wiped(world, node),
            Fact::BatchCorrupted { tp, .. } => self.taints.taint(*tp, BROKEN),
            _ => {}
        }
        self.clients(world, event);
    }

    fn clients(&mut self, world: &World, event: &TraceEvent) {
        let Self {
            truth,
            taints,
            exposed,
            board,
            producers,
            consumers,
            groups,
            rebalances,
            ownership,
            shares,
            transactions,
            applications,
            ..
        } = self;
        self.upkeep.observe(event);
        producers.observe(event, world, board);
        consumers.meet(event, world);
        consumers.observe(event, exposed, taints, board);
        consumers.stored(event, world, exposed, taints, board);
        applications.observe(event, &Sight { world, exposed, taints, truth }, board);
        let broker = world.broker(event.node);
        let log = world.topic_named(TXN_TOPIC);
        let lost = log.and_then(|topic| taints.of_topic(topic));
        transactions.observe(event, broker, truth, lost, board);
        groups.observe(event, world, truth, taints, board);
        rebalances.observe(event, world, board);
        modern::observe(event, world, board);
        ownership.observe(event, world, taints, board);
        shares.observe(event, world, board);
    }

    /// A high watermark moved.
    fn shows(&mut self, world: &World, event: &TraceEvent, tp: TopicPartition) {
        let node = event.node;
        self.look(world, node, tp);
        let Some(replica) = eyes::replica(world, node, tp) else { return };
        let Self { truth, taints, exposed, board, .. } = self;
        let applied = self.applied == Some((node, event.at));
        let mut eye = Eye { world, truth, taints, board };
        exposed.advanced(node, replica, applied, &mut eye);
        self.committed(world, node, replica);
    }

    /// More of a log is replicated; if it is one of offsets, groups may have committed something.
    fn committed(&mut self, world: &World, node: NodeId, replica: &Partition) {
        let broker = world.broker(node);
        let Some(broker) =
            broker.filter(|_| world.topic_named(OFFSETS_TOPIC) == Some(replica.tp.topic))
        else {
            return;
        };
        if replica.leadership.is_some() {
            let ended = self.offsets.advanced(broker, replica, &mut self.board);
            self.ended(world, &ended, true);
        }
    }

    /// A coordinator has read its log.
    fn loaded(&mut self, world: &World, node: NodeId, partition: i32) {
        let topic = world.topic_named(OFFSETS_TOPIC);
        let tp = topic.map(|topic| TopicPartition::new(topic, partition));
        if let Some(replica) = tp.and_then(|tp| eyes::replica(world, node, tp)) {
            let ended = self.offsets.loaded(node, replica);
            self.ended(world, &ended, false);
        }
    }

    fn ended(&mut self, world: &World, ended: &[Ended], judged: bool) {
        let Self { applications, exposed, taints, truth, board, .. } = self;
        for ended in ended {
            applications.ended(ended, judged, &Sight { world, exposed, taints, truth }, board);
        }
    }

    /// A leader has appended what a message asked for; perhaps a commit.
    fn stored(&mut self, world: &World, node: NodeId, tp: TopicPartition, cause: Option<MsgId>) {
        let Some(request) = cause.and_then(|msg| self.wire.request(msg)) else { return };
        let Some(broker) = world.broker(node) else { return };
        if world.topic_named(OFFSETS_TOPIC) == Some(tp.topic) {
            commits::taken(broker, request, |name| world.topic_named(name), &mut self.board);
        }
    }

    fn look(&mut self, world: &World, node: NodeId, tp: TopicPartition) {
        if let Some(replica) = eyes::replica(world, node, tp) {
            self.look_at(node, replica);
        }
    }

    fn look_at(&mut self, node: NodeId, replica: &Partition) {
        if self.taints.of(replica.tp).is_some() {
            // Who leads may never have had the marker of a transaction that was decided.
            self.logs.rob(replica.tp);
        }
        self.logs.look(node, replica, &mut self.matching, &mut self.board);
    }

    fn look_at_all(&mut self, world: &World, node: NodeId) {
        let Some(broker) = world.broker(node) else { return };
        for replica in broker.replicas.replicas.iter() {
            self.look_at(node, replica);
        }
    }

    fn replicated(&mut self, world: &World, node: NodeId, tp: TopicPartition) {
        self.look(world, node, tp);
        let Some(replica) = eyes::replica(world, node, tp) else { return };
        let leader = eyes::replica(world, replica.leader, tp)
            .filter(|leader| leader.leader_epoch == replica.leader_epoch)
            .filter(|leader| leader.leadership.is_some());
        let Some(leader) = leader else { return };
        let (end, theirs) = (replica.log.log_end(), &leader.log);
        let same = end <= theirs.log_start()
            || (end <= theirs.log_end()
                && replica.log.epochs().epoch_at(end - 1) == theirs.epochs().epoch_at(end - 1));
        let lost = self.taints.loss_of(tp, replica.leader).or(self.taints.of(tp));
        self.board.check_unless(Id::R12, lost, same, || {
            format!("{tp:?}: {node} has up to {end}, its leader up to {}", theirs.log_end())
        });
    }

    fn truncated(&mut self, world: &World, node: NodeId, tp: TopicPartition, to: Offset) {
        let Self { truth, taints, exposed, board, logs, .. } = self;
        exposed.truncated(node, tp, to, &mut Eye { world, truth, taints, board });
        let replica = eyes::replica(world, node, tp);
        let leader = replica.and_then(|replica| eyes::replica(world, replica.leader, tp));
        if let (Some(before), Some(leader)) = (logs.before(node, tp), leader) {
            check_truncation(Place(node, tp), before, to, &leader.log, board);
        }
        self.look(world, node, tp);
    }

    /// What a replica had stored is gone.
    fn disk_lost(&mut self, world: &World, node: NodeId, tp: TopicPartition, why: &'static str) {
        self.look(world, node, tp);
        self.taints.rob(tp, node, why);
        self.logs.rob(tp);
        if self.truth.may_lead(tp, node) || eyes::is_counted_on(world, tp, node) {
            self.taints.taint(tp, why);
        }
        self.compare(world, node, tp);
    }

    /// Whether a member of an ISR has, of every key, the record that its leader has.
    fn compare(&mut self, world: &World, node: NodeId, tp: TopicPartition) {
        let Self { truth, taints, board, logs, .. } = self;
        let Some(state) = truth.partition(tp).filter(|state| state.isr.contains(&node)) else {
            return;
        };
        let replica = eyes::replica(world, node, tp).filter(|_| node != state.leader);
        if let Some(replica) = replica {
            logs.compare(node, state.leader, replica, taints.of(tp), board);
        }
    }

    fn wiped(&mut self, world: &World, node: NodeId) {
        self.logs.forget_all(node);
        let Self { truth, taints, .. } = self;
        let all: Vec<_> = truth.image.partitions().map(|(tp, _)| tp).collect();
        for tp in all {
            taints.rob(tp, node, "an in-sync replica lost its disk");
            if truth.may_lead(tp, node) || eyes::is_counted_on(world, tp, node) {
                taints.taint(tp, "an in-sync replica lost its disk");
            }
        }
    }

    fn log_start(&mut self, world: &World, node: NodeId, tp: TopicPartition, to: Offset) {
        self.exposed.started(tp, to);
        self.look(world, node, tp);
        let Some(replica) = eyes::replica(world, node, tp) else { return };
        let log = &replica.log;
        let kept = to <= log.high_watermark() && !log.segments().is_empty();
        self.board.check(Id::K1, kept, || {
            format!("{tp:?}: {node} begins at {to}, committed is {}", log.high_watermark())
        });
    }

    fn began(&mut self, world: &World, node: NodeId, tp: TopicPartition) {
        self.look(world, node, tp);
        metadata::view(world, node, tp, &self.truth, &mut self.board);
        let Some(replica) = eyes::replica(world, node, tp) else { return };
        let Self { truth, taints, exposed, board, producers, .. } = self;
        // Metadata that reached a broker late may make it a leader of the past; nobody loses anything by that.
        if truth.partition(tp).is_some_and(|state| state.leader_epoch == replica.leader_epoch) {
            exposed.began(node, replica, &mut Eye { world, truth, taints, board });
            producers.new_leader(tp, &replica.log, &Book { world, truth, taints }, board);
        }
    }
}
