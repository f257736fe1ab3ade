//! Sentences about leaders, followers and what is cut off.
//!
//! Invariant: a loss is told when it is certain, with how many records and whose.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Telling};
use crate::ui::{Question, Selection};
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_model::ids::{LeaderEpoch, Offset, TopicPartition};
use kafkascope_model::log::retention::WhyDeleted;
use kafkascope_model::trace::{Fact, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    match &event.fact {
        Fact::BecameLeader { tp, epoch, log_end } => {
            became_leader(event, *tp, *epoch, *log_end, context)
        }
        Fact::Truncated { tp, from, to } if from > to && !context.is_internal(*tp) => {
            let gone = words::count(u64::try_from(from - to).ok()?, "record", "records");
            let text = format!(
                "{} cuts {} back from {from} to {to}: {gone} that the leader does not have.",
                context.title(node),
                context.partition(*tp)
            );
            let about = Selection::Replica(node, *tp);
            Some(Telling::plain(text, about).tone(Tone::Bad).marked(MarkKind::Loss, "log cut"))
        }
        Fact::ReplicaLagging { tp, replica, lag } if !context.is_internal(*tp) => {
            let behind = words::count(lag.unsigned_abs(), "record", "records");
            let text = format!(
                "Broker {replica} is {behind} behind in {}: the leader proposes to drop it from the ISR.",
                context.partition(*tp)
            );
            Some(Telling::plain(text, Selection::Replica(*replica, *tp)))
        }
        Fact::ReplicaCaughtUp { tp, replica } if !context.is_internal(*tp) => {
            let text = format!(
                "Broker {replica} has caught up in {}: the leader proposes to take it back into the ISR.",
                context.partition(*tp)
            );
            Some(Telling::plain(text, Selection::Replica(*replica, *tp)))
        }
        Fact::IsrProposalAnswered { tp, error } if !error.is_ok() => {
            let text = format!(
                "The controller refused {}'s proposal for the ISR of {}: {}.",
                context.name(node),
                context.partition(*tp),
                error.name()
            );
            Some(Telling::plain(text, Selection::Partition(*tp)).tone(Tone::Bad))
        }
        Fact::AppendRefused { tp, error } => {
            let text = format!(
                "{} refused a batch of {}: {}.",
                context.title(node),
                context.partition(*tp),
                error.name()
            );
            let topic = format!("append {node} {tp:?} {}", error.name());
            let telling = Telling::plain(text, Selection::Replica(node, *tp)).tone(Tone::Bad);
            Some(telling.once_in_a_while(topic))
        }
        Fact::DuplicateBatch { tp, .. } => {
            let text = format!(
                "{} has this batch of {} already: it answers as if it were new and appends nothing.",
                context.title(node),
                context.partition(*tp)
            );
            Some(Telling::plain(text, Selection::Replica(node, *tp)))
        }
        _ => cleaned(event, context),
    }
}

/// What left a log on purpose.
fn cleaned(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    match &event.fact {
        Fact::SegmentDeleted { tp, base_offset, why } if !context.is_internal(*tp) => {
            let leads = context.before.leader(*tp) == Some(node);
            let reason = match why {
                WhyDeleted::LogStart => "all of it lies below the log start",
                WhyDeleted::Bytes => "the log is larger than retention.bytes",
                WhyDeleted::Time => "its newest record is older than retention.ms",
            };
            let name = context.partition(*tp);
            let text =
                format!("{name}: the segment from offset {base_offset} is deleted: {reason}.");
            leads.then(|| Telling::plain(text, Selection::Replica(node, *tp)))
        }
        Fact::Compacted { tp, up_to, gone } if !gone.is_empty() && !context.is_internal(*tp) => {
            let count: Offset = gone.iter().map(|(from, to)| to - from).sum();
            let records = words::count(count.unsigned_abs(), "record", "records");
            let text = format!(
                "{} compacted {} below offset {up_to}: {records} went, for newer ones with their keys or for good.",
                context.title(node),
                context.partition(*tp)
            );
            Some(Telling::plain(text, Selection::Replica(node, *tp)))
        }
        Fact::LogStart { tp, to } if *to > 0 && !context.is_internal(*tp) => {
            let leads = context.before.leader(*tp) == Some(node);
            let text = format!("{}: the log starts at {to} from now on.", context.partition(*tp));
            leads.then(|| Telling::plain(text, Selection::Partition(*tp)))
        }
        _ => None,
    }
}

fn became_leader(
    event: &TraceEvent,
    tp: TopicPartition,
    epoch: LeaderEpoch,
    log_end: Offset,
    context: &Context<'_>,
) -> Option<Telling> {
    let node = event.node;
    let partition = context.before.partitions.get(&tp);
    let from_another = partition.and_then(|known| known.previous).is_some_and(|old| old != node);
    let led =
        context.before.replicas.get(&(node, tp)).is_some_and(|replica| replica.leads.is_some());
    if context.is_internal(tp) || !from_another || led {
        return None;
    }
    let name = context.partition(tp);
    let (lost, dropped) = casualties(event, context);
    let took =
        format!("{} took over {name} with epoch {epoch} at offset {log_end}.", context.title(node));
    let title = format!("Broker {node} is now leader of {name}, epoch {epoch}.");
    let about = Selection::Partition(tp);
    if lost > 0 {
        let records = words::count(lost, "acknowledged record", "acknowledged records");
        let verb = if lost == 1 { "is" } else { "are" };
        let record = context.ledger.lost().last().copied();
        let reason = format!("{records} {verb} lost: broker {node} never had {}.", them(lost));
        return Some(
            Telling::plain(format!("{took} {reason}"), record.map_or(about, Selection::Record))
                .tone(Tone::Bad)
                .marked(MarkKind::Loss, format!("{lost} lost"))
                .called_out(title, reason, record.map(Question::RecordLost)),
        );
    }
    let reason = if dropped > 0 {
        let records = words::count(dropped, "record", "records");
        format!(
            "{records} it lacks {} never acknowledged: the producer sends {} again.",
            was(dropped),
            them(dropped)
        )
    } else {
        "It was in the ISR, so it has every record that was acknowledged.".to_string()
    };
    let telling = Telling::plain(took, about).tone(Tone::Strong);
    Some(telling.called_out(title, reason, Some(Question::Leader(tp))))
}

/// How many records went with this change of leader: acknowledged ones, and others.
fn casualties(event: &TraceEvent, context: &Context<'_>) -> (u64, u64) {
    let here = |seq: u64| seq == event.seq;
    let gone =
        context.ledger.lives().filter(|(_, life)| life.loss.is_some_and(|l| here(l.moment.seq)));
    gone.fold((0, 0), |(lost, dropped), (_, life)| {
        if life.is_acknowledged() { (lost + 1, dropped) } else { (lost, dropped + 1) }
    })
}

const fn them(count: u64) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

const fn was(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}
