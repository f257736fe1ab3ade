//! Sentences about share groups: who shares what, records that come again, records given up.
//!
//! Invariant: what goes well record by record is left to the stage; here stands what a viewer would ask about.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are told elsewhere")]

use super::{Context, Telling};
use crate::ui::Selection;
use crate::view_model::Tone;
use crate::view_model::timeline::MarkKind;
use crate::words;
use kafkascope_model::api::share::{AckType, RecordState};
use kafkascope_model::ids::{Name, NodeId, Offset, TopicPartition};
use kafkascope_model::trace::{Fact, SettledBy, TraceEvent};

pub(super) fn tell(event: &TraceEvent, context: &Context<'_>) -> Option<Telling> {
    let group = |name: &Name| Selection::Group(name.clone());
    Some(match &event.fact {
        Fact::ShareGroupEpoch { group: name, epoch, members, reason } => {
            let members = words::count(u64::from(*members), "member", "members");
            let why = reason.trim_end_matches('.');
            let text = format!("Share group {name}: epoch {epoch} with {members}; {why}.");
            Telling::plain(text, group(name))
                .tone(Tone::Strong)
                .marked(MarkKind::Rebalance, format!("{name} epoch {epoch}"))
        }
        Fact::ShareAssigned { group: name, client, partitions, .. } => {
            let names: Vec<_> = partitions.iter().map(|tp| context.partition(*tp)).collect();
            let what = match names.as_slice() {
                [] => "no partition".to_string(),
                names => words::list(names),
            };
            let text = format!("{name}: {} is to share {what}.", context.title(*client));
            Telling::plain(text, group(name))
        }
        Fact::SharePartitionLoaded { group: name, tp, start } => {
            let leader = context.title(event.node);
            let text =
                format!("{leader} hands out {} to {name} from {start} on.", context.partition(*tp));
            Telling::plain(text, group(name)).tone(Tone::Quiet)
        }
        Fact::ShareAcquired { group: name, member, tp, first, last, delivery_count }
            if *delivery_count > 1 =>
        {
            let text = format!(
                "{} gets {} again: delivery {delivery_count}.",
                who(name, member, context),
                span(*tp, *first, *last, context)
            );
            let topic = format!("again {name} {}-{}", tp.topic.0, tp.partition);
            Telling::plain(text, Selection::Partition(*tp)).once_in_a_while(topic)
        }
        Fact::ShareLockRenewed { group: name, member, tp, first, last } => {
            let text = format!(
                "{} keeps {} for longer: it is still at work.",
                who(name, member, context),
                span(*tp, *first, *last, context)
            );
            let topic = format!("renewed {name} {}-{}", tp.topic.0, tp.partition);
            Telling::plain(text, Selection::Partition(*tp)).tone(Tone::Quiet).once_in_a_while(topic)
        }
        Fact::ShareSettled { group: name, tp, first, last, state, delivery_count, by } => {
            let records = span(*tp, *first, *last, context);
            settled(name, *tp, &records, (*state, *by), *delivery_count)?
        }
        Fact::ShareAnswered { record, tp, offset, answer } => {
            let verb = match answer {
                AckType::Release => "gives back",
                AckType::Reject => "rejects",
                AckType::Accept | AckType::Gap | AckType::Renew => return None,
            };
            let who = context.title(event.node);
            let text = format!("{who} {verb} {} at {offset}.", context.partition(*tp));
            Telling::plain(text, Selection::Record(*record))
                .once_in_a_while(format!("answer {verb} {}", event.node))
        }
        _ => return None,
    })
}

fn settled(
    group: &Name,
    tp: TopicPartition,
    records: &str,
    (state, by): (RecordState, SettledBy),
    deliveries: i16,
) -> Option<Telling> {
    let about = Selection::Partition(tp);
    let topic = format!("settled {group} {}-{} {state:?} {by:?}", tp.topic.0, tp.partition);
    let times = words::count(u64::try_from(deliveries).unwrap_or(0), "delivery", "deliveries");
    Some(match (state, by) {
        (RecordState::Acknowledged | RecordState::Acquired, _) => return None,
        (RecordState::Available, SettledBy::LockExpiry) => {
            let text = format!(
                "{group}: nobody acknowledged {records} in time; free again after {times}."
            );
            Telling::plain(text, about).tone(Tone::Bad).once_in_a_while(topic)
        }
        (RecordState::Available, SettledBy::Acknowledgement) => {
            let text = format!("{group}: {records} given back; free again after {times}.");
            Telling::plain(text, about).once_in_a_while(topic)
        }
        (RecordState::Available, SettledBy::SessionEnd) => {
            let text = format!("{group}: {records} free again, as its member is gone.");
            Telling::plain(text, about).once_in_a_while(topic)
        }
        (RecordState::Archived, _) => {
            let text = format!("{group} is done with {records}, not accepted after {times}.");
            Telling::plain(text, about)
                .tone(Tone::Bad)
                .marked(MarkKind::Fault, format!("{group} gives up a record"))
                .once_in_a_while(topic)
        }
    })
}

/// "records 3 to 5 of rides-0".
fn span(tp: TopicPartition, first: Offset, last: Offset, context: &Context<'_>) -> String {
    let name = context.partition(tp);
    if first == last {
        format!("record {first} of {name}")
    } else {
        format!("records {first} to {last} of {name}")
    }
}

fn who(group: &Name, member: &Name, context: &Context<'_>) -> String {
    let client = context.before.groups.get(group).and_then(|known| known.client(member));
    client.map_or_else(|| member.to_string(), |client: NodeId| context.title(client))
}
