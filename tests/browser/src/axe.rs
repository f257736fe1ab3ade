//! Accessibility, as far as a program can judge it.
//!
//! axe-core is injected into the page under test and asked for what it is sure is wrong. It stays
//! out of the site itself.
//!
//! Invariant: a violation names the rule, the place, and what would help.

use std::fmt;
use std::fs;

use serde_json::Value;

use crate::settings;

/// Something that shuts people out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The name of the rule.
    pub rule: String,
    /// What would help.
    pub help: String,
    /// Selectors of the elements it is about.
    pub places: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (at {})", self.rule, self.help, self.places.join(", "))
    }
}

/// axe-core itself, as a script that leaves `window.axe` behind.
pub(crate) fn source() -> String {
    let file = settings::axe();
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Runs axe and hands its violations to the driver.
pub(crate) const ASK: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        (result) => done(result.violations.map((violation) => ({
            rule: violation.id,
            help: violation.help,
            places: violation.nodes.map((node) => node.target.join(' ')),
        }))),
        (error) => done([{ rule: 'axe', help: String(error), places: [] }]),
    );";

pub(crate) fn violations(answer: &Value) -> Vec<Violation> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let violation = |one: &Value| Violation {
        rule: text(&one["rule"]),
        help: text(&one["help"]),
        places: list(&one["places"]).iter().map(text).collect(),
    };
    list(answer).iter().map(violation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_reads_as_a_sentence() {
        let answer = serde_json::json!([{ "rule": "label", "help": "Name it", "places": ["#a"] }]);
        assert_eq!(violations(&answer)[0].to_string(), "label: Name it (at #a)");
    }
}
