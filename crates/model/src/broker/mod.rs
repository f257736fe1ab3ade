//! A broker.
//!
//! Its disk outlives its process: logs, checkpoints, the metadata log. Invariant: it learns of the cluster only by metadata it
//! fetched.

pub mod alter_partition;
mod apply;
mod coordinator;
mod delete_records;
mod fetch;
pub mod fetcher;
mod follow;
pub mod leadership;
pub mod lifecycle;
pub mod metadata;
mod offsets;
pub mod partition;
mod produce;
pub mod producer_ids;
mod read_replica;
pub mod remote;
pub mod replica_manager;
pub mod replicas;
mod serve;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod testing;
pub mod to_controller;
mod topics;

use crate::api::response::InitProducerId;
use crate::api::{ErrorCode, Response};
use crate::config::broker::BrokerConfig;
use crate::controller::image::MetadataImage;
use crate::controller::records::MetadataRecord;
use crate::cx::{Cx, Effect};
use crate::group::GroupCoordinator;
use crate::ids::{BrokerEpoch, Correlation, Name, NodeId};
use crate::net::{ConnId, Lane};
use alloc::sync::Arc;
use alloc::vec::Vec;
use coordinator::OffsetsTopic;
use kafkascope_kernel::FlatSet;
use kafkascope_kernel::Micros;
use lifecycle::{About, BrokerState, Lifecycle, Turn};
use metadata::{MetadataFollower, Published};
use producer_ids::ProducerIds;
use replica_manager::ReplicaManager;
use to_controller::{ControllerCall, ToController};

