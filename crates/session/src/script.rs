//! The script: everything that decides a run.
//!
//! Invariant: entries are in order of time; entries of one moment keep the order in which they were given.

use alloc::vec::Vec;
use kafkascope_kernel::SimTime;
use kafkascope_model::command::Command;
use kafkascope_model::world::WorldSpec;

/// A command with its moment. It is carried out after everything that happens by then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// When.
    pub at: SimTime,
    /// What.
    pub command: Command,
}

/// The whole input of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Script {
    /// Seed, network, limits and the clock at the beginning.
    pub spec: WorldSpec,
    /// Carried out before time runs: the cluster and the clients that are there from the beginning.
    pub setup: Vec<Command>,
    /// Carried out when their time comes.
    pub entries: Vec<Entry>,
    /// The moment a session opens at; before it the cluster comes up.
    pub opens_at: SimTime,
}

impl Script {
    /// A script without commands.
    pub const fn new(spec: WorldSpec) -> Self {
        Self { spec, setup: Vec::new(), entries: Vec::new(), opens_at: SimTime::ZERO }
    }

    /// Adds an entry behind all others of its moment; its index.
    pub fn insert(&mut self, entry: Entry) -> usize {
        let index = self.entries.partition_point(|other| other.at <= entry.at);
        self.entries.insert(index, entry);
        index
    }

    /// Drops every entry from `index` on.
    pub(crate) fn cut(&mut self, index: usize) {
        self.entries.truncate(index);
    }
}
