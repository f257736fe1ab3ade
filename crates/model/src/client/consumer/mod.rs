//! An application with a consumer (`KafkaConsumer` with the classic protocol, `ClassicKafkaConsumer`).
//!
//! Java's consumer blocks in `poll()` and beats in a thread of its own; here both are steps of [`Consumer::turn`], taken whenever
//! something happened. Invariant: it delivers each partition in offset order between two resets, and only while it is assigned.

mod app;
mod calls;
mod commit;
mod committed;
mod coordinator;
mod fetcher;
mod forward;
mod heartbeat;
mod join;
mod leader;
mod membership;
mod modern;
mod outbox;
mod pool;
mod positions;
mod rebalance;
mod records;
mod subscription;

pub use membership::MemberState;
pub use modern::ModernState;
pub use records::offsets_handed;
pub use subscription::{Assigned, FetchState, Partition, Position};

use crate::api::{ErrorCode, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::metadata::{Metadata, MetadataConfig};
use crate::client::network::{Answer, NetworkConfig, Outcome};
use crate::command::{ConsumerSpec, GroupOffsets};
use crate::config::consumer::ConsumerConfig;
use crate::cx::Cx;
use crate::group::java_order;
use crate::ids::{
    Correlation, EpochMs, LeaderEpoch, Name, NodeId, Offset, RecordId, TopicId, TopicPartition,
};
use crate::net::Lane;
use crate::workload::{Hand, Processing};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use app::{App, Task};
use commit::{Commits, Purpose};
use committed::Committed;
use coordinator::Coordinator;
use fetcher::Fetcher;
use forward::Forward;
use heartbeat::Heartbeat;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, SimTime};
use membership::{Generation, Membership};
use modern::Modern;
use outbox::Outbox;
use pool::Pool;
use records::Payload;
use subscription::Subscriptions;

/// A timer of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerTimer {
    /// Time to look after the application, the group, fetches and connections.
    Tick,
}

/// What a request was for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    FindCoordinator,
    Join(Generation),
    Sync(Generation),
    Heartbeat(Generation),
    /// With the epoch that it carried.
    ModernHeartbeat(i32),
    Leave,
    Commit(Purpose, Generation, Vec<(Name, i32, Offset, LeaderEpoch)>),
    OffsetFetch(Vec<Partition>),
    ListOffsets(Vec<Partition>),
    EpochEnds(Vec<(Partition, Position)>),
    Fetch(Vec<(Partition, Offset)>),
    CloseSession,
    SendOn(RecordId, TopicPartition),
}

/// An application with a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer {
    /// This process.
    pub id: NodeId,
    /// What it was started with.
    pub spec: ConsumerSpec,
    /// Consumer configs.
    pub config: ConsumerConfig,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
    client: KafkaClient<Call>,
    outbox: Outbox,
    returned: VecDeque<Answer<Call>>,
    coordinator: Coordinator,
    membership: Membership,
    modern: Modern,
    heartbeat: Heartbeat,
    commits: Commits,
    committed: Committed,
    subscriptions: Subscriptions,
    fetcher: Fetcher,
    forward: Forward,
    /// Key and value of records in hand that nobody can decode.
    poison: FlatMap<RecordId, Payload>,
    pool: Pool,
    app: App,
    metadata_seen: u32,
    /// Topic ids as last known, for facts about topics that metadata no longer has.
    topic_ids: FlatMap<Name, TopicId>,
}

