//! Producer configs (`org.apache.kafka.clients.producer.ProducerConfig`).
//!
//! Invariant: combinations that Kafka's constructor refuses are refused by [`ProducerConfig::check`].

use super::config_table;
use super::table::{any, not_negative, positive};
use super::value::choice;
use super::{ConfigError, ConfigTable};
use crate::ids::Name;
use crate::log::Codec;
use alloc::string::ToString;

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

choice! {
    /// What a client does when it has nobody left to ask.
    MetadataRecovery {
        /// It keeps asking those it knew.
        None = "none",
        /// It begins anew with its bootstrap addresses.
        Rebootstrap = "rebootstrap",
    }
}

choice! {
    /// Who chooses partitions for records that name none.
    PartitionerClass {
        /// The producer's own: keys are hashed, keyless records stick.
        BuiltIn = "null",
        /// Every available partition in turn, keys or not.
        RoundRobin = "org.apache.kafka.clients.producer.RoundRobinPartitioner" | "RoundRobinPartitioner",
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
        transactional_id: Option<Name> = None, "transactional.id", any, "The name under which this producer's transactions go on after a restart.";
        transaction_timeout_ms: i32 = 60_000, "transaction.timeout.ms", positive, "How long a transaction may be open before the coordinator aborts it.";
        batch_size: i32 = 16_384, "batch.size", not_negative, "How many bytes a batch may grow to.";
        linger_ms: i64 = 5, "linger.ms", not_negative, "How long a batch waits for more records.";
        buffer_memory: i64 = 33_554_432, "buffer.memory", not_negative, "Bytes for records not yet sent.";
        compression_type: Codec = Codec::None, "compression.type", any, "How batches are compressed.";
        max_block_ms: i64 = 60_000, "max.block.ms", not_negative, "How long send() may block.";
        max_request_size: i32 = 1_048_576, "max.request.size", not_negative, "The largest request, and record.";
        max_in_flight: i32 = 5, "max.in.flight.requests.per.connection", positive, "Requests under way to one broker.";
        retries: i32 = i32::MAX, "retries", not_negative, "How often a batch is sent again.";
        retry_backoff_ms: i64 = 100, "retry.backoff.ms", not_negative, "The first wait before a retry.";
        retry_backoff_max_ms: i64 = 1_000, "retry.backoff.max.ms", not_negative, "The longest wait before a retry.";
        request_timeout_ms: i32 = 30_000, "request.timeout.ms", not_negative, "How long an answer may take.";
        delivery_timeout_ms: i32 = 120_000, "delivery.timeout.ms", not_negative, "When a batch is given up.";
        metadata_max_age_ms: i64 = 300_000, "metadata.max.age.ms", not_negative, "When metadata is refreshed unasked.";
        metadata_max_idle_ms: i64 = 300_000, "metadata.max.idle.ms", not_negative, "How long metadata of a topic not sent to is kept.";
        metadata_recovery: MetadataRecovery = MetadataRecovery::Rebootstrap, "metadata.recovery.strategy", any, "What to do when there is nobody left to ask for metadata.";
        rebootstrap_trigger_ms: i64 = 300_000, "metadata.recovery.rebootstrap.trigger.ms", not_negative, "How long to look for metadata before beginning anew.";
        reconnect_backoff_ms: i64 = 50, "reconnect.backoff.ms", not_negative, "The first wait before connecting again.";
        reconnect_backoff_max_ms: i64 = 1_000, "reconnect.backoff.max.ms", not_negative, "The longest wait before connecting again.";
        partitioner_class: PartitionerClass = PartitionerClass::BuiltIn, "partitioner.class", any, "Who chooses partitions for records that name none.";
        partitioner_availability_timeout_ms: i64 = 0, "partitioner.availability.timeout.ms", not_negative, "How long a broker may take no batch before keyless records avoid it; 0 never.";
        partitioner_ignore_keys: bool = false, "partitioner.ignore.keys", any, "Whether keys are ignored when a partition is chosen.";
        partitioner_adaptive: bool = true, "partitioner.adaptive.partitioning.enable", any, "Whether faster brokers get more keyless records.";
    }
}

/// More requests under way than brokers can tell duplicates among.
const MAX_IN_FLIGHT_FOR_IDEMPOTENCE: i32 = 5;

