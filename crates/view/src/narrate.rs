//! The narration: important facts as told, ordinary traffic between them summarised.
//!
//! The newest few ordinary facts are told one by one, so that a viewer who steps sees each; older ones of a run become one
//! sentence with counts. Invariant: a pure function of the facts up to the moment; no fact is told in two sentences.

use crate::chronicle::{Chronicle, Told};
use crate::explain::Context;
use crate::explain::ordinary::{self, Traffic};
use crate::ui::Selection;
use crate::view_model::clock::short_time;
use crate::view_model::{NarrationVm, SentenceVm, Tone};
use crate::words;
use kafkascope_model::trace::TraceEvent;
use std::rc::Rc;

/// How many lines there are at most.
pub const LINES: usize = 24;
/// How many of the newest ordinary sentences are told one by one.
const FRESH: usize = 4;
/// How many facts are looked back at.
const LOOK_BACK: usize = 2_000;

/// One piece of the trace: an important fact, or alike ordinary ones.
enum Piece<'a> {
    Told(&'a Told),
    Ordinary(Traffic, Vec<&'a TraceEvent>),
}

/// The narration of the facts seen so far; lines that `last` has are shared with it.
pub fn narrate(
    seen: &[&TraceEvent],
    chronicle: &Chronicle,
    context: &Context<'_>,
    last: &NarrationVm,
) -> NarrationVm {
    let pieces = pieces(seen, chronicle, context);
    let mut lines = lines(&pieces, context);
    let earlier = lines.len().saturating_sub(LINES) as u32 + chronicle.left_out;
    let kept = lines.split_off(lines.len().saturating_sub(LINES));
    let lines = kept.into_iter().map(|line| shared(line, last)).collect();
    NarrationVm { lines, earlier }
}

fn shared(line: SentenceVm, last: &NarrationVm) -> Rc<SentenceVm> {
    let known = last.lines.iter().find(|known| ***known == line);
    known.cloned().unwrap_or_else(|| Rc::new(line))
}

fn pieces<'a>(
    seen: &[&'a TraceEvent],
    chronicle: &'a Chronicle,
    context: &Context<'_>,
) -> Vec<Piece<'a>> {
    let window = &seen[seen.len().saturating_sub(LOOK_BACK)..];
    let from = window.first().map_or(0, |event| event.seq);
    let first = chronicle.told.partition_point(|told| told.moment.seq < from);
    // Told facts older than the window keep their lines; there is just no traffic between them.
    let mut pieces: Vec<_> =
        chronicle.told[first.saturating_sub(LINES)..first].iter().map(Piece::Told).collect();
    let mut told = chronicle.told[first..].iter().peekable();
    for event in window.iter().copied() {
        while let Some(next) = told.next_if(|told| told.moment.seq <= event.seq) {
            pieces.push(Piece::Told(next));
        }
        let Some(traffic) = ordinary::traffic(event, context) else { continue };
        let mut run = pieces.iter_mut().rev().take(3);
        // An important fact ends a run: what comes after it is told after it.
        let alike = run.by_ref().map_while(Piece::events_of).find(|(known, _)| *known == traffic);
        match alike {
            Some((_, events)) => events.push(event),
            None => pieces.push(Piece::Ordinary(traffic, vec![event])),
        }
    }
    pieces.extend(told.map(Piece::Told));
    pieces
}

impl<'a> Piece<'a> {
    fn events_of(&mut self) -> Option<(Traffic, &mut Vec<&'a TraceEvent>)> {
        match self {
            Self::Told(_) => None,
            Self::Ordinary(traffic, events) => Some((*traffic, events)),
        }
    }
}

fn lines(pieces: &[Piece<'_>], context: &Context<'_>) -> Vec<SentenceVm> {
    let fresh_from = fresh_from(pieces);
    let mut lines = Vec::new();
    let mut run: Vec<&TraceEvent> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Told(told) => {
                lines.extend(summary(&run));
                run.clear();
                lines.push(told_line(told));
            }
            Piece::Ordinary(_, events) if index < fresh_from => run.extend(events),
            Piece::Ordinary(_, events) => {
                lines.extend(summary(&run));
                run.clear();
                lines.extend(ordinary_line(events, context));
            }
        }
    }
    lines.extend(summary(&run));
    if let Some(newest) = lines.last_mut().filter(|line| line.tone == Tone::Quiet) {
        newest.tone = Tone::Plain;
    }
    lines
}

/// The first of the newest ordinary pieces that are told one by one.
fn fresh_from(pieces: &[Piece<'_>]) -> usize {
    let ordinary =
        pieces.iter().enumerate().rev().filter(|(_, p)| matches!(p, Piece::Ordinary(..)));
    ordinary.take(FRESH).last().map_or(pieces.len(), |(index, _)| index)
}

fn told_line(told: &Told) -> SentenceVm {
    let telling = &told.telling;
    line(told.moment.seq, told.moment.at, &telling.text, telling.tone, telling.about.clone())
}

fn ordinary_line(events: &[&TraceEvent], context: &Context<'_>) -> Option<SentenceVm> {
    let last = events.last()?;
    let (text, about) = ordinary::sentence(events, context)?;
    Some(line(last.seq, last.at, &text, Tone::Quiet, about))
}

/// "12 records sent, 11 acknowledged, 10 delivered."
fn summary(run: &[&TraceEvent]) -> Option<SentenceVm> {
    use kafkascope_model::trace::{Fact, SendResult};
    let last = run.last()?;
    let count = |is: fn(&Fact) -> bool| run.iter().filter(|event| is(&event.fact)).count() as u64;
    let sent = count(|fact| matches!(fact, Fact::Batched { .. }));
    let acked = count(|fact| matches!(fact, Fact::SendDone { result: SendResult::Acked(_), .. }));
    let delivered = count(|fact| matches!(fact, Fact::Delivered { .. }));
    let mut parts = Vec::new();
    for (count, word) in [(sent, "sent"), (acked, "acknowledged"), (delivered, "delivered")] {
        let noun = if parts.is_empty() && count == 1 { " record" } else { " records" };
        let noun = if parts.is_empty() { noun } else { "" };
        if count > 0 {
            parts.push(format!("{}{noun} {word}", words::grouped(count)));
        }
    }
    if parts.is_empty() {
        return None;
    }
    let text = format!("{}.", parts.join(", "));
    Some(line(last.seq, last.at, &text, Tone::Quiet, Selection::None))
}

fn line(
    seq: u64,
    at: kafkascope_kernel::SimTime,
    text: &str,
    tone: Tone,
    about: Selection,
) -> SentenceVm {
    SentenceVm { seq, at, time: short_time(at).into(), text: text.into(), tone, about }
}
