//! The world: every process, every message under way, and the one place where they meet.
//!
//! It pops one event, runs one handler, carries out the effects that the handler pushed, and is at rest again before the next.
//! Invariant: after every step the effect list is empty, and the world depends on nothing but seed and commands.

mod commands;
mod disks;
mod exchange;
mod names;
mod payload;
mod process;
mod tampering;
mod timers;
mod transport;

pub use exchange::Exchange;
pub use process::{Process, ProcessState};

use crate::cx::{Cx, Effect, Streams};
use crate::ids::{EpochMs, MsgId, Name, NodeId, TopicId};
use crate::net::link::NetworkProfile;
use crate::net::{ConnId, Connection, Envelope, Links, MessageFaults};
use crate::node::{Node, Timer};
use crate::trace::{Fact, TraceEvent};
use crate::workload::Hand;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Digest, EventQueue, Limits, Micros, Seed, SimTime, digest_of};

/// The admin client every world has.
pub const ADMIN: NodeId = NodeId::FIRST_CLIENT;

/// What a world is made with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorldSpec {
    /// Decides all chance.
    pub seed: Seed,
    /// What links are like.
    pub profile: NetworkProfile,
    /// How much of everything there may be.
    pub limits: Limits,
    /// What wall clocks show at simulated time 0, in milliseconds since 1970.
    pub epoch_ms_at_zero: EpochMs,
}

/// What the world writes down besides changing. None of it is part of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observe {
    /// Facts at all.
    pub facts: bool,
    /// `RequestSent` and `ResponseSent` too.
    pub network: bool,
    /// Whole requests with their responses, as broker request logs have them.
    pub exchanges: bool,
}

/// Something scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Event {
    Arrive(MsgId),
    Read(ConnId),
    Timer(NodeId, Timer),
    Boot(NodeId),
}

/// Everything there is.
#[derive(Clone, Debug)]
pub struct World {
    spec: WorldSpec,
    now: SimTime,
    processes: FlatMap<NodeId, Process>,
    conns: FlatMap<ConnId, Connection>,
    flights: FlatMap<MsgId, Envelope>,
    links: Links,
    message_faults: MessageFaults,
    slow_disks: FlatMap<NodeId, Micros>,
    queue: EventQueue<Event>,
    streams: Streams,
    topic_names: FlatMap<TopicId, Name>,
    next_msg: u64,
    next_fact: u64,
    events_handled: u64,
    effects: Vec<Effect>,
    observe: Observe,
    facts: Vec<TraceEvent>,
    exchanges: Vec<Exchange>,
    open_exchanges: FlatMap<MsgId, usize>,
    /// When requests left that have arrived; for exchanges.
    sent: FlatMap<MsgId, SimTime>,
}

impl World {
    /// A world with an admin client and nothing else.
    pub fn new(spec: WorldSpec) -> Self {
        let mut world = Self {
            now: SimTime::ZERO,
            processes: FlatMap::new(),
            conns: FlatMap::new(),
            flights: FlatMap::new(),
            links: Links::new(spec.profile),
            message_faults: MessageFaults::default(),
            slow_disks: FlatMap::new(),
            queue: EventQueue::new(),
            streams: Streams::new(spec.seed),
            topic_names: FlatMap::new(),
            next_msg: 0,
            next_fact: 0,
            events_handled: 0,
            effects: Vec::new(),
            observe: Observe { facts: true, network: true, exchanges: false },
            facts: Vec::new(),
            exchanges: Vec::new(),
            open_exchanges: FlatMap::new(),
            sent: FlatMap::new(),
            spec,
        };
        world.add_admin();
        world
    }

    /// The simulated moment.
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// What it was made with.
    pub const fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    /// How many events were handled since the beginning.
    pub const fn events_handled(&self) -> u64 {
        self.events_handled
    }

    /// When something happens next.
    pub fn next_event_at(&mut self) -> Option<SimTime> {
        self.queue.peek()
    }

