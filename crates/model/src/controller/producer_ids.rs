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

#[cfg(test)]
mod tests {
    use super::super::testing::Desk;
    use super::*;
    use crate::ids::NodeId;

    #[test]
    fn blocks_follow_each_other_and_only_registered_brokers_get_them() {
        let mut desk = Desk::new(2);
        for (broker, first) in [(1, 0), (2, 1_000), (1, 2_000)] {
            let broker_epoch = desk.image.brokers[&NodeId(broker)].epoch;
            let request = AllocateProducerIds { broker_id: NodeId(broker), broker_epoch };
            let (start, record) = allocate(&desk.view(), &request).expect("it is registered");
            assert_eq!(start, first);
            desk.apply(&[record]);
        }
        let stale = AllocateProducerIds { broker_id: NodeId(1), broker_epoch: -1 };
        assert_eq!(allocate(&desk.view(), &stale), Err(ErrorCode::StaleBrokerEpoch));
    }
}
