//! Where two replicas' logs part, found by leader epochs (KIP-595).
//!
//! Invariant: what leader and follower do here needs nothing but their own logs and what the other said.

use super::partition_log::PartitionLog;
use crate::api::ErrorCode;
use crate::ids::{LeaderEpoch, Offset};

/// What a follower does whose offset the leader refused (`AbstractFetcherThread.fetchOffsetAndTruncate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfRange {
    /// The leader's log ends before: after an unclean election.
    TruncateTo(Offset),
    /// The leader's log starts behind our end: everything goes.
    RestartAt(Offset),
    /// It may go on where it was.
    GoOn,
}

impl PartitionLog {
    /// Whether a fetch fits this leader's log; if their epochs part, the largest epoch not after the follower's and where it ends
    /// here (`Partition.readRecords`). An epoch of -1 is not compared.
    pub fn check_fetch(
        &self,
        offset: Offset,
        last_epoch: LeaderEpoch,
    ) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
        let within = (self.log_start..=self.log_end).contains(&offset);
        if last_epoch >= 0 {
            let end = self.epochs.end_offset_for(last_epoch, self.log_end);
            let (epoch, end) = end.ok_or(ErrorCode::OffsetOutOfRange)?;
            if offset < self.log_start {
                return Err(ErrorCode::OffsetOutOfRange);
            }
            if epoch < last_epoch || end < offset {
                return Ok(Some((epoch, end)));
            }
        }
        if within { Ok(None) } else { Err(ErrorCode::OffsetOutOfRange) }
    }

    /// Where this follower's log is cut, given the leader's largest epoch not after ours and where it ends there
    /// (`AbstractFetcherThread.getOffsetTruncationState`).
    pub fn common_end(&self, epoch: LeaderEpoch, end: Offset) -> Offset {
        let common = match self.epochs.end_offset_for(epoch, self.log_end) {
            None => end,
            Some((own, own_end)) if own != epoch => own_end,
            Some((_, own_end)) => own_end.min(end),
        };
        common.min(self.log_end)
    }

    /// What to do after the leader refused our log end, its log spanning `earliest..latest`.
    pub const fn after_out_of_range(&self, earliest: Offset, latest: Offset) -> OutOfRange {
        if latest < self.log_end {
            OutOfRange::TruncateTo(latest)
        } else if earliest > self.log_end {
            OutOfRange::RestartAt(earliest)
        } else {
            OutOfRange::GoOn
        }
    }
}
