//! Records of groups of the consumer protocol (`ConsumerGroupMetadataKey` 3, `ConsumerGroupMemberMetadataKey` 5,
//! `ConsumerGroupTargetAssignmentMetadataKey` 6, `ConsumerGroupTargetAssignmentMemberKey` 7,
//! `ConsumerGroupCurrentMemberAssignmentKey` 8).
//!
//! Invariant: replaying a group's records in order gives the group.

use super::assignor::ServerAssignor;
use super::consumer::{ClassicSide, ConsumerGroup, ConsumerMember};
use super::reconcile::{CurrentAssignment, ReconcileState};
use crate::group::OffsetsRecord;
use crate::group::protocol;
use crate::group::wire::{Reader, Writer};
use crate::ids::{Bytes, Name, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::FlatSet;

const EPOCH: i16 = 3;
const MEMBER: i16 = 5;
const TARGET_EPOCH: i16 = 6;
const TARGET: i16 = 7;
const CURRENT: i16 = 8;

type Partitions = FlatSet<TopicPartition>;

/// What a record says of a group; none is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModernRecord {
    /// The group's epoch.
    Epoch(Option<i32>),
    /// A member's subscription.
    Member(Name, Option<ConsumerMember>),
    /// The epoch of the targets.
    TargetEpoch(Option<i32>),
    /// A member's target.
    Target(Name, Option<Partitions>),
    /// Where a member stands.
    Current(Name, Option<CurrentAssignment>),
}

/// The group's epoch as a record.
pub fn epoch_record(group: &str, epoch: Option<i32>) -> OffsetsRecord {
    OffsetsRecord { key: key(EPOCH, group, None), value: epoch.map(number) }
}

/// The epoch of the targets as a record.
pub fn target_epoch_record(group: &str, epoch: Option<i32>) -> OffsetsRecord {
    OffsetsRecord { key: key(TARGET_EPOCH, group, None), value: epoch.map(number) }
}

/// A member's subscription as a record.
pub fn member_record(group: &str, member: &ConsumerMember) -> OffsetsRecord {
    let mut out = Writer::version(0);
    out.string(member.instance_id.as_deref());
    out.string(member.rack_id.as_deref());
    out.string(Some(&member.client_id));
    out.string(Some(""));
    out.array(member.topics.iter(), |out, topic| out.string(Some(topic)));
    out.string(member.regex.as_deref());
    out.i32(member.rebalance_timeout_ms);
    out.string(member.assignor.map(ServerAssignor::name));
    match &member.classic {
        None => out.i32(-1),
        Some(side) => {
            out.i32(side.session_timeout_ms);
            out.array(side.protocols.iter(), |out, (name, subscription)| {
                out.string(Some(name));
                out.blob(Some(&protocol::subscription_bytes(subscription)));
            });
        }
    }
    OffsetsRecord { key: key(MEMBER, group, Some(&member.id)), value: Some(out.bytes()) }
}

/// A member's target as a record.
pub fn target_record(group: &str, member: &str, target: Option<&Partitions>) -> OffsetsRecord {
    let value = target.map(|target| {
        let mut out = Writer::version(0);
        write_partitions(&mut out, target);
        out.bytes()
    });
    OffsetsRecord { key: key(TARGET, group, Some(member)), value }
}

/// Where a member stands, as a record.
pub fn current_record(
    group: &str,
    member: &str,
    current: Option<&CurrentAssignment>,
) -> OffsetsRecord {
    let value = current.map(|current| {
        let mut out = Writer::version(0);
        out.i32(current.epoch);
        out.i32(current.previous_epoch);
        out.i16(current.state as i16);
        write_partitions(&mut out, &current.assigned);
        write_partitions(&mut out, &current.pending_revocation);
        out.bytes()
    });
    OffsetsRecord { key: key(CURRENT, group, Some(member)), value }
}

/// What takes a member out of the log.
pub fn member_tombstones(group: &str, member: &str) -> [OffsetsRecord; 3] {
    [CURRENT, TARGET, MEMBER]
        .map(|kind| OffsetsRecord { key: key(kind, group, Some(member)), value: None })
}

/// Reads a record: the group and what is said of it; none if it is of another kind.
pub fn read(key: &[u8], value: Option<&[u8]>) -> Option<(Name, ModernRecord)> {
    let mut from = Reader::new(key);
    let (kind, group) = (from.i16()?, from.name()?);
    let mut value = value.map(Reader::new);
    if let Some(value) = &mut value {
        value.i16()?;
    }
    let record = match kind {
        EPOCH => ModernRecord::Epoch(optional(value, Reader::i32)?),
        TARGET_EPOCH => ModernRecord::TargetEpoch(optional(value, Reader::i32)?),
        MEMBER => {
            let id = from.name()?;
            let member = optional(value, |from| read_member(&id, from))?;
            ModernRecord::Member(id, member)
        }
        TARGET => ModernRecord::Target(from.name()?, optional(value, read_partitions)?),
        CURRENT => ModernRecord::Current(from.name()?, optional(value, read_current)?),
        _ => return None,
    };
    Some((group, record))
}

/// A value if there is one; none at all if it cannot be read.
fn optional<'a, T>(
    value: Option<Reader<'a>>,
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(mut from) => read(&mut from).map(Some),
    }
}

fn key(kind: i16, group: &str, member: Option<&str>) -> Bytes {
    let mut key = Writer::version(kind);
    key.string(Some(group));
    if let Some(member) = member {
        key.string(Some(member));
    }
    key.bytes()
}

