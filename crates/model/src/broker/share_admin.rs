//! What admin clients ask of a share group's offsets: to see them, to move them, to drop them (`GroupCoordinatorService`).
//!
//! The group's coordinator asks share coordinators and partition leaders on their behalf. Invariant: each request is answered
//! once, when everything it is about was answered.

use super::Broker;
use crate::api::share::{DescribedShareOffset, GroupPartitions, ShareResponse, StateSummary};
use crate::api::{ErrorCode, Response};
use crate::cx::Cx;
use crate::group::OffsetsLog;
use crate::group::caller::Caller;
use crate::ids::{Name, NodeId, Offset, TopicPartition};
use crate::share::ShareKey;
use crate::share::persister::{Gain, Owner, What};
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;

type Result<T> = core::result::Result<T, ErrorCode>;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Describe,
    Alter,
    Delete,
}

/// A request that waits for others' answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Open {
    caller: Caller,
    kind: Kind,
    rows: FlatMap<TopicPartition, Option<Result<Gain>>>,
    ends: FlatMap<TopicPartition, Option<Result<Offset>>>,
}

/// Requests of admin clients that are not answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ShareAdmin {
    open: FlatMap<u32, Open>,
    next: u32,
}

impl Broker {
    pub(super) fn describe_share_offsets(
        &mut self,
        caller: Caller,
        wanted: &GroupPartitions,
        cx: &mut Cx<'_>,
    ) {
        let partitions = match self.shared_partitions(&wanted.group_id, cx) {
            Ok(partitions) => partitions,
            Err(ErrorCode::GroupIdNotFound) => Vec::new(),
            Err(error) => {
                let body = ShareResponse::DescribeOffsets(error, Vec::new());
                return caller.answer(Response::Share(body), cx);
            }
        };
        let image = self.metadata.image();
        let asked = |tp: &TopicPartition| {
            let name = image.topics.get(&tp.topic).map(|topic| &topic.name);
            let named = |rows: &Vec<(Name, i32)>| {
                rows.iter().any(|(topic, at)| Some(topic) == name && *at == tp.partition)
            };
            name.is_some() && wanted.partitions.as_ref().is_none_or(named)
        };
        let partitions: Vec<TopicPartition> = partitions.into_iter().filter(asked).collect();
        let ops = partitions.into_iter().map(|tp| (tp, What::Summary(0))).collect();
        self.begin_share_admin(caller, Kind::Describe, &wanted.group_id, ops, cx);
    }

    /// Moves the start of an empty group's partitions.
    pub(super) fn alter_share_offsets(
        &mut self,
        caller: Caller,
        group: &Name,
        rows: &[(Name, i32, Offset)],
        cx: &mut Cx<'_>,
    ) {
        let epoch = match self.empty_share_group(group, cx) {
            Ok(epoch) => epoch,
            Err(error) => {
                let body = ShareResponse::AlterOffsets(error, Vec::new());
                return caller.answer(Response::Share(body), cx);
            }
        };
        let image = self.metadata.image();
        let known = |(topic, partition, start): &(Name, i32, Offset)| {
            let tp = TopicPartition::new(*image.topic_ids.get(topic)?, *partition);
            image.partition(tp).map(|_| (tp, What::Initialize(epoch, *start)))
        };
        let ops = rows.iter().filter_map(known).collect();
        self.begin_share_admin(caller, Kind::Alter, group, ops, cx);
    }

