//! One value of the document with its place.
//!
//! Invariant: asking for the wrong type writes a problem down and gives none.

use super::{Problems, Section};
use crate::units::{epoch_ms_of, parse_span};
use kafkascope_kernel::Micros;
use kafkascope_model::ids::EpochMs;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::DeValue;

/// A value, where it stands, and what it is called.
#[derive(Clone, Debug)]
pub struct Item<'d> {
    value: &'d Spanned<DeValue<'d>>,
    path: String,
    problems: &'d Problems<'d>,
}

impl<'d> Item<'d> {
    pub(super) const fn new(
        value: &'d Spanned<DeValue<'d>>,
        path: String,
        problems: &'d Problems<'d>,
    ) -> Self {
        Self { value, path, problems }
    }

    /// The value itself.
    pub fn raw(&self) -> &'d DeValue<'d> {
        self.value.get_ref()
    }

    /// Its bytes in the text.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Writes a problem with this value down.
    pub fn wrong(&self, message: impl Into<String>) {
        self.problems.add(&self.span(), &self.path, message);
    }

    /// A string.
    pub fn text(&self) -> Option<String> {
        self.or_wrong(self.raw().as_str().map(ToString::to_string), "a text in quotes")
    }

    /// A whole number within a range.
    pub fn whole(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let number = self.raw().as_integer().and_then(|integer| {
            i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
        });
        let number = self.or_wrong(number, "a whole number")?;
        if range.contains(&number) {
            return Some(number);
        }
        self.wrong(format!("{number} is not between {} and {}", range.start(), range.end()));
        None
    }

    /// True or false.
    pub fn flag(&self) -> Option<bool> {
        self.or_wrong(self.raw().as_bool(), "true or false")
    }

    /// A span of time.
    pub fn time(&self) -> Option<Micros> {
        let Some(text) = self.raw().as_str() else {
            self.wrong("expected a span of time in quotes, such as \"500ms\", \"2s\" or \"1m30s\"");
            return None;
        };
        self.parsed(parse_span(text))
    }

    /// A moment of the calendar: a TOML date-time, a text of that form, or milliseconds since 1970.
    pub fn moment(&self) -> Option<EpochMs> {
        if self.raw().is_integer() {
            return self.whole(0..=i64::MAX);
        }
        let text = match self.raw() {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => String::new(),
        };
        let wanted = "a moment such as 2020-06-25T14:06:00Z, or milliseconds since 1970";
        self.or_wrong(epoch_ms_of(&text), wanted)
    }

    /// A list's items.
    pub fn items(&self) -> Option<Vec<Self>> {
        let array = self.or_wrong(self.raw().as_array(), "a list in [ ]")?;
        let item =
            |(index, value)| Self::new(value, format!("{}[{index}]", self.path), self.problems);
        Some(array.iter().enumerate().map(item).collect())
    }

    /// A list of texts.
    pub fn texts(&self) -> Option<Vec<String>> {
        self.items()?.iter().map(Self::text).collect()
    }

    /// A table's inside.
    pub fn section(&self) -> Option<Section<'d>> {
        let table = self.or_wrong(self.raw().as_table(), "a table in { }")?;
        Some(Section::new(table, self.span(), self.path.clone(), self.problems))
    }

    /// What a parser made of it.
    pub fn parsed<T>(&self, parsed: Result<T, impl Display>) -> Option<T> {
        parsed.map_err(|error| self.wrong(error.to_string())).ok()
    }

    fn or_wrong<T>(&self, value: Option<T>, wanted: &str) -> Option<T> {
        if value.is_none() {
            self.wrong(format!("expected {wanted}, found {}", self.kind()));
        }
        value
    }

    fn kind(&self) -> &'static str {
        match self.raw() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}
