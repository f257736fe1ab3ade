//! A controller: it keeps the metadata log, and decides who leads (`QuorumController`).
//!
//! Requests become records; records go into the log; the log makes the image that the next decision is based on. Invariant: only
//! the quorum's leader writes, and no answer leaves before the records it tells of are committed.

pub mod alter_partition;
pub mod broker_changes;
pub mod configs;
pub mod elect_leaders;
pub mod election;
mod facts;
pub mod image;
pub mod metadata_log;
pub mod placement;
pub mod producer_ids;
pub mod reassignment;
pub mod records;
pub mod registration;
mod serve;
pub mod sessions;
pub mod topics;
pub mod view;

use crate::api::request::ConfigResource;
use crate::api::response::RaftFetch as Fetched;
use crate::api::{ErrorCode, Request, Response};
use crate::config::broker::BrokerConfig;
use crate::cx::Cx;
use crate::ids::{Correlation, NodeId, Offset};
use crate::net::{ConnId, Lane};
use crate::trace::Fact;
use alloc::string::ToString;
use alloc::vec::Vec;
use image::MetadataImage;
use kafkascope_kernel::Micros;
use metadata_log::MetadataLog;
use records::MetadataRecord;
use sessions::Sessions;
use view::View;

/// How often an idle log grows (`metadata.max.idle.interval.ms`).
const IDLE: Micros = Micros::from_ms(500);

/// Features of a newly formatted 4.3.1 cluster with their levels.
const FEATURES: [(&str, i16); 6] = [
    ("metadata.version", 30),
    ("transaction.version", 2),
    ("group.version", 1),
    ("eligible.leader.replicas.version", 1),
    ("share.version", 1),
    ("streams.version", 1),
];

/// A timer of this role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControllerTimer {
    /// Look for brokers whose session ended.
    FenceStale,
    /// Look for leaders that are not the preferred ones.
    Balance,
    /// Let an idle log grow.
    Idle,
    /// A fetch has waited long enough.
    FetchWaited(ConnId),
}

/// A fetch of the metadata log that waits for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Parked {
    conn: ConnId,
    correlation: Correlation,
    offset: Offset,
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
    /// Disk: the metadata log.
    log: MetadataLog,
    /// The log, replayed.
    image: MetadataImage,
    /// Who was heard of when; memory of the active controller.
    sessions: Sessions,
    active: bool,
    parked: Vec<Parked>,
}

impl Controller {
    /// A process that does not run yet.
    pub fn new(id: NodeId, config: BrokerConfig, voters: Vec<NodeId>) -> Self {
        Self {
            id,
            config,
            voters,
            log: MetadataLog::default(),
            image: MetadataImage::default(),
            sessions: Sessions::default(),
            active: false,
            parked: Vec::new(),
        }
    }

    /// What the log says.
    pub const fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// Whether it leads the quorum.
    pub const fn is_active(&self) -> bool {
        self.active
    }

    /// The quorum's epoch, as far as it knows.
    pub const fn epoch(&self) -> crate::ids::LeaderEpoch {
        self.log.epoch()
    }

