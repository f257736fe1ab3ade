//! The auditor: every promise of Kafka that a run can be held against, watched while it runs.
//!
//! Unconditional properties hold whatever happens; a violation is a mistake of the simulation. Others hold on a condition
//! (acks=all, no unclean election, ...); where the condition is not met, a violation is excused, and is the lesson. The auditor
//! only looks: the model never knows it. Invariant: equal runs get equal verdicts.

mod applications;
mod auditor;
mod board;
mod catalogue;
mod cleaning;
mod commits;
mod consumers;
mod exposed;
mod eyes;
mod fetches;
mod groups;
mod liveness;
mod log_transactions;
mod logs;
mod metadata;
mod modern;
mod offsets;
mod ownership;
mod partitions;
mod producers;
mod quorum;
mod rebalances;
mod replay;
mod replication;
mod shares;
mod taint;
mod transactions;
mod truth;
mod upkeep;
mod wire;
mod words;

pub use auditor::Auditor;
pub use board::{Finding, Line, Verdict};
pub use catalogue::{Condition, Id, Property};
pub use replay::Replay;
