//! Producer configs of librdkafka, the C library under most clients that are not Java (its `CONFIGURATION.md`).
//!
//! Names and defaults are its own; many names have an older twin. Invariant: what both libraries know is carried out by the same
//! code, through [`LibrdkafkaConfig::as_java`].

use super::config_table;
use super::producer::{Acks, MetadataRecovery, ProducerConfig};
use super::table::{any, not_negative, positive};
use super::value::choice;
use super::{ConfigError, ConfigTable};
use crate::ids::Name;
use crate::log::Codec;
use alloc::string::ToString;

choice! {
    /// How librdkafka chooses partitions for records that name none.
    Partitioner {
        /// Any.
        Random = "random",
        /// CRC32 of the key.
        Consistent = "consistent",
        /// CRC32 of the key; the empty one counts as none.
        ConsistentRandom = "consistent_random",
        /// As the Java producer hashes.
        Murmur2 = "murmur2",
        /// The same; keyless records anywhere.
        Murmur2Random = "murmur2_random",
    }
}

config_table! {
    /// The producer configs of librdkafka that the model honours.
    Librdkafka LibrdkafkaConfig {
        client_id: Option<Name> = Some("rdkafka".into()), "client.id", any, "The client's name in requests.";
        acks: Acks = Acks::All, "acks" | "request.required.acks", any, "How many replicas must have a batch before it is acknowledged.";
        enable_idempotence: bool = false, "enable.idempotence", any, "Whether brokers drop duplicates that retries make.";
        transactional_id: Option<Name> = None, "transactional.id", any, "The name under which this producer's transactions go on after a restart.";
        transaction_timeout_ms: i32 = 60_000, "transaction.timeout.ms", positive, "How long a transaction may be open before the coordinator aborts it.";
        batch_size: i32 = 1_000_000, "batch.size", positive, "How many bytes a batch may grow to.";
        linger_ms: i64 = 5, "linger.ms" | "queue.buffering.max.ms", not_negative, "How long a batch waits for more records.";
        queue_kbytes: i32 = 1_048_576, "queue.buffering.max.kbytes", positive, "Kilobytes for records not yet sent; produce() fails when they are full.";
        compression_codec: Codec = Codec::None, "compression.codec" | "compression.type", any, "How batches are compressed.";
        message_max_bytes: i32 = 1_000_000, "message.max.bytes", positive, "The largest request, and record.";
        max_in_flight: Option<i64> = None, "max.in.flight.requests.per.connection" | "max.in.flight", any, "Requests under way to one broker; null is 1000000, and 5 with idempotence.";
        retries: i32 = i32::MAX, "message.send.max.retries" | "retries", not_negative, "How often a batch is sent again.";
        retry_backoff_ms: i64 = 100, "retry.backoff.ms", positive, "The first wait before a retry.";
        retry_backoff_max_ms: i64 = 1_000, "retry.backoff.max.ms", positive, "The longest wait before a retry.";
        request_timeout_ms: i32 = 30_000, "request.timeout.ms", positive, "How long the leader waits for the ISR.";
        socket_timeout_ms: i32 = 60_000, "socket.timeout.ms", positive, "How long an answer may take.";
        message_timeout_ms: i32 = 300_000, "message.timeout.ms" | "delivery.timeout.ms", not_negative, "When a record is given up; 0 never.";
        refresh_interval_ms: i64 = 300_000, "topic.metadata.refresh.interval.ms", positive, "When metadata is refreshed unasked.";
        metadata_recovery: MetadataRecovery = MetadataRecovery::Rebootstrap, "metadata.recovery.strategy", any, "What to do when there is nobody left to ask for metadata.";
        rebootstrap_trigger_ms: i64 = 300_000, "metadata.recovery.rebootstrap.trigger.ms", not_negative, "How long to look for metadata before beginning anew.";
        reconnect_backoff_ms: i64 = 100, "reconnect.backoff.ms", not_negative, "The first wait before connecting again.";
        reconnect_backoff_max_ms: i64 = 10_000, "reconnect.backoff.max.ms", not_negative, "The longest wait before connecting again.";
        partitioner: Partitioner = Partitioner::ConsistentRandom, "partitioner", any, "Who chooses partitions for records that name none.";
        sticky_linger_ms: i64 = 10, "sticky.partitioning.linger.ms", not_negative, "How long keyless records stick to a partition.";
    }
}

/// More requests under way than brokers can tell duplicates among.
const MAX_IN_FLIGHT_FOR_IDEMPOTENCE: i64 = 5;
/// What `max.in.flight` is without idempotence.
const MAX_IN_FLIGHT: i64 = 1_000_000;

