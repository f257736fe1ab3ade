//! Positions that are looked up or checked at leaders: LIST_OFFSETS after a reset, OFFSET_FOR_LEADER_EPOCH after a change of
//! leader (`OffsetFetcher`).
//!
//! Invariant: an answer counts only for a partition that still waits for it.

use super::subscription::{FetchState, Partition, Position};
use super::{Call, Consumer, answered};
use crate::api::request::{ListOffsets, OffsetForLeaderEpoch, OffsetSpec};
use crate::api::response::{EpochEnd, ListedOffset};
use crate::api::{ErrorCode, Request, Response};
use crate::client::network::{Outcome, Peer};
use crate::config::consumer::{AutoOffsetReset, IsolationLevel};
use crate::cx::Cx;
use crate::ids::{EpochMs, LeaderEpoch, NodeId};
use crate::trace::{Fact, PositionSource};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// How consumers name themselves to OFFSET_FOR_LEADER_EPOCH.
const CONSUMER_REPLICA_ID: NodeId = NodeId(-2);

impl Consumer {
    /// A partition's leader as metadata has it, with its epoch (`Metadata.currentLeader`).
    pub(super) fn leader_of(&self, partition: &Partition) -> (Option<NodeId>, LeaderEpoch) {
        let cluster = self.client.metadata.cluster();
        let Some(tp) = cluster.tp(&partition.0, partition.1) else { return (None, -1) };
        let epoch = cluster.partition(tp).map_or(-1, |known| known.leader_epoch);
        (cluster.leader(tp), epoch)
    }

    /// Metadata may have new leaders: positions follow (`validatePositionsOnMetadataChange`).
    pub(super) fn follow_leaders(&mut self) {
        for partition in self.subscriptions.partitions() {
            let (leader, epoch) = self.leader_of(&partition);
            if let Some(assigned) = self.subscriptions.get_mut(&partition)
                && !assigned.is_looked_up()
            {
                assigned.leader_changed(leader, epoch);
            }
        }
    }

    /// Looks up positions where a reset is due (`resetPositionsIfNeeded`).
    pub(super) fn reset_positions(&mut self, cx: &mut Cx<'_>) {
        let now_ms = cx.epoch_ms();
        let due = |state: FetchState| match state {
            FetchState::AwaitReset(strategy) => Some(spec_of(strategy, now_ms)),
            FetchState::AwaitTime(timestamp) => Some(OffsetSpec::AtOrAfter(timestamp)),
            FetchState::AwaitEnd => Some(OffsetSpec::Latest),
            FetchState::Initializing | FetchState::AwaitValidation | FetchState::Fetching => None,
        };
        let by_leader = self.by_leader(|state| due(state).is_some(), cx);
        for (leader, partitions) in by_leader {
            let mut asked = Vec::new();
            for partition in &partitions {
                let assigned = self.subscriptions.get(partition);
                let Some(spec) = assigned.and_then(|a| due(a.state)) else { continue };
                let Some(tp) = self.client.metadata.cluster().tp(&partition.0, partition.1) else {
                    continue;
                };
                asked.push((tp, self.leader_of(partition).1, spec));
            }
            let body = ListOffsets {
                replica_id: NodeId::NONE,
                read_committed: self.config.isolation_level == IsolationLevel::ReadCommitted,
                partitions: asked,
            };
            let timeout = self.request_timeout();
            let call = Call::ListOffsets(partitions);
            let peer = Peer::broker(leader);
            self.outbox.push(peer, Request::ListOffsets(body), call, timeout, cx);
        }
    }

    pub(super) fn on_listed(&mut self, asked: &[Partition], outcome: Outcome, cx: &mut Cx<'_>) {
        let rows = answered(outcome).map(|body| {
            let Response::ListOffsets(rows) = body else {
                unreachable!("LIST_OFFSETS is answered by its own response")
            };
            rows
        });
        for partition in asked {
            let tp = self.tp(partition);
            let row = rows.as_ref().ok().and_then(|rows| rows.iter().find(|row| row.tp == tp));
            match (row, &rows) {
                (Some(row), _) if row.error.is_ok() => self.take_listed(partition, row, cx),
                (Some(row), _) => self.look_up_again(partition, row.error, cx),
                (None, Err(error)) => self.look_up_again(partition, *error, cx),
                (None, Ok(_)) => {
                    self.look_up_again(partition, ErrorCode::UnknownTopicOrPartition, cx)
                }
            }
        }
    }

    fn take_listed(&mut self, partition: &Partition, row: &ListedOffset, cx: &mut Cx<'_>) {
        let (leader, leader_epoch) = self.leader_of(partition);
        let tp = self.tp(partition);
        if row.leader_epoch >= 0 {
            self.client.metadata.saw_epoch(&partition.0, partition.1, row.leader_epoch);
        }
        let Some(assigned) = self.subscriptions.get_mut(partition) else { return };
        let source = match assigned.state {
            FetchState::AwaitReset(_) => PositionSource::Reset,
            FetchState::AwaitTime(_) | FetchState::AwaitEnd => PositionSource::Seek,
            FetchState::Initializing | FetchState::AwaitValidation | FetchState::Fetching => return,
        };
        if row.offset < 0 {
            // Nothing is that young: the application goes on at the end (`seekToEnd`).
            assigned.request_end();
            return;
        }
        // Without the epoch of what lies before, there is nothing to check.
        let offset = row.offset;
        assigned.seek(Position { offset, offset_epoch: None, leader, leader_epoch });
        cx.note(Fact::PositionSet { tp, offset, source });
    }

