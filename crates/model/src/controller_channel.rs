//! A node's channel to the active controller (`NodeToControllerChannelManager`).
//!
//! One request at a time; what cannot be delivered waits and is sent again, to whichever controller is active then.
//! Invariant: calls are answered in the order in which they were made, each exactly once while the process lives.

use crate::api::{ErrorCode, Request, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::{ConnId, Lane};
use crate::node::Timer;
use alloc::collections::VecDeque;
use kafkascope_kernel::Micros;

/// How long an answer is waited for, unless told otherwise.
const REQUEST_TIMEOUT: Micros = Micros::from_ms(30_000);
/// Pause before a controller is looked for again.
const RETRY: Micros = Micros::from_ms(50);

/// A channel whose calls have a purpose of type `P`; `T` are the timers of the role that uses it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel<P, T> {
    lane: Lane,
    retry: T,
    late: T,
    timeout: Micros,
    /// The active controller, as far as known.
    controller: Option<NodeId>,
    /// To whom the connection is open and introduced.
    ready: Option<NodeId>,
    hello: Option<(NodeId, Correlation)>,
    queue: VecDeque<(Request, P)>,
    in_flight: Option<(Correlation, Request, P)>,
    next: Correlation,
    pausing: bool,
}

impl<P: Clone, T: Clone + Into<Timer>> Channel<P, T> {
    /// A channel on `lane` that uses `retry` to wake up and `late` to wait no longer.
    pub const fn new(lane: Lane, retry: T, late: T) -> Self {
        Self {
            lane,
            retry,
            late,
            timeout: REQUEST_TIMEOUT,
            controller: None,
            ready: None,
            hello: None,
            queue: VecDeque::new(),
            in_flight: None,
            next: 0,
            pausing: false,
        }
    }

    /// Sets how long an answer is waited for.
    pub const fn set_timeout(&mut self, timeout: Micros) {
        self.timeout = timeout;
    }

    /// Makes a call.
    pub fn send(&mut self, body: Request, purpose: P, cx: &mut Cx<'_>) {
        self.queue.push_back((body, purpose));
        self.pump(cx);
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_none()
    }

    /// Learns who the active controller is.
    pub fn set_controller(&mut self, controller: Option<NodeId>, cx: &mut Cx<'_>) {
        if self.controller != controller {
            self.controller = controller;
            self.pump(cx);
        }
    }

    /// An answer on this channel's lane: the call it belongs to, unless it must be made again.
    pub fn on_response(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) -> Option<(P, Response)> {
        cx.disarm(self.late.clone());
        if self.hello == Some((from, correlation)) {
            self.hello = None;
            self.ready = Some(from);
            self.pump(cx);
            return None;
        }
        let (expected, request, purpose) = self.in_flight.take()?;
        assert!(expected == correlation, "one call is under way at a time");
        if body.first_error() == ErrorCode::NotController {
            self.controller = None;
            self.queue.push_front((request, purpose));
            self.pause(cx);
            return None;
        }
        self.pump(cx);
        Some((purpose, body))
    }

    /// The connection broke: the call under way is made again.
    pub fn on_disconnect(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        if self.hello.is_none_or(|(to, _)| to != peer) && self.ready != Some(peer) {
            return;
        }
        self.disconnected(cx);
    }

    /// The answer is late: the connection is given up, the call is made again. Whether there was one under way.
    pub fn on_late(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(peer) = self.hello.map(|(to, _)| to).or(self.ready) else { return false };
        cx.close(ConnId { client: cx.me, server: peer, lane: self.lane });
        let waited = self.in_flight.is_some();
        self.disconnected(cx);
        waited
    }

    /// Forgets every call.
    pub fn forget(&mut self) {
        self.queue.clear();
        self.in_flight = None;
    }

    /// The retry timer is due.
    pub fn on_timer(&mut self, cx: &mut Cx<'_>) {
        self.pausing = false;
        self.pump(cx);
    }

    /// The process is gone.
    pub fn kill(&mut self) {
        *self = Self::new(self.lane, self.retry.clone(), self.late.clone());
    }

    fn disconnected(&mut self, cx: &mut Cx<'_>) {
        cx.disarm(self.late.clone());
        self.hello = None;
        self.ready = None;
        if let Some((_, request, purpose)) = self.in_flight.take() {
            self.queue.push_front((request, purpose));
        }
        if !self.queue.is_empty() {
            self.pause(cx);
        }
    }

    fn pause(&mut self, cx: &mut Cx<'_>) {
        self.pausing = true;
        cx.arm(self.retry.clone(), RETRY);
    }

