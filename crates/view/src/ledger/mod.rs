//! The ledger: what became of every record, from `send()` on.
//!
//! It observes the trace and is never read by the model. Each verdict (lost, duplicated, reordered) keeps the fact that made it
//! true, so that it can be explained. Invariant: a record counts as acknowledged only if its application was told so with an
//! offset, and as lost only while the partition's leader does not have it.

mod fold;
mod life;
mod tally;

pub use life::{Append, Delivery, Effect, Flight, Life, Loss, Verdict};
pub use tally::{EffectCount, Tally};

use crate::view_model::{Face, Glyph};
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;
use kafkascope_model::ids::{Bytes, Name, NodeId, Offset, RecordId, TopicPartition};

/// The books.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    lives: FlatMap<RecordId, Life>,
    /// Keys in order of first appearance.
    keys: Vec<Bytes>,
    key_index: FlatMap<Bytes, usize>,
    tally: Tally,
    /// The group of each consumer.
    groups: FlatMap<NodeId, Name>,
    /// Highest count appended, by partition and producer.
    furthest: FlatMap<(TopicPartition, NodeId), RecordId>,
    /// Durable commits, by group and partition.
    committed: FlatMap<(Name, TopicPartition), Offset>,
    /// Acknowledged and not lost, by partition and offset; where losses are looked for.
    safe: FlatMap<(TopicPartition, Offset), RecordId>,
    /// Lost for now.
    lost: Vec<RecordId>,
}

impl Ledger {
    /// One record's life.
    pub fn life(&self, record: RecordId) -> Option<&Life> {
        self.lives.get(&record)
    }

    /// All lives, by producer and order of `send()`.
    pub fn lives(&self) -> impl Iterator<Item = (RecordId, &Life)> {
        self.lives.iter().map(|(id, life)| (*id, life))
    }

    /// The counts.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Keys in order of first appearance.
    pub fn keys(&self) -> &[Bytes] {
        &self.keys
    }

    /// Records that were acknowledged and are lost, in order of loss.
    pub fn lost(&self) -> &[RecordId] {
        &self.lost
    }

    /// A record's face.
    pub fn face(&self, record: RecordId) -> Face {
        let Some(life) = self.lives.get(&record) else { return Face::KEYLESS };
        let face = life.key_index.map_or(Face::KEYLESS, Face::of_key);
        if life.is_tombstone() { Face { glyph: Glyph::Slash, ..face } } else { face }
    }

    /// How long nobody could write to a partition so far, as seen by the controller's and leaders' facts up to `now`.
    pub fn not_writable(&self, tp: TopicPartition, now: kafkascope_kernel::SimTime) -> Micros {
        self.tally.not_writable(tp, now)
    }
}

#[cfg(test)]
mod tests;
