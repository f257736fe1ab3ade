//! When the active controller last heard of each broker (`BrokerHeartbeatManager`, `BrokerHeartbeatTracker`).
//!
//! Memory of the active controller only; a new one gives every broker a fresh session. Invariant: only unfenced brokers can
//! become stale.

use super::image::{BrokerImage, MetadataImage};
use crate::ids::{BrokerEpoch, NodeId, Offset};
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};

/// Sessions of all brokers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sessions {
    brokers: FlatMap<NodeId, Session>,
}

/// What is known of one broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Session {
    epoch: BrokerEpoch,
    last_contact: SimTime,
    metadata_offset: Offset,
    /// The offset that every active broker must have applied before this one may end.
    shutdown_offset: Option<Offset>,
}

impl Sessions {
    /// A new active controller: every broker that serves is given the benefit of the doubt.
    pub fn begin(&mut self, image: &MetadataImage, now: SimTime) {
        self.brokers.clear();
        for (id, broker) in image.brokers.iter().filter(|(_, broker)| !broker.fenced) {
            self.touch(*id, broker.epoch, -1, now);
        }
    }

    /// A heartbeat came.
    pub fn touch(&mut self, broker: NodeId, epoch: BrokerEpoch, offset: Offset, now: SimTime) {
        let held = self.brokers.get(&broker).filter(|session| session.epoch == epoch);
        let shutdown_offset = held.and_then(|session| session.shutdown_offset);
        let session =
            Session { epoch, last_contact: now, metadata_offset: offset, shutdown_offset };
        self.brokers.insert(broker, session);
    }

    /// A broker's registration is gone or replaced.
    pub fn forget(&mut self, broker: NodeId) {
        self.brokers.remove(&broker);
    }

    /// Whether a broker was heard of within the session time-out, under this epoch.
    pub fn is_valid(
        &self,
        broker: NodeId,
        epoch: BrokerEpoch,
        now: SimTime,
        timeout: Micros,
    ) -> bool {
        self.brokers.get(&broker).is_some_and(|session| {
            session.epoch == epoch && now.since(session.last_contact) <= timeout
        })
    }

    /// An unfenced broker that has been silent for too long, with how long that was. Among several it is the one that Kafka's
    /// hash map holds first, not the longest silent one.
    pub fn find_stale(
        &self,
        image: &MetadataImage,
        now: SimTime,
        timeout: Micros,
    ) -> Option<(NodeId, Micros)> {
        let serves = |id: &NodeId| image.brokers.get(id).is_some_and(|broker| !broker.fenced);
        let served = self.brokers.iter().filter(|(id, _)| serves(id));
        let silent =
            served.map(|(id, session)| (*id, session.epoch, now.since(session.last_contact)));
        let stale = silent.filter(|(_, _, silent)| *silent > timeout);
        let first = stale.min_by_key(|(id, epoch, _)| (place(*id, *epoch), *id));
        first.map(|(id, _, silent)| (id, silent))
    }

    /// A controlled shutdown may end once every active broker has applied the log up to `offset`.
    pub fn set_shutdown_offset(&mut self, broker: NodeId, offset: Offset) {
        if let Some(session) = self.brokers.get_mut(&broker) {
            session.shutdown_offset = Some(offset);
        }
    }

    /// Whether every active broker knows of what a shutdown changed.
    pub fn others_know(&self, broker: NodeId, image: &MetadataImage) -> bool {
        let wanted = self.brokers.get(&broker).and_then(|session| session.shutdown_offset);
        let active = image.brokers.iter().filter(|(_, broker)| BrokerImage::is_active(broker));
        let mut offsets = active
            .filter_map(|(id, _)| self.brokers.get(id))
            .map(|session| session.metadata_offset);
        wanted.is_none_or(|wanted| offsets.all(|offset| offset >= wanted))
    }
}

/// The place of a `BrokerIdAndEpoch` in a hash table of the size it has for up to a dozen brokers.
const fn place(id: NodeId, epoch: BrokerEpoch) -> i32 {
    const TABLE: i32 = 16;
    let folded = (epoch ^ (epoch >> 32)) as i32;
    let hash = id.0.wrapping_mul(31).wrapping_add(folded);
    (hash ^ ((hash as u32) >> 16) as i32) & (TABLE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn brokers_that_die_together_are_fenced_in_the_order_of_a_hash_map() {
        // epochs as a new cluster hands them out when its brokers start one after another
        let order = [(1, 11), (2, 19), (3, 26)];
        let mut places: Vec<_> =
            order.iter().map(|(id, epoch)| (place(NodeId(*id), *epoch), *id)).collect();
        places.sort_unstable();
        assert_eq!(places, [(1, 2), (7, 3), (10, 1)]);
    }
}
