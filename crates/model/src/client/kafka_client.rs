//! Connections and metadata together: what every Kafka client is built on (`NetworkClient` with its `DefaultMetadataUpdater`).
//!
//! A client hands every answer, disconnection and timer to this, takes what comes back of its own requests, and calls
//! [`KafkaClient::poll`] last in each of its handlers. Invariant: at most one METADATA request is under way.

use super::metadata::{Asked, Metadata};
use super::network::{Answer, LeastLoaded, NetworkClient, NetworkConfig, Outcome, Peer};
use crate::api::{ErrorCode, Request, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::Lane;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// What a client does when it has nobody left to ask (KIP-899, KIP-1102).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recovery {
    /// `metadata.recovery.strategy` is `rebootstrap`: it begins anew with its bootstrap addresses.
    pub rebootstrap: bool,
    /// `metadata.recovery.rebootstrap.trigger.ms`: it does so too after looking for so long.
    pub trigger: Micros,
}

impl Recovery {
    /// Kafka's defaults.
    pub const DEFAULT: Self = Self { rebootstrap: true, trigger: Micros::from_ms(300_000) };
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call<C> {
    Metadata(Asked),
    Owner(C),
}

/// A client's connections and its metadata; `C` is what its owner wants to remember of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KafkaClient<C> {
    /// What it knows of the cluster.
    pub metadata: Metadata,
    network: NetworkClient<Call<C>>,
    recovery: Recovery,
    asking: bool,
    asking_since: Option<SimTime>,
    /// When to look after metadata again, as far as that depends on time.
    metadata_wakeup: Option<SimTime>,
    /// When the first of the brokers that asked to be left alone may be asked again.
    unthrottled_at: Option<SimTime>,
}

impl<C> KafkaClient<C> {
    /// Not connected to anything.
    pub const fn new(network: NetworkConfig, metadata: Metadata) -> Self {
        Self {
            metadata,
            network: NetworkClient::new(network),
            recovery: Recovery::DEFAULT,
            asking: false,
            asking_since: None,
            metadata_wakeup: None,
            unthrottled_at: None,
        }
    }

    /// The same with another way to recover.
    #[must_use]
    pub fn with_recovery(self, recovery: Recovery) -> Self {
        Self { recovery, ..self }
    }

    /// Whether a request may be sent to a peer now; begins to connect if that is what it takes. While metadata is due, nothing
    /// else may be sent (`NetworkClient.isReady`).
    pub fn ready(&mut self, peer: Peer, cx: &mut Cx<'_>) -> bool {
        self.network.ready(peer, cx) && !self.metadata_is_due(cx.now)
    }

    /// Whether a METADATA request is under way.
    pub const fn is_asking(&self) -> bool {
        self.asking
    }

    /// Whether a peer is connected and has room for one more request.
    pub fn can_send(&self, peer: Peer) -> bool {
        self.network.can_send(peer)
    }

    /// Whether a peer has asked to be left alone and the time is not over.
    pub fn is_throttled(&self, peer: Peer, now: SimTime) -> bool {
        self.unthrottled_at.is_some() && self.network.is_throttled(peer, now)
    }

    /// Whether a peer's connection failed and was not tried again yet.
    pub fn connection_failed(&self, peer: Peer) -> bool {
        self.network.connection_failed(peer)
    }

    /// When a peer may be connected to; none if it is connected or being connected to.
    pub fn connect_at(&self, peer: Peer, now: SimTime) -> Option<SimTime> {
        self.network.connect_at(peer, now)
    }

    /// Whether a connection is established.
    pub fn is_connected(&self, peer: Peer) -> bool {
        self.network.is_connected(peer)
    }

    /// Requests under way to a peer.
    pub fn in_flight(&self, peer: Peer) -> u32 {
        self.network.in_flight(peer)
    }

    /// The best node to ask when any will do; none while all wait out their back-off.
    pub fn least_loaded(&self, cx: &mut Cx<'_>) -> Option<Peer> {
        self.choose_node(cx).peer
    }

    /// Sends a request on a ready connection.
    pub fn send(&mut self, peer: Peer, body: Request, call: C, cx: &mut Cx<'_>) {
        self.network.send(peer, body, Call::Owner(call), None, cx);
    }

    /// Sends a request whose answer may take longer than `request.timeout.ms` (JOIN_GROUP).
    pub fn send_with_timeout(
        &mut self,
        peer: Peer,
        body: Request,
        call: C,
        timeout: Micros,
        cx: &mut Cx<'_>,
    ) {
        self.network.send(peer, body, Call::Owner(call), Some(timeout), cx);
    }

    /// Sends a request that has no answer.
    pub fn send_and_forget(&mut self, peer: Peer, body: Request, cx: &mut Cx<'_>) {
        self.network.send_and_forget(peer, body, cx);
    }

