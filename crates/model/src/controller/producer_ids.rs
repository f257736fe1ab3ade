//! AllocateProducerIds: blocks of producer ids for brokers (`ProducerIdControlManager`).
//!
//! Invariant: no id is handed out twice.

use super::records::MetadataRecord;
use super::view::View;
use crate::api::ErrorCode;
use crate::api::request::AllocateProducerIds;
use crate::ids::ProducerId;

/// Ids in a block (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
pub const BLOCK_SIZE: i32 = 1_000;

/// The first id of the next block, and the record that takes it.
pub fn allocate(
    view: &View<'_>,
    request: &AllocateProducerIds,
) -> Result<(ProducerId, MetadataRecord), ErrorCode> {
    view.check_broker_epoch(request.broker_id, request.broker_epoch)?;
    let first = view.image.next_producer_id;
    let next = first.checked_add(BLOCK_SIZE.into()).ok_or(ErrorCode::UnknownServerError)?;
    Ok((first, MetadataRecord::ProducerIds { next }))
}
