//! Leaders ask the transaction coordinator whether partitions take part in a transaction, or make them do so
//! (`AddPartitionsToTxnManager`).
//!
//! Invariant: every question is answered exactly once, by the coordinator or by what kept it from answering.

use super::coordinator::coordinator_of;
use super::outbound::Outbound;
use crate::api::request::{AddPartitionsToTxn, AddedPartitions};
use crate::api::response::PartitionErrors;
use crate::api::{ErrorCode, Request, Response};
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::ids::{Correlation, Name, NodeId};
use crate::net::{ConnId, Lane};
use crate::txn::TXN_TOPIC;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// What is asked, and whose request waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// Where the request came in, and which one of that connection it is.
    pub whose: (ConnId, Correlation),
    /// What is asked.
    pub body: AddedPartitions,
}

/// Whose request waited, and the verdict on each partition it asked about.
pub type Verified = ((ConnId, Correlation), PartitionErrors);

/// Questions that wait, and those under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddPartitionsManager {
    waiting: FlatMap<NodeId, Vec<Ask>>,
    outbound: Outbound<Vec<Ask>>,
}

impl Default for AddPartitionsManager {
    fn default() -> Self {
        Self { waiting: FlatMap::new(), outbound: Outbound::new(Lane::AddPartitions) }
    }
}

impl AddPartitionsManager {
    /// Asks; the verdict at once if nobody coordinates that transactional id.
    pub fn ask(&mut self, ask: Ask, image: &MetadataImage) -> Option<Verified> {
        match coordinator_of(&ask.body.transactional_id, TXN_TOPIC, image) {
            Some(coordinator) => {
                self.waiting.entry(coordinator).or_default().push(ask);
                None
            }
            None => Some(all(&ask, ErrorCode::CoordinatorNotAvailable)),
        }
    }

    /// Sends what can be sent: everything that waits for one coordinator in one request.
    pub fn pump(&mut self, timeout: Micros, cx: &mut Cx<'_>) {
        let peers: Vec<NodeId> = self.waiting.keys().copied().collect();
        for peer in peers {
            if self.outbound.ready(peer, timeout, cx) {
                let asks = self.waiting.remove(&peer).unwrap_or_default();
                let transactions = asks.iter().map(|ask| ask.body.clone()).collect();
                let body = Request::AddPartitionsToTxn(AddPartitionsToTxn { transactions });
                self.outbound.send(peer, body, asks, timeout, cx);
            }
        }
    }

    /// A coordinator answered.
    pub fn on_response(
        &mut self,
        peer: NodeId,
        correlation: Correlation,
        body: Response,
    ) -> Vec<Verified> {
        let Some((asks, Response::AddPartitionsToTxn(answer))) =
            self.outbound.on_response(peer, correlation, body)
        else {
            return Vec::new();
        };
        let verdict = |(ask, (_, rows)): (Ask, (Name, PartitionErrors))| {
            let told = rows.into_iter().map(|(topic, index, error)| (topic, index, as_told(error)));
            (ask.whose, told.collect())
        };
        asks.into_iter().zip(answer).map(verdict).collect()
    }

    /// A connection broke or was refused: whoever waits for that coordinator is told.
    pub fn on_disconnect(&mut self, peer: NodeId, now: SimTime) -> Vec<Verified> {
        let lost = self.outbound.on_disconnect(peer, now).into_iter().flatten();
        let waiting = self.waiting.remove(&peer).into_iter().flatten();
        lost.chain(waiting).map(|ask| all(&ask, ErrorCode::NetworkException)).collect()
    }

    /// Answers that did not come in time.
    pub fn time_out(&mut self, cx: &mut Cx<'_>) -> Vec<Verified> {
        let lost = self.outbound.time_out(cx).into_iter().flat_map(|(_, asks)| asks);
        lost.map(|ask| all(&ask, ErrorCode::NetworkException)).collect()
    }

    /// When something must be looked at again, as far as that depends on time.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        let connects = self.waiting.keys().filter_map(|peer| self.outbound.connect_at(*peer));
        connects.chain(self.outbound.wakeup_at()).min()
    }
}

fn all(ask: &Ask, error: ErrorCode) -> Verified {
    let rows = ask.body.partitions.iter();
    (ask.whose, rows.map(|(topic, index)| (topic.clone(), *index, error)).collect())
}

/// A fenced producer learns it as an old epoch, after which it may abort and go on.
const fn as_told(error: ErrorCode) -> ErrorCode {
    if matches!(error, ErrorCode::ProducerFenced) { ErrorCode::InvalidProducerEpoch } else { error }
}
