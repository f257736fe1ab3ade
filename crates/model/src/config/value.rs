//! Config values as Kafka writes them in text, and as the model holds them.
//!
//! Invariant: `show(parse(text))` means the same as `text`.

use crate::ids::Name;
use crate::log::Codec;
use alloc::format;
use alloc::string::{String, ToString};

/// A type that a config may have.
pub trait ConfigValue: Sized {
    /// Kafka's word for the type.
    const KIND: &'static str;

    /// Reads a value; the error says what would be right.
    fn parse(text: &str) -> Result<Self, String>;

    /// Writes a value as Kafka would.
    fn show(&self) -> String;
}

macro_rules! number {
    ($type:ty, $kind:literal) => {
        impl ConfigValue for $type {
            const KIND: &'static str = $kind;

            fn parse(text: &str) -> Result<Self, String> {
                text.trim()
                    .parse()
                    .map_err(|_| format!("'{text}' is not a whole number of type {}", $kind))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    };
}

number!(i16, "short");
number!(i32, "int");
number!(i64, "long");

impl ConfigValue for bool {
    const KIND: &'static str = "boolean";

    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("'{text}' is neither true nor false")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl ConfigValue for Name {
    const KIND: &'static str = "string";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A share between 0 and 1, held in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(pub u32);

impl Share {
    const WHOLE: u32 = 1_000_000;

    /// This share of `whole`, rounded down.
    pub const fn of(self, whole: u64) -> u64 {
        (whole as u128 * self.0 as u128 / Self::WHOLE as u128) as u64
    }

    /// Whether it is less than `part / whole`.
    pub const fn is_less_than(self, part: u64, whole: u64) -> bool {
        (self.0 as u128) * (whole as u128) < (part as u128) * (Self::WHOLE as u128)
    }
}

impl ConfigValue for Share {
    const KIND: &'static str = "double";

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a number between 0 and 1");
        let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        if part.len() > 6 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        let part: u32 = format!("{part:0<6}").parse().map_err(|_| wrong())?;
        let millionths = whole.checked_mul(Self::WHOLE).and_then(|whole| whole.checked_add(part));
        millionths.filter(|value| *value <= Self::WHOLE).map(Self).ok_or_else(wrong)
    }

    fn show(&self) -> String {
        let text = format!("{}.{:06}", self.0 / Self::WHOLE, self.0 % Self::WHOLE);
        let short = text.trim_end_matches('0');
        if short.ends_with('.') { format!("{short}0") } else { short.to_string() }
    }
}

/// An optional string: absent shows as `null`.
impl ConfigValue for Option<Name> {
    const KIND: &'static str = "string";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Some(text.into()))
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "null".to_string(), ToString::to_string)
    }
}

impl ConfigValue for Codec {
    const KIND: &'static str = "string";

    fn parse(text: &str) -> Result<Self, String> {
        let found = CODECS.iter().find(|(_, name)| *name == text.trim());
        found.map(|(codec, _)| *codec).ok_or_else(|| {
            let names = CODECS.map(|(_, name)| name).join(", ");
            format!("'{text}' is not one of {names}")
        })
    }

    fn show(&self) -> String {
        let found = CODECS.iter().find(|(codec, _)| codec == self);
        found.map_or("none", |(_, name)| *name).to_string()
    }
}

const CODECS: [(Codec, &str); 5] = [
    (Codec::None, "none"),
    (Codec::Gzip, "gzip"),
    (Codec::Snappy, "snappy"),
    (Codec::Lz4, "lz4"),
    (Codec::Zstd, "zstd"),
];

/// Declares an enum whose variants are a config's valid strings; further spellings may follow a variant's name.
macro_rules! choice {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $text:literal $(| $other:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$doc])* $variant),+ }

        impl $crate::config::value::ConfigValue for $type {
            const KIND: &'static str = "string";

            fn parse(text: &str) -> Result<Self, alloc::string::String> {
                match text.trim() {
                    $($text $(| $other)* => Ok(Self::$variant),)+
                    _ => Err(alloc::format!("'{text}' is not one of {}", [$($text),+].join(", "))),
                }
            }

            fn show(&self) -> alloc::string::String {
                match self { $(Self::$variant => $text.into()),+ }
            }
        }

        impl $crate::config::value::ConfigValue for Option<$type> {
            const KIND: &'static str = "string";

            fn parse(text: &str) -> Result<Self, alloc::string::String> {
                <$type as $crate::config::value::ConfigValue>::parse(text).map(Some)
            }

            fn show(&self) -> alloc::string::String {
                match self {
                    Some(choice) => choice.show(),
                    None => "null".into(),
                }
            }
        }
    };
}
pub(crate) use choice;

/// A number whose absence means something of its own: absent shows as `null`.
impl ConfigValue for Option<i64> {
    const KIND: &'static str = "long";

    fn parse(text: &str) -> Result<Self, String> {
        i64::parse(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "null".to_string(), ToString::to_string)
    }
}

/// A boolean whose absence means something of its own.
impl ConfigValue for Option<bool> {
    const KIND: &'static str = "boolean";

    fn parse(text: &str) -> Result<Self, String> {
        bool::parse(text).map(Some)
    }

    fn show(&self) -> String {
        self.unwrap_or(true).to_string()
    }
}
