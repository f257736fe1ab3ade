//! Transaction coordinators: the broker's side of transactional ids.
//!
//! A broker hosts one coordinator over the partitions of `__transaction_state` that it leads. Invariant: once a decision is
//! durable, every partition of the transaction gets a marker that says so, whoever coordinates by then.

pub mod adding;
pub mod completion;
pub mod coordinator;
pub mod decide;
pub mod log;
pub mod markers;
pub mod metadata;
pub mod records;
pub mod shard;
pub mod state;

pub use coordinator::{TransactionCoordinator, TxnTimer};
pub use log::{TXN_TOPIC, TxnLog};
pub use metadata::{Transaction, Transit};
pub use state::TxnState;
