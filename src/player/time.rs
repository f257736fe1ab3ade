//! Wishes about time: play, pause, step, seek, pace.
//!
//! Invariant: stepping and seeking stop the play; whoever steps wants to look.

use super::Player;
use kafkascope_kernel::SimTime;
use kafkascope_model::trace::TraceEvent;
use kafkascope_view::UiCommand;
use kafkascope_view::pacer;
use kafkascope_view::project::{is_mark, is_step};
use kafkascope_view::ui::{Jump, PaceWish, StepKind};

/// The most events a step may take to find what it looks for.
const STEP_BUDGET: u32 = 200_000;
/// The most events a jump ahead may take at once; it ends where they ran out.
const SEEK_BUDGET: u32 = 400_000;

impl Player {
    /// Whether the wish was about time.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the other wishes are about something else")]
    pub(super) fn apply_to_time(&mut self, wish: &UiCommand) -> bool {
        match wish {
            UiCommand::PlayPause => self.play(!self.ui.playing),
            UiCommand::StepForward(kind) => self.step(*kind),
            UiCommand::StepBack(kind) => self.step_back(*kind),
            UiCommand::ToStart => self.jump(Jump { at: self.session.script().opens_at, seq: None }),
            UiCommand::ToHead => self.jump(Jump { at: self.session.head(), seq: None }),
            UiCommand::Seek(jump) => self.jump(*jump),
            UiCommand::Slower => self.ui.pace = pacer::shift(self.ui.pace, self.pace, false),
            UiCommand::Faster => self.ui.pace = pacer::shift(self.ui.pace, self.pace, true),
            UiCommand::PaceAuto => self.ui.pace = PaceWish::Auto,
            UiCommand::Branch(index) => {
                self.session.switch(*index as usize);
            }
            _ => return false,
        }
        true
    }

    /// Lets time run or stops it.
    pub fn play(&mut self, playing: bool) {
        self.ui.playing = playing;
        self.fresh &= !playing;
    }

    fn step(&mut self, kind: StepKind) {
        self.play(false);
        self.fresh = false;
        self.session.step(STEP_BUDGET, |event| stops(kind, event));
    }

    fn step_back(&mut self, kind: StepKind) {
        self.play(false);
        // Before the opening the cluster came up; nobody was there to see it.
        let opens_at = self.session.script().opens_at;
        self.session.step_back(|event| event.at >= opens_at && stops(kind, event));
        if self.session.now() < opens_at {
            self.session.seek(opens_at);
        }
    }

    fn jump(&mut self, jump: Jump) {
        self.play(false);
        let at = jump.at.max(self.session.script().opens_at);
        match jump.seq {
            Some(seq) if seq < self.session.trace().end() => self.session.seek_fact(seq),
            Some(_) | None if at <= self.session.head() => self.session.seek(at),
            Some(_) | None => {
                self.session.seek(self.session.head());
                self.session.advance(at, SEEK_BUDGET);
            }
        }
    }

    /// The moment as a share of the timeline.
    pub(super) fn share(&self, at: SimTime) -> f32 {
        self.projector.position(at)
    }
}

/// Whether a step of this kind stops at a fact.
fn stops(kind: StepKind, event: &TraceEvent) -> bool {
    match kind {
        StepKind::Fact | StepKind::Message => is_step(event),
        StepKind::Mark => is_mark(event),
    }
}
