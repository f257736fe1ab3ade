//! One log, closely: the replica as its broker has it, line by line.
//!
//! It reads the log itself, not the facts, so it shows what is there even if nobody told of it. Invariant: nothing in it changes
//! merely because time passes.

mod known;
mod line;
#[cfg(test)]
mod tests;

use super::Sight;
use super::tapes::{face, is_chosen, role};
use crate::ui::Selection;
use crate::ui_command::UiCommand;
use crate::view_model::log::{LogVm, ReaderVm, TabVm};
use crate::view_model::topology::Role;
use crate::view_model::{Face, Text};
use crate::words;
use kafkascope_model::broker::Broker;
use kafkascope_model::broker::partition::Partition;
use kafkascope_model::ids::{NodeId, Offset, TopicPartition};
use kafkascope_model::log::{Batch, PartitionLog};
pub(super) use known::moving;
use line::Lines;

/// Room that one offset takes, in pixels.
const PITCH: f32 = 30.0;
/// From this width on a third of the page lies beside the log.
const WIDE: f32 = 960.0;
/// How many lines are shown at most.
const LINES: Offset = 3;
/// How many partitions and replicas there are to choose from.
const TABS: usize = 12;
/// How many records a reader's row shows.
const READ: usize = 24;

/// A replica and where it is.
pub(super) struct Place<'a> {
    pub broker: &'a Broker,
    pub tp: TopicPartition,
    pub replica: &'a Partition,
}

impl Place<'_> {
    fn log(&self) -> &PartitionLog {
        &self.replica.log
    }
}

/// The log that the user wishes to see; none if there is no such wish, or no such log.
pub(super) fn log(sight: &Sight<'_>) -> Option<LogVm> {
    let place = place(sight, sight.ui.closely?)?;
    let log = place.log();
    let per_line = per_line(sight.ui.viewport.width);
    let end = log.log_end().max(log.log_start() + 1);
    let first_line = (end - 1) / per_line - (LINES - 1);
    let first = (first_line * per_line).max(log.log_start() / per_line * per_line).max(0);
    let lines = Lines { sight, place: &place, per_line, first, end };
    Some(LogVm {
        name: sight.partition(place.tp).as_str().into(),
        subtitle: subtitle(sight, &place),
        partitions: partitions(sight, place.tp),
        replicas: replicas(sight, &place),
        earlier: (first - log.log_start()).max(0).unsigned_abs(),
        per_line: u32::try_from(per_line).unwrap_or(u32::MAX),
        lines: lines.all(),
        readers: readers(sight, &place),
        rows: known::rows(sight, &place),
        says: known::says(sight, &place),
    })
}

fn per_line(width: f32) -> Offset {
    let own = if width >= WIDE { (width - 72.0) * 2.0 / 3.0 } else { width - 24.0 };
    let room = ((own - 62.0) / PITCH) as Offset;
    (room / 5 * 5).clamp(5, 40)
}

/// The selected replica of the partition, else its leader's, else any.
#[allow(clippy::wildcard_enum_match_arm, reason = "one selection of several")]
fn place<'a>(sight: &Sight<'a>, tp: TopicPartition) -> Option<Place<'a>> {
    let known = sight.observer.picture.partitions.get(&tp)?;
    let selected = match sight.ui.selection {
        Selection::Replica(broker, of) if of == tp => Some(broker),
        _ => None,
    };
    let ids = selected.into_iter().chain([known.leader]).chain(known.replicas.iter().copied());
    ids.into_iter().find_map(|id| {
        let broker = sight.session.world().broker(id)?;
        let replica = broker.replicas.replicas.get(tp)?;
        Some(Place { broker, tp, replica })
    })
}

fn subtitle(sight: &Sight<'_>, place: &Place<'_>) -> Text {
    let count = place.log().segments().len() as u64;
    let segments = words::count(count, "segment", "segments");
    let policy = match place.replica.config.cleanup_policy.compacts() {
        true => " · cleanup.policy=compact",
        false => "",
    };
    let name = sight.directory.name(place.broker.id);
    let word = role_word(role(sight, place.broker.id, place.tp));
    format!("{word} · {name} · {segments}{policy}").as_str().into()
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Leader => "leader",
        Role::InSync => "follower, in sync",
        Role::OutOfSync => "out of the ISR",
        Role::Offline => "not running",
    }
}

