//! The application around the consumer: it polls, works through what it got, and does between two polls what it is told
//! (`ClassicKafkaConsumer.poll`).
//!
//! Commands are carried out between two rounds of `poll()`, by the thread that polls. Invariant: a record is done before the
//! next one is begun, and all of them before the next `poll()`.

use super::commit::{OffsetsToCommit, Purpose};
use super::join::thrown;
use super::records::Handed;
use super::subscription::Partition;
use super::{Consumer, ModernState};
use crate::cx::{Cx, Effect};
use crate::ids::{EpochMs, Offset, TopicPartition};
use crate::trace::Fact;
use crate::workload::{CommitStrategy, Hand, NewRecord, OnPoison, Processing};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// How long an application waits after `poll()` threw before it polls again: it sleeps 200 ms, and throwing takes a JVM time too.
pub(super) const AFTER_ERROR: Micros = Micros::from_ms(203);
/// The most commands that wait for the application.
const MAX_TASKS: usize = 1_000;

/// Something the application is to do between two polls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Task {
    /// `commitSync`: these offsets, or its positions.
    CommitSync(Option<OffsetsToCommit>),
    /// `seek`.
    Seek(Partition, Offset),
    /// `offsetsForTimes` and `seek`.
    SeekToTime(EpochMs),
    /// `pause`, or `resume`.
    Pause(Vec<Partition>, bool),
}

impl Task {
    const fn name(&self) -> &'static str {
        match self {
            Self::CommitSync(_) => "commitSync",
            Self::Seek(..) => "seek",
            Self::SeekToTime(_) => "offsetsForTimes",
            Self::Pause(_, true) => "pause",
            Self::Pause(_, false) => "resume",
        }
    }
}

/// What the application is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// Not running.
    Idle,
    /// In `poll()`, until then.
    Polling(SimTime),
    /// At work; the first record is done then.
    Working(VecDeque<Handed>, SimTime),
    /// Out of `poll()`, until then.
    Resting(SimTime),
    /// `poll()` throws this then: an asynchronous consumer hears of errors between two polls only.
    Throwing(&'static str, SimTime),
    /// Does not call `poll()`.
    Blocked,
    /// Waiting for the transaction that answers a batch.
    HandedOver,
    /// Sending a copy of the first of these to another topic.
    SendingOn(VecDeque<Handed>),
    /// In `commitSync`; these records are still to be worked on, if it was not asked for from outside.
    Committing { offsets: OffsetsToCommit, until: SimTime, rest: Option<VecDeque<Handed>> },
    /// In `close()`: committing, or saying goodbye.
    Closing { until: SimTime, offsets: Option<OffsetsToCommit> },
    /// `close()` returned.
    Closed,
}

/// The application's own state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct App {
    pub phase: Phase,
    tasks: VecDeque<Task>,
    /// Records of the batch in hand that are done.
    pub done: Vec<(TopicPartition, Offset)>,
    /// What it made of them, for a producer of the same application.
    pub made: Vec<NewRecord>,
    pub processing: Processing,
    /// When it last called `poll()`.
    pub poll_began: SimTime,
    /// It is told not to call `poll()`.
    pub blocked: bool,
    /// It is told to close.
    pub closing: bool,
    /// A partition has no committed offset and no way to reset: `poll()` throws.
    pub no_offset: bool,
    /// An exception that the next `poll()` throws.
    pub failed: Option<&'static str>,
}

impl App {
    pub const fn new(processing: Processing) -> Self {
        Self {
            phase: Phase::Idle,
            tasks: VecDeque::new(),
            done: Vec::new(),
            made: Vec::new(),
            processing,
            poll_began: SimTime::ZERO,
            blocked: false,
            closing: false,
            no_offset: false,
            failed: None,
        }
    }

    /// The process runs.
    pub fn start(&mut self) {
        self.phase = Phase::Resting(SimTime::ZERO);
    }

    /// Puts in a command; one too many is answered at once.
    pub fn ask(&mut self, task: Task, cx: &mut Cx<'_>) {
        if self.tasks.len() < MAX_TASKS {
            self.tasks.push_back(task);
        } else {
            let error = Some("IllegalStateException");
            cx.note(Fact::AppCallDone { call: task.name(), error });
        }
    }

