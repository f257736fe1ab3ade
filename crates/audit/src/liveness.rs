//! Liveness: what must have come about once nothing fails any more.
//!
//! Asked only after a quiet time that covers Kafka's own time-outs. Invariant: a process that does not run, or is cut off, owes
//! nothing.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use crate::producers::Producers;
use crate::truth::Truth;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::client::consumer::Consumer;
use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::group::classic::GroupState;
use kafkascope_model::ids::{Name, NodeId, TopicPartition};
use kafkascope_model::world::{ProcessState, World};
use std::collections::BTreeMap;

/// How long after the last write followers may still be on their way (`replica.fetch.wait.max.ms`, and a little).
const ON_ITS_WAY: Micros = Micros::from_ms(2_000);

/// What has to be known.
pub struct Knowledge<'a> {
    /// Committed metadata.
    pub truth: &'a Truth,
    /// What producers wait for.
    pub producers: &'a Producers,
    /// When each partition was last written to.
    pub written: &'a BTreeMap<TopicPartition, SimTime>,
}

/// Asks everything.
pub fn look(world: &World, known: &Knowledge<'_>, board: &mut Board) {
    let Knowledge { truth, producers, written } = known;
    let active: Vec<_> = eyes::controllers(world)
        .filter(|(process, controller)| runs(process.state) && controller.is_active())
        .map(|(_, controller)| controller.id)
        .collect();
    board.check(Id::V1, active.len() == 1, || format!("active controllers: {active:?}"));
    for (tp, state) in truth.image.partitions() {
        partition(world, tp, state, board);
        let still = written.get(&tp).is_none_or(|at| world.now().since(*at) > ON_ITS_WAY);
        if still && state.leader != NodeId::NONE {
            marks(world, tp, state, board);
        }
    }
    let late = producers.overdue(world);
    board.check(Id::V7, late.is_empty(), || format!("{} sends are open: {late:?}", late.len()));
    groups(world, board);
}

fn partition(world: &World, tp: TopicPartition, state: &PartitionState, board: &mut Board) {
    let lives = |id: &NodeId| runs(world.state(*id));
    let what = || format!("{tp:?}: {state:?}");
    let replicas = |id: &&NodeId| state.replicas.contains(id);
    let could = state.isr.iter().chain(&state.elr).filter(replicas).any(lives);
    board.check(Id::V2, !could || (state.leader != NodeId::NONE && lives(&state.leader)), what);
    if state.leader == NodeId::NONE {
        return;
    }
    let live: Vec<_> = state.replicas.iter().copied().filter(lives).collect();
    board.check(Id::V4, live.iter().all(|id| state.isr.contains(id)), what);
}

/// How far leader and followers are, once writes have stopped.
fn marks(world: &World, tp: TopicPartition, state: &PartitionState, board: &mut Board) {
    let live: Vec<_> = state.replicas.iter().copied().filter(|id| runs(world.state(*id))).collect();
    let log = |id: NodeId| eyes::replica(world, id, tp).map(|replica: &Partition| &replica.log);
    let Some(leader) = log(state.leader) else { return };
    let min_isr = eyes::replica(world, state.leader, tp).is_some_and(|replica| {
        replica.leadership.as_ref().is_some_and(|l| !l.is_under_min_isr(&replica.config))
    });
    let reached = live
        .iter()
        .filter_map(|id| log(*id))
        .all(|log| log.log_end() == leader.log_end() && log.high_watermark() == leader.log_end());
    board.check(Id::V5, reached || !min_isr, || {
        let marks = |id: &NodeId| log(*id).map(|log| (log.high_watermark(), log.log_end()));
        format!(
            "{tp:?}: high watermarks and log ends {:?}",
            live.iter().map(marks).collect::<Vec<_>>()
        )
    });
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
