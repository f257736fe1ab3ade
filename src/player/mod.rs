//! The player: one session, the viewer's wishes about it, and what is shown of it.
//!
//! Everything that changes what is shown passes through here; the page only asks and paints. Invariant: the view is always that
//! of the session's moment, and nothing happens while time stands still and nobody asks.

pub mod audit;
pub mod bench;
mod cluster;
mod frames;
mod opening;
mod table;
mod time;
mod touch;

use kafkascope_kernel::Micros;
use kafkascope_model::ids::TopicPartition;
use kafkascope_session::{Script, Session};
use kafkascope_view::layout::{Mode, Viewport};
use kafkascope_view::pacer::Pace;
use kafkascope_view::ui::Selection;
use kafkascope_view::view_model::clock::PaceKind;
use kafkascope_view::view_model::{ClockVm, Text};
use kafkascope_view::{DrawList, Projector, UiCommand, UiState, ViewModel};

pub use audit::AuditVm;
pub use frames::GroupClock;
pub use opening::{Shipped, named, shipped};

/// A session with its view.
pub struct Player {
    session: Session,
    projector: Projector,
    ui: UiState,
    list: DrawList,
    clock: ClockVm,
    pace: Pace,
    /// The scenario's file name.
    scenario: Text,
    /// Whether nobody has let time run yet.
    fresh: bool,
    /// The callout that is shown, and since when on the wall's clock.
    callout: Option<(u64, Micros)>,
    /// When the panels were made last, on the wall's clock.
    projected: Micros,
    /// A dropped table that waits to be sent.
    table: Option<table::Dropped>,
    /// The run once more under the auditor's eyes, once somebody asked.
    replay: Option<kafkascope_audit::Replay>,
}

impl Player {
    /// Opens a shipped scenario, paused.
    pub fn open(scenario: &Shipped) -> Result<Self, Text> {
        let session = open(scenario.script()?)?;
        let mut player = Self {
            session,
            projector: Projector::new(scenario.title),
            ui: UiState::default(),
            list: DrawList::default(),
            clock: ClockVm::default(),
            pace: Pace { per_second: 0, kind: PaceKind::Paused },
            scenario: scenario.id.into(),
            fresh: true,
            callout: None,
            projected: Micros::ZERO,
            table: None,
            replay: None,
        };
        player.show();
        Ok(player)
    }

    /// Opens another scenario on the same screen.
    pub fn reopen(&self, scenario: &Shipped) -> Result<Self, Text> {
        let mut player = Self::open(scenario)?;
        player.ui.viewport = self.ui.viewport;
        player.show();
        Ok(player)
    }

    /// What is shown.
    pub const fn view(&self) -> &ViewModel {
        self.projector.view()
    }

    /// Time and pace.
    pub const fn clock(&self) -> &ClockVm {
        &self.clock
    }

    /// What moves.
    pub const fn list(&self) -> &DrawList {
        &self.list
    }

    /// What the viewer chose.
    pub const fn ui(&self) -> &UiState {
        &self.ui
    }

    /// The open scenario's file name.
    pub fn scenario(&self) -> Text {
        self.scenario.clone()
    }

    /// Whether nobody has let time run yet.
    pub const fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The stage got another size.
    pub fn resize(&mut self, width: f32, height: f32) {
        let mode = match self.ui.viewport.mode {
            Mode::Projector => Mode::Projector,
            Mode::Wide | Mode::Narrow => Mode::fitting(width),
        };
        self.ui.viewport = Viewport { width, height, mode };
        self.show();
    }

    /// Carries out a wish; a sentence if it cannot be.
    pub fn apply(&mut self, wish: &UiCommand) -> Result<(), Text> {
        let done = if self.apply_to_time(wish) || self.apply_to_view(wish) {
            Ok(())
        } else {
            self.apply_to_cluster(wish)
        };
        self.show();
        done
    }

    /// Makes everything that is shown anew.
    fn show(&mut self) {
        self.projector.feed(&self.session);
        self.projector.project(&self.session, &self.ui);
        self.draw();
    }

    /// Makes what moves anew.
    fn draw(&mut self) {
        self.projector.draw(&self.session, &self.ui, &mut self.list);
        self.tick_clock();
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the other wishes are about something else")]
    fn apply_to_view(&mut self, wish: &UiCommand) -> bool {
        match wish {
            UiCommand::Select(selection) => self.select(selection.clone()),
            UiCommand::Follow(record) => self.ui.follow = *record,
            UiCommand::Ask(question) => self.ui.question = Some(question.clone()),
            UiCommand::AskWhy => self.ask_why(),
            UiCommand::Close => self.close(),
            UiCommand::Closely(tp) => self.look_closely(*tp),
            UiCommand::Quorum(shown) => {
                self.look_closely(None);
                self.ui.quorum = *shown;
            }
            UiCommand::ThroughTime(group) => {
                self.look_closely(None);
                self.ui.through_time.clone_from(group);
            }
            UiCommand::WholeRun(whole) => self.ui.whole_run = *whole,
            UiCommand::ToggleUnderWay => self.toggle_under_way(),
            UiCommand::ToggleProjector => self.toggle_projector(),
            UiCommand::ToggleInternalTopics => {
                self.ui.internal_topics = !self.ui.internal_topics;
            }
            _ => return false,
        }
        true
    }

    fn look_closely(&mut self, tp: Option<TopicPartition>) {
        self.ui.closely = tp;
        self.ui.through_time = None;
        self.ui.quorum = false;
    }

    fn select(&mut self, selection: Selection) {
        self.ui.question = None;
        self.ui.selection = selection;
    }

    /// Asks what the callout or the inspector offers.
    fn ask_why(&mut self) {
        let view = self.projector.view();
        let of_record = view.record.as_ref().and_then(|record| record.question.clone());
        let of_inspector =
            view.inspector.as_ref().and_then(|shown| shown.questions.first().cloned());
        let of_callout = view.callout.as_ref().and_then(|callout| callout.question.clone());
        let of_counts = view.ledger.rows.iter().find_map(|row| row.question.clone());
        self.ui.question = of_record.or(of_inspector).or(of_callout).or(of_counts);
    }

    /// Closes question, then selection, then callout, then what is followed.
    fn close(&mut self) {
        let callout = self.projector.view().callout.as_ref().map(|callout| callout.seq);
        if self.ui.question.is_some() {
            self.ui.question = None;
        } else if self.ui.selection != Selection::None {
            self.ui.selection = Selection::None;
        } else if self.ui.closely.is_some() || self.ui.quorum {
            self.look_closely(None);
        } else if self.ui.under_way && self.ui.through_time.is_none() {
            self.ui.under_way = false;
        } else if self.ui.through_time.is_some() {
            self.ui.through_time = None;
        } else if callout.is_some() {
            self.ui.closed_callout = callout;
        } else {
            self.ui.follow = None;
        }
    }

    /// The list takes the place of what is selected; it waits for time to stand still.
    fn toggle_under_way(&mut self) {
        self.ui.under_way = !self.ui.under_way;
        if self.ui.under_way {
            self.select(Selection::None);
            self.play(false);
        }
    }

    fn toggle_projector(&mut self) {
        let viewport = &mut self.ui.viewport;
        viewport.mode = match viewport.mode {
            Mode::Projector => Mode::fitting(viewport.width),
            Mode::Wide | Mode::Narrow => Mode::Projector,
        };
    }
}

fn open(script: Script) -> Result<Session, Text> {
    Session::open(script).map_err(|refused| {
        format!("command {} is refused: {}", refused.index, refused.error).into()
    })
}
