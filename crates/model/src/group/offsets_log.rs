//! What a group coordinator needs of the broker that hosts it: the log of `__consumer_offsets`, metadata and configs.
//!
//! Invariant: what was appended counts only once the high watermark has passed it.

use crate::api::ErrorCode;
use crate::config::broker::BrokerConfig;
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::ids::{Bytes, Offset, ProducerEpoch, ProducerId};
use crate::log::Batch;
use crate::log::producers::Guard;
use alloc::vec::Vec;

/// The internal topic that holds groups and their offsets (`Topic.GROUP_METADATA_TOPIC_NAME`).
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// A record for the offsets topic; a missing value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetsRecord {
    /// What it is about (`OffsetCommitKey`, `GroupMetadataKey` and so on).
    pub key: Bytes,
    /// What is so now.
    pub value: Option<Bytes>,
}

/// The broker as its group coordinator sees it.
///
/// The coordinator calls it only from within its own methods. `append` may move the high watermark at once (a single replica);
/// the coordinator looks at [`OffsetsLog::high_watermark`] after each append, so the broker need not report such a move.
pub trait OffsetsLog {
    /// The broker's configs.
    fn config(&self) -> &BrokerConfig;

    /// The metadata that the broker has applied.
    fn image(&self) -> &MetadataImage;

    /// Appends one batch as this partition's leader with acks=all: `NOT_LEADER_OR_FOLLOWER` if the broker does not lead it,
    /// `NOT_ENOUGH_REPLICAS` if its ISR is below `min.insync.replicas`. The offset after the batch; the batch counts once
    /// the high watermark reaches it. Records carry [`crate::ids::RecordId::INTERNAL`] and the broker's clock.
    fn append(
        &mut self,
        partition: i32,
        records: Vec<OffsetsRecord>,
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode>;

    /// The same as part of a producer's transaction; with the guard of its verification, if it needed one.
    fn append_transactional(
        &mut self,
        partition: i32,
        records: Vec<OffsetsRecord>,
        producer: (ProducerId, ProducerEpoch, Guard),
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode>;

    /// The high watermark of a partition that this broker leads; 0 for others.
    fn high_watermark(&self, partition: i32) -> Offset;

    /// Everything in a partition's log from its log start to its end, to be replayed after an election.
    fn batches(&self, partition: i32) -> Vec<Batch>;
}
