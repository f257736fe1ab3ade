//! The draw list: everything that moves, as flat arrays, made anew for each frame.
//!
//! A position is (now - sent) / (due - sent) along a wire, so scrubbing, slow motion and going back are exact. Invariant: the
//! list depends on the moment alone; nothing in it remembers an earlier frame.

use crate::layout::Point;
use crate::view_model::Face;
use kafkascope_model::ids::{MsgId, NodeId, RecordId, TopicPartition};

/// What moves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawList {
    /// Batches on their way.
    pub capsules: Vec<Capsule>,
    /// The faces in the capsules, one after the other.
    pub faces: Vec<Face>,
    /// Records that fall from a leader's cell to a follower's log end.
    pub drops: Vec<Fall>,
    /// Acknowledgements on their way back.
    pub rings: Vec<Ring>,
    /// Requests and responses without records.
    pub strokes: Vec<Stroke>,
    /// Refused requests.
    pub crosses: Vec<Cross>,
    /// The followed record, wherever it is.
    pub halos: Vec<Halo>,
    /// Leadership on its way from one replica to another.
    pub tabs: Vec<TravellingTab>,
    /// Wires with too many messages to draw: how many.
    pub streams: Vec<Stream>,
}

/// A batch on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capsule {
    /// The message.
    pub msg: MsgId,
    /// Its middle.
    pub at: Point,
    /// Its first face in [`DrawList::faces`].
    pub first: u32,
    /// How many faces are drawn.
    pub len: u16,
    /// How many records there was no room for.
    pub more: u16,
    /// A cell's side.
    pub cell: f32,
    /// Whether the followed record is in it.
    pub halo: bool,
    /// Between whom.
    pub ends: (NodeId, NodeId),
}

/// A record that falls straight down (or rises) to a follower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    /// The message that carries it.
    pub msg: MsgId,
    /// The record.
    pub record: RecordId,
    /// The middle of its cell.
    pub at: Point,
    /// Where its dotted trail begins: the leader's cell.
    pub from: Point,
    /// Where it will land.
    pub to: Point,
    /// Its face.
    pub face: Face,
    /// A cell's side.
    pub cell: f32,
    /// Whether it is the followed one.
    pub halo: bool,
}

/// An acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring {
    /// The message.
    pub msg: MsgId,
    /// Its middle.
    pub at: Point,
    /// Whether the followed record is acknowledged by it.
    pub halo: bool,
}

/// A message without records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// The message.
    pub msg: MsgId,
    /// Its front end.
    pub at: Point,
    /// Its rear end.
    pub tail: Point,
    /// Whether it carries an error.
    pub bad: bool,
    /// Whether it belongs to the metadata quorum or to heartbeats.
    pub control: bool,
    /// Whether it is selected.
    pub halo: bool,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cross {
    /// The message.
    pub msg: MsgId,
    /// Its middle.
    pub at: Point,
    /// How much of it is left, 1 to 0.
    pub alpha: f32,
}

/// The blue halo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halo {
    /// The middle of the cell.
    pub at: Point,
    /// The cell's side.
    pub cell: f32,
}

/// Leadership that moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TravellingTab {
    /// Of which partition.
    pub tp: TopicPartition,
    /// Its middle.
    pub at: Point,
    /// Where it came from.
    pub from: Point,
    /// Where it goes.
    pub to: Point,
    /// The new epoch.
    pub epoch: i32,
}

/// A wire too full to draw its messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Who sends.
    pub from: NodeId,
    /// Who receives.
    pub to: NodeId,
    /// How many messages.
    pub count: u32,
}

impl DrawList {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.capsules.clear();
        self.faces.clear();
        self.drops.clear();
        self.rings.clear();
        self.strokes.clear();
        self.crosses.clear();
        self.halos.clear();
        self.tabs.clear();
        self.streams.clear();
    }

    /// The faces of a capsule.
    pub fn faces_of(&self, capsule: &Capsule) -> &[Face] {
        let first = capsule.first as usize;
        &self.faces[first..first + usize::from(capsule.len)]
    }
}
