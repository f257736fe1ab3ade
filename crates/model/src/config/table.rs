//! The macro that turns rows `field: Type = default, "kafka.key", range, "doc";` into a typed struct with its table.
//!
//! Invariant: a struct's fields and its table have the same rows in the same order.

use super::{ConfigError, Scope};
use alloc::string::String;
use alloc::vec::Vec;

/// One row as the inspector and the docs show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigEntry {
    /// Kafka's key.
    pub key: &'static str,
    /// Kafka's word for the type.
    pub kind: &'static str,
    /// The value now.
    pub value: String,
    /// The value Kafka has without being told.
    pub default: String,
    /// One line.
    pub doc: &'static str,
}

impl ConfigEntry {
    /// Whether the value is the default.
    pub fn is_default(&self) -> bool {
        self.value == self.default
    }
}

/// A typed table of configs.
pub trait ConfigTable: Default {
    /// Whose configs these are.
    const SCOPE: Scope;

    /// Sets one key from text.
    fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError>;

    /// Puts one key back to its default.
    fn reset(&mut self, key: &str) -> Result<(), ConfigError>;

    /// Every row with its value.
    fn entries(&self) -> Vec<ConfigEntry>;

    /// The defaults with these pairs set.
    fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigError> {
        let mut table = Self::default();
        for (key, value) in pairs {
            table.set(key, value)?;
        }
        Ok(table)
    }
}

macro_rules! config_table {
    (
        $(#[$meta:meta])*
        $scope:ident $table:ident {
            $($field:ident: $type:ty = $default:expr, $key:literal $(| $alias:literal)*, $valid:expr, $doc:literal;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $table {
            $(#[doc = concat!("`", $key, "`: ", $doc)] pub $field: $type,)+
        }

        impl Default for $table {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $crate::config::ConfigTable for $table {
            const SCOPE: $crate::config::Scope = $crate::config::Scope::$scope;

            fn set(&mut self, key: &str, value: &str) -> Result<(), $crate::config::ConfigError> {
                use $crate::config::value::ConfigValue;
                match key {
                    $($key $(| $alias)* => {
                        let parsed = <$type>::parse(value)
                            .map_err(|reason| $crate::config::ConfigError::value(key, reason))?;
                        let valid: fn(&$type) -> Result<(), &'static str> = $valid;
                        valid(&parsed).map_err(|range| {
                            $crate::config::ConfigError::value(key, alloc::format!("'{value}' is not {range}"))
                        })?;
                        self.$field = parsed;
                        Ok(())
                    })+
                    _ => Err($crate::config::ConfigError::unknown(Self::SCOPE, key)),
                }
            }

            fn reset(&mut self, key: &str) -> Result<(), $crate::config::ConfigError> {
                match key {
                    $($key $(| $alias)* => {
                        self.$field = $default;
                        Ok(())
                    })+
                    _ => Err($crate::config::ConfigError::unknown(Self::SCOPE, key)),
                }
            }

            fn entries(&self) -> alloc::vec::Vec<$crate::config::ConfigEntry> {
                use $crate::config::value::ConfigValue;
                let default = Self::default();
                alloc::vec![$($crate::config::ConfigEntry {
                    key: $key,
                    kind: <$type>::KIND,
                    value: self.$field.show(),
                    default: default.$field.show(),
                    doc: $doc,
                },)+]
            }
        }
    };
}
pub(crate) use config_table;

/// Any value will do.
pub(crate) fn any<T>(_: &T) -> Result<(), &'static str> {
    Ok(())
}

/// At least zero.
pub(crate) fn not_negative<T: Into<i64> + Copy>(value: &T) -> Result<(), &'static str> {
    if (*value).into() >= 0 { Ok(()) } else { Err("at least 0") }
}

/// At least -2, which stands for the value of another config.
pub(crate) fn minus_two_or_more<T: Into<i64> + Copy>(value: &T) -> Result<(), &'static str> {
    if (*value).into() >= -2 { Ok(()) } else { Err("at least -2") }
}

/// At least -1, which stands for no limit.
pub(crate) fn minus_one_or_more<T: Into<i64> + Copy>(value: &T) -> Result<(), &'static str> {
    if (*value).into() >= -1 { Ok(()) } else { Err("at least -1") }
}

/// At least one.
pub(crate) fn positive<T: Into<i64> + Copy>(value: &T) -> Result<(), &'static str> {
    if (*value).into() >= 1 { Ok(()) } else { Err("at least 1") }
}

/// At least 1 MiB, the smallest segment since Kafka 4.0.
pub(crate) fn a_mebibyte(value: &i32) -> Result<(), &'static str> {
    if *value >= 1_048_576 { Ok(()) } else { Err("at least 1048576") }
}
