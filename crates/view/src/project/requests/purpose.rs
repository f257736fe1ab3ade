//! What each request is for, in one sentence.
//!
//! Invariant: one sentence, in the words of the rest of the page.

use kafkascope_model::api::ApiKey;

/// What a request of this API asks for.
#[allow(clippy::wildcard_enum_match_arm, reason = "the others are never sent here")]
pub(super) const fn of(api: ApiKey) -> &'static str {
    match api {
        ApiKey::Produce => "Asks the leader of each partition to append a batch of records.",
        ApiKey::Fetch => {
            "Asks a leader for records from an offset on; followers and consumers alike, and so is the metadata log read."
        }
        ApiKey::ListOffsets => {
            "Asks a leader for the first or last offset, or the first after a moment."
        }
        ApiKey::Metadata => {
            "Asks any broker which brokers there are and who leads which partition."
        }
        ApiKey::OffsetCommit => "A member writes down how far it has read.",
        ApiKey::OffsetFetch => "A member asks how far its group had read.",
        ApiKey::FindCoordinator => {
            "Asks any broker which one coordinates a group or a transaction."
        }
        ApiKey::JoinGroup => {
            "A member wants to be in the group; the answer waits until everyone has asked."
        }
        ApiKey::SyncGroup => {
            "A member asks for its partitions; the group's leader brings them for all."
        }
        ApiKey::Heartbeat => {
            "A member says that it lives, and learns whether a rebalance has begun."
        }
        ApiKey::LeaveGroup => "A member says goodbye, so that its partitions move at once.",
        ApiKey::ApiVersions => {
            "The first request on every connection: which versions do you speak?"
        }
        ApiKey::InitProducerId => {
            "A producer asks for its id and epoch, by which duplicates are found."
        }
        ApiKey::OffsetForLeaderEpoch => {
            "Asks where an epoch of leadership ended, to find where two logs part."
        }
        ApiKey::AddPartitionsToTxn => {
            "Adds partitions to a transaction before anything is written to them."
        }
        ApiKey::EndTxn => "A producer commits or aborts its transaction.",
        ApiKey::WriteTxnMarkers => {
            "The transaction's coordinator has markers written to every partition of it."
        }
        ApiKey::TxnOffsetCommit => "Commits a group's offsets as part of a transaction.",
        ApiKey::Vote => "A candidate asks the other voters of the metadata quorum for their votes.",
        ApiKey::BeginQuorumEpoch => "The quorum's new leader tells the other voters of its epoch.",
        ApiKey::EndQuorumEpoch => "The quorum's leader steps down and names who may follow.",
        ApiKey::AlterPartition => {
            "A leader asks the controller to change the ISR of its partition."
        }
        ApiKey::BrokerRegistration => "A broker that starts makes itself known to the controller.",
        ApiKey::ConsumerGroupHeartbeat => "A member says what it owns, and is told what to own.",
        ApiKey::ShareGroupHeartbeat => {
            "A member of a share group says that it lives, and is told its partitions."
        }
        ApiKey::ShareFetch => {
            "Acquires records for a share group's member, and may settle earlier ones."
        }
        ApiKey::ShareAcknowledge => "Settles acquired records: accepted, released or rejected.",
        ApiKey::InitializeShareGroupState
        | ApiKey::ReadShareGroupState
        | ApiKey::WriteShareGroupState
        | ApiKey::DeleteShareGroupState
        | ApiKey::ReadShareGroupStateSummary => {
            "Keeps what a share group has settled in its coordinator's log."
        }
        _ => of_the_cluster(api),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the others are never sent here")]
const fn of_the_cluster(api: ApiKey) -> &'static str {
    match api {
        ApiKey::BrokerHeartbeat => "A broker says that it lives, and learns whether it is fenced.",
        ApiKey::ControllerRegistration => {
            "A controller that starts makes itself known to the active one."
        }
        ApiKey::AllocateProducerIds => "A broker asks the controller for a block of producer ids.",
        ApiKey::CreateTopics | ApiKey::CreatePartitions | ApiKey::DeleteTopics => {
            "Changes topics, at the controller."
        }
        ApiKey::DeleteRecords => "Moves a partition's log start forward.",
        ApiKey::ElectLeaders => "Asks the controller to elect the preferred leader, or any.",
        ApiKey::IncrementalAlterConfigs => "Changes configs, at the controller.",
        ApiKey::AlterPartitionReassignments => "Moves replicas to other brokers.",
        ApiKey::LeaderAndIsr => {
            "The controller tells a broker what it leads and follows; with ZooKeeper, up to 3.9."
        }
        ApiKey::UpdateMetadata => {
            "The controller tells a broker what to answer to clients; with ZooKeeper, up to 3.9."
        }
        ApiKey::StopReplica => {
            "The controller takes replicas away from a broker; with ZooKeeper, up to 3.9."
        }
        ApiKey::ControlledShutdown => {
            "A broker asks the controller to let others lead before it ends; with ZooKeeper, up to 3.9."
        }
        ApiKey::Zookeeper => "A broker reads or writes znodes, or keeps its session alive.",
        ApiKey::AlterClientQuotas => "Sets how fast clients may produce and fetch.",
        _ => "An administrator's request.",
    }
}
