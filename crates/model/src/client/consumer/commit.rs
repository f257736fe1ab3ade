//! Committing offsets (`ConsumerCoordinator.sendOffsetCommitRequest` and its handler).
//!
//! Invariant: positions are committed only in the generation in which they were reached.

use super::subscription::Partition;
use super::{Call, Consumer, Generation, answered};
use crate::api::{ApiKey, ErrorCode, Request, Response, request::OffsetCommit};
use crate::client::network::Outcome;
use crate::config::consumer::ConsumerConfig;
use crate::cx::Cx;
use crate::ids::{LeaderEpoch, Offset};
use crate::trace::Fact;
use crate::workload::CommitStrategy;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// Why offsets are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Purpose {
    /// `auto.commit.interval.ms` passed.
    Interval,
    /// Partitions are about to be given back.
    BeforeJoin,
    /// The application called `commitAsync`.
    Async,
    /// The application called `commitSync`, or `close` commits for it.
    Sync,
}

/// Offsets with the epochs of the records before them; -1 unknown.
pub(super) type OffsetsToCommit = Vec<(Partition, Offset, LeaderEpoch)>;

/// Commits under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Commits {
    /// When the next automatic commit is due.
    pub next_at: SimTime,
    /// The commit before a rejoin: under way, or its verdict.
    pub before_join: Option<Option<Result<(), ErrorCode>>>,
    /// The commit that the application waits for: under way, or its verdict.
    pub sync: Option<Option<Result<(), ErrorCode>>>,
    /// It is not tried again before this.
    pub sync_retry_at: SimTime,
}

impl Commits {
    /// The application begins to wait for a commit.
    pub fn begin_sync(&mut self) {
        self.sync = None;
        self.sync_retry_at = SimTime::ZERO;
    }

    /// The next automatic commit is one interval away.
    pub fn restart_interval(&mut self, config: &ConsumerConfig, now: SimTime) {
        self.next_at = now + Micros::from_config_ms(i64::from(config.auto_commit_interval_ms));
    }
}

impl Consumer {
    /// Whether positions are committed by themselves.
    pub(super) const fn auto_commits(&self) -> bool {
        self.config.enable_auto_commit
            && self.config.group_id.is_some()
            && matches!(
                self.app.processing.commits,
                CommitStrategy::ByConfig | CommitStrategy::Background { .. }
            )
    }

    /// The automatic commit, if it is due.
    pub(super) fn maybe_auto_commit(&mut self, cx: &mut Cx<'_>) {
        if !self.auto_commits() || cx.now < self.commits.next_at {
            return;
        }
        self.commits.restart_interval(&self.config, cx.now);
        let consumed = self.subscriptions.all_consumed();
        if !consumed.is_empty() && self.ensure_coordinator(cx) {
            self.send_commit(Purpose::Interval, consumed, cx);
        } else if !consumed.is_empty() {
            self.commits.next_at = cx.now + self.retry_backoff();
        }
    }

    /// Sends offsets; without a stable generation or a coordinator the verdict is there at once.
    pub(super) fn send_commit(
        &mut self,
        purpose: Purpose,
        offsets: OffsetsToCommit,
        cx: &mut Cx<'_>,
    ) {
        let generation = if self.is_subscribed() && self.is_modern() {
            self.modern.generation()
        } else if self.is_subscribed() {
            match self.membership.stable_generation() {
                Some(generation) => generation.clone(),
                None if self.membership.state == super::MemberState::Unjoined => {
                    return self.commit_done(purpose, Err(ErrorCode::UnknownMemberId), cx);
                }
                None => return self.commit_done(purpose, Err(ErrorCode::RebalanceInProgress), cx),
            }
        } else {
            Generation::none()
        };
        let topic_ids = self.known_topic_ids(offsets.iter().map(|((topic, _), ..)| topic));
        let body = OffsetCommit {
            group_id: self.group_id(),
            generation_id_or_member_epoch: generation.id,
            member_id: generation.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            offsets: offsets
                .into_iter()
                .map(|((t, p), offset, epoch)| (t, p, offset, epoch))
                .collect(),
            topic_ids,
        };
        let call = Call::Commit(purpose, generation, body.offsets.clone());
        if !self.ask_coordinator(Request::OffsetCommit(body.into()), call, cx) {
            self.commit_done(purpose, Err(ErrorCode::CoordinatorNotAvailable), cx);
        }
    }

