//! The group coordinator of a broker (`GroupCoordinatorService`, `GroupCoordinatorShard`).
//!
//! It answers group requests for the partitions of `__consumer_offsets` that its broker leads. Invariant: it never answers for
//! a partition that it has not loaded.

use super::caller::Caller;
use super::classic::{ClassicGroup, GroupLimits, refuse_join, refuse_sync};
use super::modern::ConsumerGroup;
use super::modern::consumer::check_request;
use super::modern::shard::{Late, refused};
use super::offsets_log::{OFFSETS_TOPIC, OffsetsLog};
use super::shard::Shard;
use super::write::Write;
use crate::api::{ApiKey, ErrorCode, Request, Response, request, response};
use crate::broker::BrokerTimer;
use crate::config::broker::BrokerConfig;
use crate::cx::Cx;
use crate::ids::{Correlation, Name, Offset};
use crate::net::ConnId;
use crate::node::Timer;
use crate::trace::Fact;
use alloc::vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::Micros;

/// How long it takes to read a partition of the offsets topic after an election.
const LOAD_TIME: Micros = Micros::from_ms(10);

/// A timer of a group coordinator; the broker passes each to [`GroupCoordinator::on_timer`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupTimer {
    /// A partition has been read to its end.
    Loaded(i32),
    /// Time to look for offsets that nobody needs.
    Expire,
    /// Appends to a partition have waited for `offsets.commit.timeout.ms`.
    Write(i32),
    /// A group's join phase ends.
    Join(Name),
    /// A group's sync phase ends.
    Sync(Name),
    /// A member of a group was silent for too long.
    Session(Name, Name),
    /// A member of a consumer-protocol group had its time to give up partitions.
    Revocation(Name, Name),
    /// A classic member of a consumer-protocol group had its time to come back.
    Rejoin(Name, Name),
}

impl From<GroupTimer> for Timer {
    fn from(timer: GroupTimer) -> Self {
        Self::Broker(BrokerTimer::Group(timer))
    }
}

impl GroupLimits {
    /// As the broker's configs have it.
    pub const fn of(config: &BrokerConfig) -> Self {
        Self {
            initial_rebalance_delay_ms: config.group_initial_rebalance_delay_ms,
            max_size: config.group_max_size,
        }
    }
}

/// Which partition of `__consumer_offsets` a group belongs to: Java's string hash, without its sign, modulo the count
/// (`Utils.abs(groupId.hashCode()) % partitions`).
pub fn partition_for(group_id: &str, partitions: i32) -> i32 {
    java_string_hash(group_id).checked_abs().unwrap_or(0) % partitions.max(1)
}

/// Java's `String.hashCode`.
pub fn java_string_hash(text: &str) -> i32 {
    text.encode_utf16()
        .fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// A broker's group coordinator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupCoordinator {
    shards: FlatMap<i32, Shard>,
}

impl GroupCoordinator {
    /// Answers one of JOIN_GROUP, SYNC_GROUP, HEARTBEAT, LEAVE_GROUP, CONSUMER_GROUP_HEARTBEAT, OFFSET_COMMIT, OFFSET_FETCH and
    /// OFFSET_DELETE, now or later, and the admin client's other requests about groups.
    /// The broker answers FIND_COORDINATOR itself, by [`partition_for`] and its metadata.
    pub fn handle(
        &mut self,
        conn: ConnId,
        correlation: Correlation,
        request: &Request,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        let caller = Caller::new(conn, correlation);
        if let Some(answer) = self.administer(request, log, cx) {
            caller.answer(answer, cx);
            return;
        }
        let request = GroupRequest::of(request);
        let checked = request.check(log.config());
        if !checked.is_ok() {
            return request.refuse(checked, caller, cx);
        }
        match self.shard_for(request.group(), log) {
            None => request.refuse(ErrorCode::NotCoordinator, caller, cx),
            Some(shard) if !shard.is_loaded => {
                request.refuse(ErrorCode::CoordinatorLoadInProgress, caller, cx);
            }
            Some(shard) => request.serve(shard, caller, log, cx),
        }
    }