impl ProducerConfig {
    /// Whether brokers drop this producer's duplicates: unless told otherwise yes, if `acks` and `retries` allow it.
    pub fn is_idempotent(&self) -> bool {
        self.enable_idempotence.unwrap_or(true) && self.acks == Acks::All && self.retries > 0
    }

    /// `delivery.timeout.ms`, raised to `linger.ms` + `request.timeout.ms` if it is the default and less than that.
    pub fn effective_delivery_timeout_ms(&self) -> i64 {
        i64::from(self.delivery_timeout_ms).max(self.least_delivery_timeout_ms())
    }

    /// Refuses what Kafka's constructor refuses, in its own words (`ProducerConfig.postProcessAndValidateIdempotenceConfigs`,
    /// `KafkaProducer.configureDeliveryTimeout`).
    pub fn check(&self) -> Result<(), ConfigError> {
        let idempotent = self.enable_idempotence.unwrap_or(true);
        let asked_for = self.enable_idempotence == Some(true);
        let refuse = |key: &str, reason: &str| Err(ConfigError::value(key, reason.to_string()));
        if asked_for && self.retries == 0 {
            return refuse(
                "retries",
                "Must set retries to non-zero when using the idempotent producer.",
            );
        }
        if asked_for && self.acks != Acks::All {
            let reason = "Must set acks to all in order to use the idempotent producer. \
                          Otherwise we cannot guarantee idempotence.";
            return refuse("acks", reason);
        }
        if self.transactional_id.is_some() && !self.is_idempotent() {
            let reason = "Cannot set a transactional.id without also enabling idempotence.";
            return refuse("transactional.id", reason);
        }
        if idempotent && self.max_in_flight > MAX_IN_FLIGHT_FOR_IDEMPOTENCE {
            let reason = "Must set max.in.flight.requests.per.connection to at most 5 to use the \
                          idempotent producer.";
            return refuse("max.in.flight.requests.per.connection", reason);
        }
        let told = self.delivery_timeout_ms != Self::default().delivery_timeout_ms;
        if told && i64::from(self.delivery_timeout_ms) < self.least_delivery_timeout_ms() {
            let reason = "delivery.timeout.ms should be equal to or larger than linger.ms + \
                          request.timeout.ms";
            return refuse("delivery.timeout.ms", reason);
        }
        Ok(())
    }

    /// The defaults with these pairs set, if Kafka's constructor takes them.
    pub fn checked<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ConfigError> {
        let config = Self::from_pairs(pairs)?;
        config.check().map(|()| config)
    }

    fn least_delivery_timeout_ms(&self) -> i64 {
        (self.linger_ms + i64::from(self.request_timeout_ms)).min(i64::from(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (&'static [(&'static str, &'static str)], Option<&'static str>, bool);

    #[test]
    fn combinations_are_refused_or_taken_as_kafka_does() {
        // configs, refused key, idempotent
        let table: &[Case] = &[
            (&[], None, true),
            (&[("acks", "1")], None, false),
            (&[("acks", "1"), ("enable.idempotence", "true")], Some("acks"), false),
            (&[("retries", "0")], None, false),
            (&[("retries", "0"), ("enable.idempotence", "true")], Some("retries"), false),
            (
                &[("max.in.flight.requests.per.connection", "6")],
                Some("max.in.flight.requests.per.connection"),
                false,
            ),
            (
                &[("max.in.flight.requests.per.connection", "6"), ("enable.idempotence", "false")],
                None,
                false,
            ),
            (&[("delivery.timeout.ms", "30000")], Some("delivery.timeout.ms"), false),
            (&[("linger.ms", "100000")], None, true),
        ];
        for (pairs, refused, idempotent) in table {
            match ProducerConfig::checked(pairs.iter().copied()) {
                Ok(config) => {
                    assert_eq!(
                        (None, config.is_idempotent()),
                        (*refused, *idempotent),
                        "{pairs:?}"
                    );
                }
                Err(error) => assert_eq!(Some(&*error.key), *refused, "{pairs:?}"),
            }
        }
        let raised = ProducerConfig::checked([("linger.ms", "100000")]).expect("taken");
        assert_eq!(raised.effective_delivery_timeout_ms(), 130_000);
    }
}
