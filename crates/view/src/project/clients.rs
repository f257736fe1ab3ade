//! Applications on the stage: producers with what they hold, groups with their members.
//!
//! Invariant: lag is the leader's high watermark less the position, never below zero.

use super::stage::{acks, process_status};
use super::{Sight, limits};
use crate::directory::NodeInfo;
use crate::layout::ClusterLayout;
use crate::picture::{ConsumerPicture, GroupPicture, Holding, ProducerPicture, QueuedBatch};
use crate::ui::Selection;
use crate::view_model::topology::{GroupVm, MemberVm, ProcessStatus, ProducerVm, QueueVm};
use crate::view_model::{CellLook, CellVm, Text, Tone};
use crate::words;
use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};

/// A lag from which on it is red.
const MUCH: i64 = 12;

/// A producer's card.
pub(super) fn producer(
    sight: &Sight<'_>,
    layout: &ClusterLayout,
    id: NodeId,
    info: &NodeInfo,
) -> ProducerVm {
    let empty = ProducerPicture::default();
    let known = sight.observer.picture.producers.get(&id).unwrap_or(&empty);
    let status = process_status(sight, id);
    let (state, tone) = match limits::waits(sight, id) {
        Some(text) if status == ProcessStatus::Running => (text, Tone::Strong),
        Some(_) | None => producer_state(known, info, status),
    };
    let queues = layout.queues.iter().filter(|queue| queue.producer == id);
    let queues = queues.map(|place| queue(sight, known, place.tp, place.capacity));
    ProducerVm {
        id,
        name: info.name.clone(),
        state: state.as_str().into(),
        tone,
        queues: queues.collect(),
        footer: footer(sight, id).as_str().into(),
        status,
        selected: sight.is_selected(&Selection::Node(id)),
    }
}

fn producer_state(
    known: &ProducerPicture,
    info: &NodeInfo,
    status: ProcessStatus,
) -> (String, Tone) {
    match (status, known.trouble) {
        (ProcessStatus::Stopped, _) => ("stopped".to_string(), Tone::Bad),
        (ProcessStatus::Paused, _) => ("paused".to_string(), Tone::Bad),
        (_, Some((_, error))) => (error.name().to_string(), Tone::Bad),
        (_, None) if info.work.is_empty() => ("producer".to_string(), Tone::Quiet),
        (_, None) => (format!("producer · {}", info.work), Tone::Quiet),
    }
}

fn footer(sight: &Sight<'_>, id: NodeId) -> String {
    let config = |key| sight.directory.config(id, key);
    let acks = format!("acks={}", acks(config("acks").unwrap_or("all")));
    let idempotent = config("enable.idempotence").is_some_and(|value| value == "true");
    if idempotent { format!("{acks} · idempotent") } else { acks }
}

/// What waits for one partition, or for all of them.
fn queue(
    sight: &Sight<'_>,
    known: &ProducerPicture,
    tp: Option<TopicPartition>,
    capacity: u16,
) -> QueueVm {
    let open: Vec<&QueuedBatch> = match tp {
        Some(tp) => known.open.get(&tp).into_iter().flatten().collect(),
        None => known.open_records().map(|(_, open)| open).collect(),
    };
    let places = usize::from(capacity.max(1));
    // A note and a counter want room when the row is full.
    let shown = if open.len() > places { places.saturating_sub(1) } else { open.len() };
    let cells = open.iter().take(shown).map(|open| CellVm {
        offset: -1,
        record: open.record,
        face: sight.observer.ledger.face(open.record),
        look: CellLook::Solid,
        selected: sight.ui.follow == Some(open.record)
            || sight.is_selected(&Selection::Record(open.record)),
    });
    let (note, tone) = open.first().map_or(("", Tone::Quiet), |first| holding(**first));
    let name = tp.map(|tp| sight.partition(tp)).unwrap_or_default();
    QueueVm {
        tp: tp.unwrap_or(TopicPartition::new(kafkascope_model::ids::TopicId::ZERO, 0)),
        name: name.as_str().into(),
        cells: cells.collect(),
        more: (open.len() - shown) as u32,
        note: note.into(),
        tone,
    }
}

const fn holding(open: QueuedBatch) -> (&'static str, Tone) {
    match open.holding {
        Holding::Waiting => ("batching", Tone::Quiet),
        Holding::Sent => ("sent", Tone::Quiet),
        Holding::Retrying => ("retry", Tone::Bad),
    }
}

