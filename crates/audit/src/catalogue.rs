//! The catalogue: every property that is watched, in a sentence.
//!
//! Ids group by their letter: L logs, R replication, C controller, Q quorum, P producers, F fetching, G groups, K retention,
//! D placement, V liveness. Invariant: an id means the same for ever; other places name it.

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its id.
    pub id: Id,
    /// Its id in letters.
    pub name: &'static str,
    /// What is promised.
    pub sentence: &'static str,
    /// When.
    pub condition: Condition,
}

/// When a property must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever happens.
    Always,
    /// Only then.
    Given(&'static str),
}

const CLEAN: Condition =
    Condition::Given("no unclean election, and no in-sync replica lost what it had stored");
const QUIET: Condition = Condition::Given("nothing fails any more, and enough time has passed");

use Condition::{Always, Given};

macro_rules! catalogue {
    ($($id:ident $condition:expr, $sentence:literal;)*) => {
        /// A property's id.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the catalogue says what they mean")]
        pub enum Id { $($id),* }

        impl Id {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id),*];
        }

        const PROPERTIES: &[Property] = &[$(Property {
            id: Id::$id,
            name: stringify!($id),
            sentence: $sentence,
            condition: $condition,
        }),*];
    };
}

impl Id {
    /// What it stands for.
    pub fn property(self) -> &'static Property {
        &PROPERTIES[self as usize]
    }
}

