//! One line of a trace, as far as it is compared.
//!
//! Invariant: of an answer with several error codes only one counts.

use crate::problem::{Problem, typed};
use serde::Deserialize;
use serde_json::Value;

/// A request with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as in the file")]
pub struct Line {
    pub t_ms: i64,
    /// When it was answered, in ms.
    pub answered_ms: i64,
    pub to: i32,
    pub from: String,
    pub api: String,
    pub error: i64,
    pub request: Value,
    pub response: Value,
}

#[derive(Deserialize)]
struct Raw {
    t_ms: i64,
    #[serde(default)]
    took_ms: Option<f64>,
    to: i32,
    from: String,
    api: String,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    response: Value,
}

impl Line {
    /// Reads a line.
    pub fn of(document: &Value) -> Result<Self, Problem> {
        let raw: Raw = typed(document)?;
        Ok(Self {
            t_ms: raw.t_ms,
            answered_ms: raw.t_ms + raw.took_ms.unwrap_or(0.0) as i64,
            to: raw.to,
            from: raw.from,
            api: raw.api,
            error: error_of(&raw.response).unwrap_or(0),
            request: raw.request,
            response: raw.response,
        })
    }

    /// Whether both are the same API with the same error.
    pub fn is_like(&self, other: &Self) -> bool {
        self.api == other.api && self.error == other.error
    }
}

/// The least error code that is not 0; the answer's own comes before those of its parts, which have no fixed order.
fn error_of(answer: &Value) -> Option<i64> {
    match answer {
        Value::Object(fields) => {
            let own = fields.get("errorCode").and_then(Value::as_i64).filter(|code| *code != 0);
            own.or_else(|| fields.values().filter_map(error_of).min())
        }
        Value::Array(parts) => parts.iter().filter_map(error_of).min(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
