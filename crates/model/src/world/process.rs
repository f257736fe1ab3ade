//! Processes: how they start, stand still and end.
//!
//! Invariant: only a running or stopping process handles anything; what reaches a paused one waits, what reaches a dead one is
//! refused.

use super::timers::Deadline;
use super::{Event, World};
use crate::broker::Broker;
use crate::ids::{NodeId, RecordId};
use crate::node::{Node, Timer};
use crate::trace::{Exit, Fact};
use crate::workload::{CommitStrategy, Hand};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kafkascope_kernel::{FlatMap, Micros, SimTime};

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessState {
    /// Being started; not yet reachable.
    Starting,
    /// Running.
    Running,
    /// Running, and asked to end.
    Stopping,
    /// Stopped in its tracks (SIGSTOP).
    Paused,
    /// Not there; its disk is.
    Down,
}

/// A process and what waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    /// Its role and state.
    pub node: Node,
    /// Whether it runs.
    pub state: ProcessState,
    /// Since when it is in this state.
    pub since: SimTime,
    /// How far its wall clock is ahead (or, below 0, behind), in milliseconds.
    pub clock_skew_ms: i64,
    parked: Vec<Event>,
    pub(super) timers: FlatMap<Timer, Deadline>,
}

impl World {
    /// Every process by id.
    pub fn processes(&self) -> impl Iterator<Item = (NodeId, &Process)> {
        self.processes.iter().map(|(id, process)| (*id, process))
    }

    /// One process.
    pub fn process(&self, id: NodeId) -> Option<&Process> {
        self.processes.get(&id)
    }

    /// One broker; none if this is no broker's id.
    pub fn broker(&self, id: NodeId) -> Option<&Broker> {
        match &self.process(id)?.node {
            Node::Broker(broker) => Some(broker),
            Node::Controller(_)
            | Node::Producer(_)
            | Node::Consumer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => None,
        }
    }

    /// Whether a process runs; `Down` for an unknown one.
    pub fn state(&self, id: NodeId) -> ProcessState {
        self.processes.get(&id).map_or(ProcessState::Down, |process| process.state)
    }

    pub(super) fn add_process(&mut self, id: NodeId, node: Node, boot: Micros) {
        let process = Process {
            node,
            state: ProcessState::Down,
            since: self.now,
            clock_skew_ms: 0,
            parked: Vec::new(),
            timers: FlatMap::new(),
        };
        let before = self.processes.insert(id, process);
        assert!(before.is_none(), "ids are not reused");
        self.begin_start(id, boot);
    }

    pub(super) fn begin_start(&mut self, id: NodeId, boot: Micros) {
        self.set_state(id, ProcessState::Starting);
        self.note(id, None, Fact::Starting);
        self.queue.schedule(self.now + boot, Event::Boot(id));
    }

    pub(super) fn boot(&mut self, id: NodeId) {
        if self.state(id) == ProcessState::Starting {
            self.set_state(id, ProcessState::Running);
            self.run(id, None, Node::start);
        }
    }

    pub(super) fn begin_stop(&mut self, id: NodeId) {
        self.set_state(id, ProcessState::Stopping);
        self.run(id, None, Node::shut_down);
    }

    pub(super) fn pause(&mut self, id: NodeId) {
        self.set_state(id, ProcessState::Paused);
        self.note(id, None, Fact::Paused);
    }

    pub(super) fn resume(&mut self, id: NodeId) {
        self.catch_up_write_back(id);
        self.set_state(id, ProcessState::Running);
        self.note(id, None, Fact::Resumed);
        let process = self.processes.get_mut(&id).expect("a paused process exists");
        // What waits in sockets comes first; a periodic task that was missed again and again runs its last time after it.
        let parked = core::mem::take(&mut process.parked);
        let is_timer = |event: &Event| matches!(event, Event::Timer(..));
        let (timers, others): (Vec<Event>, Vec<Event>) = parked.into_iter().partition(is_timer);
        for event in others.into_iter().chain(timers) {
            self.unpark(event);
        }
    }

    /// One half of an application hands something to the other; what reaches a half that does not run is lost with it.
    pub(super) fn pass(&mut self, from: NodeId, to: NodeId, hand: Hand) {
        if matches!(self.state(to), ProcessState::Running | ProcessState::Stopping) {
            self.run(to, None, |node, cx| node.on_pass(from, hand, cx));
        }
    }

    /// The other half of the application that a node is a half of: they are one process, and live and die together.
    pub(super) fn other_half(&self, id: NodeId) -> Option<NodeId> {
        let producer_of = |node: &Node| match node {
            Node::Consumer(consumer) => match consumer.spec.processing.commits {
                CommitStrategy::InTransaction { producer } => Some(producer),
                CommitStrategy::ByConfig
                | CommitStrategy::SyncPerBatch
                | CommitStrategy::SyncPerRecord
                | CommitStrategy::AsyncPerBatch
                | CommitStrategy::Background { .. }
                | CommitStrategy::Pool { .. } => None,
            },
            Node::Broker(_)
            | Node::Controller(_)
            | Node::Producer(_)
            | Node::ShareConsumer(_)
            | Node::Admin(_)
            | Node::Zookeeper(_) => None,
        };
        let own = self.processes.get(&id).and_then(|process| producer_of(&process.node));
        let halves =
            self.processes.iter().filter(|(_, other)| producer_of(&other.node) == Some(id));
        own.or_else(|| halves.map(|(id, _)| *id).next())
    }

    /// The process ends: its timers and connections with it, its disk stays.
    pub(super) fn exit(&mut self, id: NodeId, how: Exit) {
        if self.state(id) == ProcessState::Down {
            return;
        }
        self.set_state(id, ProcessState::Down);
        self.note(id, None, Fact::Exited(how));
        self.note_buffer_lost(id);
        self.disarm_all(id);
        let process = self.processes.get_mut(&id).expect("an ending process exists");
        process.parked.clear();
        process.node.kill();
        self.reset_connections(id);
    }

    /// What a producer takes along.
    fn note_buffer_lost(&mut self, id: NodeId) {
        let Some(Node::Producer(producer)) = self.processes.get(&id).map(|it| &it.node) else {
            return;
        };
        let records: Arc<[RecordId]> = producer.never_left().collect();
        if !records.is_empty() {
            self.note(id, None, Fact::BufferLost { records });
        }
    }

    pub(super) fn park(&mut self, id: NodeId, event: Event) {
        self.processes.get_mut(&id).expect("a paused process exists").parked.push(event);
    }

    /// A timer that ran out meanwhile is due at once, everything else arrives at once.
    fn unpark(&mut self, event: Event) {
        match event {
            Event::Timer(node, timer) => self.arm(node, timer, Micros::ZERO),
            Event::Arrive(_) | Event::Read(_) | Event::Boot(_) => {
                self.queue.schedule(self.now, event);
            }
        }
    }

    fn set_state(&mut self, id: NodeId, state: ProcessState) {
        let process = self.processes.get_mut(&id).expect("only existing processes change");
        process.state = state;
        process.since = self.now;
    }
}
