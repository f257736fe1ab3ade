//! Where new replicas go (`StripedReplicaPlacer`).
//!
//! Leaders stripe over racks and over the brokers in a rack, the further replicas over the other racks; fenced brokers come
//! last. Invariant: a partition's replicas are distinct and its first one is on an unfenced broker.

use crate::ids::{Name, NodeId};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Prng;

/// A broker that may get replicas.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UsableBroker {
    /// `node.id`.
    pub id: NodeId,
    /// `broker.rack`.
    pub rack: Option<Name>,
    /// Used last, and never first in a list.
    pub fenced: bool,
}

/// Why replicas cannot be placed; all of them are INVALID_REPLICATION_FACTOR to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlacementError {
    /// Zero or less.
    NotPositive(i16),
    /// "The target replication factor of .. cannot be reached because only .. broker(s) are registered".
    TooFewBrokers {
        /// Replicas wanted.
        wanted: i16,
        /// Brokers registered and not shutting down.
        registered: u32,
    },
    /// "All brokers are currently fenced."
    AllFenced,
    /// Zero or less, in the words of 3.x (`AdminUtils`).
    NotAboveZero,
    /// More replicas than brokers, in the words of 3.x.
    MoreThanAvailable {
        /// Replicas wanted.
        wanted: i16,
        /// Brokers alive.
        available: u32,
    },
    /// Some brokers have racks and some have none, which 3.x did not take.
    RacksIncomplete,
}

impl core::fmt::Display for PlacementError {
    /// In Kafka's words.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotPositive(factor) => write!(
                f,
                "Invalid replication factor {factor}: the replication factor must be positive."
            ),
            Self::TooFewBrokers { wanted, registered } => write!(
                f,
                "The target replication factor of {wanted} cannot be reached because only {registered} broker(s) are \
                 registered or some brokers have all their log directories cordoned."
            ),
            Self::AllFenced => f.write_str("All brokers are currently fenced."),
            Self::NotAboveZero => f.write_str("Replication factor must be larger than 0."),
            Self::MoreThanAvailable { wanted, available } => write!(
                f,
                "Replication factor: {wanted} larger than available brokers: {available}."
            ),
            Self::RacksIncomplete => f.write_str(
                "Not all brokers have rack information for replica rack aware assignment.",
            ),
        }
    }
}

impl core::error::Error for PlacementError {}

/// Where the placer's random numbers come from; recorded ones can stand in.
///
/// Draws come in this order: racks by name (no rack first), for each its fenced then its unfenced list if it has any, then
/// the first rack. After as many partitions as there are unfenced brokers, the rack names are shuffled, then each rack's
/// fenced and unfenced list, as `java.util.Collections.shuffle` does.
pub trait Dice {
    /// A uniform number below `bound`, which is not zero.
    fn below(&mut self, bound: u32) -> u32;
}

impl Dice for Prng {
    fn below(&mut self, bound: u32) -> u32 {
        Self::below(self, bound)
    }
}

/// Places `partitions` partitions with `replicas` replicas each.
pub fn place(
    brokers: &[UsableBroker],
    partitions: u32,
    replicas: i16,
    dice: &mut dyn Dice,
) -> Result<Vec<Vec<NodeId>>, PlacementError> {
    let mut racks = RackList::new(brokers, dice);
    let registered = u32::try_from(brokers.len()).unwrap_or(u32::MAX);
    if replicas <= 0 {
        return Err(PlacementError::NotPositive(replicas));
    }
    if racks.unfenced == 0 {
        return Err(PlacementError::AllFenced);
    }
    if i64::from(replicas) > i64::from(registered) {
        return Err(PlacementError::TooFewBrokers { wanted: replicas, registered });
    }
    Ok((0..partitions).map(|_| racks.place(replicas.unsigned_abs().into(), dice)).collect())
}

/// Brokers to go round; each placement epoch begins one further on.
#[derive(Default)]
struct BrokerList {
    brokers: Vec<NodeId>,
    index: usize,
    offset: usize,
    epoch: usize,
}

