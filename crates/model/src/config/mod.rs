//! Configs under Kafka's own keys, with Kafka's types, ranges and defaults.
//!
//! Each scope has one table; validation, inspector and docs read the same rows. Invariant: a key that the model does not
//! honour is refused by name, never silently ignored.

mod known;
mod table;
pub mod value;

pub mod broker;
pub mod consumer;
pub mod librdkafka;
pub mod producer;
pub mod share;
pub mod throttled;
pub mod topic;

pub use known::known_keys;
pub(crate) use table::config_table;
pub use table::{ConfigEntry, ConfigTable};
pub use value::ConfigValue;

use alloc::format;
use alloc::string::{String, ToString};

/// What a config belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "Kafka's own scopes")]
pub enum Scope {
    Admin,
    Broker,
    Consumer,
    Group,
    /// A producer of librdkafka, the C library under most clients that are not Java.
    Librdkafka,
    Producer,
    Topic,
}

impl Scope {
    /// As it reads in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin client",
            Self::Broker => "broker",
            Self::Consumer => "consumer",
            Self::Group => "group",
            Self::Librdkafka => "librdkafka",
            Self::Producer => "producer",
            Self::Topic => "topic",
        }
    }
}

/// Why a config was refused: what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigError {
    /// The key as given.
    pub key: String,
    /// One sentence.
    pub reason: String,
}

impl ConfigError {
    /// A value that does not fit its key.
    pub fn value(key: &str, reason: String) -> Self {
        Self { key: key.to_string(), reason }
    }

    /// A key that the model's table of `scope` does not have.
    pub fn unknown(scope: Scope, key: &str) -> Self {
        let reason = if known_keys(scope).any(|known| known == key) {
            format!(
                "Kafka has this {} config, but Kafkascope does not honour it yet; leave it out",
                scope.name()
            )
        } else {
            match nearest(scope, key) {
                Some(near) => {
                    format!("Kafka has no such {} config; did you mean {near}?", scope.name())
                }
                None => format!("Kafka has no such {} config", scope.name()),
            }
        };
        Self { key: key.to_string(), reason }
    }
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

impl core::error::Error for ConfigError {}

/// The known key with the longest common prefix and suffix, if that is most of it.
fn nearest(scope: Scope, key: &str) -> Option<&'static str> {
    let alike = |known: &str| {
        let prefix = known.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
        let suffix = known.bytes().rev().zip(key.bytes().rev()).take_while(|(a, b)| a == b).count();
        prefix + suffix
    };
    let best = known_keys(scope).max_by_key(|known| alike(known))?;
    (alike(best) * 4 >= key.len() * 3).then_some(best)
}
