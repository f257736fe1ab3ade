//! sample player
mod sample;
use kafkascope_view::{UiState, UiCommand, ViewModel, DrawList};
use kafkascope_view::layout::{Viewport, Mode};
pub struct Player { pub ui: UiState, pub view: ViewModel, pub list: DrawList, pub fresh: bool }
impl Player {
    pub fn open() -> Self { let ui = UiState::default(); let view = sample::view(&ui); Self { view, ui, list: DrawList::default(), fresh: true } }
    pub fn resize(&mut self, width: f32, height: f32) {
        self.ui.viewport = Viewport { width, height, mode: Mode::fitting(width) };
        self.view = sample::view(&self.ui);
        self.list = sample::list(&self.view);
    }
    pub fn apply(&mut self, c: &UiCommand) { match c { UiCommand::PlayPause => { self.ui.playing = !self.ui.playing; self.fresh = false; }, UiCommand::Select(s) => self.ui.selection = s.clone(), _ => {} } self.view = sample::view(&self.ui); }
}
