//! A broker's data plane: its replicas, what waits for them, and what copies them (`kafka.server.ReplicaManager`).
//!
//! It is lent configs and metadata as [`Env`] and keeps none of them. Invariant: a connection has at most one request parked,
//! since its next one is not read before.

use super::alter_partition::AlterPartitionManager;
use super::delete_records::ParkedDelete;
use super::fetch::ParkedFetch;
use super::fetcher::Fetcher;
use super::markers::ParkedMarkers;
use super::produce::ParkedProduce;
use super::replicas::Replicas;
use super::replication_quota::ReplicationQuotas;
use super::{BrokerTimer, Env};
use crate::api::ErrorCode;
use crate::api::response::CurrentLeader;
use crate::cx::Cx;
use crate::ids::{EpochMs, NodeId, Offset, TopicId, TopicPartition};
use crate::net::ConnId;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

/// The data plane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaManager {
    /// This broker.
    pub me: NodeId,
    /// What lies on this broker.
    pub replicas: Replicas,
    /// One for every broker that leads something this one follows.
    pub fetchers: FlatMap<NodeId, Fetcher>,
    /// ISR changes on their way to the controller.
    pub alter_partition: AlterPartitionManager,
    /// The id of `__consumer_offsets`, once it exists.
    pub offsets_topic: Option<TopicId>,
    /// Nothing more can be written.
    pub disk_full: bool,
    /// A write failed: the only log directory is offline, and the broker halts.
    pub(super) dir_failed: bool,
    /// The id of `__transaction_state`, once it exists.
    pub txn_topic: Option<TopicId>,
    /// The id of `__share_group_state`, once it exists.
    pub share_topic: Option<TopicId>,
    pub(super) quotas: ReplicationQuotas,
    pub(super) produces: FlatMap<ConnId, ParkedProduce>,
    pub(super) fetches: FlatMap<ConnId, ParkedFetch>,
    pub(super) deletes: FlatMap<ConnId, ParkedDelete>,
    pub(super) markers: FlatMap<ConnId, ParkedMarkers>,
    /// Partitions of coordinators' topics whose high watermark moved.
    pub(super) moved_offsets: Vec<(TopicPartition, Offset)>,
    /// Whether share groups wait for new records.
    pub(super) watch_shared: bool,
    /// Whether a high watermark moved while they did.
    pub(super) moved_shared: bool,
}

impl ReplicaManager {
    /// A broker without replicas.
    pub fn new(me: NodeId) -> Self {
        Self {
            me,
            replicas: Replicas::default(),
            fetchers: FlatMap::new(),
            alter_partition: AlterPartitionManager::default(),
            offsets_topic: None,
            disk_full: false,
            dir_failed: false,
            txn_topic: None,
            share_topic: None,
            quotas: ReplicationQuotas::default(),
            produces: FlatMap::new(),
            fetches: FlatMap::new(),
            deletes: FlatMap::new(),
            markers: FlatMap::new(),
            moved_offsets: Vec::new(),
            watch_shared: false,
            moved_shared: false,
        }
    }

    /// The process is gone: only logs and checkpoints stay.
    pub fn kill(&mut self) {
        let mut replicas = core::mem::take(&mut self.replicas);
        for partition in replicas.iter_mut() {
            partition.kill();
        }
        *self = Self { replicas, disk_full: self.disk_full, ..Self::new(self.me) };
    }

    /// Writes every high watermark down (`replication-offset-checkpoint`).
    pub fn checkpoint(&mut self) {
        if !self.can_write() {
            return;
        }
        let stale: Vec<TopicPartition> = self
            .replicas
            .iter()
            .filter(|partition| partition.checkpoint != partition.log.high_watermark())
            .map(|partition| partition.tp)
            .collect();
        for tp in stale {
            if let Some(partition) = self.replicas.get_mut(tp) {
                partition.checkpoint = partition.log.high_watermark();
            }
        }
    }

