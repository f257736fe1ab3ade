//! What members tell each other through the coordinator, as bytes (`ConsumerProtocol`, versions 3 and 3).
//!
//! Invariant: a subscription or an assignment reads back as it was written.

use super::wire::{Reader, Writer};
use crate::api::request::Subscription;
use crate::ids::{Bytes, Name};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

const VERSION: i16 = 3;

/// Writes a `ConsumerProtocolSubscription`.
pub fn subscription_bytes(subscription: &Subscription) -> Bytes {
    let mut out = Writer::version(VERSION);
    out.array(subscription.topics.iter(), |out, topic| out.string(Some(topic)));
    out.blob(subscription.user_data.as_deref());
    write_partitions(&mut out, &subscription.owned_partitions);
    out.i32(subscription.generation_id);
    out.string(subscription.rack_id.as_deref());
    out.bytes()
}

/// Reads a `ConsumerProtocolSubscription`.
pub fn read_subscription(bytes: &[u8]) -> Option<Subscription> {
    let mut from = Reader::new(bytes);
    from.i16()?;
    Some(Subscription {
        topics: from.array(Reader::name)?,
        user_data: from.blob()?.map(Into::into),
        owned_partitions: read_partitions(&mut from)?,
        generation_id: from.i32()?,
        rack_id: from.string()?,
    })
}

/// Writes a `ConsumerProtocolAssignment`.
pub fn assignment_bytes(partitions: &[(Name, i32)]) -> Bytes {
    let mut out = Writer::version(VERSION);
    write_partitions(&mut out, partitions);
    out.blob(None);
    out.bytes()
}

/// Reads a `ConsumerProtocolAssignment`; nothing at all is an empty one.
pub fn read_assignment(bytes: &[u8]) -> Option<Vec<(Name, i32)>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let mut from = Reader::new(bytes);
    from.i16()?;
    read_partitions(&mut from)
}

/// Writes partitions by topic.
pub fn write_partitions(out: &mut Writer, partitions: &[(Name, i32)]) {
    let mut topics: FlatMap<&Name, Vec<i32>> = FlatMap::new();
    for (topic, partition) in partitions {
        topics.entry(topic).or_default().push(*partition);
    }
    out.array(topics.into_iter(), |out, (topic, partitions)| {
        out.string(Some(topic));
        out.array(partitions.into_iter(), Writer::i32);
    });
}

/// Reads partitions by topic.
pub fn read_partitions(from: &mut Reader<'_>) -> Option<Vec<(Name, i32)>> {
    let topics = from.array(|from| Some((from.name()?, from.array(Reader::i32)?)))?;
    let flat = topics.into_iter().flat_map(|(topic, partitions)| {
        partitions.into_iter().map(move |partition| (topic.clone(), partition))
    });
    Some(flat.collect())
}
