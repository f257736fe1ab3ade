//! Markers on their way to partition leaders (`TransactionMarkerChannelManager`).
//!
//! They are sent again until each leader has written them. Invariant: a marker is queued for whoever leads its partition by the
//! metadata at hand, and only while its coordinator's epoch is the current one.

use super::metadata::Partition;
use crate::api::request::{TxnMarker, WriteTxnMarkers};
use crate::api::{Request, Response};
use crate::broker::outbound::{Outbound, RECONNECT};
use crate::controller::image::MetadataImage;
use crate::cx::Cx;
use crate::ids::{Correlation, Name, NodeId, ProducerEpoch, ProducerId};
use crate::net::Lane;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};
use kafkascope_kernel::{Micros, SimTime};

/// Markers of one transaction for one leader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The partition of the transaction log that its id belongs to.
    pub shard: i32,
    /// Its id.
    pub transactional_id: Name,
    /// What to write where.
    pub marker: TxnMarker,
}

/// The queue of markers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MarkerQueue {
    waiting: FlatMap<NodeId, Vec<Entry>>,
    /// Entries that rest until then: their leader is not known, or could not write them yet.
    resting: Vec<(SimTime, Entry)>,
    outbound: Outbound<Vec<Entry>>,
}

impl Default for MarkerQueue {
    fn default() -> Self {
        Self {
            waiting: FlatMap::new(),
            resting: Vec::new(),
            outbound: Outbound::new(Lane::Markers),
        }
    }
}

/// Which transaction's outcome is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The partition of the transaction log that its id belongs to.
    pub shard: i32,
    /// Its id.
    pub id: &'a Name,
    /// Its producer and the epoch of its markers.
    pub producer: (ProducerId, ProducerEpoch),
    /// Committed or aborted.
    pub committed: bool,
    /// The coordinator's epoch.
    pub coordinator_epoch: i32,
    /// `transaction.version` of the transaction.
    pub transaction_version: u8,
}

impl MarkerQueue {
    /// Queues the markers of a transaction. The partitions that are gone: nothing has to be written there.
    pub fn add(
        &mut self,
        decision: &Decision<'_>,
        partitions: &FlatSet<Partition>,
        image: &MetadataImage,
        now: SimTime,
    ) -> Vec<Partition> {
        let mut by_leader: FlatMap<NodeId, Vec<Partition>> = FlatMap::new();
        let mut gone = Vec::new();
        for partition in partitions {
            match leader_of(partition, image) {
                Some(leader) => by_leader.entry(leader).or_default().push(partition.clone()),
                None => gone.push(partition.clone()),
            }
        }
        for (leader, partitions) in by_leader {
            let marker = TxnMarker {
                producer_id: decision.producer.0,
                producer_epoch: decision.producer.1,
                committed: decision.committed,
                partitions,
                coordinator_epoch: decision.coordinator_epoch,
                transaction_version: decision.transaction_version,
            };
            let (shard, transactional_id) = (decision.shard, decision.id.clone());
            self.queue(leader, Entry { shard, transactional_id, marker }, now);
        }
        gone
    }

    /// Markers that were not written: they go to whoever leads their partitions, after a pause.
    pub fn rest(&mut self, entry: Entry, now: SimTime) {
        self.resting.push((now + RECONNECT, entry));
    }

    /// Sends what can be sent now, to the leaders of the moment. Entries with partitions that are gone come back.
    pub fn pump(
        &mut self,
        image: &MetadataImage,
        timeout: Micros,
        cx: &mut Cx<'_>,
    ) -> Vec<(Entry, Vec<Partition>)> {
        let mut gone = Vec::new();
        let rested: Vec<(SimTime, Entry)> =
            self.resting.extract_if(.., |(until, _)| *until <= cx.now).collect();
        for (_, entry) in rested {
            gone.extend(self.requeue(entry, image, cx.now));
        }
        let peers: Vec<NodeId> = self.waiting.keys().copied().collect();
        for peer in peers {
            if self.outbound.ready(peer, timeout, cx) {
                let entries = self.waiting.remove(&peer).unwrap_or_default();
                let markers = entries.iter().map(|entry| entry.marker.clone()).collect();
                let body = Request::WriteTxnMarkers(WriteTxnMarkers { markers });
                self.outbound.send(peer, body, entries, timeout, cx);
            }
        }
        gone
    }

    /// An answer arrived: the entries it is about.
    pub fn on_response(
        &mut self,
        peer: NodeId,
        correlation: Correlation,
        body: Response,
    ) -> Option<(Vec<Entry>, Response)> {
        self.outbound.on_response(peer, correlation, body)
    }

    /// A connection broke: what was under way on it, or waits for it, rests and looks for its leader again.
    pub fn on_disconnect(&mut self, peer: NodeId, now: SimTime) {
        let lost = self.outbound.on_disconnect(peer, now).into_iter().flatten();
        let waiting = self.waiting.remove(&peer).into_iter().flatten();
        let entries: Vec<Entry> = lost.chain(waiting).collect();
        for entry in entries {
            self.rest(entry, now);
        }
    }

    /// Answers that did not come in time count as lost connections.
    pub fn time_out(&mut self, cx: &mut Cx<'_>) {
        for (_, entries) in self.outbound.time_out(cx) {
            for entry in entries {
                self.rest(entry, cx.now);
            }
        }
    }

    /// This broker no longer leads a partition of the transaction log: its markers are the next coordinator's business.
    pub fn forget_shard(&mut self, shard: i32) {
        for entries in self.waiting.values_mut() {
            entries.retain(|entry| entry.shard != shard);
        }
        self.waiting.retain(|_, entries| !entries.is_empty());
        self.resting.retain(|(_, entry)| entry.shard != shard);
    }

    /// When something must be looked at again, as far as that depends on time.
    pub fn wakeup_at(&self) -> Option<SimTime> {
        let rested = self.resting.iter().map(|(until, _)| *until);
        let connects = self.waiting.keys().filter_map(|peer| self.outbound.connect_at(*peer));
        rested.chain(connects).chain(self.outbound.wakeup_at()).min()
    }

    fn requeue(
        &mut self,
        entry: Entry,
        image: &MetadataImage,
        now: SimTime,
    ) -> Option<(Entry, Vec<Partition>)> {
        let decision = Decision {
            shard: entry.shard,
            id: &entry.transactional_id,
            producer: (entry.marker.producer_id, entry.marker.producer_epoch),
            committed: entry.marker.committed,
            coordinator_epoch: entry.marker.coordinator_epoch,
            transaction_version: entry.marker.transaction_version,
        };
        let partitions = entry.marker.partitions.iter().cloned().collect();
        let gone = self.add(&decision, &partitions, image, now);
        (!gone.is_empty()).then_some((entry, gone))
    }

    fn queue(&mut self, leader: NodeId, entry: Entry, now: SimTime) {
        if leader == NodeId::NONE {
            self.rest(entry, now);
        } else {
            self.waiting.entry(leader).or_default().push(entry);
        }
    }
}

/// A partition's leader; -1 if it has none that lives, none if the partition does not exist.
fn leader_of((topic, index): &Partition, image: &MetadataImage) -> Option<NodeId> {
    let (_, topic) = image.topic(topic)?;
    let state = topic.partitions.get(usize::try_from(*index).ok()?)?;
    let alive = image.brokers.get(&state.leader).is_some_and(|broker| !broker.fenced);
    Some(if alive { state.leader } else { NodeId::NONE })
}
