//! The messages under way at a moment, as a list.
//!
//! While time runs they pass too quickly to be read, so the list waits. Invariant: every row can be selected.

use super::super::Sight;
use super::batches_of;
use crate::ui::Selection;
use crate::view_model::Tone;
use crate::view_model::clock::stage_time;
use crate::view_model::inspector::RowVm;
use crate::view_model::request::{UnderWayRowVm, UnderWayVm};
use crate::words;
use kafkascope_kernel::SimTime;
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::{Envelope, Payload};

/// The most rows.
const ROWS: usize = 40;

/// Everything under way, if the user wishes to see it.
pub(in super::super) fn under_way(sight: &Sight<'_>) -> Option<UnderWayVm> {
    if !sight.ui.under_way {
        return None;
    }
    if sight.ui.playing {
        return Some(UnderWayVm { running: true, ..UnderWayVm::default() });
    }
    let mut rows: Vec<_> =
        sight.session.world().flights().filter_map(|envelope| row(sight, envelope)).collect();
    // What moves records and groups comes before heartbeats and empty fetches.
    rows.sort_by_key(|(matters, _)| !matters);
    let more = rows.len().saturating_sub(ROWS) as u32;
    rows.truncate(ROWS);
    Some(UnderWayVm { rows: rows.into_iter().map(|(_, row)| row).collect(), more, running: false })
}

/// What is under way between two nodes, as rows of the link's state; nothing while time runs.
pub(in super::super) fn on_link(sight: &Sight<'_>, a: NodeId, b: NodeId) -> Vec<RowVm> {
    if sight.ui.playing {
        return Vec::new();
    }
    let flights = sight.session.world().flights();
    let between = |envelope: &&Envelope| {
        let ends = (envelope.from(), envelope.to());
        ends == (a, b) || ends == (b, a)
    };
    let rows = flights.filter(between).filter_map(|envelope| row(sight, envelope));
    let rows = rows.take(ROWS).map(|(_, row)| RowVm {
        label: row.ends,
        value: if row.answer {
            format!("answer to {}", row.api).as_str().into()
        } else {
            row.api.into()
        },
        tone: if row.bad { Tone::Bad } else { Tone::Plain },
        link: row.about,
    });
    rows.collect()
}

fn row(sight: &Sight<'_>, envelope: &Envelope) -> Option<(bool, UnderWayRowVm)> {
    let (api, answer, bad) = match &envelope.payload {
        Payload::Request(request) => (request.key().name(), false, false),
        Payload::Response(response) => {
            (response.key().name(), true, !response.first_error().is_ok())
        }
        Payload::Reset => return None,
    };
    let records: usize =
        batches_of(&envelope.payload).iter().map(|batch| batch.records.len()).sum();
    let detail = match (records, envelope.due_at) {
        (_, SimTime::END) => "held back".to_string(),
        (0, due) => format!("arrives {}", stage_time(due)),
        (records, _) => words::count(records as u64, "record", "records"),
    };
    let ends = format!("{} to {}", sight.name(envelope.from()), sight.name(envelope.to()));
    let row = UnderWayRowVm {
        api,
        answer,
        bad,
        ends: ends.as_str().into(),
        detail: detail.as_str().into(),
        about: Selection::Message(envelope.id, envelope.sent_at),
    };
    Some((super::super::scene::matters(envelope), row))
}
