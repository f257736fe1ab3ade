//! A bench for one coordinator: the test plays its broker, its log and the members.
//!
//! Invariant: answers are kept in order, by the client that gets them.

use super::{
    GroupCoordinator, GroupTimer, OFFSETS_TOPIC, OffsetsLog, OffsetsRecord, partition_for,
};
use crate::api::request::{
    Heartbeat, JoinGroup, OffsetCommit, OffsetFetch, Subscription, SyncGroup,
};
use crate::api::{ErrorCode, Request, Response, response};
use crate::broker::BrokerTimer;
use crate::config::broker::BrokerConfig;
use crate::controller::image::{MetadataImage, TopicImage};
use crate::controller::records::PartitionState;
use crate::cx::{Cx, Effect, Streams};
use crate::ids::{Name, NodeId, Offset, ProducerEpoch, ProducerId, RecordId, TopicId};
use crate::log::producers::Guard;
use crate::log::{Batch, Codec, Record, TimestampType};
use crate::net::{ConnId, Lane};
use crate::node::Timer;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, Seed, SimTime};

const BROKER: NodeId = NodeId(1);
const PARTITIONS: usize = 50;

/// A log that one replica holds, or that waits for the others.
pub(crate) struct FakeLog {
    pub(crate) config: BrokerConfig,
    pub(crate) image: MetadataImage,
    batches: Vec<Batch>,
    high_watermark: Offset,
    pub(crate) replicated: bool,
}

/// A coordinator with group `g` and topic `t` of three partitions.
pub(crate) struct Story {
    now: SimTime,
    streams: Streams,
    pub(crate) coordinator: GroupCoordinator,
    pub(crate) log: FakeLog,
    timers: FlatMap<GroupTimer, SimTime>,
    pub(crate) answers: Vec<(NodeId, Response)>,
}

impl OffsetsLog for FakeLog {
    fn config(&self) -> &BrokerConfig {
        &self.config
    }

    fn image(&self) -> &MetadataImage {
        &self.image
    }

    fn append_transactional(
        &mut self,
        partition: i32,
        records: Vec<OffsetsRecord>,
        (producer_id, producer_epoch, _): (ProducerId, ProducerEpoch, Guard),
        cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        let next = self.append(partition, records, cx);
        if let Some(batch) = self.batches.last_mut() {
            (batch.producer_id, batch.producer_epoch) = (producer_id, producer_epoch);
            batch.transactional = true;
        }
        next
    }

    fn append(
        &mut self,
        partition: i32,
        records: Vec<OffsetsRecord>,
        _cx: &mut Cx<'_>,
    ) -> Result<Offset, ErrorCode> {
        assert_eq!(partition, shard());
        let base_offset = self.batches.last().map_or(0, Batch::next_offset);
        let record = |(delta, record): (i32, OffsetsRecord)| Record {
            id: RecordId::INTERNAL,
            offset_delta: delta,
            timestamp: 0,
            key: Some(record.key),
            value: record.value,
            headers: None,
        };
        let records: Vec<Record> = (0..).zip(records).map(record).collect();
        let batch = Batch {
            base_offset,
            last_offset_delta: records.len() as i32 - 1,
            leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            max_timestamp: 0,
            timestamp_type: TimestampType::CreateTime,
            codec: Codec::None,
            transactional: false,
            control: None,
            delete_horizon: -1,
            corrupt: false,
            size_bytes: 100,
            records: records.into(),
        };
        let next = batch.next_offset();
        self.batches.push(batch);
        if self.replicated {
            self.high_watermark = next;
        }
        Ok(next)
    }

    fn high_watermark(&self, _partition: i32) -> Offset {
        self.high_watermark
    }

    fn batches(&self, _partition: i32) -> Vec<Batch> {
        self.batches.clone()
    }
}

fn shard() -> i32 {
    partition_for("g", PARTITIONS as i32)
}

fn image() -> MetadataImage {
    let state = PartitionState {
        replicas: vec![BROKER],
        isr: vec![BROKER],
        elr: Vec::new(),
        last_known_elr: Vec::new(),
        leader: BROKER,
        leader_epoch: 0,
        partition_epoch: 0,
        adding: Vec::new(),
        removing: Vec::new(),
        recovering: false,
    };
    let mut image = MetadataImage::default();
    for (id, name, partitions) in [(1, OFFSETS_TOPIC, PARTITIONS), (2, "t", 3)] {
        let name: Name = name.into();
        image.topic_ids.insert(name.clone(), TopicId(id));
        let partitions = vec![state.clone(); partitions];
        image.topics.insert(TopicId(id), TopicImage { name, partitions });
    }
    image
}

