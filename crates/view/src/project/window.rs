//! Which offsets of each partition are on the stage.
//!
//! Invariant: all replicas of a partition have one window, so that the same x is the same offset.

use crate::layout::ClusterLayout;
use crate::picture::Picture;
use kafkascope_kernel::FlatMap;
use kafkascope_model::ids::{Offset, TopicPartition};

/// Places kept free at the tape's right end, for what comes next.
const AHEAD: Offset = 3;

/// A partition's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// Offset of the first place.
    pub first: Offset,
    /// How many places there are.
    pub capacity: u16,
}

/// Every partition's window.
#[derive(Clone, Debug, Default)]
pub(super) struct Windows {
    by_partition: FlatMap<TopicPartition, Window>,
}

impl Windows {
    /// A partition's window.
    pub fn get(&self, tp: TopicPartition) -> Window {
        self.by_partition.get(&tp).copied().unwrap_or_default()
    }

    /// Slides the windows so that every log end is in sight.
    pub fn update(&mut self, picture: &Picture, layout: &ClusterLayout) {
        self.by_partition.clear();
        for tape in &layout.tapes {
            let capacity = tape.capacity;
            let place = self.by_partition.entry(tape.tp);
            place.or_insert_with(|| Window { first: first(picture, tape.tp, capacity), capacity });
        }
    }
}

fn first(picture: &Picture, tp: TopicPartition, capacity: u16) -> Offset {
    let replicas = picture.replicas.iter().filter(|((_, at), _)| *at == tp);
    let (mut start, mut end) = (Offset::MAX, 0);
    for (_, replica) in replicas {
        start = start.min(replica.log_start);
        end = end.max(replica.log_end);
    }
    let start = if start == Offset::MAX { 0 } else { start };
    start.max(end + AHEAD - Offset::from(capacity))
}
