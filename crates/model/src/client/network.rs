//! A client's connections (`org.apache.kafka.clients.NetworkClient`, `ClusterConnectionStates`, `InFlightRequests`).
//!
//! Knows for each peer whether it is connected, which requests are under way and when it may be tried again. `ApiVersions`
//! opens every connection; nothing else is sent before it is answered. `C` is what the owner wants to remember of a request.
//! Invariant: every request that was sent comes back exactly once, as an answer, a disconnection or a time-out.

use crate::api::{ApiKey, Request, Response};
use crate::cx::{Cx, Draw};
use crate::ids::{Correlation, NodeId};
use crate::net::{ConnId, Lane};
use crate::trace::Fact;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// The other end of a connection: a broker, and which of a client's connections to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// The process.
    pub server: NodeId,
    /// Which connection to it.
    pub lane: Lane,
}

impl Peer {
    /// A broker as metadata names it.
    pub const fn broker(server: NodeId) -> Self {
        Self { server, lane: Lane::Main }
    }

    /// A broker as `bootstrap.servers` names it.
    pub const fn bootstrap(server: NodeId) -> Self {
        Self { server, lane: Lane::Bootstrap }
    }

    /// A broker as a group's coordinator, on a connection of its own.
    pub const fn coordinator(server: NodeId) -> Self {
        Self { server, lane: Lane::Coordinator }
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was answered.
    Answered(Response),
    /// Its connection broke, was refused or was closed.
    Disconnected,
    /// It, or one before it on its connection, had no answer in time; the connection was closed for it.
    TimedOut,
}

/// A request that came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer<C> {
    /// Who was asked.
    pub peer: Peer,
    /// What the owner wanted to remember.
    pub call: C,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a client's configs say about connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkConfig {
    /// `request.timeout.ms`.
    pub request_timeout: Micros,
    /// `reconnect.backoff.ms`.
    pub reconnect_backoff_ms: i64,
    /// `reconnect.backoff.max.ms`.
    pub reconnect_backoff_max_ms: i64,
    /// `max.in.flight.requests.per.connection`; consumers and admin clients have 100.
    pub max_in_flight: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ConnectionState {
    Disconnected,
    CheckingApiVersions,
    Ready,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct InFlight<C> {
    correlation: Correlation,
    api: ApiKey,
    deadline: SimTime,
    /// None for `ApiVersions`, which is this file's own business.
    call: Option<C>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Connection<C> {
    state: ConnectionState,
    last_attempt: SimTime,
    failed_attempts: u32,
    backoff: Micros,
    /// The broker asked to be left alone until then.
    throttled_until: SimTime,
    in_flight: VecDeque<InFlight<C>>,
}

/// The node to ask when any will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeastLoaded {
    /// The best choice; none if every node is waiting out its back-off.
    pub peer: Option<Peer>,
    /// Whether there is any connection at all, be it a busy one.
    pub any_ready: bool,
}

/// All connections of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkClient<C> {
    config: NetworkConfig,
    connections: FlatMap<Peer, Connection<C>>,
    next_correlation: Correlation,
}

impl<C> NetworkClient<C> {
    /// No connection yet.
    pub const fn new(config: NetworkConfig) -> Self {
        Self { config, connections: FlatMap::new(), next_correlation: 0 }
    }

    /// Whether a request may be sent now; begins to connect if that is what it takes (`NetworkClient.ready`).
    pub fn ready(&mut self, peer: Peer, cx: &mut Cx<'_>) -> bool {
        if self.can_send(peer) {
            return !self.is_throttled(peer, cx.now);
        }
        if self.can_connect(peer, cx.now) {
            self.connect(peer, cx);
        }
        false
    }

    /// Whether a peer has asked to be left alone and the time is not over (`ClusterConnectionStates.throttle`).
    pub fn is_throttled(&self, peer: Peer, now: SimTime) -> bool {
        self.connections.get(&peer).is_some_and(|connection| connection.throttled_until > now)
    }

    /// When the next of those who asked to be left alone may be asked again.
    pub fn next_unthrottled(&self, now: SimTime) -> Option<SimTime> {
        let times = self.connections.values().map(|connection| connection.throttled_until);
        times.filter(|until| *until > now).min()
    }

    /// A broker asked to be left alone for so long (`throttle_time_ms` of its answer).
    pub fn throttle(&mut self, peer: Peer, ms: i32, now: SimTime) {
        if let Some(connection) = self.connections.get_mut(&peer) {
            connection.throttled_until = now + Micros::from_config_ms(i64::from(ms));
        }
    }

