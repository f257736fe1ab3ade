//! A controller: it keeps the metadata log, and decides who leads (`QuorumController`).
//!
//! Requests become records; records go into the log; the log makes the image that the next decision is based on. Invariant:
//! only the quorum's leader decides, and no answer or fact leaves before the records it tells of are committed.

mod active;
pub mod alter_partition;
mod bootstrap;
pub mod broker_changes;
pub mod configs;
pub mod elect_leaders;
pub mod election;
mod facts;
pub mod image;
pub mod legacy;
mod legacy_leaders;
pub mod metadata_log;
pub mod placement;
pub mod producer_ids;
pub mod quorum;
mod quotas;
pub mod reassignment;
pub mod records;
mod registrar;
pub mod registration;
pub(crate) mod serve;
pub mod sessions;
#[cfg(test)]
mod testing;
pub mod topics;
pub mod view;

use crate::api::{Request, Response};
use crate::config::broker::BrokerConfig;
use crate::cx::{Cx, Effect};
use crate::ids::{Correlation, LeaderEpoch, NodeId, Offset};
use crate::net::{ConnId, Lane};
use active::Deferred;
use alloc::vec::Vec;
use image::MetadataImage;
use kafkascope_kernel::Micros;
use quorum::Quorum;
use registrar::Registrar;
use sessions::Sessions;
use view::View;

/// How long a leader that shuts down waits for a successor (`KafkaRaftManager.shutdown`).
const LEAVE_TIMEOUT: Micros = Micros::from_ms(5_000);

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControllerTimer {
    /// Look for brokers whose session ended.
    FenceStale,
    /// Look for leaders that are not the preferred ones.
    Balance,
    /// Look for partitions that may have an unclean election.
    Unclean,
    /// Let an idle log grow.
    Idle,
    /// Write what was gathered.
    Linger,
    /// A fetch has waited long enough.
    FetchWaited(ConnId),
    /// The time of the present role in the quorum is over.
    Role,
    /// Make the leader known again.
    BeginEpoch,
    /// A peer may be asked again.
    PeerRested(NodeId),
    /// A peer did not answer.
    PeerTimeout(NodeId),
    /// No successor was found.
    Leave,
    /// Look for the active controller, to register.
    RegistrationRetry,
    /// The active controller did not answer.
    RegistrationLate,
}

/// A controller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Controller {
    /// `node.id`.
    pub id: NodeId,
    /// Node configs.
    pub config: BrokerConfig,
    /// The quorum's voters, this one included.
    pub voters: Vec<NodeId>,
    /// Its part in the quorum, with the log.
    quorum: Quorum,
    /// The log, replayed: as far as it is committed, or at the active controller as far as it goes.
    image: MetadataImage,
    /// The largest offset it has ever known to be committed.
    committed: Offset,
    /// Who was heard of when; memory of the active controller.
    sessions: Sessions,
    active: bool,
    registrar: Registrar,
    /// What leaves once it is committed.
    deferred: Deferred,
    leaving: bool,
    /// In ZooKeeper mode, topic ids begin above this; the log is then only what ZooKeeper has yet to write.
    legacy: Option<u32>,
}

impl Controller {
    /// A process that does not run yet.
    pub fn new(id: NodeId, config: BrokerConfig, voters: Vec<NodeId>) -> Self {
        Self {
            id,
            config,
            voters,
            quorum: Quorum::new(id),
            image: MetadataImage::default(),
            committed: 0,
            sessions: Sessions::default(),
            active: false,
            registrar: Registrar::new(id),
            deferred: Deferred::default(),
            leaving: false,
            legacy: None,
        }
    }

    /// What the log says.
    pub const fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// Whether it decides.
    pub const fn is_active(&self) -> bool {
        self.active
    }

    /// The quorum's epoch, as far as it knows.
    pub const fn epoch(&self) -> LeaderEpoch {
        self.quorum.epoch()
    }

    /// Its part in the quorum.
    pub const fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        self.image = MetadataImage::default();
        self.registrar.start(cx);
        self.quorum.start(&self.voters, &self.config, cx);
        self.settle(cx);
    }

    /// The process is gone; only its disk stays.
    pub fn kill(&mut self) {
        self.quorum.kill();
        self.registrar.kill();
        self.active = false;
        self.sessions = Sessions::default();
        self.deferred = Deferred::default();
        self.leaving = false;
    }

    /// SIGTERM: a leader first finds a successor.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        if self.quorum.abdicate(cx) {
            self.leaving = true;
            cx.arm(ControllerTimer::Leave, LEAVE_TIMEOUT);
            self.settle(cx);
        } else {
            cx.out.push(Effect::Exit);
        }
    }

    /// A request arrived.
    #[allow(clippy::needless_pass_by_value, reason = "all roles share one shape of handler")]
    pub fn on_request(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: Request,
        cx: &mut Cx<'_>,
    ) {
        if !self.quorum.serve(conn, correlation, &body, cx) {
            let answer = self.serve(&body, cx);
            self.answer_when_committed(conn, correlation, answer, cx);
        }
        self.settle(cx);
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        self.quorum.on_client_gone(conn, cx);
        self.deferred.forget(conn);
    }

    /// An answer of a voter arrived.
    #[allow(clippy::needless_pass_by_value, reason = "all roles share one shape of handler")]
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        if lane == Lane::Lifecycle {
            self.registrar.on_response(from, correlation, body, cx);
        } else {
            self.quorum.on_response(from, correlation, &body, cx);
        }
        self.settle(cx);
    }

    /// A connection to a voter broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        if lane == Lane::Lifecycle {
            self.registrar.on_disconnect(peer, cx);
        } else {
            self.quorum.on_disconnect(peer, cx);
        }
        self.settle(cx);
    }

    /// A timer is due.
    #[allow(clippy::needless_pass_by_value, reason = "all roles share one shape of handler")]
    pub fn on_timer(&mut self, timer: ControllerTimer, cx: &mut Cx<'_>) {
        match timer {
            ControllerTimer::FetchWaited(conn) => self.quorum.on_fetch_waited(conn, cx),
            ControllerTimer::Role => self.quorum.on_role_timeout(cx),
            ControllerTimer::BeginEpoch => self.quorum.on_begin_epoch_due(cx),
            ControllerTimer::PeerRested(peer) => self.quorum.on_rested(peer, cx),
            ControllerTimer::PeerTimeout(peer) => self.quorum.on_peer_timeout(peer, cx),
            ControllerTimer::Linger => self.quorum.write(cx),
            ControllerTimer::FenceStale => self.fence_stale(cx),
            ControllerTimer::Balance => self.balance(cx),
            ControllerTimer::Unclean => self.elect_unclean(cx),
            ControllerTimer::Idle => self.idle(cx),
            ControllerTimer::Leave => cx.out.push(Effect::Exit),
            ControllerTimer::RegistrationRetry => self.registrar.on_retry(cx),
            ControllerTimer::RegistrationLate => self.registrar.on_late(cx),
        }
        self.settle(cx);
    }

    fn view(&self) -> View<'_> {
        let view = View::new(&self.image, &self.config);
        if self.legacy.is_some() { view.in_zookeeper_mode() } else { view }
    }
}
