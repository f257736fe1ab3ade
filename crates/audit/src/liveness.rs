//! Liveness: what must have come about once nothing fails any more.
//!
//! Asked only after a quiet time that covers Kafka's own time-outs. Invariant: a process that does not run, or is cut off, owes
//! nothing.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::producers::Producers;
use crate::taint::Taints;
use crate::truth::Truth;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::broker::Broker;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::client::consumer::Consumer;
use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::group::classic::GroupState;
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::txn::metadata::Transaction;
use kafkascope_model::txn::{TXN_TOPIC, TxnState};
use kafkascope_model::world::{ProcessState, World};
use std::collections::{BTreeMap, BTreeSet};

/// How long after the last write followers may still be on their way (`replica.fetch.wait.max.ms`, and a little).
const ON_ITS_WAY: Micros = Micros::from_ms(2_000);

/// How long a decided transaction may wait for its markers, and an open one for the coordinator's next look.
const PATIENCE_MS: i64 = 30_000;

/// What has to be known.
pub struct Knowledge<'a> {
    /// Committed metadata.
    pub truth: &'a Truth,
    /// Replicas that have given up.
    pub taints: &'a Taints,
    /// What producers wait for.
    pub producers: &'a Producers,
    /// Consumers whose application has to put something right.
    pub failed: &'a BTreeSet<NodeId>,
    /// When each partition was last written to.
    pub written: &'a BTreeMap<TopicPartition, SimTime>,
    /// When each group of the consumer protocol was last given another epoch.
    pub moved: &'a BTreeMap<Name, SimTime>,
}

/// Asks everything.
pub fn look(world: &World, known: &Knowledge<'_>, board: &mut Board) {
    let Knowledge { truth, taints, producers, failed, written, .. } = known;
    let active: Vec<_> = eyes::controllers(world)
        .filter(|(process, controller)| runs(process.state) && controller.is_active())
        .map(|(_, controller)| controller.id)
        .collect();
    board.check(Id::V1, active.len() == 1, || format!("active controllers: {active:?}"));
    for (tp, state) in truth.image.partitions() {
        partition(world, tp, state, taints, board);
        let still = written.get(&tp).is_none_or(|at| world.now().since(*at) > ON_ITS_WAY);
        if still && state.leader != NodeId::NONE {
            marks(world, tp, state, taints, board);
        }
    }
    let late = producers.overdue(world);
    board.check(Id::V7, late.is_empty(), || format!("{} sends are open: {late:?}", late.len()));
    groups(world, board);
    coordinators(world, known, board);
    preferred(world, truth, board);
    clients(world, truth, failed, board);
}

fn partition(
    world: &World,
    tp: TopicPartition,
    state: &PartitionState,
    taints: &Taints,
    board: &mut Board,
) {
    let lives = |id: &NodeId| runs(world.state(*id)) && !taints.has_given_up(tp, *id);
    let what = || format!("{tp:?}: {state:?}");
    let replicas = |id: &&NodeId| state.replicas.contains(id);
    let could = state.isr.iter().chain(&state.elr).filter(replicas).any(lives);
    board.check(Id::V2, !could || (state.leader != NodeId::NONE && lives(&state.leader)), what);
    if state.leader == NodeId::NONE {
        return;
    }
    let live: Vec<_> = state.replicas.iter().copied().filter(lives).collect();
    board.check(Id::V4, live.iter().all(|id| state.isr.contains(id)), what);
    board.check(Id::V3, state.isr.iter().all(|id| runs(world.state(*id))), what);
    let wanted = state.replicas.iter().filter(|id| !state.removing.contains(id));
    let moving = !state.adding.is_empty() || !state.removing.is_empty();
    board.check(Id::V15, !moving || !wanted.clone().all(lives), what);
}