    /// Drops what is kept of an empty group's topics.
    pub(super) fn delete_share_offsets(
        &mut self,
        caller: Caller,
        group: &Name,
        topics: &[Name],
        cx: &mut Cx<'_>,
    ) {
        let partitions =
            self.empty_share_group(group, cx).and_then(|_| self.shared_partitions(group, cx));
        let partitions = match partitions {
            Ok(partitions) => partitions,
            Err(error) => {
                let body = ShareResponse::DeleteOffsets(error, Vec::new());
                return caller.answer(Response::Share(body), cx);
            }
        };
        let image = self.metadata.image();
        let named = |tp: &TopicPartition| {
            image.topics.get(&tp.topic).is_some_and(|topic| topics.contains(&topic.name))
        };
        let partitions: Vec<TopicPartition> = partitions.into_iter().filter(named).collect();
        for tp in &partitions {
            self.with_groups(cx, |groups, log, _| {
                if let Ok(own) = groups.share_group(group, log) {
                    own.forget_topic(tp.topic);
                }
            });
        }
        let ops = partitions.into_iter().map(|tp| (tp, What::Delete)).collect();
        self.begin_share_admin(caller, Kind::Delete, group, ops, cx);
    }

    /// A share coordinator answered for one partition.
    pub(super) fn on_share_admin(
        &mut self,
        request: u32,
        key: &ShareKey,
        result: Result<Gain>,
        cx: &mut Cx<'_>,
    ) {
        if let (Ok(Gain::Stored), Some(Kind::Alter)) = (&result, self.share_admin_kind(request)) {
            let tp = key.tp;
            let now = cx.epoch_ms();
            self.with_groups(cx, |groups, log, _| {
                let name = log.image().topics.get(&tp.topic).map(|topic| topic.name.clone());
                if let (Ok(own), Some(name)) = (groups.share_group(&key.group, log), name) {
                    own.share(tp, name, now);
                }
            });
        }
        let Some(open) = self.share.admin.open.get_mut(&request) else { return };
        open.rows.insert(key.tp, Some(result));
        if open.rows.values().any(Option::is_none) {
            return;
        }
        let with_start = open.rows.iter().filter(|(_, row)| lag_base(row.as_ref()).is_some());
        let with_start: Vec<TopicPartition> = with_start.map(|(tp, _)| *tp).collect();
        if with_start.is_empty() {
            return self.answer_share_admin(request, cx);
        }
        open.ends = with_start.iter().map(|tp| (*tp, None)).collect();
        let mut by_leader: FlatMap<NodeId, Vec<TopicPartition>> = FlatMap::new();
        for tp in with_start {
            let leader = self.metadata.image().partition(tp).map_or(NodeId::NONE, |p| p.leader);
            by_leader.entry(leader).or_default().push(tp);
        }
        for (leader, partitions) in by_leader {
            if leader == NodeId::NONE {
                let rows: Vec<_> = partitions
                    .into_iter()
                    .map(|tp| (tp, Err(ErrorCode::LeaderNotAvailable)))
                    .collect();
                self.on_share_ends(request, &rows, cx);
            } else {
                self.share.persister.ask_ends(leader, request, partitions);
            }
        }
    }

    /// A leader told where partitions end.
    pub(super) fn on_share_ends(
        &mut self,
        request: u32,
        rows: &[(TopicPartition, Result<Offset>)],
        cx: &mut Cx<'_>,
    ) {
        let Some(open) = self.share.admin.open.get_mut(&request) else { return };
        for (tp, end) in rows {
            open.ends.insert(*tp, Some(*end));
        }
        if open.ends.values().all(Option::is_some) {
            self.answer_share_admin(request, cx);
        }
    }

    fn begin_share_admin(
        &mut self,
        caller: Caller,
        kind: Kind,
        group: &Name,
        ops: Vec<(TopicPartition, What)>,
        cx: &mut Cx<'_>,
    ) {
        let request = self.share.admin.next;
        self.share.admin.next = request.wrapping_add(1);
        let rows = ops.iter().map(|(tp, _)| (*tp, None)).collect();
        let open = Open { caller, kind, rows, ends: FlatMap::new() };
        self.share.admin.open.insert(request, open);
        if ops.is_empty() {
            return self.answer_share_admin(request, cx);
        }
        for (tp, what) in ops {
            let key = ShareKey::new(group.clone(), tp);
            self.share.persister.enqueue(key, what, Owner::Admin(request));
        }
    }