    /// Ids of topics, where the protocol names them so; topics that are not known go without.
    pub(super) fn known_topic_ids<'a>(
        &self,
        topics: impl Iterator<Item = &'a crate::ids::Name>,
    ) -> Vec<(crate::ids::Name, crate::ids::TopicId)> {
        if !self.is_modern() || !self.is_subscribed() {
            return Vec::new();
        }
        let topics: kafkascope_kernel::FlatSet<_> = topics.collect();
        let known = topics.into_iter();
        known.filter_map(|topic| Some((topic.clone(), *self.topic_ids.get(topic)?))).collect()
    }

    pub(super) fn on_committed(
        &mut self,
        purpose: Purpose,
        sent: &Generation,
        offsets: &[(crate::ids::Name, i32, Offset, LeaderEpoch)],
        outcome: Outcome,
        cx: &mut Cx<'_>,
    ) {
        let answer = answered(outcome).map(|body| {
            let Response::OffsetCommit(rows) = body else {
                unreachable!("OFFSET_COMMIT is answered by its own response")
            };
            rows
        });
        let verdict = match answer {
            Err(error) => Err(error),
            Ok(rows) => {
                for (topic, partition, error) in &rows {
                    let of = |row: &&(crate::ids::Name, i32, Offset, LeaderEpoch)| {
                        (&row.0, row.1) == (topic, *partition)
                    };
                    let offset = offsets.iter().find(of).map_or(-1, |row| row.2);
                    let tp = self.tp(&(topic.clone(), *partition));
                    cx.note(Fact::CommitAnswered { tp, offset, error: *error });
                }
                rows.iter().find(|row| !row.2.is_ok()).map_or(Ok(()), |row| Err(row.2))
            }
        };
        if let Err(error) = verdict {
            self.commit_refused(sent, error, cx);
        }
        self.commit_done(purpose, verdict, cx);
    }

    fn commit_refused(&mut self, sent: &Generation, error: ErrorCode, cx: &mut Cx<'_>) {
        self.suspect_coordinator(error, cx);
        if error == ErrorCode::RequestTimedOut {
            self.lose_coordinator(error, cx);
        } else if self.is_modern() {
            // Heartbeats tell the member where it stands.
        } else if error == ErrorCode::RebalanceInProgress {
            let reason = "offset commit failed since group is already rebalancing";
            self.membership.request_rejoin(reason);
        } else if matches!(error, ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration)
            && self.is_subscribed()
            && self.membership.generation == *sent
        {
            self.membership.reset_on(ApiKey::OffsetCommit, error);
        } else if error == ErrorCode::FencedInstanceId && self.membership.generation == *sent {
            self.membership.failed = Some(error);
        }
    }

    fn commit_done(&mut self, purpose: Purpose, verdict: Result<(), ErrorCode>, cx: &Cx<'_>) {
        match purpose {
            Purpose::BeforeJoin => self.commits.before_join = Some(Some(verdict)),
            Purpose::Sync => self.commits.sync = Some(Some(verdict)),
            Purpose::Async => {}
            Purpose::Interval => {
                if verdict.is_err_and(ErrorCode::is_retriable) {
                    self.commits.next_at = cx.now + self.retry_backoff();
                }
            }
        }
    }
}

/// The exception that a refused commit becomes (`ConsumerCoordinator.OffsetCommitResponseHandler`).
pub(super) const fn commit_exception(error: ErrorCode) -> &'static str {
    if matches!(
        error,
        ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration | ErrorCode::StaleMemberEpoch
    ) {
        "CommitFailedException"
    } else {
        error.exception()
    }
}
