//! Share groups on this broker: who serves which request, and how their parts reach each other (`KafkaApis`, `BrokerServer`).
//!
//! Share partitions and the group coordinator hand operations to the persister; what comes of them goes back to whoever asked.
//! Invariant: nothing of this is looked at while no share group was ever seen.

use super::coordinator::InternalTopic;
use super::replica_manager::ReplicaManager;
use super::share_admin::ShareAdmin;
use super::{Broker, Env};
use crate::api::response::CurrentLeader;
use crate::api::{ErrorCode, Request, Response, ShareRequest};
use crate::config::share::{ShareGroupConfig, ShareReset};
use crate::cx::Cx;
use crate::group::caller::Caller;
use crate::ids::{
    Correlation, EpochMs, LeaderEpoch, Name, NodeId, Offset, TopicId, TopicPartition,
};
use crate::log::Batch;
use crate::net::{ConnId, Lane};
use crate::share::coordinator::{LOAD_TIME, ShareCoordinator};
use crate::share::log::SharedLog;
use crate::share::manager::SharePartitionManager;
use crate::share::persister::{Done, Gain, Owner, Persister, What};
use crate::share::{ShareKey, ShareLimits, ShareTimer};
use alloc::vec::Vec;

/// Everything of share groups on one broker but the groups themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShareHost {
    /// State of share partitions whose coordinator this broker is.
    pub coordinator: ShareCoordinator,
    /// Share partitions that this broker leads.
    pub manager: SharePartitionManager,
    /// The client of share coordinators.
    pub persister: Persister,
    pub(super) admin: ShareAdmin,
    /// Whether any share group was ever seen.
    pub(super) is_used: bool,
}

/// The partitions that this broker leads, as share partitions see them.
pub(super) struct LedPartitions<'a> {
    pub(super) env: Env<'a>,
    pub(super) replicas: &'a ReplicaManager,
    pub(super) now: EpochMs,
}

impl SharedLog for LedPartitions<'_> {
    fn leader_epoch(&self, tp: TopicPartition) -> Result<LeaderEpoch, ErrorCode> {
        let hosted = self.replicas.replicas.get(tp).filter(|replica| replica.leader_epoch >= 0);
        let replica = hosted.ok_or_else(|| ReplicaManager::absent(tp, &self.env).0)?;
        replica.require_leadership().map(|_| replica.leader_epoch)
    }

    fn current_leader(&self, tp: TopicPartition) -> Option<CurrentLeader> {
        let state = self.env.image.partition(tp)?;
        Some(CurrentLeader { leader_id: state.leader, leader_epoch: state.leader_epoch })
    }

    fn readable_bytes(&self, tp: TopicPartition, from: Offset, enough: u64) -> u64 {
        let replica = self.replicas.replicas.get(tp);
        replica.map_or(0, |replica| {
            let below = replica.log.high_watermark();
            replica.log.readable_bytes(from.max(replica.log.log_start()), below, enough)
        })
    }

    fn read(
        &self,
        tp: TopicPartition,
        from: Offset,
        max_bytes: u32,
    ) -> Result<Vec<Batch>, ErrorCode> {
        self.leader_epoch(tp)?;
        let replica = self.replicas.replicas.get(tp).ok_or(ErrorCode::NotLeaderOrFollower)?;
        let log = &replica.log;
        if from < log.log_start() || from > log.log_end() {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        Ok(log.read(from, max_bytes, log.high_watermark(), true))
    }

    fn log_start(&self, tp: TopicPartition) -> Offset {
        self.replicas.replicas.get(tp).map_or(0, |replica| replica.log.log_start())
    }

    fn reset_offset(&self, key: &ShareKey) -> Offset {
        let Some(replica) = self.replicas.replicas.get(key.tp) else { return 0 };
        let config = ShareGroupConfig::of(&key.group, self.env.image, self.env.config);
        let end = replica.log.high_watermark();
        match config.auto_offset_reset {
            ShareReset::Earliest => replica.log.log_start(),
            ShareReset::Latest => end,
            ShareReset::ByDuration(ms, _) => {
                let found = replica.log.offset_at_or_after(self.now - ms);
                found.map_or(end, |found| found.offset.min(end))
            }
        }
    }

    fn limits(&self, group: &Name) -> ShareLimits {
        ShareGroupConfig::of(group, self.env.image, self.env.config).limits()
    }

    fn max_sessions(&self) -> i32 {
        self.env.config.group_share_max_share_sessions
    }
}

