//! What the page shows, as plain data in the user's words: view-model, layout, draw list, sentences, pace.
//!
//! Nothing here touches a browser or reads a clock, so every picture can be tested natively and printed by the command line.
//! Invariant: the same run, moment and wishes of the user give the same view, to the last character.

pub mod draw;
pub mod layout;
pub mod ui;
pub mod ui_command;
pub mod view_model;

pub use draw::DrawList;
pub use ui::UiState;
pub use ui_command::UiCommand;
pub use view_model::ViewModel;
