//! A handful of data planes that talk to each other at once, for tests: no links, no controller, metadata by hand.
//!
//! Invariant: after [`Rig::settle`] no message is under way; parked requests and timers stay.

use super::metadata::Published;
use super::replica_manager::ReplicaManager;
use super::verify::Checked;
use super::{BrokerTimer, Env};
use crate::api::request::{Fetch, FetchPartition, Produce};
use crate::api::response::{AlteredPartition, FetchedPartition, ProducedPartition};
use crate::api::{ErrorCode, Request, Response};
use crate::config::broker::BrokerConfig;
use crate::controller::image::MetadataImage;
use crate::controller::records::{MetadataRecord, PartitionState};
use crate::cx::{Cx, Effect, Streams};
use crate::ids::{Correlation, Name, NodeId, Offset, TopicId, TopicPartition};
use crate::log::Batch;
use crate::net::{ConnId, Lane};
use crate::node::Timer;
use crate::trace::Fact;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, Seed, SimTime};

/// The partition that tests use.
pub(super) const TP: TopicPartition = TopicPartition::new(TopicId(1), 0);

/// The client that tests use.
const CLIENT: NodeId = NodeId(1_001);

/// Brokers 1, 2 and 3.
pub(super) struct Rig {
    pub(super) brokers: FlatMap<NodeId, ReplicaManager>,
    pub(super) image: MetadataImage,
    pub(super) config: BrokerConfig,
    pub(super) now: SimTime,
    pub(super) facts: Vec<(NodeId, Fact)>,
    /// Answers to clients, oldest first.
    pub(super) answers: Vec<(Correlation, Option<Response>)>,
    /// ISR changes that wait for the controller's verdict.
    pub(super) proposals: Vec<crate::api::request::AlterPartition>,
    streams: Streams,
    timers: FlatMap<(NodeId, BrokerTimer), SimTime>,
    under_way: VecDeque<(NodeId, Effect)>,
    down: Vec<NodeId>,
    next: Correlation,
}

impl Rig {
    /// Three brokers and a topic of one partition, led by 1.
    pub(super) fn new(configs: &[(&str, &str)]) -> Self {
        let brokers = [1, 2, 3].map(|id| (NodeId(id), ReplicaManager::new(NodeId(id))));
        let mut rig = Self {
            brokers: brokers.into_iter().collect(),
            image: MetadataImage::default(),
            config: BrokerConfig::default(),
            now: SimTime::from_ms(60_000),
            facts: Vec::new(),
            answers: Vec::new(),
            proposals: Vec::new(),
            streams: Streams::new(Seed(1)),
            timers: FlatMap::new(),
            under_way: VecDeque::new(),
            down: Vec::new(),
            next: 0,
        };
        let mut records = Vec::new();
        for id in [1, 2, 3] {
            let fenced = false;
            let broker = NodeId(id);
            let (epoch, incarnation, rack) = (i64::from(id), 0, None);
            records.push(MetadataRecord::RegisterBroker {
                broker,
                epoch,
                incarnation,
                rack,
                fenced,
            });
        }
        let name = Name::from("t");
        for (key, value) in configs {
            let resource = crate::api::request::ConfigResource::Topic(name.clone());
            let (key, value) = ((*key).into(), Some((*value).into()));
            records.push(MetadataRecord::Config { resource, key, value });
        }
        records.push(MetadataRecord::Topic { id: TP.topic, name });
        records.push(MetadataRecord::Partition { tp: TP, state: state(&[1, 2, 3], 1, 0, 0) });
        rig.metadata(records);
        rig
    }

    /// Every broker that is up applies these records.
    pub(super) fn metadata(&mut self, records: Vec<MetadataRecord>) {
        for record in &records {
            let offset = self.image.next_offset;
            self.image.apply(offset, 0, record);
        }
        let published = Published::Records(records.into_iter().map(Arc::new).collect());
        for id in self.up() {
            self.with(id, |broker, env, cx| {
                broker.apply_metadata(&published, env, cx);
            });
        }
        self.settle();
    }

    /// The partition's next state.
    pub(super) fn change(&mut self, state: PartitionState) {
        self.metadata(alloc::vec![MetadataRecord::PartitionChange { tp: TP, state }]);
    }

    /// The controller fences or unfences a broker.
    pub(super) fn fence(&mut self, id: i32, fenced: bool) {
        self.metadata(alloc::vec![MetadataRecord::BrokerChange {
            broker: NodeId(id),
            epoch: i64::from(id),
            fenced: Some(fenced),
            in_controlled_shutdown: None,
        }]);
    }

