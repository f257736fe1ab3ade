//! Every face once, ready to be copied: a row a tint, a column a sign.
//!
//! Copying a small picture is faster than filling two paths, and there may be thousands. Invariant: a face is painted from the
//! same paths as the cells of the tapes.

use super::palette::Palette;
use kafkascope_view::glyphs::{self, UNIT};
use kafkascope_view::view_model::{Face, Glyph};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, Path2d};

/// CSS pixels of a face in the atlas; as large as a face is ever painted.
const SIDE: f64 = 24.0;

const GLYPHS: [Glyph; 10] = [
    Glyph::Circle,
    Glyph::Triangle,
    Glyph::Square,
    Glyph::Diamond,
    Glyph::Plus,
    Glyph::Star,
    Glyph::Dot,
    Glyph::Slash,
    Glyph::Commit,
    Glyph::Abort,
];

/// The faces.
pub struct Atlas {
    canvas: HtmlCanvasElement,
    /// Device pixels of one face.
    step: f64,
}

impl Atlas {
    /// Paints all faces.
    pub fn new(palette: &Palette, dpr: f64) -> Option<Self> {
        let document = web_sys::window()?.document()?;
        let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
        let step = (SIDE * dpr).ceil();
        canvas.set_width((step * GLYPHS.len() as f64) as u32);
        canvas.set_height((step * palette.tints.len() as f64) as u32);
        let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        let scale = step / f64::from(UNIT);
        for (column, glyph) in GLYPHS.into_iter().enumerate() {
            let sign = Path2d::new_with_path_string(glyphs::path(glyph)).ok()?;
            for (row, tint) in palette.tints.iter().enumerate() {
                let (x, y) = (column as f64 * step, row as f64 * step);
                let _ = context.set_transform(scale, 0.0, 0.0, scale, x, y);
                context.begin_path();
                let unit = f64::from(UNIT);
                let _ = context.round_rect_with_f64(0.0, 0.0, unit, unit, 4.0);
                context.set_fill_style_str(tint);
                context.fill();
                context.set_fill_style_str(&palette.on_record);
                context.fill_with_path_2d(&sign);
            }
        }
        Some(Self { canvas, step })
    }

    /// Copies a face to where its upper left corner is.
    pub fn put(
        &self,
        context: &CanvasRenderingContext2d,
        face: Face,
        (x, y): (f64, f64),
        side: f64,
    ) {
        let column = GLYPHS.iter().position(|glyph| *glyph == face.glyph).unwrap_or(0);
        let row = face.tint.min(Face::NEUTRAL);
        let (sx, sy) = (column as f64 * self.step, f64::from(row) * self.step);
        let _ = context
            .draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &self.canvas,
                sx,
                sy,
                self.step,
                self.step,
                x,
                y,
                side,
                side,
            );
    }
}
