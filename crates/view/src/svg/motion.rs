//! What is on its way.
//!
//! Invariant: what is followed is painted last.

use super::sheet::{Sheet, Type};
use crate::draw::{Capsule, DrawList};
use crate::layout::geometry::round;
use crate::layout::{Point, Rect};
use crate::view_model::CellLook;

const GAP: f32 = 2.0;
const PAD: f32 = 4.0;

/// Everything of a draw list.
pub(super) fn all(sheet: &mut Sheet<'_>, list: &DrawList) {
    for stroke in &list.strokes {
        let (token, width) = match (stroke.bad, stroke.control) {
            (true, _) => ("red", 3.0),
            (false, true) => ("edge", 2.0),
            (false, false) => ("quiet", 2.5),
        };
        sheet.line(&segment(stroke.tail, stroke.at), token, width, " stroke-linecap=\"round\"");
    }
    for fall in &list.drops {
        let token = if fall.halo { "blue" } else { "edge" };
        sheet.line(&segment(fall.from, fall.to), token, 1.6, " stroke-dasharray=\"2 4\"");
    }
    for ring in &list.rings {
        sheet.circle(ring.at, 5.0, "card", "green", 2.2);
        if ring.halo {
            sheet.circle(ring.at, 9.0, "none", "blue", 2.0);
        }
    }
    for capsule in &list.capsules {
        batch(sheet, capsule, list);
    }
    for fall in &list.drops {
        sheet.cell(
            corner(fall.at, fall.cell, fall.cell),
            fall.cell,
            fall.face,
            CellLook::Solid,
            fall.halo,
        );
    }
    for cross in &list.crosses {
        let (x, y) = (round(cross.at.x), round(cross.at.y));
        let path = format!("M{} {}l12 12m0 -12l-12 12", x - 6.0, y - 6.0);
        sheet.line(&path, "red", 2.6, "");
    }
    for tab in &list.tabs {
        sheet.line(&segment(tab.from, tab.to), "brass-line", 2.0, " stroke-dasharray=\"2 4\"");
        let place = corner(tab.at, 40.0, 22.0);
        let rect = Rect::new(place.x, place.y, 40.0, 22.0);
        sheet.rect(rect, 4.0, "brass", "none", "");
        let kind = Type::mono(11.0).bold().middle();
        sheet.words(rect.centre(), kind, "card", &format!("L e{}", tab.epoch));
    }
    for halo in &list.halos {
        let side = halo.cell + 6.0;
        let place = corner(halo.at, side, side);
        let rect = Rect::new(place.x, place.y, side, side);
        sheet.rect(rect, 7.0, "none", "blue", " stroke-width=\"2\"");
    }
}

fn batch(sheet: &mut Sheet<'_>, capsule: &Capsule, list: &DrawList) {
    let side = capsule.cell;
    let cells = f32::from(capsule.len.max(1)) * (side + GAP) - GAP;
    let more = if capsule.more > 0 { 26.0 } else { 0.0 };
    let (w, h) = (cells + more + 2.0 * PAD, side + 2.0 * PAD);
    let place = corner(capsule.at, w, h);
    let (token, width) = if capsule.halo {
        ("blue", " stroke-width=\"2.4\"")
    } else {
        ("ink", " stroke-width=\"1.6\"")
    };
    sheet.rect(Rect::new(place.x, place.y, w, h), round(h / 2.8), "card", token, width);
    for (index, face) in list.faces_of(capsule).iter().enumerate() {
        let x = place.x + PAD + index as f32 * (side + GAP);
        sheet.cell(Point::new(x, place.y + PAD), side, *face, CellLook::Solid, false);
    }
    if capsule.more > 0 {
        let at = Point::new(place.x + PAD + cells + GAP, capsule.at.y);
        sheet.words(at, Type::mono(11.0).bold(), "ink", &format!("+{}", capsule.more));
    }
}

fn corner(at: Point, w: f32, h: f32) -> Point {
    Point::new(at.x - w / 2.0, at.y - h / 2.0)
}

fn segment(from: Point, to: Point) -> String {
    format!("M{} {}L{} {}", round(from.x), round(from.y), round(to.x), round(to.y))
}
