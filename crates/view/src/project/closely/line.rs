//! The offsets of a log, line by line, with what covers them.
//!
//! Invariant: everything that covers offsets is cut where a line ends, and says that it goes on.

use super::{Place, batches, face, is_aborted, is_chosen};
use crate::project::Sight;
use crate::view_model::log::{LineVm, LogCellVm, PinKind, PinVm, StretchKind, StretchVm};
use crate::view_model::{CellLook, CellVm, Face, Glyph};
use crate::words;
use kafkascope_model::ids::{Offset, ProducerId, RecordId};
use kafkascope_model::log::batch::ControlType;
use kafkascope_model::log::{Batch, Record};
use std::collections::BTreeMap;

/// What lines are made from.
pub(super) struct Lines<'a> {
    pub sight: &'a Sight<'a>,
    pub place: &'a Place<'a>,
    pub per_line: Offset,
    pub first: Offset,
    pub end: Offset,
}

/// Something that covers offsets, before it is cut into lines.
struct Stretch {
    from: Offset,
    to: Offset,
    kind: StretchKind,
    text: String,
}

impl Lines<'_> {
    /// All of them, from old to new.
    pub fn all(&self) -> Vec<LineVm> {
        let (segments, epochs, transactions) =
            (self.segments(), self.epochs(), self.transactions());
        let starts = (self.first..self.end).step_by(usize::try_from(self.per_line).unwrap_or(1));
        let line = |first: Offset| {
            let end = first + self.per_line;
            let cells = self.cells(first, end);
            LineVm {
                first,
                end,
                spoken: self.spoken(first, end.min(self.end), &cells).as_str().into(),
                cells,
                segments: cut(&segments, first, end),
                epochs: cut(&epochs, first, end),
                transactions: cut(&transactions, first, end),
                pins: self.pins(first, end),
            }
        };
        starts.map(line).collect()
    }

    fn cells(&self, first: Offset, end: Offset) -> Vec<LogCellVm> {
        let log = self.place.log();
        let mut cells = Vec::new();
        let mut next = first.max(log.log_start());
        for batch in batches(log, first).take_while(|batch| batch.base_offset < end) {
            for record in batch.records.iter() {
                let offset = batch.offset_of(record);
                if !(first..end).contains(&offset) {
                    continue;
                }
                (next..offset).for_each(|gone| cells.push(self.gone(gone)));
                cells.push(self.cell(batch, record));
                next = offset + 1;
            }
        }
        let rest = end.min(log.log_end());
        (next..rest).for_each(|gone| cells.push(self.gone(gone)));
        cells
    }

    fn cell(&self, batch: &Batch, record: &Record) -> LogCellVm {
        let log = self.place.log();
        let offset = batch.offset_of(record);
        let aborted = is_aborted(log, batch);
        let is_old = offset < log.log_start();
        let (look, word) = if is_old {
            (CellLook::Faded, "below the log start: nobody can read it any more")
        } else if aborted {
            (CellLook::Faded, "of an aborted transaction")
        } else if offset >= log.high_watermark() {
            (CellLook::Dashed, "not committed yet: nobody can read it")
        } else {
            (CellLook::Solid, "committed")
        };
        let face = match batch.control {
            Some(ControlType::Commit) => marker(Glyph::Commit),
            Some(ControlType::Abort) => marker(Glyph::Abort),
            Some(ControlType::LeaderChange) => Face::KEYLESS,
            None if record.value.is_none() && record.key.is_some() => {
                Face { glyph: Glyph::Slash, ..face(self.sight, record.id) }
            }
            None => face(self.sight, record.id),
        };
        let selected = is_chosen(self.sight, record.id);
        let title = format!(
            "{} @ {offset}: {}{}; {word}",
            self.sight.partition(self.place.tp),
            what(batch, record),
            by_whom(batch, record),
        );
        LogCellVm {
            cell: CellVm { offset, record: record.id, face, look, selected },
            title: title.as_str().into(),
            selects: record.id != RecordId::INTERNAL,
        }
    }

    fn gone(&self, offset: Offset) -> LogCellVm {
        let name = self.sight.partition(self.place.tp);
        let title = format!("{name} @ {offset}: compacted away; the offset stays");
        let (record, face, look) = (RecordId::INTERNAL, Face::KEYLESS, CellLook::Gone);
        let cell = CellVm { offset, record, face, look, selected: false };
        LogCellVm { cell, title: title.as_str().into(), selects: false }
    }

    fn spoken(&self, first: Offset, end: Offset, cells: &[LogCellVm]) -> String {
        let count = |is: fn(&CellVm) -> bool| cells.iter().filter(|c| is(&c.cell)).count() as u64;
        let is_marker = |cell: &CellVm| matches!(cell.face.glyph, Glyph::Commit | Glyph::Abort);
        let markers = count(is_marker);
        let gone = count(|cell| cell.look == CellLook::Gone);
        let records = cells.len() as u64 - markers - gone;
        let mut parts = vec![words::count(records, "record", "records")];
        if markers > 0 {
            parts.push(words::count(markers, "marker", "markers"));
        }
        if gone > 0 {
            parts.push(format!("{gone} compacted away"));
        }
        format!("Offsets {first} to {}: {}", (end - 1).max(first), parts.join(", "))
    }

    fn segments(&self) -> Vec<Stretch> {
        let log = self.place.log();
        let segments = log.segments();
        let ends = segments.iter().skip(1).map(|segment| segment.base_offset);
        let ends =
            ends.chain([log.log_end().max(segments.last().map_or(0, |s| s.base_offset + 1))]);
        let stretch = |(index, (segment, to)): (
            usize,
            (&kafkascope_model::log::segment::Segment, Offset),
        )| {
            let active = index + 1 == segments.len();
            let kind = if active { StretchKind::ActiveSegment } else { StretchKind::Segment };
            let word = if active { " active" } else { "" };
            let text = format!("{:04}.log{word}", segment.base_offset);
            Stretch { from: segment.base_offset, to, kind, text }
        };
        segments.iter().zip(ends).enumerate().map(stretch).collect()
    }

    fn epochs(&self) -> Vec<Stretch> {
        let entries = self.place.log().epochs().entries();
        let ends = entries.iter().skip(1).map(|(_, start)| *start).chain([self.end]);
        let stretch = |((epoch, from), to): (&(i32, Offset), Offset)| {
            let text = format!("epoch {epoch}");
            Stretch { from: *from, to, kind: StretchKind::Epoch, text }
        };
        entries.iter().zip(ends).map(stretch).collect()
    }

    /// Those that end or are open among the offsets shown; one that began before is known by its state.
    fn transactions(&self) -> Vec<Stretch> {
        let log = self.place.log();
        let mut open: BTreeMap<ProducerId, Offset> = BTreeMap::new();
        let mut all = Vec::new();
        for batch in
            batches(log, self.first).filter(|batch| batch.transactional || batch.control.is_some())
        {
            let id = batch.producer_id;
            let (kind, word) = match batch.control {
                None => {
                    open.entry(id).or_insert(batch.base_offset);
                    continue;
                }
                Some(ControlType::Commit) => (StretchKind::Committed, "committed"),
                Some(ControlType::Abort) => (StretchKind::Aborted, "aborted"),
                Some(ControlType::LeaderChange) => continue,
            };
            if let Some(from) = open.remove(&id) {
                let text = format!("{} {word}", self.whose(id));
                all.push(Stretch { from, to: batch.base_offset + 1, kind, text });
            }
        }
        let ongoing = log.producers().transactions().ongoing();
        all.extend(ongoing.map(|(from, id)| Stretch {
            from,
            to: self.end,
            kind: StretchKind::Open,
            text: format!("{} open", self.whose(id)),
        }));
        all
    }

    /// The producer that has the id now, by its application's name.
    fn whose(&self, id: ProducerId) -> String {
        let producers = &self.sight.observer.picture.producers;
        let known = producers.iter().find(|(_, p)| p.identity.is_some_and(|(own, _)| own == id));
        known.map_or_else(|| format!("producer {id}"), |(node, _)| self.sight.name(*node))
    }

    fn pins(&self, first: Offset, end: Offset) -> Vec<PinVm> {
        let log = self.place.log();
        let (hw, stable) = (log.high_watermark(), log.last_stable_offset());
        let on_disk = log.page_cache().on_disk().min(log.log_end());
        let mut pins = vec![(hw, PinKind::HighWatermark, format!("HW {hw}"))];
        if stable < hw {
            pins.push((stable, PinKind::LastStable, format!("LSO {stable}")));
        }
        if log.log_start() > 0 {
            let at = log.log_start();
            pins.push((at, PinKind::LogStart, format!("log start {at}")));
        }
        if on_disk < log.log_end() && on_disk > log.log_start() {
            pins.push((on_disk, PinKind::OnDisk, format!("on disk below {on_disk}")));
        }
        let last_line = end >= self.end;
        let inside = |at: Offset| (first..end).contains(&at) || (last_line && at == end);
        let pins = pins.into_iter().filter(|(at, ..)| inside(*at));
        pins.map(|(at, kind, text)| PinVm { at, kind, text: text.as_str().into() }).collect()
    }
}

