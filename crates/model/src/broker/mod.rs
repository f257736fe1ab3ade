//! A broker.
//!
//! Its disk outlives its process: logs, checkpoints, the metadata log. Invariant: it learns of the cluster only by metadata it
//! fetched.

pub mod add_partitions;
pub mod alter_partition;
mod apply;
mod cleanup;
mod coordinator;
mod coordinators;
mod delete_records;
mod disk;
mod dynamic;
mod fetch;
pub mod fetcher;
mod follow;
pub mod leadership;
pub mod lifecycle;
mod markers;
pub mod metadata;
mod offsets;
pub mod outbound;
pub mod partition;
mod produce;
pub mod producer_ids;
pub mod quotas;
mod read_replica;
pub mod remote;
pub mod replica_manager;
pub mod replicas;
mod replication_quota;
mod serve;
mod share;
mod share_admin;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod testing;
mod timer;
pub mod to_controller;
mod topics;
mod verify;
pub mod zk;

pub use timer::BrokerTimer;

use crate::api::response::InitProducerId;
use crate::api::{ErrorCode, LegacyResponse, Response};
use crate::config::broker::BrokerConfig;
use crate::controller::image::MetadataImage;
use crate::cx::{Cx, Effect};
use crate::disk::WRITE_BACK_EVERY;
use crate::group::{GroupCoordinator, GroupTimer};
use crate::ids::{BrokerEpoch, Correlation, Name, NodeId};
use crate::net::{ConnId, Lane};
use crate::trace::Fact;
use crate::txn::TransactionCoordinator;
use add_partitions::AddPartitionsManager;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::Micros;
use kafkascope_kernel::{FlatMap, FlatSet};
use lifecycle::{About, BrokerState, Lifecycle, Turn};
use metadata::MetadataFollower;
use producer_ids::ProducerIds;
use quotas::QuotaManager;
use replica_manager::ReplicaManager;
use to_controller::{ControllerCall, ToController};
use verify::Verifying;

/// How often silent producers are looked for (`producer.id.expiration.check.interval.ms`).
const EXPIRE_PRODUCERS_INTERVAL: Micros = Micros::from_ms(600_000);

/// What the data plane may look at besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Env<'a> {
    /// Node configs.
    pub config: &'a BrokerConfig,
    /// Metadata as applied.
    pub image: &'a MetadataImage,
    /// This broker's epoch, or -1.
    pub broker_epoch: BrokerEpoch,
    /// Whether a controlled shutdown is under way.
    pub leaving: bool,
    /// The controller, in ZooKeeper mode.
    pub controller: Option<NodeId>,
    /// The empty rack of fetches that are no consumer's.
    pub no_rack: &'a Name,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broker {
    /// `node.id`.
    pub id: NodeId,
    /// `broker.rack`.
    pub rack: Option<Name>,
    /// Node configs in force.
    pub config: BrokerConfig,
    /// Those it was started with.
    started_with: BrokerConfig,
    /// The quorum's voters.
    pub controllers: Vec<NodeId>,
    /// Its standing with the controller.
    pub lifecycle: Lifecycle,
    /// The metadata log as it has it.
    pub metadata: MetadataFollower,
    /// What it asks of the controller.
    to_controller: ToController,
    /// Its replicas.
    pub replicas: ReplicaManager,
    /// Groups whose coordinator it is.
    pub groups: GroupCoordinator,
    /// What clients have used of it.
    pub quotas: QuotaManager,
    /// Transactional ids whose coordinator it is.
    pub txns: TransactionCoordinator,
    asks: AddPartitionsManager,
    verifying: FlatMap<(ConnId, Correlation), Verifying>,
    /// Share partitions, their coordinator and its client.
    pub share: share::ShareHost,
    producer_ids: ProducerIds,
    /// Topics it has asked the controller to create.
    creating: FlatSet<Name>,
    no_rack: Name,
    /// Its part in ZooKeeper mode; none in a cluster with a quorum.
    zk: Option<alloc::boxed::Box<zk::Zk>>,
}

