//! Broker and controller configs (`org.apache.kafka.server.config`); both roles read one table, as Kafka's nodes do.
//!
//! Invariant: cluster-wide defaults of topics live here too, under the broker's keys.

use super::config_table;
use super::table::{a_mebibyte, any, minus_one_or_more, not_negative, positive};
use super::topic::{CleanupPolicy, CompressionType, MessageTimestampType};
use super::value::{Share, choice};
use crate::group::modern::assignor::ServerAssignor;

choice! {
    /// From which replica consumers read.
    ReplicaSelector {
        /// The leader.
        Leader = "org.apache.kafka.common.replica.LeaderSelector",
        /// One in the consumer's rack, if there is any.
        RackAware = "org.apache.kafka.common.replica.RackAwareReplicaSelector",
    }
}

choice! {
    /// Which way a group may change its protocol while it works.
    MigrationPolicy {
        /// Both ways.
        Bidirectional = "bidirectional",
        /// Only from classic to consumer.
        Upgrade = "upgrade",
        /// Only from consumer to classic.
        Downgrade = "downgrade",
        /// Not at all.
        Disabled = "disabled",
    }
}

/// The server-side assignors, the default one first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAssignors(pub alloc::vec::Vec<ServerAssignor>);

impl ServerAssignors {
    /// The assignor of a group whose members do not ask for one.
    pub fn first(&self) -> ServerAssignor {
        self.0.first().copied().unwrap_or_default()
    }
}

impl Default for ServerAssignors {
    fn default() -> Self {
        Self(alloc::vec![ServerAssignor::Uniform, ServerAssignor::Range])
    }
}

impl super::ConfigValue for ServerAssignors {
    const KIND: &'static str = "list";

    fn parse(text: &str) -> Result<Self, alloc::string::String> {
        let named = |name: &str| {
            let known = ServerAssignor::named(name.trim());
            known.ok_or_else(|| alloc::format!("'{name}' is neither uniform nor range"))
        };
        text.split(',').map(named).collect::<Result<_, _>>().map(Self)
    }

    fn show(&self) -> alloc::string::String {
        let names: alloc::vec::Vec<_> = self.0.iter().map(|assignor| assignor.name()).collect();
        names.join(",")
    }
}

/// Whether a broker takes a new value of this key while it runs (`DynamicBrokerConfig`).
pub fn is_dynamic(key: &str) -> bool {
    DYNAMIC.contains(&key)
}

const DYNAMIC: &[&str] = &[
    "min.insync.replicas",
    "unclean.leader.election.enable",
    "message.max.bytes",
    "compression.type",
    "log.segment.bytes",
    "log.retention.ms",
    "log.retention.bytes",
    "log.cleaner.backoff.ms",
    "log.cleaner.min.cleanable.ratio",
    "log.cleaner.delete.retention.ms",
    "log.cleaner.min.compaction.lag.ms",
    "log.cleaner.max.compaction.lag.ms",
    "log.cleaner.threads",
    "log.cleaner.dedupe.buffer.size",
    "log.cleaner.io.buffer.load.factor",
    "log.cleanup.policy",
    "log.roll.ms",
    "log.roll.jitter.ms",
    "log.message.timestamp.before.max.ms",
    "log.message.timestamp.after.max.ms",
    "log.message.timestamp.type",
    "log.flush.interval.messages",
    "log.flush.interval.ms",
    "log.segment.delete.delay.ms",
    "producer.id.expiration.ms",
    "transaction.partition.verification.enable",
    "group.share.assignment.interval.ms",
    "group.consumer.assignment.interval.ms",
    LEADER_RATE,
    FOLLOWER_RATE,
];

/// Whether only a broker that runs takes this key (`DynamicConfig.Broker`).
pub fn is_dynamic_only(key: &str) -> bool {
    matches!(key, LEADER_RATE | FOLLOWER_RATE)
}

const LEADER_RATE: &str = "leader.replication.throttled.rate";
const FOLLOWER_RATE: &str = "follower.replication.throttled.rate";

