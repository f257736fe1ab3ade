//! Kafka's own config keys with their values, checked against the model's tables.
//!
//! Keys are written as Kafka writes them, `min.insync.replicas = 2`, quoted or not. Invariant: a key that the model does not
//! honour is refused by name, with its line.

use crate::doc::{Item, Section};
use kafkascope_model::command::ConfigPairs;
use kafkascope_model::config::ConfigTable;
use toml::de::DeValue;

/// The pairs of a table of configs under `key`; none if it is not there.
pub fn read<T: ConfigTable>(section: &Section<'_>, key: &'static str) -> ConfigPairs {
    let Some(inside) = section.section(key) else { return Vec::new() };
    pairs(&inside, |key, value| T::default().set(key, value).map_err(|error| error.reason))
}

/// The pairs of a table of configs, each approved by `check`.
pub fn pairs(
    section: &Section<'_>,
    check: impl Fn(&str, &str) -> Result<(), String>,
) -> ConfigPairs {
    let mut pairs = Vec::new();
    gather(section, "", &check, &mut pairs);
    pairs
}

/// Dots in bare keys make tables in TOML; here they are parts of one key.
fn gather(
    section: &Section<'_>,
    prefix: &str,
    check: &impl Fn(&str, &str) -> Result<(), String>,
    pairs: &mut ConfigPairs,
) {
    for (key, item) in section.entries() {
        let key = if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
        if item.raw().is_table() {
            let Some(inside) = item.section() else { continue };
            gather(&inside, &key, check, pairs);
        } else if let Some(value) = value(&item)
            && item.parsed(check(&key, &value)).is_some()
        {
            pairs.push((key.as_str().into(), value.as_str().into()));
        }
    }
}

fn value(item: &Item<'_>) -> Option<String> {
    match item.raw() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(_) => item.whole(i64::MIN..=i64::MAX).map(|number| number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_string()),
        DeValue::Array(_) => item.texts().map(|texts| texts.join(",")),
        DeValue::Datetime(_) | DeValue::Table(_) => {
            item.wrong("a config is a text, a number, true or false");
            None
        }
    }
}
