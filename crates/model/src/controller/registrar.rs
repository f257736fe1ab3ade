//! A controller makes itself known to the active one (`ControllerRegistrationManager`, KIP-919).
//!
//! Once the cluster's features are known it registers, and again whenever the log names another process under its id.
//! Invariant: it asks again only after the log has told of its last registration, or of another's in its place.

use super::ControllerTimer;
use super::image::MetadataImage;
use crate::api::request::ControllerRegistration;
use crate::api::{ErrorCode, Request, Response};
use crate::controller_channel::Channel;
use crate::cx::{Cx, Draw};
use crate::ids::{Correlation, NodeId};
use crate::net::Lane;
use kafkascope_kernel::Micros;

/// The channel's patience.
const TIMEOUT: Micros = Micros::from_ms(5_000);

/// One controller's registration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Registrar {
    me: NodeId,
    incarnation: u64,
    /// Asked for, and not in the log yet.
    pending: bool,
    channel: Channel<(), ControllerTimer>,
}

impl Registrar {
    /// A controller whose process does not run.
    pub(super) const fn new(me: NodeId) -> Self {
        let (retry, late) = (ControllerTimer::RegistrationRetry, ControllerTimer::RegistrationLate);
        let mut channel = Channel::new(Lane::Lifecycle, retry, late);
        channel.set_timeout(TIMEOUT);
        Self { me, incarnation: 0, pending: false, channel }
    }

    /// The process begins to run.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>) {
        self.incarnation = cx.rng(Draw::Uuid).bits();
    }

    /// The process is gone.
    pub(super) fn kill(&mut self) {
        *self = Self::new(self.me);
    }

    /// What the log says now, and who is active as far as is known.
    pub(super) fn on_news(
        &mut self,
        image: &MetadataImage,
        active: Option<NodeId>,
        cx: &mut Cx<'_>,
    ) {
        self.channel.set_controller(active, cx);
        if image.controllers.get(&self.me) == Some(&self.incarnation) {
            self.pending = false;
        } else if image.features.contains_key("metadata.version") && !self.pending {
            self.pending = true;
            self.channel.send(self.request(), (), cx);
        }
    }

    /// An answer on the lifecycle lane.
    pub(super) fn on_response(
        &mut self,
        from: NodeId,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        let Some(((), answer)) = self.channel.on_response(from, correlation, body, cx) else {
            return;
        };
        assert!(answer.first_error() == ErrorCode::None, "an active controller takes everyone");
    }

    /// The connection broke.
    pub(super) fn on_disconnect(&mut self, peer: NodeId, cx: &mut Cx<'_>) {
        self.channel.on_disconnect(peer, cx);
    }

    /// Time to look for the active controller again.
    pub(super) fn on_retry(&mut self, cx: &mut Cx<'_>) {
        self.channel.on_timer(cx);
    }

    /// The answer is late.
    pub(super) fn on_late(&mut self, cx: &mut Cx<'_>) {
        self.channel.on_late(cx);
    }

    const fn request(&self) -> Request {
        let controller_id = self.me;
        let incarnation_id = self.incarnation;
        Request::ControllerRegistration(ControllerRegistration { controller_id, incarnation_id })
    }
}
