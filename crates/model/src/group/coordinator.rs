//! The group coordinator of a broker (`GroupCoordinatorService`, `GroupCoordinatorShard`).
//!
//! It answers group requests for the partitions of `__consumer_offsets` that its broker leads. Invariant: it never answers for
//! a partition that it has not loaded.

use super::offsets_log::OffsetsLog;
use crate::api::Request;
use crate::broker::BrokerTimer;
use crate::cx::Cx;
use crate::ids::{Correlation, Name, Offset};
use crate::net::ConnId;
use crate::node::Timer;

/// A timer of a group coordinator; the broker passes each to [`GroupCoordinator::on_timer`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupTimer {
    /// A partition has been read to its end.
    Loaded(i32),
    /// Appends to a partition have waited for `offsets.commit.timeout.ms`.
    Write(i32),
    /// A group's join phase ends.
    Join(Name),
    /// A group's sync phase ends.
    Sync(Name),
    /// A member of a group was silent for too long.
    Session(Name, Name),
}

impl From<GroupTimer> for Timer {
    fn from(timer: GroupTimer) -> Self {
        Self::Broker(BrokerTimer::Group(timer))
    }
}

/// Which partition of `__consumer_offsets` a group belongs to: Java's string hash, without its sign, modulo the count
/// (`Utils.abs(groupId.hashCode()) % partitions`).
pub fn partition_for(group_id: &str, partitions: i32) -> i32 {
    let hash = group_id
        .encode_utf16()
        .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    hash.checked_abs().unwrap_or(0) % partitions.max(1)
}

/// A broker's group coordinator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupCoordinator {}

impl GroupCoordinator {
    /// Answers one of JOIN_GROUP, SYNC_GROUP, HEARTBEAT, LEAVE_GROUP, OFFSET_COMMIT and OFFSET_FETCH, now or later.
    /// The broker answers FIND_COORDINATOR itself, by [`partition_for`] and its metadata.
    pub fn handle(
        &mut self,
        _conn: ConnId,
        _correlation: Correlation,
        _request: &Request,
        _log: &mut dyn OffsetsLog,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// A timer of this coordinator is due.
    pub fn on_timer(&mut self, _timer: GroupTimer, _log: &mut dyn OffsetsLog, _cx: &mut Cx<'_>) {}

    /// The broker now leads a partition of the offsets topic: it is loaded, then served. Also to be called after a start.
    pub fn on_elected(&mut self, _partition: i32, _log: &mut dyn OffsetsLog, _cx: &mut Cx<'_>) {}

    /// The broker no longer leads a partition, or the topic was deleted.
    pub fn on_resigned(&mut self, _partition: i32, _cx: &mut Cx<'_>) {}

    /// The high watermark of a partition that this broker leads moved.
    pub fn on_high_watermark(
        &mut self,
        _partition: i32,
        _high_watermark: Offset,
        _log: &mut dyn OffsetsLog,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// A client's connection ended: what is parked on it gets no answer.
    pub fn on_client_gone(&mut self, _conn: ConnId, _cx: &mut Cx<'_>) {}

    /// The broker applied new metadata: offsets of deleted topics go.
    pub fn on_metadata(&mut self, _log: &mut dyn OffsetsLog, _cx: &mut Cx<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::partition_for;

    #[test]
    fn a_group_belongs_to_the_partition_that_java_hashes_it_to() {
        let known =
            [("", 0), ("my-group", 12), ("orders", 31), ("polygenelubricants", 0), ("🙂", 15)];
        for (group, partition) in known {
            assert_eq!(partition_for(group, 50), partition, "{group}");
        }
    }
}
