//! What covers the page for a moment: help, scenarios, a dropped table.
//!
//! Invariant: each closes with Escape and gives the focus back.

mod help;
mod menu;
mod scenarios;
mod table;

pub use help::Help;
pub use menu::Menu;
pub use scenarios::{Choice, Scenarios};
pub use table::Table;