impl Broker {
    /// A request of share groups arrived.
    pub(super) fn serve_share(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        body: ShareRequest,
        cx: &mut Cx<'_>,
    ) {
        self.share.is_used = true;
        let caller = Caller::new(conn, correlation);
        match body {
            ShareRequest::GroupHeartbeat(_) | ShareRequest::GroupDescribe(_) => {
                let request = Request::Share(body);
                self.with_groups(cx, |groups, log, cx| {
                    groups.handle(conn, correlation, &request, log, cx);
                });
            }
            ShareRequest::Fetch(wanted) => self.with_share(cx, |share, led, cx| {
                share.manager.on_fetch(conn, correlation, wanted, led, cx);
            }),
            ShareRequest::Acknowledge(wanted) => self.with_share(cx, |share, led, cx| {
                share.manager.on_acknowledge(conn, correlation, &wanted, led, cx);
            }),
            ShareRequest::InitializeState(..)
            | ShareRequest::ReadState(..)
            | ShareRequest::WriteState(..)
            | ShareRequest::DeleteState(..)
            | ShareRequest::ReadStateSummary(..) => self
                .with_share_coordinator(cx, |coordinator, log, cx| {
                    coordinator.handle(caller, &body, log, cx)
                }),
            ShareRequest::DescribeOffsets(wanted) => {
                self.describe_share_offsets(caller, &wanted, cx);
            }
            ShareRequest::AlterOffsets(group, rows) => {
                self.alter_share_offsets(caller, &group, &rows, cx);
            }
            ShareRequest::DeleteOffsets(group, topics) => {
                self.delete_share_offsets(caller, &group, &topics, cx);
            }
        }
    }

    pub(super) fn on_share_timer(&mut self, timer: ShareTimer, cx: &mut Cx<'_>) {
        match timer {
            ShareTimer::Fetch(conn) => self.with_share(cx, |share, led, cx| {
                share.manager.on_fetch_timer(conn, led, cx);
            }),
            ShareTimer::Lock(key) => self.with_share(cx, |share, led, cx| {
                share.manager.on_lock_timer(&key, led, cx);
            }),
            ShareTimer::Loaded(partition) => {
                self.with_share_coordinator(cx, |coordinator, log, _| {
                    coordinator.on_loaded(partition, log);
                });
            }
            ShareTimer::Persister => {}
        }
    }

