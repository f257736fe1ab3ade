//! The house rules that no compiler checks.
//!
//! Each rule is a function from the project's files to faults, and each fault names a place and
//! what would be right there. The rules read text; they know just enough of Rust to tell code from
//! comments and strings (`source`).
//!
//! Invariant: a rule never judges files that git ignores.

mod boundary;
mod colour;
mod files;
mod shape;
mod source;
mod words;

use std::fmt;

use crate::problem::Done;
use crate::setup::Kit;
use files::File;

/// A place where a rule is broken, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    file: String,
    line: usize,
    advice: String,
}

impl Fault {
    /// `line` counts from zero, as iterators do.
    fn new(file: &File, line: usize, advice: impl Into<String>) -> Self {
        Self { file: file.path.clone(), line: line + 1, advice: advice.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.advice)
    }
}

type Rule = (&'static str, fn(&File) -> Vec<Fault>);

const RULES: &[Rule] = &[
    ("files are at most 600 lines long", shape::file_length),
    ("functions are at most 70 lines long", shape::function_length),
    ("every module says what it is", shape::module_doc),
    ("only the page knows the browser", boundary::browser),
    ("the core is deterministic", boundary::determinism),
    ("colours are named in www/tokens.css only", colour::literals),
    ("nothing is left to be done later", words::leftovers),
    ("no file names a place on one machine", words::machine_paths),
    ("no file names a package registry", words::registries),
    ("lines end where their text ends", words::trailing_blanks),
];

/// Applies every rule; each comes back with its faults.
pub fn check(kit: &Kit) -> Done<Vec<(&'static str, Vec<Fault>)>> {
    let files = files::of_the_project(kit)?;
    let apply = |rule: fn(&File) -> Vec<Fault>| files.iter().flat_map(rule).collect();
    let mut all: Vec<_> = RULES.iter().map(|(name, rule)| (*name, apply(*rule))).collect();
    all.push(("no core crate depends on the browser", boundary::dependencies(kit)?));
    Ok(all)
}
