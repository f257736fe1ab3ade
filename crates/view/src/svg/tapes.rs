//! Replicas as tapes.
//!
//! Invariant: the same x is the same offset, because places come from the layout alone.

use super::sheet::{Sheet, Type};
use crate::layout::geometry::round;
use crate::layout::{Mode, Point, Rect, TapeBox};
use crate::view_model::topology::{PennantVm, Role, TapeVm};
use kafkascope_model::ids::Offset;

/// A replica on its broker's card.
pub(super) fn tape(sheet: &mut Sheet<'_>, tape: &TapeVm, place: &TapeBox, mode: Mode, scale: f32) {
    let middle = place.rect.y + place.rect.h / 2.0;
    let name = if place.name.w < 40.0 { &tape.short_name } else { &tape.name };
    let kind = Type::mono((13.0 * scale).min(place.name.h));
    let ink = if tape.role == Role::Offline { "quiet" } else { "ink" };
    sheet.words(Point::new(place.name.x, middle), kind, ink, &kind.fit(name, place.name.w + 4.0));
    tab(sheet, tape, place, scale);
    ground(sheet, tape, place.rect);
    match &tape.band {
        Some(band) => bars(sheet, band, place),
        None => cells(sheet, tape, place),
    }
    if mode != Mode::Narrow && place.ruler && tape.role == Role::Leader {
        for offset in &tape.ruler {
            let x = place.offset_x(*offset, tape.window_first) + place.cell / 2.0;
            let at = Point::new(x, place.rect.bottom() + 7.5);
            sheet.words(at, Type::mono(10.0 * scale).middle(), "quiet", &offset.to_string());
        }
    }
    for (index, pennant) in tape.pennants.iter().enumerate() {
        let same = |other: &&PennantVm| other.position == pennant.position;
        let before = tape.pennants[..index].iter().filter(same).count();
        flag(sheet, pennant, before, tape.window_first, place);
    }
    pin(sheet, tape, place);
    let numbers = [
        (place.high_watermark_x, tape.high_watermark, "brass"),
        (place.log_end_x, tape.log_end, "quiet"),
    ];
    for (x, value, token) in numbers {
        if let Some(x) = x {
            let kind = Type::mono(12.0 * scale).end();
            sheet.words(Point::new(x, middle), kind, token, &value.to_string());
        }
    }
}

fn tab(sheet: &mut Sheet<'_>, tape: &TapeVm, place: &TapeBox, scale: f32) {
    let at = place.tab.centre();
    let kind = Type::mono((11.0 * scale).min(place.tab.h)).middle();
    match tape.role {
        Role::Leader => {
            sheet.rect(place.tab, 4.0, "ink", "none", "");
            sheet.words(at, kind.bold(), "on-ink", &tape.tab);
        }
        Role::OutOfSync => sheet.words(at, kind.bold(), "red", &tape.tab),
        Role::InSync | Role::Offline => sheet.words(at, kind, "quiet", &tape.tab),
    }
}

fn ground(sheet: &mut Sheet<'_>, tape: &TapeVm, rect: Rect) {
    let (fill, stroke, more) = match tape.role {
        _ if tape.selected => ("well", "blue", " stroke-width=\"2\""),
        Role::Leader => ("card", "ink", " stroke-width=\"1.5\""),
        Role::InSync => ("well", "none", ""),
        Role::OutOfSync => ("well", "red", ""),
        Role::Offline => ("none", "edge", " stroke-dasharray=\"4 3\""),
    };
    sheet.rect(rect, 7.0, fill, stroke, more);
}

fn cells(sheet: &mut Sheet<'_>, tape: &TapeVm, place: &TapeBox) {
    let top = place.rect.y + (place.rect.h - place.cell) / 2.0;
    for cell in &tape.cells {
        let corner = Point::new(place.offset_x(cell.offset, tape.window_first), top);
        sheet.cell(corner, place.cell, cell.face, cell.look, cell.selected);
    }
}

fn bars(sheet: &mut Sheet<'_>, band: &[u8; 10], place: &TapeBox) {
    let width = place.rect.w / 10.0;
    for (index, share) in band.iter().enumerate() {
        let x = place.rect.x + index as f32 * width;
        let bar = Rect::new(x, place.rect.y + 1.0, width - 1.0, place.rect.h - 2.0);
        let opacity = format!(" opacity=\"{}\"", round(f32::from(*share) / 255.0));
        sheet.rect(bar, 0.0, "quiet", "none", &opacity);
    }
}

/// The pennant stands on the left edge of the cell that is read next.
fn flag(sheet: &mut Sheet<'_>, pennant: &PennantVm, before: usize, first: Offset, place: &TapeBox) {
    if pennant.position < first {
        return;
    }
    let hue = format!("group-{}", pennant.hue % 6);
    let (bottom, side) = (place.rect.bottom(), if place.ruler { 13.0 } else { 10.0 });
    let x = round(place.offset_x(pennant.position, first) - (place.pitch - place.cell) / 2.0);
    let x = x + before as f32 * (side + 1.0);
    let top = if place.ruler { bottom + 1.0 } else { bottom - 7.0 };
    if before == 0 {
        sheet.line(&format!("M{x} {}V{}", round(bottom - 10.0), round(top + side)), &hue, 1.6, "");
    }
    let flag = Rect::new(x, top, side, side);
    sheet.rect(flag, 1.0, &hue, "none", "");
    let kind = Type::sans(side - 3.5).bold().middle();
    sheet.words(flag.centre(), kind, "on-record", &pennant.letter);
}

fn pin(sheet: &mut Sheet<'_>, tape: &TapeVm, place: &TapeBox) {
    let inside = tape.high_watermark >= tape.window_first && tape.band.is_none();
    if !inside || tape.role == Role::Offline {
        return;
    }
    let x = round(
        place.offset_x(tape.high_watermark, tape.window_first) - (place.pitch - place.cell) / 2.0,
    );
    let top = place.rect.y;
    let head = format!("M{} {}h6l-3 4z", x - 3.0, round(top - 4.0));
    sheet.shape(&head, "brass-line", "");
    let leg = format!("M{x} {}v{}", round(top - 2.0), round(place.rect.h + 4.0));
    sheet.line(&leg, "brass-line", 2.0, "");
}
