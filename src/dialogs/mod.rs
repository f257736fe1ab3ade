//! What covers the page for a moment: help, scenarios, a dropped table, the audit.
//!
//! Invariant: each closes with Escape and gives the focus back.

mod audit;
mod help;
mod menu;
mod scenarios;
mod table;

pub use audit::Audit;
pub use help::Help;
pub use menu::Menu;
pub use scenarios::{Choice, Scenarios};
pub use table::Table;
