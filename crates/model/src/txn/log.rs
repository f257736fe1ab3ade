//! What a transaction coordinator needs of the broker that hosts it.
//!
//! Invariant: what was appended counts only once the high watermark has passed it.

use crate::api::ErrorCode;
use crate::group::OffsetsLog;
use crate::ids::{LeaderEpoch, ProducerId};

/// The internal topic that holds transactional ids (`Topic.TRANSACTION_STATE_TOPIC_NAME`).
pub const TXN_TOPIC: &str = "__transaction_state";

/// The broker as its transaction coordinator sees it: the log of `__transaction_state`, metadata, configs and producer ids.
pub trait TxnLog: OffsetsLog {
    /// The leader epoch of a partition that this broker leads: the coordinator's own epoch.
    fn leader_epoch(&self, partition: i32) -> LeaderEpoch;

    /// A producer id that nobody has, or `COORDINATOR_LOAD_IN_PROGRESS` while there is none.
    fn new_producer_id(&mut self) -> Result<ProducerId, ErrorCode>;
}
