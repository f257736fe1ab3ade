//! The records of the share coordinator's topic (`ShareCoordinatorRecordHelpers`: `ShareSnapshot` 0, `ShareUpdate` 1).
//!
//! Invariant: replaying a partition's records in order gives its state.

use super::state::ShareState;
use crate::api::share::{RecordState, StateBatch, WrittenState};
use crate::group::OffsetsRecord;
use crate::group::wire::{Reader, Writer};
use crate::ids::{EpochMs, TopicId, TopicPartition};
use crate::share::ShareKey;
use alloc::vec::Vec;

const SNAPSHOT: i16 = 0;
const UPDATE: i16 = 1;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The whole state; none deletes it.
    Snapshot(ShareKey, Option<ShareState>),
    /// What changed.
    Update(ShareKey, WrittenState),
}

/// The whole state as a record.
pub fn snapshot(key: &ShareKey, state: &ShareState, now: EpochMs) -> OffsetsRecord {
    let mut value = Writer::version(0);
    value.i32(state.snapshot_epoch);
    value.i32(state.state_epoch);
    value.i32(state.leader_epoch);
    value.i64(state.start_offset);
    value.i32(state.delivery_complete_count);
    value.i64(now);
    value.i64(now);
    write_batches(&mut value, &state.batches);
    OffsetsRecord { key: key_bytes(SNAPSHOT, key), value: Some(value.bytes()) }
}

/// A change as a record.
pub fn update(key: &ShareKey, snapshot_epoch: i32, written: &WrittenState) -> OffsetsRecord {
    let mut value = Writer::version(0);
    value.i32(snapshot_epoch);
    value.i32(written.leader_epoch);
    value.i64(written.start_offset);
    value.i32(written.delivery_complete_count);
    write_batches(&mut value, &written.batches);
    OffsetsRecord { key: key_bytes(UPDATE, key), value: Some(value.bytes()) }
}

/// The end of a share partition as a record.
pub fn tombstone(key: &ShareKey) -> OffsetsRecord {
    OffsetsRecord { key: key_bytes(SNAPSHOT, key), value: None }
}

/// Reads a record; none if it is of another kind.
pub fn read(key: &[u8], value: Option<&[u8]>) -> Option<Stored> {
    let mut from = Reader::new(key);
    let kind = from.i16()?;
    let key = read_key(&mut from)?;
    match (kind, value) {
        (SNAPSHOT, None) => Some(Stored::Snapshot(key, None)),
        (SNAPSHOT, Some(value)) => Some(Stored::Snapshot(key, Some(read_snapshot(value)?))),
        (UPDATE, Some(value)) => {
            let written = read_update(key.tp, value)?;
            Some(Stored::Update(key, written))
        }
        _ => None,
    }
}

fn key_bytes(kind: i16, key: &ShareKey) -> crate::ids::Bytes {
    let mut out = Writer::version(kind);
    out.string(Some(&key.group));
    out.i64(0);
    out.i64(i64::from(key.tp.topic.0));
    out.i32(key.tp.partition);
    out.bytes()
}

fn read_key(from: &mut Reader<'_>) -> Option<ShareKey> {
    let group = from.name()?;
    from.i64()?;
    let topic = TopicId(u32::try_from(from.i64()?).ok()?);
    Some(ShareKey::new(group, TopicPartition::new(topic, from.i32()?)))
}

fn write_batches(out: &mut Writer, batches: &[StateBatch]) {
    out.array(batches.iter(), |out, batch| {
        out.i64(batch.first);
        out.i64(batch.last);
        out.i16(batch.delivery_count);
        out.i16(i16::from(batch.state as i8));
    });
}

fn read_batches(from: &mut Reader<'_>) -> Option<Vec<StateBatch>> {
    from.array(|from| {
        let (first, last, delivery_count) = (from.i64()?, from.i64()?, from.i16()?);
        let state = RecordState::of(i8::try_from(from.i16()?).ok()?)?;
        Some(StateBatch { first, last, state, delivery_count })
    })
}

fn read_snapshot(value: &[u8]) -> Option<ShareState> {
    let mut from = Reader::new(value);
    from.i16()?;
    let (snapshot_epoch, state_epoch, leader_epoch) = (from.i32()?, from.i32()?, from.i32()?);
    let (start_offset, delivery_complete_count) = (from.i64()?, from.i32()?);
    from.i64()?;
    from.i64()?;
    let batches = read_batches(&mut from)?;
    Some(ShareState {
        state_epoch,
        leader_epoch,
        start_offset,
        delivery_complete_count,
        snapshot_epoch,
        updates: 0,
        batches,
    })
}

fn read_update(tp: TopicPartition, value: &[u8]) -> Option<WrittenState> {
    let mut from = Reader::new(value);
    from.i16()?;
    from.i32()?;
    let (leader_epoch, start_offset) = (from.i32()?, from.i64()?);
    let delivery_complete_count = from.i32()?;
    let batches = read_batches(&mut from)?;
    let state_epoch = -1;
    Some(WrittenState {
        tp,
        state_epoch,
        leader_epoch,
        start_offset,
        delivery_complete_count,
        batches,
    })
}
