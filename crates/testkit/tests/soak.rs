//! Scripts that once broke the simulation.
//!
//! Invariant: a seed stays here with what it showed.

use kafkascope_testkit::soak::{generate, run};

#[test]
fn a_client_whom_nobody_answers_waits_instead_of_beginning_anew_for_ever() {
    for seed in [10, 21] {
        let outcome = run(&generate(seed));
        assert_eq!(outcome.failure, None, "seed {seed}");
        assert!(outcome.records > 100, "seed {seed}: {} records", outcome.records);
    }
}
