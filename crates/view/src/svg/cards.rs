//! Cards of processes and groups, and the wires between them.
//!
//! Invariant: a card without a place on the layout is left out.

use super::sheet::{Sheet, Type, tone};
use super::tapes;
use crate::layout::{Card, ClusterLayout, Mode, Point, Rect};
use crate::view_model::ViewModel;
use crate::view_model::topology::{
    BrokerStatus, BrokerVm, ControllerVm, GroupVm, MemberVm, ProcessStatus, ProducerVm, QueueVm,
    WireLook,
};
use crate::view_model::{CellLook, Tone};

/// Every wire.
pub(super) fn wires(sheet: &mut Sheet<'_>, view: &ViewModel) {
    for wire in &view.topology.wires {
        let (token, width, more) = match wire.look {
            WireLook::Faint if view.layout.mode == Mode::Narrow => continue,
            WireLook::Faint => ("wire", 1.5, ""),
            WireLook::InUse => ("quiet", 1.5, ""),
            WireLook::Selected => ("blue", 2.0, ""),
            WireLook::Slowed => ("brass-line", 1.5, " stroke-dasharray=\"10 4\""),
            WireLook::Cut => ("red", 1.5, " stroke-dasharray=\"5 5\""),
        };
        sheet.line(&wire.curve.path(), token, width, more);
    }
}

/// Every card.
pub(super) fn all(sheet: &mut Sheet<'_>, view: &ViewModel) {
    let layout = &view.layout;
    for vm in &view.topology.producers {
        producer(sheet, vm, layout);
    }
    for vm in &view.topology.controllers {
        controller(sheet, vm, layout);
    }
    for vm in &view.topology.brokers {
        broker(sheet, vm, layout);
    }
    for vm in &view.topology.groups {
        group(sheet, vm, layout);
    }
}

fn place(layout: &ClusterLayout, card: &Card) -> Option<Rect> {
    layout.card(card).map(|place| place.rect)
}

/// The sheet of paper under a card.
fn ground(sheet: &mut Sheet<'_>, rect: Rect, selected: bool, down: bool) {
    let stroke = if selected { "blue" } else { "line" };
    if down {
        sheet.rect(rect, 10.0, "card", "red", " stroke-dasharray=\"5 4\"");
        sheet.raw(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"url(#hatch)\"/>",
            rect.x, rect.y, rect.w, rect.h
        ));
    } else {
        sheet.rect(rect, 10.0, "card", stroke, "");
    }
}

/// A word in an outline; returns its right edge.
fn badge(sheet: &mut Sheet<'_>, at: Point, text: &str, token: &str, scale: f32) -> f32 {
    let kind = Type::sans(12.0 * scale);
    let w = kind.width(text) + 18.0 * scale;
    let rect = Rect::new(at.x, at.y - 10.0 * scale, w, 20.0 * scale);
    sheet.rect(rect, 10.0 * scale, "none", token, "");
    sheet.words(rect.centre(), kind.middle(), token, text);
    rect.right()
}

fn producer(sheet: &mut Sheet<'_>, vm: &ProducerVm, layout: &ClusterLayout) {
    let Some(rect) = place(layout, &Card::Node(vm.id)) else { return };
    let s = layout.scale;
    let down = matches!(vm.status, ProcessStatus::Stopped | ProcessStatus::Paused);
    ground(sheet, rect, vm.selected, down);
    let narrow = layout.mode == Mode::Narrow;
    let left = rect.x + if narrow { 12.0 } else { 15.0 };
    let room = rect.w - 30.0;
    let bold = Type::sans(15.0 * s).bold();
    let y = if narrow { rect.y + 21.0 } else { rect.y + 22.0 * s };
    sheet.words(Point::new(left, y), bold, "ink", &bold.fit(&vm.name, room));
    if narrow {
        return;
    }
    let small = Type::sans(12.0 * s);
    let state = small.fit(&vm.state, room);
    sheet.words(Point::new(left, rect.y + 41.0 * s), small, tone(vm.tone), &state);
    let rows = layout.queues.iter().filter(|row| row.producer == vm.id);
    for row in rows {
        let queue = vm.queues.iter().find(|queue| row.tp.is_none_or(|tp| tp == queue.tp));
        if let Some(queue) = queue {
            waiting(sheet, queue, row, s);
        }
    }
    let foot = Type::mono(11.0 * s);
    let at = Point::new(left, rect.bottom() - 16.0 * s);
    sheet.words(at, foot, "quiet", &foot.fit(&vm.footer, room));
}