impl Story {
    pub(crate) fn new() -> Self {
        let log = FakeLog {
            config: BrokerConfig::default(),
            image: image(),
            batches: Vec::new(),
            high_watermark: 0,
            replicated: true,
        };
        let mut story = Self {
            now: SimTime::ZERO,
            streams: Streams::new(Seed(7)),
            coordinator: GroupCoordinator::default(),
            log,
            timers: FlatMap::new(),
            answers: Vec::new(),
        };
        story.run(|coordinator, log, cx| coordinator.on_elected(shard(), log, cx));
        story.wait_ms(10);
        story
    }

    fn run<T>(
        &mut self,
        act: impl FnOnce(&mut GroupCoordinator, &mut FakeLog, &mut Cx<'_>) -> T,
    ) -> T {
        let mut out = Vec::new();
        let mut cx = Cx {
            now: self.now,
            me: BROKER,
            cause: None,
            epoch_ms_at_zero: 1_000_000,
            streams: &mut self.streams,
            out: &mut out,
        };
        let result = act(&mut self.coordinator, &mut self.log, &mut cx);
        for effect in out {
            match effect {
                Effect::Arm { timer: Timer::Broker(BrokerTimer::Group(timer)), after } => {
                    self.timers.insert(timer, self.now + after);
                }
                Effect::Disarm { timer: Timer::Broker(BrokerTimer::Group(timer)) } => {
                    self.timers.remove(&timer);
                }
                Effect::Respond { conn, body: Some(body), .. } => {
                    self.answers.push((conn.client, body));
                }
                Effect::Note(_) | Effect::NoteLate { .. } => {}
                other => panic!("a coordinator does not do this: {other:?}"),
            }
        }
        result
    }

    pub(crate) fn ask(&mut self, client: i32, request: &Request) {
        let conn = ConnId { client: NodeId(client), server: BROKER, lane: Lane::Coordinator };
        self.run(|coordinator, log, cx| coordinator.handle(conn, 0, request, log, cx));
    }

    /// Lets time pass, and every timer that is due by then.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        let until = self.now + Micros::from_ms(ms);
        while let Some((at, timer)) =
            self.timers.iter().map(|(timer, at)| (*at, timer.clone())).min()
            && at <= until
        {
            self.now = at;
            self.timers.remove(&timer);
            self.run(|coordinator, log, cx| coordinator.on_timer(timer, log, cx));
        }
        self.now = until;
    }

    /// Lets a new group's initial delay pass.
    pub(crate) fn run_timers(&mut self) {
        self.wait_ms(3_000);
    }

    pub(crate) fn replicate(&mut self) {
        let end = self.log.batches.last().map_or(0, Batch::next_offset);
        self.log.high_watermark = end;
        self.run(|coordinator, log, cx| coordinator.on_high_watermark(shard(), end, log, cx));
    }

    pub(crate) fn knows_no_group(&self) -> bool {
        self.coordinator.group("g").is_none()
    }

    pub(crate) fn resign(&mut self) {
        self.run(|coordinator, _, cx| coordinator.on_resigned(shard(), cx));
    }

    pub(crate) fn fail_over(&mut self) {
        self.resign();
        self.timers.remove(&GroupTimer::Expire);
        assert!(self.timers.is_empty(), "a coordinator that resigned waits for nothing");
        self.run(|coordinator, log, cx| coordinator.on_elected(shard(), log, cx));
    }

    fn send_join(&mut self, client: i32, member_id: &str, instance: Option<&str>) {
        let subscription = Subscription { topics: vec!["t".into()], ..Subscription::default() };
        let body = JoinGroup {
            group_id: "g".into(),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
            member_id: member_id.into(),
            group_instance_id: instance.map(Into::into),
            client_id: "c".into(),
            protocol_type: "consumer".into(),
            protocols: vec![("range".into(), subscription)],
            reason: "".into(),
        };
        self.ask(client, &Request::JoinGroup(body.into()));
    }

    /// The first JOIN_GROUP of a dynamic member.
    pub(crate) fn get_member_id(&mut self, client: i32) -> Name {
        self.send_join(client, "", None);
        let Some((_, Response::JoinGroup(answer))) = self.answers.pop() else {
            panic!("answered at once");
        };
        assert_eq!(answer.error, ErrorCode::MemberIdRequired);
        answer.member_id
    }

    /// Its answer, if it comes at once.
    pub(crate) fn join(&mut self, client: i32, member: &Name) -> Option<response::JoinGroup> {
        self.send_join(client, member, None);
        self.take_join(client)
    }

    pub(crate) fn join_static(&mut self, client: i32, member: &str, instance: &str) {
        self.send_join(client, member, Some(instance));
    }

