//! The stage a recording is played on: a world with the cluster of the recording, and the applications on it.
//!
//! Invariant: the clock only moves while a step waits for something, and every fact stated meanwhile is in the book.

use super::book::Book;
use super::script::{Cluster, GoldenRun};
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::client::admin::{Admin, AdminResult, AdminTimeouts};
use kafkascope_model::command::{AdminCommand, Command, CommandError, ConfigPairs};
use kafkascope_model::config::ConfigError;
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::trace::TraceEvent;
use kafkascope_model::world::{ADMIN, Observe, World, WorldSpec};
use std::collections::BTreeMap;

/// Why a step could not be carried out at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The model has no such thing yet.
    NotImplemented(String),
    /// Kafka itself refuses a config.
    Config(ConfigError),
    /// The script asks for something impossible, or an answer never came.
    Problem(String),
}

impl Stop {
    /// Something went wrong, in one sentence.
    pub fn problem(sentence: impl Into<String>) -> Self {
        Self::Problem(sentence.into())
    }

    /// The model lacks `what`.
    pub fn lacks(what: impl Into<String>) -> Self {
        Self::NotImplemented(what.into())
    }
}

impl From<CommandError> for Stop {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Config(error) => Self::Config(error),
            CommandError::UnknownNode(_)
            | CommandError::NodeExists(_)
            | CommandError::WrongKind { .. }
            | CommandError::WrongState { .. }
            | CommandError::Limit { .. }
            | CommandError::Invalid(_) => Self::problem(error.to_string()),
        }
    }
}

/// What is written down of a run besides what its steps need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// Nothing.
    Steps,
    /// Every fact, the network's too.
    Facts,
    /// Every request with its response.
    Exchanges,
}

/// What the recorder's admin client is configured with.
const TIMEOUTS: AdminTimeouts =
    AdminTimeouts { request: Micros::from_ms(5_000), api: Micros::from_ms(15_000) };

/// A name a script gave to a client: the application process, and the name in it.
pub type AppName = (String, String);

/// How long a broker's process needs before it speaks to the controller, on the recorder's machine.
const BOOT_MS: u64 = 2_200;
/// How long a controller's process needs; it begins together with the first broker's.
const CONTROLLER_BOOT_MS: u64 = 1_800;
/// How much time the first step is after the start of a cluster, for each broker: they are started one after another.
const START_MS: u64 = 2_400;
/// How much longer that is where the offsets topic is to be loaded first.
const WARM_UP_MS: u64 = 6_000;
/// How often the recorder looks whether a port is open.
const LOOK_MS: u64 = 200;

/// A world with a cluster, and what its applications saw.
#[derive(Debug)]
pub struct Stage {
    /// The world.
    pub world: World,
    /// What applications saw.
    pub book: Book,
    /// Clients by the names that the script gave them.
    pub clients: BTreeMap<AppName, NodeId>,
    /// The simulated moment that is `t_ms` 0.
    pub begin: SimTime,
    /// Wall clock (epoch ms) at `t_ms` 0.
    pub started_at_ms: i64,
    /// Every fact since the beginning, if they are to be kept.
    pub kept: Option<Vec<TraceEvent>>,
    /// How many clients without an id of their own each application has made, by kind.
    pub made: BTreeMap<(String, &'static str), u32>,
}

impl Stage {
    /// Builds the cluster and lets it come up.
    pub fn open(run: &GoldenRun, seed: Seed, watch: Watch) -> Result<Self, Stop> {
        let mut stage = Self::new(run, seed, watch);
        stage.build(&run.cluster)?;
        if let Some(call) = super::placement::offsets_topic(run) {
            stage.ask(call)?;
        }
        if run.cluster.warm {
            stage.warm_up()?;
        }
        if stage.world.now() > stage.begin {
            return Err(Stop::problem("the cluster took longer to come up than it may"));
        }
        stage.advance_to(stage.begin);
        Ok(stage)
    }

    fn new(run: &GoldenRun, seed: Seed, watch: Watch) -> Self {
        let warm_up = if run.cluster.warm { WARM_UP_MS } else { 0 };
        let begin_ms = (run.cluster.brokers as u64 + 1) * START_MS + warm_up;
        let spec = WorldSpec {
            seed,
            profile: NetworkProfile { boot: Micros::from_ms(BOOT_MS), ..NetworkProfile::KAFKA },
            limits: Limits::NATIVE,
            epoch_ms_at_zero: run.started_at_ms - begin_ms as i64,
        };
        let mut world = World::new(spec);
        let exchanges = watch == Watch::Exchanges;
        world.set_observe(Observe { facts: true, network: watch == Watch::Facts, exchanges });
        world.set_admin_timeouts(TIMEOUTS);
        let kept = (watch == Watch::Facts).then(Vec::new);
        let (book, clients, made) = (Book::default(), BTreeMap::new(), BTreeMap::new());
        let (begin, started_at_ms) = (SimTime::from_ms(begin_ms), run.started_at_ms);
        Self { world, book, clients, made, begin, started_at_ms, kept }
    }

