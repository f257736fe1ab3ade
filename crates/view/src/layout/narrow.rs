//! One column for a phone: producers, brokers, groups below each other; the tape keeps its shape with fewer cells.
//!
//! Invariant: nothing is wider than the screen; the stage scrolls downwards only.

use super::cluster::{
    Shape, add_brokers, add_card, add_chips, add_member, add_queue, chips_height,
};
use super::metrics::Metrics;
use super::{Card, ClusterLayout, Rect};

/// Two cards side by side where there is room, else one.
const GAP: f32 = 8.0;
/// Room in which a flight from the producers to the brokers can be seen.
const AIR: f32 = 28.0;

pub(super) fn place(shape: &Shape, metrics: &Metrics, layout: &mut ClusterLayout) {
    let x = metrics.margin;
    let w = layout.width - 2.0 * metrics.margin;
    let mut y = add_producers(shape, (x, metrics.margin, w), layout) + AIR;
    add_chips(shape, metrics, (x, y, w), layout);
    y += chips_height(shape, metrics);
    y = add_brokers(shape, metrics, (x, y, w), layout) + AIR / 2.0;
    let end = add_groups(shape, (x, y, w), layout) + metrics.margin;
    layout.height = layout.height.max(end);
}

/// How many cards stand side by side, and how wide each is.
fn grid(count: usize, w: f32) -> (usize, f32) {
    let across = ((w / 170.0).floor() as usize).clamp(1, count.max(1)).min(4);
    let each = (w - GAP * (across - 1) as f32) / across as f32;
    (across, each)
}

fn add_producers(shape: &Shape, (x, y, w): (f32, f32, f32), layout: &mut ClusterLayout) -> f32 {
    let (across, each) = grid(shape.producers.len(), w);
    let height = 44.0;
    let mut end = y;
    for (index, (id, _)) in shape.producers.iter().enumerate() {
        let left = x + (index % across) as f32 * (each + GAP);
        let top = y + (index / across) as f32 * (height + GAP);
        add_card(Card::Node(*id), Rect::new(left, top, each, height), layout);
        let row = Rect::new(left + 12.0, top + 12.0, each - 24.0, 20.0);
        add_queue(*id, None, row, left + each * 0.55, 16.0, layout);
        end = top + height;
    }
    end
}

fn add_groups(shape: &Shape, (x, y, w): (f32, f32, f32), layout: &mut ClusterLayout) -> f32 {
    let (across, each) = grid(shape.groups.len(), w);
    let (head, row) = (52.0, 24.0);
    let (mut top, mut lowest) = (y, y);
    for (index, (group, members)) in shape.groups.iter().enumerate() {
        if index % across == 0 && index > 0 {
            top = lowest + GAP;
        }
        let left = x + (index % across) as f32 * (each + GAP);
        let rect = Rect::new(left, top, each, head + members.len() as f32 * row + 8.0);
        add_card(Card::Group(group.clone()), rect, layout);
        for (line, id) in members.iter().enumerate() {
            let member = top + head + line as f32 * row;
            add_member(*id, Rect::new(left + 8.0, member, each - 16.0, row - 4.0), layout);
        }
        lowest = lowest.max(rect.bottom());
    }
    lowest
}
