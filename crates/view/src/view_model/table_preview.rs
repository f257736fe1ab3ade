//! A dropped table before it becomes records: columns, first rows, where each key goes, what is wrong.
//!
//! Invariant: nothing is sent before the user has seen this.

use super::{Face, Text};

/// A preview.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TablePreviewVm {
    /// "trips.csv".
    pub file: Text,
    /// Its columns.
    pub columns: Vec<ColumnVm>,
    /// Its first rows.
    pub rows: Vec<TableRowVm>,
    /// How many rows there are that can be sent.
    pub total: u32,
    /// How many of them go to each partition.
    pub spread: Vec<(Text, u32)>,
    /// Rows that cannot be sent; the first of them.
    pub bad: Vec<BadRowVm>,
    /// How many there are.
    pub bad_total: u32,
    /// Why nothing can be sent at all.
    pub refused: Option<Text>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnVm {
    /// Its heading.
    pub name: Text,
    /// What it becomes.
    pub role: ColumnRole,
}

/// What a column becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "what they are")]
pub enum ColumnRole {
    Key,
    #[default]
    Value,
    Timestamp,
    Ignored,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRowVm {
    /// Its line in the file, from 1.
    pub line: u32,
    /// Its fields, one a column.
    pub fields: Vec<Text>,
    /// The face of its key.
    pub face: Face,
    /// Where it goes: "trips-2".
    pub partition: Text,
}

/// A row that cannot be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRowVm {
    /// Its line in the file, from 1.
    pub line: u32,
    /// What is wrong and what would be right.
    pub reason: Text,
}
