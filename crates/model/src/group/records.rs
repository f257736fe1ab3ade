//! The records of the offsets topic (`GroupCoordinatorRecordHelpers`; `OffsetCommitKey` 1, `GroupMetadataKey` 2, and values 3).
//!
//! Invariant: replaying a record gives what was stored; the last one of a key counts.

use super::classic::{ClassicGroup, Member};
use super::offsets::Committed;
use super::offsets_log::OffsetsRecord;
use super::protocol;
use super::wire::{Reader, Writer};
use crate::ids::{Bytes, EpochMs, Name};
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

const OFFSET_COMMIT: i16 = 1;
const GROUP_METADATA: i16 = 2;
const VALUE_VERSION: i16 = 3;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A committed offset; none deletes it.
    Offset {
        /// Whose.
        group: Name,
        /// Of which partition.
        partition: (Name, i32),
        /// What.
        committed: Option<Committed>,
    },
    /// A classic group; none deletes it.
    Group {
        /// Which.
        id: Name,
        /// As it was stored.
        group: Option<StoredGroup>,
    },
}

/// A classic group as the log has it (`GroupMetadataValue`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGroup {
    /// Counts completed join phases.
    pub generation: i32,
    /// "consumer", or none.
    pub protocol_type: Option<Name>,
    /// The assignor.
    pub protocol_name: Option<Name>,
    /// The member that assigns.
    pub leader: Option<Name>,
    /// When it was stored, in milliseconds since 1970.
    pub since: EpochMs,
    /// With their assignments.
    pub members: Vec<Member>,
}

/// A committed offset as a record.
pub fn offset_record(
    group: &str,
    partition: &(Name, i32),
    committed: Option<Committed>,
) -> OffsetsRecord {
    let mut key = Writer::version(OFFSET_COMMIT);
    key.string(Some(group));
    key.string(Some(&partition.0));
    key.i32(partition.1);
    let value = committed.map(|committed| {
        let mut value = Writer::version(VALUE_VERSION);
        value.i64(committed.offset);
        value.i32(committed.leader_epoch);
        value.string(Some(""));
        value.i64(committed.at);
        value.bytes()
    });
    OffsetsRecord { key: key.bytes(), value }
}

/// A classic group as a record, with the given assignments.
pub fn group_record(
    group: &ClassicGroup,
    assignments: &FlatMap<Name, Vec<(Name, i32)>>,
    now_ms: i64,
) -> OffsetsRecord {
    let mut value = Writer::version(VALUE_VERSION);
    value.string(Some(group.protocol_type.as_deref().unwrap_or("")));
    value.i32(group.generation);
    value.string(group.protocol_name.as_deref());
    value.string(group.leader.as_deref());
    value.i64(now_ms);
    let members: Vec<&Member> = group.members().collect();
    let protocol = group.protocol_name.as_deref().unwrap_or("");
    value.array(members.into_iter(), |value, member| {
        let assignment = assignments.get(&member.id).map_or(&[][..], Vec::as_slice);
        write_member(value, member, protocol, assignment);
    });
    OffsetsRecord { key: group_key(&group.id), value: Some(value.bytes()) }
}

/// A group that was just created, as a record (`newEmptyGroupMetadataRecord`).
pub fn new_group_record(id: &Name) -> OffsetsRecord {
    group_record(&ClassicGroup::new(id.clone()), &FlatMap::new(), 0)
}

/// The end of a group as a record.
pub fn group_tombstone(id: &str) -> OffsetsRecord {
    OffsetsRecord { key: group_key(id), value: None }
}

/// Reads a record; none if it is of another kind.
pub fn read(key: &[u8], value: Option<&[u8]>) -> Option<Stored> {
    let mut from = Reader::new(key);
    match from.i16()? {
        OFFSET_COMMIT => {
            let group = from.name()?;
            let partition = (from.name()?, from.i32()?);
            let committed = match value {
                None => None,
                Some(value) => Some(read_offset(value)?),
            };
            Some(Stored::Offset { group, partition, committed })
        }
        GROUP_METADATA => {
            let id = from.name()?;
            let group = match value {
                None => None,
                Some(value) => Some(read_group(value)?),
            };
            Some(Stored::Group { id, group })
        }
        _ => None,
    }
}

