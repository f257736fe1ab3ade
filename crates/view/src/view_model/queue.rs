//! A share group's partitions as queues: what is final, who has what, what comes again.
//!
//! Invariant: cells follow each other without a gap, from where the group stands in the partition.

use super::Text;
use crate::ui_command::UiCommand;
use kafkascope_model::ids::Offset;

/// One partition.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueVm {
    /// "parcels-0".
    pub name: Text,
    /// "final below 117 · 8 with members · 2 to come again".
    pub summary: Text,
    /// The first offset that is not final, with its neighbours.
    pub cells: Vec<QueueCellVm>,
    /// Offsets that there was no room for.
    pub more: u32,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueCellVm {
    /// Its offset.
    pub offset: Offset,
    /// How it stands.
    pub state: QueueState,
    /// Its holder's hue.
    pub hue: Option<u8>,
    /// Its holder's mark: "2" of `worker-2`.
    pub mark: Text,
    /// How often it was handed out.
    pub deliveries: i16,
    /// "parcels-0 @ 119: worker-2 has it, for the 3rd time".
    pub title: Text,
    /// Selects the record.
    pub wish: Option<UiCommand>,
}

/// How a record stands with a share group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// Not handed out yet, or not known to be.
    Waiting,
    /// With a member.
    Acquired,
    /// Was with a member, waits for another.
    Available,
    /// Accepted.
    Acknowledged,
    /// Rejected, or handed out too often.
    Archived,
}
