//! What is under way: records in capsules, requests without records as rings and strokes.
//!
//! Invariant: everything is drawn where it is at the picture's moment.

use super::Sheet;
use kafkascope_view::DrawList;
use kafkascope_view::layout::{Point, Rect};
use kafkascope_view::view_model::Face;

pub fn draw(sheet: &mut Sheet, moving: &DrawList) {
    for stroke in &moving.strokes {
        let colour = if stroke.bad { "red" } else { "quiet" };
        sheet.line(stroke.tail, stroke.at, colour, 2.0);
    }
    for ring in &moving.rings {
        dot(sheet, ring.at, 4.0, "card", "quiet");
    }
    for capsule in &moving.capsules {
        let faces = moving.faces_of(capsule);
        let width = faces.len() as f32 * capsule.cell;
        let mut x = capsule.at.x - width / 2.0;
        for face in faces {
            record(sheet, x, capsule.at.y, capsule.cell, *face);
            x += capsule.cell;
        }
    }
    for fall in &moving.drops {
        record(sheet, fall.at.x - fall.cell / 2.0, fall.at.y, fall.cell, fall.face);
    }
    for cross in &moving.crosses {
        sheet.text(cross.at, 14.0, "red", "middle", "\u{d7}");
    }
}

fn record(sheet: &mut Sheet, x: f32, y: f32, cell: f32, face: Face) {
    let rect = Rect { x, y: y - cell / 2.0, w: cell - 1.0, h: cell - 1.0 };
    sheet.rect(&rect, 2.0, &format!("key-{}", face.tint), Some("card"));
}

fn dot(sheet: &mut Sheet, at: Point, radius: f32, fill: &str, edge: &str) {
    let rect = Rect { x: at.x - radius, y: at.y - radius, w: radius * 2.0, h: radius * 2.0 };
    sheet.rect(&rect, radius, fill, Some(edge));
}