fn partitions(sight: &Sight<'_>, shown: TopicPartition) -> Vec<TabVm> {
    let all = sight.observer.picture.partitions.keys().filter(|tp| sight.shows(**tp));
    let mut tabs: Vec<TopicPartition> = all.copied().take(TABS).collect();
    if !tabs.contains(&shown) {
        tabs.push(shown);
    }
    let tab = |tp: TopicPartition| TabVm {
        text: sight.partition(tp).as_str().into(),
        wish: UiCommand::Closely(Some(tp)),
        chosen: tp == shown,
    };
    tabs.into_iter().map(tab).collect()
}

fn replicas(sight: &Sight<'_>, place: &Place<'_>) -> Vec<TabVm> {
    let Some(known) = sight.observer.picture.partitions.get(&place.tp) else { return Vec::new() };
    let tab = |id: &NodeId| {
        let word = role_word(role(sight, *id, place.tp));
        TabVm {
            text: format!("{}: {word}", sight.directory.name(*id)).as_str().into(),
            wish: UiCommand::Select(Selection::Replica(*id, place.tp)),
            chosen: *id == place.broker.id,
        }
    };
    known.replicas.iter().take(TABS).map(tab).collect()
}

/// What readers of both isolation levels get, the newest last.
fn readers(sight: &Sight<'_>, place: &Place<'_>) -> Vec<ReaderVm> {
    let log = place.log();
    let (hw, stable) = (log.high_watermark(), log.last_stable_offset());
    let has_transactions = !log.producers().transactions().aborted().is_empty()
        || log.producers().transactions().ongoing().next().is_some()
        || batches(log, log.log_start()).any(|batch| batch.transactional);
    let row = |name: &str, below: Offset, all: bool, text: String| ReaderVm {
        name: name.into(),
        faces: faces(sight, place, below, all),
        text: text.as_str().into(),
    };
    let mut rows = vec![row(
        "read_uncommitted",
        hw,
        true,
        format!(
            "up to the high watermark {hw}{}",
            if has_transactions { ", aborted ones too" } else { "" }
        ),
    )];
    if has_transactions {
        let text = format!("up to the last stable offset {stable}, without aborted ones");
        rows.push(row("read_committed", stable, false, text));
    }
    rows
}

fn faces(sight: &Sight<'_>, place: &Place<'_>, below: Offset, all: bool) -> Vec<Face> {
    let log = place.log();
    let from = (below - 4 * READ as Offset).max(log.log_start());
    let aborted = |batch: &Batch| is_aborted(log, batch);
    let data =
        batches(log, from).filter(|batch| batch.control.is_none() && (all || !aborted(batch)));
    let records = data
        .flat_map(|batch| batch.records.iter().map(|record| (batch.offset_of(record), record.id)));
    let given: Vec<Face> = records
        .filter(|(offset, _)| (from..below).contains(offset))
        .map(|(_, id)| face(sight, id))
        .collect();
    given[given.len().saturating_sub(READ)..].to_vec()
}

/// Batches from the one that holds `from`, to the log's end.
fn batches(log: &PartitionLog, from: Offset) -> impl Iterator<Item = &Batch> {
    let first = log.segments().partition_point(|segment| segment.base_offset <= from);
    let segments = &log.segments()[first.saturating_sub(1)..];
    segments.iter().flat_map(move |segment| segment.batches_from(from))
}

/// Whether a batch belongs to a transaction that was aborted.
fn is_aborted(log: &PartitionLog, batch: &Batch) -> bool {
    batch.transactional
        && batch.control.is_none()
        && log.producers().transactions().aborted().iter().any(|aborted| {
            aborted.producer_id == batch.producer_id
                && (aborted.first_offset..=aborted.last_offset).contains(&batch.base_offset)
        })
}
