//! One frame: let time pass, look at what changed.
//!
//! Invariant: a frame handles a bounded number of events, so the page answers however much happens.

use super::Player;
use kafkascope_kernel::Micros;
use kafkascope_model::ids::RecordId;
use kafkascope_view::pacer::{self, Pace};
use kafkascope_view::project::{Drive, occasion};
use kafkascope_view::view_model::ClockVm;
use kafkascope_view::view_model::clock::{PaceKind, time_text};

/// The most events of one frame.
const BUDGET: u32 = 4_000;
/// A frame that comes later than this does not make up for it: the page was in the background.
const LONGEST: Micros = Micros(100_000);
/// How long panels may be older than the motion above them.
const PANELS_EVERY: Micros = Micros(30_000);

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
        if anew {
            self.projected = now;
            self.projector.project(&self.session, &self.ui);
        }
        self.draw();
        anew
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
