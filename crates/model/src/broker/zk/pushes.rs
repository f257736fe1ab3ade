//! What the controller still has to push to each broker (`ControllerChannelManager`).
//!
//! A queue and a connection a broker; the next request leaves when the last was answered. Invariant: a broker gets pushes in the
//! order in which they were made.

use super::{RETRY, ZkTimer};
use crate::api::Request;
use crate::api::legacy::{LegacyRequest, Push, PushKind};
use crate::broker::BrokerTimer;
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId};
use crate::net::Lane;
use alloc::collections::VecDeque;
use kafkascope_kernel::FlatMap;

/// The channels to all brokers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pushes {
    channels: FlatMap<NodeId, Channel>,
    next: Correlation,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Channel {
    queue: VecDeque<(PushKind, Push)>,
    under_way: Option<Correlation>,
}

impl Pushes {
    /// Pushes something to a broker, after everything before it.
    pub(super) fn push(&mut self, to: NodeId, kind: PushKind, push: Push, cx: &mut Cx<'_>) {
        self.channels.entry(to).or_default().queue.push_back((kind, push));
        self.pump(to, cx);
    }

    /// A broker is gone: nothing more is pushed to it.
    pub(super) fn forget(&mut self, broker: NodeId) {
        self.channels.remove(&broker);
    }

    pub(super) fn on_answer(&mut self, from: NodeId, correlation: Correlation, cx: &mut Cx<'_>) {
        let Some(channel) = self.channels.get_mut(&from) else { return };
        if channel.under_way == Some(correlation) {
            channel.under_way = None;
            channel.queue.pop_front();
            self.pump(from, cx);
        }
    }

    pub(super) fn on_disconnect(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        if let Some(channel) = self.channels.get_mut(&peer) {
            channel.under_way = None;
            cx.arm(BrokerTimer::Zk(ZkTimer::Push(peer)), RETRY);
        }
    }

    pub(super) fn pump(&mut self, to: NodeId, cx: &mut Cx<'_>) {
        let Some(channel) = self.channels.get_mut(&to) else { return };
        if channel.under_way.is_some() {
            return;
        }
        let Some((kind, push)) = channel.queue.front().cloned() else { return };
        self.next = self.next.wrapping_add(1);
        channel.under_way = Some(self.next);
        let body = Request::Legacy(LegacyRequest::Push(kind, push));
        cx.send(to, Lane::FromController, self.next, body);
    }
}
