//! The options of a command line.
//!
//! Invariant: after everything known was taken, nothing may be left.

use crate::golden::action::Pairs;
use crate::golden::stage::Stop;

/// Options that were not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options(Vec<String>);

impl Options {
    /// All of them.
    pub fn new(args: &[String]) -> Self {
        Self(args.to_vec())
    }

    /// Whether an option without a value is there; it is read.
    pub fn flag(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|arg| arg == name);
        if let Some(at) = at {
            self.0.remove(at);
        }
        at.is_some()
    }

    /// An option's value; it is read.
    pub fn value(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|arg| arg == name)?;
        if at + 1 >= self.0.len() {
            return None;
        }
        self.0.remove(at);
        Some(self.0.remove(at))
    }

    /// Every value of an option that may come several times.
    pub fn values(&mut self, name: &str) -> Vec<String> {
        std::iter::from_fn(|| self.value(name)).collect()
    }

    /// A number.
    pub fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, Stop> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let parsed = text.parse().map(Some);
        parsed.map_err(|_| Stop::problem(format!("{name} wants a number, not '{text}'")))
    }

    /// Nothing may be left.
    pub fn done(self, tool: &str) -> Result<(), Stop> {
        match self.0.first() {
            None => Ok(()),
            Some(arg) => Err(Stop::lacks(format!("{tool} {arg} (cli)"))),
        }
    }
}

/// `a=1,b=2` as pairs; a list in brackets is one value.
pub fn pairs(text: &str) -> Pairs {
    let mut parts: Vec<String> = vec![String::new()];
    let mut depth = 0;
    for sign in text.chars() {
        match sign {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            other => parts.last_mut().expect("there is one").push(other),
        }
    }
    let pair = |part: &String| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key.trim().to_string(), value.trim().to_string())
    };
    parts.iter().filter(|part| !part.is_empty()).map(pair).collect()
}
