//! What a leader checks before it appends (`UnifiedLog.analyzeAndValidateRecords`, `LogValidator`).
//!
//! Invariant: a batch is taken whole or not at all.

use super::{Batch, Record};
use crate::api::ErrorCode;
use crate::config::topic::{MessageTimestampType, TopicConfig};
use crate::ids::EpochMs;
use alloc::vec::Vec;

/// Whether a batch may be appended, in the order in which Kafka looks at it.
pub(super) fn validate(batch: &Batch, now: EpochMs, config: &TopicConfig) -> Result<(), ErrorCode> {
    check_size(batch, config)?;
    if batch.corrupt {
        return Err(ErrorCode::CorruptMessage);
    }
    if batch.control.is_none() {
        check_records(batch, now, config)?;
    }
    if batch.size_bytes > config.segment_bytes.unsigned_abs() {
        return Err(ErrorCode::RecordListTooLarge);
    }
    Ok(())
}

/// Whether a batch is small enough for its topic.
pub(super) fn check_size(batch: &Batch, config: &TopicConfig) -> Result<(), ErrorCode> {
    let large = batch.size_bytes > config.max_message_bytes.unsigned_abs();
    if large { Err(ErrorCode::MessageTooLarge) } else { Ok(()) }
}

/// Places of the records for which a batch was refused (`RecordValidationException.recordErrors`); none if it was refused as
/// a whole.
pub(crate) fn refused_records(
    error: ErrorCode,
    records: &[Record],
    now: EpochMs,
    config: &TopicConfig,
) -> Vec<i32> {
    if !matches!(error, ErrorCode::InvalidRecord | ErrorCode::InvalidTimestamp) {
        return Vec::new();
    }
    let refused = records.iter().filter(|record| record_error(record, now, config).is_some());
    refused.map(|record| record.offset_delta).collect()
}

fn check_records(batch: &Batch, now: EpochMs, config: &TopicConfig) -> Result<(), ErrorCode> {
    let timed = config.message_timestamp_type == MessageTimestampType::CreateTime;
    let bounded = timed && config.message_timestamp_before_max_ms < i64::MAX;
    let late = timed && is_late(batch.max_timestamp, now, config);
    if !(config.cleanup_policy.compacts() || bounded || late) {
        return Ok(());
    }
    let errors = batch.records.iter().filter_map(|record| record_error(record, now, config));
    // A wrong time outranks whatever else is wrong.
    errors.max_by_key(|error| *error == ErrorCode::InvalidTimestamp).map_or(Ok(()), Err)
}

fn record_error(record: &Record, now: EpochMs, config: &TopicConfig) -> Option<ErrorCode> {
    if config.cleanup_policy.compacts() && record.key.is_none() {
        return Some(ErrorCode::InvalidRecord);
    }
    let timed = config.message_timestamp_type == MessageTimestampType::CreateTime;
    (timed && has_wrong_time(record.timestamp, now, config)).then_some(ErrorCode::InvalidTimestamp)
}

fn has_wrong_time(timestamp: EpochMs, now: EpochMs, config: &TopicConfig) -> bool {
    let early = now.saturating_sub(timestamp) > config.message_timestamp_before_max_ms;
    timestamp >= 0 && early || is_late(timestamp, now, config)
}

fn is_late(timestamp: EpochMs, now: EpochMs, config: &TopicConfig) -> bool {
    timestamp.saturating_sub(now) > config.message_timestamp_after_max_ms
}

#[cfg(test)]
mod tests {
    use super::super::testing::batch;
    use super::*;
    use crate::config::topic::CleanupPolicy;

    #[test]
    fn a_batch_is_refused_as_a_whole_and_tells_which_records_were_wrong() {
        let compacted =
            TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
        let mut keyless = batch(3, 5);
        keyless.records =
            keyless.records.iter().cloned().map(|record| Record { key: None, ..record }).collect();
        let refused = |error, config| refused_records(error, &keyless.records, 5, config);
        assert_eq!(validate(&keyless, 5, &compacted), Err(ErrorCode::InvalidRecord));
        assert_eq!(refused(ErrorCode::InvalidRecord, &compacted), [0, 1, 2]);
        assert!(refused(ErrorCode::MessageTooLarge, &compacted).is_empty());
        let bounded =
            TopicConfig { message_timestamp_before_max_ms: 1_000, ..TopicConfig::default() };
        assert_eq!(validate(&keyless, 1_005, &bounded), Ok(()));
        assert_eq!(validate(&keyless, 1_006, &bounded), Err(ErrorCode::InvalidTimestamp));
    }
}