fn number(value: i32) -> Bytes {
    let mut out = Writer::version(0);
    out.i32(value);
    out.bytes()
}

/// Topics by their 16-byte ids, with their partitions.
fn write_partitions(out: &mut Writer, partitions: &Partitions) {
    let topics: FlatSet<TopicId> = partitions.iter().map(|tp| tp.topic).collect();
    out.array(topics.into_iter(), |out, topic| {
        out.i64(0);
        out.i64(i64::from(topic.0));
        let first = TopicPartition::new(topic, 0);
        let last = TopicPartition::new(topic, i32::MAX);
        let list: Vec<i32> = partitions.range(first..=last).map(|tp| tp.partition).collect();
        out.array(list.into_iter(), Writer::i32);
    });
}

fn read_partitions(from: &mut Reader<'_>) -> Option<Partitions> {
    let topics = from.array(|from| {
        from.i64()?;
        let topic = TopicId(u32::try_from(from.i64()?).ok()?);
        Some((topic, from.array(Reader::i32)?))
    })?;
    let flat = topics.into_iter().flat_map(|(topic, list)| {
        list.into_iter().map(move |partition| TopicPartition::new(topic, partition))
    });
    Some(flat.collect())
}

fn read_member(id: &Name, from: &mut Reader<'_>) -> Option<ConsumerMember> {
    let (instance_id, rack_id, client_id) = (from.string()?, from.string()?, from.name()?);
    from.string()?;
    let topics = from.array(Reader::name)?;
    let (regex, rebalance_timeout_ms) = (from.string()?, from.i32()?);
    let assignor = from.string()?.and_then(|name| ServerAssignor::named(&name));
    let session_timeout_ms = from.i32()?;
    let classic = if session_timeout_ms < 0 {
        None
    } else {
        let protocols = from.array(|from| {
            let name = from.name()?;
            Some((name, protocol::read_subscription(from.blob()??)?))
        })?;
        Some(ClassicSide { session_timeout_ms, protocols, is_awaited: false })
    };
    Some(ConsumerMember {
        instance_id,
        rack_id,
        client_id,
        topics,
        regex,
        rebalance_timeout_ms,
        assignor,
        classic,
        ..ConsumerMember::new(id.clone())
    })
}

fn read_current(from: &mut Reader<'_>) -> Option<CurrentAssignment> {
    let (epoch, previous_epoch, state) = (from.i32()?, from.i32()?, from.i16()?);
    let states = [
        ReconcileState::Stable,
        ReconcileState::UnrevokedPartitions,
        ReconcileState::UnreleasedPartitions,
    ];
    Some(CurrentAssignment {
        epoch,
        previous_epoch,
        state: *states.get(usize::try_from(state).ok()?)?,
        assigned: read_partitions(from)?,
        pending_revocation: read_partitions(from)?,
    })
}

impl ConsumerGroup {
    /// Takes over what a record says; whether anything is left of the group (`GroupMetadataManager.replay`).
    pub fn replay(&mut self, record: ModernRecord) -> bool {
        match record {
            ModernRecord::Epoch(None) => return false,
            ModernRecord::Epoch(Some(epoch)) => self.epoch = epoch,
            ModernRecord::TargetEpoch(epoch) => self.target_epoch = epoch.unwrap_or(0),
            ModernRecord::Member(id, None) => {
                self.take(&id);
            }
            ModernRecord::Member(id, Some(member)) => {
                let current = self.member(&id).map(|known| known.current.clone());
                self.put(ConsumerMember { current: current.unwrap_or_default(), ..member });
            }
            ModernRecord::Target(id, target) => {
                match target {
                    Some(target) => self.targets.insert(id, target),
                    None => self.targets.remove(&id),
                };
            }
            ModernRecord::Current(id, current) => {
                if let Some(member) = self.member(&id).cloned() {
                    let current = current.unwrap_or_default();
                    self.put(ConsumerMember { current, ..member });
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request::Subscription;
    use alloc::vec;

    fn tp(topic: u32, partition: i32) -> TopicPartition {
        TopicPartition::new(TopicId(topic), partition)
    }

    #[test]
    fn a_group_reads_back_as_it_was_written() {
        let mut member = ConsumerMember::new("m".into());
        member.client_id = "shop".into();
        member.topics = vec!["t".into(), "u".into()];
        member.regex = Some("t.*".into());
        member.rebalance_timeout_ms = 300_000;
        member.assignor = Some(ServerAssignor::Range);
        member.classic = Some(ClassicSide {
            session_timeout_ms: 45_000,
            protocols: vec![("range".into(), Subscription::default())],
            is_awaited: false,
        });
        member.current = CurrentAssignment {
            epoch: 4,
            previous_epoch: 3,
            state: ReconcileState::UnrevokedPartitions,
            assigned: [tp(1, 0), tp(2, 7)].into(),
            pending_revocation: [tp(1, 1)].into(),
        };
        let mut group = ConsumerGroup::new("g".into());
        (group.epoch, group.target_epoch) = (5, 4);
        group.targets.insert("m".into(), [tp(1, 0)].into());
        group.put(member);
        let mut copy = ConsumerGroup::new("g".into());
        for record in group.all_records() {
            let (id, record) = read(&record.key, record.value.as_deref()).expect("readable");
            assert_eq!(&*id, "g");
            assert!(copy.replay(record));
        }
        assert_eq!(copy, group);
        let left = group.tombstones().into_iter().map(|record| {
            let (_, record) = read(&record.key, record.value.as_deref()).expect("readable");
            copy.replay(record)
        });
        assert_eq!(left.last(), Some(false));
    }
}