    fn build(&mut self, cluster: &Cluster) -> Result<(), Stop> {
        let config: ConfigPairs = super::configs::of_nodes(cluster)?;
        let controllers =
            (0..cluster.controllers).map(|at| NodeId(NodeId::FIRST_CONTROLLER.0 + at));
        for id in controllers {
            self.submit(&Command::AddController { id, config: config.clone() })?;
        }
        self.advance(Micros(1));
        self.hold_controllers(true)?;
        for id in 1..=cluster.brokers {
            let rack = cluster.racks.get(&id.to_string()).map(|rack| rack.as_str().into());
            self.submit(&Command::AddBroker { id: NodeId(id), rack, config: config.clone() })?;
            if id == 1 {
                self.advance(Micros::from_ms(CONTROLLER_BOOT_MS));
                self.hold_controllers(false)?;
            }
            self.wait_for_port(NodeId(id))?;
        }
        Ok(())
    }

    /// Controllers stand still as long as their processes would take to boot.
    fn hold_controllers(&mut self, hold: bool) -> Result<(), Stop> {
        for id in self.world.controller_ids() {
            self.submit(&if hold { Command::Pause(id) } else { Command::Resume(id) })?;
        }
        Ok(())
    }

    /// Waits until a node takes connections, as the recorder does: it looks again and again.
    pub fn wait_for_port(&mut self, id: NodeId) -> Result<(), Stop> {
        let until = self.world.now() + PATIENCE;
        while !self.has_port(id) {
            if self.world.now() >= until {
                return Err(Stop::problem(format!("node {id} did not come up")));
            }
            self.advance(Micros::from_ms(LOOK_MS));
        }
        Ok(())
    }

    /// Carries out a command.
    pub fn submit(&mut self, command: &Command) -> Result<(), Stop> {
        self.world.submit(command)?;
        self.fold();
        Ok(())
    }

    /// The moment `t_ms` of the recording.
    pub fn moment(&self, t_ms: u64) -> SimTime {
        self.begin + Micros::from_ms(t_ms)
    }

    /// Lets time pass.
    pub fn advance_to(&mut self, until: SimTime) {
        while self.world.step(until) {
            self.fold();
        }
    }

    /// Lets time pass for so long.
    pub fn advance(&mut self, span: Micros) {
        self.advance_to(self.world.now() + span);
    }

    /// Lets time pass until `found` finds something, `limit` at most.
    pub fn wait<T>(
        &mut self,
        limit: Micros,
        mut found: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let until = self.world.now() + limit;
        loop {
            if let Some(answer) = found(self) {
                return Some(answer);
            }
            if !self.world.step(until) {
                return None;
            }
            self.fold();
        }
    }

    /// Asks through the admin client and waits for the answer.
    pub fn ask(&mut self, call: AdminCommand) -> Result<AdminResult, Stop> {
        let number = self.begin_ask(call)?;
        self.answer(number)
    }

    /// Asks through the admin client; the number is what [`Self::answer`] wants.
    pub fn begin_ask(&mut self, call: AdminCommand) -> Result<u32, Stop> {
        self.submit(&Command::Admin(call))?;
        Ok(self.admin().calls_made())
    }

    /// Waits for the answer to a call.
    pub fn answer(&mut self, number: u32) -> Result<AdminResult, Stop> {
        self.wait(PATIENCE, |stage| stage.admin().result(number).cloned())
            .ok_or_else(|| Stop::problem("the admin client got no answer"))
    }

    fn admin(&self) -> &Admin {
        match self.node(ADMIN) {
            Some(Node::Admin(admin)) => admin,
            _ => unreachable!("every world has an admin client"),
        }
    }

    /// The client that the script calls `name`.
    pub fn client(&self, app: &str, name: &str) -> Result<NodeId, Stop> {
        let known = self.clients.get(&(app.to_string(), name.to_string()));
        known.copied().ok_or_else(|| Stop::problem(format!("no step opened '{name}' before")))
    }

    /// `trips-0`.
    pub fn partition_name(&self, tp: TopicPartition) -> String {
        self.world.partition_name(tp)
    }

    /// Whether a process ended.
    pub fn is_down(&self, id: NodeId) -> bool {
        self.world.state(id) == kafkascope_model::world::ProcessState::Down
    }

    /// A node's role and state.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.world.process(id).map(|process| &process.node)
    }

    fn fold(&mut self) {
        for event in self.world.take_facts() {
            let generation = self.generation(event.node);
            if let Some(kept) = &mut self.kept {
                kept.push(event.clone());
            }
            self.book.fold(event, generation);
        }
    }
}

/// How long an answer is waited for before the step counts as failed: longer than any of Kafka's own time-outs.
pub const PATIENCE: Micros = Micros::from_ms(600_000);
