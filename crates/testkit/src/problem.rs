//! What is wrong with a file: which file, where in it, and why.
//!
//! Reading keeps the path of the field it is at, so that a typing error is found without counting braces. Invariant: a
//! problem prints as one line `file: path: reason`.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name as the user gave it; empty when the text came from elsewhere.
    pub file: String,
    /// Where in the file: a JSON pointer, or a line; empty for the file as a whole.
    pub path: String,
    /// One sentence.
    pub reason: String,
}

impl Problem {
    /// A problem at a place in a file that is not yet known by name.
    pub fn at(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: String::new(), path: path.into(), reason: reason.into() }
    }

    /// The same problem, in this file.
    pub fn in_file(mut self, file: &str) -> Self {
        self.file = file.to_string();
        self
    }

    /// The same problem, seen from further out: `outer` comes before its path.
    pub fn below(mut self, outer: &str) -> Self {
        self.path = format!("{outer}{}", self.path);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in [&self.file, &self.path] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Problem {}

/// Reads JSON; the problem names line and column.
pub fn json(text: &str) -> Result<Value, Problem> {
    serde_json::from_str::<crate::ordered::Ordered>(text).map(|read| read.0).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::at(place, format!("this is not JSON: {error}"))
    })
}

/// Reads a typed value; the problem names the JSON pointer of the field.
pub fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| Problem::at(pointer(error.path()), error.inner().to_string()))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{key}"),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code, reason = "only its reading is tested")]
        size: u32,
    }

    #[test]
    fn a_problem_names_file_path_and_reason() {
        let wrong = json(r#"{"a": [{"size": 1}, {"size": "big"}]}"#).unwrap();
        let problem = typed::<std::collections::BTreeMap<String, Vec<Inner>>>(&wrong);
        let told = problem.unwrap_err().in_file("x.json").to_string();
        assert_eq!(told, "x.json: /a/1/size: invalid type: string \"big\", expected u32");
        let torn = json("{\"a\": \n }").unwrap_err().in_file("y.json").to_string();
        assert!(torn.starts_with("y.json: line 2, column 2: this is not JSON"), "{torn}");
    }
}
