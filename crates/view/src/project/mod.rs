//! The projector: from a session and the user's wishes to the view-model and the draw list.
//!
//! It folds new facts as they come, and builds panels only when something they show has changed; what moves is drawn anew for
//! each frame. Invariant: a panel that did not change keeps its `Rc`.

mod actions;
mod callout;
mod clients;
mod closely;
mod draw_list;
mod fork;
mod groups;
mod inspect;
mod legend;
mod limits;
mod names;
mod quorum;
mod record;
mod requests;
mod scene;
mod stage;
mod tapes;
mod timeline;
mod why;
mod window;

pub use scene::{Drive, is_mark, is_step, occasion};

use crate::directory::Directory;
use crate::draw::DrawList;
use crate::layout::{self, Shape};
use crate::narrate::narrate;
use crate::observer::Observer;
use crate::ui::{Selection, UiState};
use crate::view_model::ViewModel;
use kafkascope_kernel::SimTime;
use kafkascope_model::ids::TopicPartition;
use kafkascope_model::trace::TraceEvent;
use kafkascope_session::Session;
use std::rc::Rc;
use window::Windows;

/// How many facts the narration looks back at.
const LOOK_BACK: u64 = 2_000;

/// Keeps the view of one session.
#[derive(Debug, Default)]
pub struct Projector {
    observer: Observer,
    /// The last fact that was folded.
    last: Option<TraceEvent>,
    directory: Directory,
    /// How many processes and config changes the directory knows; it is made anew when that changes.
    directory_age: (usize, usize),
    shape: Shape,
    windows: Windows,
    view: ViewModel,
    why: why::Held,
    groups: groups::GroupLens,
    requests: requests::RequestLens,
    title: String,
}

impl Projector {
    /// For a scenario with this title.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_string(), ..Self::default() }
    }

    /// What is known of the run so far.
    pub const fn observer(&self) -> &Observer {
        &self.observer
    }

    /// Names and configs.
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The view as it was projected last.
    pub const fn view(&self) -> &ViewModel {
        &self.view
    }

    /// Folds facts until the session's moment; whether there were any. Going back begins anew.
    pub fn feed(&mut self, session: &Session) -> bool {
        let end = session.facts_end();
        let went_back = self.observer.seen as u64 > end || self.is_of_another_run(session);
        if went_back {
            self.observer = Observer::default();
            self.last = None;
        }
        let seen = self.observer.seen as u64;
        self.refresh_directory(session);
        self.observer.seen = seen.max(session.trace().first()) as usize;
        for event in session.facts_from(seen) {
            self.observer.observe(event, &self.directory);
        }
        if seen < end {
            self.last = session.facts_from(end - 1).next().cloned();
        }
        went_back || seen < end
    }

    /// Whether the session has another fact where the last one was: it changed to another branch.
    fn is_of_another_run(&self, session: &Session) -> bool {
        let Some(last) = &self.last else { return false };
        session.trace().get(last.seq).is_some_and(|known| known != last)
    }

    /// Builds every panel; those that did not change keep their `Rc`.
    pub fn project(&mut self, session: &Session, ui: &UiState) -> &ViewModel {
        self.refresh_directory(session);
        let shape = stage::shape(&self.observer.picture, &self.directory, session.world(), ui);
        let resized = self.view.layout.width != ui.viewport.width.max(280.0)
            || self.view.layout.mode != ui.viewport.mode
            || self.view.layout.height < ui.viewport.height;
        if shape != self.shape || resized || self.view.layout.cards.is_empty() {
            let layout = layout::arrange(&shape, &ui.viewport);
            renew(&mut self.view.layout, layout);
            self.shape = shape;
        }
        self.windows.update(&self.observer.picture, &self.view.layout);
        let sight = Sight {
            observer: &self.observer,
            directory: &self.directory,
            session,
            ui,
            windows: &self.windows,
            title: &self.title,
        };
        let view = &mut self.view;
        let topology = stage::topology(&sight, &view.layout, &view.topology);
        renew(&mut view.topology, topology);
        let now = session.facts_end();
        let seen: Vec<&TraceEvent> =
            session.trace().range(now.saturating_sub(LOOK_BACK), now).collect();
        let context = sight.observer.context(sight.directory);
        let narration = narrate(&seen, &sight.observer.chronicle, &context, &view.narration);
        renew(&mut view.narration, narration);
        renew(&mut view.timeline, timeline::timeline(&sight));
        renew(&mut view.ledger, legend::ledger(&sight));
        renew(&mut view.keys, legend::keys(&sight));
        renew_option(&mut view.inspector, inspect::inspector(&sight));
        renew_option(&mut view.record, record::record(&sight));
        renew_option(&mut view.request, self.requests.show(&sight));
        renew_option(&mut view.under_way, requests::under_way(&sight));
        self.why.update(&sight);
        renew_option(&mut view.why, self.why.show(&sight));
        renew_option(&mut view.log, closely::log(&sight));
        renew_option(&mut view.quorum, quorum::quorum(&sight));
        renew_option(&mut view.group, self.groups.show(&sight));
        renew_option(&mut view.callout, callout::callout(&sight, &view.layout));
        &self.view
    }

    /// What moves at the session's moment.
    pub fn draw(&self, session: &Session, ui: &UiState, list: &mut DrawList) {
        let sight = Sight {
            observer: &self.observer,
            directory: &self.directory,
            session,
            ui,
            windows: &self.windows,
            title: &self.title,
        };
        draw_list::draw(&sight, &self.view.layout, list);
    }

    /// Where a moment is on the timeline, 0 to 1.
    pub fn position(&self, at: SimTime) -> f32 {
        timeline::position(at, self.view.timeline.until)
    }

    fn refresh_directory(&mut self, session: &Session) {
        let world = session.world();
        let age = (world.processes().count(), self.observer.picture.configs.len());
        if age != self.directory_age || self.directory.nodes.is_empty() {
            self.directory = names::directory(world);
            self.directory_age = age;
        }
    }
}

/// Everything a panel is made from.
struct Sight<'a> {
    observer: &'a Observer,
    directory: &'a Directory,
    session: &'a Session,
    ui: &'a UiState,
    windows: &'a Windows,
    title: &'a str,
}

impl Sight<'_> {
    fn now(&self) -> SimTime {
        self.session.now()
    }

    fn partition(&self, tp: TopicPartition) -> String {
        self.observer.picture.partition_name(tp)
    }

    fn is_selected(&self, what: &Selection) -> bool {
        self.ui.selection == *what
    }

    /// Whether a topic is on the stage.
    fn shows(&self, tp: TopicPartition) -> bool {
        stage::shows(&self.observer.picture, self.ui, tp)
    }
}

fn renew<T: PartialEq>(held: &mut Rc<T>, new: T) {
    if **held != new {
        *held = Rc::new(new);
    }
}

fn renew_option<T: PartialEq>(held: &mut Option<Rc<T>>, new: Option<T>) {
    match (held.as_mut(), new) {
        (Some(held), Some(new)) => renew(held, new),
        (_, new) => *held = new.map(Rc::new),
    }
}

#[cfg(test)]
pub(crate) mod tests;