    /// The process begins to run. Whoever is alone in the quorum leads it at once, as the lowest id does in a new one.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        let first = self.voters.iter().min().copied();
        if first.is_none_or(|first| first == self.id) {
            self.become_active(cx);
        }
    }

    /// The process is gone; only its disk stays.
    pub fn kill(&mut self) {
        self.active = false;
        self.sessions = Sessions::default();
        self.parked.clear();
    }

    /// SIGTERM.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        cx.out.push(crate::cx::Effect::Exit);
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
        if let Request::RaftFetch(fetch) = &body {
            self.on_fetch(conn, correlation, fetch, cx);
            return;
        }
        let answer = self.serve(&body, cx);
        cx.respond(conn, correlation, answer);
    }

    /// A client's connection ended.
    pub fn on_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        self.parked.retain(|parked| parked.conn != conn);
        cx.disarm(crate::node::Timer::Controller(ControllerTimer::FetchWaited(conn)));
    }

    /// An answer arrived. A controller asks nobody.
    pub fn on_response(
        &mut self,
        _from: NodeId,
        _lane: Lane,
        _correlation: Correlation,
        _body: Response,
        _cx: &mut Cx<'_>,
    ) {
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, _peer: NodeId, _lane: Lane, _cx: &mut Cx<'_>) {}

    /// A timer is due.
    #[allow(clippy::needless_pass_by_value, reason = "all roles share one shape of handler")]
    pub fn on_timer(&mut self, timer: ControllerTimer, cx: &mut Cx<'_>) {
        match timer {
            ControllerTimer::FetchWaited(conn) => {
                if let Some(index) = self.parked.iter().position(|parked| parked.conn == conn) {
                    let parked = self.parked.remove(index);
                    self.answer_fetch(parked, cx);
                }
            }
            ControllerTimer::FenceStale => self.fence_stale(cx),
            ControllerTimer::Balance => {
                let records = elect_leaders::balance_leaders(&self.view());
                self.write(records, crate::trace::ChangeReason::Preferred, cx);
                self.arm_balance(cx);
            }
            ControllerTimer::Idle if !self.active => {}
            ControllerTimer::Idle => {
                self.write(
                    alloc::vec![MetadataRecord::NoOp],
                    crate::trace::ChangeReason::Proposed,
                    cx,
                );
                cx.arm(ControllerTimer::Idle, IDLE);
            }
        }
    }

    fn view(&self) -> View<'_> {
        View::new(&self.image, &self.config)
    }

    fn become_active(&mut self, cx: &mut Cx<'_>) {
        self.active = true;
        self.log.begin_epoch();
        self.sessions.begin(&self.image, cx.now);
        cx.note(Fact::ControllerElected { epoch: self.log.epoch() });
        let fresh = self.log.end() == 0;
        let leader = MetadataRecord::LeaderChange { leader: self.id };
        self.write(alloc::vec![leader], crate::trace::ChangeReason::Proposed, cx);
        if fresh {
            self.bootstrap();
        }
        cx.arm(ControllerTimer::Idle, IDLE);
        cx.arm(ControllerTimer::FenceStale, self.fence_interval());
        self.arm_balance(cx);
    }

    /// What a new cluster's log begins with (`bootstrap.checkpoint`): its features, and `min.insync.replicas` as the whole
    /// cluster's config, which eligible leader replicas need.
    fn bootstrap(&mut self) {
        let feature = |(feature, level)| MetadataRecord::FeatureLevel { feature, level };
        let min_isr = MetadataRecord::Config {
            resource: ConfigResource::Broker(None),
            key: "min.insync.replicas".into(),
            value: Some(self.config.min_insync_replicas.to_string().into()),
        };
        let begin = core::iter::once(MetadataRecord::BeginTransaction);
        let features = FEATURES.into_iter().map(feature);
        for record in begin.chain(features).chain([min_isr, MetadataRecord::EndTransaction]) {
            self.image.apply(self.log.end(), self.log.epoch(), &record);
            self.log.append(record);
        }
    }

    /// Appends records, replays them, tells what changed, and wakes whoever waits for them.
    fn write(
        &mut self,
        records: Vec<MetadataRecord>,
        reason: crate::trace::ChangeReason,
        cx: &mut Cx<'_>,
    ) {
        if records.is_empty() {
            return;
        }
        for record in records {
            facts::state(&self.image, &record, reason, cx);
            self.image.apply(self.log.end(), self.log.epoch(), &record);
            self.log.append(record);
        }
        for parked in core::mem::take(&mut self.parked) {
            cx.disarm(ControllerTimer::FetchWaited(parked.conn));
            self.answer_fetch(parked, cx);
        }
    }

    fn on_fetch(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        fetch: &crate::api::request::RaftFetch,
        cx: &mut Cx<'_>,
    ) {
        let parked = Parked { conn, correlation, offset: fetch.fetch_offset };
        let news = fetch.fetch_offset < self.log.end() || fetch.high_watermark < self.log.end();
        if !self.active || news {
            self.answer_fetch(parked, cx);
        } else {
            self.parked.push(parked);
            let wait = Micros::from_config_ms(fetch.max_wait_ms.into());
            cx.arm(ControllerTimer::FetchWaited(conn), wait);
        }
    }

    fn answer_fetch(&self, parked: Parked, cx: &mut Cx<'_>) {
        let leader_id = if self.active { self.id } else { NodeId::NONE };
        let error = if self.active { ErrorCode::None } else { ErrorCode::NotLeaderOrFollower };
        let body = Response::RaftFetch(Fetched {
            error,
            leader_id,
            leader_epoch: self.log.epoch(),
            high_watermark: self.log.end(),
            diverging_epoch: None,
            base_offset: parked.offset,
            entries: if self.active { self.log.read(parked.offset) } else { Vec::new() },
        });
        cx.respond(parked.conn, parked.correlation, body);
    }

    /// Fences one broker whose session ended; looks again at once if it found one (`maybeFenceStaleBroker`).
    fn fence_stale(&mut self, cx: &mut Cx<'_>) {
        let stale = self.sessions.find_stale(&self.image, cx.now, self.session_timeout());
        let wait = match stale {
            Some((broker, silent)) => {
                cx.note(Fact::BrokerFenced { broker, silent });
                let records = broker_changes::fence(&self.view(), broker);
                self.write(records, crate::trace::ChangeReason::Fenced, cx);
                Micros::ZERO
            }
            None => self.fence_interval(),
        };
        cx.arm(ControllerTimer::FenceStale, wait);
    }

    fn session_timeout(&self) -> Micros {
        Micros::from_config_ms(self.config.broker_session_timeout_ms.into())
    }

    /// A quarter of the session time-out, as `QuorumController` has it.
    fn fence_interval(&self) -> Micros {
        self.session_timeout().scale(1, 8)
    }

    fn arm_balance(&self, cx: &mut Cx<'_>) {
        if self.config.auto_leader_rebalance_enable {
            let seconds = self.config.leader_imbalance_check_interval_seconds;
            cx.arm(ControllerTimer::Balance, Micros::from_config_ms(seconds.saturating_mul(1_000)));
        }
    }
}
