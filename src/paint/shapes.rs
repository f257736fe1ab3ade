//! Capsules, falls, rings, strokes, crosses, halos, travelling tabs and streams.
//!
//! Marks of one kind share one path wherever they can. Invariant: what is followed is painted last, so nothing hides it.

use super::atlas::Atlas;
use super::palette::Palette;
use core::f64::consts::TAU;
use kafkascope_view::DrawList;
use kafkascope_view::draw::{Capsule, Fall, Stream, Stroke, TravellingTab};
use kafkascope_view::layout::Point;
use web_sys::CanvasRenderingContext2d;

/// What paints one frame.
pub struct Brush<'a> {
    /// Where.
    pub context: &'a CanvasRenderingContext2d,
    /// With which colours.
    pub palette: &'a Palette,
    /// With which faces.
    pub atlas: &'a Atlas,
}

/// Between two cells of a capsule.
const GAP: f64 = 2.0;
/// From a capsule's edge to its cells.
const PAD: f64 = 4.0;

impl Brush<'_> {
    /// Paints everything.
    pub fn paint(&self, list: &DrawList) {
        self.strokes(&list.strokes);
        self.trails(&list.drops);
        self.rings(list);
        self.capsule_bodies(list);
        for capsule in &list.capsules {
            self.capsule_cells(capsule, list);
        }
        for fall in &list.drops {
            self.face_at(fall.face, fall.at, f64::from(fall.cell));
        }
        self.crosses(list);
        self.tabs(&list.tabs);
        self.halos(list);
        debug_assert!(list.streams.iter().all(|stream: &Stream| stream.count > 0));
    }

    fn strokes(&self, strokes: &[Stroke]) {
        self.context.set_line_cap("round");
        let kinds = [
            (false, true, &self.palette.edge, 2.0),
            (false, false, &self.palette.quiet, 2.5),
            (true, false, &self.palette.red, 3.0),
            (true, true, &self.palette.red, 3.0),
        ];
        for (bad, control, colour, width) in kinds {
            self.context.begin_path();
            for stroke in strokes.iter().filter(|s| s.bad == bad && s.control == control) {
                self.line(stroke);
            }
            self.stroke(colour, width);
        }
        self.context.begin_path();
        strokes.iter().filter(|stroke| stroke.halo).for_each(|stroke| self.line(stroke));
        self.stroke(&self.palette.blue, 4.0);
    }

    fn line(&self, stroke: &Stroke) {
        self.context.move_to(f64::from(stroke.tail.x), f64::from(stroke.tail.y));
        self.context.line_to(f64::from(stroke.at.x), f64::from(stroke.at.y));
    }

    /// Dotted, from the leader's cell to where the record will land.
    fn trails(&self, drops: &[Fall]) {
        self.dashed(&[2.0, 4.0]);
        for (halo, colour) in [(false, &self.palette.edge), (true, &self.palette.blue)] {
            self.context.begin_path();
            for fall in drops.iter().filter(|fall| fall.halo == halo) {
                self.context.move_to(f64::from(fall.from.x), f64::from(fall.from.y));
                self.context.line_to(f64::from(fall.to.x), f64::from(fall.to.y));
            }
            self.stroke(colour, 1.6);
        }
        self.dashed(&[]);
    }

    fn rings(&self, list: &DrawList) {
        self.context.begin_path();
        for ring in &list.rings {
            let (x, y) = (f64::from(ring.at.x), f64::from(ring.at.y));
            self.context.move_to(x + 5.0, y);
            let _ = self.context.arc(x, y, 5.0, 0.0, TAU);
        }
        self.context.set_fill_style_str(&self.palette.card);
        self.context.fill();
        self.stroke(&self.palette.green, 2.2);
        self.context.begin_path();
        for ring in list.rings.iter().filter(|ring| ring.halo) {
            let (x, y) = (f64::from(ring.at.x), f64::from(ring.at.y));
            self.context.move_to(x + 9.0, y);
            let _ = self.context.arc(x, y, 9.0, 0.0, TAU);
        }
        self.stroke(&self.palette.blue, 2.0);
    }

    fn capsule_bodies(&self, list: &DrawList) {
        for (halo, colour) in [(false, &self.palette.ink), (true, &self.palette.blue)] {
            self.context.begin_path();
            for capsule in list.capsules.iter().filter(|capsule| capsule.halo == halo) {
                let (w, h) = capsule_size(capsule);
                let (x, y) = corner(capsule.at, w, h);
                let _ = self.context.round_rect_with_f64(x, y, w, h, h / 2.8);
            }
            self.context.set_fill_style_str(&self.palette.card);
            self.context.fill();
            if halo {
                self.context.set_global_alpha(0.3);
                self.stroke(colour, 7.0);
                self.context.set_global_alpha(1.0);
            }
            self.stroke(colour, 1.6);
        }
    }

    fn capsule_cells(&self, capsule: &Capsule, list: &DrawList) {
        let (w, h) = capsule_size(capsule);
        let (x, y) = corner(capsule.at, w, h);
        let side = f64::from(capsule.cell);
        for (index, face) in list.faces_of(capsule).iter().enumerate() {
            let left = x + PAD + index as f64 * (side + GAP);
            self.atlas.put(self.context, *face, (left, y + PAD), side);
        }
        if capsule.more > 0 {
            let left = x + PAD + f64::from(capsule.len) * (side + GAP);
            self.text(&format!("+{}", capsule.more), left, capsule.at.y, &self.palette.ink);
        }
    }

    fn face_at(&self, face: kafkascope_view::view_model::Face, at: Point, side: f64) {
        self.atlas.put(self.context, face, corner(at, side, side), side);
    }

    fn crosses(&self, list: &DrawList) {
        for cross in &list.crosses {
            let (x, y) = (f64::from(cross.at.x), f64::from(cross.at.y));
            self.context.set_global_alpha(f64::from(cross.alpha.clamp(0.0, 1.0)));
            self.context.begin_path();
            self.context.move_to(x - 6.0, y - 6.0);
            self.context.line_to(x + 6.0, y + 6.0);
            self.context.move_to(x + 6.0, y - 6.0);
            self.context.line_to(x - 6.0, y + 6.0);
            self.stroke(&self.palette.red, 2.6);
        }
        self.context.set_global_alpha(1.0);
    }

    fn tabs(&self, tabs: &[TravellingTab]) {
        for tab in tabs {
            self.dashed(&[2.0, 4.0]);
            self.context.begin_path();
            self.context.move_to(f64::from(tab.from.x), f64::from(tab.from.y));
            self.context.line_to(f64::from(tab.to.x), f64::from(tab.to.y));
            self.stroke(&self.palette.brass, 2.0);
            self.dashed(&[]);
            let (w, h) = (40.0, 22.0);
            let (x, y) = corner(tab.at, w, h);
            self.context.begin_path();
            let _ = self.context.round_rect_with_f64(x, y, w, h, 4.0);
            self.context.set_fill_style_str(&self.palette.brass);
            self.context.fill();
            self.text(&format!("L e{}", tab.epoch), x + 7.0, tab.at.y, &self.palette.card);
        }
    }

    fn halos(&self, list: &DrawList) {
        self.context.begin_path();
        for halo in &list.halos {
            let side = f64::from(halo.cell) + 6.0;
            let (x, y) = corner(halo.at, side, side);
            let _ = self.context.round_rect_with_f64(x, y, side, side, 7.0);
        }
        self.context.set_global_alpha(0.3);
        self.stroke(&self.palette.blue, 6.0);
        self.context.set_global_alpha(1.0);
        self.stroke(&self.palette.blue, 2.0);
    }

    fn text(&self, text: &str, x: f64, y: f32, colour: &str) {
        self.context.set_font("600 11px \"JetBrains Mono\", monospace");
        self.context.set_text_baseline("middle");
        self.context.set_fill_style_str(colour);
        let _ = self.context.fill_text(text, x, f64::from(y) + 0.5);
    }

    fn stroke(&self, colour: &str, width: f64) {
        self.context.set_stroke_style_str(colour);
        self.context.set_line_width(width);
        self.context.stroke();
    }

    fn dashed(&self, pattern: &[f64]) {
        let dashes: js_sys::Array =
            pattern.iter().copied().map(wasm_bindgen::JsValue::from).collect();
        let _ = self.context.set_line_dash(&dashes);
    }
}

fn capsule_size(capsule: &Capsule) -> (f64, f64) {
    let side = f64::from(capsule.cell);
    let cells = f64::from(capsule.len.max(1)) * (side + GAP) - GAP;
    let more = if capsule.more > 0 { 26.0 } else { 0.0 };
    (cells + more + 2.0 * PAD, side + 2.0 * PAD)
}

fn corner(at: Point, w: f64, h: f64) -> (f64, f64) {
    (f64::from(at.x) - w / 2.0, f64::from(at.y) - h / 2.0)
}
