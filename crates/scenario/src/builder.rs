//! A scenario in code: the cluster, its topics, its applications, and what happens to them.
//!
//! Time runs in three steps: brokers boot, topics are created, applications start; then the page opens. Invariant: applications
//! get their node ids in the order in which they are added, those of later entries in the order of time.

use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::command::{
    AdminCommand, Command, ConfigPairs, ConsumerSpec, ProducerSpec, ShareConsumerSpec,
};
use kafkascope_model::ids::{EpochMs, Name, NodeId};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::world::{ADMIN, WorldSpec};
use kafkascope_session::{Entry, Script};

/// What wall clocks show at time 0 unless told otherwise: 25 June 2020, 14:00 UTC.
const EPOCH_MS: EpochMs = 1_593_093_600_000;

/// What a scenario says to whoever watches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// A few words.
    pub title: String,
    /// One sentence: what it is about.
    pub teaser: String,
    /// What to watch for and what to try, a sentence each.
    pub watch: Vec<String>,
}

/// A scenario that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its texts.
    pub story: Story,
    /// What decides its run.
    pub script: Script,
}

/// Builds a scenario.
#[derive(Clone, Debug)]
pub struct Builder {
    story: Story,
    spec: WorldSpec,
    cluster_config: ConfigPairs,
    controllers: i32,
    zookeeper: bool,
    brokers: Vec<(NodeId, Option<Name>, ConfigPairs)>,
    topics: Vec<AdminCommand>,
    clients: Vec<Command>,
    entries: Vec<Entry>,
    opens_at: Option<SimTime>,
}

impl Builder {
    /// One controller, no brokers, a classroom's network.
    pub fn new(title: &str) -> Self {
        Self {
            story: Story { title: title.to_string(), ..Story::default() },
            spec: WorldSpec {
                seed: Seed(1),
                profile: NetworkProfile::CLASSROOM,
                limits: Limits::WEB,
                epoch_ms_at_zero: EPOCH_MS,
            },
            cluster_config: Vec::new(),
            controllers: 1,
            zookeeper: false,
            brokers: Vec::new(),
            topics: Vec::new(),
            clients: Vec::new(),
            entries: Vec::new(),
            opens_at: None,
        }
    }

    /// All texts.
    pub fn story(mut self, story: Story) -> Self {
        self.story = story;
        self
    }