    /// A timer of this coordinator is due.
    pub fn on_timer(&mut self, timer: GroupTimer, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        match timer {
            GroupTimer::Loaded(partition) => {
                if let Some(shard) = self.shards.get_mut(&partition) {
                    shard.load(log, cx);
                }
            }
            GroupTimer::Write(partition) => {
                if let Some(shard) = self.shards.get_mut(&partition) {
                    shard.on_write_timer(log, cx);
                }
            }
            GroupTimer::Expire => self.expire(log, cx),
            GroupTimer::Join(group) => {
                self.on_group_timer(&group, log, cx, ClassicGroup::on_join_timer)
            }
            GroupTimer::Sync(group) => {
                self.on_group_timer(&group, log, cx, ClassicGroup::on_sync_timer)
            }
            GroupTimer::Session(group, member) if self.is_modern(&group, log) => {
                self.on_late_modern(&group, &member, Late::Session, log, cx);
            }
            GroupTimer::Revocation(group, member) => {
                self.on_late_modern(&group, &member, Late::Revocation, log, cx);
            }
            GroupTimer::Rejoin(group, member) => {
                self.on_late_modern(&group, &member, Late::Rejoin, log, cx);
            }
            GroupTimer::Session(group, member) => {
                self.on_group_timer(&group, log, cx, |group, limits, cx| {
                    group.on_session_timer(&member, limits, cx)
                })
            }
        }
    }

    /// The broker now leads a partition of the offsets topic: it is loaded, then served. Also to be called after a start, once
    /// metadata is up to date. Calling it for a partition that is served already does nothing.
    pub fn on_elected(&mut self, partition: i32, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        if self.shards.is_empty() {
            begin_expiry(log.config(), cx);
        }
        self.shards.entry(partition).or_insert_with(|| {
            cx.arm(GroupTimer::Loaded(partition), LOAD_TIME);
            Shard::loading(partition)
        });
    }

    /// The broker no longer leads a partition, or the topic was deleted.
    pub fn on_resigned(&mut self, partition: i32, cx: &mut Cx<'_>) {
        if let Some(shard) = self.shards.remove(&partition) {
            shard.unload(cx);
        }
    }

    /// The high watermark of a partition that this broker leads moved.
    pub fn on_high_watermark(
        &mut self,
        partition: i32,
        high_watermark: Offset,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        if let Some(shard) = self.shards.get_mut(&partition) {
            shard.on_high_watermark(high_watermark, log, cx);
        }
    }

    /// A client's connection ended: what is parked on it gets no answer.
    pub fn on_client_gone(&mut self, conn: ConnId, _cx: &mut Cx<'_>) {
        for shard in self.shards.values_mut() {
            shard.on_client_gone(conn);
        }
    }

    /// A topic was deleted: what groups committed for it goes too.
    pub fn on_topic_deleted(&mut self, topic: &Name, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        for shard in self.shards.values_mut().filter(|shard| shard.is_loaded) {
            shard.forget_topic(topic, log, cx);
        }
    }

    /// Partitions of the offsets topic that this broker serves or loads.
    pub fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values()
    }

    /// A classic group, if this broker coordinates it.
    pub fn group(&self, id: &str) -> Option<&ClassicGroup> {
        self.shards.values().find_map(|shard| shard.groups.get(id))
    }

    /// A group of the consumer protocol, if this broker coordinates it.
    pub fn consumer_group(&self, id: &str) -> Option<&ConsumerGroup> {
        self.shards.values().find_map(|shard| shard.modern.get(id))
    }

    fn is_modern(&mut self, id: &str, log: &dyn OffsetsLog) -> bool {
        self.shard_for(id, log).is_some_and(|shard| shard.modern.contains_key(id))
    }

    fn on_late_modern(
        &mut self,
        id: &Name,
        member: &Name,
        why: Late,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
    ) {
        if let Some(shard) = self.shard_for(id, log) {
            shard.on_late_modern(id, member, why, log, cx);
        }
    }

    pub(super) fn shard_for(&mut self, group: &str, log: &dyn OffsetsLog) -> Option<&mut Shard> {
        let (_, topic) = log.image().topic(OFFSETS_TOPIC)?;
        self.shards.get_mut(&partition_for(group, topic.partitions.len() as i32))
    }

    fn expire(&mut self, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        for shard in self.shards.values_mut().filter(|shard| shard.is_loaded) {
            shard.expire(log, cx);
        }
        if !self.shards.is_empty() {
            begin_expiry(log.config(), cx);
        }
    }

    fn on_group_timer(
        &mut self,
        id: &Name,
        log: &mut dyn OffsetsLog,
        cx: &mut Cx<'_>,
        act: impl FnOnce(&mut ClassicGroup, GroupLimits, &mut Cx<'_>) -> Option<Write>,
    ) {
        let limits = GroupLimits::of(log.config());
        let Some(shard) = self.shard_for(id, log) else { return };
        let Some(group) = shard.groups.get_mut(id) else { return };
        let write = act(group, limits, cx);
        shard.store(write, log, cx);
    }
}

