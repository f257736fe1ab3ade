//! The panels around the stage, one a file.
//!
//! Invariant: each paints one piece of the view-model and re-renders only when that piece is another one.

mod answer;
pub mod header;
mod inspector;
mod keys;
mod ledger;
pub mod narration;
pub mod record;
mod request;
mod rest;
pub mod timeline;
pub mod transport;
mod under_way;
mod welcome;
pub mod why;

pub use answer::Answer;
pub use header::Header;
pub use narration::Narration;
pub use request::Request;
pub use rest::{Below, place_rest};
pub use timeline::Timeline;
pub use transport::Transport;
