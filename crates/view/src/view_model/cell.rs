//! A record's face and a cell of a tape.
//!
//! Invariant: a key has one face in the whole run; colour never says alone what the glyph or the outline does not.

use kafkascope_model::ids::{Offset, RecordId};

/// Colour and sign of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Face {
    /// Which key colour, 0 to 5; [`Face::NEUTRAL`] is none of them.
    pub tint: u8,
    /// The sign on it.
    pub glyph: Glyph,
}

/// The sign on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "what they look like")]
pub enum Glyph {
    Circle,
    Triangle,
    Square,
    Diamond,
    Plus,
    Star,
    /// A record without a key.
    Dot,
    /// A tombstone: key with null value.
    Slash,
    /// A transaction's commit marker.
    Commit,
    /// A transaction's abort marker.
    Abort,
}

impl Glyph {
    /// The signs of keys, in the order of the legend.
    pub const OF_KEYS: [Self; 6] =
        [Self::Circle, Self::Triangle, Self::Square, Self::Diamond, Self::Plus, Self::Star];
}

impl Face {
    /// The tint of records without a key and of Kafka's own.
    pub const NEUTRAL: u8 = 6;
    /// A record without a key.
    pub const KEYLESS: Self = Self { tint: Self::NEUTRAL, glyph: Glyph::Dot };

    /// The face of the `index`-th key of a run; the first six differ in both colour and sign, 36 in one of them.
    pub const fn of_key(index: usize) -> Self {
        let glyph = Glyph::OF_KEYS[(index + index / 6) % 6];
        Self { tint: (index % 6) as u8, glyph }
    }
}

/// How a cell is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellLook {
    /// Below the high watermark: visible to consumers.
    #[default]
    Solid,
    /// In the log, not yet visible.
    Dashed,
    /// On a broker that is down, or aborted, or past retention.
    Faded,
    /// Was here, will be cut off (or was).
    Struck,
    /// Compacted away: the offset stays as a dot.
    Gone,
}

/// One record on a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellVm {
    /// Its offset.
    pub offset: Offset,
    /// Its identity; [`RecordId::INTERNAL`] for Kafka's own.
    pub record: RecordId,
    /// Its face.
    pub face: Face,
    /// How it is drawn.
    pub look: CellLook,
    /// Whether it is selected or followed.
    pub selected: bool,
}