    /// An answer arrived: the owner's own request comes back, everything else is seen to here.
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) -> Option<Answer<C>> {
        let throttle_ms = body.throttle_time_ms();
        if throttle_ms > 0 {
            self.network.throttle(Peer { server: from, lane }, throttle_ms, cx.now);
            self.unthrottled_at = self.network.next_unthrottled(cx.now);
        }
        let answer = self.network.on_response(from, lane, correlation, body)?;
        self.sort(answer, cx)
    }

    /// A connection broke or was refused: the owner's own requests on it come back.
    pub fn on_disconnect(&mut self, server: NodeId, lane: Lane, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        let failed = self.network.on_disconnect(server, lane, cx);
        let failed = self.sort_all(failed, cx);
        self.suspect_metadata(cx);
        failed
    }

    /// Closes a connection; the owner's own requests on it come back.
    pub fn disconnect(&mut self, peer: Peer, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        let failed = self.network.disconnect(peer, cx);
        self.sort_all(failed, cx)
    }

    /// Sees to time-outs and metadata; the owner's requests that timed out come back. Call it last in every handler, and again
    /// if what came back made new requests.
    pub fn poll(&mut self, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        // A handshake that gets no answer counts too, though nobody waits for it by name.
        let any_late = self.network.next_timeout().is_some_and(|at| at <= cx.now);
        let late = if any_late { self.network.time_out(cx) } else { Vec::new() };
        let late = self.sort_all(late, cx);
        if any_late {
            self.suspect_metadata(cx);
        }
        if self.unthrottled_at.is_some_and(|at| at <= cx.now) {
            self.unthrottled_at = self.network.next_unthrottled(cx.now);
        }
        self.maybe_update_metadata(cx);
        late
    }

    /// When `poll` must be called again at the latest.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        let wakeups = [self.network.next_timeout(), self.metadata_wakeup, self.unthrottled_at];
        wakeups.into_iter().flatten().min()
    }

    /// The same for who notices that its own requests are late only when it looks for another reason.
    pub fn wakeup_for_itself_at(&self) -> Option<SimTime> {
        let late = self.network.next_timeout_of(|call| matches!(call, Call::Metadata(_)));
        [late, self.metadata_wakeup, self.unthrottled_at].into_iter().flatten().min()
    }

    fn sort_all(&mut self, answers: Vec<Answer<Call<C>>>, cx: &mut Cx<'_>) -> Vec<Answer<C>> {
        answers.into_iter().filter_map(|answer| self.sort(answer, cx)).collect()
    }

    fn sort(&mut self, answer: Answer<Call<C>>, cx: &mut Cx<'_>) -> Option<Answer<C>> {
        let Answer { peer, call, outcome } = answer;
        match (call, outcome) {
            (Call::Owner(call), outcome) => return Some(Answer { peer, call, outcome }),
            (Call::Metadata(asked), Outcome::Answered(Response::Metadata(body))) => {
                self.asking = false;
                self.asking_since = None;
                self.metadata.update(asked, body, cx);
            }
            (Call::Metadata(_), Outcome::Answered(_)) => {
                unreachable!("METADATA is answered by METADATA")
            }
            (Call::Metadata(_), Outcome::Disconnected | Outcome::TimedOut) => {
                self.asking = false;
                self.metadata.failed(cx);
            }
        }
        None
    }

    /// A lost connection may be the result of stale metadata (`DefaultMetadataUpdater.handleServerDisconnect`).
    fn suspect_metadata(&mut self, cx: &mut Cx<'_>) {
        if self.metadata_is_due(cx.now) {
            self.metadata.failed(cx);
        }
        self.metadata.request_update(ErrorCode::NetworkException, cx);
    }

    fn maybe_update_metadata(&mut self, cx: &mut Cx<'_>) {
        self.metadata_wakeup = None;
        if self.asking {
            return;
        }
        let due = self.metadata.update_at();
        if due > cx.now {
            self.metadata_wakeup = Some(due);
            return;
        }
        let since = *self.asking_since.get_or_insert(cx.now);
        let mut node = self.choose_node(cx);
        let nothing_left = node.peer.is_none() && !node.any_ready;
        let in_vain = since + self.recovery.trigger <= cx.now;
        // Who already knows nothing but the bootstrap addresses would begin anew for ever within one moment.
        let nothing_left = nothing_left && !self.metadata.cluster().is_bootstrap();
        if self.recovery.rebootstrap && (nothing_left || in_vain) {
            self.metadata.rebootstrap();
            self.asking_since = Some(cx.now);
            node = self.choose_node(cx);
        }
        match node.peer {
            Some(peer) => self.ask_for_metadata(peer, cx),
            None => self.metadata_wakeup = self.next_connect(cx.now),
        }
    }

    fn ask_for_metadata(&mut self, peer: Peer, cx: &mut Cx<'_>) {
        if self.network.can_send(peer) {
            let (request, asked) = self.metadata.new_request(cx.now);
            self.network.send(peer, Request::Metadata(request), Call::Metadata(asked), None, cx);
            self.asking = true;
        } else if !self.network.any_connecting(&self.metadata.cluster().nodes) {
            self.network.ready(peer, cx);
        }
    }

    fn metadata_is_due(&self, now: SimTime) -> bool {
        !self.asking && self.metadata.update_at() <= now
    }

    fn choose_node(&self, cx: &mut Cx<'_>) -> LeastLoaded {
        self.network.least_loaded(&self.metadata.cluster().nodes, cx)
    }

    fn next_connect(&self, now: SimTime) -> Option<SimTime> {
        let nodes = self.metadata.cluster().nodes.iter();
        nodes.filter_map(|peer| self.network.connect_at(*peer, now)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::metadata::MetadataConfig;
    use crate::client::testing::{Bench, Sent, metadata_of};

    fn client(bench: &mut Bench) -> KafkaClient<u32> {
        let network = NetworkConfig {
            request_timeout: Micros::from_ms(30_000),
            reconnect_backoff_ms: 50,
            reconnect_backoff_max_ms: 1_000,
            max_in_flight: 5,
        };
        let config = MetadataConfig {
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            max_age: Micros::from_ms(300_000),
            max_idle: None,
            allow_auto_create: true,
        };
        let mut client = KafkaClient::new(network, Metadata::new(config, [NodeId(7)].to_vec()));
        bench.run(|cx| client.poll(cx));
        client
    }

    fn answer(client: &mut KafkaClient<u32>, bench: &mut Bench, to: &Sent, body: Response) {
        bench.run(|cx| {
            let answer = client.on_response(to.to, to.lane, to.correlation, body, cx);
            assert!(answer.is_none(), "nothing of the owner's");
            client.poll(cx);
        });
    }

    /// Greets the bootstrap node and learns of brokers 1 to 3.
    fn informed(bench: &mut Bench) -> KafkaClient<u32> {
        let mut client = client(bench);
        let hello = bench.next().expect("a first connection");
        assert_eq!((hello.to, hello.lane), (NodeId(7), Lane::Bootstrap));
        answer(&mut client, bench, &hello, Response::ApiVersions);
        let asked = bench.next().expect("metadata first of all");
        answer(&mut client, bench, &asked, metadata_of("t", 1, &[(1, 0)]));
        client
    }

    #[test]
    fn brokers_are_other_connections_than_the_bootstrap_address_that_named_them() {
        let mut bench = Bench::new();
        let mut client = informed(&mut bench);
        let peer = Peer::broker(NodeId(1));
        assert!(!bench.run(|cx| client.ready(peer, cx)));
        let hello = bench.next().expect("a connection of its own");
        assert_eq!(
            (hello.to, hello.lane, hello.body),
            (NodeId(1), Lane::Main, Request::ApiVersions)
        );
    }

    #[test]
    fn while_metadata_is_due_nothing_else_is_sent() {
        let mut bench = Bench::new();
        let mut client = informed(&mut bench);
        let peer = Peer::broker(NodeId(1));
        bench.run(|cx| client.ready(peer, cx));
        let hello = bench.next().expect("connecting");
        answer(&mut client, &mut bench, &hello, Response::ApiVersions);
        assert!(bench.run(|cx| client.ready(peer, cx)));
        bench.wait_ms(10_000);
        bench.run(|cx| client.metadata.request_update(ErrorCode::NotLeaderOrFollower, cx));
        assert!(!bench.run(|cx| client.ready(peer, cx)));
        bench.run(|cx| client.poll(cx));
        assert!(bench.run(|cx| client.ready(peer, cx)), "asked, so others may go");
    }

    #[test]
    fn after_asking_in_vain_for_so_long_a_client_begins_anew_unless_told_not_to() {
        for (rebootstrap, expected) in [(true, Lane::Bootstrap), (false, Lane::Main)] {
            let mut bench = Bench::new();
            let recovery = Recovery { rebootstrap, trigger: Micros::from_ms(5_000) };
            let mut client = informed(&mut bench).with_recovery(recovery);
            bench.wait_ms(10_000);
            bench.run(|cx| client.metadata.request_update(ErrorCode::NetworkException, cx));
            bench.run(|cx| client.on_disconnect(NodeId(7), Lane::Bootstrap, cx));
            let mut lanes = Vec::new();
            for _ in 0..1_000 {
                bench.run(|cx| client.poll(cx));
                while let Some(sent) = bench.next() {
                    lanes.push(sent.lane);
                    bench.run(|cx| client.on_disconnect(sent.to, sent.lane, cx));
                }
                bench.wait_ms(10);
            }
            assert_eq!(lanes.contains(&Lane::Bootstrap), expected == Lane::Bootstrap, "{lanes:?}");
            assert!(lanes.contains(&Lane::Main));
        }
    }
}
