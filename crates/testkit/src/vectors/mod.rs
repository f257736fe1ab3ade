//! Vectors: answers that Kafka's own classes computed, held against the model's own code.
//!
//! Invariant: a case passes only through the function that the simulation itself uses.

mod assignors;
mod compaction;
mod elections;
mod idempotence;
mod log_ops;
mod murmur2;
mod placement;
mod reconciliation;
mod record_sizes;
mod retention;
mod tally;
mod transactions;
mod truncation;
mod txn_tables;

use crate::conform::Checked;
use crate::problem::Problem;
use serde_json::Value;

pub use tally::Tally;

/// One kind of file: its name, how it is known, and how it is run.
struct Kind {
    name: &'static str,
    is: fn(&Value) -> bool,
    run: fn(&Value) -> Result<Tally, Problem>,
}

const KINDS: &[Kind] = &[
    Kind { name: "assignors", is: assignors::is, run: assignors::run },
    Kind { name: "compaction", is: compaction::is, run: compaction::run },
    Kind { name: "elections", is: elections::is, run: elections::run },
    Kind { name: "idempotence", is: idempotence::is, run: idempotence::run },
    Kind { name: "murmur2", is: murmur2::is, run: murmur2::run },
    Kind { name: "reconciliation", is: reconciliation::is, run: reconciliation::run },
    Kind { name: "record sizes", is: record_sizes::is, run: record_sizes::run },
    Kind { name: "replica placement", is: placement::is, run: placement::run },
    Kind { name: "retention", is: retention::is, run: retention::run },
    Kind { name: "truncation", is: truncation::is, run: truncation::run },
    Kind { name: "transactions", is: transactions::is, run: transactions::run },
];

/// Checks a document of vectors.
pub fn check(document: &Value) -> Result<Checked, Problem> {
    let kind = KINDS.iter().find(|kind| (kind.is)(document)).ok_or_else(unknown)?;
    (kind.run)(document).map(|tally| tally.checked(kind.name))
}

fn unknown() -> Problem {
    let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    let reason = format!(
        "neither a golden run (an object with `cluster` and `steps`) nor vectors that the model is held against ({})",
        names.join(", ")
    );
    Problem::at("", reason)
}