    /// Whether it is inside `poll()`.
    pub const fn is_polling(&self) -> bool {
        matches!(self.phase, Phase::Polling(_))
    }

    /// Whether `close()` has ended the heartbeat thread.
    pub const fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Closing { offsets: None, .. } | Phase::Closed | Phase::Idle)
    }

    /// Whether there is nothing left to do.
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Idle)
    }

    fn is_wanted_elsewhere(&self) -> bool {
        self.blocked || self.closing || !self.tasks.is_empty()
    }
}

impl Consumer {
    /// Takes the application one step further; whether it may go further at once.
    pub(super) fn app_turn(&mut self, cx: &mut Cx<'_>) -> bool {
        self.see_metadata(cx);
        self.pool_turn(cx);
        match &mut self.app.phase {
            Phase::Idle | Phase::Closed | Phase::HandedOver => false,
            Phase::Polling(until) => {
                let until = *until;
                self.poll_turn(until, cx)
            }
            Phase::Working(..) => self.work(cx),
            Phase::SendingOn(_) => self.send_on_turn(cx),
            Phase::Resting(until) => {
                let over = *until <= cx.now || self.app.closing;
                if over {
                    self.next_round(cx);
                }
                over
            }
            Phase::Throwing(error, at) => {
                let (error, over) = (*error, *at <= cx.now);
                if over {
                    self.throw(error, cx);
                }
                over
            }
            Phase::Blocked => {
                let over = !self.app.blocked || self.app.closing || !self.app.tasks.is_empty();
                if over {
                    self.next_round(cx);
                }
                over
            }
            Phase::Committing { .. } => self.commit_sync_turn(cx),
            Phase::Closing { .. } => self.close_turn(cx),
        }
    }

    /// When the application, and what it waits for, has something to do.
    pub(super) fn app_wakeups(
        &self,
        now: SimTime,
    ) -> impl Iterator<Item = Option<SimTime>> + use<> {
        let mut wakeups = [None; 9];
        wakeups[8] = self.pool.wakeup_at().filter(|at| *at > now);
        match &self.app.phase {
            Phase::Idle | Phase::Closed | Phase::Blocked | Phase::HandedOver => {}
            Phase::SendingOn(_) => {
                let at = self.forward.retry_at;
                wakeups[0] = (at > now).then_some(at);
            }
            Phase::Working(_, at) | Phase::Resting(at) | Phase::Throwing(_, at) => {
                wakeups[0] = Some(*at);
            }
            Phase::Committing { until, .. } | Phase::Closing { until, .. } => {
                let retry_at = self.commits.sync_retry_at;
                wakeups[0] = Some(*until);
                wakeups[1] = self.lookup_at(now);
                wakeups[2] = (retry_at > now).then_some(retry_at);
            }
            Phase::Polling(until) => {
                wakeups[0] = (*until > now).then_some(*until);
                wakeups[1] = self.lookup_at(now);
                let later = |at: SimTime| (at > now).then_some(at);
                wakeups[2] = later(self.membership.retry_at);
                wakeups[3] = later(self.committed.retry_at);
                wakeups[4] = if self.auto_commits() { later(self.commits.next_at) } else { None };
                wakeups[5] = self.fetcher.retry_at;
                let retries = self.subscriptions.iter().map(|assigned| assigned.retry_at);
                wakeups[6] = retries.filter(|at| *at > now).min();
                wakeups[7] = self.modern_poll_at(now);
            }
        }
        wakeups.into_iter()
    }

    /// When to look for the coordinator again.
    pub(super) fn lookup_at(&self, now: SimTime) -> Option<SimTime> {
        let at = self.coordinator.retry_at;
        (self.coordinator.node.is_none() && at > now).then_some(at)
    }

    /// New metadata: topic ids, leaders, and what the group's leader assigned by.
    fn see_metadata(&mut self, cx: &mut Cx<'_>) {
        let version = self.client.metadata.version();
        if core::mem::replace(&mut self.metadata_seen, version) == version {
            return;
        }
        let topics = self.client.metadata.cluster().topics();
        self.topic_ids.extend(topics.map(|(name, topic)| (name.clone(), topic.id)));
        self.follow_leaders();
        self.assign_when_known(cx);
        self.watch_topics();
    }

