//! ISR changes on their way to the controller (`kafka.server.AlterPartitionManager`).
//!
//! The first change leaves at once and alone; more gather while a request is under way and leave together with the next. Invariant: one request at a time, one change a
//! partition.

use super::leadership::Proposal;
use super::replica_manager::ReplicaManager;
use super::{BrokerTimer, Env};
use crate::api::request::{AlterPartition, AlterPartitionItem};
use crate::api::response::AlteredPartition;
use crate::api::{ErrorCode, Request};
use crate::cx::Cx;
use crate::ids::{BrokerEpoch, NodeId, TopicPartition};
use crate::trace::Fact;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;

/// How long a whole request that failed is let rest.
const RETRY: Micros = Micros::from_ms(50);

/// What is to be told to the controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlterPartitionManager {
    unsent: FlatMap<TopicPartition, AlterPartitionItem>,
    in_flight: bool,
    resting: bool,
    /// The change that found nothing under way and leaves alone; those after it wait for its answer.
    leaving: Option<TopicPartition>,
}

impl AlterPartitionManager {
    /// The next request, if there is something to say and nothing under way.
    pub fn take_request(&mut self, me: NodeId, broker_epoch: BrokerEpoch) -> Option<Request> {
        if self.in_flight || self.resting || self.unsent.is_empty() {
            return None;
        }
        self.in_flight = true;
        let own = |item: &AlterPartitionItem| item.clone().with_own_epoch(me, broker_epoch);
        let leaving = self.leaving.take();
        let leaves = |tp: &TopicPartition| leaving.is_none_or(|only| only == *tp);
        let items = self.unsent.iter().filter(|(tp, _)| leaves(tp));
        let partitions = items.map(|(_, item)| own(item)).collect();
        Some(Request::AlterPartition(AlterPartition { broker_id: me, broker_epoch, partitions }))
    }

    fn submit(&mut self, item: AlterPartitionItem) {
        if self.unsent.is_empty() && !self.in_flight && !self.resting {
            self.leaving = Some(item.tp);
        }
        self.unsent.insert(item.tp, item);
    }

    /// Whether an earlier change of a partition has no answer yet: then another is not even tried, whatever metadata said
    /// meanwhile (`OperationNotAttemptedException` of `AlterPartitionManager.submit`).
    fn is_busy_with(&self, tp: TopicPartition) -> bool {
        self.unsent.contains_key(&tp)
    }

    /// The pause after a failure is over.
    pub fn on_timer(&mut self) {
        self.resting = false;
    }
}

impl ReplicaManager {
    /// The controller answered.
    pub fn on_alter_partition(
        &mut self,
        error: ErrorCode,
        partitions: &[AlteredPartition],
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        if error.is_ok() {
            for answer in partitions {
                self.on_altered(answer, env, cx);
            }
        } else {
            self.alter_partition.resting = true;
            cx.arm(BrokerTimer::AlterPartition, RETRY);
        }
        self.alter_partition.in_flight = false;
    }

    pub(super) fn propose_expand(
        &mut self,
        tp: TopicPartition,
        replica: NodeId,
        proposal: Proposal,
        cx: &mut Cx<'_>,
    ) {
        if self.alter_partition.is_busy_with(tp) {
            return;
        }
        cx.note(Fact::ReplicaCaughtUp { tp, replica });
        self.propose(tp, proposal);
    }

    pub(super) fn propose_shrink(&mut self, tp: TopicPartition, env: &Env<'_>, cx: &mut Cx<'_>) {
        if self.alter_partition.is_busy_with(tp) {
            return;
        }
        let Some(partition) = self.replicas.get(tp) else { return };
        let Some(leadership) = &partition.leadership else { return };
        let log_end = partition.log.log_end();
        let Some((proposal, laggards)) = leadership.shrinking(log_end, env, cx.now) else {
            return;
        };
        for (replica, end) in laggards {
            cx.note(Fact::ReplicaLagging { tp, replica, lag: log_end - end.max(0) });
        }
        self.propose(tp, proposal);
    }

    fn propose(&mut self, tp: TopicPartition, proposal: Proposal) {
        let me = self.me;
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        let (leader_epoch, partition_epoch) = (partition.leader_epoch, partition.partition_epoch);
        let Some(leadership) = &mut partition.leadership else { return };
        let epoch_of = |id: NodeId| {
            let remote = leadership.remotes.iter().find(|remote| remote.id == id);
            (id, remote.map_or(-1, |remote| remote.broker_epoch))
        };
        let new_isr = proposal.isr.iter().copied().map(epoch_of).collect();
        debug_assert!(proposal.isr.contains(&me));
        leadership.proposed = Some(proposal);
        let item = AlterPartitionItem {
            tp,
            leader_epoch,
            new_isr,
            leader_recovery_state: 0,
            partition_epoch,
        };
        self.alter_partition.submit(item);
    }

    fn on_altered(&mut self, answer: &AlteredPartition, env: &Env<'_>, cx: &mut Cx<'_>) {
        let (tp, error) = (answer.tp, answer.error);
        self.alter_partition.unsent.remove(&tp);
        cx.note(Fact::IsrProposalAnswered { tp, error });
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        let stale = answer.partition_epoch < partition.partition_epoch
            || answer.leader_epoch != partition.leader_epoch;
        let Some(leadership) = &mut partition.leadership else { return };
        let Some(proposal) = leadership.proposed.clone() else { return };
        if error.is_ok() {
            if !stale {
                leadership.isr.clone_from(&answer.isr);
                leadership.proposed = None;
                leadership.recovering = answer.leader_recovery_state != 0;
                partition.partition_epoch = answer.partition_epoch;
                self.advance_high_watermark(tp, env, cx);
                self.settle_produces(tp, cx);
            }
        } else if matches!(error, ErrorCode::IneligibleReplica | ErrorCode::OperationNotAttempted) {
            leadership.proposed = None;
        } else if !is_final(error) {
            self.propose(tp, proposal);
        }
    }
}

/// Errors after which the leader waits for metadata, which settles the matter, instead of trying again.
const fn is_final(error: ErrorCode) -> bool {
    matches!(
        error,
        ErrorCode::UnknownTopicOrPartition
            | ErrorCode::UnknownTopicId
            | ErrorCode::FencedLeaderEpoch
            | ErrorCode::InvalidUpdateVersion
            | ErrorCode::InvalidRequest
            | ErrorCode::NewLeaderElected
    )
}

impl AlterPartitionItem {
    /// The leader fills in its own broker epoch only when the request leaves.
    pub fn with_own_epoch(mut self, me: NodeId, epoch: BrokerEpoch) -> Self {
        for member in self.new_isr.iter_mut().filter(|(id, _)| *id == me) {
            member.1 = epoch;
        }
        self
    }
}