impl LibrdkafkaConfig {
    /// The same wishes in the Java producer's words; there is no `max.block.ms`, since `produce()` never blocks: a record waits
    /// for metadata as long as `message.timeout.ms` lets it.
    pub fn as_java(&self) -> ProducerConfig {
        let idempotent = self.enable_idempotence || self.transactional_id.is_some();
        let usual = if idempotent { MAX_IN_FLIGHT_FOR_IDEMPOTENCE } else { MAX_IN_FLIGHT };
        let in_flight = self.max_in_flight.unwrap_or(usual);
        let message_timeout =
            if self.message_timeout_ms == 0 { i32::MAX } else { self.message_timeout_ms };
        ProducerConfig {
            client_id: self.client_id.clone(),
            acks: self.acks,
            enable_idempotence: Some(idempotent),
            transactional_id: self.transactional_id.clone(),
            transaction_timeout_ms: self.transaction_timeout_ms,
            batch_size: self.batch_size,
            linger_ms: self.linger_ms,
            buffer_memory: i64::from(self.queue_kbytes) * 1_024,
            compression_type: self.compression_codec,
            max_block_ms: i64::from(message_timeout),
            max_request_size: self.message_max_bytes,
            max_in_flight: in_flight.clamp(1, MAX_IN_FLIGHT) as i32,
            retries: self.retries,
            retry_backoff_ms: self.retry_backoff_ms,
            retry_backoff_max_ms: self.retry_backoff_max_ms,
            request_timeout_ms: self.socket_timeout_ms,
            delivery_timeout_ms: message_timeout,
            metadata_max_age_ms: self.refresh_interval_ms,
            metadata_recovery: self.metadata_recovery,
            rebootstrap_trigger_ms: self.rebootstrap_trigger_ms,
            reconnect_backoff_ms: self.reconnect_backoff_ms,
            reconnect_backoff_max_ms: self.reconnect_backoff_max_ms,
            partitioner_adaptive: false,
            ..ProducerConfig::default()
        }
    }

    /// Refuses what `rd_kafka_new` refuses, in its own words (`rd_kafka_conf_finalize`).
    pub fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key: &str, reason: &str| Err(ConfigError::value(key, reason.to_string()));
        let in_flight = self.max_in_flight.unwrap_or(1);
        if !(1..=MAX_IN_FLIGHT).contains(&in_flight) {
            return refuse("max.in.flight", "must be between 1 and 1000000");
        }
        if !self.enable_idempotence && self.transactional_id.is_none() {
            return Ok(());
        }
        if in_flight > MAX_IN_FLIGHT_FOR_IDEMPOTENCE {
            let reason = "`max.in.flight` must be set <= 5 when `enable.idempotence` is true";
            return refuse("max.in.flight", reason);
        }
        if self.retries < 1 {
            let reason = "`retries` must be set >= 1 when `enable.idempotence` is true";
            return refuse("retries", reason);
        }
        if self.acks != Acks::All {
            let reason = "`acks` must be set to `all` when `enable.idempotence` is true";
            return refuse("acks", reason);
        }
        Ok(())
    }

    /// The defaults with these pairs set, if librdkafka takes them.
    pub fn checked<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigError> {
        let config = Self::from_pairs(pairs)?;
        config.check().map(|()| config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn librdkafka_is_not_idempotent_and_has_a_million_requests_under_way_unless_told() {
        let usual = LibrdkafkaConfig::default().as_java();
        assert!(!usual.is_idempotent());
        assert_eq!((usual.max_in_flight, usual.linger_ms, usual.acks), (1_000_000, 5, Acks::All));
        let told = LibrdkafkaConfig::checked([("enable.idempotence", "true")]).expect("taken");
        assert!(told.as_java().is_idempotent());
        assert_eq!(told.as_java().max_in_flight, 5);
    }

    #[test]
    fn old_names_are_the_same_configs_and_javas_own_are_refused() {
        let pairs = [("queue.buffering.max.ms", "50"), ("request.required.acks", "1")];
        let old = LibrdkafkaConfig::checked(pairs).expect("taken");
        assert_eq!((old.linger_ms, old.acks), (50, Acks::One));
        for (key, value) in [("max.block.ms", "1"), ("buffer.memory", "1"), ("sasl.username", "a")]
        {
            let error = LibrdkafkaConfig::checked([(key, value)]).expect_err("refused");
            assert_eq!(error.key, key);
        }
        let refused = [("enable.idempotence", "true"), ("max.in.flight", "6")];
        assert_eq!(LibrdkafkaConfig::checked(refused).expect_err("refused").key, "max.in.flight");
    }
}