    /// Between two polls: commands first, then `poll()` again.
    fn next_round(&mut self, cx: &mut Cx<'_>) {
        while let Some(task) = self.app.tasks.pop_front() {
            match task {
                Task::Seek(partition, offset) => self.seek_now(&partition, offset, cx),
                Task::SeekToTime(timestamp) => self.seek_to_time_now(timestamp, cx),
                Task::Pause(partitions, paused) => self.pause_now(&partitions, paused, cx),
                Task::CommitSync(offsets) => {
                    let offsets = offsets.unwrap_or_else(|| self.subscriptions.all_consumed());
                    return self.begin_commit_sync(offsets, None, cx);
                }
            }
        }
        self.app.phase = if self.app.closing {
            self.begin_close(cx)
        } else if self.app.blocked {
            Phase::Blocked
        } else if let Some(until) = self.pool.full_until() {
            Phase::Resting(until)
        } else {
            // Without a pause between polls, one long poll is the same as many short ones.
            let Processing { per_poll, poll_timeout, .. } = self.app.processing;
            let endless = per_poll == Micros::ZERO;
            let until = if endless { SimTime::ZERO } else { cx.now + poll_timeout };
            self.heartbeat.polled(&self.config, cx.now);
            self.modern_polled(cx.now);
            self.app.poll_began = cx.now;
            Phase::Polling(until)
        };
    }

    fn begin_commit_sync(
        &mut self,
        offsets: OffsetsToCommit,
        rest: Option<VecDeque<Handed>>,
        cx: &Cx<'_>,
    ) {
        let patience = i64::from(self.config.default_api_timeout_ms);
        let until = cx.now + Micros::from_config_ms(patience);
        self.commits.begin_sync();
        self.app.phase = Phase::Committing { offsets, until, rest };
    }

    fn poll_turn(&mut self, until: SimTime, cx: &mut Cx<'_>) -> bool {
        if self.app.is_wanted_elsewhere() {
            self.next_round(cx);
            return true;
        }
        match self.poll_once(cx) {
            Err(error) => {
                if self.is_modern() && self.is_subscribed() {
                    self.app.phase = Phase::Throwing(error, self.end_of_poll(cx.now));
                } else {
                    self.throw(error, cx);
                }
                true
            }
            Ok(records) if !records.is_empty() => {
                self.note_delivered(&records, cx);
                self.app.done.clear();
                let first = cx.now + self.app.processing.per_record;
                match self.hand_to_pool(records, cx) {
                    Some(records) => self.app.phase = Phase::Working(records, first),
                    None => self.rest(cx),
                }
                true
            }
            Ok(_) if until > SimTime::ZERO && until <= cx.now => {
                self.rest(cx);
                true
            }
            Ok(_) => false,
        }
    }

    /// When the `poll()` that the application is in returns; an endless one is many short ones.
    fn end_of_poll(&self, now: SimTime) -> SimTime {
        let poll = self.app.processing.poll_timeout.0.max(1);
        let polls = now.since(self.app.poll_began).0.div_ceil(poll);
        self.app.poll_began + Micros(polls * poll)
    }

    fn throw(&mut self, error: &'static str, cx: &mut Cx<'_>) {
        cx.note(Fact::PollFailed { error });
        self.app.phase = Phase::Resting(cx.now + AFTER_ERROR);
    }

