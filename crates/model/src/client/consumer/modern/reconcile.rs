//! Carrying out an assignment inside `poll()`: commit, give back, take over, acknowledge
//! (`AbstractMembershipManager.maybeReconcile`, `revokeAndAssign`).
//!
//! Invariant: the listener hears of what goes before it hears of what comes.

use super::{ModernState, Step};
use crate::api::ErrorCode;
use crate::client::consumer::Consumer;
use crate::client::consumer::commit::Purpose;
use crate::client::consumer::subscription::Partition;
use crate::cx::Cx;
use crate::ids::TopicPartition;
use crate::trace::Fact;
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::{Micros, SimTime};

impl Consumer {
    /// What `poll()` does for the group.
    pub(in crate::client::consumer) fn modern_poll(&mut self, cx: &mut Cx<'_>) {
        match self.modern.state {
            ModernState::Stale | ModernState::Fenced => {
                self.lose_all(-1, cx);
                self.modern_join(cx);
                self.modern_beat(cx);
            }
            ModernState::Reconciling => self.carry_out(cx),
            ModernState::Unsubscribed
            | ModernState::Joining
            | ModernState::Acknowledging
            | ModernState::Stable
            | ModernState::Fatal => {}
        }
    }

    /// The member is no longer what it was: `onPartitionsLost`.
    pub(in crate::client::consumer) fn lose_all(&mut self, generation: i32, cx: &mut Cx<'_>) {
        let owned = self.subscriptions.partitions();
        if owned.is_empty() {
            return;
        }
        cx.note(Fact::Lost { partitions: self.tps(&owned), generation });
        self.subscriptions.assign(&[]);
    }

    fn carry_out(&mut self, cx: &mut Cx<'_>) {
        loop {
            self.modern.step = match self.modern.step {
                Step::Idle => Step::Arrived(cx.now),
                Step::Arrived(since) if self.poll_after(since) <= cx.now => {
                    if !self.knows_target_topics(cx) {
                        return;
                    }
                    self.begin_to_carry_out(cx)
                }
                Step::Committing(until) => match self.committed_before(until, cx) {
                    Some(step) => step,
                    None => return,
                },
                Step::Committed(since) if self.poll_after(since) <= cx.now => {
                    self.revoke_and_assign(cx);
                    return;
                }
                Step::Arrived(_) | Step::Committed(_) => return,
            };
        }
    }

    /// Names of the assigned topics; metadata is asked for what is missing.
    fn knows_target_topics(&mut self, cx: &mut Cx<'_>) -> bool {
        let missing =
            self.modern.target.iter().flatten().any(|tp| self.partition_of(*tp).is_none());
        if missing {
            self.client.metadata.request_update(ErrorCode::UnknownTopicId, cx);
        }
        !missing
    }

    fn begin_to_carry_out(&mut self, cx: &mut Cx<'_>) -> Step {
        self.modern.carried = self.modern.target.clone().unwrap_or_default();
        let kept: Vec<Partition> =
            self.modern.carried.iter().filter_map(|tp| self.partition_of(*tp)).collect();
        // What goes is not read any further, so that the commit covers all of it.
        self.subscriptions.mark_pending_revocation_except(&kept);
        let consumed = self.subscriptions.all_consumed();
        if !self.auto_commits() || consumed.is_empty() {
            return Step::Committed(cx.now);
        }
        let patience = Micros::from_config_ms(i64::from(self.config.max_poll_interval_ms));
        self.commits.before_join = Some(None);
        self.send_commit(Purpose::BeforeJoin, consumed, cx);
        Step::Committing(cx.now + patience)
    }

    /// Goes on when the commit is answered; what may be tried again is.
    fn committed_before(&mut self, until: SimTime, cx: &mut Cx<'_>) -> Option<Step> {
        let verdict = self.commits.before_join.take();
        match verdict {
            Some(None) if cx.now < until => {
                self.commits.before_join = Some(None);
                None
            }
            Some(Some(Err(error))) if is_tried_again(error) && cx.now < until => {
                self.membership.retry_at = cx.now + self.retry_backoff();
                None
            }
            None if cx.now < until => {
                if cx.now >= self.membership.retry_at && self.ensure_coordinator(cx) {
                    let consumed = self.subscriptions.all_consumed();
                    self.commits.before_join = Some(None);
                    self.send_commit(Purpose::BeforeJoin, consumed, cx);
                }
                None
            }
            // The listener is called by the `poll()` after the one that began.
            Some(_) | None => Some(Step::Committed(cx.now + Micros(1))),
        }
    }

    fn revoke_and_assign(&mut self, cx: &mut Cx<'_>) {
        let target = core::mem::take(&mut self.modern.carried);
        let assigned: Vec<Partition> =
            target.iter().filter_map(|tp| self.partition_of(*tp)).collect();
        let owned = self.subscriptions.partitions();
        let gone = |partition: &&Partition| !assigned.contains(partition);
        let revoked: Vec<_> = owned.iter().filter(gone).cloned().collect();
        let new = |partition: &&Partition| !owned.contains(partition);
        let mut added: Vec<_> = assigned.iter().filter(new).cloned().collect();
        added.sort();
        let generation = self.modern.generation_id();
        if !revoked.is_empty() {
            cx.note(Fact::Revoked { partitions: self.tps(&revoked), generation });
        }
        self.subscriptions.assign(&assigned);
        cx.note(Fact::Assigned { partitions: self.tps(&added), generation });
        self.commits.restart_interval(&self.config, cx.now);
        self.finish_carrying_out(target, !added.is_empty(), cx);
    }

    fn finish_carrying_out(
        &mut self,
        target: FlatSet<TopicPartition>,
        added: bool,
        cx: &mut Cx<'_>,
    ) {
        self.modern.local = Some(target);
        self.modern.local_version += 1;
        self.modern.state = ModernState::Acknowledging;
        self.modern.step = Step::Idle;
        if added {
            self.modern.positions_after = cx.now + Micros(1);
        }
        self.modern_beat(cx);
    }

    /// A partition by its topic's name.
    fn partition_of(&self, tp: TopicPartition) -> Option<Partition> {
        let name = self.client.metadata.cluster().name_of(tp.topic)?;
        Some((name.clone(), tp.partition))
    }
}

/// A topic that is gone is not waited for; a member that has reached another epoch meanwhile commits in that one
/// (`autoCommitSyncBeforeRebalanceWithRetries`).
fn is_tried_again(error: ErrorCode) -> bool {
    let gone = matches!(error, ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopicId);
    !gone && (error.is_retriable() || error == ErrorCode::StaleMemberEpoch)
}
