//! The timeline: marks of what happened, round moments, branches.
//!
//! Invariant: its right end is a round number that changes rarely, so that it does not creep.

use super::Sight;
use crate::view_model::TimelineVm;
use crate::view_model::timeline::{BranchVm, MarkVm, TickVm};
use kafkascope_kernel::SimTime;

/// Right ends in seconds; beyond, minutes are added five at a time.
const ENDS: [u64; 9] = [20, 40, 60, 90, 120, 180, 240, 300, 600];
/// Marks nearer than this share one sign.
const NEAR: f32 = 0.006;
/// Labels nearer than this would overlap.
const LABEL_ROOM: f32 = 0.13;

/// The timeline at the session's moment.
pub(super) fn timeline(sight: &Sight<'_>) -> TimelineVm {
    let session = sight.session;
    let until = end(session.head());
    let branches = session.branches().enumerate().map(|(index, branch)| BranchVm {
        id: index as u32,
        from_x: position(branch.forked_at, until),
        to_x: position(branch.head, until),
        label: "an earlier future, kept".into(),
    });
    TimelineVm {
        until,
        marks: marks(sight, until),
        ticks: ticks(until),
        branches: branches.collect(),
        branch: "main".into(),
    }
}

/// Where a moment is, 0 to 1.
pub(super) fn position(at: SimTime, until: SimTime) -> f32 {
    if until.0 == 0 { 0.0 } else { (at.0 as f64 / until.0 as f64).min(1.0) as f32 }
}

pub(super) fn end(head: SimTime) -> SimTime {
    let seconds = head.0 / 1_000_000 + 2;
    let known = ENDS.into_iter().find(|end| *end >= seconds);
    SimTime::from_ms(known.unwrap_or_else(|| seconds.div_ceil(300) * 300) * 1_000)
}

fn ticks(until: SimTime) -> Vec<TickVm> {
    let seconds = until.0 / 1_000_000;
    let tick = |index: u64| {
        let at = seconds * index / 5;
        let text = if seconds >= 300 { format!("{} min", at / 60) } else { format!("{at} s") };
        TickVm { x: index as f32 / 5.0, text: text.as_str().into() }
    };
    (0..=5).map(tick).collect()
}

fn marks(sight: &Sight<'_>, until: SimTime) -> Vec<MarkVm> {
    let mut marks: Vec<MarkVm> = Vec::new();
    let mut label_from = -1.0_f32;
    for told in &sight.observer.chronicle.told {
        let Some((kind, label)) = &told.telling.mark else { continue };
        let x = position(told.moment.at, until);
        let alike =
            marks.iter_mut().rev().take(4).find(|mark| mark.kind == *kind && x - mark.x < NEAR);
        if let Some(mark) = alike {
            mark.count = mark.count.saturating_add(1);
            continue;
        }
        let room = x - label_from >= LABEL_ROOM;
        if room && !label.is_empty() {
            label_from = x;
        }
        marks.push(MarkVm {
            at: told.moment.at,
            x,
            seq: told.moment.seq,
            kind: *kind,
            label: if room { label.as_str().into() } else { "".into() },
            title: told.telling.text.as_str().into(),
            count: 1,
        });
    }
    marks
}
