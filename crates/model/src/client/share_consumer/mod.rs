//! An application with a share consumer (`KafkaShareConsumer`, `ShareConsumerImpl`).
//!
//! Java's share consumer has a thread for the network beside the application's; both are steps of [`ShareConsumer::turn`], taken
//! whenever something happened. Invariant: a record that `poll()` returned is acknowledged once at most, to the broker it came
//! from.

mod app;
mod fetcher;
mod inbox;
mod membership;
mod session;

pub use membership::ShareMemberState;

use crate::api::{Request, Response};
use crate::client::kafka_client::KafkaClient;
use crate::client::metadata::{Metadata, MetadataConfig};
use crate::client::network::{Answer, NetworkConfig, Outcome, Peer};
use crate::command::ShareConsumerSpec;
use crate::config::consumer::ConsumerConfig;
use crate::cx::Cx;
use crate::ids::{Correlation, Name, NodeId, TopicPartition};
use crate::net::Lane;
use crate::workload::Processing;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use app::App;
use fetcher::Fetcher;
use kafkascope_kernel::{Micros, SimTime};
use membership::Membership;

/// A timer of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareConsumerTimer {
    /// Time to look after the application, the group, fetches and connections.
    Tick,
}

/// What a request was for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Call {
    FindCoordinator,
    Heartbeat,
    Leave,
    Fetch(NodeId),
    Acknowledge(NodeId),
}

/// An application with a share consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShareConsumer {
    /// This process.
    pub id: NodeId,
    /// What it was started with.
    pub spec: ShareConsumerSpec,
    /// Consumer configs.
    pub config: ConsumerConfig,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
    client: KafkaClient<Call>,
    unsent: Vec<(Peer, Request, Call)>,
    returned: VecDeque<Answer<Call>>,
    membership: Membership,
    fetcher: Fetcher,
    app: App,
}

