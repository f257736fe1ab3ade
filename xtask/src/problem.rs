//! What can go wrong in a chore: one sentence for a person.
//!
//! Nothing here is handled by kind, so there are no kinds.
//!
//! Invariant: the text names what was being done and what would help.

use std::fmt;

/// Why a chore stopped.
#[derive(Debug)]
pub struct Problem(String);

/// The result of everything that can fail.
pub type Done<T = ()> = Result<T, Problem>;

impl Problem {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Turns an error into a [`Problem`] that begins with what was being done.
pub trait While<T> {
    fn or_say(self, doing: impl FnOnce() -> String) -> Done<T>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn or_say(self, doing: impl FnOnce() -> String) -> Done<T> {
        self.map_err(|error| Problem(format!("{}: {error}", doing())))
    }
}
