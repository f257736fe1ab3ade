//! What stands in the room below the columns: keys, counts, the last sentences or a record's life; and the callout.
//!
//! Invariant: a panel that does not fit its room is left out.

use super::sheet::{Sheet, Type, tone};
use crate::layout::{Point, Rect};
use crate::view_model::record::StageState;
use crate::view_model::{CellLook, RecordVm, Tone, ViewModel, WhyVm};

const LINE: f32 = 22.0;
const GAP: f32 = 16.0;

/// Panels on both sides.
pub(super) fn all(sheet: &mut Sheet<'_>, view: &ViewModel) {
    if let Some(room) = view.layout.left_rest {
        let used = counts(sheet, view, room);
        keys(sheet, view, Rect::new(room.x, room.y + used, room.w, room.h - used));
    }
    if let Some(room) = view.layout.right_rest {
        match (&view.why, &view.record) {
            (Some(why), _) => answer(sheet, why, room),
            (None, Some(record)) => life(sheet, record, room),
            (None, None) => told(sheet, view, room),
        }
    }
}

fn panel(sheet: &mut Sheet<'_>, rect: Rect, title: &str, stroke: &str) {
    sheet.rect(rect, 10.0, "card", stroke, "");
    let bold = Type::sans(13.0).bold();
    let at = Point::new(rect.x + 15.0, rect.y + 20.0);
    sheet.words(at, bold, "ink", &bold.fit(title, rect.w - 30.0));
}

/// The ledger's counts; returns how much room they took.
fn counts(sheet: &mut Sheet<'_>, view: &ViewModel, room: Rect) -> f32 {
    let most = ((room.h - 48.0) / LINE).max(0.0) as usize;
    let rows = &view.ledger.rows[..view.ledger.rows.len().min(most)];
    if rows.is_empty() {
        return 0.0;
    }
    let h = 40.0 + rows.len() as f32 * LINE + 8.0;
    panel(sheet, Rect::new(room.x, room.y, room.w, h), "So far", "line");
    for (index, row) in rows.iter().enumerate() {
        let y = room.y + 44.0 + index as f32 * LINE;
        let (label, value) = (Type::sans(13.0), Type::mono(13.0).bold().end());
        let text = label.fit(&row.label, room.w - 40.0 - value.width(&row.value));
        sheet.words(Point::new(room.x + 15.0, y), label, "soft", &text);
        let right = Point::new(room.x + room.w - 15.0, y);
        sheet.words(right, value, tone(row.tone), &row.value);
    }
    h + GAP
}

fn keys(sheet: &mut Sheet<'_>, view: &ViewModel, room: Rect) {
    let entries = &view.keys.entries;
    let lines = entries.len().div_ceil(2);
    let h = 40.0 + lines as f32 * LINE + 28.0;
    if entries.is_empty() || h > room.h {
        return;
    }
    panel(sheet, Rect::new(room.x, room.y, room.w, h), "Keys", "line");
    let half = (room.w - 30.0) / 2.0;
    for (index, key) in entries.iter().enumerate() {
        let x = room.x + 15.0 + (index % 2) as f32 * half;
        let y = room.y + 46.0 + (index / 2) as f32 * LINE;
        sheet.cell(Point::new(x, y - 8.0), 16.0, key.face, CellLook::Solid, false);
        let kind = Type::sans(13.0);
        sheet.words(Point::new(x + 24.0, y), kind, "ink", &kind.fit(&key.name, half - 28.0));
    }
    let kind = Type::mono(11.0);
    let at = Point::new(room.x + 15.0, room.y + h - 18.0);
    sheet.words(at, kind, "quiet", &kind.fit(&view.keys.rule, room.w - 30.0));
}

/// The last sentences, newest last.
fn told(sheet: &mut Sheet<'_>, view: &ViewModel, room: Rect) {
    let kind = Type::sans(12.5);
    let width = room.w - 30.0;
    let mut lines: Vec<(String, Tone)> = Vec::new();
    let most = ((room.h - 44.0) / 19.0) as usize;
    for sentence in view.narration.lines.iter().rev() {
        let text = format!("{}  {}", sentence.time, sentence.text);
        let wrapped = wrap(&text, kind, width);
        if lines.len() + wrapped.len() > most {
            break;
        }
        for line in wrapped.into_iter().rev() {
            lines.push((line, sentence.tone));
        }
    }
    if lines.is_empty() {
        return;
    }
    let h = 44.0 + lines.len() as f32 * 19.0;
    panel(sheet, Rect::new(room.x, room.y, room.w, h), "What just happened", "line");
    for (index, (text, line_tone)) in lines.iter().rev().enumerate() {
        let y = room.y + 46.0 + index as f32 * 19.0;
        sheet.words(Point::new(room.x + 15.0, y), kind, tone(*line_tone), text);
    }
}

