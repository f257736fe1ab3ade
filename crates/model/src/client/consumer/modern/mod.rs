//! A member that speaks the consumer protocol (`ConsumerMembershipManager`).
//!
//! The background thread beats and learns assignments; the application's thread carries them out inside `poll()`. Invariant:
//! one assignment is carried out at a time, and acknowledged when it is done.

mod beat;
mod reconcile;

use super::{Consumer, Generation};
use crate::ids::{Name, TopicPartition};
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::{Micros, SimTime};

/// Where a member stands (`org.apache.kafka.clients.consumer.internals.MemberState`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModernState {
    /// Not in the group and not about to be.
    #[default]
    Unsubscribed,
    /// About to join.
    Joining,
    /// An assignment is being carried out.
    Reconciling,
    /// An assignment was carried out; the coordinator is to learn it.
    Acknowledging,
    /// In the group, with its assignment.
    Stable,
    /// The coordinator does not know it so; it gives everything up and joins again.
    Fenced,
    /// It left because the application stayed away from `poll()`.
    Stale,
    /// It will not be in the group any more.
    Fatal,
}

/// How far carrying out an assignment has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Step {
    /// Nothing to carry out.
    #[default]
    Idle,
    /// An assignment came then; it waits for `poll()`.
    Arrived(SimTime),
    /// Positions are being committed first, until then at most.
    Committing(SimTime),
    /// Committed then; the listener is called by the next `poll()`.
    Committed(SimTime),
}

/// What a member knows of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Modern {
    pub state: ModernState,
    /// Made by itself, once a process.
    pub member_id: Name,
    /// The epoch it has reached; 0 before it has joined.
    pub epoch: i32,
    /// The last assignment that came.
    target: Option<FlatSet<TopicPartition>>,
    /// The assignment that is being carried out; a later one waits for its turn.
    carried: FlatSet<TopicPartition>,
    /// What it has, as far as the coordinator is concerned; none before the first assignment.
    local: Option<FlatSet<TopicPartition>>,
    /// Counts assignments carried out, and the one that the coordinator was told of.
    local_version: u32,
    told_version: Option<u32>,
    /// Whether the next heartbeat says everything.
    tells_all: bool,
    step: Step,
    interval: Micros,
    next_at: SimTime,
    attempts: u32,
    in_flight: bool,
    /// When the application has stayed away from `poll()` for too long.
    poll_until: SimTime,
    /// Positions of new partitions are looked up by the first `poll()` after this.
    positions_after: SimTime,
}

impl Modern {
    pub fn new() -> Self {
        Self {
            state: ModernState::Unsubscribed,
            member_id: "".into(),
            epoch: 0,
            target: None,
            carried: FlatSet::new(),
            local: None,
            local_version: 0,
            told_version: None,
            tells_all: true,
            step: Step::Idle,
            interval: Micros::ZERO,
            next_at: SimTime::ZERO,
            attempts: 0,
            in_flight: false,
            poll_until: SimTime::END,
            positions_after: SimTime::ZERO,
        }
    }

    /// Whether the coordinator counts it in.
    pub const fn is_in_group(&self) -> bool {
        self.epoch > 0
    }

    /// The generation as the application sees it; -1 outside.
    pub const fn generation_id(&self) -> i32 {
        if self.epoch > 0 { self.epoch } else { -1 }
    }

    /// In whose name offsets are committed.
    pub fn generation(&self) -> Generation {
        Generation { id: self.generation_id(), member_id: self.member_id.clone(), protocol: None }
    }
}

impl Consumer {
    /// Whether its group speaks the consumer protocol.
    pub(super) const fn is_modern(&self) -> bool {
        matches!(self.config.group_protocol, crate::config::consumer::GroupProtocol::Consumer)
    }

    /// The first `poll()` of a call at which something that happened `since` is seen: an idle application calls it again and
    /// again, each time for `poll_timeout`.
    fn poll_after(&self, since: SimTime) -> SimTime {
        let began = self.app.poll_began;
        let each = self.app.processing.poll_timeout.0.max(1_000);
        if began >= since {
            return began;
        }
        let passed = since.since(began).0.div_ceil(each) * each;
        began + Micros(passed)
    }

    /// Whether new partitions may be asked about.
    pub(super) fn may_look_up(&self, now: SimTime) -> bool {
        !self.is_modern() || self.poll_after(self.modern.positions_after) <= now
    }

    /// When `poll()` has something to do for the group.
    pub(super) fn modern_poll_at(&self, now: SimTime) -> Option<SimTime> {
        if !self.is_modern() {
            return None;
        }
        let step = match self.modern.step {
            Step::Idle => None,
            Step::Arrived(since) | Step::Committed(since) => Some(self.poll_after(since)),
            Step::Committing(until) => Some(until),
        };
        let look_up = self.poll_after(self.modern.positions_after);
        [step, Some(look_up)].into_iter().flatten().filter(|at| *at > now).min()
    }
}
