//! One file of whatever kind, checked against the model.
//!
//! A file is known by what it holds, never by its name. Invariant: a file that nothing here understands is a [`Problem`].

use crate::golden::{self, GoldenRun};
use crate::problem::{Problem, json};
use crate::vectors;
use kafkascope_kernel::Seed;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether everything in it agreed.
    pub passed: bool,
    /// How many cases agreed; a golden run is one case.
    pub passes: usize,
    /// How many cases did not.
    pub failures: usize,
    /// One line, and what differs below it.
    pub report: String,
}

impl Checked {
    /// The verdict on a golden run.
    fn run(passed: bool, report: String) -> Self {
        Self { passed, passes: usize::from(passed), failures: usize::from(!passed), report }
    }
}

/// Checks the text of a file; `seed` decides the chance in a played run.
pub fn check(text: &str, seed: Seed) -> Result<Checked, Problem> {
    let document = json(text)?;
    if GoldenRun::is(&document) {
        return Ok(check_run(&GoldenRun::from_value(&document)?, seed));
    }
    vectors::check(&document)
}

/// How many further seeds a run is tried with.
const CHANCES: u64 = 63;

/// A recording holds one throw of Kafka's dice: random member ids decide who a sticky assignor favours, and where replicas go.
/// So a run agrees if it agrees at every step under one of a few seeds; the report names that seed.
fn check_run(run: &GoldenRun, seed: Seed) -> Checked {
    let first = golden::play(run, seed);
    if first.passed() || !first.was_played_through() {
        return Checked::run(first.passed(), golden::report(run, &first));
    }
    let Some(other) = later_seeds(seed).find(|other| golden::play(run, *other).passed()) else {
        return Checked::run(false, golden::report(run, &first));
    };
    let report = golden::passed(run, &format!(", by the chance of seed {}", other.0));
    Checked::run(true, report)
}

/// The first seed from `seed` on under which a run agrees.
pub fn agreeing_seed(run: &GoldenRun, seed: Seed) -> Option<Seed> {
    let mut seeds = core::iter::once(seed).chain(later_seeds(seed));
    seeds.find(|seed| golden::play(run, *seed).passed())
}

fn later_seeds(seed: Seed) -> impl Iterator<Item = Seed> {
    (1..=CHANCES).map(move |more| Seed(seed.0.wrapping_add(more)))
}