/// How often high watermarks are written down (`replica.high.watermark.checkpoint.interval.ms`).
const CHECKPOINT_INTERVAL: Micros = Micros::from_ms(5_000);

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerTimer {
    /// What a connection has parked has waited long enough.
    Parked(ConnId),
    /// Partitions fetched from this leader have rested.
    Fetcher(NodeId),
    /// Time to look for laggards in the ISRs.
    IsrShrink,
    /// Time to write high watermarks down.
    Checkpoint,
    /// Time to delete old segments.
    Retention,
    /// ISR changes may be proposed again.
    AlterPartition,
    /// Of the group coordinator.
    Group(crate::group::GroupTimer),
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
    /// Node configs.
    pub config: BrokerConfig,
    /// The quorum's voters.
    pub controllers: Vec<NodeId>,
    /// Its standing with the controller.
    pub lifecycle: Lifecycle,
    /// The metadata log as it has it.
    pub metadata: MetadataFollower,
    /// What it asks of the controller.
    pub to_controller: ToController,
    /// Its replicas.
    pub replicas: ReplicaManager,
    /// Groups whose coordinator it is.
    pub groups: GroupCoordinator,
    producer_ids: ProducerIds,
    /// Topics it has asked the controller to create.
    creating: FlatSet<Name>,
    no_rack: Name,
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
            producer_ids: ProducerIds::default(),
            creating: FlatSet::new(),
            no_rack: Name::from(""),
        }
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        self.metadata.set_voters(&self.controllers);
        self.metadata.start(cx);
        let about = about(&self.rack, &self.config, &self.metadata);
        self.lifecycle.start(about, cx);
        cx.arm(BrokerTimer::IsrShrink, self.isr_shrink_interval());
        cx.arm(BrokerTimer::Checkpoint, CHECKPOINT_INTERVAL);
        let delay = Micros::from_config_ms(self.config.log_initial_task_delay_ms);
        cx.arm(BrokerTimer::Retention, delay);
    }

    /// The process is gone; only its disk stays.
    pub fn kill(&mut self) {
        self.lifecycle.kill();
        self.metadata.kill();
        self.to_controller.kill();
        self.replicas.kill();
        self.groups = GroupCoordinator::default();
        self.producer_ids = ProducerIds::default();
        self.creating.clear();
    }

    /// SIGTERM: hands over what it leads, if that is enabled and the broker serves at all.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
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
            Lane::Main | Lane::Bootstrap | Lane::Coordinator | Lane::Markers => {
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
            Lane::Main | Lane::Bootstrap | Lane::Coordinator | Lane::Markers => {}
        }
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: BrokerTimer, cx: &mut Cx<'_>) {
        match timer {
            BrokerTimer::Parked(conn) => {
                let (replicas, env) = self.data_plane();
                replicas.on_parked_timer(conn, &env, cx);
            }
            BrokerTimer::Fetcher(leader) => {
                let (replicas, env) = self.data_plane();
                replicas.on_fetcher_timer(leader, &env, cx);
            }
            BrokerTimer::IsrShrink => {
                cx.arm(BrokerTimer::IsrShrink, self.isr_shrink_interval());
                let (replicas, env) = self.data_plane();
                replicas.shrink_isrs(&env, cx);
            }
            BrokerTimer::Checkpoint => {
                self.replicas.checkpoint();
                cx.arm(BrokerTimer::Checkpoint, CHECKPOINT_INTERVAL);
            }
            BrokerTimer::Retention => {
                let interval = Micros::from_config_ms(self.config.log_retention_check_interval_ms);
                cx.arm(BrokerTimer::Retention, interval);
                let (replicas, env) = self.data_plane();
                replicas.apply_retention(&env, cx);
            }
            BrokerTimer::AlterPartition => self.replicas.alter_partition.on_timer(),
            BrokerTimer::Group(timer) => {
                self.with_groups(|groups, log| groups.on_timer(timer, log, cx));
            }
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
            BrokerTimer::ToControllerRetry => self.to_controller.on_timer(cx),
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

    /// New metadata was applied: replicas, coordinator and what waits for either react.
    fn on_metadata(&mut self, published: &Published, cx: &mut Cx<'_>) {
        let (replicas, env) = self.data_plane();
        let elections = replicas.apply_metadata(published, &env, cx);
        for (partition, elected) in elections {
            self.with_groups(|groups, log| {
                if elected {
                    groups.on_elected(partition, log, cx);
                } else {
                    groups.on_resigned(partition, cx);
                }
            });
        }
    }

    /// Groups forget what they committed for topics that are gone.
    fn forget_topics(&mut self, before: &MetadataImage, published: &Published, cx: &mut Cx<'_>) {
        let Published::Records(records) = published else { return };
        for record in records {
            let MetadataRecord::RemoveTopic { id } = &**record else { continue };
            if let Some(topic) = before.topics.get(id) {
                self.with_groups(|groups, log| groups.on_topic_deleted(&topic.name, log, cx));
            }
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
            (ControllerCall::AutoCreate(name), _) => {
                self.creating.remove(&name);
            }
            (call, body) => unreachable!("{call:?} was answered with {:?}", body.key()),
        }
    }

    /// What a handler left to be passed on: ISR proposals, and moves of the offsets topic's high watermarks.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        while let Some((partition, offset)) = self.replicas.moved_offsets.pop() {
            self.with_groups(|groups, log| groups.on_high_watermark(partition, offset, log, cx));
        }
        let epoch = self.lifecycle.epoch();
        if let Some(request) = self.replicas.alter_partition.take_request(self.id, epoch) {
            self.to_controller.send(request, ControllerCall::AlterPartition, cx);
        }
    }

    fn generate_producer_id(&mut self, transactional: bool, cx: &mut Cx<'_>) -> InitProducerId {
        let id = if transactional {
            Err(ErrorCode::UnsupportedVersion)
        } else {
            self.producer_ids.generate()
        };
        if self.producer_ids.should_request() {
            let body = crate::api::request::AllocateProducerIds {
                broker_id: self.id,
                broker_epoch: self.lifecycle.epoch(),
            };
            let body = crate::api::Request::AllocateProducerIds(body);
            self.to_controller.send(body, ControllerCall::AllocateProducerIds, cx);
        }
        match id {
            Ok(producer_id) => {
                InitProducerId { error: ErrorCode::None, producer_id, producer_epoch: 0 }
            }
            Err(error) => InitProducerId { error, producer_id: -1, producer_epoch: -1 },
        }
    }

    fn data_plane(&mut self) -> (&mut ReplicaManager, Env<'_>) {
        let env = Env {
            config: &self.config,
            image: self.metadata.image(),
            broker_epoch: self.lifecycle.epoch(),
            leaving: self.lifecycle.state() == BrokerState::PendingControlledShutdown,
            no_rack: &self.no_rack,
        };
        (&mut self.replicas, env)
    }

    fn with_groups(&mut self, run: impl FnOnce(&mut GroupCoordinator, &mut OffsetsTopic<'_>)) {
        let mut groups = core::mem::take(&mut self.groups);
        let (replicas, env) = self.data_plane();
        run(&mut groups, &mut OffsetsTopic { env, replicas });
        self.groups = groups;
    }

    fn follow_controller(&mut self, cx: &mut Cx<'_>) {
        let controller = self.metadata.leader();
        self.lifecycle.set_controller(controller, cx);
        self.to_controller.set_controller(controller, cx);
    }

    fn isr_shrink_interval(&self) -> Micros {
        Micros::from_config_ms(self.config.replica_lag_time_max_ms).scale(1, 2)
    }

    fn exit(&mut self, cx: &mut Cx<'_>) {
        self.replicas.checkpoint();
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
