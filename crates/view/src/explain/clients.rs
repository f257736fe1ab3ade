//! Sentences about producers and the admin client, and about what clients are told.
//!
//! Invariant: what a client does again and again is told once in a while.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Joint, Telling};
use crate::ui::Selection;
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_model::ids::{NodeId, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let node = event.node;
    let name = context.title(node);
    let about = Selection::Node(node);
    let plain = |text: String| Telling::plain(text, about.clone());
    match &event.fact {
        Fact::BatchSent { tp, records, leader, attempt, .. } if *attempt > 0 => {
            Some(sent_again(node, *tp, records, *leader, *attempt, context))
        }
        Fact::BatchRetried { tp, error, .. } => {
            let partition = context.partition(*tp);
            let text = format!(
                "{name} was told {} for {partition}: it will send the batch again.",
                error.name()
            );
            Some(
                plain(text)
                    .tone(Tone::Bad)
                    .once_in_a_while(format!("retry {node} {}", error.name())),
            )
        }
        Fact::MetadataRequested { because } if !because.is_ok() => {
            let text = format!("{name} was told {} and asks for metadata.", because.name());
            Some(plain(text).once_in_a_while(format!("metadata {node} {}", because.name())))
        }
        Fact::RequestTimedOut { api, to } => {
            let text = format!(
                "{name} got no answer to {} from {} within request.timeout.ms.",
                api.name(),
                context.name(*to)
            );
            Some(plain(text).tone(Tone::Bad).once_in_a_while(format!("timeout {node} {to}")))
        }
        Fact::SendDone { record, tp, result: SendResult::Failed(why) } => {
            let tail =
                format!("{} of {} given up by {name}: {why}.", "records", context.partition(*tp));
            let text = format!("1 {}", tail.replacen("records", "record", 1));
            let telling = Telling::plain(text, Selection::Record(*record)).tone(Tone::Bad);
            Some(telling.marked(MarkKind::Loss, "given up").joined(Joint::Many(1, tail)))
        }
        Fact::SendBlocked { .. } => {
            let text =
                format!("{name}'s send() blocks: its buffer is full, or it knows no leader yet.");
            Some(plain(text).tone(Tone::Bad).once_in_a_while(format!("blocked {node}")))
        }
        Fact::PollFailed { error } => Some(
            plain(format!("{name}'s poll() threw {error}."))
                .tone(Tone::Bad)
                .marked(MarkKind::Fault, *error),
        ),
        Fact::AdminAnswered { api, target, error } if !error.is_ok() => {
            let text = format!("{} of {target} was refused: {}.", api.name(), error.name());
            Some(plain(text).tone(Tone::Bad))
        }
        Fact::AppCallDone { call, error: Some(error) } => {
            Some(plain(format!("{name}'s {call} threw {error}.")).tone(Tone::Bad))
        }
        Fact::BufferLost { records } => Some(buffer_lost(&name, records)),
        Fact::SideEffect { record, .. } => outside(event, *record, context),
        Fact::ClientClosed => Some(plain(format!("{name} closed itself."))),
        _ => None,
    }
}

/// What a producer's end took along.
fn buffer_lost(name: &str, lost: &[RecordId]) -> Telling {
    let what = records(lost.len());
    let text = format!(
        "{name} ended with {what} in its buffer: send() had returned, no request had carried them, nobody is told."
    );
    let about = lost.first().map_or(Selection::None, |first| Selection::Record(*first));
    Telling::plain(text, about).tone(Tone::Bad).marked(MarkKind::Loss, "buffer lost")
}

/// What was done outside Kafka is told when it is asked for once more.
fn outside(event: &TraceEvent, record: RecordId, context: &Context<'_>) -> Option<Telling> {
    let life = context.ledger.life(record)?;
    let effect = life.effects.iter().find(|effect| effect.moment.seq == event.seq)?;
    let (name, what) = (context.title(event.node), effect.kind.name());
    let about = Selection::Record(record);
    let telling = match (effect.again, effect.known) {
        (false, _) => return None,
        (true, true) => {
            let text = format!(
                "{name} asked for the same {what} once more; it was known by its offset and not done again."
            );
            Telling::plain(text, about)
        }
        (true, false) => {
            let text = format!(
                "{name} had the same {what} done a second time: Kafka takes back only what is in Kafka."
            );
            Telling::plain(text, about)
                .tone(Tone::Bad)
                .marked(MarkKind::Loss, format!("second {what}"))
        }
    };
    Some(telling.once_in_a_while(format!("outside {} {}", event.node, effect.known)))
}

fn sent_again(
    node: NodeId,
    tp: TopicPartition,
    records: &[RecordId],
    leader: NodeId,
    attempt: u32,
    context: &Context<'_>,
) -> Telling {
    let idempotent = context.directory.config(node, "enable.idempotence") == Some("true");
    let tail = if idempotent {
        "same sequence numbers"
    } else {
        "without a sequence number to know it by"
    };
    let batch = match records.len() {
        1 => "the record".to_string(),
        _ => "the batch".to_string(),
    };
    let text = format!(
        "{} sends {batch} of {} again, to broker {leader}, {tail}.",
        context.title(node),
        context.partition(tp)
    );
    let about = records.first().map_or(Selection::Node(node), |record| Selection::Record(*record));
    let telling = Telling::plain(text, about).tone(Tone::Strong);
    // From the second retry on it is the same story.
    if attempt > 1 {
        telling.once_in_a_while(format!("again {node} {tp:?} {leader}"))
    } else {
        telling
    }
}

/// "3 records".
pub(super) fn records(count: usize) -> String {
    words::count(count as u64, "record", "records")
}