    pub(super) fn kill(&mut self, id: i32) {
        let id = NodeId(id);
        self.down.push(id);
        self.brokers.get_mut(&id).expect("a broker").kill();
        self.timers.retain(|(node, _), _| *node != id);
        let peers: Vec<NodeId> = self.up();
        for peer in peers {
            let conn = ConnId { client: id, server: peer, lane: Lane::Fetcher };
            self.with(peer, |broker, env, cx| {
                broker.on_client_gone(conn, cx);
                broker.on_fetcher_disconnect(id, env, cx);
            });
        }
        self.settle();
    }

    pub(super) fn restart(&mut self, id: i32) {
        self.down.retain(|down| *down != NodeId(id));
        self.with(NodeId(id), |broker, env, cx| {
            broker.apply_metadata(&Published::Image, env, cx);
        });
        self.settle();
    }

    /// A client sends one batch; the answer, if there is one by now.
    pub(super) fn produce(
        &mut self,
        to: i32,
        acks: i16,
        batch: Batch,
    ) -> Option<ProducedPartition> {
        let partitions = alloc::vec![(TP, batch)];
        let body = Request::Produce(Produce {
            transactional_id: None,
            acks,
            timeout_ms: 30_000,
            partitions,
        });
        let correlation = self.request(to, body);
        self.settle();
        self.produced(correlation)
    }

    /// The answer to a PRODUCE that was parked.
    pub(super) fn produced(&self, correlation: Correlation) -> Option<ProducedPartition> {
        let answered = self.answers.iter().find(|(answered, _)| *answered == correlation)?;
        let Some(Response::Produce(body)) = &answered.1 else { return None };
        Some(body.partitions[0].clone())
    }

    /// The last request's correlation id.
    pub(super) const fn last(&self) -> Correlation {
        self.next
    }

    /// A consumer fetches from `offset`.
    pub(super) fn fetch(
        &mut self,
        to: i32,
        offset: Offset,
        max_wait_ms: i32,
    ) -> Option<FetchedPartition> {
        let want = FetchPartition {
            tp: TP,
            current_leader_epoch: -1,
            fetch_offset: offset,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 1_000_000,
            high_watermark: -1,
        };
        let body = Request::Fetch(Fetch {
            replica_id: NodeId::NONE,
            replica_epoch: -1,
            max_wait_ms,
            min_bytes: 1,
            max_bytes: 1_000_000,
            read_committed: false,
            rack_id: "".into(),
            partitions: alloc::vec![want],
        });
        let correlation = self.request(to, body);
        self.settle();
        let answered = self.answers.iter().find(|(answered, _)| *answered == correlation)?;
        let Some(Response::Fetch(body)) = &answered.1 else { return None };
        body.partitions.first().cloned()
    }

