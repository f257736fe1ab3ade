//! Requests that wait for their connection (`ConsumerNetworkClient.UnsentRequests`).
//!
//! Invariant: a request that was put in leaves in order, or comes back as a failure; none is forgotten.

use super::Call;
use crate::api::Request;
use crate::client::kafka_client::KafkaClient;
use crate::client::network::{Answer, Outcome, Peer};
use crate::cx::Cx;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Unsent {
    peer: Peer,
    body: Request,
    call: Call,
    timeout: Micros,
    deadline: SimTime,
}

/// Requests by the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Outbox(Vec<Unsent>);

impl Outbox {
    /// Puts a request in; `timeout` counts from now, and anew once it is sent.
    pub fn push(&mut self, peer: Peer, body: Request, call: Call, timeout: Micros, cx: &Cx<'_>) {
        self.0.push(Unsent { peer, body, call, timeout, deadline: cx.now + timeout });
    }

    /// Whether anything waits for a peer.
    pub fn waits_for(&self, peer: Peer) -> bool {
        self.0.iter().any(|unsent| unsent.peer == peer)
    }

    /// Sends what can be sent; what waited too long, or whose connection failed, comes back.
    pub fn flush(&mut self, client: &mut KafkaClient<Call>, cx: &mut Cx<'_>) -> Vec<Answer<Call>> {
        let mut failed = Vec::new();
        for unsent in core::mem::take(&mut self.0) {
            let Unsent { peer, body, call, timeout, deadline } = unsent;
            if client.can_send(peer) && !client.is_throttled(peer, cx.now) {
                client.send_with_timeout(peer, body, call, timeout, cx);
            } else if deadline <= cx.now {
                failed.push(Answer { peer, call, outcome: Outcome::TimedOut });
            } else if !client.ready(peer, cx) && client.connection_failed(peer) {
                failed.push(Answer { peer, call, outcome: Outcome::Disconnected });
            } else {
                self.0.push(Unsent { peer, body, call, timeout, deadline });
            }
        }
        failed
    }

    /// Takes back what waits for a peer (`ConsumerNetworkClient.disconnectAsync`).
    pub fn fail(&mut self, peer: Peer) -> Vec<Answer<Call>> {
        let (lost, kept) = core::mem::take(&mut self.0).into_iter().partition(|u| u.peer == peer);
        self.0 = kept;
        let lost: Vec<Unsent> = lost;
        lost.into_iter()
            .map(|unsent| Answer { peer, call: unsent.call, outcome: Outcome::Disconnected })
            .collect()
    }

    /// When the first request has waited too long.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        self.0.iter().map(|unsent| unsent.deadline).min()
    }
}
