//! The text of a picture while it grows: rectangles, paths and words with tokens for colours.
//!
//! Invariant: everything a user can name is escaped; numbers have at most one decimal.

use super::palette::Palette;
use crate::glyphs;
use crate::layout::geometry::round;
use crate::layout::{Point, Rect};
use crate::view_model::{CellLook, Face, Tone};
use std::fmt::{Display, Write};

/// A picture.
pub(super) struct Sheet<'a> {
    pub text: String,
    pub palette: &'a Palette,
}

/// How words look.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub size: f32,
    pub weight: u16,
    pub mono: bool,
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
}

impl Type {
    pub const fn sans(size: f32) -> Self {
        Self { size, weight: 400, mono: false, anchor: "start" }
    }

    pub const fn mono(size: f32) -> Self {
        Self { mono: true, ..Self::sans(size) }
    }

    pub const fn bold(self) -> Self {
        Self { weight: 650, ..self }
    }

    pub const fn end(self) -> Self {
        Self { anchor: "end", ..self }
    }

    pub const fn middle(self) -> Self {
        Self { anchor: "middle", ..self }
    }

    /// How wide a text will be, near enough.
    pub fn width(self, text: &str) -> f32 {
        let letter = if self.mono { 0.605 } else { 0.55 };
        text.chars().count() as f32 * self.size * letter
    }

    /// As much of a text as fits.
    pub fn fit(self, text: &str, room: f32) -> String {
        let letter = if self.mono { 0.605 } else { 0.55 };
        let most = (room / (self.size * letter)).max(0.0) as usize;
        crate::words::shortened(text, most)
    }
}

impl Sheet<'_> {
    /// Adds markup as it is.
    pub fn raw(&mut self, markup: impl Display) {
        let _ = write!(self.text, "{markup}");
    }

    /// A token's value.
    pub fn colour(&self, token: &str) -> String {
        self.palette.get(token).to_string()
    }

    /// A rectangle; `fill` and `stroke` are tokens or `none`.
    pub fn rect(&mut self, rect: Rect, radius: f32, fill: &str, stroke: &str, more: &str) {
        let (fill, stroke) = (self.colour(fill), self.colour(stroke));
        let (x, y, w, h) = (round(rect.x), round(rect.y), round(rect.w), round(rect.h));
        self.raw(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{radius}\" fill=\"{fill}\" stroke=\"{stroke}\"{more}/>"
        ));
    }

    /// A path that is stroked.
    pub fn line(&mut self, path: &str, stroke: &str, width: f32, more: &str) {
        let stroke = self.colour(stroke);
        self.raw(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{more}/>"
        ));
    }

    /// A path that is filled.
    pub fn shape(&mut self, path: &str, fill: &str, more: &str) {
        let fill = self.colour(fill);
        self.raw(format_args!("<path d=\"{path}\" fill=\"{fill}\"{more}/>"));
    }

    pub fn circle(&mut self, at: Point, radius: f32, fill: &str, stroke: &str, width: f32) {
        let (fill, stroke) = (self.colour(fill), self.colour(stroke));
        let (x, y) = (round(at.x), round(at.y));
        self.raw(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>"
        ));
    }

    /// Words; `at` is where their middle line begins (or ends, or has its middle).
    pub fn words(&mut self, at: Point, kind: Type, fill: &str, text: &str) {
        let fill = self.colour(fill);
        let face = if kind.mono { "m" } else { "s" };
        let (x, y) = (round(at.x), round(at.y + kind.size * 0.35));
        let anchor = match kind.anchor {
            "start" => String::new(),
            anchor => format!(" text-anchor=\"{anchor}\""),
        };
        let weight = match kind.weight {
            400 => String::new(),
            weight => format!(" font-weight=\"{weight}\""),
        };
        let size = round(kind.size);
        self.raw(format_args!(
            "<text class=\"{face}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{anchor}{weight}>{}</text>",
            escaped(text)
        ));
    }

    /// A record in a square.
    pub fn cell(&mut self, corner: Point, side: f32, face: Face, look: CellLook, selected: bool) {
        let key = format!("key-{}", face.tint.min(Face::NEUTRAL));
        let opacity = if look == CellLook::Faded { " opacity=\"0.3\"" } else { "" };
        let (x, y, scale) =
            (round(corner.x), round(corner.y), (side / glyphs::UNIT * 1_000.0).round() / 1_000.0);
        self.raw(format_args!("<g transform=\"translate({x} {y}) scale({scale})\"{opacity}>"));
        let square = Rect::new(0.0, 0.0, 18.0, 18.0);
        if selected {
            self.rect(
                Rect::new(-3.0, -3.0, 24.0, 24.0),
                7.0,
                "none",
                "blue",
                " stroke-width=\"2.2\"",
            );
        }
        let dashes = " stroke-width=\"1.6\" stroke-dasharray=\"3.2 2.2\"";
        match look {
            CellLook::Solid | CellLook::Faded => self.rect(square, 4.0, &key, "none", ""),
            CellLook::Dashed => self.rect(square, 4.0, "none", &key, dashes),
            CellLook::Struck => self.rect(square, 4.0, "none", "red", " stroke-width=\"1.6\""),
            CellLook::Gone => {}
        }
        match look {
            CellLook::Solid | CellLook::Faded => self.glyph(face, "on-record"),
            CellLook::Dashed => self.glyph(face, &key),
            CellLook::Struck => self.line("M3 3L15 15M15 3L3 15", "red", 1.8, ""),
            CellLook::Gone => self.glyph(Face::KEYLESS, "quiet"),
        }
        self.raw("</g>");
    }

    fn glyph(&mut self, face: Face, fill: &str) {
        self.shape(glyphs::path(face.glyph), fill, "");
    }
}

/// The token of a tone.
pub(super) const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Quiet => "quiet",
        Tone::Plain => "soft",
        Tone::Strong => "ink",
        Tone::Good => "green",
        Tone::Agreed => "brass",
        Tone::Bad => "red",
    }
}

/// Text as markup has it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Control characters are not allowed in XML at all.
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
