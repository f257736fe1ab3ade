//! The signs of keys as path data in a cell of 18 by 18.
//!
//! Invariant: SVG, canvas and exported pictures draw the same paths.

use crate::view_model::Glyph;

/// The side of the cell that the paths are made for.
pub const UNIT: f32 = 18.0;

/// The element's id under which a page has the shape.
pub const fn id(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Circle => "glyph-circle",
        Glyph::Triangle => "glyph-triangle",
        Glyph::Square => "glyph-square",
        Glyph::Diamond => "glyph-diamond",
        Glyph::Plus => "glyph-plus",
        Glyph::Star => "glyph-star",
        Glyph::Dot => "glyph-dot",
        Glyph::Slash => "glyph-slash",
        Glyph::Commit => "glyph-commit",
        Glyph::Abort => "glyph-abort",
    }
}

/// The shape, to be filled.
pub const fn path(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Circle => "M12.3 9a3.3 3.3 0 1 1-6.6 0a3.3 3.3 0 1 1 6.6 0z",
        Glyph::Triangle => "M9 5.2L13.1 12.3H4.9z",
        Glyph::Square => "M6 6H12V12H6z",
        Glyph::Diamond => "M9 4.8L13.2 9L9 13.2L4.8 9z",
        Glyph::Plus => "M7.9 5.4H10.1V7.9H12.6V10.1H10.1V12.6H7.9V10.1H5.4V7.9H7.9z",
        Glyph::Star => {
            "M9 4.6L10.2 7.5L13.4 7.7L10.9 9.7L11.7 12.8L9 11.1L6.3 12.8L7.1 9.7L4.6 7.7L7.8 7.5z"
        }
        Glyph::Dot => "M10.6 9a1.6 1.6 0 1 1-3.2 0a1.6 1.6 0 1 1 3.2 0z",
        Glyph::Slash => "M11.9 5L13 6.1L6.1 13L5 11.9z",
        Glyph::Commit => "M9 4L14 9L9 14L4 9zM9 6.4L6.4 9L9 11.6L11.6 9z",
        Glyph::Abort => "M6 5L9 8L12 5L13 6L10 9L13 12L12 13L9 10L6 13L5 12L8 9L5 6z",
    }
}