#[derive(Default)]
struct Rack {
    fenced: BrokerList,
    unfenced: BrokerList,
}

struct RackList {
    racks: FlatMap<Option<Name>, Rack>,
    names: Vec<Option<Name>>,
    unfenced: usize,
    epoch: usize,
    offset: usize,
}

impl BrokerList {
    fn initialize(&mut self, dice: &mut dyn Dice) {
        if !self.brokers.is_empty() {
            self.brokers.sort_unstable();
            self.offset = draw(dice, self.brokers.len());
        }
    }

    fn next(&mut self, epoch: usize) -> Option<NodeId> {
        let size = self.brokers.len();
        if size > 0 && self.epoch != epoch {
            self.epoch = epoch;
            self.index = 0;
            self.offset = (self.offset + 1) % size;
        }
        if self.index >= size {
            return None;
        }
        let broker = self.brokers[(self.index + self.offset) % size];
        self.index += 1;
        Some(broker)
    }
}

impl Rack {
    fn next(&mut self, epoch: usize) -> Option<NodeId> {
        self.unfenced.next(epoch).or_else(|| self.fenced.next(epoch))
    }
}

impl RackList {
    fn new(brokers: &[UsableBroker], dice: &mut dyn Dice) -> Self {
        let mut racks: FlatMap<Option<Name>, Rack> = FlatMap::new();
        for broker in brokers {
            let rack = racks.entry(broker.rack.clone()).or_default();
            let list = if broker.fenced { &mut rack.fenced } else { &mut rack.unfenced };
            list.brokers.push(broker.id);
        }
        for rack in racks.values_mut() {
            rack.fenced.initialize(dice);
            rack.unfenced.initialize(dice);
        }
        let names: Vec<_> = racks.keys().cloned().collect();
        let offset = if names.is_empty() { 0 } else { draw(dice, names.len()) };
        let unfenced = brokers.iter().filter(|broker| !broker.fenced).count();
        Self { racks, names, unfenced, epoch: 0, offset }
    }

    fn place(&mut self, replicas: usize, dice: &mut dyn Dice) -> Vec<NodeId> {
        if self.epoch == self.unfenced && self.unfenced > 1 {
            self.shuffle(dice);
            self.epoch = 0;
        }
        if self.offset == self.names.len() {
            self.offset = 0;
        }
        let (leader_rack, leader) = self.first_unfenced();
        let mut placed = alloc::vec![leader];
        let mut to_skip = Some(leader_rack);
        let mut at = self.offset;
        while placed.len() < replicas {
            if to_skip == Some(at) {
                to_skip = None;
            } else {
                let epoch = self.epoch;
                placed.extend(self.rack(at).next(epoch));
            }
            at = (at + 1) % self.names.len();
        }
        self.epoch += 1;
        self.offset += 1;
        placed
    }

    fn first_unfenced(&mut self) -> (usize, NodeId) {
        let racks = self.names.len();
        for step in 0..racks {
            let at = (self.offset + step) % racks;
            let epoch = self.epoch;
            if let Some(broker) = self.rack(at).unfenced.next(epoch) {
                return (at, broker);
            }
        }
        unreachable!("one broker at least is unfenced, and each is placed once an epoch")
    }

    fn rack(&mut self, at: usize) -> &mut Rack {
        self.racks.get_mut(&self.names[at]).expect("names come from the racks")
    }

    fn shuffle(&mut self, dice: &mut dyn Dice) {
        shuffle(&mut self.names, dice);
        for rack in self.racks.values_mut() {
            shuffle(&mut rack.fenced.brokers, dice);
            shuffle(&mut rack.unfenced.brokers, dice);
        }
    }
}

fn draw(dice: &mut dyn Dice, bound: usize) -> usize {
    let bound = u32::try_from(bound).expect("a cluster has fewer brokers than that");
    dice.below(bound) as usize
}

fn shuffle<T>(items: &mut [T], dice: &mut dyn Dice) {
    for size in (2..=items.len()).rev() {
        items.swap(size - 1, draw(dice, size));
    }
}
