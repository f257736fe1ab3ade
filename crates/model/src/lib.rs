//! The Kafka model: brokers, logs, controllers, coordinators and clients as plain data.
//!
//! A world of nodes that exchange Kafka's own requests over simulated links. Handlers take an input and push effects; only
//! the world moves messages. Invariant: nothing here reads a clock, a random device or an environment.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod ids;
