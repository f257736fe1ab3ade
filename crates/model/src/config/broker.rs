//! Broker and controller configs (`org.apache.kafka.server.config`); both roles read one table, as Kafka's nodes do.
//!
//! Invariant: cluster-wide defaults of topics live here too, under the broker's keys.

use super::config_table;
use super::table::{any, minus_one_or_more, not_negative, positive};
use super::value::choice;
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

config_table! {
    /// The node configs that the model honours.
    Broker BrokerConfig {
        broker_session_timeout_ms: i32 = 9_000, "broker.session.timeout.ms", positive, "How long a broker may be silent before the controller fences it.";
        broker_heartbeat_interval_ms: i32 = 2_000, "broker.heartbeat.interval.ms", positive, "How often a broker sends a heartbeat to the controller.";
        initial_broker_registration_timeout_ms: i32 = 60_000, "initial.broker.registration.timeout.ms", positive, "How long a broker that starts asks to be registered before it gives up.";
        replica_lag_time_max_ms: i64 = 30_000, "replica.lag.time.max.ms", positive, "How long a follower may lag before it leaves the ISR.";
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
        log_segment_bytes: i32 = 1_073_741_824, "log.segment.bytes", positive, "Default of segment.bytes.";
        log_retention_ms: Option<i64> = None, "log.retention.ms", any, "Default of retention.ms; null leaves it to the hours.";
        log_retention_hours: i32 = 168, "log.retention.hours", minus_one_or_more, "Default of retention.ms, in hours.";
        log_retention_bytes: i64 = -1, "log.retention.bytes", minus_one_or_more, "Default of retention.bytes.";
        log_retention_check_interval_ms: i64 = 300_000, "log.retention.check.interval.ms", positive, "How often old segments are looked for.";
        log_initial_task_delay_ms: i64 = 30_000, "log.initial.task.delay.ms", not_negative, "When they are looked for the first time after a start.";
        fetch_max_bytes: i32 = 57_671_680, "fetch.max.bytes", positive, "The most one fetch response holds.";
        controlled_shutdown_enable: bool = true, "controlled.shutdown.enable", any, "Whether a stopping broker hands over its leaderships first.";
        offsets_topic_num_partitions: i32 = 50, "offsets.topic.num.partitions", positive, "Partitions of __consumer_offsets.";
        offsets_topic_replication_factor: i16 = 3, "offsets.topic.replication.factor", positive, "Replicas of __consumer_offsets.";
        offsets_retention_minutes: i32 = 10_080, "offsets.retention.minutes", positive, "How long offsets are kept that no group needs.";
        offsets_retention_check_interval_ms: i64 = 600_000, "offsets.retention.check.interval.ms", positive, "How often such offsets are looked for.";
        offsets_commit_timeout_ms: i32 = 5_000, "offsets.commit.timeout.ms", positive, "How long a commit may wait for replication.";
        transaction_state_log_replication_factor: i16 = 3, "transaction.state.log.replication.factor", positive, "Replicas of __transaction_state.";
        transaction_state_log_min_isr: i32 = 2, "transaction.state.log.min.isr", positive, "min.insync.replicas of __transaction_state.";
        share_coordinator_state_topic_replication_factor: i16 = 3, "share.coordinator.state.topic.replication.factor", positive, "Replicas of __share_group_state.";
        share_coordinator_state_topic_min_isr: i16 = 2, "share.coordinator.state.topic.min.isr", positive, "min.insync.replicas of __share_group_state.";
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
    /// `log.retention.ms`, or else `log.retention.hours`, in milliseconds; -1 keeps all.
    pub fn retention_ms(&self) -> i64 {
        let hours = i64::from(self.log_retention_hours);
        self.log_retention_ms.unwrap_or(if hours < 0 { -1 } else { hours * 3_600_000 })
    }
}
