//! Replicas as tapes: a cell for each record, the role, the high watermark and the log's end.
//!
//! Invariant: the same offset stands at the same place of every replica of a partition.

use super::Sheet;
use kafkascope_view::ViewModel;
use kafkascope_view::layout::{Point, Rect, TapeBox};
use kafkascope_view::view_model::topology::{Role, TapeVm};
use kafkascope_view::view_model::{CellLook, CellVm, Glyph};

pub fn draw(sheet: &mut Sheet, view: &ViewModel) {
    for place in &view.layout.tapes {
        let broker = view.topology.brokers.iter().find(|vm| vm.id == place.broker);
        let tape = broker.and_then(|vm| vm.tapes.iter().find(|tape| tape.tp == place.tp));
        if let Some(tape) = tape {
            draw_tape(sheet, place, tape);
        }
    }
}

fn draw_tape(sheet: &mut Sheet, place: &TapeBox, tape: &TapeVm) {
    let middle = place.rect.y + place.rect.h / 2.0;
    sheet.rect(&place.rect, 4.0, "well", Some("line"));
    sheet.text(Point::new(place.name.x, middle), 11.0, "ink", "start", &tape.short_name);
    let (fill, text) = match tape.role {
        Role::Leader => ("ink", "on-ink"),
        Role::InSync => ("card", "soft"),
        _ => ("card", "red"),
    };
    sheet.rect(&place.tab, 3.0, fill, Some("edge"));
    let tab = Point::new(place.tab.x + place.tab.w / 2.0, middle);
    sheet.text(tab, 10.0, text, "middle", &tape.tab);
    for cell in &tape.cells {
        draw_cell(sheet, place, tape, cell);
    }
    watermark(sheet, place, tape);
    if let Some(x) = place.log_end_x {
        sheet.text(Point::new(x, middle), 10.0, "quiet", "end", &tape.log_end.to_string());
    }
}

fn draw_cell(sheet: &mut Sheet, place: &TapeBox, tape: &TapeVm, cell: &CellVm) {
    let column = (cell.offset - tape.window_first) as f32;
    let x = place.cells_x + column * place.pitch;
    let y = place.rect.y + (place.rect.h - place.cell) / 2.0;
    let rect = Rect { x, y, w: place.cell, h: place.cell };
    let colour = format!("key-{}", cell.face.tint);
    match cell.look {
        CellLook::Solid => sheet.rect(&rect, 2.0, &colour, None),
        CellLook::Dashed | CellLook::Faded | CellLook::Struck | CellLook::Gone => {
            sheet.rect(&rect, 2.0, "well", Some(&colour));
        }
    }
    if place.cell >= 10.0 {
        let middle = Point::new(x + place.cell / 2.0, y + place.cell / 2.0);
        let ink = if cell.look == CellLook::Solid { "on-record" } else { "quiet" };
        sheet.text(middle, place.cell * 0.7, ink, "middle", sign(cell.face.glyph));
    }
}

/// What is committed ends here.
fn watermark(sheet: &mut Sheet, place: &TapeBox, tape: &TapeVm) {
    let column = (tape.high_watermark - tape.window_first).max(0) as f32;
    let x = place.cells_x + column * place.pitch - (place.pitch - place.cell) / 2.0;
    if x <= place.rect.x + place.rect.w {
        let (top, bottom) = (place.rect.y, place.rect.y + place.rect.h);
        sheet.line(Point::new(x, top), Point::new(x, bottom), "brass-line", 2.0);
    }
}

const fn sign(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Circle => "\u{25cf}",
        Glyph::Triangle => "\u{25b2}",
        Glyph::Square => "\u{25a0}",
        Glyph::Diamond => "\u{25c6}",
        Glyph::Plus => "+",
        Glyph::Star => "\u{2605}",
        Glyph::Dot => "\u{b7}",
        Glyph::Slash => "/",
        Glyph::Commit => "\u{2713}",
        Glyph::Abort => "\u{d7}",
    }
}
