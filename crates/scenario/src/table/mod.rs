//! Tables: CSV, NDJSON or JSON that becomes records.
//!
//! A table is read first and shown; only what somebody then chooses is sent. Invariant: a row is taken, listed as malformed with
//! its line, or counted as left off; none vanishes.

mod csv;
mod json;
mod records;

pub use records::{Columns, RowProblem};

use crate::problem::Problem;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Limits;

/// The largest file that is read.
pub const MAX_BYTES: usize = 16 << 20;
/// The most columns of a table.
pub const MAX_COLUMNS: usize = 64;
/// The most malformed rows that are listed; further ones are counted.
pub const MAX_LISTED: usize = 100;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Fields between commas, the first row names them (RFC 4180).
    Csv,
    /// Fields between tabs, the first row names them.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// One JSON list of objects.
    Json,
}

impl Format {
    /// By a file's name.
    pub fn of(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Self::named(&ending)
    }

    /// By what people call it.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// As a person reads it.
    pub text: String,
    /// As JSON.
    pub json: String,
}

/// A row: its cells, none where the row has nothing under a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u32,
    /// One a column.
    pub cells: Vec<Option<Cell>>,
}

/// A table that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What its columns are called.
    pub columns: Vec<String>,
    /// Its well-formed rows, at most as many as the limit.
    pub rows: Vec<Row>,
    /// Rows that could not be read, the first [`MAX_LISTED`] of them.
    pub malformed: Vec<RowProblem>,
    /// How many could not be read in all.
    pub malformed_total: u32,
    /// How many well-formed rows stand behind the limit.
    pub left_off: u32,
    /// The most rows that are kept.
    pub limit: u32,
}

/// What a page or a terminal shows of a table before anything is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TablePreview {
    /// What its columns are called.
    pub columns: Vec<String>,
    /// Its first rows.
    pub rows: Vec<Row>,
    /// How many well-formed rows are kept.
    pub total: u32,
    /// The first rows that could not be read.
    pub malformed: Vec<RowProblem>,
    /// How many could not be read.
    pub malformed_total: u32,
    /// How many well-formed rows stand behind the limit.
    pub left_off: u32,
    /// The most rows that are kept.
    pub limit: u32,
}

impl Table {
    /// Reads a file of at most [`MAX_BYTES`]; keeps at most `limit` rows.
    pub fn parse(name: &str, bytes: &[u8], format: Format, limit: u32) -> Result<Self, Problem> {
        let fail = |line: u32, message: String| Problem {
            line,
            message: format!("{name}: {message}"),
            ..Problem::whole("")
        };
        if bytes.len() > MAX_BYTES {
            return Err(fail(0, format!("{} MB is the most that is read", MAX_BYTES >> 20)));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut table = Self { limit, ..Self::default() };
        let read = match format {
            Format::Csv => csv::read(bytes, b',', &mut table),
            Format::Tsv => csv::read(bytes, b'\t', &mut table),
            Format::Ndjson => json::read_lines(bytes, &mut table),
            Format::Json => json::read_list(bytes, &mut table),
        };
        read.map_err(|(line, message)| fail(line, message))?;
        if table.columns.len() > MAX_COLUMNS {
            return Err(fail(0, format!("{MAX_COLUMNS} columns are the most that are read")));
        }
        for row in &mut table.rows {
            row.cells.resize(table.columns.len(), None);
        }
        Ok(table)
    }

    /// Its columns and the first `count` rows and problems.
    pub fn preview(&self, count: usize) -> TablePreview {
        TablePreview {
            columns: self.columns.clone(),
            rows: self.rows.iter().take(count).cloned().collect(),
            total: self.rows.len() as u32,
            malformed: self.malformed.iter().take(count).cloned().collect(),
            malformed_total: self.malformed_total,
            left_off: self.left_off,
            limit: self.limit,
        }
    }

    /// A column's index.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn keep(&mut self, row: Row) {
        if self.rows.len() < self.limit as usize {
            self.rows.push(row);
        } else {
            self.left_off += 1;
        }
    }

    fn refuse(&mut self, line: u32, reason: String) {
        self.malformed_total += 1;
        if self.malformed.len() < MAX_LISTED {
            self.malformed.push(RowProblem { line, reason });
        }
    }
}

/// The files that a scenario may name, and how many rows are taken from one.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The limits of the run.
    pub limits: Limits,
    files: FlatMap<String, Vec<u8>>,
}

impl Tables {
    /// The shipped files and the limits of a page.
    pub fn web() -> Self {
        Self { limits: Limits::WEB, files: crate::shipped::files() }
    }

    /// The shipped files and the limits of a native run.
    pub fn native() -> Self {
        Self { limits: Limits::NATIVE, ..Self::web() }
    }

    /// Adds a file under the name that a scenario uses for it; it takes the place of one of that name.
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_string(), bytes);
    }

    /// A file.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}
