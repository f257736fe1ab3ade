//! The active controller: it decides, writes, and lets out what is committed (`QuorumController`'s event queue).
//!
//! Invariant: its image is ahead of what is committed by exactly the records that it wrote itself; when it is active no more,
//! that part is forgotten.

use super::records::MetadataRecord;
use super::{Controller, ControllerTimer, bootstrap, broker_changes, elect_leaders, facts};
use crate::api::Response;
use crate::cx::{Cx, Effect};
use crate::ids::{Correlation, MsgId, Offset};
use crate::net::ConnId;
use crate::trace::{ChangeReason, Fact};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;

/// How long the active controller waits before it looks for unclean elections again
/// (`unclean.leader.election.interval.ms`).
const UNCLEAN_INTERVAL: Micros = Micros::from_ms(300_000);

/// Answers and facts that wait for the log to be committed up to an offset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Deferred {
    answers: VecDeque<(Offset, ConnId, Correlation, Response)>,
    facts: VecDeque<(Offset, Fact, Option<MsgId>)>,
}

impl Deferred {
    /// Answers that nothing will let out any more.
    pub(super) fn take_answers(
        &mut self,
    ) -> impl Iterator<Item = (ConnId, Correlation, Response)> + use<> {
        let answers = core::mem::take(&mut self.answers);
        answers.into_iter().map(|(_, conn, correlation, body)| (conn, correlation, body))
    }

    /// A connection is gone; nobody waits on it.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.answers.retain(|(_, of, _, _)| *of != conn);
    }

    /// Lets out what waited for the log below `committed`.
    pub(super) fn release(&mut self, committed: Offset, cx: &mut Cx<'_>) {
        let due = self.facts.iter().take_while(|(end, _, _)| *end <= committed).count();
        for (_, fact, cause) in self.facts.drain(..due) {
            cx.note_late(fact, cause);
        }
        let due = self.answers.iter().take_while(|(end, _, _, _)| *end <= committed).count();
        for (_, conn, correlation, body) in self.answers.drain(..due) {
            cx.respond(conn, correlation, body);
        }
    }
}

