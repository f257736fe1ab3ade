//! The records of share groups in the offsets topic (`GroupCoordinatorRecordHelpers`; keys 10 to 15).
//!
//! Invariant: replaying a group's records in order gives the group.

use super::{Initialized, ShareGroup, ShareMember};
use crate::group::OffsetsRecord;
use crate::group::wire::{Reader, Writer};
use crate::ids::{Bytes, Name, NodeId, TopicId, TopicPartition};
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, FlatSet};

const MEMBER: i16 = 10;
const GROUP: i16 = 11;
const TARGETS: i16 = 12;
const TARGET: i16 = 13;
const CURRENT: i16 = 14;
const PARTITIONS: i16 = 15;

/// A member's subscription.
pub fn member(group: &Name, member: &ShareMember) -> OffsetsRecord {
    let mut value = Writer::version(0);
    value.string(Some(&member.client_id));
    value.i32(member.client.0);
    value.array(member.topics.iter(), |out, topic| out.string(Some(topic)));
    OffsetsRecord { key: of_member(MEMBER, group, &member.id), value: Some(value.bytes()) }
}

/// The group's epoch.
pub fn epoch(group: &ShareGroup) -> OffsetsRecord {
    let mut value = Writer::version(0);
    value.i32(group.epoch);
    value.i64(group.metadata_hash as i64);
    OffsetsRecord { key: of_group(GROUP, &group.id), value: Some(value.bytes()) }
}

/// Everyone's targets, and for which epoch they are.
pub fn targets(group: &ShareGroup) -> Vec<OffsetsRecord> {
    let mut records: Vec<OffsetsRecord> = group
        .targets
        .iter()
        .map(|(id, target)| {
            let mut value = Writer::version(0);
            write_partitions(&mut value, target);
            OffsetsRecord { key: of_member(TARGET, &group.id, id), value: Some(value.bytes()) }
        })
        .collect();
    let mut value = Writer::version(0);
    value.i32(group.assignment_epoch);
    value.i64(group.assigned_at);
    records.push(OffsetsRecord { key: of_group(TARGETS, &group.id), value: Some(value.bytes()) });
    records
}

/// What a member has.
pub fn current(group: &Name, member: &ShareMember) -> OffsetsRecord {
    let mut value = Writer::version(0);
    value.i32(member.epoch);
    value.i32(member.previous_epoch);
    write_partitions(&mut value, &member.assigned);
    OffsetsRecord { key: of_member(CURRENT, group, &member.id), value: Some(value.bytes()) }
}

/// Which partitions are shared.
pub fn partitions(group: &ShareGroup) -> OffsetsRecord {
    let mut value = Writer::version(0);
    for map in [&group.initializing, &group.initialized] {
        value.array(map.iter(), |out, (topic, known)| {
            out.i64(i64::from(topic.0));
            out.string(Some(&known.name));
            out.array(known.partitions.iter(), |out, index| out.i32(*index));
            out.i64(known.at);
        });
    }
    OffsetsRecord { key: of_group(PARTITIONS, &group.id), value: Some(value.bytes()) }
}

/// The end of a member.
pub fn member_tombstones(group: &Name, member: &Name) -> Vec<OffsetsRecord> {
    let of = |kind| OffsetsRecord { key: of_member(kind, group, member), value: None };
    [CURRENT, TARGET, MEMBER].map(of).to_vec()
}

/// The end of an empty group.
pub fn group_tombstones(group: &Name) -> Vec<OffsetsRecord> {
    let of = |kind| OffsetsRecord { key: of_group(kind, group), value: None };
    [TARGETS, PARTITIONS, GROUP].map(of).to_vec()
}

/// Takes a record in; whether it was one of a share group.
pub fn replay(
    groups: &mut FlatMap<Name, ShareGroup>,
    key: &[u8],
    value: Option<&[u8]>,
) -> Option<()> {
    let mut from = Reader::new(key);
    let kind = from.i16()?;
    if !(MEMBER..=PARTITIONS).contains(&kind) {
        return None;
    }
    let id = from.name()?;
    let Some(value) = value else {
        return forget(groups, kind, &id, &mut from);
    };
    let group = groups.entry(id.clone()).or_insert_with(|| ShareGroup::new(id));
    let mut value = Reader::new(value);
    value.i16()?;
    match kind {
        GROUP => {
            group.epoch = value.i32()?;
            group.metadata_hash = value.i64()? as u64;
        }
        TARGETS => {
            group.assignment_epoch = value.i32()?;
            group.assigned_at = value.i64()?;
        }
        PARTITIONS => {
            group.initializing = read_initialized(&mut value)?;
            group.initialized = read_initialized(&mut value)?;
        }
        TARGET => {
            group.targets.insert(from.name()?, read_partitions(&mut value)?);
        }
        MEMBER => {
            let member = member_mut(group, from.name()?);
            member.client_id = value.name()?;
            member.client = NodeId(value.i32()?);
            member.topics = value.array(Reader::name)?.into_iter().collect();
        }
        _ => {
            let member = member_mut(group, from.name()?);
            member.epoch = value.i32()?;
            member.previous_epoch = value.i32()?;
            member.assigned = read_partitions(&mut value)?;
        }
    }
    Some(())
}

fn forget(
    groups: &mut FlatMap<Name, ShareGroup>,
    kind: i16,
    id: &Name,
    key: &mut Reader<'_>,
) -> Option<()> {
    if kind == GROUP {
        groups.remove(id);
        return Some(());
    }
    let group = groups.get_mut(id)?;
    match kind {
        TARGET => {
            group.targets.remove(&key.name()?);
        }
        MEMBER => {
            group.members.remove(&key.name()?);
        }
        _ => {}
    }
    Some(())
}

fn member_mut(group: &mut ShareGroup, id: Name) -> &mut ShareMember {
    group.members.entry(id.clone()).or_insert_with(|| ShareMember {
        id,
        client_id: "".into(),
        client: NodeId::NONE,
        topics: FlatSet::new(),
        epoch: 0,
        previous_epoch: -1,
        assigned: FlatSet::new(),
    })
}

fn of_group(kind: i16, group: &str) -> Bytes {
    let mut key = Writer::version(kind);
    key.string(Some(group));
    key.bytes()
}

fn of_member(kind: i16, group: &str, member: &str) -> Bytes {
    let mut key = Writer::version(kind);
    key.string(Some(group));
    key.string(Some(member));
    key.bytes()
}

fn write_partitions(out: &mut Writer, partitions: &FlatSet<TopicPartition>) {
    out.array(partitions.iter(), |out, tp| {
        out.i64(i64::from(tp.topic.0));
        out.i32(tp.partition);
    });
}

fn read_partitions(from: &mut Reader<'_>) -> Option<FlatSet<TopicPartition>> {
    let list = from.array(|from| {
        let topic = TopicId(u32::try_from(from.i64()?).ok()?);
        Some(TopicPartition::new(topic, from.i32()?))
    })?;
    Some(list.into_iter().collect())
}

fn read_initialized(from: &mut Reader<'_>) -> Option<FlatMap<TopicId, Initialized>> {
    let list = from.array(|from| {
        let topic = TopicId(u32::try_from(from.i64()?).ok()?);
        let name = from.name()?;
        let partitions = from.array(Reader::i32)?.into_iter().collect();
        Some((topic, Initialized { name, partitions, at: from.i64()? }))
    })?;
    Some(list.into_iter().collect())
}
