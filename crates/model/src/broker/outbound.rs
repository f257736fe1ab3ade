//! A broker's connections to other brokers for one purpose (`InterBrokerSendThread` with its `NetworkClient`).
//!
//! One request a peer is under way; `ApiVersions` opens each connection. `P` is what the owner wants to remember of a request.
//! Invariant: every request that was sent comes back exactly once: with its answer, or with none.

use crate::api::{Request, Response};
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::{ConnId, Lane};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// How long a peer is left alone after its connection failed (`reconnect.backoff.ms` of such clients).
pub const RECONNECT: Micros = Micros::from_ms(50);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Link<P> {
    /// Not to be connected to before this moment.
    Closed(SimTime),
    /// `ApiVersions` is under way.
    Greeting(Correlation, SimTime),
    Ready,
    /// A request is under way, until its time-out.
    Busy(Correlation, SimTime, P),
}

/// Connections to peers on one lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbound<P> {
    lane: Lane,
    next: Correlation,
    links: FlatMap<NodeId, Link<P>>,
}

impl<P> Outbound<P> {
    /// No connection yet.
    pub const fn new(lane: Lane) -> Self {
        Self { lane, next: 0, links: FlatMap::new() }
    }

    /// Whether a request may be sent now; begins to connect if that is what it takes.
    pub fn ready(&mut self, peer: NodeId, timeout: Micros, cx: &mut Cx<'_>) -> bool {
        let may_connect = match self.links.get(&peer) {
            Some(Link::Ready) => return true,
            Some(Link::Greeting(..) | Link::Busy(..)) => false,
            Some(Link::Closed(until)) => *until <= cx.now,
            None => true,
        };
        if may_connect {
            let correlation = self.take_correlation();
            self.links.insert(peer, Link::Greeting(correlation, cx.now + timeout));
            cx.send(peer, self.lane, correlation, Request::ApiVersions);
        }
        false
    }

    /// Sends a request to a peer that is ready.
    pub fn send(
        &mut self,
        peer: NodeId,
        body: Request,
        purpose: P,
        timeout: Micros,
        cx: &mut Cx<'_>,
    ) {
        let correlation = self.take_correlation();
        self.links.insert(peer, Link::Busy(correlation, cx.now + timeout, purpose));
        cx.send(peer, self.lane, correlation, body);
    }

    /// An answer arrived: what was remembered of its request; none for a greeting.
    pub fn on_response(
        &mut self,
        peer: NodeId,
        correlation: Correlation,
        body: Response,
    ) -> Option<(P, Response)> {
        let fits = match self.links.get(&peer)? {
            Link::Greeting(expected, _) | Link::Busy(expected, ..) => *expected == correlation,
            Link::Closed(_) | Link::Ready => false,
        };
        if !fits {
            return None;
        }
        match self.links.insert(peer, Link::Ready)? {
            Link::Busy(_, _, purpose) => Some((purpose, body)),
            Link::Closed(_) | Link::Greeting(..) | Link::Ready => None,
        }
    }

    /// A connection broke or was refused: the request that was under way on it.
    pub fn on_disconnect(&mut self, peer: NodeId, now: SimTime) -> Option<P> {
        match self.links.insert(peer, Link::Closed(now + RECONNECT))? {
            Link::Busy(_, _, purpose) => Some(purpose),
            Link::Closed(_) | Link::Greeting(..) | Link::Ready => None,
        }
    }

    /// Closes connections whose peer has not answered in time; the requests that were under way on them.
    pub fn time_out(&mut self, cx: &mut Cx<'_>) -> Vec<(NodeId, P)> {
        let late: Vec<NodeId> =
            self.deadlines().filter(|(_, at)| *at <= cx.now).map(|(peer, _)| peer).collect();
        let mut lost = Vec::new();
        for peer in late {
            cx.close(ConnId { client: cx.me, server: peer, lane: self.lane });
            lost.extend(self.on_disconnect(peer, cx.now).map(|purpose| (peer, purpose)));
        }
        lost
    }

    /// When something here must be looked at again, as far as that depends on time.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        self.deadlines().map(|(_, at)| at).min()
    }

    /// When a peer may be connected to again, if it may not now.
    pub fn connect_at(&self, peer: NodeId) -> Option<SimTime> {
        match self.links.get(&peer)? {
            Link::Closed(until) => Some(*until),
            Link::Greeting(..) | Link::Ready | Link::Busy(..) => None,
        }
    }

    fn deadlines(&self) -> impl Iterator<Item = (NodeId, SimTime)> {
        self.links.iter().filter_map(|(peer, link)| match link {
            Link::Greeting(_, at) | Link::Busy(_, at, _) => Some((*peer, *at)),
            Link::Closed(_) | Link::Ready => None,
        })
    }

    const fn take_correlation(&mut self) -> Correlation {
        let correlation = self.next;
        self.next = correlation.wrapping_add(1);
        correlation
    }
}