    pub(crate) fn take(&mut self, client: i32) -> Option<Response> {
        let index = self.answers.iter().position(|(to, _)| *to == NodeId(client))?;
        Some(self.answers.remove(index).1)
    }

    fn take_join(&mut self, client: i32) -> Option<response::JoinGroup> {
        match self.take(client)? {
            Response::JoinGroup(answer) => Some(answer),
            other => panic!("not an answer to JOIN_GROUP: {other:?}"),
        }
    }

    pub(crate) fn joined(&mut self, client: i32) -> response::JoinGroup {
        let answer = self.take_join(client).expect("the join is answered");
        assert_eq!(answer.error, ErrorCode::None);
        answer
    }

    pub(crate) fn refused_join(&mut self, client: i32) -> ErrorCode {
        self.take_join(client).expect("the join is answered").error
    }

    pub(crate) fn sync(
        &mut self,
        client: i32,
        member: &Name,
        generation_id: i32,
        assignments: &[(&Name, &[(&str, i32)])],
    ) {
        let named = |(topic, partition): &(&str, i32)| (Name::from(*topic), *partition);
        let assignments = assignments
            .iter()
            .map(|(id, partitions)| ((*id).clone(), partitions.iter().map(named).collect()));
        let body = SyncGroup {
            group_id: "g".into(),
            generation_id,
            member_id: member.clone(),
            group_instance_id: None,
            protocol_name: "range".into(),
            assignments: assignments.collect(),
        };
        self.ask(client, &Request::SyncGroup(body.into()));
    }

    pub(crate) fn synced(&mut self, client: i32) -> response::SyncGroup {
        match self.take(client) {
            Some(Response::SyncGroup(answer)) if answer.error.is_ok() => answer,
            other => panic!("not an assignment: {other:?}"),
        }
    }

    pub(crate) fn heartbeat(
        &mut self,
        client: i32,
        member: &Name,
        generation_id: i32,
    ) -> ErrorCode {
        let body = Heartbeat {
            group_id: "g".into(),
            generation_id,
            member_id: member.clone(),
            group_instance_id: None,
        };
        self.ask(client, &Request::Heartbeat(body));
        match self.answers.pop() {
            Some((_, Response::Heartbeat(error))) => error,
            other => panic!("not an answer to HEARTBEAT: {other:?}"),
        }
    }

    pub(crate) fn send_commit(
        &mut self,
        client: i32,
        member: &Name,
        generation: i32,
        offset: Offset,
    ) {
        let body = OffsetCommit {
            group_id: "g".into(),
            generation_id_or_member_epoch: generation,
            member_id: member.clone(),
            group_instance_id: None,
            offsets: vec![("t".into(), 0, offset, -1)],
            topic_ids: Vec::new(),
        };
        self.ask(client, &Request::OffsetCommit(body.into()));
    }

    pub(crate) fn committed_answer(&mut self, client: i32) -> ErrorCode {
        match self.take(client) {
            Some(Response::OffsetCommit(answer)) => answer[0].2,
            other => panic!("not an answer to OFFSET_COMMIT: {other:?}"),
        }
    }

    pub(crate) fn commit(
        &mut self,
        client: i32,
        member: &Name,
        generation: i32,
        offset: Offset,
    ) -> ErrorCode {
        self.send_commit(client, member, generation, offset);
        self.committed_answer(client)
    }

    pub(crate) fn committed_offset(&mut self) -> Offset {
        let partitions = Some(vec![("t".into(), 0)]);
        let body = OffsetFetch {
            group_id: "g".into(),
            partitions,
            require_stable: true,
            member: None,
            topic_ids: Vec::new(),
        };
        self.ask(9, &Request::OffsetFetch(body.into()));
        match self.take(9) {
            Some(Response::OffsetFetch(answer)) => answer.offsets[0].2,
            other => panic!("not an answer to OFFSET_FETCH: {other:?}"),
        }
    }

    /// The only member of the group, in generation 1.
    pub(crate) fn stable_member(&mut self, client: i32) -> Name {
        let id = self.get_member_id(client);
        self.join(client, &id);
        self.run_timers();
        self.joined(client);
        self.sync(client, &id, 1, &[(&id, &[("t", 0)])]);
        self.synced(client);
        id
    }

    pub(crate) fn stable_static_member(&mut self, client: i32, instance: &str) -> Name {
        self.join_static(client, "", instance);
        self.run_timers();
        let id = self.joined(client).member_id;
        self.sync(client, &id, 1, &[(&id, &[("t", 0)])]);
        self.synced(client);
        id
    }
}
