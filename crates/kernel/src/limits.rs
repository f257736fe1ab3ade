//! How much of everything a run may hold.
//!
//! A sandbox in a browser refuses politely instead of freezing. Invariant: every list that a user can grow has its number here,
//! and reaching it is a visible refusal, never a silent drop.

/// The limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Brokers and controllers together.
    pub nodes: u32,
    /// Producers, consumers and admin clients together.
    pub clients: u32,
    /// Partitions over all topics.
    pub partitions: u32,
    /// Facts kept in the trace; older ones make room.
    pub trace_facts: u32,
    /// Commands in a script.
    pub script_commands: u32,
    /// Rows taken from a table.
    pub table_rows: u32,
    /// Events handled in one call of `advance` before it reports that it ran out.
    pub events_per_advance: u32,
}

impl Limits {
    /// What a page allows.
    pub const WEB: Self = Self {
        nodes: 16,
        clients: 160,
        partitions: 512,
        trace_facts: 200_000,
        script_commands: 2_000,
        table_rows: 5_000,
        events_per_advance: 200_000,
    };

    /// What a native run allows.
    pub const NATIVE: Self = Self {
        nodes: 128,
        clients: 2_048,
        partitions: 20_000,
        trace_facts: 5_000_000,
        script_commands: 100_000,
        table_rows: 1_000_000,
        events_per_advance: u32::MAX,
    };
}
