//! What the leaders of a share group's partitions have handed out, as their facts tell it.
//!
//! After a failover a new leader says where it starts, not what is final above that. Invariant: nothing below the start is kept.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not about share groups")]

use super::{Moment, Picture};
use kafkascope_kernel::FlatMap;
use kafkascope_model::api::share::RecordState;
use kafkascope_model::ids::{Name, Offset, TopicPartition};
use kafkascope_model::trace::Fact;

/// The records of one share partition that were handed out, by offset.
pub type Queue = FlatMap<Offset, HandedOut>;

/// A record that was handed out.
#[derive(Clone, Debug, PartialEq)]
pub struct HandedOut {
    /// What it is now.
    pub state: RecordState,
    /// Who has it, as a member id.
    pub holder: Option<Name>,
    /// How often it was handed out.
    pub deliveries: i16,
}

impl Picture {
    /// What a partition's leader tells of a share group.
    pub(super) fn observe_queue(&mut self, fact: &Fact, now: Moment) {
        match fact {
            Fact::SharePartitionLoaded { group, tp, start } => {
                self.queue(group, *tp).clear();
                self.begins_at(group, *tp, *start, now);
            }
            Fact::ShareStartMoved { group, tp, to } => {
                self.queue(group, *tp).retain(|offset, _| offset >= to);
                self.begins_at(group, *tp, *to, now);
            }
            Fact::ShareAcquired { group, member, tp, first, last, delivery_count } => {
                let handed = HandedOut {
                    state: RecordState::Acquired,
                    holder: Some(member.clone()),
                    deliveries: *delivery_count,
                };
                let queue = self.queue(group, *tp);
                queue.extend((*first..=*last).map(|offset| (offset, handed.clone())));
            }
            Fact::ShareSettled { group, tp, first, last, state, delivery_count, .. } => {
                let settled =
                    HandedOut { state: *state, holder: None, deliveries: *delivery_count };
                let queue = self.queue(group, *tp);
                queue.extend((*first..=*last).map(|offset| (offset, settled.clone())));
            }
            _ => {}
        }
    }

    fn queue(&mut self, group: &Name, tp: TopicPartition) -> &mut Queue {
        self.groups.entry(group.clone()).or_default().queues.entry(tp).or_default()
    }

    /// A start stands among the commits: both say below which offset everything is done.
    fn begins_at(&mut self, group: &Name, tp: TopicPartition, start: Offset, now: Moment) {
        let Some(topic) = self.topics.get(&tp.topic).map(|topic| topic.name.clone()) else {
            return;
        };
        let group = self.groups.entry(group.clone()).or_default();
        group.committed.insert((topic, tp.partition), (now, start));
    }
}
