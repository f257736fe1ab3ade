//! A voter's connections to the voters (`RequestManager`, `KafkaNetworkChannel`).
//!
//! Invariant: at most one request to a peer is waited for, and a peer that failed rests before it is asked again.

use crate::api::Request;
use crate::controller::ControllerTimer;
use crate::cx::Cx;
use crate::ids::{Correlation, LeaderEpoch, NodeId};
use crate::net::{ConnId, Lane};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;

/// What a peer was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// Which versions it speaks; first on a connection.
    Hello,
    /// For records.
    Fetch,
    /// For its vote in this epoch; the flag is a pre-vote.
    Vote(LeaderEpoch, bool),
    /// To follow.
    Begin,
    /// To follow no more.
    End,
}

/// One peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Peer {
    ready: bool,
    asked: Option<(Correlation, Asked)>,
    resting: bool,
    next: Correlation,
}

/// All peers, and this voter itself, which asks itself too when it looks for a leader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Peers {
    me: Option<NodeId>,
    peers: FlatMap<NodeId, Peer>,
}

impl Peers {
    /// Begins anew with these voters, of which this one is `me`.
    pub(super) fn begin(&mut self, me: NodeId, voters: &[NodeId]) {
        self.me = Some(me);
        self.peers = voters.iter().map(|id| (*id, Peer::default())).collect();
    }

    /// Every other voter.
    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.peers.keys().copied().filter(|id| Some(*id) != self.me)
    }

    /// Every voter that can be asked for its leader now, unless an answer is still waited for
    /// (`RequestManager.findReadyBootstrapServer`).
    pub(super) fn ready(&self) -> Vec<NodeId> {
        if self.is_waiting() {
            return Vec::new();
        }
        self.peers.keys().copied().filter(|id| self.is_free(*id)).collect()
    }

    /// Whether an answer is waited for (`RequestManager.hasAnyInflightRequest`).
    pub(super) fn is_waiting(&self) -> bool {
        self.peers.values().any(|peer| peer.asked.is_some())
    }

    /// Whether a peer can be asked now.
    pub(super) fn is_free(&self, id: NodeId) -> bool {
        self.peers.get(&id).is_some_and(|peer| peer.asked.is_none() && !peer.resting)
    }

    /// Whether a peer failed just now.
    pub(super) fn is_resting(&self, id: NodeId) -> bool {
        self.peers.get(&id).is_some_and(|peer| peer.resting)
    }

    /// Asks a free peer; a new connection is introduced first, then the caller is to ask again. Whether `body` was sent.
    pub(super) fn ask(
        &mut self,
        to: NodeId,
        body: Request,
        asked: Asked,
        timeout: Micros,
        cx: &mut Cx<'_>,
    ) -> bool {
        let peer = self.peers.get_mut(&to).expect("only peers are asked");
        let correlation = peer.next;
        peer.next = correlation.wrapping_add(1);
        let ready = peer.ready;
        let (body, asked) =
            if ready { (body, asked) } else { (Request::ApiVersions, Asked::Hello) };
        peer.asked = Some((correlation, asked));
        cx.send(to, Lane::Raft, correlation, body);
        cx.arm(ControllerTimer::PeerTimeout(to), timeout);
        ready
    }

    /// An answer: what was asked, unless nobody waits for it any more.
    pub(super) fn answered(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        cx: &mut Cx<'_>,
    ) -> Option<Asked> {
        let peer = self.peers.get_mut(&from)?;
        peer.ready = true;
        let (_, asked) = peer.asked.take_if(|(waited, _)| *waited == correlation)?;
        cx.disarm(ControllerTimer::PeerTimeout(from));
        Some(asked)
    }

    /// The connection broke.
    pub(super) fn lost(&mut self, peer: NodeId, rest: Micros, cx: &mut Cx<'_>) {
        if let Some(lost) = self.peers.get_mut(&peer) {
            lost.ready = false;
            lost.asked = None;
            cx.disarm(ControllerTimer::PeerTimeout(peer));
            self.rest(peer, rest, cx);
        }
    }

    /// Leaves a peer alone for a moment.
    pub(super) fn rest(&mut self, peer: NodeId, rest: Micros, cx: &mut Cx<'_>) {
        if let Some(tired) = self.peers.get_mut(&peer) {
            tired.resting = true;
            cx.arm(ControllerTimer::PeerRested(peer), rest);
        }
    }

    /// The moment is over.
    pub(super) fn rested(&mut self, peer: NodeId) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.resting = false;
        }
    }

    /// No answer in time: the connection is given up.
    pub(super) fn timed_out(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        if let Some(silent) = self.peers.get_mut(&peer) {
            silent.ready = false;
            silent.asked = None;
            cx.close(ConnId { client: cx.me, server: peer, lane: Lane::Raft });
        }
    }

    /// A new role: no answer is waited for, everyone can be asked (`resetConnections`).
    pub(super) fn reset(&mut self, cx: &mut Cx<'_>) {
        for (id, peer) in &mut self.peers {
            peer.asked = None;
            peer.resting = false;
            cx.disarm(ControllerTimer::PeerTimeout(*id));
        }
    }
}
