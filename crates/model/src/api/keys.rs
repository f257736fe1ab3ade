//! Kafka's API keys and the versions that 4.3.1 speaks (`org.apache.kafka.common.protocol.ApiKeys`).
//!
//! Four are history, spoken only with ZooKeeper, and one is
//! not Kafka's at all: what goes to ZooKeeper itself. Invariant: numbers, names and latest versions are Kafka's own.

/// One row an API: variant, number, newest version, name.
macro_rules! api_keys {
    ($($variant:ident $key:literal $latest:literal $name:literal;)*) => {
        /// A kind of request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are Kafka's and say it all")]
        #[repr(i16)]
        pub enum ApiKey {
            $($variant = $key,)*
        }

        impl ApiKey {
            /// Every API, in Kafka's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Kafka's name, as in `PRODUCE`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The newest version a 4.3.1 node speaks.
            pub const fn latest_version(self) -> i16 {
                match self {
                    $(Self::$variant => $latest,)*
                }
            }
        }
    };
}

impl ApiKey {
    /// The number on the wire.
    pub const fn key(self) -> i16 {
        self as i16
    }
}

api_keys! {
    Produce 0 13 "PRODUCE";
    Fetch 1 18 "FETCH";
    ListOffsets 2 11 "LIST_OFFSETS";
    Metadata 3 13 "METADATA";
    LeaderAndIsr 4 7 "LEADER_AND_ISR";
    StopReplica 5 4 "STOP_REPLICA";
    UpdateMetadata 6 8 "UPDATE_METADATA";
    ControlledShutdown 7 3 "CONTROLLED_SHUTDOWN";
    OffsetCommit 8 10 "OFFSET_COMMIT";
    OffsetFetch 9 10 "OFFSET_FETCH";
    FindCoordinator 10 6 "FIND_COORDINATOR";
    JoinGroup 11 9 "JOIN_GROUP";
    Heartbeat 12 4 "HEARTBEAT";
    LeaveGroup 13 5 "LEAVE_GROUP";
    SyncGroup 14 5 "SYNC_GROUP";
    DescribeGroups 15 6 "DESCRIBE_GROUPS";
    ListGroups 16 5 "LIST_GROUPS";
    SaslHandshake 17 1 "SASL_HANDSHAKE";
    ApiVersions 18 4 "API_VERSIONS";
    CreateTopics 19 7 "CREATE_TOPICS";
    DeleteTopics 20 6 "DELETE_TOPICS";
    DeleteRecords 21 2 "DELETE_RECORDS";
    InitProducerId 22 6 "INIT_PRODUCER_ID";
    OffsetForLeaderEpoch 23 4 "OFFSET_FOR_LEADER_EPOCH";
    AddPartitionsToTxn 24 5 "ADD_PARTITIONS_TO_TXN";
    AddOffsetsToTxn 25 4 "ADD_OFFSETS_TO_TXN";
    EndTxn 26 5 "END_TXN";
    WriteTxnMarkers 27 2 "WRITE_TXN_MARKERS";
    TxnOffsetCommit 28 5 "TXN_OFFSET_COMMIT";
    DescribeAcls 29 3 "DESCRIBE_ACLS";
    CreateAcls 30 3 "CREATE_ACLS";
    DeleteAcls 31 3 "DELETE_ACLS";
    DescribeConfigs 32 4 "DESCRIBE_CONFIGS";
    AlterConfigs 33 2 "ALTER_CONFIGS";
    AlterReplicaLogDirs 34 2 "ALTER_REPLICA_LOG_DIRS";
    DescribeLogDirs 35 5 "DESCRIBE_LOG_DIRS";
    SaslAuthenticate 36 2 "SASL_AUTHENTICATE";
    CreatePartitions 37 3 "CREATE_PARTITIONS";
    CreateDelegationToken 38 3 "CREATE_DELEGATION_TOKEN";
    RenewDelegationToken 39 2 "RENEW_DELEGATION_TOKEN";
    ExpireDelegationToken 40 2 "EXPIRE_DELEGATION_TOKEN";
    DescribeDelegationToken 41 3 "DESCRIBE_DELEGATION_TOKEN";
    DeleteGroups 42 2 "DELETE_GROUPS";
    ElectLeaders 43 2 "ELECT_LEADERS";
    IncrementalAlterConfigs 44 1 "INCREMENTAL_ALTER_CONFIGS";
    AlterPartitionReassignments 45 1 "ALTER_PARTITION_REASSIGNMENTS";
    ListPartitionReassignments 46 0 "LIST_PARTITION_REASSIGNMENTS";
    OffsetDelete 47 0 "OFFSET_DELETE";
    DescribeClientQuotas 48 1 "DESCRIBE_CLIENT_QUOTAS";
    AlterClientQuotas 49 1 "ALTER_CLIENT_QUOTAS";
    DescribeUserScramCredentials 50 0 "DESCRIBE_USER_SCRAM_CREDENTIALS";
    AlterUserScramCredentials 51 0 "ALTER_USER_SCRAM_CREDENTIALS";
    Vote 52 2 "VOTE";
    BeginQuorumEpoch 53 1 "BEGIN_QUORUM_EPOCH";
    EndQuorumEpoch 54 1 "END_QUORUM_EPOCH";
    DescribeQuorum 55 2 "DESCRIBE_QUORUM";
    AlterPartition 56 3 "ALTER_PARTITION";
    UpdateFeatures 57 2 "UPDATE_FEATURES";
    Envelope 58 0 "ENVELOPE";
    FetchSnapshot 59 1 "FETCH_SNAPSHOT";
    DescribeCluster 60 2 "DESCRIBE_CLUSTER";
    DescribeProducers 61 0 "DESCRIBE_PRODUCERS";
    BrokerRegistration 62 4 "BROKER_REGISTRATION";
    BrokerHeartbeat 63 2 "BROKER_HEARTBEAT";
    UnregisterBroker 64 0 "UNREGISTER_BROKER";
    DescribeTransactions 65 0 "DESCRIBE_TRANSACTIONS";
    ListTransactions 66 2 "LIST_TRANSACTIONS";
    AllocateProducerIds 67 0 "ALLOCATE_PRODUCER_IDS";
    ConsumerGroupHeartbeat 68 1 "CONSUMER_GROUP_HEARTBEAT";
    ConsumerGroupDescribe 69 1 "CONSUMER_GROUP_DESCRIBE";
    ControllerRegistration 70 0 "CONTROLLER_REGISTRATION";
    GetTelemetrySubscriptions 71 0 "GET_TELEMETRY_SUBSCRIPTIONS";
    PushTelemetry 72 0 "PUSH_TELEMETRY";
    AssignReplicasToDirs 73 0 "ASSIGN_REPLICAS_TO_DIRS";
    ListConfigResources 74 1 "LIST_CONFIG_RESOURCES";
    DescribeTopicPartitions 75 0 "DESCRIBE_TOPIC_PARTITIONS";
    ShareGroupHeartbeat 76 1 "SHARE_GROUP_HEARTBEAT";
    ShareGroupDescribe 77 1 "SHARE_GROUP_DESCRIBE";
    ShareFetch 78 2 "SHARE_FETCH";
    ShareAcknowledge 79 2 "SHARE_ACKNOWLEDGE";
    AddRaftVoter 80 1 "ADD_RAFT_VOTER";
    RemoveRaftVoter 81 0 "REMOVE_RAFT_VOTER";
    UpdateRaftVoter 82 0 "UPDATE_RAFT_VOTER";
    InitializeShareGroupState 83 0 "INITIALIZE_SHARE_GROUP_STATE";
    ReadShareGroupState 84 0 "READ_SHARE_GROUP_STATE";
    WriteShareGroupState 85 1 "WRITE_SHARE_GROUP_STATE";
    DeleteShareGroupState 86 0 "DELETE_SHARE_GROUP_STATE";
    ReadShareGroupStateSummary 87 1 "READ_SHARE_GROUP_STATE_SUMMARY";
    StreamsGroupHeartbeat 88 0 "STREAMS_GROUP_HEARTBEAT";
    StreamsGroupDescribe 89 0 "STREAMS_GROUP_DESCRIBE";
    DescribeShareGroupOffsets 90 1 "DESCRIBE_SHARE_GROUP_OFFSETS";
    AlterShareGroupOffsets 91 0 "ALTER_SHARE_GROUP_OFFSETS";
    DeleteShareGroupOffsets 92 0 "DELETE_SHARE_GROUP_OFFSETS";
    Zookeeper -1 0 "ZOOKEEPER";
}
