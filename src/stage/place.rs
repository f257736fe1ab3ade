//! Places as inline styles and SVG numbers.
//!
//! Invariant: numbers are rounded to tenths, so that equal places give equal text.

use kafkascope_view::layout::geometry::round;
use kafkascope_view::layout::{Point, Rect};

/// Left, top, width and height of something positioned on the stage.
pub fn style(rect: Rect) -> String {
    format!(
        "left:{}px;top:{}px;width:{}px;height:{}px",
        round(rect.x),
        round(rect.y),
        round(rect.w),
        round(rect.h)
    )
}

/// The same rectangle, seen from a card's corner.
pub fn within(rect: Rect, card: Rect) -> Rect {
    // A card's border is one pixel wide, and positions count from inside it.
    Rect::new(rect.x - card.x - 1.0, rect.y - card.y - 1.0, rect.w, rect.h)
}

/// `x,y`.
pub fn point(point: Point) -> String {
    format!("{},{}", round(point.x), round(point.y))
}
