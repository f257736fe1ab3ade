//! The difference between two JSON values, as a reader wants it: only what differs, each with its path.
//!
//! Invariant: the difference is empty exactly when the values are equal outside of what is left out.

use serde_json::Value;

/// What differs, and what does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// JSON pointer, what was expected, what was got; `None` is absent.
    pub lines: Vec<(String, Option<Value>, Option<Value>)>,
}

impl Diff {
    /// Compares `got` with `expected`, leaving out the places that `ignored` (JSON pointers) names.
    pub fn between(expected: &Value, got: &Value, ignored: &[String]) -> Self {
        let mut diff = Self::default();
        diff.compare(String::new(), Some(expected), Some(got), ignored);
        diff
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn compare(
        &mut self,
        path: String,
        expected: Option<&Value>,
        got: Option<&Value>,
        ignored: &[String],
    ) {
        if ignored.contains(&path) || expected == got {
            return;
        }
        match (expected, got) {
            (Some(Value::Object(e)), Some(Value::Object(g))) => {
                let keys: std::collections::BTreeSet<_> = e.keys().chain(g.keys()).collect();
                for key in keys {
                    self.compare(
                        format!("{path}/{}", escape(key)),
                        e.get(key),
                        g.get(key),
                        ignored,
                    );
                }
            }
            (Some(Value::Array(e)), Some(Value::Array(g))) => {
                for at in 0..e.len().max(g.len()) {
                    self.compare(format!("{path}/{at}"), e.get(at), g.get(at), ignored);
                }
            }
            _ => self.lines.push((path, expected.cloned(), got.cloned())),
        }
    }
}

/// How many differences are printed before the rest is only counted.
const SHOWN: usize = 12;

impl std::fmt::Display for Diff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (path, expected, got) in self.lines.iter().take(SHOWN) {
            let place = if path.is_empty() { "/" } else { path };
            writeln!(f, "    {place}")?;
            writeln!(f, "      expected {}", show(expected.as_ref()))?;
            writeln!(f, "      got      {}", show(got.as_ref()))?;
        }
        match self.lines.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "    and {more} more differences"),
        }
    }
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_string(), Value::to_string)
}

/// JSON pointer escaping (RFC 6901).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_and_matters_is_told() {
        let expected = json!({"a": [1, 2], "m": {"c/i": 1}, "t": 5});
        let got = json!({"a": [1, 3, 4], "m": {"c/i": 2}, "t": 9});
        let diff = Diff::between(&expected, &got, &["/t".to_string(), "/m/c~1i".to_string()]);
        let paths: Vec<_> = diff.lines.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(paths, ["/a/1", "/a/2"]);
        assert_eq!(diff.lines[1].1, None);
    }
}
