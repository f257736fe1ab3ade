//! A broker's disk: what reaches it, what a power cut takes, what a start finds on it, and what happens when it is full.
//!
//! Invariant: with one log directory, a failed write ends the broker (`LogManager.handleLogDirFailure`).

use super::partition::Partition;
use super::replica_manager::ReplicaManager;
use crate::cx::Cx;
use crate::ids::{Offset, TopicPartition};
use crate::trace::Fact;
use alloc::vec::Vec;

impl ReplicaManager {
    /// One round of the operating system's write-back.
    pub fn write_back(&mut self) {
        self.each(|partition| partition.log.is_dirty(), |partition| partition.log.write_back());
    }

    /// Every log is forced to disk (a shutdown in order).
    pub fn flush(&mut self, cx: &Cx<'_>) {
        let now = cx.epoch_ms();
        self.each(|_| true, |partition| partition.log.flush(now));
    }

    /// Logs that have not been flushed for `flush.ms` are (`LogManager.flushDirtyLogs`).
    pub fn flush_old(&mut self, cx: &Cx<'_>) {
        let now = cx.epoch_ms();
        self.each(
            |partition| partition.log.page_cache().recovery_point() < partition.log.log_end(),
            |partition| partition.log.flush_if_old(now, &partition.config),
        );
    }

    /// The power is gone: every log with what it lost, as `from..to`.
    pub fn lose_power(&mut self) -> Vec<(TopicPartition, Offset, Offset)> {
        let mut lost = Vec::new();
        self.each(
            |partition| partition.log.is_dirty(),
            |partition| {
                if let Some((from, to)) = partition.log.lose_power() {
                    lost.push((partition.tp, from, to));
                }
            },
        );
        lost
    }

    /// After an unclean stop every log ends before its first broken batch that was not flushed.
    pub(super) fn recover(&mut self, cx: &mut Cx<'_>) {
        self.each(
            |partition| partition.log.page_cache().recovery_point() < partition.log.log_end(),
            |partition| {
                if let Some((from, to)) = partition.log.recover() {
                    cx.note(Fact::LogRecovered { tp: partition.tp, from, to });
                }
            },
        );
    }

    /// Whether the disk takes what is written; if not, the log directory fails.
    pub(super) fn can_write(&mut self) -> bool {
        self.dir_failed |= self.disk_full;
        !self.disk_full
    }

    /// Changes those that a look tells to change; the others stay shared with snapshots.
    fn each(
        &mut self,
        concerned: impl Fn(&Partition) -> bool,
        mut change: impl FnMut(&mut Partition),
    ) {
        let tps: Vec<_> = self.replicas.iter().filter(|p| concerned(p)).map(|p| p.tp).collect();
        for tp in tps {
            if let Some(partition) = self.replicas.get_mut(tp) {
                change(partition);
            }
        }
    }
}