/// A record's stages.
fn life(sheet: &mut Sheet<'_>, record: &RecordVm, room: Rect) {
    let h = 48.0 + record.stages.len() as f32 * 26.0 + 8.0;
    if h > room.h {
        return;
    }
    sheet.rect(Rect::new(room.x, room.y, room.w, h), 10.0, "card", "blue", " stroke-width=\"1.5\"");
    let top = room.y + 24.0;
    sheet.cell(Point::new(room.x + 15.0, top - 9.0), 18.0, record.face, CellLook::Solid, false);
    let (bold, mono) = (Type::sans(14.0).bold(), Type::mono(11.0).end());
    let title = bold.fit(&record.title, room.w - 70.0 - mono.width(&record.place));
    sheet.words(Point::new(room.x + 42.0, top), bold, "ink", &title);
    sheet.words(Point::new(room.x + room.w - 15.0, top), mono, "quiet", &record.place);
    let x = room.x + 22.0;
    for (index, stage) in record.stages.iter().enumerate() {
        let y = room.y + 56.0 + index as f32 * 26.0;
        let (token, fill) = match stage.state {
            StageState::Done => ("ink", "ink"),
            StageState::Current => ("blue", "blue"),
            StageState::Ahead | StageState::Skipped => ("quiet", "card"),
            StageState::Failed => ("red", "red"),
        };
        if index > 0 {
            sheet.line(&format!("M{x} {}v16", y - 21.0), token, 1.4, "");
        }
        sheet.circle(Point::new(x, y), 4.5, fill, token, 1.4);
        let kind = Type::sans(12.5);
        let name = kind.fit(&stage.name, room.w - 130.0);
        sheet.words(Point::new(x + 16.0, y), kind, token, &name);
        let right = Point::new(room.x + room.w - 15.0, y);
        sheet.words(right, Type::mono(11.0).end(), "quiet", &stage.time);
    }
}

/// A question with its facts.
fn answer(sheet: &mut Sheet<'_>, why: &WhyVm, room: Rect) {
    let kind = Type::sans(12.5);
    let width = room.w - 46.0;
    let steps: Vec<_> =
        why.steps.iter().map(|step| (wrap(&step.text, kind, width), step)).collect();
    let height = |lines: usize| 28.0 + lines as f32 * 17.0;
    let h: f32 = 44.0 + steps.iter().map(|(lines, _)| height(lines.len()) + 6.0).sum::<f32>() + 8.0;
    let ends = why.verdict.iter().chain(&why.meaning);
    let h =
        h + ends.map(|text| wrap(text, kind, room.w - 30.0).len() as f32 * 17.0 + 4.0).sum::<f32>();
    if h > room.h {
        return;
    }
    panel(sheet, Rect::new(room.x, room.y, room.w, h), &why.question, "line");
    let mut y = room.y + 40.0;
    for (lines, step) in steps {
        let rect = Rect::new(room.x + 11.0, y, room.w - 22.0, height(lines.len()));
        sheet.rect(rect, 7.0, "well", if step.current { "blue" } else { "none" }, "");
        for (index, line) in lines.iter().enumerate() {
            let at = Point::new(rect.x + 12.0, y + 14.0 + index as f32 * 17.0);
            sheet.words(at, kind, "ink", line);
        }
        let mono = Type::mono(11.0);
        let below = rect.bottom() - 11.0;
        let because = step.because.as_deref().unwrap_or_default();
        let because = mono.fit(because, rect.w - 84.0);
        sheet.words(Point::new(rect.x + 12.0, below), mono, "quiet", &because);
        sheet.words(Point::new(rect.right() - 10.0, below), mono.end(), "quiet", &step.time);
        y = rect.bottom() + 6.0;
    }
    let end = [(&why.verdict, tone(why.tone)), (&why.meaning, "quiet")];
    for (text, token) in end {
        if let Some(text) = text {
            for line in wrap(text, kind, room.w - 30.0) {
                y += 17.0;
                sheet.words(Point::new(room.x + 15.0, y - 3.0), kind, token, &line);
            }
            y += 4.0;
        }
    }
}

/// The callout with its leg.
pub(super) fn callout(sheet: &mut Sheet<'_>, view: &ViewModel) {
    let Some(callout) = &view.callout else { return };
    let (rect, leg) = (callout.rect, callout.leg);
    let token = if callout.tone == Tone::Bad { "red" } else { "brass-line" };
    let edge = if leg.y > rect.bottom() { rect.bottom() } else { rect.y };
    let start = leg.x.clamp(rect.x + 16.0, rect.right() - 16.0);
    sheet.line(&format!("M{start} {edge}L{} {}", leg.x, leg.y), token, 1.6, "");
    sheet.rect(rect, 8.0, "card", token, " stroke-width=\"1.5\"");
    let bold = Type::sans(14.0).bold();
    let title = bold.fit(&callout.title, rect.w - 28.0);
    sheet.words(Point::new(rect.x + 14.0, rect.y + 21.0), bold, "ink", &title);
    let small = Type::sans(13.0);
    let reason = small.fit(&callout.reason, rect.w - 28.0);
    sheet.words(Point::new(rect.x + 14.0, rect.y + 42.0), small, "soft", &reason);
}

/// A text in lines no wider than `width`.
fn wrap(text: &str, kind: Type, width: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line from the beginning");
        if !line.is_empty() && kind.width(line) + kind.width(word) + kind.size * 0.5 > width {
            lines.push(word.to_string());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
