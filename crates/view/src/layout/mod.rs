//! Where everything on the stage is, in CSS pixels from the stage's top left corner.
//!
//! Invariant: positions depend on the shape of the cluster and the viewport, never on time.

pub mod callout;
pub mod cluster;
pub mod geometry;
mod metrics;
mod narrow;
mod ways;
mod wide;

pub use cluster::{Shape, arrange};
pub use geometry::{Curve, Point, Rect};

use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};

/// How the stage is arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Left to right: producers, cluster, groups.
    #[default]
    Wide,
    /// One column: producers, brokers, groups.
    Narrow,
    /// Bigger type, no panels.
    Projector,
}

impl Mode {
    /// The mode that suits a stage of this width.
    pub fn fitting(width: f32) -> Self {
        if width < 960.0 { Self::Narrow } else { Self::Wide }
    }
}

/// The stage's size, without bars and panels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// CSS pixels.
    pub width: f32,
    /// CSS pixels; a narrow stage scrolls, so it may become higher than this.
    pub height: f32,
    /// How it is arranged.
    pub mode: Mode,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { width: 1440.0, height: 680.0, mode: Mode::Wide }
    }
}

/// Everything's place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterLayout {
    /// The stage's size; never narrower than the viewport.
    pub width: f32,
    /// The stage's height, maybe more than the viewport's.
    pub height: f32,
    /// How it is arranged.
    pub mode: Mode,
    /// Factor on all type sizes.
    pub scale: f32,
    /// Cards of processes and groups.
    pub cards: Vec<CardBox>,
    /// Replicas.
    pub tapes: Vec<TapeBox>,
    /// A producer's queues.
    pub queues: Vec<QueueBox>,
    /// Members inside their group's card.
    pub members: Vec<MemberBox>,
    /// The way between any two nodes that talk, whether or not a wire is drawn there.
    pub wires: Vec<WireBox>,
    /// Where the panels on the left below the producers go (legend, counts); none in narrow modes.
    pub left_rest: Option<Rect>,
    /// Where the panels on the right below the groups go (record, why, inspector); none in narrow modes.
    pub right_rest: Option<Rect>,
}

/// Whose card.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Card {
    /// A producer, broker or controller.
    Node(NodeId),
    /// A group.
    Group(Name),
}

/// A card.
#[derive(Clone, Debug, PartialEq)]
pub struct CardBox {
    /// Whose.
    pub card: Card,
    /// Where.
    pub rect: Rect,
    /// Where wires from the left (or above) end.
    pub anchor_in: Point,
    /// Where wires to the right (or below) begin.
    pub anchor_out: Point,
}

/// A replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TapeBox {
    /// On which broker.
    pub broker: NodeId,
    /// Of which partition.
    pub tp: TopicPartition,
    /// The tape itself.
    pub rect: Rect,
    /// Its name's place, left of the tab.
    pub name: Rect,
    /// Its role tab's place.
    pub tab: Rect,
    /// Left edge of the first cell.
    pub cells_x: f32,
    /// From one cell's left edge to the next one's.
    pub pitch: f32,
    /// A cell's side.
    pub cell: f32,
    /// How many cells fit; 0 means: draw a band.
    pub capacity: u16,
    /// Right edge of the high watermark's number; none where there is no room.
    pub high_watermark_x: Option<f32>,
    /// Right edge of the log end's number; none where there is no room.
    pub log_end_x: Option<f32>,
    /// Whether there is room below for the ruler and pennants.
    pub ruler: bool,
}

impl TapeBox {
    /// Left edge of an offset's cell, with the tape's window beginning at `first`.
    pub fn offset_x(&self, offset: Offset, first: Offset) -> f32 {
        self.cells_x + (offset - first) as f32 * self.pitch
    }

    /// The middle of an offset's cell.
    pub fn cell_centre(&self, offset: Offset, first: Offset) -> Point {
        let x = self.offset_x(offset, first) + self.cell / 2.0;
        Point { x, y: self.rect.y + self.rect.h / 2.0 }
    }
}

/// One partition's row in a producer's card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueueBox {
    /// The producer.
    pub producer: NodeId,
    /// The partition; none when one row is for all of them.
    pub tp: Option<TopicPartition>,
    /// The whole row.
    pub rect: Rect,
    /// Left edge of the first cell.
    pub cells_x: f32,
    /// A cell's side; cells stand 4 apart.
    pub cell: f32,
    /// How many cells fit.
    pub capacity: u16,
}

/// A member's row in its group's card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemberBox {
    /// Its process.
    pub id: NodeId,
    /// The row.
    pub rect: Rect,
    /// Where wires end.
    pub anchor: Point,
}

/// The way between two nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WireBox {
    /// Who opens connections on it: a client, a follower.
    pub from: NodeId,
    /// Who serves.
    pub to: NodeId,
    /// Its way.
    pub curve: Curve,
}

impl ClusterLayout {
    /// A card's place.
    pub fn card(&self, card: &Card) -> Option<&CardBox> {
        self.cards.iter().find(|place| place.card == *card)
    }

    /// A replica's place.
    pub fn tape(&self, broker: NodeId, tp: TopicPartition) -> Option<&TapeBox> {
        self.tapes.iter().find(|tape| tape.broker == broker && tape.tp == tp)
    }

    /// A member's place.
    pub fn member(&self, id: NodeId) -> Option<&MemberBox> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The way from one node to another, in that direction.
    pub fn way(&self, from: NodeId, to: NodeId) -> Option<Curve> {
        self.wires.iter().find_map(|wire| match (wire.from == from, wire.to == to) {
            (true, true) => Some(wire.curve),
            (false, false) if wire.from == to && wire.to == from => Some(wire.curve.reversed()),
            (true, false) | (false, true) | (false, false) => None,
        })
    }
}

#[cfg(test)]
mod tests;
