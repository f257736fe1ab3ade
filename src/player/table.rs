//! A dropped table: shown first, then sent by an application of its own.
//!
//! Invariant: nothing is sent before the viewer says so, and no row vanishes without a word.

use super::Player;
use crate::wish::TableWish;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Limits, Micros};
use kafkascope_model::client::producer::partitioner::partition_for_key;
use kafkascope_model::command::{Command, ProducerSpec};
use kafkascope_model::ids::{Bytes, Name};
use kafkascope_model::workload::{NewRecord, Workload};
use kafkascope_scenario::Problem;
use kafkascope_scenario::table::{Columns, Format, Row, Table};
use kafkascope_view::view_model::table_preview::{BadRowVm, ColumnRole, ColumnVm, TableRowVm};
use kafkascope_view::view_model::{Face, TablePreviewVm, Text};
use kafkascope_view::words;
use std::rc::Rc;

/// Rows shown before they are sent.
const SHOWN: usize = 8;
/// Letters of a field that are shown.
const FIELD: usize = 32;
/// The shortest time between two rows.
const EVERY: Micros = Micros::from_ms(200);

/// A table that waits to be sent.
pub struct Dropped {
    file: String,
    table: Table,
    key: Option<usize>,
    /// Whether rows that cannot be read are left out.
    pub skip_bad: bool,
    /// What is shown of it.
    pub preview: Rc<TablePreviewVm>,
}

impl Player {
    /// The table that waits, if there is one.
    pub const fn table(&self) -> Option<&Dropped> {
        self.table.as_ref()
    }

    /// Reads a dropped file.
    pub fn drop_file(&mut self, name: &str, content: &str) -> Result<(), Text> {
        let format = Format::of(name).ok_or_else(|| {
            Text::from(format!(
                "{name} is not a table: its name should end in .csv, .tsv, .ndjson or .json."
            ))
        })?;
        let limit = Limits::WEB.table_rows;
        let table = Table::parse(name, content.as_bytes(), format, limit);
        let table = table.map_err(|problem: Problem| Text::from(problem.to_string()))?;
        let key = (!table.columns.is_empty()).then_some(0);
        let preview = Rc::default();
        self.table = Some(Dropped { file: name.to_string(), table, key, skip_bad: false, preview });
        self.show_table();
        Ok(())
    }

    /// Changes something in the preview, or sends the rows.
    pub fn change_table(&mut self, wish: &TableWish) -> Result<(), Text> {
        let Some(dropped) = &mut self.table else { return Ok(()) };
        match wish {
            TableWish::Role(column, ColumnRole::Key) => dropped.key = Some(*column),
            TableWish::Role(_, ColumnRole::Value | ColumnRole::Timestamp | ColumnRole::Ignored) => {
                dropped.key = None;
            }
            TableWish::SkipBad(skip) => dropped.skip_bad = *skip,
            TableWish::Send => return self.send_table(),
        }
        self.show_table();
        Ok(())
    }

    /// The table is put away.
    pub fn forget_table(&mut self) {
        self.table = None;
    }

    fn send_table(&mut self) -> Result<(), Text> {
        let Some(dropped) = &self.table else { return Ok(()) };
        let (topic, _) = self.target().ok_or("There is no topic to send to yet.")?;
        let events = dropped.records().map_err(|problems| Text::from(problems.join("; ")))?;
        let stem = dropped.file.rsplit_once('.').map_or(dropped.file.as_str(), |(stem, _)| stem);
        let pace = self.session.world().spec().profile.latency.0.max(EVERY.0);
        let spec = ProducerSpec {
            app: Default::default(),
            name: self.free_name(stem),
            config: Vec::new(),
            workload: Some(Workload {
                topic,
                events: events.into(),
                repeat: false,
                every: Micros(pace),
                burst: 1,
                jitter: Micros::ZERO,
                first_after: Micros::ZERO,
            }),
        };
        self.session.submit(Command::AddProducer(spec)).map_err(|error| error.to_string())?;
        self.table = None;
        self.show();
        Ok(())
    }

