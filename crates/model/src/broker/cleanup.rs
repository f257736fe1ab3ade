//! Retention and compaction of the logs on one broker (`LogManager.cleanupLogs`, `LogCleaner.CleanerThread`).
//!
//! Invariant: a log that is compacted has its old segments deleted by the cleaner, every other one by the retention task.

use super::Env;
use super::replica_manager::ReplicaManager;
use crate::cx::Cx;
use crate::ids::{EpochMs, TopicPartition};
use crate::log::compaction::Cleanable;
use crate::trace::Fact;

impl ReplicaManager {
    /// Deletes old segments of the logs that are not compacted.
    pub fn apply_retention(&mut self, env: &Env<'_>, cx: &mut Cx<'_>) {
        self.delete_old_segments(false, env, cx);
    }

    /// One turn of the log cleaner: the dirtiest log that is dirty enough, again and again; then old segments.
    pub fn compact(&mut self, env: &Env<'_>, cx: &mut Cx<'_>) {
        let (now, keys) = (cx.epoch_ms(), env.config.cleaner_keys());
        while let Some((tp, what)) = self.filthiest(now) {
            let Some(partition) = self.replicas.get_mut(tp) else { break };
            let done = partition.log.clean(what, keys, now, &partition.config);
            if partition.log.is_uncleanable() {
                continue;
            }
            let Some(done) = done else { break };
            cx.note(Fact::Compacted { tp, up_to: done.up_to, gone: done.gone.into() });
            if done.up_to <= what.first_dirty {
                break;
            }
        }
        self.delete_old_segments(true, env, cx);
    }

    fn filthiest(&self, now: EpochMs) -> Option<(TopicPartition, Cleanable)> {
        let mut best: Option<(TopicPartition, Cleanable)> = None;
        for partition in self.replicas.iter().filter(|p| p.config.cleanup_policy.compacts()) {
            let found = partition.log.cleanable(now, &partition.config);
            let dirtier = best.is_none_or(|(_, best)| found.is_dirtier_than(&best));
            if !partition.log.is_uncleanable() && found.is_due(&partition.config) && dirtier {
                best = Some((partition.tp, found));
            }
        }
        best
    }

    fn delete_old_segments(&mut self, compacted: bool, env: &Env<'_>, cx: &mut Cx<'_>) {
        let now = cx.epoch_ms();
        let mut changed = false;
        let concerned = |tp: &TopicPartition, replicas: &super::replicas::Replicas| {
            replicas.get(*tp).is_some_and(|p| p.config.cleanup_policy.compacts() == compacted)
        };
        let tps: alloc::vec::Vec<_> =
            self.replicas.iter().map(|p| p.tp).filter(|tp| concerned(tp, &self.replicas)).collect();
        for tp in tps {
            let Some(partition) = self.replicas.get_mut(tp) else { continue };
            let done = partition.log.apply_retention(now, &partition.config);
            if let Some(base_offset) = done.rolled {
                cx.note(Fact::SegmentRolled { tp, base_offset });
            }
            for deleted in done.deleted {
                let (base_offset, why) = (deleted.base_offset, deleted.why);
                cx.note(Fact::SegmentDeleted { tp, base_offset, why });
            }
            if let Some(to) = done.log_start {
                cx.note(Fact::LogStart { tp, to });
                changed = true;
            }
        }
        if changed {
            self.settle_deletes(env, cx);
        }
    }
}