    /// One pass through `poll()`: the group, positions, then records.
    fn poll_once(&mut self, cx: &mut Cx<'_>) -> Result<VecDeque<Handed>, &'static str> {
        if let Some(error) = self.membership.failed.take() {
            if self.is_modern() && self.modern_state() == Some(ModernState::Fatal) {
                // Nobody tells the application of another epoch.
                self.lose_all(self.modern.epoch, cx);
            }
            return Err(thrown(error));
        }
        if self.is_subscribed() && self.config.group_id.is_none() {
            return Err("InvalidGroupIdException");
        }
        let active = if self.is_subscribed() && self.is_modern() {
            self.modern_poll(cx);
            self.modern_state() != Some(ModernState::Fatal)
        } else {
            !self.is_subscribed()
                || self.ensure_coordinator(cx) && self.ensure_active(cx).map_err(thrown)?
        };
        if active {
            self.maybe_auto_commit(cx);
            if self.may_look_up(cx.now) {
                self.update_positions(cx)?;
            }
        }
        loop {
            let mut collected = self.collect(cx)?;
            if self.app.processing.on_poison == OnPoison::Stuck {
                collected.records = self.stop_before_poison(collected.records, cx)?;
            }
            // The next fetch is under way while the application works.
            self.send_fetches(cx);
            if !collected.records.is_empty() || !self.has_fetched() {
                // A position that turned out to be out of range is looked up within the same poll.
                if active && collected.records.is_empty() {
                    self.update_positions(cx)?;
                }
                return Ok(self.listed(collected.records));
            }
        }
    }

    fn update_positions(&mut self, cx: &mut Cx<'_>) -> Result<(), &'static str> {
        self.validate_positions(cx);
        if !self.subscriptions.has_all_positions() {
            if core::mem::take(&mut self.app.no_offset) {
                return Err("NoOffsetForPartitionException");
            }
            if self.init_with_committed(cx).map_err(thrown)? {
                self.reset_positions(cx);
            }
        }
        match self.app.failed.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Finishes what is due; whether the round is over.
    fn work(&mut self, cx: &mut Cx<'_>) -> bool {
        let processing = self.app.processing;
        let Processing { per_record, commits, on_poison, .. } = processing;
        let one_by_one = commits == CommitStrategy::SyncPerRecord;
        let in_transaction = matches!(commits, CommitStrategy::InTransaction { .. });
        let by_batch = in_transaction
            || matches!(commits, CommitStrategy::SyncPerBatch | CommitStrategy::AsyncPerBatch);
        loop {
            let Phase::Working(records, at) = &mut self.app.phase else { return true };
            let Some(Handed { record, tp, offset, poison, .. }) = records.front().copied() else {
                return self.end_batch(cx);
            };
            let stuck = poison && on_poison == OnPoison::RetryInPlace;
            if stuck && self.app.closing {
                records.clear();
                continue;
            }
            if *at > cx.now {
                return false;
            }
            if poison && on_poison != OnPoison::Harmless {
                let (records, at) = (core::mem::take(records), *at);
                if !self.on_poison(records, at, cx) {
                    return false;
                }
                continue;
            }
            records.pop_front();
            *at += per_record;
            processing.done(record, (tp, offset), cx);
            if in_transaction {
                let (key, value) = self.poison.get(&record).cloned().unwrap_or_default();
                self.app.made.push(NewRecord { key, value, ..NewRecord::default() });
            }
            if by_batch {
                self.app.done.push((tp, offset));
            } else if one_by_one {
                let rest = core::mem::take(records);
                let offsets = self.done_offset(tp, offset);
                self.begin_commit_sync(offsets, Some(rest), cx);
                return true;
            }
        }
    }

    /// Every record that `poll()` returned is done.
    fn end_batch(&mut self, cx: &mut Cx<'_>) -> bool {
        let mut last: FlatMap<TopicPartition, Offset> = FlatMap::new();
        last.extend(core::mem::take(&mut self.app.done));
        self.poison.clear();
        self.rest(cx);
        let commits = self.app.processing.commits;
        if !last.is_empty()
            && let CommitStrategy::InTransaction { producer: to } = commits
        {
            let offsets = self.done_offsets(&last.into_iter().collect::<Vec<_>>());
            let offsets = offsets.into_iter().map(|((topic, index), at, _)| (topic, index, at));
            let offsets = self.group_metadata(offsets.collect());
            let hand = Hand::Batch(core::mem::take(&mut self.app.made), offsets);
            cx.out.push(Effect::Pass { to, hand });
            self.app.phase = Phase::HandedOver;
        } else if !last.is_empty() {
            let offsets = self.done_offsets(&last.into_iter().collect::<Vec<_>>());
            if commits == CommitStrategy::SyncPerBatch {
                self.begin_commit_sync(offsets, Some(VecDeque::new()), cx);
            } else if !offsets.is_empty() && self.ensure_coordinator(cx) {
                self.send_commit(Purpose::Async, offsets, cx);
            }
        }
        true
    }

    pub(super) fn rest(&mut self, cx: &Cx<'_>) {
        self.app.phase = Phase::Resting(cx.now + self.app.processing.per_poll);
    }
}