    /// Whether a peer is connected and has room for one more request.
    pub fn can_send(&self, peer: Peer) -> bool {
        self.connections.get(&peer).is_some_and(|connection| {
            connection.state == ConnectionState::Ready
                && connection.in_flight.len() < self.config.max_in_flight as usize
        })
    }

    /// Whether the last attempt to connect, or the connection, failed (`NetworkClient.connectionFailed`).
    pub fn connection_failed(&self, peer: Peer) -> bool {
        self.connections
            .get(&peer)
            .is_some_and(|connection| connection.state == ConnectionState::Disconnected)
    }

    /// Whether a connection is established.
    pub fn is_connected(&self, peer: Peer) -> bool {
        self.connections
            .get(&peer)
            .is_some_and(|connection| connection.state == ConnectionState::Ready)
    }

    /// Requests under way to a peer, the first one too.
    pub fn in_flight(&self, peer: Peer) -> u32 {
        self.connections.get(&peer).map_or(0, |connection| connection.in_flight.len() as u32)
    }

    /// Whether a connection to any of these is being established.
    pub fn any_connecting(&self, nodes: &[Peer]) -> bool {
        let connecting = |peer| {
            let connection = self.connections.get(peer);
            connection.is_some_and(|c| c.state == ConnectionState::CheckingApiVersions)
        };
        nodes.iter().any(connecting)
    }

    /// When a peer may be connected to again; none if nothing but an answer changes its state.
    pub fn connect_at(&self, peer: Peer, now: SimTime) -> Option<SimTime> {
        match self.connections.get(&peer) {
            None => Some(now),
            Some(c) if c.state == ConnectionState::Disconnected => {
                Some((c.last_attempt + c.backoff).max(now))
            }
            Some(_) => None,
        }
    }

    /// Sends a request on a ready connection; `timeout` none is `request.timeout.ms`.
    pub fn send(
        &mut self,
        peer: Peer,
        body: Request,
        call: C,
        timeout: Option<Micros>,
        cx: &mut Cx<'_>,
    ) {
        assert!(self.can_send(peer), "requests are sent on ready connections only");
        self.push(peer, body, Some(call), timeout, cx);
    }

    /// Sends a request that has no answer (a PRODUCE with acks=0).
    pub fn send_and_forget(&mut self, peer: Peer, body: Request, cx: &mut Cx<'_>) {
        assert!(self.can_send(peer), "requests are sent on ready connections only");
        let correlation = self.take_correlation();
        cx.send(peer.server, peer.lane, correlation, body);
    }

    /// An answer arrived; none if it was to `ApiVersions`, which makes its connection ready.
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
    ) -> Option<Answer<C>> {
        let peer = Peer { server: from, lane };
        let connection = self.connections.get_mut(&peer)?;
        let request = connection.in_flight.pop_front()?;
        assert!(request.correlation == correlation, "a connection answers in order");
        let Some(call) = request.call else {
            connection.state = ConnectionState::Ready;
            connection.failed_attempts = 0;
            connection.backoff = Micros::ZERO;
            return None;
        };
        Some(Answer { peer, call, outcome: Outcome::Answered(body) })
    }

    /// A connection broke or was refused: everything under way on it fails.
    pub fn on_disconnect(&mut self, server: NodeId, lane: Lane, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        self.disconnected(Peer { server, lane }, &Outcome::Disconnected, cx)
    }

    /// The client itself closes a connection, if it is open; everything under way on it fails (`NetworkClient.disconnect`).
    pub fn disconnect(&mut self, peer: Peer, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        if self.connections.get(&peer).is_none_or(|c| c.state == ConnectionState::Disconnected) {
            return Vec::new();
        }
        cx.close(ConnId { client: cx.me, server: peer.server, lane: peer.lane });
        self.disconnected(peer, &Outcome::Disconnected, cx)
    }

    /// Closes connections with a request that has waited too long; everything under way on them fails.
    pub fn time_out(&mut self, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        let now = cx.now;
        let late = |(peer, c): (&Peer, &Connection<C>)| {
            let request = c.in_flight.iter().find(|request| request.deadline <= now)?;
            Some((*peer, request.api))
        };
        let late: Vec<(Peer, ApiKey)> = self.connections.iter().filter_map(late).collect();
        let mut answers = Vec::new();
        for (peer, api) in late {
            cx.note(Fact::RequestTimedOut { api, to: peer.server });
            cx.close(ConnId { client: cx.me, server: peer.server, lane: peer.lane });
            answers.extend(self.disconnected(peer, &Outcome::TimedOut, cx));
        }
        answers
    }

