//! What an application calls besides `poll()`: `commitSync`, `seek` and `close` (`ClassicKafkaConsumer`).
//!
//! A blocking call is a phase of the application until it is answered or out of time. Invariant: each call is answered once, by
//! a fact.

use super::app::{AFTER_ERROR, Phase};
use super::commit::{OffsetsToCommit, Purpose, commit_exception};
use super::subscription::Partition;
use super::{Consumer, MemberState, Position};
use crate::client::network::Peer;
use crate::cx::{Cx, Effect};
use crate::ids::{EpochMs, Offset};
use crate::trace::{Fact, PositionSource};
use kafkascope_kernel::{Micros, SimTime};

/// How long `close()` may take.
const CLOSE_TIMEOUT: Micros = Micros::from_ms(30_000);

impl Consumer {
    pub(super) fn seek_now(&mut self, partition: &Partition, offset: Offset, cx: &mut Cx<'_>) {
        let (leader, leader_epoch) = self.leader_of(partition);
        let tp = self.tp(partition);
        let error = match self.subscriptions.get_mut(partition) {
            None => Some("IllegalStateException"),
            Some(_) if offset < 0 => Some("IllegalArgumentException"),
            Some(assigned) => {
                assigned.seek(Position { offset, offset_epoch: None, leader, leader_epoch });
                cx.note(Fact::PositionSet { tp, offset, source: PositionSource::Seek });
                None
            }
        };
        cx.note(Fact::AppCallDone { call: "seek", error });
    }

    /// `offsetsForTimes`, then `seek`: positions are looked up by the next `poll()`.
    pub(super) fn seek_to_time_now(&mut self, timestamp: EpochMs, cx: &mut Cx<'_>) {
        for partition in self.subscriptions.partitions() {
            if let Some(assigned) = self.subscriptions.get_mut(&partition) {
                assigned.request_time(timestamp);
            }
        }
        cx.note(Fact::AppCallDone { call: "offsetsForTimes", error: None });
    }

    /// `pause` and `resume`; neither knows partitions that the consumer does not have.
    pub(super) fn pause_now(&mut self, partitions: &[Partition], paused: bool, cx: &mut Cx<'_>) {
        let has_all = partitions.iter().all(|wanted| self.subscriptions.get(wanted).is_some());
        let error = (!has_all).then_some("IllegalStateException");
        for partition in partitions.iter().filter(|_| has_all) {
            if let Some(assigned) = self.subscriptions.get_mut(partition) {
                assigned.paused = paused;
            }
        }
        cx.note(Fact::AppCallDone { call: if paused { "pause" } else { "resume" }, error });
    }

    /// `commitSync` goes on until it is answered for good.
    pub(super) fn commit_sync_turn(&mut self, cx: &mut Cx<'_>) -> bool {
        let Phase::Committing { offsets, until, .. } = &self.app.phase else { return false };
        let (offsets, until) = (offsets.clone(), *until);
        let Some(verdict) = self.try_commit(&offsets, until, cx) else { return false };
        let phase = core::mem::replace(&mut self.app.phase, Phase::Resting(cx.now));
        let rest = match phase {
            Phase::Committing { rest, .. } => rest,
            Phase::Idle
            | Phase::Polling(_)
            | Phase::Working(..)
            | Phase::SendingOn(_)
            | Phase::Resting(_)
            | Phase::Throwing(..)
            | Phase::Blocked
            | Phase::HandedOver
            | Phase::Closing { .. }
            | Phase::Closed => unreachable!("looked at just now"),
        };
        match rest {
            None => {
                cx.note(Fact::AppCallDone { call: "commitSync", error: verdict });
                let wait = if verdict.is_some() { AFTER_ERROR } else { Micros::ZERO };
                self.app.phase = Phase::Resting(cx.now + wait);
            }
            Some(records) => {
                if verdict.is_some() {
                    cx.note(Fact::AppCallDone { call: "commitSync", error: verdict });
                }
                let next = cx.now + self.app.processing.per_record;
                if records.is_empty() {
                    self.rest(cx);
                } else {
                    self.app.phase = Phase::Working(records, next);
                }
            }
        }
        true
    }

    /// The exception that the commit threw, if any; nothing while it goes on.
    fn try_commit(
        &mut self,
        offsets: &OffsetsToCommit,
        until: SimTime,
        cx: &mut Cx<'_>,
    ) -> Option<Option<&'static str>> {
        if self.config.group_id.is_none() {
            return Some(Some("InvalidGroupIdException"));
        }
        if offsets.is_empty() {
            return Some(None);
        }
        loop {
            match self.commits.sync.take() {
                Some(Some(Ok(()))) => return Some(None),
                Some(Some(Err(error))) if !error.is_retriable() => {
                    return Some(Some(commit_exception(error)));
                }
                Some(Some(Err(_))) => self.commits.sync_retry_at = cx.now + self.retry_backoff(),
                Some(None) => self.commits.sync = Some(None),
                None => {}
            }
            if until <= cx.now {
                self.commits.sync = None;
                return Some(Some("TimeoutException"));
            }
            let waits = self.commits.sync.is_some() || cx.now < self.commits.sync_retry_at;
            if waits || !self.ensure_coordinator(cx) {
                return None;
            }
            self.commits.sync = Some(None);
            self.send_commit(Purpose::Sync, offsets.clone(), cx);
        }
    }

    /// `close()`: positions are committed if that is automatic, then the group is left, then fetch sessions are closed.
    pub(super) fn begin_close(&mut self, cx: &mut Cx<'_>) -> Phase {
        let until = cx.now + CLOSE_TIMEOUT;
        let joined = if self.is_modern() {
            self.modern.is_in_group()
        } else {
            self.membership.state == MemberState::Stable
        };
        let commits = self.auto_commits() && (!self.is_subscribed() || joined);
        let consumed =
            if commits { self.subscriptions.all_consumed() } else { OffsetsToCommit::new() };
        self.commits.begin_sync();
        if consumed.is_empty() {
            self.say_goodbye(cx);
            return Phase::Closing { until, offsets: None };
        }
        Phase::Closing { until, offsets: Some(consumed) }
    }

    pub(super) fn close_turn(&mut self, cx: &mut Cx<'_>) -> bool {
        let Phase::Closing { until, offsets } = &mut self.app.phase else { return false };
        let until = *until;
        if let Some(consumed) = offsets.take() {
            if self.try_commit(&consumed, until, cx).is_some() {
                self.say_goodbye(cx);
                return true;
            }
            self.app.phase = Phase::Closing { until, offsets: Some(consumed) };
            return false;
        }
        let waits = self.coordinator.node.is_some_and(|node| {
            let peer = Peer::coordinator(node);
            self.outbox.waits_for(peer) || self.client.in_flight(peer) > 0
        });
        if cx.now < until && (waits || !self.close_sessions(cx)) {
            return false;
        }
        self.app.phase = Phase::Closed;
        cx.note(Fact::ClientClosed);
        cx.out.push(Effect::Exit);
        false
    }

    fn say_goodbye(&mut self, cx: &mut Cx<'_>) {
        if self.is_subscribed() && self.is_modern() {
            self.modern_leave(cx);
        } else if self.is_subscribed() {
            self.give_up_all(cx);
            self.leave_group("the consumer is being closed", cx);
        }
    }
}
