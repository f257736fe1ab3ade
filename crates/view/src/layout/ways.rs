//! The ways on which messages travel between nodes.
//!
//! Clients reach brokers across the gaps between columns; brokers reach each other and the controllers around the outside of
//! the cluster's column. Invariant: any two nodes that may talk have a way.

use super::cluster::Shape;
use super::{Card, ClusterLayout, Curve, Mode, Point, Rect, WireBox};
use kafkascope_model::ids::{NodeId, TopicPartition};

pub(super) fn add(shape: &Shape, layout: &mut ClusterLayout) {
    let producers = shape.producers.iter().map(|(id, _)| *id);
    let members = shape.groups.iter().flat_map(|(_, members)| members.iter().copied());
    let clients: Vec<_> = producers.chain(members).collect();
    let brokers: Vec<_> = shape.brokers.iter().map(|(id, _)| *id).collect();
    let mut wires = Vec::new();
    for client in clients {
        for broker in &brokers {
            push(&mut wires, client, *broker, layout.client_way(client, *broker, None));
        }
    }
    let inner: Vec<_> = brokers.iter().chain(&shape.controllers).copied().collect();
    for (index, from) in inner.iter().enumerate() {
        for to in &inner[index + 1..] {
            push(&mut wires, *from, *to, inner_way(layout, *from, *to));
        }
    }
    layout.wires = wires;
}

fn push(wires: &mut Vec<WireBox>, from: NodeId, to: NodeId, curve: Option<Curve>) {
    wires.extend(curve.map(|curve| WireBox { from, to, curve }));
}

impl ClusterLayout {
    /// The way from a client to a broker, to its replica of `tp` if it has one.
    pub fn client_way(
        &self,
        client: NodeId,
        broker: NodeId,
        tp: Option<TopicPartition>,
    ) -> Option<Curve> {
        let rect = self.node_rect(broker)?;
        let row = tp.and_then(|tp| self.tape(broker, tp)).map(|tape| tape.rect);
        if let Some(member) = self.member(client) {
            let end = self.broker_anchor(rect, row, true);
            return Some(self.curve(end, member.anchor).reversed());
        }
        let card = self.card(&Card::Node(client))?;
        Some(self.curve(card.anchor_out, self.broker_anchor(rect, row, false)))
    }

    fn curve(&self, from: Point, to: Point) -> Curve {
        match self.mode {
            Mode::Wide | Mode::Projector => Curve::sideways(from, to),
            Mode::Narrow => Curve::upright(from, to),
        }
    }

    /// Where a wire meets a broker: beside the replica's row, or in one column at the row itself.
    fn broker_anchor(&self, card: Rect, row: Option<Rect>, on_the_right: bool) -> Point {
        let y = row.map_or(card.y + card.h / 2.0, |row| row.y + row.h / 2.0);
        match self.mode {
            Mode::Wide | Mode::Projector if on_the_right => Point::new(card.right(), y),
            Mode::Wide | Mode::Projector => Point::new(card.x, y),
            Mode::Narrow => {
                let x = row.map_or(card.x + card.w / 2.0, |row| row.x + row.w / 2.0);
                Point::new(x, y)
            }
        }
    }

    fn node_rect(&self, id: NodeId) -> Option<Rect> {
        self.card(&Card::Node(id)).map(|card| card.rect)
    }
}

/// Around the outside: brokers among themselves on the left, to and among controllers on the right.
fn inner_way(layout: &ClusterLayout, from: NodeId, to: NodeId) -> Option<Curve> {
    let (a, b) = (layout.node_rect(from)?, layout.node_rect(to)?);
    if from.is_controller() && to.is_controller() {
        let (from, to) = (Point::new(a.right(), a.centre().y), Point::new(b.x, b.centre().y));
        return Some(Curve::straight(from, to));
    }
    let reach = match layout.mode {
        Mode::Wide | Mode::Projector => 32.0,
        Mode::Narrow => 8.0,
    };
    if to.is_controller() || from.is_controller() {
        let (broker, chip, flip) = if to.is_controller() { (a, b, false) } else { (b, a, true) };
        let start = Point::new(broker.right(), broker.y + 16.0_f32.min(broker.h / 2.0));
        let end = Point::new(chip.right(), chip.centre().y);
        let out = start.x.max(end.x) + reach;
        let curve = Curve {
            from: start,
            c1: Point::new(out, start.y),
            c2: Point::new(out, end.y),
            to: end,
        };
        return Some(if flip { curve.reversed() } else { curve });
    }
    let (start, end) = (Point::new(a.x, a.centre().y), Point::new(b.x, b.centre().y));
    let out = start.x.min(end.x) - reach;
    Some(Curve { from: start, c1: Point::new(out, start.y), c2: Point::new(out, end.y), to: end })
}
