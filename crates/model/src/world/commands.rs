//! Commands: validated against the world, then carried out.
//!
//! Invariant: a refused command changes nothing at all.

use super::{ADMIN, ProcessState, World};
use crate::broker::Broker;
use crate::client::admin::{Admin, AdminTimeouts};
use crate::client::consumer::Consumer;
use crate::client::producer::Producer;
use crate::client::producer::transactions::TxnCall;
use crate::client::share_consumer::ShareConsumer;
use crate::command::{
    Command, CommandError, ConfigPairs, ConsumerSpec, GroupOffsets, ProducerSpec, ShareConsumerSpec,
};
use crate::config::broker::{BrokerConfig, is_dynamic_only};
use crate::config::consumer::ConsumerConfig;
use crate::config::librdkafka::LibrdkafkaConfig;
use crate::config::producer::ProducerConfig;
use crate::config::{ConfigError, ConfigTable};
use crate::controller::Controller;
use crate::cx::Cx;
use crate::ids::{Name, NodeId};
use crate::net::LinkSel;
use crate::node::Node;
use crate::trace::{Exit, Fact};
use crate::workload::Library;
use crate::zookeeper::Zookeeper;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use kafkascope_kernel::{Micros, SimTime};

/// Consumer configs that a share group decides itself (`ShareConsumerConfig.SHARE_GROUP_UNSUPPORTED_CONFIGS`).
const NOT_FOR_SHARE_GROUPS: &[&str] = &[
    "auto.offset.reset",
    "enable.auto.commit",
    "group.instance.id",
    "isolation.level",
    "partition.assignment.strategy",
    "interceptor.classes",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "group.protocol",
    "group.remote.assignor",
];

type Outcome = Result<(), CommandError>;

impl World {
    /// Carries out a command now, or says why not.
    pub fn submit(&mut self, command: &Command) -> Outcome {
        match command {
            Command::AddController { id, config } => self.add_controller(*id, config),
            Command::AddZookeeper { id } => self.add_zookeeper(*id),
            Command::AddBroker { id, rack, config } => self.add_broker(*id, rack.clone(), config),
            Command::AddProducer(spec) => self.add_producer(spec),
            Command::AddConsumer(spec) => self.add_consumer(spec),
            Command::AddShareConsumer(spec) => self.add_share_consumer(spec),
            Command::CloseClient { client } => self.stop(*client, true),
            Command::Admin(call) => {
                let call = call.clone();
                self.run(ADMIN, None, |node, cx| as_admin(node).call(call, cx));
                Ok(())
            }
            Command::Kill(id) => self.with_other_half(*id, Self::kill),
            Command::Stop(id) => self.with_other_half(*id, |world, id| world.stop(id, false)),
            Command::Start(id) => self.with_other_half(*id, Self::start),
            Command::Pause(id) => self.with_other_half(*id, Self::hold),
            Command::Resume(id) => self.with_other_half(*id, Self::release_hold),
            Command::Cut(sel) => {
                self.change_link(*sel, Fact::LinkCut(*sel), |world| world.links.cut(*sel))
            }
            Command::Slow(sel, transit) => {
                let fact = Fact::LinkSlowed(*sel, *transit);
                self.change_link(*sel, fact, |world| world.links.slow(*sel, *transit))
            }
            Command::Heal(sel) => {
                self.change_link(*sel, Fact::LinkHealed(*sel), |world| world.release(*sel))
            }
            Command::Tamper(sel, fault) => self.tamper(*sel, *fault),
            Command::PowerCut(nodes) => self.cut_power(nodes),
            Command::Wipe(id) => self.wipe(*id),
            Command::SlowDisk(id, by) => self.slow_disk(*id, *by),
            Command::FillDisk(id) => self.fill_disk(*id),
            Command::HealDisk(id) => self.heal_disk(*id),
            Command::Corrupt { broker, topic, partition, offset } => {
                self.corrupt(*broker, topic, *partition, *offset)
            }
            Command::SkewClock(id, by_ms) => self.skew_clock(*id, *by_ms),
            Command::Send { .. }
            | Command::SetWorkload { .. }
            | Command::Transact { .. }
            | Command::SendOffsets { .. }
            | Command::Commit { .. }
            | Command::Seek { .. }
            | Command::SeekToTime { .. }
            | Command::PauseFetching { .. }
            | Command::BlockPolling { .. }
            | Command::SetProcessing { .. } => self.tell_app(command),
        }
    }

