//! The proof that the model is Kafka, and the vocabulary of story tests.
//!
//! [`golden`] plays recordings of a real cluster against the model, [`vectors`] checks single algorithms, [`conform`] tells the
//! files apart, [`requests`] compares every request of a run with the recorded ones, [`soak`] lives scripts that nobody wrote.
//! Invariant: nothing in the model knows this crate; a recording meets the model only through commands, facts
//! and read accessors.

pub mod conform;
pub mod diff;
pub mod golden;
mod ordered;
pub mod problem;
pub mod requests;
pub mod soak;
pub mod vectors;
pub mod wire;
