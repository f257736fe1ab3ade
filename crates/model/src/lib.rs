//! The Kafka model: brokers, logs, controllers, coordinators and clients as plain data.
//!
//! A world of nodes that exchange Kafka's own requests over simulated links. Handlers take an input and push effects; only
//! [`world::World`] moves messages. Invariant: nothing here reads a clock, a random device or an environment.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod api;
pub mod broker;
pub mod client;
pub mod command;
pub mod config;
pub mod controller;
pub mod controller_channel;
pub mod cx;
pub mod disk;
pub mod group;
pub mod ids;
pub mod log;
pub mod net;
pub mod node;
pub mod quota;
pub mod share;
pub mod trace;
pub mod txn;
mod uuid;
pub mod workload;
pub mod world;
pub mod zookeeper;
