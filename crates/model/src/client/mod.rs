//! Clients: applications with a producer or a consumer, and the admin client.
//!
//! Invariant: a client knows the cluster only by what it was answered.

pub mod admin;
pub mod consumer;
pub mod producer;