/// How far leader and followers are, once writes have stopped.
fn marks(
    world: &World,
    tp: TopicPartition,
    state: &PartitionState,
    taints: &Taints,
    board: &mut Board,
) {
    let lives = |id: &NodeId| runs(world.state(*id)) && !taints.has_given_up(tp, *id);
    let live: Vec<_> = state.replicas.iter().copied().filter(lives).collect();
    let log = |id: NodeId| eyes::replica(world, id, tp).map(|replica: &Partition| &replica.log);
    let Some(leader) = log(state.leader) else { return };
    let min_isr = eyes::replica(world, state.leader, tp).is_some_and(|replica| {
        replica.leadership.as_ref().is_some_and(|l| !l.is_under_min_isr(&replica.config))
    });
    let marks = |id: &NodeId| log(*id).map(|log| (log.high_watermark(), log.log_end()));
    let all = || {
        format!(
            "{tp:?}: high watermarks and log ends {:?}",
            live.iter().map(marks).collect::<Vec<_>>()
        )
    };
    let copied = live.iter().filter_map(|id| log(*id)).all(|log| log.log_end() == leader.log_end());
    let reached = copied && leader.high_watermark() == leader.log_end();
    board.check(Id::V5, reached || !min_isr, all);
    let told = live
        .iter()
        .filter_map(|id| log(*id))
        .all(|log| log.high_watermark() == leader.high_watermark());
    board.check(Id::V6, told, all);
}

/// Members of consumer-protocol groups are where they should be, no transaction waits for ever, no lock is forgotten.
fn coordinators(world: &World, known: &Knowledge<'_>, board: &mut Board) {
    let (truth, taints) = (known.truth, known.taints);
    let lost = truth.image.topic_ids.get(TXN_TOPIC).and_then(|topic| taints.of_topic(*topic));
    for (_, broker) in eyes::brokers(world).filter(|(process, _)| runs(process.state)) {
        let loaded = broker.groups.shards().filter(|shard| shard.is_loaded);
        for group in loaded.flat_map(|shard| shard.modern.values()) {
            let behind = group.members().find(|m| !m.current.is_reconciled_to(group.target_epoch));
            let excuse = works_too_long(world, &group.id)
                .then_some("an application works longer than max.poll.interval.ms");
            // Members hear of another epoch with their next heartbeat, and so perhaps does a second round of them.
            let beat = i64::from(broker.config.group_consumer_heartbeat_interval_ms);
            let since = known.moved.get(&group.id).map(|at| world.now().since(*at));
            let fresh = since.is_some_and(|since| since < Micros::from_config_ms(3 * beat));
            let excuse = excuse.or(fresh.then_some("its epoch has just changed"));
            board.check_unless(
                Id::V10,
                excuse,
                group.size() == 0 || (behind.is_none() && group.target_epoch == group.epoch),
                || format!("group {} at epoch {}: {behind:?}", group.id, group.epoch),
            );
        }
        let loaded = broker.txns.shards().filter(|shard| shard.is_loaded);
        for txn in loaded.flat_map(|shard| shard.transactions.values()) {
            transaction(world, broker, txn, (truth, lost), board);
        }
        for (key, partition) in broker.share.manager.partitions() {
            let late = partition.next_lock_end(world.now()).filter(|end| *end < world.now());
            board.check(Id::V13, late.is_none(), || {
                format!("group {} holds locks in {:?} since {late:?}", key.group, key.tp)
            });
        }
    }
}

