//! What a follower does to its log: append what it fetched, cut off what its leader does not have.
//!
//! Invariant: after a truncation, the log is a prefix of the leader's up to where their epochs part.

use super::Env;
use super::replica_manager::ReplicaManager;
use crate::api::response::FetchedPartition;
use crate::cx::Cx;
use crate::ids::{LeaderEpoch, Offset, TopicPartition};
use crate::trace::Fact;

impl ReplicaManager {
    /// Appends fetched batches and takes over high watermark and log start (`ReplicaFetcherThread.processPartitionData`). Whether
    /// all of them were sound; what follows a broken one is asked for again.
    pub(super) fn append_fetched(
        &mut self,
        answer: FetchedPartition,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) -> bool {
        let tp = answer.tp;
        let Some(partition) = self.replicas.get_mut(tp) else { return true };
        if partition.leadership.is_some() {
            return true;
        }
        if self.disk_full && !answer.batches.is_empty() {
            self.dir_failed = true;
            return false;
        }
        let (base_offset, now) = (partition.log.log_end(), cx.epoch_ms());
        let bytes = answer.batches.iter().map(|batch| i64::from(batch.size_bytes)).sum();
        let mut sound = true;
        for batch in answer.batches {
            if batch.corrupt {
                cx.note(Fact::CorruptionFound { tp, base_offset: batch.base_offset });
                sound = false;
                break;
            }
            if partition.log.is_straddled_by(&batch) {
                cx.note(Fact::FetchGivenUp { tp, base_offset: batch.base_offset });
                self.stop_fetching(tp);
                return true;
            }
            let rolled = partition.log.append_as_follower(batch, now, &partition.config);
            if let Some(base_offset) = rolled {
                cx.note(Fact::SegmentRolled { tp, base_offset });
            }
        }
        let next_offset = partition.log.log_end();
        if next_offset > base_offset {
            cx.note(Fact::Replicated { tp, base_offset, next_offset });
        }
        let moved = partition.set_high_watermark(answer.high_watermark, cx);
        if partition.log.raise_log_start(answer.log_start_offset) {
            cx.note(Fact::LogStart { tp, to: partition.log.log_start() });
        }
        if moved {
            self.wake_watchers(tp, env, cx);
        }
        self.count_taken(tp, bytes, env, cx.now);
        sound
    }

    /// Where this log and the leader's part, given the leader's largest epoch not after ours and where it ends there.
    pub(super) fn common_end(&self, tp: TopicPartition, epoch: LeaderEpoch, end: Offset) -> Offset {
        let Some(partition) = self.replicas.get(tp) else { return end };
        partition.log.common_end(epoch, end)
    }

    /// Cuts a follower's log back.
    pub(super) fn truncate(
        &mut self,
        tp: TopicPartition,
        to: Offset,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        let high_watermark = partition.log.high_watermark();
        let Some(from) = partition.log.truncate_to(to) else { return };
        cx.note(Fact::Truncated { tp, from, to });
        let now_at = partition.log.high_watermark();
        if now_at != high_watermark {
            cx.note(Fact::HighWatermark { tp, from: high_watermark, to: now_at });
        }
        self.complete_fetches_of(tp, env, cx);
    }

    /// The leader no longer has what comes next here: begins anew at its log start.
    pub(super) fn restart_at(&mut self, tp: TopicPartition, start: Offset, cx: &mut Cx<'_>) {
        let now = cx.epoch_ms();
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        let from = partition.log.log_end();
        let high_watermark = partition.log.high_watermark();
        partition.log.restart_at(start, now);
        cx.note(Fact::Truncated { tp, from, to: start });
        cx.note(Fact::LogStart { tp, to: start });
        cx.note(Fact::HighWatermark { tp, from: high_watermark, to: start });
    }
}