    /// What decides all chance.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.spec.seed = Seed(seed);
        self
    }

    /// What links are like.
    pub const fn network(mut self, profile: NetworkProfile) -> Self {
        self.spec.profile = profile;
        self
    }

    /// How much of everything there may be.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.spec.limits = limits;
        self
    }

    /// What wall clocks show at time 0.
    pub const fn clock(mut self, epoch_ms: EpochMs) -> Self {
        self.spec.epoch_ms_at_zero = epoch_ms;
        self
    }

    /// The moment a page opens at.
    pub const fn opens_at(mut self, at: SimTime) -> Self {
        self.opens_at = Some(at);
        self
    }

    /// So many controllers, with ids from 100.
    pub const fn controllers(mut self, count: i32) -> Self {
        self.controllers = count;
        self
    }

    /// One ZooKeeper server in place of controllers, as in Kafka up to 3.x.
    pub const fn zookeeper(mut self) -> Self {
        self.zookeeper = true;
        self.controllers = 1;
        self
    }

    /// Configs of every broker and controller.
    pub fn cluster_config(mut self, config: ConfigPairs) -> Self {
        self.cluster_config = config;
        self
    }

    /// So many brokers without racks, with ids from 1.
    pub fn brokers(mut self, count: i32) -> Self {
        self.brokers.extend((1..=count).map(|id| (NodeId(id), None, Vec::new())));
        self
    }

    /// One broker with its own rack and configs: another one, or one of those there are.
    pub fn broker(mut self, id: NodeId, rack: Option<Name>, config: ConfigPairs) -> Self {
        match self.brokers.iter_mut().find(|known| known.0 == id) {
            Some(known) => *known = (id, rack, config),
            None => self.brokers.push((id, rack, config)),
        }
        self
    }

    /// A topic whose replicas the controller places.
    pub fn topic(self, name: &str, partitions: i32, replication_factor: i16) -> Self {
        self.topic_as(AdminCommand::CreateTopic {
            name: name.into(),
            partitions,
            replication_factor,
            assignments: Vec::new(),
            configs: Vec::new(),
        })
    }

    /// A topic as `CreateTopic` has it.
    pub fn topic_as(mut self, create: AdminCommand) -> Self {
        assert!(matches!(create, AdminCommand::CreateTopic { .. }), "topics are created");
        self.topics.push(create);
        self
    }

    /// An application with a producer. Its first event comes when its workload says, counted from the opening.
    pub fn producer(mut self, spec: ProducerSpec) -> Self {
        self.clients.push(Command::AddProducer(spec));
        self
    }

    /// An application with a consumer.
    pub fn consumer(mut self, spec: ConsumerSpec) -> Self {
        self.clients.push(Command::AddConsumer(spec));
        self
    }

    /// An application with a share consumer.
    pub fn share_consumer(mut self, spec: ShareConsumerSpec) -> Self {
        self.clients.push(Command::AddShareConsumer(spec));
        self
    }

    /// Something that happens at a moment.
    pub fn at(mut self, at: SimTime, command: Command) -> Self {
        self.entries.push(Entry { at, command });
        self
    }

    /// The node id that the application added under this name has from the beginning.
    pub fn client(&self, name: &str) -> Option<NodeId> {
        let at = self.clients.iter().position(|command| name_of(command) == Some(name))?;
        Some(NodeId(ADMIN.0 + 1 + at as i32))
    }

    /// What decides all chance.
    pub const fn seed_of(&self) -> Seed {
        self.spec.seed
    }

    /// Brokers so far.
    pub fn broker_ids(&self) -> Vec<NodeId> {
        self.brokers.iter().map(|(id, ..)| *id).collect()
    }

    /// Controllers so far.
    pub fn controller_ids(&self) -> Vec<NodeId> {
        (0..self.controllers).map(|index| NodeId(NodeId::FIRST_CONTROLLER.0 + index)).collect()
    }

    /// Whether metadata is in ZooKeeper.
    pub const fn has_zookeeper(&self) -> bool {
        self.zookeeper
    }

    /// Whether every broker is given this config.
    pub fn has_config(&self, key: &str) -> bool {
        self.cluster_config.iter().any(|(known, _)| &**known == key)
    }

    /// Whether a broker has this id.
    pub fn has_broker(&self, id: NodeId) -> bool {
        self.broker_ids().contains(&id)
    }

    /// When topics are created: the brokers have registered and caught up by then.
    pub fn topics_at(&self) -> SimTime {
        let profile = self.spec.profile;
        SimTime::from_ms(4_000) + profile.latency * 14
    }

    /// When applications start.
    pub fn clients_at(&self) -> SimTime {
        self.topics_at() + Micros::from_ms(1_000) + self.spec.profile.latency * 6
    }

    /// When the page opens: unless told otherwise, when groups are settled.
    pub fn opening(&self) -> SimTime {
        self.opens_at.unwrap_or(self.settled())
    }

    /// When groups are settled and producers begin.
    fn settled(&self) -> SimTime {
        let settled = self.clients_at() + Micros::from_ms(5_000) + self.spec.profile.latency * 20;
        SimTime(settled.0.next_multiple_of(5_000_000))
    }

    /// The scenario.
    pub fn build(self) -> Scenario {
        let (topics_at, clients_at, settled) =
            (self.topics_at(), self.clients_at(), self.settled());
        let mut script = Script::new(self.spec.clone());
        script.opens_at = self.opening();
        script.setup = self.servers();
        for topic in self.topics {
            script.insert(Entry { at: topics_at, command: Command::Admin(topic) });
        }
        for client in self.clients {
            let command = from_the_opening(client, settled.since(clients_at));
            script.insert(Entry { at: clients_at, command });
        }
        for entry in self.entries {
            script.insert(entry);
        }
        Scenario { story: self.story, script }
    }

    /// The commands that start brokers and controllers.
    fn servers(&self) -> Vec<Command> {
        let controllers = self.controller_ids().into_iter().map(|id| match self.zookeeper {
            true => Command::AddZookeeper { id },
            false => Command::AddController { id, config: self.cluster_config.clone() },
        });
        let brokers = self.brokers.iter().map(|(id, rack, own)| Command::AddBroker {
            id: *id,
            rack: rack.clone(),
            config: merged(&self.cluster_config, own),
        });
        controllers.chain(brokers).collect()
    }
}

/// What an application is called.
pub fn name_of(command: &Command) -> Option<&str> {
    if let Command::AddProducer(ProducerSpec { name, .. })
    | Command::AddConsumer(ConsumerSpec { name, .. })
    | Command::AddShareConsumer(ShareConsumerSpec { name, .. }) = command
    {
        Some(name)
    } else {
        None
    }
}

/// Pairs with those of `own` in place of the same keys.
pub fn merged(common: &ConfigPairs, own: &ConfigPairs) -> ConfigPairs {
    let kept = common.iter().filter(|(key, _)| own.iter().all(|(mine, _)| mine != key));
    kept.chain(own).cloned().collect()
}

fn from_the_opening(mut client: Command, wait: Micros) -> Command {
    if let Command::AddProducer(ProducerSpec { workload: Some(workload), .. }) = &mut client {
        workload.first_after = workload.first_after + wait;
    }
    client
}