    pub(super) fn on_share_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        self.share.persister.on_response(from, lane, correlation, body, cx);
    }

    /// This broker began or ceased to lead a partition of the share coordinator's topic.
    pub(super) fn on_share_election(&mut self, partition: i32, elected: bool, cx: &mut Cx<'_>) {
        if !elected {
            self.share.coordinator.on_resigned(partition, cx);
        } else if self.share.coordinator.on_elected(partition) {
            cx.arm(ShareTimer::Loaded(partition), LOAD_TIME);
        }
    }

    /// Leaderships may have changed.
    pub(super) fn check_share_leadership(&mut self, cx: &mut Cx<'_>) {
        if self.share.is_used {
            self.with_share(cx, |share, led, cx| share.manager.check_leadership(led, cx));
        }
    }

    /// A topic was deleted: what was kept of it goes.
    pub(super) fn forget_shared_topic(&mut self, topic: TopicId, cx: &mut Cx<'_>) {
        if self.share.is_used {
            self.with_groups(cx, |groups, log, cx| groups.on_shared_topic_deleted(topic, log, cx));
            self.with_share_coordinator(cx, |coordinator, log, cx| {
                coordinator.on_topic_deleted(topic, log, cx);
            });
        }
    }

    pub(super) fn on_share_client_gone(&mut self, conn: ConnId, cx: &mut Cx<'_>) {
        if self.share.is_used {
            self.share.coordinator.on_client_gone(conn);
            self.with_share(cx, |share, led, cx| share.manager.on_client_gone(conn, led, cx));
        }
    }

    /// Passes on what the parts of share groups have for each other, until there is no more.
    pub(super) fn settle_share(&mut self, cx: &mut Cx<'_>) {
        let moved = core::mem::take(&mut self.replicas.moved_shared);
        if !self.share.is_used {
            return;
        }
        if moved {
            self.with_share(cx, |share, led, cx| share.manager.try_all(led, cx));
        }
        loop {
            for (key, what) in self.groups.take_share_outgoing() {
                self.share.persister.enqueue(key, what, Owner::Group);
            }
            for (key, what, owner) in self.share.manager.take_outgoing() {
                self.share.persister.enqueue(key, what, owner);
            }
            if self.share.persister.is_idle() {
                break;
            }
            let (wakeup, done) = self.share.persister.pump(self.metadata.image(), cx);
            match wakeup {
                Some(at) => cx.arm(ShareTimer::Persister, at.since(cx.now)),
                None => cx.disarm(ShareTimer::Persister),
            }
            if done.is_empty() {
                break;
            }
            for done in done {
                self.on_persisted(done, cx);
            }
        }
        self.replicas.watch_shared = self.share.manager.is_waiting();
    }

    fn on_persisted(&mut self, done: Done, cx: &mut Cx<'_>) {
        let (key, what, owner, result) = match done {
            Done::Ends(request, rows) => return self.on_share_ends(request, &rows, cx),
            Done::Operation { key, what, owner, result } => (key, what, owner, result),
        };
        match owner {
            Owner::Group => {
                if matches!(what, What::Initialize(..)) {
                    let ok = result.is_ok();
                    self.with_groups(cx, |groups, log, cx| {
                        groups.on_share_initialized(&key, ok, log, cx)
                    });
                }
            }
            Owner::Admin(request) => self.on_share_admin(request, &key, result, cx),
            Owner::Partition(ticket) => self.with_share(cx, |share, led, cx| match what {
                What::Read(_) => {
                    let stored = result.and_then(|gain| match gain {
                        Gain::State(stored) => Ok(stored),
                        Gain::Stored | Gain::Summary(_) => Err(ErrorCode::UnknownServerError),
                    });
                    share.manager.on_read(&key, ticket, stored, led, cx);
                }
                What::Initialize(..) | What::Write(_) | What::Delete | What::Summary(_) => {
                    share.manager.on_written(&key, ticket, result.map(|_| ()), led, cx);
                }
            }),
        }
    }

    fn with_share(
        &mut self,
        cx: &mut Cx<'_>,
        run: impl FnOnce(&mut ShareHost, &LedPartitions<'_>, &mut Cx<'_>),
    ) {
        let mut share = core::mem::take(&mut self.share);
        let now = cx.epoch_ms();
        let (replicas, env) = self.data_plane();
        run(&mut share, &LedPartitions { env, replicas, now }, cx);
        self.share = share;
    }

    pub(super) fn with_share_coordinator(
        &mut self,
        cx: &mut Cx<'_>,
        run: impl FnOnce(&mut ShareCoordinator, &mut InternalTopic<'_>, &mut Cx<'_>),
    ) {
        let mut coordinator = core::mem::take(&mut self.share.coordinator);
        let topic = self.replicas.share_topic;
        run(&mut coordinator, &mut self.internal(topic), cx);
        self.share.coordinator = coordinator;
    }
}
