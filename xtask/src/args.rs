//! The words after `cargo xtask`.
//!
//! A handful of flags do not justify an argument parser and its compile time.
//!
//! Invariant: a chore ends its reading with [`Args::finish`], so no mistyped flag is passed over.

use crate::problem::{Done, Problem};

pub struct Args(Vec<String>);

impl Args {
    pub fn from_command_line() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Takes the first word, if any.
    pub fn word(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Takes `--name` and tells whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|word| word == name);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// Takes `--name VALUE`.
    pub fn value(&mut self, name: &str) -> Done<Option<String>> {
        let Some(at) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        if at + 1 == self.0.len() {
            return Err(Problem::new(format!("{name} needs a value")));
        }
        self.0.remove(at);
        Ok(Some(self.0.remove(at)))
    }

    /// Complains about whatever nobody took.
    pub fn finish(self) -> Done {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(Problem::new(format!("'{word}' means nothing to this chore"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &str) -> Args {
        Args(words.split_whitespace().map(String::from).collect())
    }

    #[test]
    fn flags_and_values_are_found_in_any_order() {
        let mut args = args("serve --port 9000 --release");
        assert_eq!(args.word().as_deref(), Some("serve"));
        assert!(args.flag("--release"));
        assert_eq!(args.value("--port").unwrap().as_deref(), Some("9000"));
        assert!(args.finish().is_ok());
    }

    #[test]
    fn a_missing_value_and_an_unknown_word_are_refused() {
        assert!(args("--port").value("--port").is_err());
        assert!(args("--relaese").finish().is_err());
    }
}
