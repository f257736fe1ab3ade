//! What is known of a partition and of one of its logs, in rows and sentences.
//!
//! Invariant: what is not as it should be is said in words and in red.

use super::Place;
use crate::project::Sight;
use crate::view_model::log::KnownVm;
use crate::view_model::{Text, Tone};
use crate::words;
use kafkascope_model::controller::records::PartitionState;
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::node::Node;

/// How many producers are named.
const PRODUCERS: usize = 4;

/// The partition as the active controller has it, else as any broker has.
#[allow(clippy::wildcard_enum_match_arm, reason = "one role of several")]
fn state(sight: &Sight<'_>, tp: TopicPartition) -> Option<PartitionState> {
    let world = sight.session.world();
    let of_controller = world.processes().find_map(|(_, process)| match &process.node {
        Node::Controller(controller) if controller.is_active() => {
            Some(controller.image().partition(tp)?.clone())
        }
        _ => None,
    });
    of_controller.or_else(|| {
        world.processes().find_map(|(id, _)| {
            sight.session.world().broker(id)?.metadata.image().partition(tp).cloned()
        })
    })
}

/// Eligible leaders and a reassignment, where there are any.
pub fn moving(sight: &Sight<'_>, tp: TopicPartition) -> Vec<(&'static str, String)> {
    let Some(state) = state(sight, tp) else { return Vec::new() };
    let lists: [(&'static str, &[NodeId]); 4] = [
        ("eligible (ELR)", &state.elr),
        ("last known leader", &state.last_known_elr),
        ("being added", &state.adding),
        ("being removed", &state.removing),
    ];
    let named = lists.into_iter().filter(|(_, ids)| !ids.is_empty());
    let mut rows: Vec<_> = named.map(|(label, ids)| (label, words::set(ids))).collect();
    if state.recovering {
        rows.push(("recovery", "RECOVERING, after an unclean election".to_string()));
    }
    rows
}

/// The partition and the log in rows.
pub fn rows(sight: &Sight<'_>, place: &Place<'_>) -> Vec<KnownVm> {
    let (log, mut rows) = (&place.replica.log, Vec::new());
    let mut row = |label: &str, value: String, tone: Tone| {
        rows.push(KnownVm { label: label.into(), value: value.as_str().into(), tone });
    };
    if let Some(state) = state(sight, place.tp) {
        let leader = match state.leader {
            NodeId::NONE => "nobody".to_string(),
            id => sight.directory.name(id).to_string(),
        };
        row("leader", format!("{leader}, epoch {}", state.leader_epoch), Tone::Plain);
        let behind = state.isr.len() < state.replicas.len();
        let tone = if behind { Tone::Bad } else { Tone::Good };
        let isr = format!("{} of {}", words::set(&state.isr), words::set(&state.replicas));
        row("in sync", isr, tone);
    }
    for (label, value) in moving(sight, place.tp) {
        row(label, value, Tone::Agreed);
    }
    let (start, stable, hw, end) =
        (log.log_start(), log.last_stable_offset(), log.high_watermark(), log.log_end());
    row("log start, end", format!("{start}, {end}"), Tone::Plain);
    row("high watermark", hw.to_string(), Tone::Agreed);
    if stable < hw {
        row("last stable offset", stable.to_string(), Tone::Bad);
    }
    let bytes: u64 = log.segments().iter().map(|segment| segment.size_bytes).sum();
    row("size", format!("{} bytes", words::grouped(bytes)), Tone::Plain);
    let on_disk = log.page_cache().on_disk().min(end);
    let unsafe_records = (end - on_disk).max(0);
    let cache = match unsafe_records {
        0 => "all on disk".to_string(),
        count => format!("{count} in the page cache only"),
    };
    row("page cache", cache, if unsafe_records > 0 { Tone::Agreed } else { Tone::Good });
    for (id, producer) in log.producers().entries().take(PRODUCERS) {
        let (epoch, last) = (producer.epoch, producer.last_sequence());
        let last = if last < 0 { "none yet".to_string() } else { last.to_string() };
        row(&format!("producer {id}"), format!("epoch {epoch}, last sequence {last}"), Tone::Plain);
    }
    rows
}

/// Why its borders are where they are.
pub fn says(sight: &Sight<'_>, place: &Place<'_>) -> Vec<Text> {
    let log = &place.replica.log;
    let mut says = Vec::new();
    let (stable, hw) = (log.last_stable_offset(), log.high_watermark());
    let open = log.producers().transactions().ongoing().next();
    if stable < hw {
        let why = match open.filter(|(first, _)| *first == stable) {
            Some((first, id)) => {
                format!("producer {id} opened a transaction at {first} and has not ended it")
            }
            None => "the marker that ends a transaction there is not replicated yet".to_string(),
        };
        says.push(format!("Readers of committed records stop at {stable}: {why}."));
    }
    if let Some(leadership) = &place.replica.leadership {
        let min = leadership.min_isr(&place.replica.config);
        if leadership.is_under_min_isr(&place.replica.config) {
            let isr = words::set(&leadership.isr);
            says.push(format!(
                "The high watermark stands still: in sync are {isr}, min.insync.replicas is {min}."
            ));
        }
    } else if hw < log.log_end() {
        says.push("A follower learns the high watermark with its next fetch, so it is often a little behind.".to_string());
    }
    if log.log_start() > 0 {
        let start = log.log_start();
        says.push(format!("Below {start} records were deleted, by retention or on request; offsets never begin again."));
    }
    let page = log.page_cache().on_disk();
    if page < log.log_end() {
        says.push("What is in the page cache only is lost in a power cut, not when the process is killed.".to_string());
    }
    if !sight.observer.picture.is_up(place.broker.id) {
        says.insert(0, "The broker does not run: this is what lies on its disk.".to_string());
    }
    says.iter().map(|text| text.as_str().into()).collect()
}