fn waiting(sheet: &mut Sheet<'_>, queue: &QueueVm, row: &crate::layout::QueueBox, s: f32) {
    let middle = row.rect.y + row.rect.h / 2.0;
    let kind = Type::mono(12.0 * s);
    sheet.words(Point::new(row.rect.x + 3.0, middle), kind, "soft", &queue.name);
    let note = Type::sans(11.0 * s);
    let pitch = row.cell + 4.0;
    let room = row.rect.right() - note.width(&queue.note) - 6.0 - row.cells_x;
    let shown = queue.cells.len().min((room / pitch).max(0.0) as usize);
    for (index, cell) in queue.cells.iter().take(shown).enumerate() {
        let corner = Point::new(row.cells_x + 4.0 + index as f32 * pitch, middle - row.cell / 2.0);
        sheet.cell(corner, row.cell, cell.face, CellLook::Solid, cell.selected);
    }
    let at = Point::new(row.rect.right() - 3.0, middle);
    sheet.words(at, note.end(), tone(queue.tone), &queue.note);
}

fn controller(sheet: &mut Sheet<'_>, vm: &ControllerVm, layout: &ClusterLayout) {
    let Some(rect) = place(layout, &Card::Node(vm.id)) else { return };
    let s = layout.scale;
    let stroke = match (vm.selected, vm.active) {
        (true, _) => "blue",
        (false, true) => "brass-line",
        (false, false) => "line",
    };
    let down = matches!(vm.status, ProcessStatus::Stopped | ProcessStatus::Paused);
    let dashes = if down { " stroke-dasharray=\"5 4\"" } else { "" };
    sheet.rect(rect, rect.h / 2.0, "card", if down { "red" } else { stroke }, dashes);
    let middle = rect.centre().y;
    let mut x = rect.x + 12.0;
    if vm.active {
        sheet.words(Point::new(x, middle), Type::sans(13.0 * s), "brass", "♛");
        x += 18.0 * s;
    }
    let bold = Type::sans(12.0 * s).bold();
    let name = bold.fit(&vm.name, rect.right() - x - 10.0);
    sheet.words(Point::new(x, middle), bold, "ink", &name);
    x += bold.width(&name) + 8.0;
    let quiet = Type::sans(12.0 * s);
    if rect.right() - x > 40.0 {
        let state = quiet.fit(&vm.state, rect.right() - x - 10.0);
        sheet.words(Point::new(x, middle), quiet, "quiet", &state);
    }
}

fn broker(sheet: &mut Sheet<'_>, vm: &BrokerVm, layout: &ClusterLayout) {
    let Some(rect) = place(layout, &Card::Node(vm.id)) else { return };
    let s = layout.scale;
    let down = matches!(vm.status, BrokerStatus::Fenced | BrokerStatus::Stopped);
    ground(sheet, rect, vm.selected, down);
    let narrow = layout.mode == Mode::Narrow;
    let first = layout.tapes.iter().find(|tape| tape.broker == vm.id);
    let head = first.map_or(38.0 * s, |tape| tape.rect.y - rect.y).min(40.0 * s);
    let y = rect.y + head / 2.0;
    let bold = Type::sans((15.0 * s).min(head * 0.45)).bold();
    let mut x = rect.x + if narrow { 12.0 } else { 15.0 };
    sheet.words(Point::new(x, y), bold, if down { "quiet" } else { "ink" }, &vm.name);
    x += bold.width(&vm.name) + 12.0;
    let quiet = Type::sans(13.0 * s);
    if !vm.rack.is_empty() && !narrow {
        sheet.words(Point::new(x, y), quiet, "quiet", &vm.rack);
        x += quiet.width(&vm.rack) + 12.0;
    }
    if vm.controller {
        x = badge(sheet, Point::new(x, y), "♛ active controller", "brass", s) + 10.0;
    }
    x = badge(sheet, Point::new(x, y), vm.status.word(), tone(vm.status.tone()), s) + 12.0;
    let note = Type::sans(12.0 * s);
    let end = rect.right() - 100.0 * s;
    let (text, token) = if vm.note.is_empty() && !vm.coordinates.is_empty() {
        (format!("coordinates {}", vm.coordinates.join(", ")), "quiet")
    } else {
        (vm.note.to_string(), "red")
    };
    if end - x > 60.0 {
        sheet.words(Point::new(x, y), note, token, &note.fit(&text, end - x));
    }
    column_heads(sheet, first, y, s);
    for tape in &vm.tapes {
        if let Some(place) = layout.tape(vm.id, tape.tp) {
            tapes::tape(sheet, tape, place, layout.mode, s);
        }
    }
}

fn column_heads(sheet: &mut Sheet<'_>, first: Option<&crate::layout::TapeBox>, y: f32, s: f32) {
    let Some(first) = first else { return };
    for (x, text) in [(first.high_watermark_x, "HW"), (first.log_end_x, "LEO")] {
        if let Some(x) = x {
            sheet.words(Point::new(x, y), Type::sans(11.0 * s).bold().end(), "quiet", text);
        }
    }
}