fn begin_expiry(config: &BrokerConfig, cx: &mut Cx<'_>) {
    let interval = Micros::from_config_ms(config.offsets_retention_check_interval_ms);
    cx.arm(GroupTimer::Expire, interval);
}

/// The requests that a group coordinator answers.
#[derive(Clone, Copy, Debug)]
enum GroupRequest<'a> {
    Join(&'a request::JoinGroup),
    Sync(&'a request::SyncGroup),
    Heartbeat(&'a request::Heartbeat),
    Leave(&'a request::LeaveGroup),
    Commit(&'a request::OffsetCommit),
    Fetch(&'a request::OffsetFetch),
    Modern(&'a request::ConsumerGroupHeartbeat),
    Forget(&'a request::OffsetDelete),
}

impl<'a> GroupRequest<'a> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the broker keeps every other request")]
    fn of(request: &'a Request) -> Self {
        match request {
            Request::JoinGroup(body) => Self::Join(body),
            Request::SyncGroup(body) => Self::Sync(body),
            Request::Heartbeat(body) => Self::Heartbeat(body),
            Request::LeaveGroup(body) => Self::Leave(body),
            Request::OffsetCommit(body) => Self::Commit(body),
            Request::OffsetFetch(body) => Self::Fetch(body),
            Request::ConsumerGroupHeartbeat(body) => Self::Modern(body),
            Request::OffsetDelete(body) => Self::Forget(body),
            other => unreachable!("not a request to a group: {other:?}"),
        }
    }

    const fn group(self) -> &'a Name {
        match self {
            Self::Join(body) => &body.group_id,
            Self::Sync(body) => &body.group_id,
            Self::Heartbeat(body) => &body.group_id,
            Self::Leave(body) => &body.group_id,
            Self::Commit(body) => &body.group_id,
            Self::Fetch(body) => &body.group_id,
            Self::Modern(body) => &body.group_id,
            Self::Forget(body) => &body.group_id,
        }
    }

    const fn key(self) -> ApiKey {
        match self {
            Self::Join(_) => ApiKey::JoinGroup,
            Self::Sync(_) => ApiKey::SyncGroup,
            Self::Heartbeat(_) => ApiKey::Heartbeat,
            Self::Leave(_) => ApiKey::LeaveGroup,
            Self::Commit(_) => ApiKey::OffsetCommit,
            Self::Fetch(_) => ApiKey::OffsetFetch,
            Self::Modern(_) => ApiKey::ConsumerGroupHeartbeat,
            Self::Forget(_) => ApiKey::OffsetDelete,
        }
    }

    /// What can be refused without looking at the group.
    fn check(self, config: &BrokerConfig) -> ErrorCode {
        let lenient = matches!(self, Self::Commit(_) | Self::Fetch(_) | Self::Modern(_));
        if self.group().is_empty() && !lenient {
            return ErrorCode::InvalidGroupId;
        }
        if let Self::Modern(body) = self {
            return check_request(body);
        }
        let Self::Join(join) = self else { return ErrorCode::None };
        let allowed = config.group_min_session_timeout_ms..=config.group_max_session_timeout_ms;
        if allowed.contains(&join.session_timeout_ms) {
            ErrorCode::None
        } else {
            ErrorCode::InvalidSessionTimeout
        }
    }

    fn serve(self, shard: &mut Shard, caller: Caller, log: &mut dyn OffsetsLog, cx: &mut Cx<'_>) {
        let limits = GroupLimits::of(log.config());
        match self {
            Self::Join(body) => return shard.join(body, caller, limits, log, cx),
            Self::Commit(body) => return shard.commit(body, caller, log, cx),
            Self::Fetch(body) => return shard.fetch_offsets(body, caller, log, cx),
            Self::Modern(body) => return shard.consumer_heartbeat(body, caller, log, cx),
            Self::Forget(body) => return shard.forget_offsets(body, caller, log, cx),
            Self::Sync(body) if shard.sync_modern(body, caller, log, cx) => return,
            Self::Leave(body) if shard.leave_modern(body, caller, log, cx) => return,
            Self::Heartbeat(body) => {
                if let Some(verdict) = shard.heartbeat_modern(body, cx) {
                    return self.answer_heartbeat(verdict, caller, cx);
                }
            }
            Self::Sync(_) | Self::Leave(_) => {}
        }
        match shard.groups.get_mut(self.group()) {
            None => self.refuse(ErrorCode::UnknownMemberId, caller, cx),
            Some(group) => {
                let write = self.serve_member(group, limits, caller, cx);
                shard.store(write, log, cx);
            }
        }
    }

    fn serve_member(
        self,
        group: &mut ClassicGroup,
        limits: GroupLimits,
        caller: Caller,
        cx: &mut Cx<'_>,
    ) -> Option<Write> {
        match self {
            Self::Sync(body) => group.sync(body, caller, cx),
            Self::Heartbeat(body) => {
                let verdict = group.heartbeat(body, cx);
                self.answer_heartbeat(verdict, caller, cx);
                None
            }
            Self::Leave(body) => {
                let (verdicts, write) = group.leave(body, limits, cx);
                caller.answer(Response::LeaveGroup(ErrorCode::None, verdicts), cx);
                write
            }
            Self::Join(_)
            | Self::Commit(_)
            | Self::Fetch(_)
            | Self::Modern(_)
            | Self::Forget(_) => unreachable!("served by the shard itself"),
        }
    }

    fn answer_heartbeat(self, verdict: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
        if verdict.is_ok() {
            caller.answer(Response::Heartbeat(verdict), cx);
        } else {
            self.refuse(verdict, caller, cx);
        }
    }

    fn refuse(self, error: ErrorCode, caller: Caller, cx: &mut Cx<'_>) {
        let (group, api) = (self.group(), self.key());
        let body = match self {
            Self::Join(body) => return refuse_join(group, &body.member_id, error, caller, cx),
            Self::Sync(_) => return refuse_sync(group, error, caller, cx),
            Self::Heartbeat(_) => Response::Heartbeat(error),
            Self::Leave(_) => Response::LeaveGroup(error, vec![]),
            Self::Commit(body) => {
                let rows = body.offsets.iter();
                let answer = rows.map(|(topic, partition, ..)| (topic.clone(), *partition, error));
                Response::OffsetCommit(answer.collect())
            }
            Self::Fetch(_) => {
                Response::OffsetFetch(response::OffsetFetch { error, offsets: vec![] })
            }
            Self::Modern(body) => Response::ConsumerGroupHeartbeat(refused(body, error)),
            Self::Forget(_) => Response::OffsetDelete(error, vec![]),
        };
        cx.note(Fact::GroupRefused { group: group.clone(), api, error });
        caller.answer(body, cx);
    }
}

#[cfg(test)]
mod tests {
    use super::partition_for;
    use crate::api::{ErrorCode, Response};
    use crate::group::testing::Story;

    #[test]
    fn a_group_belongs_to_the_partition_that_java_hashes_it_to() {
        let known =
            [("", 0), ("my-group", 12), ("orders", 31), ("polygenelubricants", 0), ("🙂", 15)];
        for (group, partition) in known {
            assert_eq!(partition_for(group, 50), partition, "{group}");
        }
    }

    #[test]
    fn a_newcomer_gets_an_id_then_a_generation_then_its_assignment() {
        let mut story = Story::new();
        let id = story.get_member_id(1);
        let joined = story.join(1, &id);
        assert!(joined.is_none(), "a new group waits for more members");
        story.run_timers();
        let generation = story.joined(1);
        assert_eq!((generation.generation_id, &generation.leader), (1, &id));
        assert_eq!(generation.members.len(), 1);
        story.sync(1, &id, 1, &[(&id, &[("t", 0), ("t", 1)])]);
        assert_eq!(story.synced(1).assignment, [("t".into(), 0), ("t".into(), 1)]);
        assert_eq!(story.heartbeat(1, &id, 1), ErrorCode::None);
    }

    #[test]
    fn a_second_member_waits_until_the_first_has_heard_of_it() {
        let mut story = Story::new();
        let first = story.stable_member(1);
        let second = story.get_member_id(2);
        assert!(story.join(2, &second).is_none());
        assert_eq!(story.heartbeat(1, &first, 1), ErrorCode::RebalanceInProgress);
        assert_eq!(story.commit(1, &first, 1, 7), ErrorCode::None, "positions may still be kept");
        let leads = story.join(1, &first).expect("now all have joined");
        assert_eq!((leads.generation_id, leads.members.len()), (2, 2));
        assert_eq!(story.joined(2).members, [], "only the leader learns of the others");
        assert_eq!(story.commit(1, &first, 2, 7), ErrorCode::RebalanceInProgress);
        assert_eq!(story.heartbeat(1, &first, 1), ErrorCode::IllegalGeneration);
        story.sync(2, &second, 2, &[]);
        story.sync(1, &first, 2, &[(&first, &[("t", 0)]), (&second, &[("t", 1)])]);
        assert_eq!(story.synced(2).assignment, [("t".into(), 1)]);
    }

    #[test]
    fn an_assignment_that_is_not_replicated_is_told_to_nobody() {
        let mut story = Story::new();
        story.log.replicated = false;
        let id = story.get_member_id(1);
        story.join(1, &id);
        story.run_timers();
        story.joined(1);
        story.sync(1, &id, 1, &[(&id, &[("t", 0)])]);
        assert!(story.answers.is_empty());
        story.replicate();
        assert_eq!(story.synced(1).assignment, [("t".into(), 0)]);
    }

    #[test]
    fn a_commit_that_is_not_replicated_in_time_is_refused_but_may_still_count() {
        let mut story = Story::new();
        let id = story.stable_member(1);
        story.log.replicated = false;
        story.send_commit(1, &id, 1, 5);
        story.wait_ms(5_000);
        assert_eq!(story.committed_answer(1), ErrorCode::CoordinatorNotAvailable);
        assert_eq!(story.committed_offset(), -1);
        story.replicate();
        assert_eq!(story.committed_offset(), 5);
    }

    #[test]
    fn a_silent_member_is_dropped_and_an_empty_group_counts_a_generation() {
        let mut story = Story::new();
        let id = story.stable_member(1);
        story.wait_ms(44_999);
        assert_eq!(story.heartbeat(1, &id, 1), ErrorCode::None);
        story.wait_ms(45_000);
        assert_eq!(story.heartbeat(1, &id, 1), ErrorCode::UnknownMemberId);
        let next = story.get_member_id(1);
        story.join(1, &next);
        story.run_timers();
        assert_eq!(story.joined(1).generation_id, 3);
    }

    #[test]
    fn the_next_coordinator_knows_members_and_offsets_from_the_log() {
        let mut story = Story::new();
        let id = story.stable_member(1);
        assert_eq!(story.commit(1, &id, 1, 9), ErrorCode::None);
        story.fail_over();
        assert_eq!(story.heartbeat(1, &id, 1), ErrorCode::CoordinatorLoadInProgress);
        story.wait_ms(10);
        assert_eq!(story.heartbeat(1, &id, 1), ErrorCode::None, "the same generation goes on");
        assert_eq!(story.committed_offset(), 9);
    }

    #[test]
    fn offsets_outlive_their_group_by_a_week_and_then_both_are_forgotten() {
        let mut story = Story::new();
        let id = story.stable_member(1);
        assert_eq!(story.commit(1, &id, 1, 9), ErrorCode::None);
        story.wait_ms(6 * 24 * 3_600_000);
        assert_eq!(story.committed_offset(), 9);
        story.wait_ms(2 * 24 * 3_600_000);
        assert_eq!(story.committed_offset(), -1);
        assert!(story.knows_no_group());
    }

    #[test]
    fn who_waits_at_a_coordinator_that_resigns_is_sent_away() {
        let mut story = Story::new();
        let id = story.get_member_id(1);
        story.join(1, &id);
        story.resign();
        let Some((_, Response::JoinGroup(answer))) = story.answers.pop() else {
            panic!("the join is answered");
        };
        assert_eq!(answer.error, ErrorCode::NotCoordinator);
    }

    #[test]
    fn a_static_member_returns_under_a_new_id_without_a_rebalance() {
        let mut story = Story::new();
        let old = story.stable_static_member(1, "i");
        story.join_static(2, "", "i");
        let back = story.joined(2);
        assert_eq!((back.generation_id, back.skip_assignment), (1, true));
        assert_ne!(back.member_id, old);
        story.sync(2, &back.member_id, 1, &[]);
        assert_eq!(story.synced(2).assignment, [("t".into(), 0)]);
        story.join_static(1, &old, "i");
        assert_eq!(story.refused_join(1), ErrorCode::FencedInstanceId);
    }
}
