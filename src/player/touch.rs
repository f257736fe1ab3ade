//! What lies at a point of the stage: something that flies, or a wire.
//!
//! Invariant: what is touched is what was painted last, so it is what the viewer saw.

use super::Player;
use kafkascope_model::api::share::ShareResponse;
use kafkascope_model::api::{Request, Response};
use kafkascope_model::ids::{MsgId, RecordId};
use kafkascope_model::net::Payload;
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
        let capsule = self.list.capsules.iter().rev().find(|c| near(c.at, reach(c.len)));
        if let Some(record) = capsule.and_then(|capsule| self.first_record(capsule.msg)) {
            return Selection::Record(record);
        }
        let wires = &self.view().topology.wires;
        let wire = wires.iter().find(|wire| is_on(&wire.curve, point));
        wire.map_or(Selection::None, |wire| Selection::Link(wire.client, wire.broker))
    }

    fn first_record(&self, msg: MsgId) -> Option<RecordId> {
        let envelope = self.session.world().flights().find(|envelope| envelope.id == msg)?;
        let batch = match &envelope.payload {
            Payload::Request(Request::Produce(produce)) => {
                produce.partitions.first().map(|(_, b)| b)
            }
            Payload::Response(Response::Fetch(fetch)) => {
                fetch.partitions.iter().find_map(|partition| partition.batches.first())
            }
            Payload::Response(Response::Share(ShareResponse::Fetch(fetch))) => {
                fetch.partitions.iter().find_map(|partition| partition.batches.first())
            }
            Payload::Request(_) | Payload::Response(_) | Payload::Reset => None,
        };
        batch?.records.first().map(|record| record.id)
    }
}

fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn is_on(curve: &Curve, point: Point) -> bool {
    (0..=32).any(|step| distance(curve.at(step as f32 / 32.0), point) <= 8.0)
}