/// A group's card.
pub(super) fn group(sight: &Sight<'_>, name: &Name, index: usize, members: &[NodeId]) -> GroupVm {
    let known = sight.observer.picture.groups.get(name);
    let numbered = members.iter().enumerate();
    let members: Vec<MemberVm> =
        numbered.map(|(place, id)| member(sight, *id, index + place)).collect();
    let state = known.map_or("", |group| group.state);
    let tone = match state {
        "Stable" => Tone::Good,
        "PreparingRebalance" | "CompletingRebalance" => Tone::Agreed,
        _ => Tone::Quiet,
    };
    let detail = known.map_or_else(String::new, |group| {
        let word = if group.shares { "shares, epoch" } else { "generation" };
        format!("{word} {}", group.generation)
    });
    let lag = match known {
        Some(group) if group.shares => shared_lag(sight, group),
        Some(_) | None => members.iter().map(|member| member.lag).sum(),
    };
    GroupVm {
        group: name.clone(),
        letter: letter(name),
        hue: (index % 6) as u8,
        detail: detail.as_str().into(),
        state: state.into(),
        tone,
        lag,
        members,
        coordinator: known.and_then(|group| group.coordinator),
        selected: sight.is_selected(&Selection::Group(name.clone())),
    }
}

/// Records that a share group has not finished, by its start offsets: its members have no positions.
fn shared_lag(sight: &Sight<'_>, group: &GroupPicture) -> i64 {
    let picture = &sight.observer.picture;
    let starts = group.committed.iter().filter_map(|((topic, partition), (_, start))| {
        Some((picture.partition_named(topic, *partition)?, *start))
    });
    starts.map(|(tp, start)| lag(sight, tp, Some(start))).sum()
}

fn member(sight: &Sight<'_>, id: NodeId, hue: usize) -> MemberVm {
    let empty = ConsumerPicture::default();
    let known = sight.observer.picture.consumers.get(&id).unwrap_or(&empty);
    let lag: i64 = known.positions.iter().map(|(tp, at)| lag(sight, *tp, *at)).sum();
    let status = process_status(sight, id);
    let faces = known.in_hand.iter().map(|record| sight.observer.ledger.face(*record));
    MemberVm {
        id,
        name: sight.directory.name(id),
        hue: (hue % 6) as u8,
        partitions: known.positions.keys().map(|tp| sight.partition(*tp).as_str().into()).collect(),
        state: member_state(sight, id, known, status),
        lag,
        lag_tone: if lag >= MUCH { Tone::Bad } else { Tone::Plain },
        in_hand: faces.take(6).collect(),
        status,
        selected: sight.is_selected(&Selection::Node(id)),
    }
}

fn member_state(
    sight: &Sight<'_>,
    id: NodeId,
    known: &ConsumerPicture,
    status: ProcessStatus,
) -> Text {
    use crate::picture::Doing;
    let work = sight.directory.nodes.get(&id).map_or_else(|| "".into(), |info| info.work.clone());
    match (status, known.doing) {
        (ProcessStatus::Stopped, _) => "stopped".into(),
        (ProcessStatus::Paused, _) => "paused".into(),
        (_, Doing::Searching) => "looks for its coordinator".into(),
        (_, Doing::Joining) => "joins".into(),
        (_, Doing::Refreshing) => "refreshes metadata".into(),
        (_, Doing::Lost) => "lost its coordinator".into(),
        (_, Doing::Polling) if limits::waits(sight, id).is_some() => {
            "waits: above its quota".into()
        }
        (_, Doing::Polling) if work.is_empty() => "polls".into(),
        (_, Doing::Polling) => work,
    }
}

/// Records behind the leader's high watermark.
pub(super) fn lag(sight: &Sight<'_>, tp: TopicPartition, position: Option<Offset>) -> i64 {
    let visible = sight.observer.picture.leading(tp).map_or(0, |replica| replica.high_watermark);
    position.map_or(0, |position| (visible - position).max(0))
}

/// What a group committed for a partition.
pub(super) fn committed(sight: &Sight<'_>, group: &Name, tp: TopicPartition) -> Option<Offset> {
    let picture = &sight.observer.picture;
    let topic = picture.topics.get(&tp.topic)?.name.clone();
    let group = picture.groups.get(group)?;
    group.committed.get(&(topic, tp.partition)).map(|(_, offset)| *offset)
}

/// A group's letter.
pub(super) fn letter(group: &Name) -> Text {
    let first: String = group.chars().take(1).collect();
    first.to_uppercase().as_str().into()
}

/// "3 records behind".
pub(super) fn behind(lag: i64) -> String {
    format!("{} behind", words::count(lag.max(0) as u64, "record", "records"))
}
