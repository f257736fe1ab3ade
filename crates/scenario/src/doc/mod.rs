//! A TOML document as the reader walks it: every value with its line and path, every problem written down.
//!
//! Invariant: a key that nobody asked for is a problem; nothing is silently ignored.

mod item;
mod section;

pub use item::Item;
pub use section::Section;

use crate::problem::Problem;
use std::cell::RefCell;
use std::ops::Range;

/// No list of problems needs more.
const MAX_PROBLEMS: usize = 50;

/// Collects what is wrong with one text.
#[derive(Debug)]
pub struct Problems<'t> {
    text: &'t str,
    found: RefCell<Vec<Problem>>,
}

impl<'t> Problems<'t> {
    /// Nothing wrong yet.
    pub const fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::new(Vec::new()) }
    }

    /// Writes one down.
    pub fn add(&self, span: &Range<usize>, path: &str, message: impl Into<String>) {
        let (line, column) = self.place(span.start);
        let problem = Problem { line, column, path: path.to_string(), message: message.into() };
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_PROBLEMS && !found.contains(&problem) {
            found.push(problem);
        }
    }

    /// Everything found, in the order of the text.
    pub fn into_found(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort();
        found
    }

    fn place(&self, at: usize) -> (u32, u32) {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
        (line, column)
    }
}
