//! What lies at a point of the stage: something that flies, or a wire.
//!
//! Invariant: what is touched is what was painted last, so it is what the viewer saw.

use super::Player;
use kafkascope_view::layout::{Curve, Point};
use kafkascope_view::ui::Selection;

/// How near a touch must be, in pixels.
const NEAR: f32 = 16.0;

impl Player {
    /// The selection a touch means.
    pub fn at(&self, x: f32, y: f32) -> Selection {
        let point = Point { x, y };
        let near = |at: Point, reach: f32| distance(at, point) <= reach;
        if let Some(fall) = self.list.drops.iter().rev().find(|fall| near(fall.at, NEAR)) {
            return Selection::Record(fall.record);
        }
        let reach = |len: u16| NEAR + f32::from(len) * 8.0;
        let list = &self.list;
        let capsule = list.capsules.iter().rev().find(|c| near(c.at, reach(c.len))).map(|c| c.msg);
        let ring = || list.rings.iter().rev().find(|ring| near(ring.at, NEAR)).map(|ring| ring.msg);
        let cross = || list.crosses.iter().rev().find(|one| near(one.at, NEAR)).map(|one| one.msg);
        let stroke = || list.strokes.iter().rev().find(|one| near(one.at, NEAR)).map(|one| one.msg);
        if let Some(msg) = capsule.or_else(ring).or_else(cross).or_else(stroke)
            && let Some(envelope) = self.session.world().flight(msg)
        {
            return Selection::Message(msg, envelope.sent_at);
        }
        let wires = &self.view().topology.wires;
        let wire = wires.iter().find(|wire| is_on(&wire.curve, point));
        wire.map_or(Selection::None, |wire| Selection::Link(wire.client, wire.broker))
    }
}

fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn is_on(curve: &Curve, point: Point) -> bool {
    (0..=32).any(|step| distance(curve.at(step as f32 / 32.0), point) <= 8.0)
}