impl Consumer {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        spec: ConsumerSpec,
        config: ConsumerConfig,
        bootstrap: Vec<NodeId>,
    ) -> Self {
        let client = new_client(&config, bootstrap.clone());
        let app = App::new(spec.processing);
        Self {
            id,
            spec,
            config,
            bootstrap,
            client,
            outbox: Outbox::default(),
            returned: VecDeque::new(),
            coordinator: Coordinator::default(),
            membership: Membership::new(),
            modern: Modern::new(),
            heartbeat: Heartbeat::default(),
            commits: Commits::default(),
            committed: Committed::default(),
            subscriptions: Subscriptions::default(),
            fetcher: Fetcher::default(),
            forward: Forward::default(),
            poison: FlatMap::new(),
            pool: Pool::default(),
            app,
            metadata_seen: 0,
            topic_ids: FlatMap::new(),
        }
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        let topics = self.spec.subscribe.iter().chain(self.spec.assign.iter().map(|(t, _)| t));
        self.client.metadata.set_topics(topics);
        self.subscriptions.assign_by_hand(&self.spec.assign);
        self.commits.restart_interval(&self.config, cx.now);
        self.app.start();
        self.turn(cx);
    }

    /// The process is gone; the next one begins anew.
    pub fn kill(&mut self) {
        let bootstrap = core::mem::take(&mut self.bootstrap);
        *self = Self::new(self.id, self.spec.clone(), self.config.clone(), bootstrap);
    }

    /// SIGTERM: the application finishes its records, then calls `close()`.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        self.app.closing = true;
        self.turn(cx);
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
        let answer = self.client.on_response(from, lane, correlation, body, cx);
        self.returned.extend(answer);
        self.turn(cx);
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        let failed = self.client.on_disconnect(peer, lane, cx);
        self.returned.extend(failed);
        self.turn(cx);
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: ConsumerTimer, cx: &mut Cx<'_>) {
        match timer {
            ConsumerTimer::Tick => self.turn(cx),
        }
    }

    /// What it knows of its group (`ConsumerGroupMetadata`), for offsets of a transaction.
    pub fn group_metadata(&self, offsets: Vec<(Name, i32, Offset)>) -> GroupOffsets {
        GroupOffsets {
            group_id: self.config.group_id.clone().unwrap_or_default(),
            generation_id: self.told_generation(),
            member_id: self.told_member_id().clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            offsets,
        }
    }

    /// The producer of the same application tells how the transaction of a batch ended.
    pub fn on_pass(&mut self, hand: &Hand, cx: &mut Cx<'_>) {
        match hand {
            Hand::Ended(true) => {}
            Hand::Ended(false) => self.go_back_to_committed(),
            Hand::Failed => self.app.closing = true,
            Hand::Batch(..) => return,
        }
        if self.app.phase == app::Phase::HandedOver {
            self.rest(cx);
        }
        self.turn(cx);
    }

    /// What it read since its last commit is read again.
    fn go_back_to_committed(&mut self) {
        let partitions: Vec<Partition> =
            self.subscriptions.iter().map(|assigned| assigned.partition.clone()).collect();
        for partition in &partitions {
            if let Some(assigned) = self.subscriptions.get_mut(partition) {
                assigned.forget_position();
            }
        }
    }

    /// The application calls `commitSync`: the given offsets, or its positions.
    pub fn commit(&mut self, offsets: Option<Vec<(Name, i32, Offset)>>, cx: &mut Cx<'_>) {
        let offsets =
            offsets.map(|list| list.into_iter().map(|(t, p, o)| ((t, p), o, -1)).collect());
        self.app.ask(Task::CommitSync(offsets), cx);
        self.turn(cx);
    }

    /// The application seeks.
    pub fn seek(&mut self, topic: &Name, partition: i32, offset: Offset, cx: &mut Cx<'_>) {
        self.app.ask(Task::Seek((topic.clone(), partition), offset), cx);
        self.turn(cx);
    }

    /// The application seeks to a moment in all its partitions.
    pub fn seek_to_time(&mut self, timestamp: EpochMs, cx: &mut Cx<'_>) {
        self.app.ask(Task::SeekToTime(timestamp), cx);
        self.turn(cx);
    }

    /// The application pauses partitions, or resumes them.
    pub fn pause_fetching(&mut self, partitions: &[Partition], paused: bool, cx: &mut Cx<'_>) {
        self.app.ask(Task::Pause(partitions.to_vec(), paused), cx);
        self.turn(cx);
    }

    /// The application stops calling `poll`, or goes on.
    pub fn block_polling(&mut self, blocked: bool, cx: &mut Cx<'_>) {
        self.app.blocked = blocked;
        self.turn(cx);
    }

    /// What its application does.
    pub const fn processing(&self) -> Processing {
        self.app.processing
    }

    /// Changes what its application does from now on.
    pub fn set_processing(&mut self, processing: Processing, cx: &mut Cx<'_>) {
        self.app.processing = processing;
        self.turn(cx);
    }

    /// The group's generation as this member knows it; -1 outside.
    pub const fn generation(&self) -> i32 {
        if self.is_modern() { self.modern.generation_id() } else { self.membership.generation.id }
    }

    /// The generation that `groupMetadata()` tells its application; -1 before it first joined.
    pub const fn told_generation(&self) -> i32 {
        if self.is_modern() { self.modern.generation_id() } else { self.membership.told.id }
    }

    /// The member id that `groupMetadata()` tells; who was fenced is refused under it, and would not be under none.
    const fn told_member_id(&self) -> &Name {
        if self.is_modern() { &self.modern.member_id } else { &self.membership.told.member_id }
    }

    /// Its member id; empty before it has one.
    pub const fn member_id(&self) -> &Name {
        if self.is_modern() {
            &self.modern.member_id
        } else {
            &self.membership.generation.member_id
        }
    }

    /// Where it stands in its group.
    pub const fn member_state(&self) -> MemberState {
        if !self.is_modern() {
            return self.membership.state;
        }
        match self.modern.state {
            ModernState::Unsubscribed
            | ModernState::Fenced
            | ModernState::Stale
            | ModernState::Fatal => MemberState::Unjoined,
            ModernState::Joining => MemberState::PreparingRebalance,
            ModernState::Reconciling | ModernState::Acknowledging => {
                MemberState::CompletingRebalance
            }
            ModernState::Stable => MemberState::Stable,
        }
    }

    /// Where it stands in a group of the consumer protocol; none with the classic one.
    pub const fn modern_state(&self) -> Option<ModernState> {
        if self.is_modern() { Some(self.modern.state) } else { None }
    }

    /// Whether its application goes on calling `poll()`.
    pub const fn is_polling(&self) -> bool {
        !self.app.blocked && !self.app.closing
    }

    /// Its group's coordinator, if it knows it.
    pub const fn coordinator(&self) -> Option<NodeId> {
        self.coordinator.node
    }

    /// Its assigned partitions.
    pub fn assignment(&self) -> impl Iterator<Item = &Assigned> {
        self.subscriptions.iter()
    }

    /// Its assigned partitions as facts name them, sorted by topic name.
    pub fn assigned_partitions(&self) -> Vec<TopicPartition> {
        self.subscriptions.partitions().iter().map(|partition| self.tp(partition)).collect()
    }

    /// The offset of the next record of a partition that `poll()` will return, if that is settled.
    pub fn position(&self, topic: &str, partition: i32) -> Option<Offset> {
        let assigned = self.subscriptions.get(&(topic.into(), partition))?;
        assigned.position.filter(|_| assigned.has_valid_position()).map(|known| known.offset)
    }

    /// Whether it subscribed to topics, so that its group decides what it reads.
    fn is_subscribed(&self) -> bool {
        !self.spec.subscribe.is_empty() || self.spec.pattern.is_some()
    }

    fn group_id(&self) -> Name {
        self.config.group_id.clone().unwrap_or_else(|| "".into())
    }

    fn client_id(&self) -> Name {
        self.config.client_id.clone().unwrap_or_else(|| self.spec.name.clone())
    }

    fn request_timeout(&self) -> Micros {
        Micros::from_config_ms(i64::from(self.config.request_timeout_ms))
    }

    fn retry_backoff(&self) -> Micros {
        Micros::from_config_ms(self.config.retry_backoff_ms)
    }

    /// A partition as facts name it.
    fn tp(&self, partition: &Partition) -> TopicPartition {
        let known = self.client.metadata.cluster().topic(&partition.0).map(|topic| topic.id);
        let id = known.or_else(|| self.topic_ids.get(&partition.0).copied());
        TopicPartition::new(id.unwrap_or(TopicId::ZERO), partition.1)
    }

    /// What the topic of a record in hand is called: records carry that themselves, whatever metadata has forgotten meanwhile.
    fn topic_in_hand(&self, topic: TopicId) -> Option<Name> {
        let known = self.client.metadata.cluster().name_of(topic);
        let held = || self.topic_ids.iter().find(|(_, id)| **id == topic).map(|(name, _)| name);
        known.or_else(held).cloned()
    }

    fn tps(&self, partitions: &[Partition]) -> Arc<[TopicPartition]> {
        partitions.iter().map(|partition| self.tp(partition)).collect()
    }

    /// Goes on as far as possible, then waits for the next answer or moment.
    fn turn(&mut self, cx: &mut Cx<'_>) {
        loop {
            while let Some(answer) = self.returned.pop_front() {
                self.on_answer(answer, cx);
            }
            self.beat(cx);
            let again = self.app_turn(cx);
            // Metadata goes first on a connection that both wait for.
            let late = self.client.poll(cx);
            self.returned.extend(late);
            let failed = self.outbox.flush(&mut self.client, cx);
            self.returned.extend(failed);
            if self.returned.is_empty() && !again {
                break;
            }
        }
        match self.wakeup_at(cx.now) {
            Some(at) => cx.arm(ConsumerTimer::Tick, at.since(cx.now)),
            None => cx.disarm(ConsumerTimer::Tick),
        }
    }

    fn wakeup_at(&self, now: SimTime) -> Option<SimTime> {
        if self.app.is_closed() {
            return None;
        }
        let of_client = [
            self.client.wakeup_at(),
            self.outbox.wakeup_at(),
            self.next_beat(now),
            self.next_modern_beat(now),
        ];
        of_client.into_iter().chain(self.app_wakeups(now)).flatten().min()
    }

    fn on_answer(&mut self, answer: Answer<Call>, cx: &mut Cx<'_>) {
        let Answer { peer, call, outcome } = answer;
        match call {
            Call::FindCoordinator => self.on_coordinator(outcome, cx),
            Call::Join(sent) => self.on_joined(&sent, outcome, cx),
            Call::Sync(sent) => self.on_synced(&sent, outcome, cx),
            Call::Heartbeat(sent) => self.on_beat(&sent, outcome, cx),
            Call::ModernHeartbeat(epoch) => self.on_modern_beat(epoch, outcome, cx),
            Call::Leave => self.lose_coordinator_if_disconnected(&outcome, cx),
            Call::Commit(purpose, sent, offsets) => {
                self.on_committed(purpose, &sent, &offsets, outcome, cx)
            }
            Call::OffsetFetch(partitions) => self.on_offsets(&partitions, outcome, cx),
            Call::ListOffsets(partitions) => self.on_listed(&partitions, outcome, cx),
            Call::EpochEnds(asked) => self.on_epoch_ends(&asked, outcome, cx),
            Call::SendOn(record, tp) => self.on_sent_on(record, tp, outcome, cx),
            Call::Fetch(asked) => self.on_fetched(peer.server, asked, outcome, cx),
            Call::CloseSession => self.on_session_closed(),
        }
    }
}

/// The failure that a request without an answer is: the connection's.
fn answered(outcome: Outcome) -> Result<Response, ErrorCode> {
    match outcome {
        Outcome::Answered(body) => Ok(body),
        Outcome::Disconnected | Outcome::TimedOut => Err(ErrorCode::NetworkException),
    }
}

fn new_client(config: &ConsumerConfig, bootstrap: Vec<NodeId>) -> KafkaClient<Call> {
    let network = NetworkConfig {
        request_timeout: Micros::from_config_ms(i64::from(config.request_timeout_ms)),
        reconnect_backoff_ms: config.reconnect_backoff_ms,
        reconnect_backoff_max_ms: config.reconnect_backoff_max_ms,
        max_in_flight: 100,
    };
    let metadata = MetadataConfig {
        retry_backoff_ms: config.retry_backoff_ms,
        retry_backoff_max_ms: config.retry_backoff_max_ms,
        max_age: Micros::from_config_ms(config.metadata_max_age_ms),
        max_idle: None,
        allow_auto_create: config.allow_auto_create_topics,
    };
    KafkaClient::new(network, Metadata::new(metadata, bootstrap))
}
