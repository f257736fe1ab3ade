//! A batch as its bytes in a log (`DefaultRecordBatch`, magic 2), for its checksum.
//!
//! Invariant: without a codec there are as many bytes as the batch's own size says.

use kafkascope_model::log::batch::ControlType;
use kafkascope_model::log::{Batch, Codec, Record, TimestampType};

/// Where the part begins that the checksum is about: at the attributes.
const CHECKED_FROM: usize = 21;

/// The checksum of a batch that is not compressed.
pub fn crc(batch: &Batch) -> u32 {
    crc32c(&bytes(batch)[CHECKED_FROM..])
}

fn bytes(batch: &Batch) -> Vec<u8> {
    let base_timestamp = if batch.delete_horizon >= 0 {
        batch.delete_horizon
    } else {
        batch.records.first().map_or(-1, |record| record.timestamp)
    };
    let mut records = Vec::new();
    for record in batch.records.iter() {
        put_record(&mut records, record, base_timestamp);
    }
    let mut out = Vec::new();
    out.extend(batch.base_offset.to_be_bytes());
    out.extend((49 + records.len() as i32).to_be_bytes());
    out.extend(batch.leader_epoch.to_be_bytes());
    out.extend([2, 0, 0, 0, 0]);
    out.extend(attributes(batch).to_be_bytes());
    out.extend(batch.last_offset_delta.to_be_bytes());
    out.extend(base_timestamp.to_be_bytes());
    out.extend(batch.max_timestamp.to_be_bytes());
    out.extend(batch.producer_id.to_be_bytes());
    out.extend(batch.producer_epoch.to_be_bytes());
    out.extend(batch.base_sequence.to_be_bytes());
    out.extend((batch.records.len() as i32).to_be_bytes());
    out.extend(records);
    out
}

fn attributes(batch: &Batch) -> i16 {
    let codec = match batch.codec {
        Codec::None => 0,
        Codec::Gzip => 1,
        Codec::Snappy => 2,
        Codec::Lz4 => 3,
        Codec::Zstd => 4,
    };
    codec
        | i16::from(batch.timestamp_type == TimestampType::LogAppendTime) << 3
        | i16::from(batch.transactional) << 4
        | i16::from(batch.control.is_some()) << 5
        | i16::from(batch.delete_horizon >= 0) << 6
}

fn put_record(out: &mut Vec<u8>, record: &Record, base_timestamp: i64) {
    let mut body = vec![0];
    put_varint(&mut body, record.timestamp - base_timestamp);
    put_varint(&mut body, i64::from(record.offset_delta));
    put_nullable(&mut body, record.key.as_deref());
    put_nullable(&mut body, record.value.as_deref());
    let headers = record.headers.as_deref().unwrap_or(&[]);
    put_varint(&mut body, headers.len() as i64);
    for header in headers {
        put_nullable(&mut body, Some(header.key.as_bytes()));
        put_nullable(&mut body, header.value.as_deref());
    }
    put_varint(out, body.len() as i64);
    out.extend(body);
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_varint(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend(bytes.unwrap_or(&[]));
}

/// A zigzag varint.
fn put_varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// CRC-32C (Castagnoli), bit by bit: logs of recordings are small.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

/// What a control batch says, as Kafka's tools name it.
pub const fn control_name(control: ControlType) -> &'static str {
    match control {
        ControlType::Abort => "ABORT",
        ControlType::Commit => "COMMIT",
        ControlType::LeaderChange => "LEADER_CHANGE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
