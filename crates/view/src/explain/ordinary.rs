//! Sentences about ordinary traffic: sends, appends, copies, acknowledgements, deliveries.
//!
//! Alike facts that follow each other become one sentence. Invariant: these hold at their own moment, so they need nothing but
//! the ledger and names.

#![allow(clippy::wildcard_enum_match_arm, reason = "most facts are not ordinary traffic")]

use super::Context;
use super::clients::records;
use crate::ui::Selection;
use crate::words;
use kafkascope_model::ids::{NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::trace::{Fact, SendResult, TraceEvent};

/// What kind of traffic a fact is; alike facts are equal here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Traffic {
    /// `send()` chose a partition.
    Send(NodeId, TopicPartition),
    /// A batch left.
    Leave(NodeId, TopicPartition),
    /// A leader appended.
    Append(NodeId, TopicPartition),
    /// A follower copied.
    Copy(NodeId, TopicPartition),
    /// A leader's high watermark moved.
    Visible(NodeId, TopicPartition),
    /// A producer was told of success.
    Ack(NodeId, TopicPartition),
    /// A consumer's application got records.
    Deliver(NodeId, TopicPartition),
    /// A group's commit is durable.
    Commit(TopicPartition),
}

/// Which traffic a fact is; none for all others, and for Kafka's own topics.
pub fn traffic(event: &TraceEvent, context: &Context<'_>) -> Option<Traffic> {
    let node = event.node;
    let (tp, traffic) = match &event.fact {
        Fact::Batched { tp, .. } => (*tp, Traffic::Send(node, *tp)),
        Fact::BatchSent { tp, attempt: 0, .. } => (*tp, Traffic::Leave(node, *tp)),
        Fact::Appended { tp, .. } => (*tp, Traffic::Append(node, *tp)),
        Fact::Replicated { tp, .. } => (*tp, Traffic::Copy(node, *tp)),
        Fact::HighWatermark { tp, .. } if context.before.leader(*tp) == Some(node) => {
            (*tp, Traffic::Visible(node, *tp))
        }
        Fact::SendDone { tp, result: SendResult::Acked(_), .. } => (*tp, Traffic::Ack(node, *tp)),
        Fact::Delivered { tp, .. } => (*tp, Traffic::Deliver(node, *tp)),
        Fact::OffsetCommitted { topic, partition, .. } => {
            let tp = context.before.partition_named(topic, *partition)?;
            (tp, Traffic::Commit(tp))
        }
        _ => return None,
    };
    (!context.is_internal(tp)).then_some(traffic)
}

/// The sentence for alike facts, oldest first.
pub fn sentence(events: &[&TraceEvent], context: &Context<'_>) -> Option<(String, Selection)> {
    let (first, last) = (events.first()?, events.last()?);
    let node = last.node;
    let count = events.len();
    Some(match &last.fact {
        Fact::Batched { record, tp, by_key } => {
            (sent(node, *record, *tp, *by_key, count, context), Selection::Record(*record))
        }
        Fact::BatchSent { tp, records: batch, leader, .. } => {
            let text = format!(
                "The batch ({}) is on its way to broker {leader}, leader of {}.",
                records(batch.len()),
                context.partition(*tp)
            );
            (text, about_first(batch, node))
        }
        Fact::Appended { tp, records: batch, epoch, .. } => {
            let (from, to) = span_of(first, last);
            let text = format!(
                "{} appended {} to {}: {}, epoch {epoch}.",
                context.title(node),
                records(usize::try_from(to - from).unwrap_or(0)),
                context.partition(*tp),
                offsets(from, to)
            );
            (text, about_first(batch, node))
        }
        Fact::Replicated { tp, .. } => {
            let (from, to) = span_of(first, last);
            let text = format!(
                "{} fetched {} from offset {from}: its log now ends at {to}.",
                context.title(node),
                context.partition(*tp)
            );
            (text, Selection::Replica(node, *tp))
        }
        Fact::HighWatermark { tp, to, .. } => {
            let text = format!(
                "{}: the high watermark is {to}, so consumers may read up to {}.",
                context.partition(*tp),
                to - 1
            );
            (text, Selection::Partition(*tp))
        }
        Fact::SendDone { record, tp, result: SendResult::Acked(offset) } => {
            (acknowledged(node, *tp, *offset, count, context), Selection::Record(*record))
        }
        Fact::Delivered { record, tp, offset, .. } => {
            let text = if count == 1 {
                format!("poll() gave {} {} @ {offset}.", context.name(node), context.partition(*tp))
            } else {
                let many = records(count);
                let name = context.name(node);
                format!("poll() gave {name} {many} of {}, up to {offset}.", context.partition(*tp))
            };
            (text, Selection::Record(*record))
        }
        Fact::OffsetCommitted { group, topic, partition, offset } => {
            let text = format!("{group} committed {topic}-{partition} up to {offset}.");
            (text, Selection::Group(group.clone()))
        }
        _ => return None,
    })
}

fn sent(
    node: NodeId,
    record: RecordId,
    tp: TopicPartition,
    by_key: bool,
    count: usize,
    context: &Context<'_>,
) -> String {
    let (name, partition) = (context.name(node), context.partition(tp));
    if count > 1 {
        return format!("{name} called send() {count} times for {partition}.");
    }
    let life = context.ledger.life(record);
    let what =
        life.map_or_else(String::new, |life| title(life.key.as_ref(), life.value.as_ref(), ", "));
    let how = context.directory.partitioner(node, by_key);
    format!("{name} called send(): {what} → {how} → {partition}.")
}

fn acknowledged(
    node: NodeId,
    tp: TopicPartition,
    offset: Offset,
    count: usize,
    context: &Context<'_>,
) -> String {
    let (name, partition) = (context.name(node), context.partition(tp));
    match (offset, count) {
        (..0, _) => format!(
            "{name} forgets its {} to {partition}: acks=0 waits for nothing.",
            records(count)
        ),
        (_, 1) => format!("{name} is told that its record is {partition} @ {offset}."),
        _ => format!("{name} is told of {} in {partition}, up to {offset}.", records(count)),
    }
}

/// "Alice · trip requested".
pub fn title(
    key: Option<&kafkascope_model::ids::Bytes>,
    value: Option<&kafkascope_model::ids::Bytes>,
    between: &str,
) -> String {
    let key = key.map_or_else(|| "no key".to_string(), |key| words::bytes(key, 24));
    match value {
        Some(value) if value.is_empty() => format!("{key}{between}empty"),
        Some(value) => format!("{key}{between}{}", words::bytes(value, 40)),
        None => format!("{key}{between}tombstone"),
    }
}

/// From the first fact's first offset to after the last one's last.
fn span_of(first: &TraceEvent, last: &TraceEvent) -> (Offset, Offset) {
    let bounds = |event: &TraceEvent| match &event.fact {
        Fact::Appended { base_offset, records, .. } => {
            (*base_offset, *base_offset + records.len() as Offset)
        }
        Fact::Replicated { base_offset, next_offset, .. } => (*base_offset, *next_offset),
        _ => (0, 0),
    };
    (bounds(first).0, bounds(last).1)
}

fn offsets(from: Offset, to: Offset) -> String {
    if to - from == 1 { format!("offset {from}") } else { format!("offsets {from} to {}", to - 1) }
}

fn about_first(records: &[RecordId], node: NodeId) -> Selection {
    records.first().map_or(Selection::Node(node), |record| Selection::Record(*record))
}