    /// What an application is to do.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other command is carried out elsewhere"
    )]
    fn tell_app(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Send { producer, topic, records } => {
                self.tell_producer(*producer, |app, cx| app.send(topic, records, cx))
            }
            Command::SetWorkload { producer, workload } => {
                self.tell_producer(*producer, |app, cx| app.set_workload(workload.clone(), cx))
            }
            Command::Transact { producer, call } => {
                self.tell_producer(*producer, |app, cx| app.transact(call.clone(), cx))
            }
            Command::SendOffsets { producer, consumer, offsets } => {
                let metadata = self.group_metadata(*consumer, offsets.clone())?;
                let call = TxnCall::SendOffsets(metadata);
                self.tell_producer(*producer, |app, cx| app.transact(call, cx))
            }
            Command::Commit { consumer, offsets } => {
                self.tell_consumer(*consumer, |app, cx| app.commit(offsets.clone(), cx))
            }
            Command::Seek { consumer, topic, partition, offset } => {
                self.tell_consumer(*consumer, |app, cx| app.seek(topic, *partition, *offset, cx))
            }
            Command::SeekToTime { consumer, timestamp } => {
                self.tell_consumer(*consumer, |app, cx| app.seek_to_time(*timestamp, cx))
            }
            Command::PauseFetching { consumer, partitions, paused } => {
                self.tell_consumer(*consumer, |app, cx| app.pause_fetching(partitions, *paused, cx))
            }
            Command::BlockPolling { consumer, blocked } => {
                if self.is_share_consumer(*consumer) {
                    return self.tell_share(*consumer, |app, cx| app.block_polling(*blocked, cx));
                }
                self.tell_consumer(*consumer, |app, cx| app.block_polling(*blocked, cx))
            }
            Command::SetProcessing { consumer, processing } => {
                if self.is_share_consumer(*consumer) {
                    return self
                        .tell_share(*consumer, |app, cx| app.set_processing(*processing, cx));
                }
                self.tell_consumer(*consumer, |app, cx| app.set_processing(*processing, cx))
            }
            other => unreachable!("{other:?} is not for applications"),
        }
    }

    /// Brokers by id, whether they run or not.
    pub fn broker_ids(&self) -> Vec<NodeId> {
        self.processes.keys().copied().filter(|id| id.is_broker()).collect()
    }

    /// Controllers by id.
    pub fn controller_ids(&self) -> Vec<NodeId> {
        let is = |process: &super::Process| matches!(process.node, Node::Controller(_));
        self.processes.iter().filter(|(_, process)| is(process)).map(|(id, _)| *id).collect()
    }

    /// Makes the admin client more or less patient; its configs are no part of a scenario.
    pub fn set_admin_timeouts(&mut self, timeouts: AdminTimeouts) {
        if let Some(process) = self.processes.get_mut(&ADMIN)
            && let Node::Admin(admin) = &mut process.node
        {
            admin.set_timeouts(timeouts);
        }
    }

    pub(super) fn add_admin(&mut self) {
        self.add_process(ADMIN, Node::Admin(Box::new(Admin::new(ADMIN, Vec::new()))), Micros::ZERO);
    }

    fn add_controller(&mut self, id: NodeId, config: &ConfigPairs) -> Outcome {
        let config = node_config(config)?;
        self.require_new(id, id.is_controller(), "a controller id (100 to 999)")?;
        if self.now > SimTime::ZERO {
            return Err(CommandError::Invalid(
                "controllers must be there from the beginning".to_string(),
            ));
        }
        let controller = Controller::new(id, config, Vec::new());
        self.add_process(id, Node::Controller(Box::new(controller)), Micros::ZERO);
        let voters = self.controller_ids();
        for process in self.processes.values_mut() {
            match &mut process.node {
                Node::Controller(controller) => controller.voters.clone_from(&voters),
                Node::Broker(broker) => broker.controllers.clone_from(&voters),
                Node::Producer(_)
                | Node::Consumer(_)
                | Node::ShareConsumer(_)
                | Node::Admin(_)
                | Node::Zookeeper(_) => {}
            }
        }
        Ok(())
    }

    fn add_zookeeper(&mut self, id: NodeId) -> Outcome {
        self.require_new(id, id.is_controller(), "a controller id (100 to 999)")?;
        if self.now > SimTime::ZERO || !self.processes.keys().all(|other| other.is_client()) {
            return Err(CommandError::Invalid(
                "ZooKeeper must be there first, and instead of controllers".to_string(),
            ));
        }
        self.add_process(id, Node::Zookeeper(Box::new(Zookeeper::new(id))), Micros::ZERO);
        Ok(())
    }

    /// The ZooKeeper server of a cluster that keeps its metadata there.
    pub fn zookeeper(&self) -> Option<NodeId> {
        let is = |process: &&super::Process| matches!(process.node, Node::Zookeeper(_));
        self.processes.iter().find(|(_, process)| is(process)).map(|(id, _)| *id)
    }

    fn add_broker(&mut self, id: NodeId, rack: Option<Name>, config: &ConfigPairs) -> Outcome {
        let config = node_config(config)?;
        self.require_new(id, id.is_broker() && id.0 > 0, "a broker id (1 to 99)")?;
        let mut broker = match self.zookeeper() {
            Some(server) => Broker::new(id, rack, config, Vec::new()).with_zookeeper(server),
            None => Broker::new(id, rack, config, self.controller_ids()),
        };
        let known = self.broker_ids().into_iter().find_map(|id| self.broker(id));
        broker.quotas.client_ids =
            known.map(|other| other.quotas.client_ids.clone()).unwrap_or_default();
        // A cluster that is there from the beginning has been booted before it.
        let boot = if self.now == SimTime::ZERO { Micros::ZERO } else { self.spec.profile.boot };
        self.add_process(id, Node::Broker(Box::new(broker)), boot);
        let brokers = self.broker_ids();
        if let Some(process) = self.processes.get_mut(&ADMIN) {
            as_admin(&mut process.node).bootstrap = brokers;
        }
        Ok(())
    }

    fn add_producer(&mut self, spec: &ProducerSpec) -> Outcome {
        let config = match spec.app.library {
            Library::Java => {
                let config = parsed::<ProducerConfig>(&spec.config)?;
                config.check()?;
                config
            }
            Library::Librdkafka => {
                let config = parsed::<LibrdkafkaConfig>(&spec.config)?;
                config.check()?;
                config.as_java()
            }
        };
        let id = self.next_client(&spec.name)?;
        let name = config.client_id.clone().unwrap_or_else(|| spec.name.clone());
        self.introduce(id, &name);
        let producer = Producer::new(id, spec.clone(), config, self.broker_ids());
        self.add_process(id, Node::Producer(Box::new(producer)), Micros::ZERO);
        Ok(())
    }

    fn add_consumer(&mut self, spec: &ConsumerSpec) -> Outcome {
        let config: ConsumerConfig = parsed(&spec.config)?;
        config.check_protocol(&spec.config)?;
        let id = self.next_client(&spec.name)?;
        let name = config.client_id.clone().unwrap_or_else(|| spec.name.clone());
        self.introduce(id, &name);
        let consumer = Consumer::new(id, spec.clone(), config, self.broker_ids());
        self.add_process(id, Node::Consumer(Box::new(consumer)), Micros::ZERO);
        Ok(())
    }

    /// Brokers read a client's name in the headers of its requests.
    fn introduce(&mut self, client: NodeId, name: &Name) {
        for process in self.processes.values_mut() {
            if let Node::Broker(broker) = &mut process.node {
                broker.quotas.client_ids.insert(client, name.clone());
            }
        }
    }

    fn add_share_consumer(&mut self, spec: &ShareConsumerSpec) -> Outcome {
        for key in NOT_FOR_SHARE_GROUPS {
            if spec.config.iter().any(|(own, _)| &**own == *key) {
                let reason = alloc::format!("{key} cannot be set when using a share group");
                return Err(ConfigError::value(key, reason).into());
            }
        }
        let config: ConsumerConfig = parsed(&spec.config)?;
        let id = self.next_client(&spec.name)?;
        let name = config.client_id.clone().unwrap_or_else(|| spec.name.clone());
        self.introduce(id, &name);
        let consumer = ShareConsumer::new(id, spec.clone(), config, self.broker_ids());
        self.add_process(id, Node::ShareConsumer(Box::new(consumer)), Micros::ZERO);
        Ok(())
    }

    /// The id that the next client will get.
    pub fn next_client_id(&self) -> NodeId {
        let last = self.processes.keys().next_back().copied().unwrap_or(ADMIN);
        NodeId(last.0.max(ADMIN.0) + 1)
    }

    fn next_client(&self, name: &str) -> Result<NodeId, CommandError> {
        let clients = self.processes.keys().filter(|id| id.is_client()).count();
        let limit = self.spec.limits.clients;
        if clients as u64 >= u64::from(limit) {
            return Err(CommandError::Limit { what: "clients", limit });
        }
        let running = self.client_named(name).filter(|id| self.state(*id) != ProcessState::Down);
        match running {
            Some(id) => Err(CommandError::NodeExists(id)),
            None => Ok(self.next_client_id()),
        }
    }

    /// The halves of an application are one process; the second may be in another state already.
    fn with_other_half(
        &mut self,
        id: NodeId,
        act: impl Fn(&mut Self, NodeId) -> Outcome,
    ) -> Outcome {
        act(self, id)?;
        if let Some(other) = self.other_half(id).filter(|_| id.is_client()) {
            let _ = act(self, other);
        }
        Ok(())
    }

    fn hold(&mut self, id: NodeId) -> Outcome {
        self.require(id, ProcessState::Running, "running").map(|()| self.pause(id))
    }

    fn release_hold(&mut self, id: NodeId) -> Outcome {
        self.require(id, ProcessState::Paused, "paused").map(|()| self.resume(id))
    }

    fn kill(&mut self, id: NodeId) -> Outcome {
        if self.require_known(id)? == ProcessState::Down {
            return Err(CommandError::WrongState { node: id, wanted: "running" });
        }
        self.exit(id, Exit::Killed);
        Ok(())
    }

    fn stop(&mut self, id: NodeId, client_only: bool) -> Outcome {
        if client_only && !id.is_client() {
            return Err(CommandError::WrongKind { node: id, wanted: "a client" });
        }
        self.require(id, ProcessState::Running, "running")?;
        self.begin_stop(id);
        Ok(())
    }

    fn start(&mut self, id: NodeId) -> Outcome {
        self.require(id, ProcessState::Down, "stopped")?;
        let boot = if id.is_client() { Micros::ZERO } else { self.spec.profile.boot };
        self.catch_up_write_back(id);
        self.begin_start(id, boot);
        Ok(())
    }

    fn change_link(&mut self, sel: LinkSel, fact: Fact, change: impl FnOnce(&mut Self)) -> Outcome {
        let (at, other) = match sel {
            LinkSel::Between(a, b) | LinkSel::OneWay(a, b) => (a, b),
            LinkSel::Around(node) => (node, node),
        };
        self.require_known(at)?;
        self.require_known(other)?;
        change(self);
        self.note(at, None, fact);
        Ok(())
    }

    fn tell_producer(
        &mut self,
        id: NodeId,
        tell: impl FnOnce(&mut Producer, &mut Cx<'_>),
    ) -> Outcome {
        self.require(id, ProcessState::Running, "running")?;
        let mut known = true;
        self.run(id, None, |node, cx| match node {
            Node::Producer(producer) => tell(producer, cx),
            Node::Broker(_)
            | Node::Controller(_)
            | Node::Consumer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => known = false,
        });
        if known { Ok(()) } else { Err(CommandError::WrongKind { node: id, wanted: "a producer" }) }
    }

    /// What a consumer knows of its group, for offsets of a transaction.
    fn group_metadata(
        &self,
        id: NodeId,
        offsets: Vec<(Name, i32, crate::ids::Offset)>,
    ) -> Result<GroupOffsets, CommandError> {
        let process = self.processes.get(&id).ok_or(CommandError::UnknownNode(id))?;
        let Node::Consumer(consumer) = &process.node else {
            return Err(CommandError::WrongKind { node: id, wanted: "a consumer" });
        };
        Ok(consumer.group_metadata(offsets))
    }

    fn tell_consumer(
        &mut self,
        id: NodeId,
        tell: impl FnOnce(&mut Consumer, &mut Cx<'_>),
    ) -> Outcome {
        self.require(id, ProcessState::Running, "running")?;
        let mut known = true;
        self.run(id, None, |node, cx| match node {
            Node::Consumer(consumer) => tell(consumer, cx),
            Node::Broker(_)
            | Node::Controller(_)
            | Node::Producer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => known = false,
        });
        if known { Ok(()) } else { Err(CommandError::WrongKind { node: id, wanted: "a consumer" }) }
    }

    fn is_share_consumer(&self, id: NodeId) -> bool {
        let node = self.processes.get(&id).map(|process| &process.node);
        matches!(node, Some(Node::ShareConsumer(_)))
    }

    fn tell_share(
        &mut self,
        id: NodeId,
        tell: impl FnOnce(&mut ShareConsumer, &mut Cx<'_>),
    ) -> Outcome {
        self.require(id, ProcessState::Running, "running")?;
        self.run(id, None, |node, cx| {
            if let Node::ShareConsumer(consumer) = node {
                tell(consumer, cx);
            }
        });
        Ok(())
    }

    pub(super) fn require_known(&self, id: NodeId) -> Result<ProcessState, CommandError> {
        self.processes.get(&id).map(|process| process.state).ok_or(CommandError::UnknownNode(id))
    }

    pub(super) fn require(&self, id: NodeId, state: ProcessState, wanted: &'static str) -> Outcome {
        if self.require_known(id)? == state {
            Ok(())
        } else {
            Err(CommandError::WrongState { node: id, wanted })
        }
    }

    fn require_new(&self, id: NodeId, fits: bool, wanted: &'static str) -> Outcome {
        let servers = self.processes.keys().filter(|id| !id.is_client()).count();
        let limit = self.spec.limits.nodes;
        if !fits {
            Err(CommandError::WrongKind { node: id, wanted })
        } else if self.processes.contains_key(&id) {
            Err(CommandError::NodeExists(id))
        } else if servers as u64 >= u64::from(limit) {
            Err(CommandError::Limit { what: "brokers and controllers", limit })
        } else {
            Ok(())
        }
    }
}

fn node_config(pairs: &ConfigPairs) -> Result<BrokerConfig, CommandError> {
    if let Some((key, _)) = pairs.iter().find(|(key, _)| is_dynamic_only(key)) {
        let reason =
            "is for a broker that runs: alter the configs of the broker instead".to_string();
        return Err(ConfigError::value(key, reason).into());
    }
    parsed(pairs)
}

fn parsed<T: ConfigTable>(pairs: &ConfigPairs) -> Result<T, CommandError> {
    Ok(T::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)))?)
}

fn as_admin(node: &mut Node) -> &mut Admin {
    let Node::Admin(admin) = node else { unreachable!("the admin client's id is its own") };
    admin
}