    fn free_name(&self, stem: &str) -> Name {
        let taken = |name: &str| self.session.world().client_named(name).is_some();
        let numbered = (2..).map(|number| format!("{stem}-{number}"));
        let mut names = core::iter::once(stem.to_string()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_default().as_str().into()
    }

    /// The first topic on the stage, with its number of partitions.
    fn target(&self) -> Option<(Name, i32)> {
        let topics = self.projector.observer().picture.topics.values();
        let mut shown = topics.filter(|topic| !topic.deleted && !topic.name.starts_with("__"));
        shown.next().map(|topic| (topic.name.clone(), topic.partitions.max(1)))
    }

    fn show_table(&mut self) {
        let target = self.target();
        let known = self.projector.observer().ledger.keys().to_vec();
        if let Some(dropped) = &mut self.table {
            dropped.preview = Rc::new(dropped.shown(target.as_ref(), &known));
        }
    }
}

impl Dropped {
    fn columns(&self, skip_malformed: bool) -> Columns {
        let key = self.key.and_then(|at| self.table.columns.get(at).cloned());
        Columns { key, skip_malformed, ..Columns::default() }
    }

    fn records(&self) -> Result<Vec<NewRecord>, Vec<String>> {
        let records = self.table.records(&self.columns(self.skip_bad));
        records.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn shown(&self, target: Option<&(Name, i32)>, known: &[Bytes]) -> TablePreviewVm {
        let sent = self.table.records(&self.columns(true)).unwrap_or_default();
        let mut keys = known.to_vec();
        for key in sent.iter().filter_map(|record| record.key.as_ref()) {
            if !keys.contains(key) && keys.len() < 64 {
                keys.push(key.clone());
            }
        }
        let bad = self.bad();
        let refused = match target {
            None => Some("There is no topic to send to yet; let time run first.".into()),
            Some(_) if sent.is_empty() => Some("No row of it can be sent.".into()),
            Some(_) => None,
        };
        let rows = self.table.rows.iter().take(SHOWN);
        TablePreviewVm {
            file: self.file.as_str().into(),
            columns: self.columns_shown(),
            rows: rows.map(|row| self.row(row, target, &keys)).collect(),
            total: sent.len() as u32,
            spread: spread(&sent, target),
            bad_total: bad.len() as u32,
            bad: bad.into_iter().take(SHOWN).collect(),
            refused,
        }
    }

    fn columns_shown(&self) -> Vec<ColumnVm> {
        let columns = self.table.columns.iter().enumerate();
        let shown = columns.map(|(at, name)| ColumnVm {
            name: name.as_str().into(),
            role: if self.key == Some(at) { ColumnRole::Key } else { ColumnRole::Value },
        });
        shown.collect()
    }

    fn row(&self, row: &Row, target: Option<&(Name, i32)>, keys: &[Bytes]) -> TableRowVm {
        let text = |cell: &Option<_>| {
            cell.as_ref().map_or_else(String::new, |cell: &kafkascope_scenario::table::Cell| {
                cell.text.clone()
            })
        };
        let key = self.key.and_then(|at| row.cells.get(at)).map(text);
        let index = key.as_ref().and_then(|key| keys.iter().position(|k| **k == *key.as_bytes()));
        let partition = key.as_ref().zip(target).map(|(key, (topic, partitions))| {
            format!("{topic}-{}", partition_for_key(key.as_bytes(), *partitions))
        });
        let fields =
            row.cells.iter().map(|cell| words::shortened(&text(cell), FIELD).as_str().into());
        TableRowVm {
            line: row.line,
            fields: fields.collect(),
            face: index.map_or(Face::KEYLESS, Face::of_key),
            partition: partition.unwrap_or_else(|| "any".to_string()).as_str().into(),
        }
    }

    fn bad(&self) -> Vec<BadRowVm> {
        let problems = self.table.records(&self.columns(false)).err().unwrap_or_default();
        let bad = problems.into_iter().map(|problem| BadRowVm {
            line: problem.line,
            reason: problem.message.as_str().into(),
        });
        bad.collect()
    }
}

/// How many rows go to each partition.
fn spread(records: &[NewRecord], target: Option<&(Name, i32)>) -> Vec<(Text, u32)> {
    let Some((topic, partitions)) = target else { return Vec::new() };
    let mut counts: FlatMap<i32, u32> = (0..*partitions).map(|index| (index, 0)).collect();
    for key in records.iter().filter_map(|record| record.key.as_ref()) {
        *counts.entry(partition_for_key(key, *partitions)).or_default() += 1;
    }
    let named =
        counts.into_iter().map(|(at, count)| (format!("{topic}-{at}").as_str().into(), count));
    named.collect()
}