catalogue! {
    L1 Always, "Log start <= high watermark <= log end, in every replica.";
    L2 Always, "Offsets rise along a log, and only compaction leaves gaps.";
    L3 Always, "Leader epochs never fall along a log, and the epoch cache rises strictly.";
    L4 Always, "A batch's epoch is the one that the epoch cache has for its offset.";
    L5 Always, "While a broker leads in one epoch, its log start, high watermark and log end never fall.";
    L6 Always, "Segments follow each other without overlap, and hold only offsets of their own.";
    L7 Always, "The last stable offset lies where the oldest transaction begins that is open, or whose marker is not replicated.";
    L8 Always, "What a log remembers of an idempotent producer is what its newest batch says.";

    R1 Always, "Leader and ISR are replicas of their partition.";
    R2 CLEAN, "Whatever a leader shows, everyone in the ISR it knows of has too.";
    R3 CLEAN, "Whatever any leader has shown is on every replica that could be elected cleanly.";
    R4 Always, "A partition's leader is in its ISR.";
    R5 CLEAN, "Nobody in the ISR is behind the true leader's high watermark.";
    R6 Always, "Two logs with a batch of the same offset and epoch agree on it and on everything before it.";
    R7 Always, "In one epoch of a partition only one broker ever appends as its leader.";
    R8 CLEAN, "Whatever a leader has shown is in the log of every later leader.";
    R9 Always, "A high watermark moves only while the ISR has min.insync.replicas members.";
    R10 CLEAN, "Whoever is in the ISR has, of every key of a compacted topic, the record that its leader has.";
    R11 CLEAN, "Only a replica that serves and has everything shown joins an ISR.";
    R12 CLEAN, "What a follower has copied is a beginning of its leader's log.";
    R13 Always, "A follower cuts nothing off that its leader has too.";
    R14 CLEAN, "A follower in the ISR never cuts off what was shown.";
    R15 CLEAN, "A leader that was replaced shows nothing new that the ISR does not have.";

    C1 Always, "Leader epoch and partition epoch never fall; every change counts one, every new leader too.";
    C2 Always, "ISR and replicas being added or removed are replicas, none twice, none in both ISR and ELR.";
    C3 Always, "The ISR is empty only without a leader, and there is an ELR only below min.insync.replicas.";
    C4 Always, "A partition's leader is a broker that serves.";
    C5 Always, "No fenced or leaving broker is in an ISR.";
    C6 Always, "Without permission for unclean elections, leaders come from ISR, ELR, or are the last known one.";
    C7 Always, "A partition has no leader only if nobody who may lead is alive.";
    C8 Always, "Brokers apply committed metadata only, in order: at the same offset they see the same cluster.";
    C9 Always, "No broker's idea of a partition is newer than the controller's.";
    C10 Always, "A broker's epoch is where the metadata log ended when it registered, and rises each time.";
    C11 Always, "What a leader holds for its ISR after the controller's answer is what the controller holds.";
    C12 Always, "Partitions that are offline or under-replicated are counted alike by a broker that has heard everything and by the controller.";
    C13 Always, "After a reassignment only the replicas wanted are left.";

    Q1 Always, "An epoch of the quorum has one leader at most, and a voter gives one vote in it.";
    Q2 Always, "A voter's epoch never falls.";
    Q3 Always, "Committed metadata is in the log of every later quorum leader, at the same offset.";
    Q4 Always, "Committed means stored by a majority of voters; a voter's high watermark never falls while it runs.";
    Q5 Always, "A vote goes only to a candidate whose log is not behind the voter's.";
    Q6 Always, "A voter stands for election only after it has asked, and leads only after it has stood.";
    Q7 Always, "A controller decides only while it leads the quorum.";

    P1 Given("acks=all, and a clean run"), "An acknowledged record is never lost.";
    P2 Given("enable.idempotence, and a producer that lives on under one epoch"), "A record is in the log once.";
    P3 Given("enable.idempotence under one epoch, or one request at a time"), "A producer's acknowledged records lie in the order of sending.";
    P4 Always, "Sequence numbers of an idempotent producer have no gaps in a log.";
    P5 Given("the producer's process runs and has its id, and its retries keep their order"), "A batch has succeeded or failed by delivery.timeout.ms.";
    P6 Given("the producer's process runs"), "send() blocks no longer than max.block.ms.";
    P7 Always, "No more requests are under way to a broker than max.in.flight.requests.per.connection.";
    P8 Given("the number of partitions stays"), "Equal keys go to the same partition.";
    P9 Always, "A failed send says nothing: the record may be in the log all the same.";

    T1 CLEAN, "A transaction moves only from state to state as its coordinator may move it.";
    T2 Always, "In a log, a producer has one transaction open at most, and one marker ends it.";
    T3 Always, "Every partition of a transaction is told the same outcome, the one that was decided.";
    T4 Always, "A transaction is complete only when every partition of it has its marker.";
    T5 CLEAN, "With read_committed nobody is given a record of an aborted or open transaction.";
    T6 Always, "Once a log has seen a newer epoch of a transactional producer, an older one writes nothing there.";
    T7 Always, "Offsets of a transaction are visible once it is committed, and never if it is aborted.";
    T8 Given("a clean run, and where to go on is told by the present coordinator and leader"), "Where an application commits what it has read in a transaction, every input has one output in that transaction.";
    T10 Always, "With a fetch come all aborted transactions that overlap what is given.";
    T11 Always, "A leader writes for a transaction only what its coordinator has in it.";
    T9 Always, "The producer epochs of a transactional id never fall.";

    F1 Always, "No consumer is given a record that was not replicated, or not decided if it reads only what is committed.";
    F2 Always, "Between two seeks or rebalances a consumer gets rising offsets of a partition.";
    F3 Given("auto.offset.reset=earliest, and a clean run"), "A consumer passes over no record that it could have been given.";
    F4 CLEAN, "A new coordinator knows the last offset that was committed.";
    F5 Given("no topic of the same name was deleted, and a clean run"), "A consumer commits no offset beyond its position.";
    F6 CLEAN, "Reading an offset again gives the same record.";
    F8 Always, "A fetch brings something of the first partition that has more, however large its first batch.";

    G1 CLEAN, "In one generation a partition belongs to one member at most.";
    G3 Always, "A classic group rebalances step by step: joined, assigned, stable.";
    G4 Always, "A group takes commits only of members of its generation, or of anyone while it has no members.";
    G5 Always, "A member is given records only of partitions that it holds.";
    G6 CLEAN, "A cooperative member is assigned only what its last owner has given up.";
    G7 Always, "All members of a classic group know its assignor, and one of them leads.";
    G8 Always, "A group has one member of each group.instance.id.";
    A1 Always, "Members that read the same get shares that differ by one partition at most.";
    A2 Always, "With the sticky assignor, whoever stays when others go keeps what he has.";
    N1 Always, "No member is ahead of its group's target, and the target is not ahead of the group's epoch.";
    N1b Always, "In a group of the consumer protocol one member at most holds a partition.";
    N1c Always, "A member reaches an epoch once it has given up what it should not have then.";
    N1d Always, "A target names every partition once at most, and deals them out evenly.";
    S1 Always, "A share group's record that is settled is never delivered again by the same leader.";
    S2 Always, "A share group's start never moves back while one leader holds it.";
    S2b Always, "A share group begins behind nothing that is still being worked on.";
    S3 Always, "A record is delivered to a share group no more often than its delivery count limit.";
    S4 Always, "A share group has no more records in flight than share.partition.max.record.locks.";
    S5 Always, "A share group's record is with one member at a time.";
    G2 CLEAN, "A group's generation rises, and never falls below one whose assignment is stored.";

    F7 Always, "One poll() hands out max.poll.records at most.";
    K2 Always, "Retention by time takes only segments whose newest record is older than retention.ms.";
    K3 Always, "Compaction leaves the newest record of every key.";
    K4 Always, "Compaction leaves the active segment alone, and whatever is not yet stable.";
    K5 CLEAN, "Whoever reads a compacted topic from its beginning ends with the newest value of every key.";
    K6 Always, "Compaction moves neither the log end nor the high watermark.";
    K1 Always, "Retention takes whole segments from the head, none with records not yet committed, and never the active one.";
    D1 Always, "A partition's replicas lie on different brokers, and on different racks as far as there are enough.";

    D2 Always, "A new topic's leaders are dealt out evenly over the brokers, where no racks are.";
    V1 QUIET, "There is one active controller.";
    V2 QUIET, "Every partition with a live replica that may lead has a leader.";
    V3 QUIET, "No ISR has a member that is down.";
    V4 QUIET, "Every live replica is in the ISR.";
    V5 QUIET, "High watermarks have reached the log ends, on leaders and followers.";
    V6 QUIET, "Followers know the high watermark of their leader.";
    V8 QUIET, "Preferred leaders lead again, where auto.leader.rebalance.enable looks for that.";
    V10 QUIET, "Members of groups of the consumer protocol have reached their target.";
    V11 QUIET, "Transactions that are decided are complete.";
    V12 QUIET, "Transactions that nobody ends are aborted.";
    V13 QUIET, "No record of a share group is locked beyond its time.";
    V14 QUIET, "Segments that are too old or too many are deleted, and logs that are dirty enough compacted.";
    V15 QUIET, "Reassignments are complete where their targets live.";
    V16 QUIET, "Consumers know the leaders of what they read.";
    V7 QUIET, "Every send has succeeded or failed.";
    V9 QUIET, "Groups with live members are stable.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_found_under_its_id() {
        for (id, property) in Id::ALL.iter().zip(PROPERTIES) {
            assert_eq!(id.property(), property);
            assert!(property.sentence.ends_with('.'), "{}", property.name);
        }
    }
}
