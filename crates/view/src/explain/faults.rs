//! Sentences about what breaks: single messages, power, disks, clocks.
//!
//! Invariant: a fault is told with what it means for Kafka, in the same breath.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Telling};
use crate::ui::Selection;
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_kernel::Micros;
use kafkascope_model::net::{MessageFault, NextMessage};
use kafkascope_model::trace::{Fact, ThrottledSide, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    let (title, name) = (context.title(node), context.name(node));
    let about = Selection::Node(node);
    let bad = |text: String, mark: &str| {
        let mark = format!("{name}: {mark}");
        Some(Telling::plain(text, about.clone()).tone(Tone::Bad).marked(MarkKind::Fault, mark))
    };
    match &event.fact {
        Fact::MessageAimedAt(next, fault) => {
            let text = format!("The next {} will {}.", message(*next, context), fate(*fault));
            Some(Telling::plain(text, Selection::Link(next.from, next.to)))
        }
        Fact::MessageStruck { message: struck, fault, .. } => {
            Some(struck_down(*struck, *fault, context))
        }
        Fact::ClockSkewed { by_ms: 0 } => {
            Some(Telling::plain(format!("The clock of {name} is right again."), about))
        }
        Fact::ClockSkewed { by_ms } => {
            let by = words::span(Micros(by_ms.unsigned_abs().saturating_mul(1_000)));
            let way = if *by_ms > 0 { "ahead" } else { "behind" };
            bad(format!("The clock of {name} is {by} {way}."), "clock wrong")
        }
        Fact::DiskWiped => bad(
            format!("{title} has a new, empty disk: it must fetch every replica anew."),
            "disk wiped",
        ),
        Fact::DiskSlowed(by) => {
            bad(format!("The disk of {name} is slow: {} a write.", words::span(*by)), "slow disk")
        }
        Fact::DiskFilled => {
            bad(format!("The disk of {name} is full: its next write will fail."), "disk full")
        }
        Fact::DiskHealed => {
            let text = format!("The disk of {name} is sound and has room.");
            let telling = Telling::plain(text, about).tone(Tone::Strong);
            Some(telling.marked(MarkKind::Restart, format!("{name}: disk sound")))
        }
        Fact::LogDirFailed => bad(
            format!("{title} could not write: its only log directory is offline, so it halts."),
            "log directory failed",
        ),
        Fact::QuotaChanged { entity, key, value } => {
            let text = match value {
                Some(limit) => format!("{} of {entity} is {limit} from now on.", key.name()),
                None => format!("{} of {entity} is lifted.", key.name()),
            };
            Some(Telling::plain(text, Selection::None))
        }
        _ => about_throttling(event, context),
    }
}

/// Who is above a quota or a rate.
#[allow(clippy::wildcard_enum_match_arm, reason = "the other facts are told elsewhere")]
fn about_throttling(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let (node, name) = (event.node, context.name(event.node));
    let title = context.title(event.node);
    match &event.fact {
        Fact::Throttled { client, key, ms } => {
            let wait = words::span(Micros::from_ms(ms.unsigned_abs()));
            let text = format!(
                "{} is above its {}: {name} reads nothing more of it for {wait}.",
                context.title(*client),
                key.name()
            );
            let topic = format!("throttled {node} {client} {}", key.name());
            let telling = Telling::plain(text, Selection::Node(*client)).tone(Tone::Strong);
            Some(telling.once_in_a_while(topic))
        }
        Fact::ReplicationThrottled { side } => {
            let text = match side {
                ThrottledSide::Leader => format!(
                    "{title} gives throttled replicas no more for now: leader.replication.throttled.rate is reached."
                ),
                ThrottledSide::Follower => format!(
                    "{title} asks for nothing more of its throttled replicas for now: follower.replication.throttled.rate is reached."
                ),
            };
            let telling = Telling::plain(text, Selection::Node(event.node));
            Some(telling.once_in_a_while(format!("throttled {node} {side:?}")))
        }
        _ => about_logs(event, context),
    }
}

fn about_logs(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    let (title, name) = (context.title(node), context.name(node));
    match &event.fact {
        Fact::BatchCorrupted { tp, base_offset } => {
            let text = format!(
                "A bit flipped on the disk of {name}, in the batch at offset {base_offset} of {}.",
                context.partition(*tp)
            );
            let telling = Telling::plain(text, Selection::Replica(node, *tp)).tone(Tone::Bad);
            Some(telling.marked(MarkKind::Fault, format!("{name}: bit flipped")))
        }
        Fact::CorruptionFound { tp, base_offset } => {
            let partition = context.partition(*tp);
            let text = format!(
                "{title} checked the batch at offset {base_offset} of {partition}: its CRC is wrong (CORRUPT_MESSAGE), so it is not taken."
            );
            let topic = format!("corrupt {node} {tp:?}");
            let telling = Telling::plain(text, Selection::Partition(*tp)).tone(Tone::Bad);
            Some(telling.once_in_a_while(topic))
        }
        Fact::FetchGivenUp { tp, base_offset } => {
            let partition = context.partition(*tp);
            let text = format!(
                "{title} cannot append the batch at offset {base_offset} of {partition}, which begins before its own log's end: it gives up fetching, as Kafka does, until the leader changes."
            );
            Some(Telling::plain(text, Selection::Partition(*tp)).tone(Tone::Bad))
        }
        Fact::TailLost { tp, from, to } if from > to && !context.is_internal(*tp) => {
            let gone = words::count((from - to).unsigned_abs(), "record", "records");
            let text = format!(
                "The power went before {title} had {} on disk from offset {to} on: {gone} gone.",
                context.partition(*tp)
            );
            let telling = Telling::plain(text, Selection::Replica(node, *tp)).tone(Tone::Bad);
            Some(telling.marked(MarkKind::Loss, "tail lost"))
        }
        Fact::LogRecovered { tp, from, to } if from > to => {
            let gone = words::count((from - to).unsigned_abs(), "record", "records");
            let text = format!(
                "{title} reads {} again after its unclean end and cuts it at offset {to}, where a batch is broken: {gone} gone.",
                context.partition(*tp)
            );
            let telling = Telling::plain(text, Selection::Replica(node, *tp)).tone(Tone::Bad);
            Some(telling.marked(MarkKind::Loss, "log cut"))
        }
        _ => None,
    }
}

/// "PRODUCE from shop to broker 1"
fn message(message: NextMessage, context: &Context<'_>) -> String {
    let (from, to) = (context.name(message.from), context.name(message.to));
    let what = if message.answer { "answer to a " } else { "" };
    format!("{what}{} from {from} to {to}", message.api.name())
}

fn fate(fault: MessageFault) -> String {
    match fault {
        MessageFault::Drop => "be lost".to_string(),
        MessageFault::Duplicate => "arrive twice".to_string(),
        MessageFault::Delay(by) => format!("be {} late", words::span(by)),
    }
}

fn struck_down(struck: NextMessage, fault: MessageFault, context: &Context<'_>) -> Telling {
    let what = message(struck, context);
    let text = match fault {
        MessageFault::Drop => format!(
            "A message was lost: {what}. Nothing follows it on that connection until it is opened anew."
        ),
        MessageFault::Duplicate => format!("A message was doubled: {what}. It is served twice."),
        MessageFault::Delay(by) => {
            format!("A message was held up for {}: {what}, and all behind it.", words::span(by))
        }
    };
    let telling = Telling::plain(text, Selection::Link(struck.from, struck.to)).tone(Tone::Bad);
    telling.marked(MarkKind::Fault, format!("{} struck", struck.api.name()))
}
