//! Offsets that nobody has needed for long are forgotten, and groups with nothing left with them
//! (`OffsetMetadataManager.cleanupExpiredOffsets`, `ClassicGroup.offsetExpirationCondition`).
//!
//! Invariant: what a group still reads is never forgotten.

use super::classic::{ClassicGroup, GroupState};
use super::offsets::Committed;
use super::records;
use super::shard::Shard;
use super::write::{Done, Write};
use super::{OffsetsLog, OffsetsRecord};
use crate::cx::Cx;
use crate::ids::{EpochMs, Name};
use crate::trace::Fact;
use alloc::vec::Vec;

impl Shard {
    /// Forgets what is older than `offsets.retention.minutes`.
    pub fn expire(&mut self, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        let retention = i64::from(log.config().offsets_retention_minutes) * 60_000;
        let before = cx.epoch_ms() - retention;
        let mut records = self.expire_modern(before, cx);
        let ids: Vec<Name> = self.groups.keys().cloned().collect();
        for id in ids {
            let group = &self.groups[&id];
            let expired = self.offsets.of(&id).filter(|(tp, committed)| {
                group.needed_until(&tp.0, committed).is_some_and(|at| at <= before)
                    && !self.txn_offsets.waits_for_partition(&id, tp)
            });
            let expired: Vec<_> = expired.map(|(tp, _)| tp.clone()).collect();
            for tp in expired {
                records.push(records::offset_record(&id, &tp, None));
                self.forget_offset(&id, tp);
            }
            let needed = self.offsets.of(&id).next().is_some() || self.txn_offsets.waits_for(&id);
            if self.groups[&id].is_forgettable() && !needed {
                records.push(records::group_tombstone(&id));
                self.groups.remove(&id);
                cx.note(Fact::GroupDeleted { group: id });
            }
        }
        if !records.is_empty() {
            self.store(Some(Write { records, done: Done::Nothing }), log, cx);
        }
    }

    /// Of a consumer-protocol group everything old goes that nobody reads (`ConsumerGroup.isSubscribedToTopic`).
    fn expire_modern(&mut self, before: EpochMs, cx: &mut Cx<'_>) -> Vec<OffsetsRecord> {
        let mut records = Vec::new();
        let ids: Vec<Name> = self.modern.keys().cloned().collect();
        for id in ids {
            let group = &self.modern[&id];
            let expired = self.offsets.of(&id).filter(|(tp, committed)| {
                committed.at <= before
                    && !group.reads(&tp.0)
                    && !self.txn_offsets.waits_for_partition(&id, tp)
            });
            let expired: Vec<_> = expired.map(|(tp, _)| tp.clone()).collect();
            for tp in expired {
                records.push(records::offset_record(&id, &tp, None));
                self.forget_offset(&id, tp);
            }
            if self.modern[&id].size() == 0
                && self.offsets.of(&id).next().is_none()
                && !self.txn_offsets.waits_for(&id)
                && let Some(group) = self.modern.remove(&id)
            {
                records.extend(group.tombstones());
                cx.note(Fact::GroupDeleted { group: id });
            }
        }
        records
    }
}

impl ClassicGroup {
    /// Since when an offset of a topic is of no use; never while the group reads the topic or is being rebalanced.
    fn needed_until(&self, topic: &Name, committed: &Committed) -> Option<EpochMs> {
        if self.protocol_type.is_none() {
            return Some(committed.at);
        }
        match self.state {
            GroupState::Empty => Some(self.empty_since.unwrap_or(committed.at)),
            GroupState::Stable if !self.reads(topic) => Some(committed.at),
            GroupState::PreparingRebalance
            | GroupState::CompletingRebalance
            | GroupState::Stable => None,
        }
    }

    /// Whether a live member may be reading a topic (`ClassicGroup.isSubscribedToTopic`).
    pub(super) fn is_reading(&self, topic: &Name) -> bool {
        self.state != GroupState::Empty && self.reads(topic)
    }

    fn reads(&self, topic: &Name) -> bool {
        let protocol = self.protocol_name.as_deref().unwrap_or("");
        self.members().any(|member| member.subscription(protocol).topics.contains(topic))
    }
}
