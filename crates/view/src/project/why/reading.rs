//! Why a member lost a partition, and why a group has not read a record.
//!
//! Invariant: the answer to a loss is that of the moment asked about, however far the run has gone since.

#![allow(clippy::wildcard_enum_match_arm, reason = "an answer looks for a few facts only")]

use super::super::Sight;
use super::super::clients::committed;
use super::answer::{Answer, Step};
use super::cluster::{harm, harms};
use super::group::{given, given_up, started_step, starts, trigger};
use crate::picture::Moment;
use crate::view_model::Tone;
use crate::words;
use kafkascope_model::ids::{Name, NodeId, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, PositionSource, TraceEvent};

/// Why a member lost a partition with the fact of number `seq`.
pub(super) fn lost(
    sight: &Sight<'_>,
    group: &Name,
    tp: TopicPartition,
    seq: u64,
) -> Option<Answer> {
    let event = sight.session.trace().get(seq)?;
    let gains = |event: &TraceEvent| matches!(&event.fact, Fact::Assigned { partitions, .. } if partitions.contains(&tp));
    let of_group =
        |event: &TraceEvent| sight.directory.config(event.node, "group.id") == Some(group);
    let (loser, name) = (event.node, sight.partition(tp));
    let after = |from| {
        let trace = sight.session.trace();
        trace.range(from, trace.end()).find(|event| gains(event) && of_group(event))
    };
    let next = after(seq + 1);
    let mut steps = round(sight, group, seq);
    steps.push(match &event.fact {
        Fact::Revoked { .. } | Fact::Lost { .. } => given_up(sight, event),
        _ => harm(sight, event, loser),
    });
    steps.extend(next.map(|event| given(sight, event)));
    let answer = Answer::new(format!("Why did {} lose {name}?", sight.name(loser)), steps);
    let Some(next) = next else {
        return Some(answer.verdict(Tone::Bad, "Nobody has read it since."));
    };
    let paused = words::span(next.at.since(event.at));
    let answer = if next.node == loser {
        answer.verdict(Tone::Agreed, format!("It got it back after {paused}."))
    } else {
        answer.verdict(
            Tone::Agreed,
            format!("{} has it now; nobody read it for {paused}.", sight.title(next.node)),
        )
    };
    Some(answer.meaning(match &event.fact {
        Fact::Revoked { .. } if next.node == loser => {
            "In an eager rebalance a member gives up everything before it joins, even what it gets back."
        }
        Fact::Revoked { .. } => "It was told before, so that it could commit what it had read.",
        Fact::Lost { .. } => "It was no member any more: what it had not committed is read again by the next.",
        _ => "Until session.timeout.ms has passed nobody knows; what it had not committed is read again.",
    }))
}

/// The rebalance around a fact: what led to it, and its beginning.
fn round(sight: &Sight<'_>, group: &Name, seq: u64) -> Vec<Step> {
    let trace = sight.session.trace();
    let last_stable = |event: &&TraceEvent| matches!(&event.fact, Fact::GroupStable { group: of, .. } if of == group);
    let since = trace.range(0, seq).rev().find(last_stable).map_or(0, |event| event.seq);
    // A member may give up before the coordinator has begun, or because it has.
    let before = trace.range(since, seq).find(|event| starts(event, group));
    let started =
        before.or_else(|| trace.range(seq, trace.end()).find(|event| starts(event, group)));
    let Some(started) = started else { return Vec::new() };
    let mut steps = trigger(sight, group, started);
    steps.push(started_step(group, started));
    steps
}

/// Why a group has not read a record.
pub(super) fn not_read(sight: &Sight<'_>, group: &Name, record: RecordId) -> Option<Answer> {
    let life = sight.observer.ledger.life(record)?;
    let (place, tp) = life.place().zip(life.tp)?;
    let picture = &sight.observer.picture;
    let name = sight.partition(tp);
    let mut steps = Vec::new();
    if let Some(visible) = life.visible {
        steps.push(Step::new(visible, format!("{name} @ {} became visible.", place.offset)));
    }
    let members = picture.consumers.iter().filter(|(_, known)| known.group.as_ref() == Some(group));
    let reader: Option<NodeId> =
        members.clone().find(|(_, known)| known.positions.contains_key(&tp)).map(|(id, _)| *id);
    let set = sight.last(u64::MAX, |event| {
        matches!(&event.fact, Fact::PositionSet { tp: at, offset, .. } if *at == tp && *offset > place.offset)
            && sight.directory.config(event.node, "group.id") == Some(group)
    });
    let question = format!("Why has {group} not read this record?");
    if let Some(event) = set {
        steps.push(skipped(sight, event, &name));
        let answer = Answer::new(question, steps);
        return Some(
            answer
                .verdict(Tone::Bad, format!("{group} began behind it; it will never read it."))
                .meaning("A group reads what follows its position; an earlier record comes back only by a seek or a reset of its offsets."),
        );
    }
    let Some(id) = reader else {
        steps.extend(
            sight
                .last(u64::MAX, |event| starts(event, group))
                .map(|event| started_step(group, event)),
        );
        let answer = Answer::new(question, steps);
        return Some(
            answer
                .verdict(Tone::Agreed, format!("No member of {group} reads {name} at the moment.")),
        );
    };
    steps
        .extend(sight.last(u64::MAX, |event| harms(event, id)).map(|event| harm(sight, event, id)));
    let position =
        picture.consumers.get(&id).and_then(|known| known.positions.get(&tp).copied().flatten());
    let at = position.or_else(|| committed(sight, group, tp));
    let verdict = match at {
        Some(at) => format!(
            "{} reads {name} and stands at {at}: {} before this one.",
            sight.title(id),
            words::count((place.offset - at).max(0) as u64, "record", "records")
        ),
        None => format!("{} has {name} and no position in it yet.", sight.title(id)),
    };
    let work = sight.directory.nodes.get(&id).map(|info| info.work.clone()).unwrap_or_default();
    let meaning = if work.is_empty() {
        "It comes with one of the next polls.".to_string()
    } else {
        format!("Its application works {work}; the record comes with one of the next polls.")
    };
    Some(Answer::new(question, steps).verdict(Tone::Agreed, verdict).meaning(meaning))
}

fn skipped(sight: &Sight<'_>, event: &TraceEvent, name: &str) -> Step {
    let Fact::PositionSet { offset, source, .. } = &event.fact else {
        return Step::new(Moment::of(event), "");
    };
    let who = sight.title(event.node);
    let (text, because) = match source {
        PositionSource::Committed => {
            (format!("{who} went on at {offset}, where the group had committed."), None)
        }
        PositionSource::Reset => (
            format!("{who} found no committed offset and began {name} at {offset}."),
            sight.directory.setting(event.node, "auto.offset.reset"),
        ),
        PositionSource::Seek => {
            (format!("{who} sought {name} to {offset}."), Some("seek".to_string()))
        }
    };
    Step::new(Moment::of(event), text).because(because)
}