impl Controller {
    /// After every event: take up or give up the work, as the quorum has it, and let out what is committed.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        if self.active && self.quorum.leadership().is_none() {
            self.renounce(cx);
        }
        let committed = self.quorum.high_watermark().unwrap_or(0);
        if !self.active {
            self.replay(committed, cx);
            let start = self.quorum.leadership().map(|leadership| leadership.epoch_start);
            if start.is_some_and(|start| committed > start) {
                self.claim(cx);
            }
        }
        let committed = self.quorum.high_watermark().unwrap_or(0);
        self.committed = self.committed.max(committed);
        self.deferred.release(committed, cx);
        if self.legacy.is_none() {
            self.registrar.on_news(&self.image, self.quorum.leader(), cx);
        }
        if self.leaving && self.quorum.leader() != Some(self.id) {
            cx.out.push(Effect::Exit);
        }
    }

    /// An answer that tells of everything decided so far waits for it.
    pub(crate) fn answer_when_committed(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        if self.active && !matches!(body, Response::ApiVersions) {
            let end = self.quorum.log.end();
            self.deferred.answers.push_back((end, conn, correlation, body));
        } else {
            cx.respond(conn, correlation, body);
        }
    }

    /// Decides: records are replayed at once and written soon. `first` are facts that go before the records' own.
    pub(crate) fn decide(
        &mut self,
        first: &[Fact],
        records: Vec<MetadataRecord>,
        reason: ChangeReason,
        cx: &mut Cx<'_>,
    ) {
        assert!(self.active, "only the active controller decides");
        let linger = self.quorum.log.written() == self.quorum.log.end();
        let end = self.quorum.log.end() + records.len() as Offset;
        let mut told = first.to_vec();
        let epoch = self.quorum.epoch();
        told.extend(facts::of_new_topics(&records));
        for record in records {
            facts::of_record(&self.image, &record, reason, &mut told);
            self.image.apply(self.quorum.log.end(), epoch, &record);
            self.quorum.log.append(epoch, record);
        }
        self.deferred.facts.extend(told.into_iter().map(|fact| (end, fact, cx.cause)));
        if linger && self.legacy.is_none() && self.quorum.log.written() < end {
            let linger = self.config.controller_quorum_append_linger_ms;
            cx.arm(ControllerTimer::Linger, Micros::from_config_ms(linger.into()));
        }
    }

    /// Applies what is committed. A new leader also tells of what its predecessor did not live to tell.
    fn replay(&mut self, committed: Offset, cx: &mut Cx<'_>) {
        let begin = self.image.next_offset;
        let entry = |offset| self.quorum.log.entry(offset).expect("committed records are there");
        let entries: Vec<_> = (begin..committed).map(|offset| entry(offset).clone()).collect();
        let mut told = Vec::new();
        let untold = usize::try_from((self.committed - begin).max(0)).unwrap_or(usize::MAX);
        let records = entries.iter().skip(untold).map(|(_, record)| Arc::as_ref(record).clone());
        let leads = self.quorum.leadership().is_some();
        if leads {
            told.extend(facts::of_new_topics(&records.collect::<Vec<_>>()));
        }
        for (epoch, record) in entries {
            let offset = self.image.next_offset;
            if leads && offset >= self.committed {
                facts::of_record(&self.image, &record, ChangeReason::Proposed, &mut told);
            }
            self.image.apply(offset, epoch, &record);
        }
        for fact in told {
            cx.note(fact);
        }
    }

    /// The log is here up to the leader's own first record: it begins to decide.
    fn claim(&mut self, cx: &mut Cx<'_>) {
        self.active = true;
        self.sessions.begin(&self.image, cx.now);
        if self.image.next_offset == 1 {
            self.decide(&[], bootstrap::records(&self.config), ChangeReason::Proposed, cx);
            self.quorum.write(cx);
        }
        self.arm_idle(cx);
        cx.arm(ControllerTimer::FenceStale, self.fence_interval());
        cx.arm(ControllerTimer::Unclean, UNCLEAN_INTERVAL);
        self.arm_balance(cx);
    }

    /// Another leads: what is not committed is forgotten, and whoever waits for it is sent there.
    fn renounce(&mut self, cx: &mut Cx<'_>) {
        self.active = false;
        let timers = [
            ControllerTimer::Idle,
            ControllerTimer::FenceStale,
            ControllerTimer::Unclean,
            ControllerTimer::Balance,
            ControllerTimer::Linger,
        ];
        for timer in timers {
            cx.disarm(timer);
        }
        let committed = self.quorum.high_watermark().unwrap_or(0);
        self.deferred.release(committed, cx);
        for (_, conn, correlation, body) in core::mem::take(&mut self.deferred.answers) {
            cx.respond(conn, correlation, super::serve::not_controller(body));
        }
        self.deferred.facts.clear();
        self.image = super::MetadataImage::default();
    }

    /// Fences one broker whose session ended; looks again at once if it found one (`maybeFenceStaleBroker`).
    pub(super) fn fence_stale(&mut self, cx: &mut Cx<'_>) {
        let stale = self.sessions.find_stale(&self.image, cx.now, self.session_timeout());
        let wait = match stale {
            Some((broker, silent)) => {
                let records = broker_changes::fence(&self.view(), broker);
                let fact = Fact::BrokerFenced { broker, silent };
                self.decide(&[fact], records, ChangeReason::Fenced, cx);
                Micros::ZERO
            }
            None => self.fence_interval(),
        };
        cx.arm(ControllerTimer::FenceStale, wait);
    }

    /// Gives leadership back to preferred replicas.
    pub(super) fn balance(&mut self, cx: &mut Cx<'_>) {
        let records = elect_leaders::balance_leaders(&self.view());
        self.decide(&[], records, ChangeReason::Preferred, cx);
        self.arm_balance(cx);
    }

    /// Gives partitions a leader that may have an unclean one.
    pub(super) fn elect_unclean(&mut self, cx: &mut Cx<'_>) {
        let records = elect_leaders::elect_unclean_leaders(&self.view());
        self.decide(&[], records, ChangeReason::Unclean, cx);
        cx.arm(ControllerTimer::Unclean, UNCLEAN_INTERVAL);
    }

    /// Lets an idle log grow.
    pub(super) fn idle(&mut self, cx: &mut Cx<'_>) {
        self.decide(&[], alloc::vec![MetadataRecord::NoOp], ChangeReason::Proposed, cx);
        self.arm_idle(cx);
    }

    pub(super) fn session_timeout(&self) -> Micros {
        Micros::from_config_ms(self.config.broker_session_timeout_ms.into())
    }

    /// An eighth of the session time-out, as `QuorumController` has it.
    fn fence_interval(&self) -> Micros {
        self.session_timeout().scale(1, 8)
    }

    fn arm_idle(&self, cx: &mut Cx<'_>) {
        if self.config.metadata_max_idle_interval_ms > 0 {
            let interval = i64::from(self.config.metadata_max_idle_interval_ms);
            cx.arm(ControllerTimer::Idle, Micros::from_config_ms(interval));
        }
    }

    fn arm_balance(&self, cx: &mut Cx<'_>) {
        if self.config.auto_leader_rebalance_enable {
            let seconds = self.config.leader_imbalance_check_interval_seconds;
            cx.arm(ControllerTimer::Balance, Micros::from_config_ms(seconds.saturating_mul(1_000)));
        }
    }
}
