//! Where the group left off: OFFSET_FETCH for partitions without a position
//! (`ConsumerCoordinator.initWithCommittedOffsetsIfNeeded`).
//!
//! Invariant: at most one OFFSET_FETCH is under way, and only its latest answer counts.

use super::subscription::{FetchState, Partition, Position};
use super::{Call, Consumer, answered, java_order};
use crate::api::{ErrorCode, Request, Response, request::OffsetFetch, response};
use crate::client::network::Outcome;
use crate::config::consumer::AutoOffsetReset;
use crate::cx::Cx;
use crate::trace::{Fact, PositionSource};
use alloc::vec::Vec;
use kafkascope_kernel::SimTime;

/// What is asked about committed offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Committed {
    asked: Option<Vec<Partition>>,
    pub retry_at: SimTime,
    attempts: u32,
    failed: Option<ErrorCode>,
}

impl Consumer {
    /// Asks for committed offsets where they are needed; whether none are missing any more. The error is what `poll()` throws.
    pub(super) fn init_with_committed(&mut self, cx: &mut Cx<'_>) -> Result<bool, ErrorCode> {
        if let Some(error) = self.committed.failed.take() {
            return Err(error);
        }
        let initializing =
            self.subscriptions.iter().filter(|a| a.state == FetchState::Initializing);
        let wanted: Vec<_> = initializing.map(|assigned| assigned.partition.clone()).collect();
        let wanted = java_order::sort(wanted, java_order::DEFAULT_CAPACITY, |partition| partition);
        // Without an answer to throw first, `poll()` would ask again before it throws.
        if wanted.is_empty() || self.app.no_offset {
            return Ok(wanted.is_empty());
        }
        if self.config.group_id.is_none() {
            self.reset_initializing(&wanted);
            return Ok(true);
        }
        if self.committed.asked.as_ref() == Some(&wanted)
            || cx.now < self.committed.retry_at
            || !self.ensure_coordinator(cx)
        {
            return Ok(false);
        }
        let generation = self.modern.generation();
        let member = (self.is_modern() && self.is_subscribed())
            .then_some((generation.member_id, generation.id));
        let topic_ids = self.known_topic_ids(wanted.iter().map(|(topic, _)| topic));
        let body = OffsetFetch {
            group_id: self.group_id(),
            partitions: Some(wanted.clone()),
            require_stable: true,
            member,
            topic_ids,
        };
        let call = Call::OffsetFetch(wanted.clone());
        if self.ask_coordinator(Request::OffsetFetch(body.into()), call, cx) {
            self.committed.asked = Some(wanted);
        }
        Ok(false)
    }

    pub(super) fn on_offsets(&mut self, asked: &[Partition], outcome: Outcome, cx: &mut Cx<'_>) {
        if self.committed.asked.as_deref() != Some(asked) {
            return;
        }
        self.committed.asked = None;
        let answer = answered(outcome).and_then(|body| {
            let Response::OffsetFetch(answer) = body else {
                unreachable!("OFFSET_FETCH is answered by its own response")
            };
            let refused = answer.offsets.iter().map(|row| row.4).find(|error| !error.is_ok());
            let error = if answer.error.is_ok() { refused } else { Some(answer.error) };
            error.map_or(Ok(answer), Err)
        });
        match answer {
            Ok(answer) => {
                self.committed.attempts = 0;
                self.take_committed(answer, cx);
            }
            Err(error) if error.is_retriable() || is_stale(error) => {
                self.suspect_coordinator(error, cx);
                let (base, cap) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
                let wait = cx.backoff(base.min(cap), cap, self.committed.attempts);
                self.committed.attempts += 1;
                self.committed.retry_at = cx.now + wait;
            }
            Err(error) => self.committed.failed = Some(error),
        }
    }

    fn take_committed(&mut self, answer: response::OffsetFetch, cx: &mut Cx<'_>) {
        let mut without = Vec::new();
        for (topic, index, offset, epoch, _) in answer.offsets {
            let partition = (topic, index);
            if offset < 0 {
                without.push(partition);
                continue;
            }
            let (leader, leader_epoch) = self.leader_of(&partition);
            let offset_epoch = (epoch >= 0).then_some(epoch);
            if let Some(epoch) = offset_epoch {
                self.client.metadata.saw_epoch(&partition.0, index, epoch);
            }
            let tp = self.tp(&partition);
            let Some(assigned) = self.subscriptions.get_mut(&partition) else { continue };
            if assigned.state != FetchState::Initializing {
                continue;
            }
            assigned.seek(Position { offset, offset_epoch, leader, leader_epoch });
            let source = PositionSource::Committed;
            cx.note(Fact::PositionSet { tp, offset, source });
        }
        self.reset_initializing(&without);
    }

    /// Nothing is committed: the reset strategy decides, or `poll()` throws (`resetInitializingPositions`).
    fn reset_initializing(&mut self, partitions: &[Partition]) {
        let strategy = self.config.auto_offset_reset;
        for partition in partitions {
            let Some(assigned) = self.subscriptions.get_mut(partition) else { continue };
            if assigned.state != FetchState::Initializing {
                continue;
            }
            if strategy == AutoOffsetReset::None {
                self.app.no_offset = true;
            } else {
                assigned.request_reset(strategy);
            }
        }
    }
}

/// The member has reached another epoch meanwhile, or will.
const fn is_stale(error: ErrorCode) -> bool {
    matches!(error, ErrorCode::StaleMemberEpoch)
}
