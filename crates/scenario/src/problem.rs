//! What is wrong with a text that a user wrote: where, what, and what would be right.
//!
//! Invariant: a problem is one sentence with its place; a loader lists every problem that it can find, not only the first.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1; 0 if it is about the whole.
    pub line: u32,
    /// The column in characters, from 1; 0 if it is about the whole.
    pub column: u32,
    /// Where in the document, as in `producer[0].config.acks`; empty if it is about the whole.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem of the whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, path: String::new(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
