//! Everything a broker may be woken for.
//!
//! Invariant: one timer of each kind at a time.

use super::zk;
use crate::ids::Correlation;
use crate::ids::NodeId;
use crate::net::ConnId;
/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerTimer {
    /// Of ZooKeeper mode.
    Zk(zk::ZkTimer),
    /// What a connection has parked has waited long enough.
    Parked(ConnId),
    /// Partitions fetched from this leader have rested.
    Fetcher(NodeId),
    /// The fetch from this leader may have been under way for too long.
    FetcherLate(NodeId),
    /// Time to look for laggards in the ISRs.
    IsrShrink,
    /// Time to write high watermarks down.
    Checkpoint,
    /// Time for the operating system to write back old pages.
    WriteBack,
    /// Time to look for logs that have not been flushed for long.
    Flusher,
    /// Time to delete old segments.
    Retention,
    /// Time for the log cleaner to look for something to do.
    Cleaner,
    /// ISR changes may be proposed again.
    AlterPartition,
    /// Time to forget silent producers.
    ExpireProducers,
    /// Of the transaction coordinator.
    Txn(crate::txn::TxnTimer),
    /// Time to look after questions to transaction coordinators.
    AddPartitions,
    /// A request's question to the transaction coordinator is asked again.
    Verify(ConnId, Correlation),
    /// Of the group coordinator.
    Group(crate::group::GroupTimer),
    /// Of share groups.
    Share(crate::share::ShareTimer),
    /// Time for the next registration or heartbeat.
    Heartbeat,
    /// The pause of the lifecycle's channel is over.
    LifecycleRetry,
    /// The broker could not be registered in time.
    RegistrationTimeout,
    /// The controller has not answered the lifecycle's channel in time.
    LifecycleLate,
    /// The pause of the channel to the controller is over.
    ToControllerRetry,
    /// The controller has not answered in time.
    ToControllerLate,
    /// Time to fetch metadata again.
    MetadataRetry,
    /// A metadata fetch got no answer.
    MetadataTimeout,
}