fn group_key(id: &str) -> Bytes {
    let mut key = Writer::version(GROUP_METADATA);
    key.string(Some(id));
    key.bytes()
}

fn write_member(out: &mut Writer, member: &Member, protocol: &str, assignment: &[(Name, i32)]) {
    out.string(Some(&member.id));
    out.string(member.instance_id.as_deref());
    out.string(Some(&member.client_id));
    out.string(Some(""));
    out.i32(member.rebalance_timeout_ms);
    out.i32(member.session_timeout_ms);
    out.blob(Some(&protocol::subscription_bytes(&member.subscription(protocol))));
    out.blob(Some(&protocol::assignment_bytes(assignment)));
}

fn read_offset(value: &[u8]) -> Option<Committed> {
    let mut from = Reader::new(value);
    from.i16()?;
    let (offset, leader_epoch) = (from.i64()?, from.i32()?);
    from.string()?;
    Some(Committed { offset, leader_epoch, at: from.i64()? })
}

fn read_group(value: &[u8]) -> Option<StoredGroup> {
    let mut from = Reader::new(value);
    from.i16()?;
    let protocol_type = from.string()?.filter(|text| !text.is_empty());
    let generation = from.i32()?;
    let protocol_name = from.string()?;
    let leader = from.string()?;
    let since = from.i64()?;
    let protocol = protocol_name.clone().unwrap_or_else(|| "".into());
    let members = from.array(|from| read_member(from, &protocol))?;
    Some(StoredGroup { generation, protocol_type, protocol_name, leader, since, members })
}

fn read_member(from: &mut Reader<'_>, protocol: &Name) -> Option<Member> {
    let (id, instance_id, client_id) = (from.name()?, from.string()?, from.name()?);
    from.string()?;
    let (rebalance_timeout_ms, session_timeout_ms) = (from.i32()?, from.i32()?);
    let subscription = protocol::read_subscription(from.blob()??)?;
    let assignment = protocol::read_assignment(from.blob()??)?;
    Some(Member {
        id,
        instance_id,
        client_id,
        session_timeout_ms,
        rebalance_timeout_ms,
        protocols: vec![(protocol.clone(), subscription)],
        assignment,
        awaiting_join: None,
        awaiting_sync: None,
        is_new: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request::{JoinGroup, Subscription};

    #[test]
    fn an_offset_reads_back_and_has_the_size_it_has_on_disk() {
        let partition = ("orders".into(), 7);
        let committed = Committed { offset: 42, leader_epoch: -1, at: 1_795_232_448_548 };
        let record = offset_record("g", &partition, Some(committed));
        let stored = Stored::Offset { group: "g".into(), partition, committed: Some(committed) };
        assert_eq!(read(&record.key, record.value.as_deref()), Some(stored));
        assert_eq!((record.key.len(), record.value.map(|v| v.len())), (17, Some(24)));
    }

    #[test]
    fn a_group_reads_back_with_its_members_and_their_assignments() {
        let request = JoinGroup {
            group_id: "g".into(),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
            member_id: "m-1".into(),
            group_instance_id: Some("i".into()),
            client_id: "m".into(),
            protocol_type: "consumer".into(),
            protocols: vec![("range".into(), Subscription::default())],
            reason: "".into(),
        };
        let mut member = Member::new("m-1".into(), &request);
        member.is_new = false;
        member.assignment = vec![("t".into(), 0), ("t".into(), 2)];
        let stored = StoredGroup {
            generation: 5,
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            leader: Some("m-1".into()),
            since: 0,
            members: vec![member],
        };
        let group = ClassicGroup::loaded("g".into(), stored.clone());
        let assignments = group.members().map(|m| (m.id.clone(), m.assignment.clone())).collect();
        let record = group_record(&group, &assignments, 0);
        let read = read(&record.key, record.value.as_deref());
        assert_eq!(read, Some(Stored::Group { id: "g".into(), group: Some(stored) }));
    }
}