const fn marker(glyph: Glyph) -> Face {
    Face { tint: Face::NEUTRAL, glyph }
}

fn what(batch: &Batch, record: &Record) -> String {
    match batch.control {
        Some(ControlType::Commit) => return "commit marker".to_string(),
        Some(ControlType::Abort) => return "abort marker".to_string(),
        Some(ControlType::LeaderChange) => return "leader change".to_string(),
        None => {}
    }
    let key = record.key.as_ref().map(|key| words::bytes(key, 24));
    let value = record.value.as_ref().map(|value| words::bytes(value, 40));
    match (key, value) {
        (Some(key), Some(value)) => format!("{key} = {value}"),
        (Some(key), None) => format!("tombstone of {key}"),
        (None, Some(value)) => value,
        (None, None) => "a record without key and value".to_string(),
    }
}

fn by_whom(batch: &Batch, record: &Record) -> String {
    if batch.producer_id < 0 {
        return String::new();
    }
    let by = format!(", by producer {}, epoch {}", batch.producer_id, batch.producer_epoch);
    if batch.base_sequence < 0 {
        return by;
    }
    format!("{by}, sequence {}", batch.base_sequence.wrapping_add(record.offset_delta) & i32::MAX)
}

/// What reaches into a line, cut at its ends.
fn cut(all: &[Stretch], first: Offset, end: Offset) -> Vec<StretchVm> {
    let inside = all.iter().filter(|stretch| stretch.from < end && stretch.to > first);
    let part = |stretch: &Stretch| StretchVm {
        from: stretch.from.max(first),
        to: stretch.to.min(end),
        text: stretch.text.as_str().into(),
        kind: stretch.kind,
        open_ends: (stretch.from < first, stretch.to > end),
    };
    inside.map(part).collect()
}
