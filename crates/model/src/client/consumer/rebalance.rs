//! A member's side of a rebalance: what happens before JOIN_GROUP and after SYNC_GROUP, and leaving
//! (`ConsumerCoordinator.onJoinPrepare`, `onJoinComplete`, `onLeavePrepare`).
//!
//! Invariant: the listener hears of partitions that go before they are given up, and of new ones once they are assigned.

use super::commit::Purpose;
use super::membership::MemberState;
use super::subscription::Partition;
use super::{Call, Consumer};
use crate::api::{Request, request::LeaveGroup};
use crate::config::consumer::Assignor;
use crate::cx::Cx;
use crate::trace::Fact;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

impl Consumer {
    /// Whether positions are committed and partitions given back, so that JOIN_GROUP may leave.
    pub(super) fn prepare_join(&mut self, cx: &mut Cx<'_>) -> bool {
        let patience = Micros::from_config_ms(i64::from(self.config.max_poll_interval_ms));
        let until = *self.membership.prepare_until.get_or_insert(cx.now + patience);
        if self.auto_commits() && !self.commit_before_join(until > cx.now, cx) {
            return false;
        }
        self.give_back(cx);
        self.membership.is_leader = false;
        self.membership.assigned_by = None;
        self.membership.to_assign = None;
        self.membership.prepare_until = None;
        true
    }

    /// Whether the commit before the rejoin is done: answered, failed for good, or out of time.
    fn commit_before_join(&mut self, in_time: bool, cx: &mut Cx<'_>) -> bool {
        match self.commits.before_join.take() {
            Some(Some(verdict)) => match verdict {
                Err(error) if error.is_retriable() && in_time => {
                    self.membership.retry_at = cx.now + self.retry_backoff();
                    false
                }
                Ok(()) | Err(_) => true,
            },
            Some(None) if in_time => {
                self.commits.before_join = Some(None);
                false
            }
            Some(None) => true,
            None => {
                if !self.is_cooperative() {
                    self.subscriptions.mark_pending_revocation();
                }
                let consumed = self.subscriptions.all_consumed();
                if consumed.is_empty() || self.membership.stable_generation().is_none() {
                    return true;
                }
                self.commits.before_join = Some(None);
                self.send_commit(Purpose::BeforeJoin, consumed, cx);
                // It may have failed at once.
                self.commits.before_join != Some(None) && self.commit_before_join(in_time, cx)
            }
        }
    }

    fn give_back(&mut self, cx: &mut Cx<'_>) {
        let owned = self.subscriptions.partitions();
        let generation = &self.membership.generation;
        if generation.id < 0 || generation.member_id.is_empty() {
            if !owned.is_empty() {
                self.tell_lost(&owned, cx);
                self.subscriptions.assign(&[]);
            }
            return;
        }
        if self.is_cooperative() {
            let (kept, gone): (Vec<_>, Vec<_>) =
                owned.into_iter().partition(|(topic, _)| self.spec.subscribe.contains(topic));
            if !gone.is_empty() {
                self.tell_revoked(&gone, cx);
                self.subscriptions.assign(&kept);
            }
        } else {
            self.tell_revoked(&owned, cx);
            self.subscriptions.assign(&[]);
        }
    }

    /// The member has its assignment.
    pub(super) fn complete_join(&mut self, assigned: &[Partition], cx: &mut Cx<'_>) {
        if assigned.iter().any(|(topic, _)| !self.spec.subscribe.contains(topic)) {
            let reason = "received assignment does not match the current subscription";
            self.membership.request_rejoin(reason);
            return;
        }
        self.membership.told = self.membership.generation.clone();
        let owned = self.subscriptions.partitions();
        if self.is_cooperative() {
            let revoked: Vec<_> =
                owned.iter().filter(|partition| !assigned.contains(partition)).cloned().collect();
            if !revoked.is_empty() {
                self.tell_revoked(&revoked, cx);
                self.membership.request_rejoin("need to revoke partitions and re-join");
            }
        }
        if self.membership.generation.protocol == Some(Assignor::Sticky) {
            self.membership.sticky = Some((assigned.to_vec(), self.membership.generation.id));
        }
        self.commits.restart_interval(&self.config, cx.now);
        let mut added: Vec<_> =
            assigned.iter().filter(|partition| !owned.contains(partition)).cloned().collect();
        added.sort();
        self.subscriptions.assign(assigned);
        let generation = self.membership.generation.id;
        let partitions = self.tps(&added);
        cx.note(Fact::Assigned { partitions, generation });
    }

    /// `onLeavePrepare`: partitions are given up before LEAVE_GROUP.
    pub(super) fn give_up_all(&mut self, cx: &mut Cx<'_>) {
        let owned = self.subscriptions.partitions();
        if owned.is_empty() {
            return;
        }
        if self.generation() < 0 {
            self.tell_lost(&owned, cx);
        } else {
            self.tell_revoked(&owned, cx);
        }
        self.subscriptions.assign(&[]);
    }

    /// A dynamic member says goodbye, a static one just goes (`maybeLeaveGroup`).
    pub(super) fn leave_group(&mut self, reason: &str, cx: &mut Cx<'_>) {
        let member_id = self.membership.generation.member_id.clone();
        let joined = self.membership.state != MemberState::Unjoined && !member_id.is_empty();
        if joined && self.config.group_instance_id.is_none() {
            let body = LeaveGroup {
                group_id: self.group_id(),
                members: vec![(member_id, None, reason.into())],
            };
            self.ask_coordinator(Request::LeaveGroup(body), Call::Leave, cx);
        }
        self.membership.reset("consumer pro-actively leaving the group", true);
    }

    fn tell_revoked(&self, partitions: &[Partition], cx: &mut Cx<'_>) {
        let generation = self.generation();
        cx.note(Fact::Revoked { partitions: self.tps(partitions), generation });
    }

    fn tell_lost(&self, partitions: &[Partition], cx: &mut Cx<'_>) {
        let generation = self.told_generation();
        cx.note(Fact::Lost { partitions: self.tps(partitions), generation });
    }
}