config_table! {
    /// The node configs that the model honours.
    Broker BrokerConfig {
        broker_session_timeout_ms: i32 = 9_000, "broker.session.timeout.ms", positive, "How long a broker may be silent before the controller fences it.";
        broker_heartbeat_interval_ms: i32 = 2_000, "broker.heartbeat.interval.ms", positive, "How often a broker sends a heartbeat to the controller.";
        initial_broker_registration_timeout_ms: i32 = 60_000, "initial.broker.registration.timeout.ms", positive, "How long a broker that starts asks to be registered before it gives up.";
        zookeeper_session_timeout_ms: i32 = 18_000, "zookeeper.session.timeout.ms", positive, "How long ZooKeeper waits for a silent broker; only in ZooKeeper mode.";
        quota_window_num: i32 = 11, "quota.window.num", positive, "How many windows a client's rate is taken over.";
        quota_window_size_seconds: i32 = 1, "quota.window.size.seconds", positive, "How long each of them is.";
        replication_quota_window_num: i32 = 11, "replication.quota.window.num", positive, "How many windows a rate of replication is taken over.";
        replication_quota_window_size_seconds: i32 = 1, "replication.quota.window.size.seconds", positive, "How long each of them is.";
        leader_replication_throttled_rate: i64 = i64::MAX, "leader.replication.throttled.rate", not_negative, "Bytes a second that a leader gives to throttled replicas outside the ISR; only for a broker that runs.";
        follower_replication_throttled_rate: i64 = i64::MAX, "follower.replication.throttled.rate", not_negative, "Bytes a second that throttled replicas that are behind copy; only for a broker that runs.";
        replica_lag_time_max_ms: i64 = 30_000, "replica.lag.time.max.ms", positive, "How long a follower may lag before it leaves the ISR.";
        replica_socket_timeout_ms: i32 = 30_000, "replica.socket.timeout.ms", positive, "How long a follower's request may be without an answer.";
        replica_fetch_wait_max_ms: i32 = 500, "replica.fetch.wait.max.ms", not_negative, "How long a follower's fetch may wait for data.";
        replica_fetch_min_bytes: i32 = 1, "replica.fetch.min.bytes", not_negative, "How much data makes a follower's fetch worth answering.";
        replica_fetch_max_bytes: i32 = 1_048_576, "replica.fetch.max.bytes", not_negative, "A follower's soft limit a partition.";
        replica_fetch_response_max_bytes: i32 = 10_485_760, "replica.fetch.response.max.bytes", not_negative, "A follower's soft limit a fetch.";
        replica_fetch_backoff_ms: i32 = 1_000, "replica.fetch.backoff.ms", not_negative, "How long a follower waits after a failed fetch.";
        replica_selector_class: Option<ReplicaSelector> = None, "replica.selector.class", any, "From which replica consumers read; null is the leader.";
        auto_leader_rebalance_enable: bool = true, "auto.leader.rebalance.enable", any, "Whether the controller moves leadership back to preferred replicas.";
        leader_imbalance_check_interval_seconds: i64 = 300, "leader.imbalance.check.interval.seconds", positive, "How often it looks for that.";
        auto_create_topics_enable: bool = true, "auto.create.topics.enable", any, "Whether asking for an unknown topic creates it.";
        num_partitions: i32 = 1, "num.partitions", positive, "Partitions of a topic that does not say.";
        default_replication_factor: i32 = 1, "default.replication.factor", positive, "Replicas of a topic that does not say.";
        min_insync_replicas: i32 = 1, "min.insync.replicas", positive, "Default of the topic config of that name.";
        unclean_leader_election_enable: bool = false, "unclean.leader.election.enable", any, "Default of the topic config of that name.";
        message_max_bytes: i32 = 1_048_588, "message.max.bytes", not_negative, "Default of max.message.bytes.";
        compression_type: CompressionType = CompressionType::Producer, "compression.type", any, "Default of the topic config of that name.";
        log_segment_bytes: i32 = 1_073_741_824, "log.segment.bytes", a_mebibyte, "Default of segment.bytes.";
        log_retention_ms: Option<i64> = None, "log.retention.ms", any, "Default of retention.ms; null leaves it to the hours.";
        log_retention_hours: i32 = 168, "log.retention.hours", minus_one_or_more, "Default of retention.ms, in hours.";
        log_retention_minutes: Option<i64> = None, "log.retention.minutes", any, "Default of retention.ms, in minutes; null leaves it to the hours.";
        log_retention_bytes: i64 = -1, "log.retention.bytes", minus_one_or_more, "Default of retention.bytes.";
        log_cleaner_backoff_ms: i64 = 15_000, "log.cleaner.backoff.ms", not_negative, "How long the log cleaner sleeps when there is nothing to compact.";
        log_cleaner_min_cleanable_ratio: Share = Share(500_000), "log.cleaner.min.cleanable.ratio", any, "Default of min.cleanable.dirty.ratio.";
        log_cleaner_delete_retention_ms: i64 = 86_400_000, "log.cleaner.delete.retention.ms", not_negative, "Default of delete.retention.ms.";
        log_cleaner_min_compaction_lag_ms: i64 = 0, "log.cleaner.min.compaction.lag.ms", not_negative, "Default of min.compaction.lag.ms.";
        log_cleaner_max_compaction_lag_ms: i64 = i64::MAX, "log.cleaner.max.compaction.lag.ms", positive, "Default of max.compaction.lag.ms.";
        log_cleaner_enable: bool = true, "log.cleaner.enable", any, "Whether logs are compacted at all.";
        log_cleaner_threads: i32 = 1, "log.cleaner.threads", positive, "How many threads share the cleaner's memory.";
        log_cleaner_dedupe_buffer_size: i64 = 134_217_728, "log.cleaner.dedupe.buffer.size", positive, "Bytes for the keys of one pass, 24 a key, shared by the threads.";
        log_cleaner_io_buffer_load_factor: Share = Share(900_000), "log.cleaner.io.buffer.load.factor", any, "How full that memory may be.";
        log_cleanup_policy: CleanupPolicy = CleanupPolicy::Delete, "log.cleanup.policy", any, "Default of cleanup.policy.";
        log_roll_ms: Option<i64> = None, "log.roll.ms", any, "Default of segment.ms; null leaves it to the hours.";
        log_roll_hours: i32 = 168, "log.roll.hours", positive, "Default of segment.ms, in hours.";
        log_roll_jitter_ms: Option<i64> = None, "log.roll.jitter.ms", any, "Default of segment.jitter.ms; null leaves it to the hours.";
        log_roll_jitter_hours: i32 = 0, "log.roll.jitter.hours", not_negative, "Default of segment.jitter.ms, in hours.";
        log_message_timestamp_before_max_ms: i64 = i64::MAX, "log.message.timestamp.before.max.ms", not_negative, "Default of message.timestamp.before.max.ms.";
        log_message_timestamp_after_max_ms: i64 = 3_600_000, "log.message.timestamp.after.max.ms", not_negative, "Default of message.timestamp.after.max.ms.";
        log_message_timestamp_type: MessageTimestampType = MessageTimestampType::CreateTime, "log.message.timestamp.type", any, "Default of message.timestamp.type.";
        log_flush_interval_messages: i64 = i64::MAX, "log.flush.interval.messages", positive, "Default of flush.messages.";
        log_flush_interval_ms: Option<i64> = None, "log.flush.interval.ms", any, "Default of flush.ms; null is log.flush.scheduler.interval.ms.";
        log_flush_scheduler_interval_ms: i64 = i64::MAX, "log.flush.scheduler.interval.ms", positive, "How often logs are looked at for flush.ms; by default never.";
        log_segment_delete_delay_ms: i64 = 60_000, "log.segment.delete.delay.ms", not_negative, "Default of file.delete.delay.ms.";
        producer_id_expiration_ms: i32 = 86_400_000, "producer.id.expiration.ms", positive, "How long a log remembers a silent producer.";
        replica_high_watermark_checkpoint_interval_ms: i64 = 5_000, "replica.high.watermark.checkpoint.interval.ms", positive, "How often high watermarks are written down.";
        log_retention_check_interval_ms: i64 = 300_000, "log.retention.check.interval.ms", positive, "How often old segments are looked for.";
        log_initial_task_delay_ms: i64 = 30_000, "log.initial.task.delay.ms", not_negative, "When they are looked for the first time after a start.";
        fetch_max_bytes: i32 = 57_671_680, "fetch.max.bytes", positive, "The most one fetch response holds.";
        controlled_shutdown_enable: bool = true, "controlled.shutdown.enable", any, "Whether a stopping broker hands over its leaderships first.";
        offsets_topic_num_partitions: i32 = 50, "offsets.topic.num.partitions", positive, "Partitions of __consumer_offsets.";
        offsets_topic_replication_factor: i16 = 3, "offsets.topic.replication.factor", positive, "Replicas of __consumer_offsets.";
        offsets_retention_minutes: i32 = 10_080, "offsets.retention.minutes", positive, "How long offsets are kept that no group needs.";
        offsets_retention_check_interval_ms: i64 = 600_000, "offsets.retention.check.interval.ms", positive, "How often such offsets are looked for.";
        offsets_commit_timeout_ms: i32 = 5_000, "offsets.commit.timeout.ms", positive, "How long a commit may wait for replication.";
        transaction_state_log_num_partitions: i32 = 50, "transaction.state.log.num.partitions", positive, "Partitions of __transaction_state.";
        transaction_state_log_segment_bytes: i32 = 104_857_600, "transaction.state.log.segment.bytes", positive, "segment.bytes of __transaction_state.";
        transaction_max_timeout_ms: i32 = 900_000, "transaction.max.timeout.ms", positive, "The longest transaction.timeout.ms a producer may ask for.";
        transaction_abort_interval_ms: i32 = 10_000, "transaction.abort.timed.out.transaction.cleanup.interval.ms", positive, "How often a coordinator looks for transactions that took too long.";
        transactional_id_expiration_ms: i32 = 604_800_000, "transactional.id.expiration.ms", positive, "How long an unused transactional id is remembered.";
        transaction_remove_expired_interval_ms: i32 = 3_600_000, "transaction.remove.expired.transaction.cleanup.interval.ms", positive, "How often a coordinator looks for such ids.";
        transaction_partition_verification_enable: bool = true, "transaction.partition.verification.enable", any, "Whether a leader asks the coordinator before a transaction's first batch is appended.";
        add_partitions_to_txn_retry_backoff_ms: i32 = 20, "add.partitions.to.txn.retry.backoff.ms", positive, "How long a leader waits before it asks the coordinator again.";
        add_partitions_to_txn_retry_backoff_max_ms: i32 = 100, "add.partitions.to.txn.retry.backoff.max.ms", not_negative, "How long it goes on asking.";
        request_timeout_ms: i32 = 30_000, "request.timeout.ms", positive, "How long a broker waits for another one's answer.";
        transaction_state_log_replication_factor: i16 = 3, "transaction.state.log.replication.factor", positive, "Replicas of __transaction_state.";
        transaction_state_log_min_isr: i32 = 2, "transaction.state.log.min.isr", positive, "min.insync.replicas of __transaction_state.";
        share_coordinator_state_topic_replication_factor: i16 = 3, "share.coordinator.state.topic.replication.factor", positive, "Replicas of __share_group_state.";
        share_coordinator_state_topic_min_isr: i16 = 2, "share.coordinator.state.topic.min.isr", positive, "min.insync.replicas of __share_group_state.";
        share_coordinator_state_topic_num_partitions: i32 = 50, "share.coordinator.state.topic.num.partitions", positive, "Partitions of __share_group_state.";
        group_share_record_lock_duration_ms: i32 = 30_000, "group.share.record.lock.duration.ms", positive, "Default of share.record.lock.duration.ms.";
        group_share_delivery_count_limit: i32 = 5, "group.share.delivery.count.limit", positive, "Default of share.delivery.count.limit.";
        group_share_partition_max_record_locks: i32 = 2_000, "group.share.partition.max.record.locks", positive, "Default of share.partition.max.record.locks.";
        group_share_max_share_sessions: i32 = 2_000, "group.share.max.share.sessions", positive, "The most share sessions with one broker.";
        group_share_max_size: i32 = 200, "group.share.max.size", positive, "The most members a share group may have.";
        group_share_session_timeout_ms: i32 = 45_000, "group.share.session.timeout.ms", positive, "Default of share.session.timeout.ms.";
        group_share_heartbeat_interval_ms: i32 = 5_000, "group.share.heartbeat.interval.ms", positive, "Default of share.heartbeat.interval.ms.";
        group_share_assignment_interval_ms: i32 = 1_000, "group.share.assignment.interval.ms", not_negative, "Default of share.assignment.interval.ms.";
        controller_quorum_election_timeout_ms: i32 = 1_000, "controller.quorum.election.timeout.ms", positive, "How long a voter without a leader waits before it stands for election, at least; at most twice that.";
        controller_quorum_election_backoff_max_ms: i32 = 1_000, "controller.quorum.election.backoff.max.ms", positive, "The longest pause between elections.";
        controller_quorum_fetch_timeout_ms: i32 = 2_000, "controller.quorum.fetch.timeout.ms", positive, "How long a voter goes without a fetch from its leader before it asks for an election.";
        controller_quorum_request_timeout_ms: i32 = 2_000, "controller.quorum.request.timeout.ms", positive, "How long a voter waits for an answer.";
        controller_quorum_retry_backoff_ms: i32 = 20, "controller.quorum.retry.backoff.ms", not_negative, "How long a voter waits before it asks again.";
        controller_quorum_append_linger_ms: i32 = 25, "controller.quorum.append.linger.ms", not_negative, "How long the active controller gathers records before it writes them.";
        metadata_max_idle_interval_ms: i32 = 500, "metadata.max.idle.interval.ms", not_negative, "How often the active controller writes a record although nothing happens; 0 is never.";
        group_initial_rebalance_delay_ms: i32 = 3_000, "group.initial.rebalance.delay.ms", not_negative, "How long a new group waits for more members.";
        group_min_session_timeout_ms: i32 = 6_000, "group.min.session.timeout.ms", positive, "The shortest session.timeout.ms a member may ask for.";
        group_max_session_timeout_ms: i32 = 1_800_000, "group.max.session.timeout.ms", positive, "The longest session.timeout.ms a member may ask for.";
        group_max_size: i32 = i32::MAX, "group.max.size", positive, "The most members a group may have.";
        group_consumer_session_timeout_ms: i32 = 45_000, "group.consumer.session.timeout.ms", positive, "How long a member of a consumer-protocol group may be silent.";
        group_consumer_min_session_timeout_ms: i32 = 45_000, "group.consumer.min.session.timeout.ms", positive, "The shortest such time a group may be given.";
        group_consumer_max_session_timeout_ms: i32 = 60_000, "group.consumer.max.session.timeout.ms", positive, "The longest such time a group may be given.";
        group_consumer_heartbeat_interval_ms: i32 = 5_000, "group.consumer.heartbeat.interval.ms", positive, "How often such a member sends a heartbeat.";
        group_consumer_min_heartbeat_interval_ms: i32 = 5_000, "group.consumer.min.heartbeat.interval.ms", positive, "The shortest such interval a group may be given.";
        group_consumer_max_heartbeat_interval_ms: i32 = 15_000, "group.consumer.max.heartbeat.interval.ms", positive, "The longest such interval a group may be given.";
        group_consumer_assignment_interval_ms: i32 = 1_000, "group.consumer.assignment.interval.ms", not_negative, "The least time between two target assignments of a group.";
        group_consumer_max_size: i32 = i32::MAX, "group.consumer.max.size", positive, "The most members a consumer-protocol group may have.";
        group_consumer_assignors: ServerAssignors = ServerAssignors::default(), "group.consumer.assignors", any, "Server-side assignors; the first is the default.";
        group_consumer_migration_policy: MigrationPolicy = MigrationPolicy::Bidirectional, "group.consumer.migration.policy", any, "Which way a group may change its protocol while it works.";
    }
}

