//! Share groups as leaders of share partitions tell of them (KIP-932): who has which records, how often, and what is final.
//!
//! A new leader begins with what was stored, so what the old one told is forgotten then. Invariant: only facts of one leader are
//! held against each other.

use crate::board::Board;
use crate::catalogue::Id;
use kafkascope_model::api::share::RecordState;
use kafkascope_model::config::share::ShareGroupConfig;
use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_model::world::World;
use std::collections::{BTreeMap, BTreeSet};

type Key = (NodeId, Name, TopicPartition);

/// What was heard of share partitions.
#[derive(Clone, Debug, Default)]
pub struct Shares(BTreeMap<Key, Queue>);

#[derive(Clone, Debug, Default)]
struct Queue {
    start: Offset,
    holders: BTreeMap<Offset, Name>,
    settled: BTreeSet<Offset>,
}

impl Shares {
    /// A fact of a leader.
    #[allow(clippy::wildcard_enum_match_arm, reason = "few facts are about share partitions")]
    pub fn observe(&mut self, event: &TraceEvent, world: &World, board: &mut Board) {
        let key = |group: &Name, tp: &TopicPartition| (event.node, group.clone(), *tp);
        match &event.fact {
            Fact::SharePartitionLoaded { group, tp, start } => {
                self.0.insert(key(group, tp), Queue { start: *start, ..Queue::default() });
            }
            Fact::ShareAcquired { group, member, tp, first, last, delivery_count } => {
                let key = key(group, tp);
                let limits = limits(world, event.node, group);
                let within = i32::from(*delivery_count) <= limits.delivery_count_limit;
                board.check(Id::S3, within, || {
                    format!("{first} to {last} of {tp:?} are delivered to {group} for the {delivery_count}th time")
                });
                let queue = self.0.entry(key).or_default();
                let free = first - queue.start < i64::from(limits.partition_max_record_locks);
                board.check(Id::S4, free, || {
                    format!("{group} acquired {first} of {tp:?} while it begins at {}", queue.start)
                });
                queue.acquired(*first, *last, member, board);
            }
            Fact::ShareSettled { group, tp, first, last, state, .. } => {
                let queue = self.0.entry(key(group, tp)).or_default();
                for offset in *first..=*last {
                    queue.holders.remove(&offset);
                    if matches!(state, RecordState::Acknowledged | RecordState::Archived) {
                        queue.settled.insert(offset);
                    }
                }
            }
            Fact::ShareStartMoved { group, tp, to } => {
                let queue = self.0.entry(key(group, tp)).or_default();
                board.check(Id::S2, *to >= queue.start, || {
                    format!("{group} begins at {to} of {tp:?} after {}", queue.start)
                });
                let held = queue.holders.range(..*to).next();
                board.check(Id::S2b, held.is_none(), || {
                    format!("{group} begins at {to} of {tp:?}, and {held:?} is not settled")
                });
                queue.start = *to;
                queue.settled = queue.settled.split_off(to);
            }
            Fact::Exited(_) => self.0.retain(|(node, ..), _| *node != event.node),
            _ => {}
        }
    }
}

impl Queue {
    fn acquired(&mut self, first: Offset, last: Offset, member: &Name, board: &mut Board) {
        let done = self.settled.range(first..=last).next();
        board.check(Id::S1, done.is_none(), || {
            format!("{member} acquired {done:?}, which is final")
        });
        let taken = self.holders.range(first..=last).next();
        board.check(Id::S5, taken.is_none(), || {
            format!("{member} acquired what another holds: {taken:?}")
        });
        self.holders.extend((first..=last).map(|offset| (offset, member.clone())));
    }
}

fn limits(world: &World, node: NodeId, group: &Name) -> ShareGroupConfig {
    world.broker(node).map_or_else(ShareGroupConfig::default, |broker| {
        ShareGroupConfig::of(group, broker.metadata.image(), &broker.config)
    })
}
