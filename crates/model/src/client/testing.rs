//! A bench for one client: the test plays the brokers.
//!
//! Invariant: effects are kept in order, so that a test reads requests and facts as they left.

use crate::api::response::{Metadata, PartitionMetadata, TopicMetadata};
use crate::api::{ErrorCode, Request, Response};
use crate::cx::{Cx, Effect, Streams};
use crate::ids::{Correlation, NodeId, TopicId};
use crate::net::Lane;
use crate::node::Timer;
use crate::trace::Fact;
use alloc::vec;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, Seed, SimTime};

/// A client's surroundings.
pub(crate) struct Bench {
    pub(crate) now: SimTime,
    streams: Streams,
    pub(crate) requests: Vec<Sent>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) timers: FlatMap<Timer, SimTime>,
    pub(crate) closed: Vec<NodeId>,
    pub(crate) exited: bool,
}

/// A request that left.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) to: NodeId,
    pub(crate) lane: Lane,
    pub(crate) correlation: Correlation,
    pub(crate) body: Request,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            now: SimTime::ZERO,
            streams: Streams::new(Seed(7)),
            requests: Vec::new(),
            facts: Vec::new(),
            timers: FlatMap::new(),
            closed: Vec::new(),
            exited: false,
        }
    }

    /// Lets a handler run.
    pub(crate) fn run<T>(&mut self, handler: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let mut out = Vec::new();
        let mut cx = Cx {
            now: self.now,
            me: NodeId(1_001),
            cause: None,
            epoch_ms_at_zero: 1_000_000,
            streams: &mut self.streams,
            out: &mut out,
        };
        let result = handler(&mut cx);
        for effect in out {
            self.take(effect);
        }
        result
    }

    /// Moves the clock.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        self.now += Micros::from_ms(ms);
    }

    /// The next request that left, if any.
    pub(crate) fn next(&mut self) -> Option<Sent> {
        if self.requests.is_empty() { None } else { Some(self.requests.remove(0)) }
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Request { to, lane, correlation, body } => {
                self.requests.push(Sent { to, lane, correlation, body });
            }
            Effect::Note(fact) | Effect::NoteLate { fact, .. } => self.facts.push(fact),
            Effect::Arm { timer, after } => {
                self.timers.insert(timer, self.now + after);
            }
            Effect::Disarm { timer } => {
                self.timers.remove(&timer);
            }
            Effect::Close { conn } => self.closed.push(conn.server),
            Effect::Exit => self.exited = true,
            Effect::Pass { .. } => {}
            Effect::Respond { .. } | Effect::Mute { .. } | Effect::Halt => {
                unreachable!("clients serve no requests")
            }
        }
    }
}

/// An answer to METADATA: brokers 1 to 3, and a topic whose partitions have these leaders and epochs.
pub(crate) fn metadata_of(name: &str, id: u32, leaders: &[(i32, i32)]) -> Response {
    let partitions = (0..).zip(leaders).map(|(index, (leader, epoch))| PartitionMetadata {
        error: if *leader < 0 { ErrorCode::LeaderNotAvailable } else { ErrorCode::None },
        partition_index: index,
        leader_id: NodeId(*leader),
        leader_epoch: *epoch,
        replica_nodes: vec![NodeId(1), NodeId(2), NodeId(3)],
        isr_nodes: vec![NodeId(1), NodeId(2), NodeId(3)],
        offline_replicas: Vec::new(),
    });
    Response::Metadata(Metadata {
        brokers: (1..=3).map(|broker| (NodeId(broker), None)).collect(),
        controller_id: NodeId(1),
        topics: vec![TopicMetadata {
            name: name.into(),
            topic_id: TopicId(id),
            error: ErrorCode::None,
            is_internal: false,
            partitions: partitions.collect(),
        }],
    })
}
