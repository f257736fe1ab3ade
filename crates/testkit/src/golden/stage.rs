//! The stage a recording is played on: a world with the cluster of the recording, and the applications on it.
//!
//! Invariant: the clock only moves while a step waits for something, and every fact stated meanwhile is in the book.

use super::book::Book;
use super::script::{Cluster, GoldenRun};
use kafkascope_kernel::{Limits, Micros, Seed, SimTime};
use kafkascope_model::client::admin::{Admin, AdminResult};
use kafkascope_model::command::{AdminCommand, Command, CommandError, ConfigPairs};
use kafkascope_model::ids::{NodeId, TopicPartition};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::node::Node;
use kafkascope_model::world::{ADMIN, Observe, World, WorldSpec};
use std::collections::BTreeMap;

/// Why a step could not be carried out at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The model has no such thing yet.
    NotImplemented(String),
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
        Self::problem(error.to_string())
    }
}

/// A name a script gave to a client: the application process, and the name in it.
pub type AppName = (String, String);

/// The simulated moment that is `t_ms` 0; the cluster must be up by then.
const CURTAIN: SimTime = SimTime::from_ms(20_000);

/// A world with a cluster, and what its applications saw.
#[derive(Debug)]
pub struct Stage {
    /// The world.
    pub world: World,
    /// What applications saw.
    pub book: Book,
    /// Clients by the names that the script gave them.
    pub clients: BTreeMap<AppName, NodeId>,
    /// How many clients without an id of their own each application has made, by kind.
    pub made: BTreeMap<(String, &'static str), u32>,
}

impl Stage {
    /// Builds the cluster and lets it come up.
    pub fn open(run: &GoldenRun, seed: Seed) -> Result<Self, Stop> {
        let mut stage = Self::new(run.started_at_ms, seed);
        stage.build(&run.cluster)?;
        if run.cluster.warm {
            stage.warm_up()?;
        }
        if stage.world.now() > CURTAIN {
            return Err(Stop::problem("the cluster took longer to come up than it may"));
        }
        stage.advance_to(CURTAIN);
        Ok(stage)
    }

    fn new(started_at_ms: i64, seed: Seed) -> Self {
        let spec = WorldSpec {
            seed,
            profile: NetworkProfile::KAFKA,
            limits: Limits::NATIVE,
            epoch_ms_at_zero: started_at_ms - CURTAIN.as_ms() as i64,
        };
        let mut world = World::new(spec);
        world.set_observe(Observe { facts: true, network: false, exchanges: false });
        let (book, clients, made) = (Book::default(), BTreeMap::new(), BTreeMap::new());
        Self { world, book, clients, made }
    }

    fn build(&mut self, cluster: &Cluster) -> Result<(), Stop> {
        let config: ConfigPairs = super::configs::of_nodes(cluster)?;
        for id in (0..cluster.controllers).map(|at| NodeId(NodeId::FIRST_CONTROLLER.0 + at)) {
            self.submit(&Command::AddController { id, config: config.clone() })?;
        }
        for id in 1..=cluster.brokers {
            let rack = cluster.racks.get(&id.to_string()).map(|rack| rack.as_str().into());
            self.submit(&Command::AddBroker { id: NodeId(id), rack, config: config.clone() })?;
        }
        for id in 1..=cluster.brokers {
            self.wait_for_port(NodeId(id))?;
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
    pub fn moment(t_ms: u64) -> SimTime {
        CURTAIN + Micros::from_ms(t_ms)
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
        self.submit(&Command::Admin(call))?;
        let number = self.admin().calls_made();
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
            self.book.fold(event, generation);
        }
    }
}

/// How long an answer is waited for before the step counts as failed: longer than any of Kafka's own time-outs.
pub const PATIENCE: Micros = Micros::from_ms(600_000);