    /// Asks leaders whether their logs still hold what was read (`validatePositionsIfNeeded`).
    pub(super) fn validate_positions(&mut self, cx: &mut Cx<'_>) {
        for (leader, partitions) in self.by_leader(|s| s == FetchState::AwaitValidation, cx) {
            let (mut asked, mut remembered) = (Vec::new(), Vec::new());
            for partition in partitions {
                let position = self.subscriptions.get(&partition).and_then(|a| a.position);
                let tp = self.client.metadata.cluster().tp(&partition.0, partition.1);
                if let (Some(position), Some(tp)) = (position, tp) {
                    let epoch = position.offset_epoch.unwrap_or(-1);
                    asked.push((tp, position.leader_epoch, epoch));
                    remembered.push((partition, position));
                }
            }
            let body = OffsetForLeaderEpoch { replica_id: CONSUMER_REPLICA_ID, partitions: asked };
            let timeout = self.request_timeout();
            let call = Call::EpochEnds(remembered);
            let peer = Peer::broker(leader);
            self.outbox.push(peer, Request::OffsetForLeaderEpoch(body), call, timeout, cx);
        }
    }

    pub(super) fn on_epoch_ends(
        &mut self,
        asked: &[(Partition, Position)],
        outcome: Outcome,
        cx: &mut Cx<'_>,
    ) {
        let rows = answered(outcome).map(|body| {
            let Response::OffsetForLeaderEpoch(rows) = body else {
                unreachable!("OFFSET_FOR_LEADER_EPOCH is answered by its own response")
            };
            rows
        });
        for (partition, position) in asked {
            let tp = self.tp(partition);
            let row = rows.as_ref().ok().and_then(|rows| rows.iter().find(|row| row.tp == tp));
            match (row, &rows) {
                (Some(row), _) if row.error.is_ok() => {
                    self.take_epoch_end(partition, *position, row, cx);
                }
                (Some(row), _) => self.look_up_again(partition, row.error, cx),
                (None, Err(error)) => self.look_up_again(partition, *error, cx),
                (None, Ok(_)) => {
                    self.look_up_again(partition, ErrorCode::UnknownTopicOrPartition, cx)
                }
            }
        }
    }

    /// What was read lies beyond the epoch's end: the log was cut, and reading goes on from there
    /// (`SubscriptionState.maybeCompleteValidation`).
    fn take_epoch_end(
        &mut self,
        partition: &Partition,
        asked: Position,
        row: &EpochEnd,
        cx: &mut Cx<'_>,
    ) {
        let (tp, strategy) = (self.tp(partition), self.config.auto_offset_reset);
        let Some(assigned) = self.subscriptions.get_mut(partition) else { return };
        if assigned.state != FetchState::AwaitValidation || assigned.position != Some(asked) {
            return;
        }
        let unknown = row.end_offset < 0 || row.leader_epoch < 0;
        if unknown && strategy != AutoOffsetReset::None {
            assigned.request_reset(strategy);
        } else if !unknown && row.end_offset < asked.offset && strategy != AutoOffsetReset::None {
            let (offset, offset_epoch) = (row.end_offset, Some(row.leader_epoch));
            assigned.position = Some(Position { offset, offset_epoch, ..asked });
            assigned.state = FetchState::Fetching;
            cx.note(Fact::PositionSet { tp, offset, source: PositionSource::Reset });
        } else if unknown || row.end_offset < asked.offset {
            self.app.failed = Some("LogTruncationException");
        } else {
            assigned.state = FetchState::Fetching;
        }
    }

    fn look_up_again(&mut self, partition: &Partition, error: ErrorCode, cx: &mut Cx<'_>) {
        let retry_at = cx.now + self.retry_backoff();
        self.client.metadata.request_update(error, cx);
        if let Some(assigned) = self.subscriptions.get_mut(partition) {
            assigned.retry_at = retry_at;
        }
    }

    /// Partitions in a state that are due, by leader; those without one wait for metadata.
    fn by_leader(
        &mut self,
        wanted: impl Fn(FetchState) -> bool,
        cx: &mut Cx<'_>,
    ) -> FlatMap<NodeId, Vec<Partition>> {
        let due = self.subscriptions.iter().filter(|a| wanted(a.state) && a.retry_at <= cx.now);
        let due: Vec<_> = due.map(|assigned| assigned.partition.clone()).collect();
        let mut by_leader: FlatMap<NodeId, Vec<Partition>> = FlatMap::new();
        for partition in due {
            let (leader, _) = self.leader_of(&partition);
            let wait = match leader {
                Some(leader) => {
                    by_leader.entry(leader).or_default().push(partition.clone());
                    self.request_timeout()
                }
                None => {
                    self.client.metadata.request_update(ErrorCode::None, cx);
                    self.retry_backoff()
                }
            };
            if let Some(assigned) = self.subscriptions.get_mut(&partition) {
                assigned.retry_at = cx.now + wait;
            }
        }
        by_leader
    }
}

const fn spec_of(strategy: AutoOffsetReset, now_ms: EpochMs) -> OffsetSpec {
    match strategy {
        AutoOffsetReset::ByDuration(ms) => OffsetSpec::AtOrAfter(now_ms - ms),
        AutoOffsetReset::Earliest => OffsetSpec::Earliest,
        AutoOffsetReset::Latest | AutoOffsetReset::None => OffsetSpec::Latest,
    }
}
