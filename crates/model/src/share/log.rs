//! What share partitions need of the broker that hosts them: the logs it leads, and configs.
//!
//! Invariant: nothing at or above the high watermark is read.

use super::{ShareKey, ShareLimits};
use crate::api::ErrorCode;
use crate::api::response::CurrentLeader;
use crate::ids::{LeaderEpoch, Name, Offset, TopicPartition};
use crate::log::Batch;
use alloc::vec::Vec;

/// The broker as its share partitions see it.
pub trait SharedLog {
    /// The epoch in which this broker leads a partition, or why it cannot serve it.
    fn leader_epoch(&self, tp: TopicPartition) -> Result<LeaderEpoch, ErrorCode>;

    /// Where the leader is, as far as this broker knows.
    fn current_leader(&self, tp: TopicPartition) -> Option<CurrentLeader>;

    /// How many bytes can be read from an offset on, `enough` at most.
    fn readable_bytes(&self, tp: TopicPartition, from: Offset, enough: u64) -> u64;

    /// Whole batches from the one that holds an offset.
    fn read(
        &self,
        tp: TopicPartition,
        from: Offset,
        max_bytes: u32,
    ) -> Result<Vec<Batch>, ErrorCode>;

    /// The log start.
    fn log_start(&self, tp: TopicPartition) -> Offset;

    /// Where a share partition without stored start begins (`share.auto.offset.reset`).
    fn reset_offset(&self, key: &ShareKey) -> Offset;

    /// What a group's and the broker's configs allow.
    fn limits(&self, group: &Name) -> ShareLimits;

    /// `group.share.max.share.sessions`.
    fn max_sessions(&self) -> i32;
}
