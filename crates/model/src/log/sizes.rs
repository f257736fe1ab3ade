//! How many bytes records take (`DefaultRecord.sizeInBytes`, `AbstractRecords.estimateSizeInBytesUpperBound`).
//!
//! Invariant: a batch's size is [`BATCH_OVERHEAD`] plus the sizes of its records, uncompressed.

use crate::ids::Bytes;
use crate::log::Header;

/// The header of a batch.
pub const BATCH_OVERHEAD: u32 = 61;
/// The most that a record takes besides key, value and headers.
const MAX_RECORD_OVERHEAD: u32 = 21;

/// What a record carries.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// Its key.
    pub key: Option<&'a Bytes>,
    /// Its value.
    pub value: Option<&'a Bytes>,
    /// Its headers.
    pub headers: &'a [Header],
}

impl Payload<'_> {
    /// Bytes of the whole record at this place of a batch; timestamps in milliseconds after the batch's first.
    pub fn record_size(&self, offset_delta: u32, timestamp_delta: i64) -> u32 {
        let body = 1
            + varint(i64::from(offset_delta))
            + varint(timestamp_delta)
            + self.size_without_overhead();
        body + varint(i64::from(body))
    }

    /// The most that a batch of this one record can take; what the producer's pre-checks and its buffer go by.
    pub fn upper_bound(&self) -> u32 {
        BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + self.size_without_overhead()
    }

    fn size_without_overhead(&self) -> u32 {
        let headers = self.headers.iter().map(|header| {
            let key = header.key.len() as u32;
            varint(i64::from(key)) + key + nullable(header.value.as_ref())
        });
        nullable(self.key)
            + nullable(self.value)
            + varint(self.headers.len() as i64)
            + headers.sum::<u32>()
    }
}

fn nullable(bytes: Option<&Bytes>) -> u32 {
    match bytes {
        None => varint(-1),
        Some(bytes) => varint(bytes.len() as i64) + bytes.len() as u32,
    }
}

/// Bytes of a zigzag varint.
const fn varint(value: i64) -> u32 {
    let zigzag = ((value << 1) ^ (value >> 63)) as u64;
    if zigzag == 0 { 1 } else { (u64::BITS - zigzag.leading_zeros()).div_ceil(7) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn sizes_are_kafkas_own() {
        // key bytes, value bytes (-1 null), batch of that one record, the producer's upper bound
        let table = [
            (-1, 0, 68, 85),
            (0, 0, 68, 85),
            (-1, -1, 68, 85),
            (1, 1, 70, 87),
            (3, 10, 81, 98),
            (10, 100, 180, 196),
            (10, -1, 78, 95),
            (63, 63, 195, 211),
            (64, 64, 199, 215),
            (16, 1_000, 1_086, 1_102),
            (20, 8_191, 8_282, 8_297),
        ];
        for (key, value, batch, bound) in table {
            let bytes = |len: i64| (len >= 0).then(|| Bytes::from(vec![0_u8; len.max(0) as usize]));
            let (key, value) = (bytes(key), bytes(value));
            let payload = Payload { key: key.as_ref(), value: value.as_ref(), headers: &[] };
            assert_eq!(BATCH_OVERHEAD + payload.record_size(0, 0), batch);
            assert_eq!(payload.upper_bound(), bound);
        }
    }
}
