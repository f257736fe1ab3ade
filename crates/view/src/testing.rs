//! Tells facts as a small cluster would, for stories about the view.
//!
//! Topic `trips`, led by broker 1 with epoch 4; producer `rider-app` is client 1001. Invariant: facts are numbered and a
//! millisecond apart.

use crate::directory::{Directory, NodeInfo, NodeKind};
use crate::explain::Context;
use crate::ledger::Ledger;
use crate::observer::Observer;
use crate::picture::Picture;
use kafkascope_kernel::SimTime;
use kafkascope_model::config::{ConfigTable, broker::BrokerConfig, producer::ProducerConfig};
use kafkascope_model::ids::{Name, NodeId, Offset, RecordId, TopicId, TopicPartition};
use kafkascope_model::trace::{ChangeReason, Fact, TraceEvent};
use std::sync::Arc;

pub const T0: TopicPartition = TopicPartition::new(TopicId(1), 0);
pub const KEYS: [&str; 6] = ["Alice", "Bob", "Chen", "Dana", "Eli", "Fay"];

/// The teller with all it told.
pub struct Teller {
    pub facts: Vec<TraceEvent>,
    pub observer: Observer,
    pub directory: Directory,
    now: u64,
    records: u32,
}

impl Teller {
    pub fn cluster(brokers: i32) -> Self {
        let mut tell = Self {
            facts: Vec::new(),
            observer: Observer::default(),
            directory: directory(brokers),
            now: 1_000_000,
            records: 0,
        };
        let ids: Arc<[NodeId]> = (1..=brokers).map(NodeId).collect();
        tell.fact(100, Fact::ControllerElected { epoch: 1 });
        for broker in ids.iter().copied() {
            tell.fact(100, Fact::BrokerRegistered { broker, epoch: i64::from(broker.0) });
            tell.fact(100, Fact::BrokerUnfenced { broker });
        }
        let name: Name = "trips".into();
        let created = Fact::TopicCreated {
            topic: TopicId(1),
            name,
            partitions: 1,
            replication_factor: brokers,
        };
        tell.fact(100, created);
        tell.fact(100, Fact::ReplicasChanged { tp: T0, replicas: ids.clone() });
        let reason = ChangeReason::Created;
        tell.fact(100, Fact::IsrChanged { tp: T0, isr: ids.clone(), elr: Arc::new([]), reason });
        tell.elect(1, 4, reason, 0);
        for follower in &ids[1..] {
            let leader = NodeId(1);
            tell.fact(follower.0, Fact::BecameFollower { tp: T0, epoch: 4, leader });
        }
        tell
    }

    pub fn fact(&mut self, node: i32, fact: Fact) -> u64 {
        self.now += 1_000;
        let seq = self.facts.len() as u64;
        let event =
            TraceEvent { at: SimTime(self.now), seq, node: NodeId(node), cause: None, fact };
        self.observer.observe(&event, &self.directory);
        self.facts.push(event);
        seq
    }

    pub fn wait_ms(&mut self, ms: u64) {
        self.now += ms * 1_000;
    }

    /// The same moment as the fact before.
    pub fn at_once(&mut self, node: i32, fact: Fact) -> u64 {
        self.now -= 1_000;
        self.fact(node, fact)
    }

    pub fn context(&self) -> Context<'_> {
        self.observer.context(&self.directory)
    }

    pub fn picture(&self) -> &Picture {
        &self.observer.picture
    }

    pub fn ledger(&self) -> &Ledger {
        &self.observer.ledger
    }

    /// rider-app sends one record a key.
    pub fn send(&mut self, keys: &[&str]) -> Vec<RecordId> {
        let mut ids = Vec::new();
        for key in keys {
            self.records += 1;
            let record = RecordId::of(NodeId(1_001), self.records);
            let (key, value) = (Some(key.as_bytes().into()), Some(b"trip requested"[..].into()));
            self.fact(1_001, Fact::Sent { record, topic: "trips".into(), key, value });
            self.fact(1_001, Fact::Batched { record, tp: T0, by_key: true });
            ids.push(record);
        }
        ids
    }

    /// rider-app sends `count` records, and broker `leader` appends them.
    pub fn append(&mut self, leader: i32, base: Offset, count: usize, epoch: i32) -> Vec<RecordId> {
        let ids = self.send(&KEYS[..count]);
        let sent = Fact::BatchSent {
            tp: T0,
            records: ids.clone().into(),
            base_sequence: base as i32,
            leader: NodeId(leader),
            attempt: 0,
        };
        self.fact(1_001, sent);
        self.append_again(leader, base, &ids, epoch);
        ids
    }

    pub fn append_again(&mut self, leader: i32, base: Offset, ids: &[RecordId], epoch: i32) {
        self.fact(leader, Fact::Appended { tp: T0, base_offset: base, records: ids.into(), epoch });
    }

    pub fn replicate(&mut self, follower: i32, from: Offset, to: Offset) {
        self.fact(follower, Fact::Replicated { tp: T0, base_offset: from, next_offset: to });
    }

    pub fn elect(&mut self, leader: i32, epoch: i32, reason: ChangeReason, log_end: Offset) {
        self.fact(100, Fact::LeaderElected { tp: T0, leader: NodeId(leader), epoch, reason });
        self.fact(leader, Fact::BecameLeader { tp: T0, epoch, log_end });
    }

    pub fn join(&mut self, group: &str, client: i32) {
        let (group, member): (Name, Name) = (group.into(), format!("m-{client}").into());
        let (client, reason) = (NodeId(client), "".into());
        let name = group.clone();
        self.fact(1, Fact::MemberJoining { group: name, member: member.clone(), client, reason });
        let name = group.clone();
        self.fact(
            1,
            Fact::GenerationFormed { group: name, generation: 1, members: 1, leader: member },
        );
        self.fact(1, Fact::GroupStable { group, generation: 1 });
        self.fact(client.0, Fact::Assigned { partitions: Arc::new([T0]), generation: 1 });
    }

    /// Hands the leader's records at `from .. to` to a consumer.
    pub fn deliver(&mut self, consumer: i32, from: Offset, to: Offset) {
        let leading = self.picture().leading(T0).unwrap();
        let records: Vec<_> = leading.records(from, to).collect();
        for (offset, record) in records {
            self.fact(consumer, Fact::Delivered { record, tp: T0, offset, epoch: 4 });
        }
    }
}

/// Names and configs of the cluster.
pub fn directory(brokers: i32) -> Directory {
    let mut directory = Directory::default();
    let mut add = |id: i32, name: &str, kind, configs| {
        let node = NodeInfo {
            name: name.into(),
            kind,
            rack: None,
            configs,
            work: "".into(),
            topics: vec!["trips".into()],
        };
        directory.nodes.insert(NodeId(id), node);
    };
    for id in 1..=brokers {
        add(id, &format!("broker {id}"), NodeKind::Broker, BrokerConfig::default().entries());
    }
    add(100, "controller 100", NodeKind::Controller, BrokerConfig::default().entries());
    add(1_001, "rider-app", NodeKind::Producer, ProducerConfig::default().entries());
    for (id, name) in [(1_002, "dispatch-1"), (1_003, "analytics-1")] {
        add(id, name, NodeKind::Consumer, Vec::new());
    }
    directory
}
