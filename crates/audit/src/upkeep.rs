//! Upkeep: old segments are deleted and dirty logs compacted, as soon as a broker has looked often enough.
//!
//! Asked after a quiet time. Invariant: a broker owes nothing of the time before its last start, the last change of a config, or
//! the last write.

use crate::board::Board;
use crate::catalogue::Id;
use crate::eyes;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::broker::Broker;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::config::broker::BrokerConfig;
use kafkascope_model::config::topic::{CleanupPolicy, TopicConfig};
use kafkascope_model::ids::{EpochMs, NodeId, Offset, TopicPartition};
use kafkascope_model::log::Batch;
use kafkascope_model::log::segment::Segment;
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::world::{ProcessState, World};
use std::collections::BTreeMap;

/// How much later than promised counts as in time.
const GRACE_MS: i64 = 1_000;

/// What was heard of upkeep.
#[derive(Clone, Debug, Default)]
pub struct Upkeep {
    /// Since when a broker runs with the clock it has.
    since: BTreeMap<NodeId, SimTime>,
    /// When a config last changed.
    changed: SimTime,
    /// Up to where each replica was compacted.
    cleaned: BTreeMap<(NodeId, TopicPartition), Offset>,
}

impl Upkeep {
    /// A fact of a broker or a controller.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about upkeep")]
    pub fn observe(&mut self, event: &TraceEvent) {
        match &event.fact {
            Fact::BrokerStarted | Fact::Resumed | Fact::ClockSkewed { .. } | Fact::DiskHealed => {
                self.since.insert(event.node, event.at);
            }
            Fact::ConfigChanged { .. } => self.changed = event.at,
            Fact::Compacted { tp, up_to, .. } => {
                self.cleaned.insert((event.node, *tp), *up_to);
            }
            Fact::ReplicaHosted { tp, hosted: false } => {
                self.cleaned.remove(&(event.node, *tp));
            }
            Fact::DiskWiped => self.cleaned.retain(|(node, _), _| *node != event.node),
            _ => {}
        }
    }

    /// Nothing has failed for long: is there anything that should be gone?
    pub fn look(
        &self,
        world: &World,
        written: &BTreeMap<TopicPartition, SimTime>,
        board: &mut Board,
    ) {
        for (_, broker) in eyes::brokers(world).filter(|(p, _)| p.state == ProcessState::Running) {
            let Some(since) = self.since.get(&broker.id) else { continue };
            for replica in broker.replicas.replicas.iter() {
                let last = written.get(&replica.tp).copied().unwrap_or(SimTime::ZERO);
                let quiet = world.now().since((*since).max(self.changed).max(last));
                self.replica(broker, replica, quiet, eyes::wall_clock(world, broker.id), board);
            }
        }
    }

    fn replica(
        &self,
        broker: &Broker,
        replica: &Partition,
        quiet: Micros,
        now: EpochMs,
        board: &mut Board,
    ) {
        let (config, tp) = (&broker.config, replica.tp);
        let turn = turn_ms(config, &replica.config);
        let delay = turn + config.log_initial_task_delay_ms + GRACE_MS;
        if quiet >= Micros::from_config_ms(delay) && deletes(&replica.config) {
            let old = expired(replica, now - turn - GRACE_MS);
            board.check(Id::V14, old.is_none(), || {
                format!("{tp:?}: broker {} still has the segment of {old:?}", broker.id)
            });
        }
        // A pass may leave something for the next one.
        let passes = Micros::from_config_ms(2 * config.log_cleaner_backoff_ms + GRACE_MS);
        let cleans = config.log_cleaner_enable && replica.config.cleanup_policy.compacts();
        if cleans && quiet >= passes && !replica.log.is_uncleanable() {
            let known = self.cleaned.get(&(broker.id, tp)).copied();
            let (dirty, all) = dirt(replica, known.unwrap_or_default());
            let ratio = replica.config.min_cleanable_dirty_ratio;
            board.check(Id::V14, !ratio.is_less_than(dirty, all), || {
                format!("{tp:?}: of {all} bytes {dirty} are dirty at broker {}", broker.id)
            });
        }
    }
}

/// How often old segments of a log are looked for.
fn turn_ms(config: &BrokerConfig, topic: &TopicConfig) -> i64 {
    if topic.cleanup_policy.compacts() {
        config.log_cleaner_backoff_ms
    } else {
        config.log_retention_check_interval_ms
    }
}

const fn deletes(config: &TopicConfig) -> bool {
    matches!(config.cleanup_policy, CleanupPolicy::Delete | CleanupPolicy::CompactDelete)
}

/// The oldest segment, if it should have been deleted by the time `now` already.
fn expired(replica: &Partition, now: EpochMs) -> Option<Offset> {
    let (log, config) = (&replica.log, &replica.config);
    let [first, next, ..] = log.segments() else { return None };
    if next.base_offset > log.high_watermark() {
        return None;
    }
    let old = config.retention_ms >= 0 && now - first.largest_timestamp() > config.retention_ms;
    let size: u64 = log.segments().iter().map(|segment| segment.size_bytes).sum();
    let limit = u64::try_from(config.retention_bytes).ok();
    let large = limit.is_some_and(|limit| size - first.size_bytes >= limit);
    let below = next.base_offset <= log.log_start();
    (old || large || below).then_some(first.base_offset)
}

/// Bytes that could be compacted, and bytes of the log up to there.
fn dirt(replica: &Partition, cleaned: Offset) -> (u64, u64) {
    let (log, config) = (&replica.log, &replica.config);
    let active = log.segments().last().map_or(0, |segment| segment.base_offset);
    let limit = log.last_stable_offset().min(active);
    // What may still be too young is left out.
    let ripe = |segment: &&Segment| {
        let end = segment.last_batch().map_or(segment.base_offset, Batch::next_offset);
        config.min_compaction_lag_ms == 0 && end <= limit && segment.base_offset < active
    };
    let size = |from: Offset, to: Offset| -> u64 {
        let inside = |s: &&Segment| (from..to).contains(&s.base_offset);
        log.segments().iter().take_while(ripe).filter(inside).map(|s| s.size_bytes).sum()
    };
    let valid = (log.log_start()..=log.log_end()).contains(&cleaned);
    let from = if valid { cleaned } else { log.log_start() };
    (size(from, Offset::MAX), size(0, Offset::MAX))
}