    fn pump(&mut self, cx: &mut Cx<'_>) {
        let busy = self.in_flight.is_some() || self.hello.is_some() || self.pausing;
        if busy || self.queue.is_empty() {
            return;
        }
        let Some(controller) = self.controller else { return self.pause(cx) };
        let correlation = self.next;
        self.next = correlation.wrapping_add(1);
        cx.arm(self.late.clone(), self.timeout);
        if self.ready == Some(controller) {
            let (body, purpose) = self.queue.pop_front().expect("just looked");
            self.in_flight = Some((correlation, body.clone(), purpose));
            cx.send(controller, self.lane, correlation, body);
        } else {
            self.hello = Some((controller, correlation));
            cx.send(controller, self.lane, correlation, Request::ApiVersions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request::AllocateProducerIds;
    use crate::api::response::AllocateProducerIds as Block;
    use crate::broker::BrokerTimer;
    use crate::cx::{Effect, Streams};
    use alloc::vec::Vec;
    use kafkascope_kernel::{Seed, SimTime};

    const OLD: NodeId = NodeId(100);
    const NEW: NodeId = NodeId(101);

    struct Desk {
        channel: Channel<u32, BrokerTimer>,
        streams: Streams,
    }

    impl Desk {
        fn new() -> Self {
            let channel = Channel::new(
                Lane::ToController,
                BrokerTimer::ToControllerRetry,
                BrokerTimer::ToControllerLate,
            );
            Self { channel, streams: Streams::new(Seed(1)) }
        }

        /// Runs something on the channel; its result, and what it sends and to whom.
        fn run<T>(
            &mut self,
            what: impl FnOnce(&mut Channel<u32, BrokerTimer>, &mut Cx<'_>) -> T,
        ) -> (T, Vec<Effect>) {
            let mut out = Vec::new();
            let mut cx = Cx {
                now: SimTime::ZERO,
                me: NodeId(1),
                cause: None,
                epoch_ms_at_zero: 0,
                streams: &mut self.streams,
                out: &mut out,
            };
            let result = what(&mut self.channel, &mut cx);
            (result, out)
        }

        fn call(&mut self, purpose: u32) -> Vec<Effect> {
            self.run(|channel, cx| channel.send(body(), purpose, cx)).1
        }

        fn find(&mut self, controller: NodeId) -> Vec<Effect> {
            self.run(|channel, cx| channel.set_controller(Some(controller), cx)).1
        }

        fn answer(
            &mut self,
            from: NodeId,
            correlation: Correlation,
            error: ErrorCode,
        ) -> (Option<u32>, Vec<Effect>) {
            let block = Block { error, producer_id_start: 0, producer_id_len: 0 };
            let answer = Response::AllocateProducerIds(block);
            let (told, out) =
                self.run(|channel, cx| channel.on_response(from, correlation, answer, cx));
            (told.map(|(purpose, _)| purpose), out)
        }
    }

    fn body() -> Request {
        let body = AllocateProducerIds { broker_id: NodeId(1), broker_epoch: 5 };
        Request::AllocateProducerIds(body)
    }

    /// To whom something was sent, under which correlation, and whether it is only an introduction.
    fn sent(out: &[Effect]) -> Option<(NodeId, Correlation, bool)> {
        out.iter().find_map(|effect| {
            let Effect::Request { to, correlation, body, .. } = effect else { return None };
            Some((*to, *correlation, *body == Request::ApiVersions))
        })
    }

    #[test]
    fn calls_wait_for_a_controller_and_go_one_after_another() {
        let mut desk = Desk::new();
        assert_eq!(sent(&desk.call(1)), None, "nobody is known");
        assert_eq!(sent(&desk.call(2)), None);
        desk.run(Channel::on_timer);
        assert_eq!(sent(&desk.find(OLD)), None, "it pauses");
        let (_, out) = desk.run(Channel::on_timer);
        assert_eq!(sent(&out), Some((OLD, 0, true)));
        let (told, out) = desk.answer(OLD, 0, ErrorCode::None);
        assert_eq!((told, sent(&out)), (None, Some((OLD, 1, false))));
        let (told, out) = desk.answer(OLD, 1, ErrorCode::None);
        assert_eq!((told, sent(&out)), (Some(1), Some((OLD, 2, false))));
        let (told, out) = desk.answer(OLD, 2, ErrorCode::None);
        assert_eq!((told, sent(&out)), (Some(2), None));
        assert!(desk.channel.is_idle());
    }

    #[test]
    fn a_call_that_a_deposed_controller_refuses_is_made_again_at_the_new_one() {
        let mut desk = Desk::new();
        desk.find(OLD);
        desk.call(7);
        desk.answer(OLD, 0, ErrorCode::None);
        let (told, out) = desk.answer(OLD, 1, ErrorCode::NotController);
        assert_eq!((told, sent(&out)), (None, None));
        desk.find(NEW);
        let (_, out) = desk.run(Channel::on_timer);
        assert_eq!(sent(&out), Some((NEW, 2, true)));
        desk.answer(NEW, 2, ErrorCode::None);
        assert_eq!(desk.answer(NEW, 3, ErrorCode::None).0, Some(7));
    }

    #[test]
    fn a_broken_or_silent_connection_costs_no_call() {
        for silent in [false, true] {
            let mut desk = Desk::new();
            desk.find(OLD);
            desk.call(7);
            desk.answer(OLD, 0, ErrorCode::None);
            let (_, out) = desk.run(|channel, cx| {
                if silent {
                    assert!(channel.on_late(cx));
                } else {
                    channel.on_disconnect(OLD, cx);
                }
            });
            let closed = out.iter().any(|effect| matches!(effect, Effect::Close { .. }));
            assert_eq!(closed, silent);
            let (_, out) = desk.run(Channel::on_timer);
            assert_eq!(sent(&out), Some((OLD, 2, true)), "introduced anew");
            desk.answer(OLD, 2, ErrorCode::None);
            assert_eq!(desk.answer(OLD, 3, ErrorCode::None).0, Some(7));
        }
    }
}
