//! Small pieces used by several panels, one a file.
//!
//! Invariant: a widget knows no part of the view-model but the one it is named after.

pub mod cover;
pub mod face;
pub mod icon;
pub mod modal;

pub use cover::use_cover;
pub use face::{Cell, FaceIcon, GlyphShapes};
pub use icon::{Icon, IconName};
pub use modal::Modal;

use kafkascope_view::view_model::Tone;

/// The class of a tone.
pub const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Quiet => "tone-quiet",
        Tone::Plain => "tone-plain",
        Tone::Strong => "tone-strong",
        Tone::Good => "tone-good",
        Tone::Agreed => "tone-agreed",
        Tone::Bad => "tone-bad",
    }
}
