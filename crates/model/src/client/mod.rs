//! Clients: applications with a producer or a consumer, and the admin client.
//!
//! Invariant: a client knows the cluster only by what it was answered.

pub mod admin;
pub mod cluster;
pub mod consumer;
pub mod kafka_client;
pub mod metadata;
pub mod network;
pub mod producer;
pub mod share_consumer;

#[cfg(test)]
mod testing;
