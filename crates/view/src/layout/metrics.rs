//! Sizes on an 8-pixel grid, for each mode and density.
//!
//! Invariant: a density only changes sizes, never the order or the columns of things.

use super::Mode;

/// How much room a replica gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Density {
    /// Cells with ruler and pennants.
    Comfortable,
    /// The same with less air between the cards.
    Snug,
    /// Smaller cells, pennants only.
    Compact,
    /// A band.
    Band,
}

/// The sizes that follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metrics {
    /// Factor on type.
    pub scale: f32,
    /// From the stage's edge to the first card.
    pub margin: f32,
    /// Between cards above each other.
    pub gap: f32,
    /// From a card's edge to its content.
    pub pad: f32,
    /// A broker card's header.
    pub header: f32,
    /// From one tape to the next.
    pub row: f32,
    /// A tape's height.
    pub tape: f32,
    /// A cell's side.
    pub cell: f32,
    /// From one cell to the next.
    pub pitch: f32,
    /// Width of a partition's name.
    pub name: f32,
    /// Width of the role tab.
    pub tab: f32,
    /// Width of the two columns of numbers; 0 where there is no room.
    pub numbers: f32,
    /// A controller's chip.
    pub chip: f32,
    /// Whether there is a ruler.
    pub ruler: bool,
}

impl Metrics {
    /// The sizes of a mode, a density and a stage's width.
    pub fn new(mode: Mode, density: Density, width: f32) -> Self {
        let base = match mode {
            Mode::Wide => Self::wide(width),
            Mode::Projector => Self::wide(width).scaled(1.5),
            Mode::Narrow => Self::narrow(width),
        };
        match density {
            Density::Comfortable => base,
            Density::Snug => base.snug(),
            Density::Compact => base.compact(),
            Density::Band => base.band(),
        }
    }

    fn wide(width: f32) -> Self {
        Self {
            scale: 1.0,
            margin: 24.0,
            gap: 20.0,
            pad: 16.0,
            header: 40.0,
            row: 48.0,
            tape: 32.0,
            cell: 18.0,
            pitch: 21.0,
            name: 72.0,
            tab: 40.0,
            numbers: if width < 1200.0 { 0.0 } else { 84.0 },
            chip: 32.0,
            ruler: true,
        }
    }

    fn narrow(width: f32) -> Self {
        Self {
            margin: 12.0,
            gap: 10.0,
            pad: 12.0,
            header: 34.0,
            row: 34.0,
            tape: 28.0,
            cell: 18.0,
            pitch: 20.0,
            name: if width < 600.0 { 28.0 } else { 72.0 },
            tab: 34.0,
            numbers: if width < 600.0 { 0.0 } else { 84.0 },
            chip: 28.0,
            ruler: false,
            ..Self::wide(width)
        }
    }

    fn snug(self) -> Self {
        let s = self.scale;
        let (header, row, chip) = (36.0 * s, 46.0 * s, 26.0 * s);
        Self { header, row, chip, gap: 12.0, ..self }
    }

    fn compact(self) -> Self {
        let s = self.scale;
        let (row, tape) = (30.0 * s, 22.0 * s);
        let (cell, pitch) = (14.0 * s, 16.0 * s);
        Self { row, tape, cell, pitch, header: 32.0 * s, gap: 12.0, ruler: false, ..self }
    }

    fn band(self) -> Self {
        let s = self.scale;
        Self { row: 14.0 * s, tape: 8.0 * s, header: 28.0 * s, gap: 8.0, ruler: false, ..self }
    }

    fn scaled(self, s: f32) -> Self {
        Self {
            scale: s,
            header: self.header * s,
            row: self.row * s,
            tape: self.tape * s,
            cell: self.cell * s,
            pitch: self.pitch * s,
            name: self.name * s,
            tab: self.tab * s,
            numbers: self.numbers * s,
            chip: self.chip * s,
            ..self
        }
    }

    /// A broker card's height with this many tapes.
    pub fn broker(&self, tapes: usize) -> f32 {
        self.header + tapes.max(1) as f32 * self.row + self.pad / 2.0
    }
}
