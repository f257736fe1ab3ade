//! Points, rectangles and cubic curves.
//!
//! Invariant: plain arithmetic in one order, so equal inputs give equal bits.

/// A point in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "coordinates")]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

/// A rectangle in CSS pixels: left, top, width, height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "coordinates")]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

/// A cubic Bézier curve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "from, two handles, to")]
pub struct Curve {
    pub from: Point,
    pub c1: Point,
    pub c2: Point,
    pub to: Point,
}

impl Point {
    /// Shorthand.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The point `t` (0 to 1) of the way to `other`.
    pub fn towards(self, other: Self, t: f32) -> Self {
        Self { x: self.x + (other.x - self.x) * t, y: self.y + (other.y - self.y) * t }
    }
}

impl Rect {
    /// Shorthand.
    pub const fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    /// Its right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// Its middle.
    pub fn centre(&self) -> Point {
        Point::new(self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// Whether they share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// Whether `other` lies within it.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }
}

impl Curve {
    /// A wire that leaves and arrives horizontally.
    pub fn sideways(from: Point, to: Point) -> Self {
        let reach = (to.x - from.x) / 2.0;
        let c1 = Point::new(from.x + reach, from.y);
        Self { from, c1, c2: Point::new(to.x - reach, to.y), to }
    }

    /// A wire that leaves and arrives vertically.
    pub fn upright(from: Point, to: Point) -> Self {
        let reach = (to.y - from.y) / 2.0;
        let c1 = Point::new(from.x, from.y + reach);
        Self { from, c1, c2: Point::new(to.x, to.y - reach), to }
    }

    /// A straight line.
    pub fn straight(from: Point, to: Point) -> Self {
        Self { from, c1: from.towards(to, 1.0 / 3.0), c2: from.towards(to, 2.0 / 3.0), to }
    }

    /// The same way back.
    pub const fn reversed(self) -> Self {
        Self { from: self.to, c1: self.c2, c2: self.c1, to: self.from }
    }

    /// The point at `t`, 0 to 1.
    pub fn at(&self, t: f32) -> Point {
        let (a, b, c) = (
            self.from.towards(self.c1, t),
            self.c1.towards(self.c2, t),
            self.c2.towards(self.to, t),
        );
        a.towards(b, t).towards(b.towards(c, t), t)
    }

    /// SVG's path data.
    pub fn path(&self) -> String {
        let Self { from, c1, c2, to } = self;
        format!(
            "M{} {}C{} {} {} {} {} {}",
            round(from.x),
            round(from.y),
            round(c1.x),
            round(c1.y),
            round(c2.x),
            round(c2.y),
            round(to.x),
            round(to.y)
        )
    }
}

/// Rounded to tenths of a pixel, which is finer than anyone sees.
pub fn round(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_begins_and_ends_at_its_anchors_in_both_directions() {
        let wire = Curve::sideways(Point::new(0.0, 0.0), Point::new(100.0, 40.0));
        assert_eq!(wire.at(0.0), wire.from);
        assert_eq!(wire.at(1.0), wire.to);
        assert_eq!(wire.reversed().at(0.0), wire.to);
        assert_eq!(wire.path(), "M0 0C50 0 50 40 100 40");
    }
}
