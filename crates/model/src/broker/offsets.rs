//! LIST_OFFSETS and OFFSET_FOR_LEADER_EPOCH: where a log begins, ends, and where its epochs end.
//!
//! Invariant: clients are told of nothing above the high watermark, followers of everything.

use super::Env;
use super::partition::Partition;
use super::replica_manager::ReplicaManager;
use crate::api::request::{ListOffsets, OffsetForLeaderEpoch, OffsetSpec};
use crate::api::response::{EpochEnd, ListedOffset};
use crate::api::{ErrorCode, Response};
use crate::ids::{EpochMs, LeaderEpoch, Offset, TopicPartition};

impl ReplicaManager {
    /// Answers a LIST_OFFSETS.
    pub fn list_offsets(&self, request: &ListOffsets, env: &Env<'_>) -> Response {
        let answers = request.partitions.iter().map(|(tp, epoch, spec)| {
            let found = self.leader_of(*tp, *epoch, env).and_then(|partition| {
                look_up(partition, *spec, request.replica_id.is_broker())
                    .map(|(offset, timestamp)| (partition, offset, timestamp))
            });
            match found {
                Ok((partition, offset, timestamp)) => ListedOffset {
                    tp: *tp,
                    error: ErrorCode::None,
                    timestamp,
                    offset,
                    leader_epoch: epoch_of(partition, offset, *spec),
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

fn look_up(
    partition: &Partition,
    spec: OffsetSpec,
    by_follower: bool,
) -> Result<(Offset, EpochMs), ErrorCode> {
    let (log, leadership) = (&partition.log, partition.require_leadership()?);
    let end = if by_follower { log.log_end() } else { log.high_watermark() };
    // The high watermark of a new leader may be behind what its predecessor has told (KIP-207).
    let unsure = !by_follower && log.high_watermark() < leadership.epoch_start;
    let visible = |found: Option<(Offset, EpochMs)>| {
        found.filter(|(offset, _)| *offset < end).unwrap_or((-1, -1))
    };
    match spec {
        OffsetSpec::Earliest => Ok((log.log_start(), -1)),
        _ if unsure => Err(ErrorCode::OffsetNotAvailable),
        OffsetSpec::Latest => Ok((end, -1)),
        OffsetSpec::MaxTimestamp => {
            Ok(visible(log.max_timestamp().map(|(offset, timestamp, _)| (offset, timestamp))))
        }
        OffsetSpec::AtOrAfter(moment) => Ok(visible(log.offset_at_or_after(moment))),
    }
}

fn epoch_of(partition: &Partition, offset: Offset, spec: OffsetSpec) -> LeaderEpoch {
    let log = &partition.log;
    match spec {
        OffsetSpec::Latest => partition.leader_epoch,
        OffsetSpec::Earliest | OffsetSpec::AtOrAfter(_) => {
            log.epochs().epoch_at(offset).unwrap_or(-1)
        }
        // The epochs of what lies below the log's start are forgotten, those in its batches are not.
        OffsetSpec::MaxTimestamp if offset < 0 => -1,
        OffsetSpec::MaxTimestamp => log.max_timestamp().map_or(-1, |(_, _, epoch)| epoch),
    }
}
