//! How a producer asks for its id (`Sender.maybeSendAndPollTransactionalRequest` for INIT_PRODUCER_ID).
//!
//! Any broker will do; one that has no block of ids yet answers COORDINATOR_LOAD_IN_PROGRESS, and another try comes
//! `retry.backoff.ms` later. Invariant: while it asks, the producer sends no batch.

use super::sender::ProducerCall;
use crate::api::{ErrorCode, Request, request::InitProducerId};
use crate::client::kafka_client::KafkaClient;
use crate::client::network::Peer;
use crate::cx::Cx;
use kafkascope_kernel::{Micros, SimTime};

/// Where the request for an id stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityRequest {
    /// To be sent; `again` if it was sent before.
    Idle {
        /// Whether it waits out the back-off once it has a node.
        again: bool,
    },
    /// A node was chosen and is being connected to.
    Connecting {
        /// The node.
        peer: Peer,
        /// Whether it waits out the back-off once connected.
        again: bool,
    },
    /// Connected; the back-off is being waited out.
    BackingOff {
        /// The node; none if there was none to be had.
        peer: Option<Peer>,
        /// Until then.
        until: SimTime,
    },
    /// Sent.
    UnderWay,
}

impl IdentityRequest {
    /// Goes as far as it can now; the answer is when it can go further, as far as that depends on time.
    pub fn advance(
        &mut self,
        client: &mut KafkaClient<ProducerCall>,
        backoff_ms: i64,
        cx: &mut Cx<'_>,
    ) -> Option<SimTime> {
        let until = cx.now + Micros::from_config_ms(backoff_ms.max(1));
        loop {
            *self = match *self {
                Self::Idle { again } => match client.least_loaded(cx) {
                    Some(peer) => Self::Connecting { peer, again },
                    None => Self::BackingOff { peer: None, until },
                },
                Self::Connecting { peer, again } if client.ready(peer, cx) => {
                    let until = if again { until } else { cx.now };
                    Self::BackingOff { peer: Some(peer), until }
                }
                Self::Connecting { peer, .. } if client.connection_failed(peer) => {
                    client.metadata.request_update(ErrorCode::NetworkException, cx);
                    Self::BackingOff { peer: None, until }
                }
                Self::BackingOff { until, .. } if until > cx.now => return Some(until),
                Self::BackingOff { peer: Some(peer), .. } if client.can_send(peer) => {
                    ask(peer, client, cx);
                    return self.under_way();
                }
                Self::BackingOff { .. } => Self::Idle { again: true },
                Self::Connecting { .. } | Self::UnderWay => return None,
            };
        }
    }

    const fn under_way(&mut self) -> Option<SimTime> {
        *self = Self::UnderWay;
        None
    }
}

fn ask(peer: Peer, client: &mut KafkaClient<ProducerCall>, cx: &mut Cx<'_>) {
    let request = InitProducerId {
        transactional_id: None,
        transaction_timeout_ms: i32::MAX,
        producer_id: -1,
        producer_epoch: -1,
    };
    client.send(peer, Request::InitProducerId(request), ProducerCall::InitProducerId, cx);
}