impl BrokerConfig {
    /// `log.retention.ms`, or else `log.retention.minutes`, or else `log.retention.hours`, in milliseconds; -1 keeps all.
    pub fn retention_ms(&self) -> i64 {
        let hours = i64::from(self.log_retention_hours).saturating_mul(60);
        let minutes = self.log_retention_minutes.unwrap_or(hours);
        let given = self.log_retention_ms.unwrap_or_else(|| minutes.saturating_mul(60_000));
        given.max(-1)
    }

    /// `log.flush.interval.ms`, or else `log.flush.scheduler.interval.ms`.
    pub fn flush_ms(&self) -> i64 {
        self.log_flush_interval_ms.unwrap_or(self.log_flush_scheduler_interval_ms)
    }

    /// `log.roll.ms`, or else `log.roll.hours`, in milliseconds.
    pub fn segment_ms(&self) -> i64 {
        self.log_roll_ms.unwrap_or_else(|| i64::from(self.log_roll_hours) * 3_600_000)
    }

    /// `log.roll.jitter.ms`, or else `log.roll.jitter.hours`, in milliseconds.
    pub fn segment_jitter_ms(&self) -> i64 {
        self.log_roll_jitter_ms.unwrap_or_else(|| i64::from(self.log_roll_jitter_hours) * 3_600_000)
    }

    /// How many keys one pass of the log cleaner can look after (`SkimpyOffsetMap`, 24 bytes a key).
    pub fn cleaner_keys(&self) -> u64 {
        const BYTES_A_KEY: u64 = 24;
        let threads = u64::from(self.log_cleaner_threads.max(1).unsigned_abs());
        let slots = self.log_cleaner_dedupe_buffer_size.unsigned_abs() / threads / BYTES_A_KEY;
        self.log_cleaner_io_buffer_load_factor.of(slots)
    }
}