fn group(sheet: &mut Sheet<'_>, vm: &GroupVm, layout: &ClusterLayout) {
    let Some(rect) = place(layout, &Card::Group(vm.group.clone())) else { return };
    let s = layout.scale;
    ground(sheet, rect, vm.selected, false);
    let y = rect.y + 22.0 * s;
    let letter = Rect::new(rect.x + 15.0, y - 9.0 * s, 18.0 * s, 18.0 * s);
    sheet.rect(letter, 4.0, &format!("group-{}", vm.hue % 6), "none", "");
    sheet.words(letter.centre(), Type::sans(11.0 * s).bold().middle(), "on-record", &vm.letter);
    let bold = Type::sans(15.0 * s).bold();
    let mut x = letter.right() + 10.0;
    sheet.words(Point::new(x, y), bold, "ink", &vm.group);
    x += bold.width(&vm.group) + 12.0;
    let small = Type::sans(12.0 * s);
    let mut end = rect.right() - 12.0;
    if !vm.state.is_empty() {
        let w = small.width(&vm.state) + 18.0 * s;
        badge(sheet, Point::new(end - w, y), &vm.state, tone(vm.tone), s);
        end -= w + 8.0;
    }
    if end - x > 30.0 {
        sheet.words(Point::new(x, y), small, "quiet", &small.fit(&vm.detail, end - x));
    }
    if vm.members.is_empty() {
        sheet.words(Point::new(rect.x + 15.0, rect.bottom() - 20.0), small, "quiet", "no members");
    }
    for member in &vm.members {
        if let Some(place) = layout.member(member.id) {
            row(sheet, member, place.rect, layout);
        }
    }
}

fn row(sheet: &mut Sheet<'_>, vm: &MemberVm, rect: Rect, layout: &ClusterLayout) {
    let s = layout.scale;
    let down = matches!(vm.status, ProcessStatus::Stopped | ProcessStatus::Paused);
    let (stroke, more) = match (down, vm.selected) {
        (true, _) => ("red", " stroke-dasharray=\"4 3\""),
        (false, true) => ("blue", ""),
        (false, false) => ("none", ""),
    };
    sheet.rect(rect, 7.0, "well", stroke, more);
    let low = rect.h < 36.0;
    let first = if low { rect.centre().y } else { rect.y + rect.h * 0.32 };
    let second = if low { first } else { rect.y + rect.h * 0.72 };
    let left = rect.x + 10.0;
    let bold = Type::sans(13.0 * s).bold();
    sheet.words(Point::new(left, first), bold, "ink", &vm.name);
    let lag = Type::mono(12.0 * s).end();
    let lag_token = if vm.lag_tone == Tone::Bad { "red" } else { "soft" };
    let lag_text = format!("lag {}", vm.lag);
    let right = rect.right() - 10.0;
    sheet.words(Point::new(right, second), lag, lag_token, &lag_text);
    if layout.mode != Mode::Narrow {
        let start = left + bold.width(&vm.name) + 10.0;
        let end = if low { right - lag.width(&lag_text) - 8.0 } else { right };
        parts(sheet, vm, (start, end), first, s);
    }
    if low {
        return;
    }
    let state = Type::sans(11.0 * s);
    sheet.words(Point::new(left, second), state, "quiet", &state.fit(&vm.state, rect.w * 0.4));
    let mut x = right - lag.width(&lag_text) - 12.0;
    for face in vm.in_hand.iter().take(4) {
        x -= 16.0;
        sheet.cell(Point::new(x, second - 7.0), 14.0, *face, CellLook::Solid, false);
    }
}

/// The partitions a member has, as chips from the right; those without room are counted.
fn parts(sheet: &mut Sheet<'_>, vm: &MemberVm, (start, end): (f32, f32), y: f32, s: f32) {
    let kind = Type::mono(10.5 * s);
    let mut x = end;
    let total = vm.partitions.len();
    for (index, name) in vm.partitions.iter().rev().enumerate() {
        let w = kind.width(name) + 10.0;
        let rest = total - index;
        let last = index + 1 == total;
        if x - w < start + if last { 0.0 } else { 28.0 } {
            sheet.words(Point::new(x, y), kind.end(), "quiet", &format!("+{rest}"));
            return;
        }
        let chip = Rect::new(x - w, y - 8.0 * s, w, 16.0 * s);
        sheet.rect(chip, 8.0 * s, "card", "none", "");
        sheet.words(chip.centre(), kind.middle(), "ink", name);
        x -= w + 4.0;
    }
}
