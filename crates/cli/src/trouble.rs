//! What went wrong, said to whoever typed the command: what, where, why, and what would be right.
//!
//! Invariant: a trouble is one line, however deep its cause lies.

use std::fmt;

/// A sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble(pub String);

impl Trouble {
    /// A sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a file as text.
pub fn read(path: &str) -> Result<String, Trouble> {
    std::fs::read_to_string(path)
        .map_err(|error| Trouble::new(format!("{path}: cannot be read: {error}")))
}
