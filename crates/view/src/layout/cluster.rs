//! Arranges the cluster: which density fits, then cards, tapes and ways.
//!
//! Invariant: a partition's tapes have the same left edge, pitch and capacity on every broker, so the same x is the same
//! offset; no two cards overlap.

use super::metrics::{Density, Metrics};
use super::{
    Card, CardBox, ClusterLayout, MemberBox, Mode, Point, QueueBox, Rect, TapeBox, Viewport,
};
use super::{narrow, ways, wide};
use kafkascope_model::ids::{Name, NodeId, TopicPartition};

/// What is to be arranged; lists are in the order in which they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Producers with the partitions they write to.
    pub producers: Vec<(NodeId, Vec<TopicPartition>)>,
    /// Brokers with their replicas.
    pub brokers: Vec<(NodeId, Vec<TopicPartition>)>,
    /// Controllers.
    pub controllers: Vec<NodeId>,
    /// Groups with their members.
    pub groups: Vec<(Name, Vec<NodeId>)>,
}

/// Where everything is.
pub fn arrange(shape: &Shape, viewport: &Viewport) -> ClusterLayout {
    let width = viewport.width.max(280.0);
    let metrics = metrics_that_fit(shape, viewport, width);
    let mut layout = ClusterLayout {
        width,
        height: viewport.height,
        mode: viewport.mode,
        scale: metrics.scale,
        ..ClusterLayout::default()
    };
    match viewport.mode {
        Mode::Wide | Mode::Projector => wide::place(shape, &metrics, &mut layout),
        Mode::Narrow => narrow::place(shape, &metrics, &mut layout),
    }
    ways::add(shape, &mut layout);
    layout
}

/// The roomiest sizes with which the cluster's column is no higher than the stage; bands if none is.
fn metrics_that_fit(shape: &Shape, viewport: &Viewport, width: f32) -> Metrics {
    let densities = [Density::Comfortable, Density::Snug, Density::Compact, Density::Band];
    // A phone scrolls anyway, so a few screens are no reason for smaller cells.
    let height = match viewport.mode {
        Mode::Wide | Mode::Projector => viewport.height,
        Mode::Narrow => viewport.height.max(800.0) * 3.0,
    };
    let fits = |density: &Density| {
        let metrics = Metrics::new(viewport.mode, *density, width);
        column_height(shape, &metrics) <= height
    };
    let density = densities.into_iter().find(fits).unwrap_or(Density::Band);
    Metrics::new(viewport.mode, density, width)
}

/// How high the column of controllers and brokers is.
pub(super) fn column_height(shape: &Shape, metrics: &Metrics) -> f32 {
    let brokers: f32 = shape.brokers.iter().map(|(_, tps)| metrics.broker(tps.len())).sum();
    let gaps = shape.brokers.len().saturating_sub(1) as f32 * metrics.gap;
    2.0 * metrics.margin + chips_height(shape, metrics) + brokers + gaps
}

/// The controllers' strip with the gap below it.
pub(super) fn chips_height(shape: &Shape, metrics: &Metrics) -> f32 {
    if shape.controllers.is_empty() { 0.0 } else { metrics.chip + metrics.gap }
}

/// Adds the controllers' chips side by side within `x .. x + w`.
pub(super) fn add_chips(
    shape: &Shape,
    metrics: &Metrics,
    (x, y, w): (f32, f32, f32),
    layout: &mut ClusterLayout,
) {
    let count = shape.controllers.len().max(1) as f32;
    let gap = 8.0;
    let each = ((w - gap * (count - 1.0)) / count).min(300.0 * metrics.scale);
    for (index, id) in shape.controllers.iter().enumerate() {
        let rect = Rect::new(x + index as f32 * (each + gap), y, each, metrics.chip);
        add_card(Card::Node(*id), rect, layout);
    }
}

/// Adds the brokers' cards with their tapes from `y` downwards; returns where the next card would begin.
pub(super) fn add_brokers(
    shape: &Shape,
    metrics: &Metrics,
    (x, mut y, w): (f32, f32, f32),
    layout: &mut ClusterLayout,
) -> f32 {
    for (id, tps) in &shape.brokers {
        let rect = Rect::new(x, y, w, metrics.broker(tps.len()));
        add_card(Card::Node(*id), rect, layout);
        for (row, tp) in tps.iter().enumerate() {
            let top = rect.y + metrics.header + row as f32 * metrics.row;
            layout.tapes.push(tape(*id, *tp, metrics, (x, top, w)));
        }
        y = rect.bottom() + metrics.gap;
    }
    y
}

fn tape(
    broker: NodeId,
    tp: TopicPartition,
    metrics: &Metrics,
    (x, y, w): (f32, f32, f32),
) -> TapeBox {
    let left = x + metrics.pad;
    let tab_x = left + metrics.name;
    let tape_x = tab_x + metrics.tab + 6.0;
    let right = x + w - metrics.pad - metrics.numbers;
    let rect = Rect::new(tape_x, y, right - tape_x, metrics.tape);
    let inset = 8.0_f32.min(rect.w / 8.0);
    // A cell that would be cut by the tape's right edge has no place.
    let places = ((rect.w - 2.0 * inset + (metrics.pitch - metrics.cell)) / metrics.pitch).floor();
    let is_band = metrics.tape < metrics.cell;
    let tab_h = (metrics.tape - 8.0).max(metrics.tape.min(8.0));
    let number = |at: f32| (metrics.numbers > 0.0).then_some(right + metrics.numbers * at);
    TapeBox {
        broker,
        tp,
        rect,
        name: Rect::new(left, y, metrics.name, metrics.tape),
        tab: Rect::new(tab_x, y + (metrics.tape - tab_h) / 2.0, metrics.tab, tab_h),
        cells_x: tape_x + inset,
        pitch: metrics.pitch,
        cell: metrics.cell.min(metrics.tape),
        capacity: if is_band || places < 1.0 { 0 } else { places as u16 },
        high_watermark_x: number(0.5),
        log_end_x: number(1.0),
        ruler: metrics.ruler,
    }
}

/// Adds a card with anchors in the middle of its sides.
pub(super) fn add_card(card: Card, rect: Rect, layout: &mut ClusterLayout) {
    let middle = rect.centre();
    let (anchor_in, anchor_out) = match layout.mode {
        Mode::Wide | Mode::Projector => {
            (Point::new(rect.x, middle.y), Point::new(rect.right(), middle.y))
        }
        Mode::Narrow => (Point::new(middle.x, rect.y), Point::new(middle.x, rect.bottom())),
    };
    layout.cards.push(CardBox { card, rect, anchor_in, anchor_out });
}

/// Adds a producer's rows.
pub(super) fn add_queue(
    producer: NodeId,
    tp: Option<TopicPartition>,
    rect: Rect,
    cells_x: f32,
    cell: f32,
    layout: &mut ClusterLayout,
) {
    let places = ((rect.right() - cells_x) / (cell + 4.0)).floor().max(0.0);
    layout.queues.push(QueueBox { producer, tp, rect, cells_x, cell, capacity: places as u16 });
}

/// Adds a member's row; wires end at its left edge, or above it in one column.
pub(super) fn add_member(id: NodeId, rect: Rect, layout: &mut ClusterLayout) {
    let middle = rect.centre();
    let anchor = match layout.mode {
        Mode::Wide | Mode::Projector => Point::new(rect.x, middle.y),
        Mode::Narrow => Point::new(middle.x, rect.y),
    };
    layout.members.push(MemberBox { id, rect, anchor });
}
