//! Scenarios in pairs: in one a promise is broken, in its twin it is kept.
//!
//! Invariant: twins differ in one decision.

/// Where promises are broken, where they are kept, and which ones.
pub const TWINS: &[(&str, &str, &[&str])] = &[
    ("acks-1", "acks-all", &["P1"]),
    ("unclean-election", "clean-election", &["P1", "R8", "R11", "F6"]),
    ("min-isr-1", "min-isr-2", &["P1", "R8", "R11"]),
    ("power-cut-of-all", "power-cut-with-flushes", &["P1", "R8"]),
    ("power-cut-of-one", "power-cut-of-one-flushed", &["R2", "R3", "R5", "R10"]),
    ("an-answer-too-late", "an-answer-that-holds", &["R12"]),
    ("a-replaced-leader-shows", "a-replaced-leader-alone", &["R3", "R15"]),
    ("a-table-that-forgets", "a-table-that-waits", &["K5"]),
    ("a-forgotten-abort", "a-remembered-abort", &["T5"]),
    ("exactly-once-unclean", "exactly-once-clean", &["T8"]),
    ("duplicates", "no-duplicates", &["P2"]),
    ("reordering", "in-order", &["P3"]),
    ("partitions-added", "partitions-from-the-start", &["P8"]),
    ("offsets-on-one-disk", "offsets-on-three-disks", &["F4", "G2"]),
    ("transactions-on-one-disk", "transactions-on-three-disks", &["T1"]),
    ("a-group-forgotten", "a-group-remembered", &["G1", "G2", "G6"]),
    ("a-topic-made-anew", "a-topic-without-its-consumer", &["F5"]),
    ("out-of-range-latest", "out-of-range-earliest", &["F3"]),
    ("moved-and-back", "moved-for-good", &["P1", "R8", "R11"]),
    ("one-controller", "three-controllers", &["P5"]),
    ("a-producer-that-stands-still", "a-producer-that-waits", &["P6"]),
];
