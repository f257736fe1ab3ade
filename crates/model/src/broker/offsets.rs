//! LIST_OFFSETS and OFFSET_FOR_LEADER_EPOCH: where a log begins, ends, and where its epochs end.
//!
//! Invariant: clients are told of nothing above the high watermark, followers of everything.

use super::Env;
use super::partition::Partition;
use super::replica_manager::ReplicaManager;
use crate::api::request::{ListOffsets, OffsetForLeaderEpoch, OffsetSpec};
use crate::api::response::{EpochEnd, ListedOffset};
use crate::api::{ErrorCode, Response};
use crate::ids::{LeaderEpoch, TopicPartition};
use crate::log::read::Found;

impl ReplicaManager {
    /// Answers a LIST_OFFSETS.
    pub fn list_offsets(&self, request: &ListOffsets, env: &Env<'_>) -> Response {
        let answers = request.partitions.iter().map(|(tp, epoch, spec)| {
            let found = self
                .leader_of(*tp, *epoch, env)
                .and_then(|partition| look_up(partition, *spec, request));
            match found {
                Ok(Found { offset, timestamp, leader_epoch }) => ListedOffset {
                    tp: *tp,
                    error: ErrorCode::None,
                    timestamp,
                    offset,
                    leader_epoch,
                },
                Err(error) => {
                    ListedOffset { tp: *tp, error, timestamp: -1, offset: -1, leader_epoch: -1 }
                }
            }
        });
        Response::ListOffsets(answers.collect())
    }

    /// Answers an OFFSET_FOR_LEADER_EPOCH.
    pub fn offset_for_leader_epoch(
        &self,
        request: &OffsetForLeaderEpoch,
        env: &Env<'_>,
    ) -> Response {
        let answers = request.partitions.iter().map(|(tp, current, asked)| {
            let end = self.leader_of(*tp, *current, env).map(|partition| {
                let log = &partition.log;
                log.epochs().end_offset_for(*asked, log.log_end()).unwrap_or((-1, -1))
            });
            let (error, (leader_epoch, end_offset)) = match end {
                Ok(end) => (ErrorCode::None, end),
                Err(error) => (error, (-1, -1)),
            };
            EpochEnd { tp: *tp, error, leader_epoch, end_offset }
        });
        Response::OffsetForLeaderEpoch(answers.collect())
    }

    fn leader_of(
        &self,
        tp: TopicPartition,
        epoch: LeaderEpoch,
        env: &Env<'_>,
    ) -> Result<&Partition, ErrorCode> {
        let hosted = self.replicas.get(tp).filter(|partition| partition.leader_epoch >= 0);
        let partition = hosted.ok_or_else(|| Self::absent(tp, env).0)?;
        partition.check_epoch(epoch)?;
        partition.require_leadership()?;
        Ok(partition)
    }
}

/// What a leader answers to one question (`Partition.fetchOffsetForTimestamp`).
fn look_up(
    partition: &Partition,
    spec: OffsetSpec,
    request: &ListOffsets,
) -> Result<Found, ErrorCode> {
    let (log, leadership) = (&partition.log, partition.require_leadership()?);
    let by_follower = request.replica_id.is_broker();
    let end = if by_follower {
        log.log_end()
    } else if request.read_committed {
        log.last_stable_offset()
    } else {
        log.high_watermark()
    };
    // The high watermark of a new leader may be behind what its predecessor has told (KIP-207).
    let sure = || {
        let known = by_follower || log.high_watermark() >= leadership.epoch_start;
        if known { Ok(()) } else { Err(ErrorCode::OffsetNotAvailable) }
    };
    let visible = |found: Option<Found>| match found.filter(|found| found.offset < end) {
        Some(found) => Ok(found),
        None => sure().map(|()| Found { offset: -1, timestamp: -1, leader_epoch: -1 }),
    };
    match spec {
        OffsetSpec::Earliest => {
            let offset = log.log_start();
            let leader_epoch = log.epochs().epoch_at(offset).unwrap_or(-1);
            Ok(Found { offset, timestamp: -1, leader_epoch })
        }
        OffsetSpec::Latest => {
            let leader_epoch = partition.leader_epoch;
            sure().map(|()| Found { offset: end, timestamp: -1, leader_epoch })
        }
        OffsetSpec::MaxTimestamp => visible(log.max_timestamp()),
        OffsetSpec::AtOrAfter(moment) => visible(log.offset_at_or_after(moment)),
    }
}
