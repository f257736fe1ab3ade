//! Painting what moves on one canvas above the stage.
//!
//! Invariant: a frame is painted from the draw list and the palette alone; nothing is remembered from the frame before.

mod atlas;
mod palette;
mod shapes;

use atlas::Atlas;
use kafkascope_view::DrawList;
use palette::Palette;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// A canvas with what is needed to paint on it.
pub struct Painter {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    palette: Palette,
    atlas: Atlas,
    size: (f32, f32),
    dpr: f64,
}

impl Painter {
    /// A painter for a canvas; none if the browser refuses a context.
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        let dpr = ratio();
        let palette = Palette::read()?;
        let atlas = Atlas::new(&palette, dpr)?;
        Some(Self { canvas, context, palette, atlas, size: (0.0, 0.0), dpr })
    }

    /// Reads the colours again, for another theme or another screen.
    pub fn refresh(&mut self) {
        self.dpr = ratio();
        if let Some(palette) = Palette::read() {
            self.palette = palette;
        }
        if let Some(atlas) = Atlas::new(&self.palette, self.dpr) {
            self.atlas = atlas;
        }
        self.size = (0.0, 0.0);
    }

    /// Paints a frame of this size in CSS pixels.
    pub fn paint(&mut self, list: &DrawList, (width, height): (f32, f32)) {
        self.fit(width, height);
        let context = &self.context;
        let _ = context.set_transform(self.dpr, 0.0, 0.0, self.dpr, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let brush = shapes::Brush { context, palette: &self.palette, atlas: &self.atlas };
        brush.paint(list);
    }

    fn fit(&mut self, width: f32, height: f32) {
        if self.size == (width, height) && (ratio() - self.dpr).abs() < 0.001 {
            return;
        }
        if (ratio() - self.dpr).abs() >= 0.001 {
            self.refresh();
        }
        self.size = (width, height);
        self.canvas.set_width((f64::from(width) * self.dpr).ceil() as u32);
        self.canvas.set_height((f64::from(height) * self.dpr).ceil() as u32);
        let style = self.canvas.style();
        let _ = style.set_property("width", &format!("{width}px"));
        let _ = style.set_property("height", &format!("{height}px"));
    }
}

/// Device pixels a CSS pixel, bounded so that a huge canvas stays paintable.
fn ratio() -> f64 {
    web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, 2.5)
}