    /// When the next request times out.
    pub fn next_timeout(&self) -> Option<SimTime> {
        let of = |c: &Connection<C>| c.in_flight.iter().map(|request| request.deadline).min();
        self.connections.values().filter_map(of).min()
    }

    /// The same of handshakes and of those requests that `counts` says yes to.
    pub fn next_timeout_of(&self, counts: impl Fn(&C) -> bool) -> Option<SimTime> {
        let all = self.connections.values().flat_map(|connection| &connection.in_flight);
        let counted = all.filter(|request| request.call.as_ref().is_none_or(&counts));
        counted.map(|request| request.deadline).min()
    }

    /// The node with the fewest requests under way, from a random start (`NetworkClient.leastLoadedNode`): an idle connection,
    /// else the least busy one, else one being established, else the one whose last attempt is longest ago.
    pub fn least_loaded(&self, nodes: &[Peer], cx: &mut Cx<'_>) -> LeastLoaded {
        if nodes.is_empty() {
            return LeastLoaded { peer: None, any_ready: false };
        }
        let start = cx.rng(Draw::NodeChoice).below(nodes.len() as u32) as usize;
        let (before, from) = nodes.split_at(start);
        let mut best: Option<(Rank, Peer)> = None;
        let mut any_ready = false;
        for peer in from.iter().chain(before) {
            any_ready |= self.is_connected(*peer);
            if let Some(rank) = self.rank(*peer, cx.now)
                && best.is_none_or(|(other, _)| rank < other)
            {
                best = Some((rank, *peer));
            }
        }
        LeastLoaded { peer: best.map(|(_, peer)| peer), any_ready }
    }

    fn rank(&self, peer: Peer, now: SimTime) -> Option<Rank> {
        let Some(connection) = self.connections.get(&peer) else {
            return Some(Rank::CanConnect(SimTime::ZERO));
        };
        match connection.state {
            ConnectionState::Ready if self.can_send(peer) => {
                Some(Rank::Ready(connection.in_flight.len() as u32))
            }
            ConnectionState::CheckingApiVersions => Some(Rank::Connecting),
            ConnectionState::Disconnected if self.can_connect(peer, now) => {
                Some(Rank::CanConnect(connection.last_attempt))
            }
            ConnectionState::Ready | ConnectionState::Disconnected => None,
        }
    }

    fn can_connect(&self, peer: Peer, now: SimTime) -> bool {
        self.connect_at(peer, now) == Some(now)
    }

    fn connect(&mut self, peer: Peer, cx: &mut Cx<'_>) {
        let connection = self.connections.entry(peer).or_insert_with(|| Connection {
            state: ConnectionState::Disconnected,
            last_attempt: cx.now,
            failed_attempts: 0,
            backoff: Micros::ZERO,
            throttled_until: SimTime::ZERO,
            in_flight: VecDeque::new(),
        });
        connection.state = ConnectionState::CheckingApiVersions;
        connection.last_attempt = cx.now;
        self.push(peer, Request::ApiVersions, None, None, cx);
    }

    fn push(
        &mut self,
        peer: Peer,
        body: Request,
        call: Option<C>,
        timeout: Option<Micros>,
        cx: &mut Cx<'_>,
    ) {
        let correlation = self.take_correlation();
        // Kafka counts whole milliseconds and wants more than none.
        let timeout = timeout.unwrap_or(self.config.request_timeout).max(Micros::from_ms(1));
        let api = body.key();
        let request = InFlight { correlation, api, deadline: cx.now + timeout, call };
        let connection = self.connections.get_mut(&peer).expect("connected before");
        connection.in_flight.push_back(request);
        cx.send(peer.server, peer.lane, correlation, body);
    }

    fn take_correlation(&mut self) -> Correlation {
        let correlation = self.next_correlation;
        self.next_correlation = correlation.wrapping_add(1) & Correlation::MAX;
        correlation
    }

    fn disconnected(&mut self, peer: Peer, outcome: &Outcome, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        let config = self.config;
        let Some(connection) = self.connections.get_mut(&peer) else { return Vec::new() };
        connection.state = ConnectionState::Disconnected;
        connection.last_attempt = cx.now;
        connection.backoff = cx.backoff(
            config.reconnect_backoff_ms.min(config.reconnect_backoff_max_ms),
            config.reconnect_backoff_max_ms,
            connection.failed_attempts,
        );
        connection.failed_attempts += 1;
        let failed = core::mem::take(&mut connection.in_flight);
        failed
            .into_iter()
            .filter_map(|request| request.call)
            .map(|call| Answer { peer, call, outcome: outcome.clone() })
            .collect()
    }
}

