//! A broker's standing with the controller: registered, fenced, serving, leaving (`BrokerLifecycleManager`).
//!
//! Registration first, then heartbeats for as long as the process lives. Invariant: at most one of them is under way, and only
//! an answer from the controller makes a broker serve or end.

use super::BrokerTimer;
use crate::api::request::{BrokerHeartbeat, BrokerRegistration};
use crate::api::response::BrokerHeartbeat as Beat;
use crate::api::{ErrorCode, Request, Response};
use crate::config::broker::BrokerConfig;
use crate::controller_channel::Channel;
use crate::cx::{Cx, Draw};
use crate::ids::{BrokerEpoch, Correlation, Name, NodeId, Offset};
use crate::net::Lane;
use crate::trace::Fact;
use kafkascope_kernel::Micros;

/// Pause between heartbeats while the broker catches up with the metadata.
const CATCHING_UP: Micros = Micros::from_ms(10);
/// Pause before the second heartbeat of a broker that waits to be let go; later ones follow in the usual interval.
const LEAVING: Micros = Micros::from_ms(50);

/// Where a broker stands (`org.apache.kafka.metadata.BrokerState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerState {
    /// No process.
    NotRunning,
    /// Registers and catches up with the metadata.
    Starting,
    /// Caught up; asks to be unfenced.
    Recovery,
    /// Serves.
    Running,
    /// Asked for a controlled shutdown.
    PendingControlledShutdown,
    /// Was let go.
    ShuttingDown,
}

/// What a call to the controller was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifecycleCall {
    /// A registration.
    Register,
    /// A heartbeat.
    Heartbeat,
}

/// What a broker says of itself.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Its rack.
    pub rack: Option<&'a Name>,
    /// Its configs.
    pub config: &'a BrokerConfig,
    /// The last metadata offset it applied.
    pub applied: Offset,
}

/// What an answer made of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing new.
    None,
    /// The broker has an epoch.
    Registered,
    /// The broker serves.
    Unfenced,
    /// The process may end.
    LetGo,
}

/// One broker's standing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lifecycle {
    state: BrokerState,
    epoch: BrokerEpoch,
    /// Disk: the epoch of a run that ended cleanly, or -1.
    clean_epoch: BrokerEpoch,
    incarnation: u64,
    fenced: bool,
    /// Something is on its way that does not yet tell of the controlled shutdown.
    at_once: bool,
    /// The controller has answered to the controlled shutdown.
    leave_heard: bool,
    channel: Channel<LifecycleCall, BrokerTimer>,
}