    /// Handles the next event if it is due by `until`; otherwise moves the clock there. Whether an event was handled.
    pub fn step(&mut self, until: SimTime) -> bool {
        let Some((at, _, event)) = self.queue.pop_due(until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = at;
        self.events_handled += 1;
        self.handle(event);
        debug_assert!(self.effects.is_empty());
        true
    }

    /// Handles everything due by `until`.
    pub fn run_until(&mut self, until: SimTime) {
        while self.step(until) {}
    }

    /// The digest of the state, equal on every machine for equal pasts.
    pub fn digest(&self) -> Digest {
        digest_of(self)
    }

    /// Chooses what is written down.
    pub fn set_observe(&mut self, observe: Observe) {
        self.observe = observe;
    }

    /// Takes the facts stated since the last call, oldest first.
    pub fn take_facts(&mut self) -> Vec<TraceEvent> {
        core::mem::take(&mut self.facts)
    }

    /// How many facts were stated since the beginning.
    pub const fn facts_stated(&self) -> u64 {
        self.next_fact
    }

    /// Requests with their responses, in order of arrival, if observed.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Messages under way, in the order in which they left.
    pub fn flights(&self) -> impl Iterator<Item = &Envelope> {
        self.flights.values()
    }

    /// Messages under way from an id on, in the order in which they left.
    pub fn flights_since(&self, first: MsgId) -> impl Iterator<Item = &Envelope> {
        self.flights.range(first..).map(|(_, envelope)| envelope)
    }

    /// One message under way.
    pub fn flight(&self, id: MsgId) -> Option<&Envelope> {
        self.flights.get(&id)
    }

    /// The links.
    pub const fn links(&self) -> &Links {
        &self.links
    }

    /// Connections with their state.
    pub fn connections(&self) -> impl Iterator<Item = (&ConnId, &Connection)> {
        self.conns.iter()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive(msg) => self.arrive(msg),
            Event::Read(conn) => self.read_next(conn),
            Event::Timer(node, timer) => self.timer_due(node, timer),
            Event::Boot(node) => self.boot(node),
        }
    }

    /// Runs one handler of `id` and carries out its effects.
    fn run(
        &mut self,
        id: NodeId,
        cause: Option<MsgId>,
        handler: impl FnOnce(&mut Node, &mut Cx<'_>),
    ) {
        let process = self.processes.get_mut(&id).expect("handlers run on existing processes");
        let mut ended = process.state == ProcessState::Down;
        let mut effects = core::mem::take(&mut self.effects);
        let mut cx = Cx {
            now: self.now,
            me: id,
            cause,
            epoch_ms_at_zero: self.spec.epoch_ms_at_zero + process.clock_skew_ms,
            streams: &mut self.streams,
            out: &mut effects,
        };
        handler(&mut process.node, &mut cx);
        let mut passed = Vec::new();
        for effect in effects.drain(..) {
            // Whoever has ended does nothing more, whatever its last handler still had in mind.
            if !ended || matches!(effect, Effect::Note(_)) {
                ended |= matches!(effect, Effect::Exit | Effect::Halt);
                self.carry_out(id, cause, effect, &mut passed);
            }
        }
        self.effects = effects;
        // Whoever is handed something may hand something back, which must find what this handler wished for already done.
        for (to, hand) in passed {
            self.pass(id, to, hand);
        }
    }

    fn carry_out(
        &mut self,
        me: NodeId,
        cause: Option<MsgId>,
        effect: Effect,
        passed: &mut Vec<(NodeId, Hand)>,
    ) {
        match effect {
            Effect::Request { to, lane, correlation, body } => {
                self.send_request(
                    ConnId { client: me, server: to, lane },
                    correlation,
                    body,
                    cause,
                );
            }
            Effect::Respond { conn, correlation, body } => {
                self.respond(conn, correlation, body, cause)
            }
            Effect::Mute { conn, until } => self.mute(conn, until),
            Effect::Close { conn } => self.close(conn, me),
            Effect::Arm { timer, after } => self.arm(me, timer, after),
            Effect::Disarm { timer } => self.disarm(me, &timer),
            Effect::Pass { to, hand } => passed.push((to, hand)),
            Effect::Note(fact) => self.note(me, cause, fact),
            Effect::NoteLate { fact, cause } => self.note(me, cause, fact),
            Effect::Exit => self.exit(me, crate::trace::Exit::Clean),
            Effect::Halt => self.exit(me, crate::trace::Exit::Halted),
        }
    }

    fn note(&mut self, node: NodeId, cause: Option<MsgId>, fact: Fact) {
        if let Fact::TopicCreated { topic, name, .. } = &fact {
            self.topic_names.insert(*topic, name.clone());
        }
        let seq = self.next_fact;
        self.next_fact += 1;
        if self.observe.facts {
            self.facts.push(TraceEvent { at: self.now, seq, node, cause, fact });
        }
    }
}

impl Hash for World {
    /// What is observed and how the queue is laid out are left out; timers and flights say what is scheduled.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spec.hash(state);
        self.now.hash(state);
        self.processes.hash(state);
        self.conns.hash(state);
        self.flights.hash(state);
        self.links.hash(state);
        self.message_faults.hash(state);
        self.slow_disks.hash(state);
        self.streams.hash(state);
        self.next_msg.hash(state);
        self.events_handled.hash(state);
    }
}