/// How willingly a node is chosen; the least is best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ready(u32),
    Connecting,
    CanConnect(SimTime),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Bench;

    const CONFIG: NetworkConfig = NetworkConfig {
        request_timeout: Micros::from_ms(30_000),
        reconnect_backoff_ms: 50,
        reconnect_backoff_max_ms: 1_000,
        max_in_flight: 2,
    };
    const PEER: Peer = Peer::broker(NodeId(1));

    fn connected(bench: &mut Bench) -> NetworkClient<u32> {
        let mut client = NetworkClient::new(CONFIG);
        assert!(!bench.run(|cx| client.ready(PEER, cx)));
        let hello = bench.next().expect("connecting says hello");
        assert_eq!(hello.body, Request::ApiVersions);
        let answer =
            client.on_response(hello.to, hello.lane, hello.correlation, Response::ApiVersions);
        assert!(answer.is_none() && client.can_send(PEER));
        client
    }

    #[test]
    fn a_full_connection_takes_no_more_until_an_answer_comes() {
        let mut bench = Bench::new();
        let mut client = connected(&mut bench);
        for call in [7, 8] {
            assert!(bench.run(|cx| client.ready(PEER, cx)));
            bench.run(|cx| client.send(PEER, Request::ApiVersions, call, None, cx));
        }
        assert!(!client.can_send(PEER));
        let first = bench.next().expect("sent");
        let answer = client
            .on_response(NodeId(1), Lane::Main, first.correlation, Response::ApiVersions)
            .expect("the owner's");
        assert_eq!((answer.call, client.can_send(PEER)), (7, true));
    }

    #[test]
    fn a_request_without_answer_takes_its_whole_connection_down() {
        let mut bench = Bench::new();
        let mut client = connected(&mut bench);
        bench.run(|cx| client.send(PEER, Request::ApiVersions, 7, None, cx));
        bench.wait_ms(10);
        bench.run(|cx| client.send(PEER, Request::ApiVersions, 8, None, cx));
        bench.wait_ms(29_990);
        let failed = bench.run(|cx| client.time_out(cx));
        let calls: Vec<u32> = failed.iter().map(|answer| answer.call).collect();
        assert_eq!(calls, [7, 8]);
        assert!(failed.iter().all(|answer| answer.outcome == Outcome::TimedOut));
        assert_eq!(bench.closed, [NodeId(1)]);
    }

    #[test]
    fn each_refusal_doubles_the_wait_before_the_next_attempt() {
        let mut bench = Bench::new();
        let mut client = NetworkClient::<u32>::new(CONFIG);
        for expected_ms in [50, 100, 200, 400, 800, 1_000, 1_000] {
            bench.run(|cx| client.ready(PEER, cx));
            assert!(bench.next().is_some());
            bench.run(|cx| client.on_disconnect(NodeId(1), Lane::Main, cx));
            let at = client.connect_at(PEER, bench.now).expect("disconnected");
            let wait = (at - bench.now).as_ms();
            assert!(wait * 10 >= expected_ms * 8 && wait * 10 <= expected_ms * 12, "{wait}");
            bench.run(|cx| client.ready(PEER, cx));
            assert!(bench.next().is_none(), "still backing off");
            bench.now = at;
        }
    }

    #[test]
    fn the_least_loaded_node_is_an_idle_connection_before_a_busy_one_before_a_new_one() {
        let mut bench = Bench::new();
        let mut client = connected(&mut bench);
        let nodes = [PEER, Peer::broker(NodeId(2)), Peer::broker(NodeId(3))];
        let chosen = bench.run(|cx| client.least_loaded(&nodes, cx));
        assert_eq!((chosen.peer, chosen.any_ready), (Some(PEER), true));
        bench.run(|cx| client.send(PEER, Request::ApiVersions, 7, None, cx));
        assert_eq!(bench.run(|cx| client.least_loaded(&nodes, cx)).peer, Some(PEER));
        bench.run(|cx| client.disconnect(PEER, cx));
        let chosen = bench.run(|cx| client.least_loaded(&nodes, cx)).peer;
        assert_ne!(chosen, Some(PEER), "the one that just failed comes last");
    }
}
