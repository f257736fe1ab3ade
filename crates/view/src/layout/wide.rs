//! Three columns, left to right as a record goes: applications that send, the cluster, groups that read.
//!
//! Invariant: the columns' widths depend on the stage's width alone, so that nothing moves sideways when the cluster changes.

use super::cluster::{
    Shape, add_brokers, add_card, add_chips, add_member, add_queue, chips_height, column_height,
};
use super::metrics::Metrics;
use super::{Card, ClusterLayout, Mode, Rect};

/// Left edges and widths of the columns.
struct Columns {
    left: (f32, f32),
    cluster: (f32, f32),
    right: (f32, f32),
}

/// Room that the panels below a column want, and the least that is worth having.
const REST: f32 = 240.0;
const LEAST_REST: f32 = 120.0;

pub(super) fn place(shape: &Shape, metrics: &Metrics, layout: &mut ClusterLayout) {
    let columns = columns(layout.width, metrics, layout.mode);
    layout.height = layout.height.max(column_height(shape, metrics));
    let top = metrics.margin;
    let (x, w) = columns.cluster;
    add_chips(shape, metrics, (x, top, w), layout);
    add_brokers(shape, metrics, (x, top + chips_height(shape, metrics), w), layout);
    let left_end = add_producers(shape, metrics, columns.left, layout);
    let right_end = add_groups(shape, metrics, columns.right, layout);
    layout.height = layout.height.max(left_end).max(right_end);
    if layout.mode == Mode::Wide {
        layout.left_rest = rest(columns.left, left_end, layout.height - metrics.margin);
        layout.right_rest = rest(columns.right, right_end, layout.height - metrics.margin);
    }
}

fn columns(width: f32, metrics: &Metrics, mode: Mode) -> Columns {
    let big = mode == Mode::Projector;
    // Between 960 and 1440 pixels the outer columns and the wires' room shrink in proportion.
    let grow = ((width - 960.0) / 480.0).clamp(0.0, 1.0);
    let between = |small: f32, large: f32| (small + (large - small) * grow).round();
    let left = if big { between(150.0, 200.0) } else { between(172.0, 204.0) };
    let right = if big { between(180.0, 240.0) } else { between(232.0, 308.0) };
    let (gap_left, gap_right) = (between(56.0, 80.0), between(48.0, 72.0));
    let left_x = metrics.margin;
    let cluster_x = left_x + left + gap_left;
    let right_x = width - metrics.margin - right;
    Columns {
        left: (left_x, left),
        cluster: (cluster_x, right_x - gap_right - cluster_x),
        right: (right_x, right),
    }
}

/// Producers' cards; each shows as many partitions as there is room for.
fn add_producers(
    shape: &Shape,
    metrics: &Metrics,
    (x, w): (f32, f32),
    layout: &mut ClusterLayout,
) -> f32 {
    let s = metrics.scale;
    let (head, foot, row) = (56.0 * s, 28.0 * s, 24.0 * s);
    let gap = 20.0;
    let count = shape.producers.len().max(1) as f32;
    let room = (layout.height - 2.0 * metrics.margin - REST) / count - gap - head - foot;
    let most = (room / row).floor().clamp(1.0, 8.0) as usize;
    let mut y = metrics.margin;
    for (id, tps) in &shape.producers {
        let rows = tps.len().clamp(1, most);
        let rect = Rect::new(x, y, w, head + rows as f32 * row + foot);
        add_card(Card::Node(*id), rect, layout);
        for (index, tp) in tps.iter().take(rows).enumerate() {
            let top = rect.y + head + index as f32 * row;
            let line = Rect::new(x + 12.0, top, w - 24.0, row);
            add_queue(*id, Some(*tp), line, x + 12.0 + 54.0 * s, 16.0 * s, layout);
        }
        y = rect.bottom() + gap;
    }
    y
}

fn add_groups(
    shape: &Shape,
    metrics: &Metrics,
    (x, w): (f32, f32),
    layout: &mut ClusterLayout,
) -> f32 {
    let s = metrics.scale;
    let members: usize = shape.groups.iter().map(|(_, members)| members.len().max(1)).sum();
    let head = 44.0 * s;
    let fixed = shape.groups.len() as f32 * (head + 12.0 + 20.0);
    let room = layout.height - 2.0 * metrics.margin - fixed - REST;
    let row = (room / members.max(1) as f32).clamp(28.0 * s, 48.0 * s).floor();
    let mut y = metrics.margin;
    for (group, members) in &shape.groups {
        let rect = Rect::new(x, y, w, head + members.len().max(1) as f32 * row + 12.0);
        add_card(Card::Group(group.clone()), rect, layout);
        for (index, id) in members.iter().enumerate() {
            let top = rect.y + head + index as f32 * row;
            let height = row - if row > 40.0 { 8.0 } else { 4.0 };
            add_member(*id, Rect::new(x + 12.0, top, w - 24.0, height), layout);
        }
        y = rect.bottom() + 20.0;
    }
    y
}

fn rest((x, w): (f32, f32), from: f32, to: f32) -> Option<Rect> {
    let height = to - from;
    (height >= LEAST_REST).then(|| Rect::new(x, from, w, height))
}