    /// A parked request has waited long enough.
    pub fn on_parked_timer(&mut self, conn: ConnId, env: &Env<'_>, cx: &mut Cx<'_>) {
        if self.fetches.contains_key(&conn) {
            self.complete_fetch(conn, env, cx);
        } else if self.produces.contains_key(&conn) {
            self.time_out_produce(conn, cx);
        } else if self.markers.contains_key(&conn) {
            self.time_out_markers(conn, cx);
        } else {
            self.time_out_delete(conn, env, cx);
        }
    }

    /// A connection ended: what is parked for it is forgotten.
    pub fn on_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        self.forget_fetch(conn);
        self.forget_produce(conn);
        self.forget_markers(conn);
        self.deletes.remove(&conn);
        cx.disarm(BrokerTimer::Parked(conn));
    }

    /// Compares every follower's progress with `replica.lag.time.max.ms` and proposes smaller ISRs where some lag.
    pub fn shrink_isrs(&mut self, env: &Env<'_>, cx: &mut Cx<'_>) {
        let lagging: Vec<TopicPartition> = self
            .replicas
            .iter()
            .filter(|partition| {
                let log_end = partition.log.log_end();
                let leadership = partition.leadership.as_ref();
                leadership.is_some_and(|l| l.shrinking(log_end, env, cx.now).is_some())
            })
            .map(|partition| partition.tp)
            .collect();
        for tp in lagging {
            self.propose_shrink(tp, env, cx);
        }
    }

    /// Why a partition that is not here cannot be served, and where it is led.
    pub(super) fn absent(tp: TopicPartition, env: &Env<'_>) -> (ErrorCode, Option<CurrentLeader>) {
        if !env.image.topics.contains_key(&tp.topic) {
            return (ErrorCode::UnknownTopicId, None);
        }
        let Some(state) = env.image.partition(tp) else {
            return (ErrorCode::UnknownTopicOrPartition, None);
        };
        let leader = CurrentLeader { leader_id: state.leader, leader_epoch: state.leader_epoch };
        (ErrorCode::NotLeaderOrFollower, Some(leader))
    }

    /// Forgets producers that were silent for too long (`ProducerStateManager.removeExpiredProducers`).
    pub fn expire_producers(&mut self, env: &Env<'_>, now: EpochMs) {
        let expiration = i64::from(env.config.producer_id_expiration_ms);
        for partition in self.replicas.iter_mut() {
            partition.log.producers_mut().expire(now, expiration);
        }
    }

    /// The leader appended, and its high watermark `moved` or not: parked fetches may have what they waited for.
    pub(super) fn tell_appended(
        &mut self,
        tp: TopicPartition,
        moved: bool,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        if moved {
            self.on_high_watermark(tp, env, cx);
        }
        self.wake_followers(tp, env, cx);
    }

    /// Moves a high watermark as far as it may and tells everyone who waits for it.
    pub(super) fn advance_high_watermark(
        &mut self,
        tp: TopicPartition,
        env: &Env<'_>,
        cx: &mut Cx<'_>,
    ) {
        let Some(partition) = self.replicas.get_mut(tp) else { return };
        if partition.advance_high_watermark(env, cx) {
            self.on_high_watermark(tp, env, cx);
        }
    }

    /// Whether a topic is one that coordinators keep their state in.
    pub(super) fn is_coordinators(&self, topic: TopicId) -> bool {
        [self.offsets_topic, self.txn_topic, self.share_topic].contains(&Some(topic))
    }

    pub(super) fn on_high_watermark(&mut self, tp: TopicPartition, env: &Env<'_>, cx: &mut Cx<'_>) {
        self.settle_produces(tp, cx);
        self.wake_watchers(tp, env, cx);
        self.moved_shared |= self.watch_shared;
        if self.is_coordinators(tp.topic)
            && let Some(partition) = self.replicas.get(tp)
        {
            self.moved_offsets.push((tp, partition.log.high_watermark()));
        }
    }
}
