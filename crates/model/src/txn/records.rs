//! The records of `__transaction_state` (`TransactionLogKey` 0, `TransactionLogValue` 0 and what version 1 adds).
//!
//! Invariant: replaying a record gives what was stored; the last one of a transactional id counts.

use super::metadata::Transit;
use super::state::TxnState;
use crate::group::OffsetsRecord;
use crate::group::wire::{Reader, Writer};
use crate::ids::{Bytes, Name};
use kafkascope_kernel::FlatSet;

const KEY_VERSION: i16 = 0;
const VALUE_VERSION: i16 = 1;

/// A change as a record.
pub fn record(transactional_id: &str, transit: &Transit) -> OffsetsRecord {
    let mut value = Writer::version(VALUE_VERSION);
    value.i64(transit.producer_id);
    value.i16(transit.producer_epoch);
    value.i32(transit.timeout_ms);
    value.i16(i16::from(transit.state as u8));
    value.array(transit.partitions.iter(), |value, (topic, partition)| {
        value.string(Some(topic));
        value.i32(*partition);
    });
    value.i64(transit.updated_at);
    value.i64(transit.started_at);
    value.i64(transit.previous_producer_id);
    value.i64(transit.next_producer_id);
    value.i16(transit.last_producer_epoch);
    value.i16(if transit.epoch_bumps { 2 } else { 0 });
    OffsetsRecord { key: key(transactional_id), value: Some(value.bytes()) }
}

/// The end of a transactional id as a record.
pub fn tombstone(transactional_id: &str) -> OffsetsRecord {
    OffsetsRecord { key: key(transactional_id), value: None }
}

/// Reads a record; without a value the id is forgotten. None if it is of another kind.
pub fn read(key: &[u8], value: Option<&[u8]>) -> Option<(Name, Option<Transit>)> {
    let mut from = Reader::new(key);
    if from.i16()? != KEY_VERSION {
        return None;
    }
    let id = from.name()?;
    match value {
        None => Some((id, None)),
        Some(value) => Some((id, Some(read_value(value)?))),
    }
}

fn key(transactional_id: &str) -> Bytes {
    let mut key = Writer::version(KEY_VERSION);
    key.string(Some(transactional_id));
    key.bytes()
}

fn read_value(value: &[u8]) -> Option<Transit> {
    let mut from = Reader::new(value);
    from.i16()?;
    let (producer_id, producer_epoch, timeout_ms) = (from.i64()?, from.i16()?, from.i32()?);
    let state = TxnState::of(u8::try_from(from.i16()?).ok()?)?;
    let partitions = from.array(|from| Some((from.name()?, from.i32()?)))?;
    let (updated_at, started_at) = (from.i64()?, from.i64()?);
    Some(Transit {
        producer_id,
        producer_epoch,
        timeout_ms,
        state,
        partitions: partitions.into_iter().collect::<FlatSet<_>>(),
        updated_at,
        started_at,
        previous_producer_id: from.i64()?,
        next_producer_id: from.i64()?,
        last_producer_epoch: from.i16()?,
        epoch_bumps: from.i16()? >= 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_reads_back() {
        let transit = Transit {
            producer_id: 1_000,
            previous_producer_id: 7,
            next_producer_id: -1,
            producer_epoch: 3,
            last_producer_epoch: 2,
            timeout_ms: 60_000,
            state: TxnState::PrepareCommit,
            partitions: [("t".into(), 0), ("__consumer_offsets".into(), 3)].into(),
            started_at: 5,
            updated_at: 9,
            epoch_bumps: true,
        };
        let stored = record("T", &transit);
        assert_eq!(read(&stored.key, stored.value.as_deref()), Some(("T".into(), Some(transit))));
        assert_eq!(read(&tombstone("T").key, None), Some(("T".into(), None)));
    }
}
