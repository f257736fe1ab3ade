//! Topic configs (`org.apache.kafka.common.config.TopicConfig`).
//!
//! Invariant: a value here wins over the broker's default of the same meaning.

use super::config_table;
use super::table::{any, minus_one_or_more, not_negative, positive};
use super::value::choice;

choice! {
    /// What becomes of old records.
    CleanupPolicy {
        /// Whole old segments go.
        Delete = "delete",
        /// The newest record of each key stays.
        Compact = "compact",
        /// Both.
        CompactDelete = "compact,delete" | "delete,compact",
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
    /// How a topic's batches are compressed.
    TopicCompression {
        /// As the producer compressed them.
        Producer = "producer",
        /// Not at all.
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

config_table! {
    /// The configs of one topic that the model honours.
    Topic TopicConfig {
        cleanup_policy: CleanupPolicy = CleanupPolicy::Delete, "cleanup.policy", any, "What becomes of old records.";
        compression_type: TopicCompression = TopicCompression::Producer, "compression.type", any, "How its batches are compressed.";
        min_insync_replicas: i32 = 1, "min.insync.replicas", positive, "How small the ISR may be for a write with acks=all.";
        max_message_bytes: i32 = 1_048_588, "max.message.bytes", not_negative, "The largest batch the topic takes.";
        message_timestamp_type: MessageTimestampType = MessageTimestampType::CreateTime, "message.timestamp.type", any, "Who sets timestamps.";
        retention_ms: i64 = 604_800_000, "retention.ms", minus_one_or_more, "How old a segment may be, by its newest record; -1 keeps all.";
        retention_bytes: i64 = -1, "retention.bytes", minus_one_or_more, "How much of a partition is kept; -1 keeps all.";
        file_delete_delay_ms: i64 = 60_000, "file.delete.delay.ms", not_negative, "How long a deleted segment's file stays on disk; nobody can read it.";
        segment_bytes: i32 = 1_073_741_824, "segment.bytes", positive, "When a segment is full.";
        segment_ms: i64 = 604_800_000, "segment.ms", positive, "When a segment is rolled though not full.";
        unclean_leader_election_enable: bool = false, "unclean.leader.election.enable", any, "Whether a replica outside the ISR may lead when no other lives.";
    }
}
