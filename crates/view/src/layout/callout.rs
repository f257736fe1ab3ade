//! Where the callout stands.
//!
//! Invariant: it lies on the stage and never covers what it is about.

use super::{ClusterLayout, Mode, Point, Rect};

/// A place for a callout of this size about `target`, with the end of its leg.
pub fn place(layout: &ClusterLayout, target: Rect, (w, h): (f32, f32)) -> (Rect, Point) {
    let w = w.min(layout.width - 16.0);
    if layout.mode != Mode::Narrow && target.x > layout.width * 0.65 {
        return beside(layout, target, (w, h));
    }
    let shift = match layout.mode {
        Mode::Wide | Mode::Projector => 88.0,
        Mode::Narrow => 8.0,
    };
    let x = (target.x + shift).clamp(8.0, (layout.width - w - 8.0).max(8.0));
    let above = target.y - h - 44.0;
    let y = if above >= 8.0 { above } else { target.bottom() + 44.0 };
    let rect = Rect::new(x, y, w, h);
    let leg_y = if above >= 8.0 { target.y } else { target.bottom() };
    let leg_x = (target.x + target.w.min(48.0)).clamp(0.0, layout.width);
    (rect, Point::new(leg_x, leg_y))
}

/// To the left of something in the right column, so that the other groups stay in sight.
fn beside(layout: &ClusterLayout, target: Rect, (w, h): (f32, f32)) -> (Rect, Point) {
    let w = w.min(340.0);
    let middle = target.y + target.h.min(44.0) / 2.0;
    let x = (target.x - w - 44.0).max(8.0);
    let y = (middle - h / 2.0).clamp(8.0, (layout.height - h - 8.0).max(8.0));
    (Rect::new(x, y, w, h), Point::new(target.x, middle))
}
