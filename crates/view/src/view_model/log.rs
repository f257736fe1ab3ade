//! One log, closely: every offset of it, and what lies over and under them.
//!
//! Invariant: lines follow each other without a gap, and an offset never changes its place within its line.

use super::{CellVm, Face, Text, Tone};
use crate::ui_command::UiCommand;
use kafkascope_model::ids::Offset;

/// A replica's log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogVm {
    /// "orders-0".
    pub name: Text,
    /// "leader · broker 2 · two segments".
    pub subtitle: Text,
    /// Partitions of the topic to choose from.
    pub partitions: Vec<TabVm>,
    /// Replicas to choose from.
    pub replicas: Vec<TabVm>,
    /// Offsets before the first line that there was no room for.
    pub earlier: u64,
    /// How many offsets a line has room for.
    pub per_line: u32,
    /// From old to new.
    pub lines: Vec<LineVm>,
    /// What each kind of reader is given of what is shown.
    pub readers: Vec<ReaderVm>,
    /// What is known of the partition and its log.
    pub rows: Vec<KnownVm>,
    /// The newest sentences about it: "LSO 65: a transaction of producer 1000 is open since then."
    pub says: Vec<Text>,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct TabVm {
    /// What it says.
    pub text: Text,
    /// What it does.
    pub wish: UiCommand,
    /// Whether it is what is shown.
    pub chosen: bool,
}

/// Some offsets in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct LineVm {
    /// The first offset.
    pub first: Offset,
    /// The offset after the last.
    pub end: Offset,
    /// What is at each offset that has something.
    pub cells: Vec<LogCellVm>,
    /// Segments, as far as they reach into the line.
    pub segments: Vec<StretchVm>,
    /// Leader epochs.
    pub epochs: Vec<StretchVm>,
    /// Transactions.
    pub transactions: Vec<StretchVm>,
    /// High watermark, last stable offset, log start, and what is on disk, where they lie in this line.
    pub pins: Vec<PinVm>,
    /// "Offsets 40 to 79: 38 records, 1 commit marker".
    pub spoken: Text,
}

/// What is at an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct LogCellVm {
    /// How it is drawn.
    pub cell: CellVm,
    /// "orders-0 @ 65: order 12, by producer 1000, epoch 3, sequence 7; not committed yet".
    pub title: Text,
    /// Whether it can be selected.
    pub selects: bool,
}

/// Something that covers offsets.
#[derive(Clone, Debug, PartialEq)]
pub struct StretchVm {
    /// The first offset within the line.
    pub from: Offset,
    /// The offset after the last within the line.
    pub to: Offset,
    /// What it is called.
    pub text: Text,
    /// What kind.
    pub kind: StretchKind,
    /// Whether it began in an earlier line, and goes on in a later one.
    pub open_ends: (bool, bool),
}

/// What covers offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub enum StretchKind {
    Segment,
    ActiveSegment,
    Epoch,
    Open,
    Committed,
    Aborted,
}

/// A border between two offsets.
#[derive(Clone, Debug, PartialEq)]
pub struct PinVm {
    /// It stands before this offset.
    pub at: Offset,
    /// "HW 70".
    pub text: Text,
    /// Which.
    pub kind: PinKind,
}

/// Which border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say it")]
pub enum PinKind {
    LogStart,
    OnDisk,
    LastStable,
    HighWatermark,
}

/// What a kind of reader is given.
#[derive(Clone, Debug, PartialEq)]
pub struct ReaderVm {
    /// "read_committed".
    pub name: Text,
    /// The newest records it is given, oldest first.
    pub faces: Vec<Face>,
    /// "up to the last stable offset 65".
    pub text: Text,
}

/// One thing that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownVm {
    /// "in sync".
    pub label: Text,
    /// "{1, 2}".
    pub value: Text,
    /// Its colour.
    pub tone: Tone,
}