    /// Lets time pass; timers fire in order.
    pub(super) fn wait(&mut self, ms: u64) {
        let until = self.now + Micros::from_ms(ms);
        while let Some((key, at)) =
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(key, at)| (key.clone(), *at))
            && at <= until
        {
            self.now = at;
            self.timers.remove(&key);
            self.with(key.0, |broker, env, cx| {
                if let BrokerTimer::Parked(conn) = key.1 {
                    broker.on_parked_timer(conn, env, cx);
                } else if let BrokerTimer::Fetcher(leader) = key.1 {
                    broker.on_fetcher_timer(leader, env, cx);
                } else {
                    broker.alter_partition.on_timer();
                }
            });
            self.settle();
        }
        self.now = until;
    }

    /// Every leader looks for laggards.
    pub(super) fn shrink_isrs(&mut self) {
        for id in self.up() {
            self.with(id, ReplicaManager::shrink_isrs);
        }
        self.settle();
    }

    /// The controller accepts the oldest proposal: its answer to the leader, then metadata for all.
    pub(super) fn accept_proposal(&mut self) {
        let request = self.proposals.remove(0);
        let item = &request.partitions[0];
        let isr: Vec<NodeId> = item.new_isr.iter().map(|(id, _)| *id).collect();
        let mut state = self.image.partition(TP).expect("it exists").clone();
        state.isr.clone_from(&isr);
        state.partition_epoch += 1;
        let answer = AlteredPartition {
            tp: TP,
            error: ErrorCode::None,
            leader_id: state.leader,
            leader_epoch: state.leader_epoch,
            isr,
            leader_recovery_state: 0,
            partition_epoch: state.partition_epoch,
        };
        self.with(request.broker_id, |broker, env, cx| {
            broker.on_alter_partition(ErrorCode::None, &[answer], env, cx);
        });
        self.change(state);
    }

    pub(super) fn log_end(&self, id: i32) -> Offset {
        self.partition(id).log.log_end()
    }

    pub(super) fn high_watermark(&self, id: i32) -> Offset {
        self.partition(id).log.high_watermark()
    }

    pub(super) fn partition(&self, id: i32) -> &super::partition::Partition {
        self.brokers[&NodeId(id)].replicas.get(TP).expect("every broker has a replica")
    }

    fn up(&self) -> Vec<NodeId> {
        self.brokers.keys().copied().filter(|id| !self.down.contains(id)).collect()
    }

    fn request(&mut self, to: i32, body: Request) -> Correlation {
        self.next += 1;
        let correlation = self.next;
        let effect = Effect::Request { to: NodeId(to), lane: Lane::Main, correlation, body };
        self.under_way.push_back((CLIENT, effect));
        correlation
    }

    fn with(&mut self, id: NodeId, run: impl FnOnce(&mut ReplicaManager, &Env<'_>, &mut Cx<'_>)) {
        let mut out = Vec::new();
        let no_rack = Name::from("");
        let env = Env {
            config: &self.config,
            image: &self.image,
            broker_epoch: i64::from(id.0),
            leaving: false,
            controller: None,
            no_rack: &no_rack,
        };
        let mut cx = Cx {
            now: self.now,
            me: id,
            cause: None,
            epoch_ms_at_zero: 1_000_000,
            streams: &mut self.streams,
            out: &mut out,
        };
        let broker = self.brokers.get_mut(&id).expect("a broker");
        run(broker, &env, &mut cx);
        if let Some(Request::AlterPartition(request)) =
            broker.alter_partition.take_request(id, i64::from(id.0))
        {
            self.proposals.push(request);
        }
        self.under_way.extend(out.into_iter().map(|effect| (id, effect)));
    }

    fn settle(&mut self) {
        while let Some((from, effect)) = self.under_way.pop_front() {
            self.carry_out(from, effect);
        }
    }

    fn carry_out(&mut self, from: NodeId, effect: Effect) {
        match effect {
            Effect::Request { to, lane, correlation, body } => {
                let conn = ConnId { client: from, server: to, lane };
                if self.down.contains(&to) {
                    self.with(from, |broker, env, cx| broker.on_fetcher_disconnect(to, env, cx));
                } else {
                    self.serve(conn, correlation, body);
                }
            }
            Effect::Respond { conn, correlation, body } if conn.client == CLIENT => {
                self.answers.push((correlation, body));
            }
            Effect::Respond { conn, correlation, body } => {
                let body = body.expect("fetchers are answered");
                if !self.down.contains(&conn.client) {
                    self.with(conn.client, |broker, env, cx| {
                        broker.on_fetcher_response(conn.server, correlation, body, env, cx);
                    });
                }
            }
            Effect::Arm { timer: Timer::Broker(timer), after } => {
                self.timers.insert((from, timer), self.now + after);
            }
            Effect::Disarm { timer: Timer::Broker(timer) } => {
                self.timers.remove(&(from, timer));
            }
            Effect::Note(fact) | Effect::NoteLate { fact, .. } => self.facts.push((from, fact)),
            Effect::Close { .. }
            | Effect::Mute { .. }
            | Effect::Exit
            | Effect::Halt
            | Effect::Arm { .. }
            | Effect::Disarm { .. }
            | Effect::Pass { .. } => {}
        }
    }

    fn serve(&mut self, conn: ConnId, correlation: Correlation, body: Request) {
        self.with(conn.server, |broker, env, cx| {
            if let Request::Produce(produce) = body {
                let checked = Checked::default();
                broker.handle_produce(conn, correlation, produce, &checked, env, cx);
            } else if let Request::Fetch(fetch) = body {
                broker.handle_fetch(conn, correlation, fetch, env, cx);
            } else if let Request::ListOffsets(request) = body {
                cx.respond(conn, correlation, broker.list_offsets(&request, env));
            }
        });
    }
}

/// A partition on brokers 1, 2 and 3.
pub(super) fn state(
    isr: &[i32],
    leader: i32,
    leader_epoch: i32,
    partition_epoch: i32,
) -> PartitionState {
    PartitionState {
        replicas: [1, 2, 3].map(NodeId).to_vec(),
        isr: isr.iter().copied().map(NodeId).collect(),
        elr: Vec::new(),
        last_known_elr: Vec::new(),
        leader: NodeId(leader),
        leader_epoch,
        partition_epoch,
        adding: Vec::new(),
        removing: Vec::new(),
        recovering: false,
    }
}
