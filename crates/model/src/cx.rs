//! What a handler may do: look at the time, draw from its named stream, and push effects.
//!
//! Invariant: a node changes nothing but itself; everything it wishes for the outside leaves as an [`Effect`], in order.

use crate::api::{Request, Response};
use crate::ids::{Correlation, EpochMs, MsgId, NodeId};
use crate::net::{ConnId, Lane};
use crate::node::Timer;
use crate::trace::Fact;
use crate::workload::Hand;
use alloc::vec::Vec;
use kafkascope_kernel::FlatMap;
use kafkascope_kernel::{Micros, Prng, Seed, SimTime};

/// A handler's request to the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the fields are named in Kafka's words")]
pub enum Effect {
    /// Sends a request; opens the connection if it is not open. Answers come as `on_response` or `on_disconnect`.
    Request { to: NodeId, lane: Lane, correlation: Correlation, body: Request },
    /// Answers a request; `None` finishes one that has no answer (acks=0), so that the connection's next may be read.
    Respond { conn: ConnId, correlation: Correlation, body: Option<Response> },
    /// The server reads nothing more of a connection until then (a client over its quota).
    Mute { conn: ConnId, until: SimTime },
    /// Closes a connection from either side; what was under way on it is lost, the other side is told.
    Close { conn: ConnId },
    /// Arms a timer; arming it again moves it.
    Arm { timer: Timer, after: Micros },
    /// Disarms a timer; disarming one that is not armed does nothing.
    Disarm { timer: Timer },
    /// One half of an application hands something to the other, within one process.
    Pass { to: NodeId, hand: Hand },
    /// States a fact for the trace.
    Note(Fact),
    /// States a fact that an earlier message led to.
    NoteLate { fact: Fact, cause: Option<MsgId> },
    /// This process ends by itself (a controlled shutdown that is complete).
    Exit,
    /// This process ends at once, without putting anything in order (`Exit.halt`).
    Halt,
}

/// All named random streams of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Streams {
    seed: Seed,
    open: FlatMap<(Draw, NodeId), Prng>,
}

/// What a random number is for; each purpose and node has a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Draw {
    /// Jitter of retry and reconnect back-off.
    Backoff,
    /// Which node to ask next.
    NodeChoice,
    /// The sticky partitioner's choice.
    Partition,
    /// When the next event of an application comes.
    Workload,
    /// Member ids and other random ids.
    Uuid,
    /// Placement of new replicas.
    Placement,
    /// Election time-outs.
    Election,
    /// Transit times of a link.
    Link,
}

impl Draw {
    const fn name(self) -> &'static str {
        match self {
            Self::Backoff => "backoff",
            Self::NodeChoice => "node-choice",
            Self::Partition => "partition",
            Self::Workload => "workload",
            Self::Uuid => "uuid",
            Self::Placement => "placement",
            Self::Election => "election",
            Self::Link => "link",
        }
    }
}

impl Streams {
    /// No stream drawn from yet.
    pub const fn new(seed: Seed) -> Self {
        Self { seed, open: FlatMap::new() }
    }

    /// The stream of `node` for `draw`.
    pub fn get(&mut self, draw: Draw, node: NodeId) -> &mut Prng {
        let seed = self.seed;
        self.open.entry((draw, node)).or_insert_with(|| seed.stream(draw.name(), node.0 as u64))
    }
}

/// A handler's window on the world.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The simulated moment.
    pub now: SimTime,
    /// Whose handler this is.
    pub me: NodeId,
    /// The message whose arrival this is about; none for timers and commands.
    pub cause: Option<MsgId>,
    /// What this node's wall clock shows at simulated time 0, in milliseconds since 1970.
    pub epoch_ms_at_zero: EpochMs,
    /// Random streams.
    pub streams: &'a mut Streams,
    /// Where effects go, in order.
    pub out: &'a mut Vec<Effect>,
}

impl Cx<'_> {
    /// This node's wall clock, in milliseconds since 1970.
    pub const fn epoch_ms(&self) -> EpochMs {
        self.epoch_ms_at_zero + self.now.as_ms() as i64
    }

    /// This node's stream for `draw`.
    pub fn rng(&mut self, draw: Draw) -> &mut Prng {
        self.streams.get(draw, self.me)
    }

    /// A back-off of `base_ms * 2^attempt`, at most `max_ms`, with Kafka's jitter of 20 % either way
    /// (`org.apache.kafka.common.utils.ExponentialBackoff`).
    pub fn backoff(&mut self, base_ms: i64, max_ms: i64, attempt: u32) -> Micros {
        let base = Micros::from_config_ms(base_ms).0;
        let cap = Micros::from_config_ms(max_ms).0;
        let term = base.saturating_mul(1_u64 << attempt.min(32)).min(cap);
        let percent = self.rng(Draw::Backoff).between(80, 120);
        Micros((term * percent / 100).min(cap.max(base)))
    }

    /// Sends a request.
    pub fn send(&mut self, to: NodeId, lane: Lane, correlation: Correlation, body: Request) {
        self.out.push(Effect::Request { to, lane, correlation, body });
    }

    /// Answers a request.
    pub fn respond(&mut self, conn: ConnId, correlation: Correlation, body: Response) {
        self.out.push(Effect::Respond { conn, correlation, body: Some(body) });
    }

    /// Finishes a request that has no answer.
    pub fn finish(&mut self, conn: ConnId, correlation: Correlation) {
        self.out.push(Effect::Respond { conn, correlation, body: None });
    }

    /// Closes a connection.
    pub fn close(&mut self, conn: ConnId) {
        self.out.push(Effect::Close { conn });
    }

    /// Arms a timer, or moves it.
    pub fn arm(&mut self, timer: impl Into<Timer>, after: Micros) {
        self.out.push(Effect::Arm { timer: timer.into(), after });
    }

    /// Disarms a timer.
    pub fn disarm(&mut self, timer: impl Into<Timer>) {
        self.out.push(Effect::Disarm { timer: timer.into() });
    }

    /// States a fact.
    pub fn note(&mut self, fact: Fact) {
        self.out.push(Effect::Note(fact));
    }

    /// States a fact that an earlier message led to.
    pub fn note_late(&mut self, fact: Fact, cause: Option<MsgId>) {
        self.out.push(Effect::NoteLate { fact, cause });
    }
}