    fn answer_share_admin(&mut self, request: u32, cx: &mut Cx<'_>) {
        let Some(open) = self.share.admin.open.remove(&request) else { return };
        let image = self.metadata.image();
        let name = |tp: &TopicPartition| {
            let topic = image.topics.get(&tp.topic);
            topic.map_or_else(|| Name::from(""), |topic| topic.name.clone())
        };
        let verdict = |row: &Option<Result<Gain>>| match row {
            Some(Err(error)) => *error,
            Some(Ok(_)) | None => ErrorCode::None,
        };
        let rows = open.rows.iter();
        let body = match open.kind {
            Kind::Describe => {
                let rows = rows.map(|(tp, row)| {
                    described(name(tp), *tp, row.as_ref(), open.ends.get(tp).copied().flatten())
                });
                ShareResponse::DescribeOffsets(ErrorCode::None, rows.collect())
            }
            Kind::Alter => {
                let rows = rows.map(|(tp, row)| (name(tp), tp.partition, verdict(row)));
                ShareResponse::AlterOffsets(ErrorCode::None, rows.collect())
            }
            Kind::Delete => {
                let mut topics: Vec<(Name, ErrorCode)> = Vec::new();
                for (tp, row) in rows {
                    if topics.last().is_none_or(|(last, _)| *last != name(tp)) {
                        topics.push((name(tp), verdict(row)));
                    }
                }
                ShareResponse::DeleteOffsets(ErrorCode::None, topics)
            }
        };
        open.caller.answer(Response::Share(body), cx);
    }

    fn share_admin_kind(&self, request: u32) -> Option<Kind> {
        self.share.admin.open.get(&request).map(|open| open.kind)
    }

    fn shared_partitions(&mut self, group: &Name, cx: &mut Cx<'_>) -> Result<Vec<TopicPartition>> {
        let mut found = Err(ErrorCode::NotCoordinator);
        self.with_groups(cx, |groups, log, _| {
            found = groups.share_group(group, log).map(|own| own.shared_partitions().collect());
        });
        found
    }

    /// The epoch of a group that nobody is in.
    fn empty_share_group(&mut self, group: &Name, cx: &mut Cx<'_>) -> Result<i32> {
        let mut found = Err(ErrorCode::NotCoordinator);
        self.with_groups(cx, |groups, log, _| {
            found = groups.share_group(group, log).and_then(|own| {
                if !own.members.is_empty() {
                    return Err(ErrorCode::NonEmptyGroup);
                }
                Ok(own.epoch)
            });
        });
        found
    }
}

/// Start offset and finished records, if a lag can be told from them.
fn lag_base(row: Option<&Result<Gain>>) -> Option<(Offset, i32)> {
    match row {
        Some(Ok(Gain::Summary(summary)))
            if summary.start_offset != -1 && summary.delivery_complete_count != -1 =>
        {
            Some((summary.start_offset, summary.delivery_complete_count))
        }
        Some(Ok(Gain::Summary(_) | Gain::Stored | Gain::State(_)) | Err(_)) | None => None,
    }
}

fn described(
    topic: Name,
    tp: TopicPartition,
    row: Option<&Result<Gain>>,
    end: Option<Result<Offset>>,
) -> DescribedShareOffset {
    let nothing = DescribedShareOffset {
        topic,
        partition: tp.partition,
        start_offset: -1,
        leader_epoch: 0,
        lag: -1,
        error: ErrorCode::None,
    };
    let StateSummary { start_offset, leader_epoch, .. } = match row {
        Some(Ok(Gain::Summary(summary))) => *summary,
        Some(Err(error)) => return DescribedShareOffset { error: *error, ..nothing },
        Some(Ok(Gain::Stored | Gain::State(_))) | None => return nothing,
    };
    match (lag_base(row), end) {
        (Some((start, finished)), Some(Ok(end))) => {
            let lag = end - start - i64::from(finished);
            DescribedShareOffset { start_offset, leader_epoch, lag, ..nothing }
        }
        (Some(_), Some(Err(error))) => DescribedShareOffset { error, ..nothing },
        (Some(_) | None, _) => DescribedShareOffset { start_offset, leader_epoch, ..nothing },
    }
}
