//! The proof that the model is Kafka, and the vocabulary of story tests.
//!
//! [`golden`] plays recordings of a real cluster against the model.
//! Invariant: nothing in the model knows this crate; a recording meets the model only through commands, facts
//! and read accessors.

pub mod diff;
pub mod golden;
pub mod problem;
