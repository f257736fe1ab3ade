//! One frame: let time pass, look at what changed.
//!
//! Invariant: a frame handles a bounded number of events, so the page answers however much happens.

use super::Player;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::ids::RecordId;
use kafkascope_view::pacer::{self, Pace};
use kafkascope_view::project::{Drive, occasion};
use kafkascope_view::view_model::ClockVm;
use kafkascope_view::view_model::clock::{PaceKind, time_text};

/// What moves in the chart of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupClock {
    /// Where now is, 0 to 1; none outside the chart.
    pub now: Option<f32>,
    /// Where the newest known moment is.
    pub head: f32,
    /// Partition-seconds paused: of the group, then of each that is compared.
    pub paused: Vec<String>,
}

/// The most events of one frame.
const BUDGET: u32 = 4_000;
/// A frame that comes later than this does not make up for it: the page was in the background.
const LONGEST: Micros = Micros(100_000);
/// How long panels may be older than the motion above them.
const PANELS_EVERY: Micros = Micros(30_000);
/// How long a callout stands, on the wall's clock.
const CALLOUT_STANDS: Micros = Micros(9_000_000);

impl Player {
    /// Lets `wall` pass; whether the panels are other ones now.
    pub fn frame(&mut self, wall: Micros, now: Micros) -> bool {
        if !self.ui.playing {
            return false;
        }
        let wall = wall.min(LONGEST);
        let mut drive = Drive::new(&mut self.session, BUDGET);
        let pace = pacer::drive(&mut drive, self.ui.pace, wall);
        if drive.is_stopped() {
            self.play(false);
        }
        self.pace = pace;
        let changed = self.projector.feed(&self.session);
        let due = now.0.saturating_sub(self.projected.0) >= PANELS_EVERY.0;
        let anew = changed && due || !self.ui.playing;
        let overdue = self.callout_is_overdue(now);
        let anew = anew || overdue;
        if anew {
            self.projected = now;
            self.projector.project(&self.session, &self.ui);
        }
        self.draw();
        anew
    }

    /// Closes the callout when it was long enough in sight; simulated time may hardly move meanwhile.
    fn callout_is_overdue(&mut self, now: Micros) -> bool {
        let shown = self.view().callout.as_ref().map(|callout| callout.seq);
        let same = self.callout.filter(|(seq, _)| Some(*seq) == shown);
        self.callout = same.or_else(|| shown.map(|seq| (seq, now)));
        let overdue = self.callout.filter(|(_, since)| now.0 - since.0 > CALLOUT_STANDS.0);
        if let Some((seq, _)) = overdue {
            self.ui.closed_callout = Some(seq);
        }
        overdue.is_some()
    }

    /// Where now and the newest known moment are in the chart of a group, and what rebalances have cost by now.
    pub fn group_clock(&self) -> Option<GroupClock> {
        let group = self.view().group.as_ref()?;
        let span = group.until.since(group.from).0.max(1) as f32;
        let share =
            |at: SimTime| at.clamp(group.from, group.until).since(group.from).0 as f32 / span;
        let now = self.session.now();
        let prices = std::iter::once(group.price).chain(group.compared.iter().map(|row| row.price));
        let seen = now >= group.from && now <= group.until;
        Some(GroupClock {
            now: seen.then(|| share(now)),
            head: share(self.session.head().max(now)),
            paused: prices.map(|price| price.text(now)).collect(),
        })
    }

    /// The clock's words and places.
    pub(super) fn tick_clock(&mut self) {
        let now = self.session.now();
        let playing = self.ui.playing;
        let wait = self.session.next_at().map(|next| next.since(now));
        let following = self.ui.follow.is_some_and(|record| record != RecordId::INTERNAL);
        let pace = if playing { self.pace } else { Pace { kind: PaceKind::Paused, ..self.pace } };
        let occasion = occasion(&self.session, following, wait.filter(|wait| wait.0 > 0));
        self.clock = ClockVm {
            at: now,
            time: time_text(now).into(),
            pace: pacer::pace_word(playing, pace, &occasion).into(),
            kind: pace.kind,
            playing,
            position: self.share(now),
            head: self.share(self.session.head()),
        };
    }
}
