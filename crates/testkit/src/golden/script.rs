//! A golden run as its file has it: a cluster, and steps with what a real Kafka answered.
//!
//! The format is described beside the recordings. Invariant: a field that nobody knows is a [`Problem`], never skipped.

use super::action::Action;
use crate::problem::{Problem, json, typed};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A recorded run.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldenRun {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// The cluster it was played on.
    pub cluster: Cluster,
    /// Wall clock (epoch ms) at `t_ms` 0.
    pub started_at_ms: i64,
    /// In order.
    pub steps: Vec<Step>,
}

/// The cluster of a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Node ids 1..=brokers.
    pub brokers: i32,
    /// Node ids 100, 101, ...
    #[serde(default = "one")]
    pub controllers: i32,
    /// Set on every node, over the base.
    #[serde(default, deserialize_with = "texts")]
    pub config: BTreeMap<String, String>,
    /// Node id to `broker.rack`.
    #[serde(default)]
    pub racks: BTreeMap<String, String>,
    /// Whether the internal offsets topic exists and is loaded before the first step.
    #[serde(default)]
    pub warm: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When it began, in ms since the cluster was up.
    pub t_ms: u64,
    /// How long it took.
    pub took_ms: u64,
    /// The client process that did it.
    pub app: String,
    /// What it does.
    pub action: Action,
    /// The answer; without one only success was noted.
    pub observed: Option<Value>,
    /// Asked again until the answer was the recorded one.
    pub eventually: bool,
    /// JSON pointers into `observed` that do not count.
    pub varies: Vec<String>,
}

impl GoldenRun {
    /// Whether a file of this content is a golden run.
    pub fn is(document: &Value) -> bool {
        document.get("steps").is_some_and(Value::is_array) && document.get("cluster").is_some()
    }

    /// Reads a run from a file's text.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::from_value(&json(text)?)
    }

    /// Reads a run from a document.
    pub fn from_value(document: &Value) -> Result<Self, Problem> {
        let raw: Raw = typed(document)?;
        let steps = raw.steps.iter().enumerate().map(|(at, step)| {
            Step::from_map(step).map_err(|problem| problem.below(&format!("/steps/{at}")))
        });
        let run = Self {
            name: raw.name,
            about: raw.about,
            cluster: raw.cluster,
            started_at_ms: raw.started_at_ms,
            steps: steps.collect::<Result<_, _>>()?,
        };
        run.cluster.check().map_err(|problem| problem.below("/cluster"))?;
        Ok(run)
    }
}

impl Cluster {
    fn check(&self) -> Result<(), Problem> {
        let counts = [("/brokers", self.brokers, 99), ("/controllers", self.controllers, 99)];
        for (path, count, most) in counts {
            if !(1..=most).contains(&count) {
                return Err(Problem::at(path, format!("{count} is not between 1 and {most}")));
            }
        }
        for node in self.racks.keys() {
            let known = node.parse().is_ok_and(|id: i32| (1..=self.brokers).contains(&id));
            if !known {
                return Err(Problem::at(format!("/racks/{node}"), "there is no such broker"));
            }
        }
        Ok(())
    }
}

impl Step {
    /// Takes the fields that every step may have; what is left are the arguments of its action.
    fn from_map(step: &Map<String, Value>) -> Result<Self, Problem> {
        let mut args = step.clone();
        for remark in ["note", "why", "until"] {
            args.remove(remark);
        }
        let eventually = args.remove("eventually");
        let step = Self {
            t_ms: take(&mut args, "t_ms")?.unwrap_or(0),
            took_ms: take(&mut args, "took_ms")?.unwrap_or(0),
            app: take(&mut args, "app")?.unwrap_or_else(|| "main".to_string()),
            observed: args.remove("observed"),
            eventually: eventually.is_some_and(|value| value != Value::Bool(false)),
            varies: take(&mut args, "varies")?.unwrap_or_default(),
            action: Action::parse(&take_do(&mut args)?, app_as_argument(step, args))?,
        };
        Ok(step)
    }
}

/// `kill-app` names the process in the very field that tells who does a step.
fn app_as_argument(step: &Map<String, Value>, mut args: Map<String, Value>) -> Map<String, Value> {
    if step.get("do").is_some_and(|name| name == "kill-app") {
        args.extend(step.get("app").map(|app| ("app".to_string(), app.clone())));
    }
    args
}

fn take_do(args: &mut Map<String, Value>) -> Result<String, Problem> {
    take(args, "do")?.ok_or_else(|| Problem::at("", "the step has no `do`"))
}

fn take<T: serde::de::DeserializeOwned>(
    args: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<T>, Problem> {
    let Some(value) = args.remove(key) else { return Ok(None) };
    typed(&value).map(Some).map_err(|problem| problem.below(&format!("/{key}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    #[allow(dead_code, reason = "told to readers of the file")]
    kafka_version: String,
    #[serde(default)]
    #[allow(dead_code, reason = "told to readers of the file")]
    recordings: u32,
    cluster: Cluster,
    #[serde(default)]
    started_at_ms: i64,
    steps: Vec<Map<String, Value>>,
}

fn one() -> i32 {
    1
}

/// Config values may be written as numbers, truth values or text; Kafka reads them all as text.
pub(super) fn texts<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let raw = BTreeMap::<String, Value>::deserialize(from)?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    Ok(raw.into_iter().map(|(key, value)| (key, text(value))).collect())
}