impl Lifecycle {
    /// A broker whose process does not run.
    pub const fn new() -> Self {
        Self {
            state: BrokerState::NotRunning,
            epoch: -1,
            clean_epoch: -1,
            incarnation: 0,
            fenced: true,
            at_once: false,
            leave_heard: false,
            channel: Channel::new(
                Lane::Lifecycle,
                BrokerTimer::LifecycleRetry,
                BrokerTimer::LifecycleLate,
            ),
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> BrokerState {
        self.state
    }

    /// Its broker epoch, or -1 before it is registered.
    pub const fn epoch(&self) -> BrokerEpoch {
        self.epoch
    }

    /// Whether the last run ended in order, as far as the disk knows.
    pub const fn ended_cleanly(&self) -> bool {
        self.clean_epoch >= 0
    }

    /// Whether the controller keeps clients away from it, as its last answer said.
    pub const fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// The process begins to run.
    pub fn start(&mut self, me: About<'_>, cx: &mut Cx<'_>) {
        self.incarnation = cx.rng(Draw::Uuid).bits();
        self.state = BrokerState::Starting;
        cx.note(Fact::BrokerStarted);
        let session = i64::from(me.config.broker_session_timeout_ms);
        self.channel.set_timeout(Micros::from_config_ms(session).scale(1, 2));
        let patience = i64::from(me.config.initial_broker_registration_timeout_ms);
        cx.arm(BrokerTimer::RegistrationTimeout, Micros::from_config_ms(patience));
        self.communicate(me, cx);
    }

    /// The process is gone.
    pub fn kill(&mut self) {
        let clean = self.state == BrokerState::ShuttingDown;
        self.clean_epoch = if clean { self.epoch } else { -1 };
        self.state = BrokerState::NotRunning;
        self.epoch = -1;
        self.fenced = true;
        self.at_once = false;
        self.leave_heard = false;
        self.channel.kill();
    }

    /// SIGTERM: asks for a controlled shutdown. Whether that is needed at all.
    pub fn shut_down(&mut self, me: About<'_>, cx: &mut Cx<'_>) -> bool {
        match self.state {
            BrokerState::Running | BrokerState::Recovery => {
                self.state = BrokerState::PendingControlledShutdown;
                self.at_once = !self.channel.is_idle();
                if !self.at_once {
                    self.communicate(me, cx);
                }
                true
            }
            BrokerState::PendingControlledShutdown => true,
            BrokerState::NotRunning | BrokerState::Starting | BrokerState::ShuttingDown => false,
        }
    }

    /// Registered in ZooKeeper: it serves from now on, under the epoch of its znode.
    pub const fn serve_as(&mut self, epoch: BrokerEpoch) {
        self.state = BrokerState::Running;
        self.epoch = epoch;
        self.fenced = false;
    }

    /// In ZooKeeper mode: asks to be let go; then `last`, it was.
    pub const fn leave(&mut self, last: bool) {
        self.state =
            if last { BrokerState::ShuttingDown } else { BrokerState::PendingControlledShutdown };
    }

    /// Its process begins, in ZooKeeper mode.
    pub fn begin(&mut self, cx: &mut Cx<'_>) -> u64 {
        self.incarnation = cx.rng(Draw::Uuid).bits();
        self.state = BrokerState::Starting;
        cx.note(Fact::BrokerStarted);
        self.incarnation
    }

    /// Learns who the active controller is.
    pub fn set_controller(&mut self, controller: Option<NodeId>, cx: &mut Cx<'_>) {
        self.channel.set_controller(controller, cx);
    }

    /// An answer on the lifecycle lane.
    pub fn on_response(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        body: Response,
        me: About<'_>,
        cx: &mut Cx<'_>,
    ) -> Turn {
        match self.channel.on_response(from, correlation, body, cx) {
            Some((LifecycleCall::Register, Response::BrokerRegistration(error, epoch))) => {
                self.registered(error, epoch, me, cx)
            }
            Some((LifecycleCall::Heartbeat, Response::BrokerHeartbeat(beat))) => {
                self.heard(beat, me, cx)
            }
            Some((call, other)) => unreachable!("{call:?} was answered with {:?}", other.key()),
            None => Turn::None,
        }
    }

    /// The connection to a controller broke.
    pub fn on_disconnect(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        self.channel.on_disconnect(peer, cx);
    }

    /// The channel's pause is over.
    pub fn on_retry(&mut self, cx: &mut Cx<'_>) {
        self.channel.on_timer(cx);
    }

    /// The controller did not answer within half a session: what was sent is given up, the next one follows in time.
    pub fn on_late(&mut self, me: About<'_>, cx: &mut Cx<'_>) {
        if self.channel.on_late(cx) {
            self.channel.forget();
            self.again_later(me, cx);
        }
    }

    /// Time for the next registration or heartbeat.
    pub fn on_timer(&mut self, me: About<'_>, cx: &mut Cx<'_>) {
        if self.channel.is_idle() {
            self.communicate(me, cx);
        }
    }

    fn communicate(&mut self, me: About<'_>, cx: &mut Cx<'_>) {
        if self.epoch < 0 {
            let body = Request::BrokerRegistration(BrokerRegistration {
                broker_id: cx.me,
                incarnation_id: self.incarnation,
                rack: me.rack.cloned(),
                previous_broker_epoch: self.clean_epoch,
            });
            self.channel.send(body, LifecycleCall::Register, cx);
        } else {
            let body = Request::BrokerHeartbeat(BrokerHeartbeat {
                broker_id: cx.me,
                broker_epoch: self.epoch,
                current_metadata_offset: me.applied,
                want_fence: self.state == BrokerState::Starting,
                want_shut_down: self.state == BrokerState::PendingControlledShutdown,
            });
            self.channel.send(body, LifecycleCall::Heartbeat, cx);
        }
    }

    fn registered(
        &mut self,
        error: ErrorCode,
        epoch: BrokerEpoch,
        me: About<'_>,
        cx: &mut Cx<'_>,
    ) -> Turn {
        if !error.is_ok() {
            self.again_later(me, cx);
            return Turn::None;
        }
        self.epoch = epoch;
        cx.disarm(BrokerTimer::RegistrationTimeout);
        self.communicate(me, cx);
        Turn::Registered
    }

    fn heard(&mut self, beat: Beat, me: About<'_>, cx: &mut Cx<'_>) -> Turn {
        if !beat.error.is_ok() {
            self.again_later(me, cx);
            return Turn::None;
        }
        self.fenced = beat.is_fenced;
        match self.state {
            BrokerState::Starting if beat.is_caught_up => {
                self.state = BrokerState::Recovery;
                self.communicate(me, cx);
                Turn::None
            }
            BrokerState::Starting => {
                cx.arm(BrokerTimer::Heartbeat, CATCHING_UP);
                Turn::None
            }
            BrokerState::Recovery if !beat.is_fenced => {
                self.state = BrokerState::Running;
                self.again_later(me, cx);
                Turn::Unfenced
            }
            BrokerState::Recovery | BrokerState::Running => {
                self.again_later(me, cx);
                Turn::None
            }
            BrokerState::PendingControlledShutdown if beat.should_shut_down => {
                self.state = BrokerState::ShuttingDown;
                Turn::LetGo
            }
            BrokerState::PendingControlledShutdown => {
                self.wait_to_leave(me, cx);
                Turn::None
            }
            BrokerState::NotRunning | BrokerState::ShuttingDown => Turn::None,
        }
    }

    fn wait_to_leave(&mut self, me: About<'_>, cx: &mut Cx<'_>) {
        if core::mem::take(&mut self.at_once) {
            self.communicate(me, cx);
        } else if core::mem::replace(&mut self.leave_heard, true) {
            self.again_later(me, cx);
        } else {
            cx.arm(BrokerTimer::Heartbeat, LEAVING);
        }
    }

    fn again_later(&self, me: About<'_>, cx: &mut Cx<'_>) {
        let interval = i64::from(me.config.broker_heartbeat_interval_ms);
        cx.arm(BrokerTimer::Heartbeat, Micros::from_config_ms(interval));
    }
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::{Effect, Streams};
    use alloc::vec::Vec;
    use kafkascope_kernel::{Seed, SimTime};

    const CONTROLLER: NodeId = NodeId(100);

    /// A lifecycle, and what it sends.
    struct Desk {
        lifecycle: Lifecycle,
        streams: Streams,
        config: BrokerConfig,
        applied: Offset,
        correlation: Correlation,
        sent: Option<Request>,
        next_beat: Option<Micros>,
    }

    impl Desk {
        /// A process that has just started and knows its controller.
        fn new() -> Self {
            let mut desk = Self {
                lifecycle: Lifecycle::new(),
                streams: Streams::new(Seed(1)),
                config: BrokerConfig::default(),
                applied: -1,
                correlation: 0,
                sent: None,
                next_beat: None,
            };
            desk.run(|lifecycle, _, cx| lifecycle.set_controller(Some(CONTROLLER), cx));
            desk.run(Lifecycle::start);
            desk.answer(Response::ApiVersions);
            desk
        }

        fn run<T>(&mut self, what: impl FnOnce(&mut Lifecycle, About<'_>, &mut Cx<'_>) -> T) -> T {
            let mut out = Vec::new();
            let mut cx = Cx {
                now: SimTime::ZERO,
                me: NodeId(1),
                cause: None,
                epoch_ms_at_zero: 0,
                streams: &mut self.streams,
                out: &mut out,
            };
            let about = About { rack: None, config: &self.config, applied: self.applied };
            let result = what(&mut self.lifecycle, about, &mut cx);
            (self.sent, self.next_beat) = (None, None);
            for effect in out {
                if let Effect::Request { correlation, body, .. } = effect {
                    (self.correlation, self.sent) = (correlation, Some(body));
                } else if let Effect::Arm { timer, after } = effect
                    && timer == BrokerTimer::Heartbeat.into()
                {
                    self.next_beat = Some(after);
                }
            }
            result
        }

        fn answer(&mut self, body: Response) -> Turn {
            let correlation = self.correlation;
            self.run(|lifecycle, about, cx| {
                lifecycle.on_response(CONTROLLER, correlation, body, about, cx)
            })
        }

        /// Answers a heartbeat.
        fn heard(&mut self, is_caught_up: bool, is_fenced: bool, should_shut_down: bool) -> Turn {
            let error = ErrorCode::None;
            let beat = Beat { error, is_caught_up, is_fenced, should_shut_down };
            self.answer(Response::BrokerHeartbeat(beat))
        }

        /// What the last heartbeat wants: the fence, the end.
        fn wants(&self) -> (bool, bool) {
            let Some(Request::BrokerHeartbeat(beat)) = &self.sent else {
                panic!("{:?}", self.sent)
            };
            (beat.want_fence, beat.want_shut_down)
        }

        fn serving() -> Self {
            let mut desk = Self::new();
            assert_eq!(
                desk.answer(Response::BrokerRegistration(ErrorCode::None, 10)),
                Turn::Registered
            );
            desk.applied = 10;
            desk.heard(true, true, false);
            assert_eq!(desk.heard(true, false, false), Turn::Unfenced);
            desk
        }
    }

    #[test]
    fn a_broker_registers_catches_up_and_serves() {
        let mut desk = Desk::new();
        let refused = Response::BrokerRegistration(ErrorCode::DuplicateBrokerRegistration, -1);
        assert_eq!(desk.answer(refused), Turn::None);
        assert_eq!(desk.next_beat, Some(Micros::from_ms(2_000)), "it asks again");
        desk.run(Lifecycle::on_timer);
        assert!(
            matches!(&desk.sent, Some(Request::BrokerRegistration(request)) if request.previous_broker_epoch == -1)
        );
        desk.answer(Response::BrokerRegistration(ErrorCode::None, 10));
        assert_eq!(desk.wants(), (true, false), "fenced as long as it lags");
        desk.heard(false, true, false);
        assert_eq!(desk.next_beat, Some(CATCHING_UP));
        desk.run(Lifecycle::on_timer);
        desk.heard(true, true, false);
        assert_eq!(desk.wants(), (false, false));
        assert_eq!(desk.heard(true, false, false), Turn::Unfenced);
        assert_eq!(desk.lifecycle.state(), BrokerState::Running);
        assert_eq!(desk.next_beat, Some(Micros::from_ms(2_000)));
    }

    #[test]
    fn a_leaving_broker_waits_until_it_is_let_go_and_remembers_a_clean_end() {
        let mut desk = Desk::serving();
        assert!(desk.run(Lifecycle::shut_down), "it has something to hand over");
        assert_eq!(desk.wants(), (false, true), "at once");
        for pause in [50, 2_000, 2_000] {
            assert_eq!(desk.heard(true, false, false), Turn::None);
            assert_eq!(desk.next_beat, Some(Micros::from_ms(pause)));
            desk.run(Lifecycle::on_timer);
        }
        assert_eq!(desk.heard(true, true, true), Turn::LetGo);
        desk.lifecycle.kill();
        desk.run(|lifecycle, _, cx| lifecycle.set_controller(Some(CONTROLLER), cx));
        desk.run(Lifecycle::start);
        desk.answer(Response::ApiVersions);
        assert!(
            matches!(&desk.sent, Some(Request::BrokerRegistration(request)) if request.previous_broker_epoch == 10)
        );
        desk.lifecycle.kill();
        desk.run(|lifecycle, _, cx| lifecycle.set_controller(Some(CONTROLLER), cx));
        desk.run(Lifecycle::start);
        desk.answer(Response::ApiVersions);
        assert!(
            matches!(&desk.sent, Some(Request::BrokerRegistration(request)) if request.previous_broker_epoch == -1)
        );
    }

    #[test]
    fn a_shutdown_asked_for_during_a_heartbeat_follows_right_after_it() {
        let mut desk = Desk::serving();
        desk.run(Lifecycle::on_timer);
        assert_eq!(desk.wants(), (false, false));
        desk.run(Lifecycle::shut_down);
        assert_eq!(desk.sent, None, "one at a time");
        desk.heard(true, false, false);
        assert_eq!(desk.wants(), (false, true));
    }

    #[test]
    fn a_heartbeat_without_an_answer_is_given_up_for_the_next() {
        let mut desk = Desk::serving();
        desk.run(Lifecycle::on_timer);
        desk.run(Lifecycle::on_late);
        assert_eq!(desk.next_beat, Some(Micros::from_ms(2_000)));
        desk.run(Lifecycle::on_timer);
        desk.run(|lifecycle, _, cx| lifecycle.on_retry(cx));
        assert_eq!(desk.sent, Some(Request::ApiVersions), "on a new connection");
    }

    #[test]
    fn a_process_that_never_served_has_nothing_to_hand_over() {
        let mut desk = Desk::new();
        assert!(!desk.run(Lifecycle::shut_down));
    }
}