fn transaction(
    world: &World,
    broker: &Broker,
    txn: &Transaction,
    (truth, lost): (&Truth, Option<&'static str>),
    board: &mut Board,
) {
    let age = eyes::wall_clock(world, broker.id) - txn.updated_at.max(txn.started_at);
    let led = |(topic, partition): &(Name, i32)| {
        let topic = truth.image.topic_ids.get(topic);
        let state = topic.and_then(|t| truth.partition(TopicPartition::new(*t, *partition)));
        state.is_some_and(|state| state.leader != NodeId::NONE)
    };
    let what = || format!("{} is {} for {age} ms", txn.transactional_id, txn.state.name());
    let decided = matches!(txn.state, TxnState::PrepareCommit | TxnState::PrepareAbort);
    let markable = txn.partitions.iter().all(led);
    board.check_unless(Id::V11, lost, !decided || !markable || age < PATIENCE_MS, what);
    let open = txn.state == TxnState::Ongoing && txn.pending.is_none();
    let limit = i64::from(txn.timeout_ms) + PATIENCE_MS;
    board.check_unless(Id::V12, lost, !open || age < limit, what);
}

/// A preferred leader that could lead does, where the controller looks for that often enough.
fn preferred(world: &World, truth: &Truth, board: &mut Board) {
    let Some((_, controller)) = eyes::controllers(world).next() else { return };
    let config = &controller.config;
    if !config.auto_leader_rebalance_enable || config.leader_imbalance_check_interval_seconds > 30 {
        return;
    }
    for (tp, state) in truth.image.partitions() {
        let Some(first) = state.replicas.first() else { continue };
        let could = state.isr.contains(first) && truth.image.is_active(*first);
        board.check(Id::V8, !could || state.leader == *first, || {
            format!("{tp:?} is led by {}, and {first} could: {state:?}", state.leader)
        });
    }
}

/// Consumers know the leaders of what they read.
fn clients(world: &World, truth: &Truth, failed: &BTreeSet<NodeId>, board: &mut Board) {
    let reads = |consumer: &&Consumer| {
        let busy = consumer.config.group_id.as_ref().is_some_and(|id| works_too_long(world, id));
        runs(world.state(consumer.id))
            && consumer.is_polling()
            && !busy
            && !failed.contains(&consumer.id)
    };
    for consumer in eyes::consumers(world).filter(reads) {
        // Who has not used up what was fetched asks no leader, and hears of no other.
        let asks = consumer.assignment().filter(|own| !consumer.holds_records_of(&own.partition));
        for assigned in asks {
            let (topic, partition) = &assigned.partition;
            let Some(topic) = truth.image.topic_ids.get(topic) else { continue };
            let tp = TopicPartition::new(*topic, *partition);
            let Some(state) = truth.partition(tp).filter(|s| s.leader != NodeId::NONE) else {
                continue;
            };
            let Some(position) = assigned.position.filter(|_| !assigned.paused) else { continue };
            board.check(Id::V16, position.leader == Some(state.leader), || {
                format!(
                    "{} reads {tp:?} from {:?}, led by {}",
                    consumer.id, position.leader, state.leader
                )
            });
        }
    }
}

fn groups(world: &World, board: &mut Board) {
    for (process, broker) in eyes::brokers(world).filter(|(process, _)| runs(process.state)) {
        let _ = process;
        for group in
            broker.groups.shards().filter(|shard| shard.is_loaded).flat_map(|s| s.groups.values())
        {
            let settled = group.members().next().is_none() || group.state == GroupState::Stable;
            let excuse = works_too_long(world, &group.id)
                .then_some("an application works longer than max.poll.interval.ms");
            board.check_unless(Id::V9, excuse, settled, || {
                format!("group {} at broker {} is {}", group.id, broker.id, group.state.name())
            });
        }
    }
}

/// Whether what one poll returns may take a member's application longer than it may stay away.
fn works_too_long(world: &World, group: &Name) -> bool {
    let own = |consumer: &&Consumer| consumer.config.group_id.as_ref() == Some(group);
    eyes::consumers(world).filter(own).any(|consumer| {
        let polled = u64::from(consumer.config.max_poll_records.unsigned_abs());
        let limit = Micros::from_config_ms(i64::from(consumer.config.max_poll_interval_ms));
        consumer.spec.processing.per_record * polled >= limit
    })
}

const fn runs(state: ProcessState) -> bool {
    matches!(state, ProcessState::Running)
}
