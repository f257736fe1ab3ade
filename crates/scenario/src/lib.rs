//! Scenarios: from a text that a person writes to the script that decides a run.
//!
//! A scenario is a TOML document with Kafka's own config keys (`scenarios/README.md` describes it), or is built in code with
//! [`Builder`]. Events come from a generator, a list or a table. Invariant: loading is pure; equal texts, tables and limits give
//! equal scripts on every machine.

mod builder;
mod doc;
pub mod generate;
mod nearest;
mod problem;
mod read;
mod shipped;
pub mod table;
mod units;

pub use builder::{Builder, Scenario, Story};
pub use problem::Problem;
pub use read::{load, table_files};
pub use shipped::{Shipped, shipped};
pub use table::Tables;
pub use units::{epoch_ms_of, parse_span, show_instant, show_span};
