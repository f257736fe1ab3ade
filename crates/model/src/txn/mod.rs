//! Transaction coordinators: the broker's side of transactional ids.
//!
//! A broker hosts one coordinator over the partitions of `__transaction_state` that it leads. Invariant: once a decision is
//! durable, every partition of the transaction gets a marker that says so, whoever coordinates by then.

pub mod decide;
pub mod metadata;
pub mod state;

pub use metadata::{Transaction, Transit};
pub use state::TxnState;
