//! Topic configs (`org.apache.kafka.common.config.TopicConfig`).
//!
//! Invariant: a value here wins over the broker's default of the same meaning.

use super::config_table;
use super::table::{a_mebibyte, any, minus_one_or_more, minus_two_or_more, not_negative, positive};
use super::throttled::ThrottledReplicas;
use super::value::{Share, choice};
use crate::log::Codec;

choice! {
    /// What becomes of old records.
    CleanupPolicy {
        /// Whole old segments go.
        Delete = "delete",
        /// The newest record of each key stays.
        Compact = "compact",
        /// Both.
        CompactDelete = "compact,delete" | "delete,compact" | "compact, delete" | "delete, compact",
        /// Neither: only what lies below the log start goes.
        Nothing = "",
    }
}

impl CleanupPolicy {
    /// Whether it names compaction.
    pub const fn compacts(self) -> bool {
        matches!(self, Self::Compact | Self::CompactDelete)
    }
}

choice! {
    /// Who sets timestamps.
    MessageTimestampType {
        /// The producer.
        CreateTime = "CreateTime",
        /// The broker.
        LogAppendTime = "LogAppendTime",
    }
}

choice! {
    /// How a leader stores batches (`BrokerCompressionType`).
    CompressionType {
        /// As the producer compressed them.
        Producer = "producer",
        /// Not compressed.
        Uncompressed = "uncompressed",
        /// With gzip.
        Gzip = "gzip",
        /// With snappy.
        Snappy = "snappy",
        /// With lz4.
        Lz4 = "lz4",
        /// With zstd.
        Zstd = "zstd",
    }
}

impl CompressionType {
    /// The codec it asks for; none if it takes what comes.
    pub const fn codec(self) -> Option<Codec> {
        match self {
            Self::Producer => None,
            Self::Uncompressed => Some(Codec::None),
            Self::Gzip => Some(Codec::Gzip),
            Self::Snappy => Some(Codec::Snappy),
            Self::Lz4 => Some(Codec::Lz4),
            Self::Zstd => Some(Codec::Zstd),
        }
    }
}

const fn four_or_more(bytes: &i32) -> Result<(), &'static str> {
    if *bytes >= 4 { Ok(()) } else { Err("at least 4") }
}

const fn gzip_level(level: &i32) -> Result<(), &'static str> {
    if matches!(*level, -1 | 1..=9) { Ok(()) } else { Err("between 1 and 9, or -1") }
}

const fn lz4_level(level: &i32) -> Result<(), &'static str> {
    if matches!(*level, 1..=17) { Ok(()) } else { Err("between 1 and 17") }
}

const fn zstd_level(level: &i32) -> Result<(), &'static str> {
    if matches!(*level, -131_072..=22) { Ok(()) } else { Err("between -131072 and 22") }
}

config_table! {
    /// The configs of one topic that the model honours.
    Topic TopicConfig {
        cleanup_policy: CleanupPolicy = CleanupPolicy::Delete, "cleanup.policy", any, "What becomes of old records.";
        min_insync_replicas: i32 = 1, "min.insync.replicas", positive, "How small the ISR may be for a write with acks=all.";
        max_message_bytes: i32 = 1_048_588, "max.message.bytes", not_negative, "The largest batch the topic takes.";
        compression_type: CompressionType = CompressionType::Producer, "compression.type", any, "How batches are stored; producer keeps what came.";
        message_timestamp_type: MessageTimestampType = MessageTimestampType::CreateTime, "message.timestamp.type", any, "Who sets timestamps.";
        message_timestamp_before_max_ms: i64 = i64::MAX, "message.timestamp.before.max.ms", not_negative, "How far before the broker's time a record's timestamp may lie.";
        message_timestamp_after_max_ms: i64 = 3_600_000, "message.timestamp.after.max.ms", not_negative, "How far after the broker's time a record's timestamp may lie.";
        retention_ms: i64 = 604_800_000, "retention.ms", minus_one_or_more, "How old a segment may be, by its newest record; -1 keeps all.";
        retention_bytes: i64 = -1, "retention.bytes", minus_one_or_more, "How much of a partition is kept; -1 keeps all.";
        file_delete_delay_ms: i64 = 60_000, "file.delete.delay.ms", not_negative, "How long a deleted segment's file stays on disk; nobody can read it.";
        segment_bytes: i32 = 1_073_741_824, "segment.bytes", a_mebibyte, "When a segment is full.";
        min_cleanable_dirty_ratio: Share = Share(500_000), "min.cleanable.dirty.ratio", any, "How large the uncompacted share of a log must be before it is compacted.";
        delete_retention_ms: i64 = 86_400_000, "delete.retention.ms", not_negative, "How long a compacted log keeps tombstones.";
        min_compaction_lag_ms: i64 = 0, "min.compaction.lag.ms", not_negative, "How old a record must be before it is compacted away.";
        max_compaction_lag_ms: i64 = i64::MAX, "max.compaction.lag.ms", positive, "How old a record may be before its log is compacted, however clean it is.";
        segment_jitter_ms: i64 = 0, "segment.jitter.ms", not_negative, "How much earlier than segment.ms a segment may be rolled, at random.";
        flush_messages: i64 = i64::MAX, "flush.messages", positive, "After how many records Kafka itself forces a log to disk.";
        flush_ms: i64 = i64::MAX, "flush.ms", not_negative, "After how long it does, looked at every log.flush.scheduler.interval.ms.";
        segment_ms: i64 = 604_800_000, "segment.ms", positive, "When a segment is rolled though not full.";
        index_interval_bytes: i32 = 4_096, "index.interval.bytes", not_negative, "How many bytes lie between two entries of an offset index.";
        segment_index_bytes: i32 = 10_485_760, "segment.index.bytes", four_or_more, "How large an offset index may become; no look-up here depends on it.";
        preallocate: bool = false, "preallocate", any, "Whether a segment's file is made in full at once; nobody can tell.";
        compression_gzip_level: i32 = -1, "compression.gzip.level", gzip_level, "How hard gzip tries; sizes are assumed, not computed.";
        compression_lz4_level: i32 = 9, "compression.lz4.level", lz4_level, "How hard lz4 tries; sizes are assumed, not computed.";
        compression_zstd_level: i32 = 3, "compression.zstd.level", zstd_level, "How hard zstd tries; sizes are assumed, not computed.";
        local_retention_ms: i64 = -2, "local.retention.ms", minus_two_or_more, "Matters to tiered topics only.";
        local_retention_bytes: i64 = -2, "local.retention.bytes", minus_two_or_more, "Matters to tiered topics only.";
        remote_log_copy_disable: bool = false, "remote.log.copy.disable", any, "Matters to tiered topics only.";
        remote_log_delete_on_disable: bool = false, "remote.log.delete.on.disable", any, "Matters to tiered topics only.";
        leader_replication_throttled_replicas: ThrottledReplicas = ThrottledReplicas::Nobody, "leader.replication.throttled.replicas", any, "Whose leaders give replicas outside the ISR no more than their broker's rate: partition:broker,... or *.";
        follower_replication_throttled_replicas: ThrottledReplicas = ThrottledReplicas::Nobody, "follower.replication.throttled.replicas", any, "Which replicas that are behind copy no more than their broker's rate: partition:broker,... or *.";
        unclean_leader_election_enable: bool = false, "unclean.leader.election.enable", any, "Whether a replica outside the ISR may lead when no other lives.";
    }
}