impl ShareConsumer {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        spec: ShareConsumerSpec,
        config: ConsumerConfig,
        bootstrap: Vec<NodeId>,
    ) -> Self {
        let client = new_client(&config, bootstrap.clone());
        let app = App::new(spec.processing);
        Self {
            id,
            spec,
            config,
            bootstrap,
            client,
            unsent: Vec::new(),
            returned: VecDeque::new(),
            membership: Membership::default(),
            fetcher: Fetcher::default(),
            app,
        }
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        self.client.metadata.set_topics(self.spec.subscribe.iter());
        self.membership.begin(cx);
        self.app.start(cx.now);
        self.turn(cx);
    }

    /// The process is gone; the next one begins anew.
    pub fn kill(&mut self) {
        let bootstrap = core::mem::take(&mut self.bootstrap);
        *self = Self::new(self.id, self.spec.clone(), self.config.clone(), bootstrap);
    }

    /// SIGTERM: the application finishes its records, then calls `close()`.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        self.app.closing = true;
        self.turn(cx);
    }

    /// An answer arrived.
    pub fn on_response(
        &mut self,
        from: NodeId,
        lane: Lane,
        correlation: Correlation,
        body: Response,
        cx: &mut Cx<'_>,
    ) {
        let answer = self.client.on_response(from, lane, correlation, body, cx);
        self.returned.extend(answer);
        self.turn(cx);
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        let failed = self.client.on_disconnect(peer, lane, cx);
        self.returned.extend(failed);
        self.turn(cx);
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: ShareConsumerTimer, cx: &mut Cx<'_>) {
        match timer {
            ShareConsumerTimer::Tick => self.turn(cx),
        }
    }

    /// The application stops calling `poll`, or goes on.
    pub fn block_polling(&mut self, blocked: bool, cx: &mut Cx<'_>) {
        self.app.blocked = blocked;
        self.turn(cx);
    }

    /// The application works differently from now on.
    pub fn set_processing(&mut self, processing: Processing, cx: &mut Cx<'_>) {
        self.app.processing = processing;
        self.turn(cx);
    }

    /// Its member id; it makes it itself.
    pub const fn member_id(&self) -> &Name {
        &self.membership.id
    }

    /// The epoch it has reached; 0 outside.
    pub const fn member_epoch(&self) -> i32 {
        self.membership.epoch
    }

    /// Where it stands in its group.
    pub const fn member_state(&self) -> ShareMemberState {
        self.membership.state
    }

    /// Its group's coordinator, if it knows it.
    pub const fn coordinator(&self) -> Option<NodeId> {
        self.membership.coordinator
    }

    /// What it may fetch.
    pub fn assignment(&self) -> impl Iterator<Item = TopicPartition> {
        self.membership.assigned.iter().copied()
    }

    /// How many records the application has.
    pub fn records_held(&self) -> u32 {
        self.app.held()
    }

    fn group_id(&self) -> Name {
        self.config.group_id.clone().unwrap_or_else(|| "".into())
    }

    fn retry_backoff(&self, attempts: u32, cx: &mut Cx<'_>) -> Micros {
        let (base, cap) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        cx.backoff(base.min(cap), cap, attempts)
    }

    /// Goes on as far as possible, then waits for the next answer or moment.
    fn turn(&mut self, cx: &mut Cx<'_>) {
        loop {
            while let Some(answer) = self.returned.pop_front() {
                self.on_answer(answer, cx);
            }
            let again = self.app_turn(cx);
            if !self.app.is_closed() {
                self.beat(cx);
                self.send_acknowledgements(cx);
                self.send_fetches(cx);
            }
            let late = self.client.poll(cx);
            self.returned.extend(late);
            self.flush(cx);
            if self.returned.is_empty() && !again {
                break;
            }
        }
        match self.wakeup_at(cx.now) {
            Some(at) => cx.arm(ShareConsumerTimer::Tick, at.since(cx.now)),
            None => cx.disarm(ShareConsumerTimer::Tick),
        }
    }

    fn wakeup_at(&self, now: SimTime) -> Option<SimTime> {
        if self.app.is_closed() {
            return None;
        }
        let connects =
            self.unsent.iter().filter_map(|(peer, ..)| self.client.connect_at(*peer, now));
        let later = |at: &SimTime| *at > now;
        let own = [self.client.wakeup_at(), self.next_beat(now), self.app.wakeup_at(now)];
        let retry = self.fetcher.retry_at.filter(later);
        own.into_iter().flatten().chain(retry).chain(connects.filter(later)).min()
    }

    fn ask(&mut self, peer: Peer, body: Request, call: Call) {
        self.unsent.push((peer, body, call));
    }

    /// Sends what can be sent; what cannot because its connection failed comes back.
    fn flush(&mut self, cx: &mut Cx<'_>) {
        for (peer, body, call) in core::mem::take(&mut self.unsent) {
            if self.client.can_send(peer) {
                self.client.send(peer, body, call, cx);
            } else if !self.client.ready(peer, cx) && self.client.connection_failed(peer) {
                self.returned.push_back(Answer { peer, call, outcome: Outcome::Disconnected });
            } else {
                self.unsent.push((peer, body, call));
            }
        }
    }

    fn on_answer(&mut self, answer: Answer<Call>, cx: &mut Cx<'_>) {
        match answer.call {
            Call::FindCoordinator => self.on_coordinator(answer.outcome, cx),
            Call::Heartbeat => self.on_beat(answer.outcome, cx),
            Call::Leave => self.membership.left = true,
            Call::Fetch(node) => self.on_fetched(node, answer.outcome, cx),
            Call::Acknowledge(node) => self.on_acknowledged(node, answer.outcome, cx),
        }
    }
}

fn new_client(config: &ConsumerConfig, bootstrap: Vec<NodeId>) -> KafkaClient<Call> {
    let network = NetworkConfig {
        request_timeout: Micros::from_config_ms(i64::from(config.request_timeout_ms)),
        reconnect_backoff_ms: config.reconnect_backoff_ms,
        reconnect_backoff_max_ms: config.reconnect_backoff_max_ms,
        max_in_flight: 100,
    };
    let metadata = MetadataConfig {
        retry_backoff_ms: config.retry_backoff_ms,
        retry_backoff_max_ms: config.retry_backoff_max_ms,
        max_age: Micros::from_config_ms(config.metadata_max_age_ms),
        max_idle: None,
        allow_auto_create: config.allow_auto_create_topics,
    };
    KafkaClient::new(network, Metadata::new(metadata, bootstrap))
}
