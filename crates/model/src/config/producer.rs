//! Producer configs (`org.apache.kafka.clients.producer.ProducerConfig`).
//!
//! Invariant: combinations that Kafka's constructor refuses are refused by [`ProducerConfig::check`].

use super::config_table;
use super::table::{any, not_negative, positive};
use super::value::choice;
use crate::ids::Name;

choice! {
    /// How many replicas must have a batch before it is acknowledged.
    Acks {
        /// None: the producer does not wait.
        Zero = "0",
        /// The leader.
        One = "1",
        /// Every replica in the ISR.
        All = "all" | "-1",
    }
}

impl Acks {
    /// The number on the wire.
    pub const fn wire(self) -> i16 {
        match self {
            Self::Zero => 0,
            Self::One => 1,
            Self::All => -1,
        }
    }
}

config_table! {
    /// The producer configs that the model honours.
    Producer ProducerConfig {
        client_id: Option<Name> = None, "client.id", any, "The client's name in requests.";
        acks: Acks = Acks::All, "acks", any, "How many replicas must have a batch before it is acknowledged.";
        enable_idempotence: Option<bool> = None, "enable.idempotence", any, "Whether brokers drop duplicates that retries make.";
        batch_size: i32 = 16_384, "batch.size", not_negative, "How many bytes a batch may grow to.";
        linger_ms: i64 = 5, "linger.ms", not_negative, "How long a batch waits for more records.";
        buffer_memory: i64 = 33_554_432, "buffer.memory", not_negative, "Bytes for records not yet sent.";
        max_block_ms: i64 = 60_000, "max.block.ms", not_negative, "How long send() may block.";
        max_request_size: i32 = 1_048_576, "max.request.size", not_negative, "The largest request, and record.";
        max_in_flight: i32 = 5, "max.in.flight.requests.per.connection", positive, "Requests under way to one broker.";
        retries: i32 = i32::MAX, "retries", not_negative, "How often a batch is sent again.";
        retry_backoff_ms: i64 = 100, "retry.backoff.ms", not_negative, "The first wait before a retry.";
        retry_backoff_max_ms: i64 = 1_000, "retry.backoff.max.ms", not_negative, "The longest wait before a retry.";
        request_timeout_ms: i32 = 30_000, "request.timeout.ms", not_negative, "How long an answer may take.";
        delivery_timeout_ms: i32 = 120_000, "delivery.timeout.ms", not_negative, "When a batch is given up.";
        metadata_max_age_ms: i64 = 300_000, "metadata.max.age.ms", not_negative, "When metadata is refreshed unasked.";
        reconnect_backoff_ms: i64 = 50, "reconnect.backoff.ms", not_negative, "The first wait before connecting again.";
        reconnect_backoff_max_ms: i64 = 1_000, "reconnect.backoff.max.ms", not_negative, "The longest wait before connecting again.";
        partitioner_ignore_keys: bool = false, "partitioner.ignore.keys", any, "Whether keys are ignored when a partition is chosen.";
        partitioner_adaptive: bool = true, "partitioner.adaptive.partitioning.enable", any, "Whether faster brokers get more keyless records.";
    }
}
