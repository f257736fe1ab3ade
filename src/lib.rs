//! The page: the only crate that knows a browser.
//!
//! A [`player`] holds the session and the wishes of the viewer; components paint its view-model; a canvas above them paints what
//! moves. Invariant: nothing in the virtual DOM changes merely because time passed, and nothing runs while time stands still.

pub mod app;
pub mod dialogs;
pub mod groups;
mod hands;
pub mod keys;
pub mod logs;
pub mod paint;
pub mod panels;
pub mod platform;
pub mod player;
pub mod quorum;
pub mod shared;
pub mod stage;
pub mod widgets;
pub mod wish;

/// Mounts the page into the document's body.
pub fn start() {
    console_error_panic_hook::set_once();
    yew::Renderer::<app::App>::new().render();
}
