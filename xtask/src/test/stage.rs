//! The stages of the tests, each one command or a few.
//!
//! The page (the root package) exists only for WebAssembly, so everything native leaves it out and
//! everything for WebAssembly takes it alone. The browser stories need a site and a driver, so the
//! native stage runs only the library of their crate.
//!
//! Invariant: a stage that cannot even begin says why and counts as one failure.

use crate::problem::Done;
use crate::run::Run;
use crate::setup::{self, Kit};
use crate::site::Care;
use crate::stories;
use crate::tidy;
use crate::webdriver;

use super::tally::Tally;

const PAGE: &str = "--package kafkascope --target wasm32-unknown-unknown";
const NATIVE: &str = "--workspace --exclude kafkascope";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Tidy,
    Fmt,
    Clippy,
    Native,
    Wasm,
    E2e,
}

/// All stages, quickest first.
pub const ALL: &[Stage] =
    &[Stage::Tidy, Stage::Fmt, Stage::Clippy, Stage::Native, Stage::Wasm, Stage::E2e];

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tidy => "tidy",
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::E2e => "e2e",
        }
    }

    pub fn run(self, kit: &mut Kit, care: Care) -> Tally {
        let outcome = match self {
            Self::Tidy => tidy(kit),
            Self::Fmt => checks(vec![cargo(kit, "fmt --all --check")]),
            Self::Clippy => clippy(kit),
            Self::Native => native(kit),
            Self::Wasm => wasm(kit),
            Self::E2e => e2e(kit, care),
        };
        outcome.unwrap_or_else(|problem| {
            println!("{problem}");
            Tally::of_one(false)
        })
    }
}

fn tidy(kit: &Kit) -> Done<Tally> {
    let mut tally = Tally::default();
    for (rule, faults) in tidy::check(kit)? {
        faults.iter().for_each(|fault| println!("{fault}"));
        println!("tidy: {rule} ... {}", if faults.is_empty() { "ok" } else { "FAILED" });
        tally.add(Tally::of_one(faults.is_empty()));
    }
    Ok(tally)
}

fn clippy(kit: &Kit) -> Done<Tally> {
    let lint = |what: &str| cargo(kit, &format!("clippy --locked --quiet --all-targets {what}"));
    let deny = |run: Run| run.words("-- -D warnings");
    checks(vec![deny(lint(NATIVE)), deny(lint(PAGE))])
}

fn native(kit: &Kit) -> Done<Tally> {
    let stories = stories::CRATE;
    let all = format!("test --locked --no-fail-fast {NATIVE} --exclude {stories}");
    let mut tally = counted(cargo(kit, &all))?;
    let harness = format!("test --locked --lib --package {stories}");
    tally.add(counted(cargo(kit, &harness))?);
    Ok(tally)
}

fn wasm(kit: &mut Kit) -> Done<Tally> {
    setup::for_browser(kit)?;
    let capabilities = webdriver::write_capabilities(kit)?;
    let run = cargo(kit, &format!("test --locked --no-fail-fast {PAGE}"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    counted(run)
}

fn e2e(kit: &mut Kit, care: Care) -> Done<Tally> {
    let driver = stories::prepare(kit, care)?;
    let run = stories::cargo(kit, &driver, care).words("test --locked --no-fail-fast --package");
    counted(run.arg(stories::CRATE).words("--test * -- --test-threads=2"))
}

fn cargo(kit: &Kit, words: &str) -> Run {
    kit.run("cargo").words(words)
}

/// Runs that say only yes or no; each counts as one check.
fn checks(runs: Vec<Run>) -> Done<Tally> {
    let mut tally = Tally::default();
    for run in runs {
        tally.add(Tally::of_one(run.each_line(|line| println!("{line}"))?));
    }
    Ok(tally)
}

/// A run of tests that are counted one by one.
fn counted(run: Run) -> Done<Tally> {
    let mut tally = Tally::default();
    let succeeded = run.each_line(|line| {
        println!("{line}");
        tally.see(line);
    })?;
    Ok(tally.closed(succeeded))
}
