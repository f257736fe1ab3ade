//! What the pacer needs to know: what can be seen now, and when something can happen next.
//!
//! Invariant: only messages that are drawn count as seen.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are no steps")]

use crate::pacer::{Clockwork, Occasion, Scene};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::api::share::ShareResponse;
use kafkascope_model::api::{Request, Response};
use kafkascope_model::ids::RecordId;
use kafkascope_model::net::{Envelope, Payload};
use kafkascope_model::trace::{Fact, TraceEvent};
use kafkascope_session::{Advanced, Session};

/// A session under the pacer, with a budget of events for a frame.
#[derive(Debug)]
pub struct Drive<'a> {
    session: &'a mut Session,
    budget: u32,
    stopped: bool,
}

impl<'a> Drive<'a> {
    /// Lets at most `budget` events happen.
    pub const fn new(session: &'a mut Session, budget: u32) -> Self {
        Self { session, budget, stopped: false }
    }

    /// Whether a breakpoint was hit.
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }
}

/// How many events pass between two looks at what flies.
const STRIDE: u32 = 8;

impl Clockwork for Drive<'_> {
    fn now(&self) -> SimTime {
        self.session.now()
    }

    fn scene(&mut self) -> Scene {
        let now = self.session.now();
        let flights = self.session.world().flights().filter(|envelope| matters(envelope));
        let shortest = flights
            .filter(|envelope| envelope.due_at != SimTime::END && envelope.due_at > now)
            .map(|envelope| envelope.due_at.since(envelope.sent_at))
            .min();
        Scene { shortest_flight: shortest, next_at: self.session.next_at() }
    }

    fn run(&mut self, until: SimTime, until_visible: bool) -> bool {
        // Events of the very moment `until` may be left when a stride ends there.
        loop {
            let stride = if until_visible { STRIDE.min(self.budget) } else { self.budget };
            let outcome = self.session.advance(until, stride);
            self.budget = self.budget.saturating_sub(stride);
            match outcome {
                Advanced::Reached => return true,
                Advanced::Stopped(..) => {
                    self.stopped = true;
                    return false;
                }
                Advanced::OutOfBudget if self.budget == 0 => return false,
                Advanced::OutOfBudget => {}
            }
            if until_visible && self.session.world().flights().any(matters) {
                return true;
            }
        }
    }
}

/// Whether a viewer looks at a message: records on their way, and what moves the cluster.
pub(super) fn matters(envelope: &Envelope) -> bool {
    match &envelope.payload {
        Payload::Request(request) => matches!(
            request,
            Request::Produce(_)
                | Request::JoinGroup(_)
                | Request::SyncGroup(_)
                | Request::LeaveGroup(_)
                | Request::AlterPartition(_)
        ),
        Payload::Response(Response::Fetch(fetch)) => {
            fetch.partitions.iter().any(|partition| !partition.batches.is_empty())
        }
        Payload::Response(Response::Share(ShareResponse::Fetch(fetch))) => {
            fetch.partitions.iter().any(|partition| !partition.batches.is_empty())
        }
        Payload::Response(response) => matches!(response, Response::Produce(_)),
        Payload::Reset => false,
    }
}

/// What the pace is about, for its sentence.
pub fn occasion(session: &Session, following: bool, wait: Option<Micros>) -> Occasion {
    let flights = session.world().flights();
    let mut seen = None;
    for envelope in flights.filter(|envelope| matters(envelope)) {
        seen = Some(match &envelope.payload {
            Payload::Request(
                Request::JoinGroup(_) | Request::SyncGroup(_) | Request::LeaveGroup(_),
            ) => "a rebalance is visible",
            Payload::Request(Request::AlterPartition(_)) => "an ISR change is visible",
            Payload::Request(_) | Payload::Response(_) | Payload::Reset => {
                "records are on their way"
            }
        });
    }
    Occasion { seen: seen.map(str::to_string), awaited: wait.map(crate::words::span), following }
}

/// Whether a step stops at a fact: something a viewer can follow, outside Kafka's own topics.
pub fn is_step(event: &TraceEvent) -> bool {
    match &event.fact {
        Fact::Appended { records, .. } => {
            records.iter().any(|record| *record != RecordId::INTERNAL)
        }
        Fact::Sent { .. }
        | Fact::BatchSent { .. }
        | Fact::BatchRetried { .. }
        | Fact::SendDone { .. }
        | Fact::SendBlocked { .. }
        | Fact::Delivered { .. }
        | Fact::Processed { .. }
        | Fact::Truncated { .. }
        | Fact::LinkCut(_)
        | Fact::LinkSlowed(..)
        | Fact::LinkHealed(_)
        | Fact::MessageStruck { .. }
        | Fact::TailLost { .. }
        | Fact::LogRecovered { .. }
        | Fact::DiskWiped
        | Fact::DiskSlowed(_)
        | Fact::DiskFilled
        | Fact::DiskHealed
        | Fact::BatchCorrupted { .. }
        | Fact::CorruptionFound { .. }
        | Fact::FetchGivenUp { .. }
        | Fact::ClockSkewed { .. }
        | Fact::Throttled { .. }
        | Fact::ReplicationThrottled { .. }
        | Fact::OffsetCommitted { .. }
        | Fact::Joining { .. }
        | Fact::MemberJoining { .. }
        | Fact::Assigned { .. }
        | Fact::Revoked { .. }
        | Fact::Lost { .. }
        | Fact::PollFailed { .. }
        | Fact::ShareAnswered { .. }
        | Fact::ShareSettled { .. }
        | Fact::PositionSet { .. } => true,
        _ => is_mark(event),
    }
}

/// Whether a fact is one of the great moments of a run.
pub const fn is_mark(event: &TraceEvent) -> bool {
    matches!(
        event.fact,
        Fact::Starting
            | Fact::Exited(_)
            | Fact::Paused
            | Fact::Resumed
            | Fact::BrokerFenced { .. }
            | Fact::BrokerUnfenced { .. }
            | Fact::ControllerElected { .. }
            | Fact::LeaderElected { .. }
            | Fact::IsrChanged { .. }
            | Fact::TopicCreated { .. }
            | Fact::RebalanceStarted { .. }
            | Fact::GroupStable { .. }
            | Fact::MemberExpired { .. }
            | Fact::ShareGroupEpoch { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacer;
    use crate::ui::PaceWish;
    use kafkascope_model::command::Command;
    use kafkascope_model::ids::NodeId;
    use kafkascope_scenario::{Tables, load};

    const FRAME: Micros = Micros(16_667);

    #[test]
    fn time_goes_on_however_many_things_happen_in_one_moment() {
        let shipped = kafkascope_scenario::shipped();
        let file = shipped.iter().find(|file| file.id == "ride-share").unwrap();
        let mut session = Session::open(load(file.toml, &Tables::web()).unwrap().script).unwrap();
        session.seek(session.script().opens_at);
        session.submit(Command::Kill(NodeId(1))).unwrap();
        let end = session.now() + Micros::from_ms(60_000);
        while session.now() < end {
            let before = session.now();
            for _ in 0..200 {
                pacer::drive(&mut Drive::new(&mut session, 4_000), PaceWish::Auto, FRAME);
            }
            assert!(session.now() > before, "time stands at {before:?}");
        }
    }
}