impl Broker {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        rack: Option<Name>,
        config: BrokerConfig,
        controllers: Vec<NodeId>,
    ) -> Self {
        Self {
            id,
            rack,
            started_with: config.clone(),
            config,
            lifecycle: Lifecycle::new(),
            metadata: MetadataFollower::new(controllers.clone()),
            controllers,
            to_controller: ToController::new(
                Lane::ToController,
                BrokerTimer::ToControllerRetry,
                BrokerTimer::ToControllerLate,
            ),
            replicas: ReplicaManager::new(id),
            groups: GroupCoordinator::default(),
            quotas: QuotaManager::default(),
            txns: TransactionCoordinator::default(),
            asks: AddPartitionsManager::default(),
            verifying: FlatMap::new(),
            share: share::ShareHost::default(),
            producer_ids: ProducerIds::default(),
            creating: FlatSet::new(),
            no_rack: Name::from(""),
            zk: None,
        }
    }

    /// The same in a cluster that keeps its metadata in ZooKeeper.
    #[must_use]
    pub fn with_zookeeper(mut self, server: NodeId) -> Self {
        self.zk = Some(alloc::boxed::Box::new(zk::Zk::new(server)));
        self
    }

    /// The configs it was started with.
    pub const fn started_with(&self) -> &BrokerConfig {
        &self.started_with
    }

    /// Its part in ZooKeeper mode.
    pub fn zk(&self) -> Option<&zk::Zk> {
        self.zk.as_deref()
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        if self.zk.is_some() {
            self.start_with_zookeeper(cx);
        } else {
            self.metadata.set_voters(&self.controllers);
            self.metadata.start(cx);
            let about = about(&self.rack, &self.config, &self.metadata);
            self.lifecycle.start(about, cx);
        }
        cx.arm(BrokerTimer::IsrShrink, self.isr_shrink_interval());
        self.recover_logs(cx);
        cx.arm(BrokerTimer::Checkpoint, self.checkpoint_interval());
        cx.arm(BrokerTimer::WriteBack, WRITE_BACK_EVERY);
        let delay = Micros::from_config_ms(self.config.log_initial_task_delay_ms);
        if self.config.log_flush_scheduler_interval_ms < i64::MAX {
            cx.arm(BrokerTimer::Flusher, delay);
        }
        cx.arm(BrokerTimer::Retention, delay);
        cx.arm(BrokerTimer::Cleaner, self.cleaner_backoff());
        cx.arm(BrokerTimer::ExpireProducers, EXPIRE_PRODUCERS_INTERVAL);
    }

    /// The process is gone; only its disk stays.
    pub fn kill(&mut self) {
        self.lifecycle.kill();
        self.metadata.kill();
        self.to_controller.kill();
        self.replicas.kill();
        self.groups = GroupCoordinator::default();
        self.quotas.kill();
        self.txns = TransactionCoordinator::default();
        self.asks = AddPartitionsManager::default();
        self.verifying.clear();
        self.share = share::ShareHost::default();
        self.producer_ids = ProducerIds::default();
        self.creating.clear();
        self.config = self.started_with.clone();
        if let Some(zk) = &mut self.zk {
            zk.kill();
        }
    }

    /// Its disk is another one, and empty; the process does not run.
    pub fn wipe(&mut self) {
        self.replicas = ReplicaManager::new(self.id);
        self.metadata = MetadataFollower::new(self.controllers.clone());
        self.lifecycle = Lifecycle::new();
    }

    /// SIGTERM: hands over what it leads, if that is enabled and the broker serves at all.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        if self.zk.is_some() {
            return self.leave_zookeeper(cx);
        }
        let about = about(&self.rack, &self.config, &self.metadata);
        let must_wait =
            self.config.controlled_shutdown_enable && self.lifecycle.shut_down(about, cx);
        if !must_wait {
            self.exit(cx);
        }
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        self.replicas.on_client_gone(conn, cx);
        self.groups.on_client_gone(conn, cx);
        self.txns.on_client_gone(conn);
        self.on_share_client_gone(conn, cx);
        if let Some(zk) = &mut self.zk {
            zk.on_client_gone(conn);
        }
        self.settle(cx);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        match lane {
            Lane::Raft => {
                let before = Arc::clone(self.metadata.image());
                let published = self.metadata.on_response(from, correlation, body, cx);
                self.follow_controller(cx);
                if let Some(published) = published {
                    self.on_metadata(&published, cx);
                    self.forget_topics(&before, &published, cx);
                }
            }
            Lane::Lifecycle => {
                let about = about(&self.rack, &self.config, &self.metadata);
                match self.lifecycle.on_response(from, correlation, body, about, cx) {
                    Turn::LetGo => self.exit(cx),
                    Turn::None | Turn::Registered | Turn::Unfenced => {}
                }
            }
            Lane::ToController => {
                if let Some((call, answer)) =
                    self.to_controller.on_response(from, correlation, body, cx)
                {
                    self.on_controller_answer(call, answer, cx);
                }
            }
            Lane::Fetcher => {
                let (replicas, env) = self.data_plane();
                replicas.on_fetcher_response(from, correlation, body, &env, cx);
            }
            Lane::Markers => self.with_txns(cx, |txns, log, cx| {
                txns.on_marker_response(from, correlation, body, log, cx);
            }),
            Lane::AddPartitions => {
                let verified = self.asks.on_response(from, correlation, body);
                self.on_verified(verified, cx);
            }
            Lane::Persister | Lane::PartitionMetadata => {
                self.on_share_response(from, lane, correlation, body, cx);
            }
            Lane::Zookeeper | Lane::Watches | Lane::FromController => {
                self.on_zk_response(from, lane, correlation, body, cx);
            }
            Lane::Main | Lane::Bootstrap | Lane::Coordinator => {
                unreachable!("a broker opens no such connection")
            }
        }
        self.settle(cx);
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        match lane {
            Lane::Raft => {
                self.metadata.on_disconnect(peer, cx);
                self.follow_controller(cx);
            }
            Lane::Lifecycle => self.lifecycle.on_disconnect(peer, cx),
            Lane::ToController => self.to_controller.on_disconnect(peer, cx),
            Lane::Fetcher => {
                let (replicas, env) = self.data_plane();
                replicas.on_fetcher_disconnect(peer, &env, cx);
            }
            Lane::Markers => {
                self.with_txns(cx, |txns, log, cx| txns.on_marker_disconnect(peer, log, cx));
            }
            Lane::AddPartitions => {
                let verified = self.asks.on_disconnect(peer, cx.now);
                self.on_verified(verified, cx);
            }
            Lane::Persister | Lane::PartitionMetadata => {
                self.share.persister.on_disconnect(peer, lane, cx);
                self.settle(cx);
            }
            Lane::Zookeeper | Lane::Watches | Lane::FromController => {
                self.on_zk_disconnect(peer, lane, cx);
            }
            Lane::Main | Lane::Bootstrap | Lane::Coordinator => {}
        }
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: BrokerTimer, cx: &mut Cx<'_>) {
        match timer {
            BrokerTimer::Zk(timer) => self.on_zk_timer(timer, cx),
            BrokerTimer::Parked(conn) => {
                let (replicas, env) = self.data_plane();
                replicas.on_parked_timer(conn, &env, cx);
            }
            BrokerTimer::Fetcher(leader) => {
                let (replicas, env) = self.data_plane();
                replicas.on_fetcher_timer(leader, &env, cx);
            }
            BrokerTimer::FetcherLate(leader) => {
                let (replicas, env) = self.data_plane();
                replicas.on_fetcher_late(leader, &env, cx);
            }
            BrokerTimer::IsrShrink => {
                cx.arm(BrokerTimer::IsrShrink, self.isr_shrink_interval());
                let (replicas, env) = self.data_plane();
                replicas.shrink_isrs(&env, cx);
            }
            BrokerTimer::Checkpoint
            | BrokerTimer::WriteBack
            | BrokerTimer::Flusher
            | BrokerTimer::Retention
            | BrokerTimer::Cleaner
            | BrokerTimer::ExpireProducers => self.on_log_timer(timer, cx),
            BrokerTimer::AlterPartition => self.replicas.alter_partition.on_timer(),
            BrokerTimer::Txn(timer) => {
                self.with_txns(cx, |txns, log, cx| txns.on_timer(timer, log, cx));
            }
            BrokerTimer::AddPartitions => {
                let verified = self.asks.time_out(cx);
                self.on_verified(verified, cx);
            }
            BrokerTimer::Verify(conn, correlation) => self.ask_again((conn, correlation), cx),
            BrokerTimer::Group(timer) => {
                let loads = matches!(timer, GroupTimer::Loaded(_));
                self.with_groups(cx, |groups, log, cx| groups.on_timer(timer, log, cx));
                self.share.is_used |= loads && self.groups.share_groups().next().is_some();
            }
            BrokerTimer::Share(timer) => self.on_share_timer(timer, cx),
            BrokerTimer::Heartbeat => {
                let about = about(&self.rack, &self.config, &self.metadata);
                self.lifecycle.on_timer(about, cx);
            }
            BrokerTimer::LifecycleRetry => self.lifecycle.on_retry(cx),
            BrokerTimer::RegistrationTimeout => self.exit(cx),
            BrokerTimer::LifecycleLate => {
                let about = about(&self.rack, &self.config, &self.metadata);
                self.lifecycle.on_late(about, cx);
            }
            BrokerTimer::ToControllerRetry => {
                self.recall_controller(cx);
                self.to_controller.on_timer(cx);
            }
            BrokerTimer::ToControllerLate => {
                self.to_controller.on_late(cx);
            }
            BrokerTimer::MetadataRetry => self.metadata.on_retry(cx),
            BrokerTimer::MetadataTimeout => {
                self.metadata.on_timeout(cx);
                self.follow_controller(cx);
            }
        }
        self.settle(cx);
    }

    /// Housekeeping of logs, again and again.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other timer is another's")]
    fn on_log_timer(&mut self, timer: BrokerTimer, cx: &mut Cx<'_>) {
        match timer {
            BrokerTimer::Checkpoint => {
                self.replicas.checkpoint();
                cx.arm(BrokerTimer::Checkpoint, self.checkpoint_interval());
            }
            BrokerTimer::WriteBack => {
                self.replicas.write_back();
                cx.arm(BrokerTimer::WriteBack, WRITE_BACK_EVERY);
            }
            BrokerTimer::Flusher => {
                let interval = self.config.log_flush_scheduler_interval_ms;
                cx.arm(BrokerTimer::Flusher, Micros::from_config_ms(interval));
                self.replicas.flush_old(cx);
            }
            BrokerTimer::Retention => {
                let interval = Micros::from_config_ms(self.config.log_retention_check_interval_ms);
                cx.arm(BrokerTimer::Retention, interval);
                let (replicas, env) = self.data_plane();
                replicas.apply_retention(&env, cx);
            }
            BrokerTimer::Cleaner => {
                cx.arm(BrokerTimer::Cleaner, self.cleaner_backoff());
                if self.config.log_cleaner_enable {
                    let (replicas, env) = self.data_plane();
                    replicas.compact(&env, cx);
                }
            }
            BrokerTimer::ExpireProducers => {
                cx.arm(BrokerTimer::ExpireProducers, EXPIRE_PRODUCERS_INTERVAL);
                let (replicas, env) = self.data_plane();
                replicas.expire_producers(&env, cx.epoch_ms());
            }
            other => unreachable!("{other:?} is no timer of logs"),
        }
    }

    /// What was not flushed is read again, unless the last run ended in order.
    fn recover_logs(&mut self, cx: &mut Cx<'_>) {
        if !self.lifecycle.ended_cleanly() {
            self.replicas.recover(cx);
        }
    }

    fn on_controller_answer(&mut self, call: ControllerCall, body: Response, cx: &mut Cx<'_>) {
        match (call, body) {
            (ControllerCall::Forward(conn, correlation), body) => {
                cx.respond(conn, correlation, body);
            }
            (ControllerCall::AlterPartition, Response::AlterPartition(error, partitions)) => {
                let (replicas, env) = self.data_plane();
                replicas.on_alter_partition(error, &partitions, &env, cx);
            }
            (ControllerCall::AllocateProducerIds, Response::AllocateProducerIds(block)) => {
                self.producer_ids.on_block(&block);
            }
            (
                ControllerCall::Leave,
                Response::Legacy(LegacyResponse::ControlledShutdown(error, left)),
            ) => {
                self.on_leave_answered(error, left, cx);
            }
            (ControllerCall::AutoCreate(name), _) => {
                self.creating.remove(&name);
            }
            (call, body) => unreachable!("{call:?} was answered with {:?}", body.key()),
        }
    }

    /// What a handler left to be passed on: ISR proposals, the need for producer ids, and moves of internal topics' high
    /// watermarks.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        self.pass_on_high_watermarks(cx);
        self.settle_share(cx);
        self.pass_on_high_watermarks(cx);
        if core::mem::take(&mut self.replicas.dir_failed) {
            cx.note(Fact::LogDirFailed);
            cx.out.push(Effect::Halt);
            return;
        }
        self.meter_answers(cx);
        self.replenish_producer_ids(cx);
        let epoch = self.lifecycle.epoch();
        if let Some(request) = self.replicas.alter_partition.take_request(self.id, epoch) {
            self.to_controller.send(request, ControllerCall::AlterPartition, cx);
        }
        self.settle_zk(cx);
    }

    fn generate_producer_id(&mut self) -> InitProducerId {
        match self.producer_ids.generate() {
            Ok(producer_id) => {
                InitProducerId { error: ErrorCode::None, producer_id, producer_epoch: 0 }
            }
            Err(error) => InitProducerId { error, producer_id: -1, producer_epoch: -1 },
        }
    }

    /// Asks the controller for a block of ids, if somebody needed one that was not there, or soon will.
    fn replenish_producer_ids(&mut self, cx: &mut Cx<'_>) {
        if self.producer_ids.should_request() {
            let body = crate::api::request::AllocateProducerIds {
                broker_id: self.id,
                broker_epoch: self.lifecycle.epoch(),
            };
            let body = crate::api::Request::AllocateProducerIds(body);
            self.to_controller.send(body, ControllerCall::AllocateProducerIds, cx);
        }
    }

    fn data_plane(&mut self) -> (&mut ReplicaManager, Env<'_>) {
        let env = Env {
            config: &self.config,
            image: self.metadata.image(),
            broker_epoch: self.lifecycle.epoch(),
            leaving: self.lifecycle.state() == BrokerState::PendingControlledShutdown,
            controller: self.zk.as_ref().and_then(|zk| zk.controller()),
            no_rack: &self.no_rack,
        };
        (&mut self.replicas, env)
    }

    fn follow_controller(&mut self, cx: &mut Cx<'_>) {
        let controller = self.metadata.leader();
        self.lifecycle.set_controller(controller, cx);
        self.to_controller.set_controller(controller, cx);
    }

    fn checkpoint_interval(&self) -> Micros {
        Micros::from_config_ms(self.config.replica_high_watermark_checkpoint_interval_ms)
    }

    fn cleaner_backoff(&self) -> Micros {
        Micros::from_config_ms(self.config.log_cleaner_backoff_ms.max(1))
    }

    fn isr_shrink_interval(&self) -> Micros {
        Micros::from_config_ms(self.config.replica_lag_time_max_ms).scale(1, 2)
    }

    fn exit(&mut self, cx: &mut Cx<'_>) {
        self.replicas.checkpoint();
        self.replicas.flush(cx);
        cx.out.push(Effect::Exit);
    }
}

fn about<'a>(
    rack: &'a Option<Name>,
    config: &'a BrokerConfig,
    metadata: &MetadataFollower,
) -> About<'a> {
    About { rack: rack.as_ref(), config, applied: metadata.applied_offset() }
}
