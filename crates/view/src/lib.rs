//! What the page shows, as plain data in the user's words: view-model, layout, draw list, sentences, pace.
//!
//! Nothing here touches a browser or reads a clock, so every picture can be tested natively and printed by the command line.
//! Invariant: the same run, moment and wishes of the user give the same view, to the last character.

pub mod chronicle;
pub mod directory;
pub mod draw;
pub mod explain;
pub mod glyphs;
pub mod layout;
pub mod ledger;
pub mod narrate;
pub mod observer;
pub mod pacer;
pub mod picture;
pub mod project;
pub mod simplifications;
pub mod svg;
pub mod tenure;
#[cfg(test)]
mod testing;
pub mod ui;
pub mod ui_command;
pub mod view_model;
pub mod words;

pub use draw::DrawList;
pub use observer::Observer;
pub use project::Projector;
pub use ui::UiState;
pub use ui_command::UiCommand;
pub use view_model::ViewModel;
