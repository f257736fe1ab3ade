//! One table of the document, asked key by key.
//!
//! Invariant: [`Section::finish`] refuses every key that was not asked for.

use super::{Item, Problems};
use crate::nearest::did_you_mean;
use kafkascope_kernel::Micros;
use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use toml::de::DeTable;

/// A table, where it stands, and which keys were asked for.
#[derive(Clone, Debug)]
pub struct Section<'d> {
    table: &'d DeTable<'d>,
    span: Range<usize>,
    path: String,
    problems: &'d Problems<'d>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    pub(crate) const fn new(
        table: &'d DeTable<'d>,
        span: Range<usize>,
        path: String,
        problems: &'d Problems<'d>,
    ) -> Self {
        Self { table, span, path, problems, asked: RefCell::new(Vec::new()) }
    }

    /// Writes a problem with the whole table down.
    pub fn wrong(&self, message: impl Into<String>) {
        self.problems.add(&self.span, &self.path, message);
    }

    /// Every key with its value, in the order of the text; all of them count as asked for.
    pub fn entries(&self) -> Vec<(&'d str, Item<'d>)> {
        self.table
            .iter()
            .map(|(key, _)| (key.get_ref().as_ref(), self.at(key.get_ref())))
            .map(|(key, item)| (key, item.expect("a key of this table")))
            .collect()
    }

    /// A key's value.
    pub fn get(&self, key: &'static str) -> Option<Item<'d>> {
        self.asked.borrow_mut().push(key);
        self.at(key)
    }

    /// A key's value, which must be there.
    pub fn need(&self, key: &'static str) -> Option<Item<'d>> {
        let item = self.get(key);
        if item.is_none() {
            self.wrong(format!("'{key}' is missing"));
        }
        item
    }

    /// A string.
    pub fn text(&self, key: &'static str) -> Option<String> {
        self.get(key)?.text()
    }

    /// A whole number within a range.
    pub fn whole(&self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.get(key)?.whole(range)
    }

    /// True or false; false if it is not there.
    pub fn flag(&self, key: &'static str) -> bool {
        self.get(key).and_then(|item| item.flag()).unwrap_or(false)
    }

    /// A span of time.
    pub fn time(&self, key: &'static str) -> Option<Micros> {
        self.get(key)?.time()
    }

    /// A list of texts; empty if it is not there.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        self.get(key).and_then(|item| item.texts()).unwrap_or_default()
    }

    /// A table inside.
    pub fn section(&self, key: &'static str) -> Option<Self> {
        self.get(key)?.section()
    }

    /// A list of tables; empty if it is not there.
    pub fn sections(&self, key: &'static str) -> Vec<Self> {
        let items = self.get(key).and_then(|item| item.items()).unwrap_or_default();
        items.iter().filter_map(Item::section).collect()
    }

    /// Which of these keys are there.
    pub fn present(&self, keys: &[&'static str]) -> Vec<&'static str> {
        self.asked.borrow_mut().extend(keys);
        keys.iter().copied().filter(|key| self.table.contains_key(*key)).collect()
    }

    /// Refuses what was not asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let word = key.get_ref().as_ref();
            if asked.contains(&word) {
                continue;
            }
            let near = did_you_mean(word, asked.iter().copied());
            let known = if near.is_empty() { list(&asked) } else { near };
            self.problems.add(
                &key.span(),
                &self.path_of(word),
                format!("there is no such key.{known}"),
            );
        }
    }

    fn at(&self, key: &str) -> Option<Item<'d>> {
        let value = self.table.get(key)?;
        Some(Item::new(value, self.path_of(key), self.problems))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }
}

fn list(asked: &[&'static str]) -> String {
    let mut keys: Vec<_> = asked.to_vec();
    keys.sort_unstable();
    keys.dedup();
    format!(" Here may stand: {}.", keys.join(", "))
}
