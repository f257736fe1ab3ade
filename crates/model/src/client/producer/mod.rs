//! An application with a producer (`org.apache.kafka.clients.producer.KafkaProducer`).
//!
//! [`app::App`] is the application's thread, [`sender::Sender`] the producer's own. Invariant: records of a partition leave in
//! the order of their sequence.

pub mod accumulator;
pub mod app;
pub mod batch;
pub mod chooser;
pub mod idempotence;
mod identity;
pub mod partitioner;
mod plan;
pub mod sender;
pub mod transactions;

pub use crate::log::sizes;

use crate::api::Response;
use crate::client::kafka_client::{KafkaClient, Recovery};
use crate::client::metadata::{Metadata, MetadataConfig};
use crate::client::network::NetworkConfig;
use crate::command::ProducerSpec;
use crate::config::librdkafka::LibrdkafkaConfig;
use crate::config::producer::{MetadataRecovery, PartitionerClass, ProducerConfig};
use crate::config::{ConfigEntry, ConfigTable};
use crate::cx::{Cx, Effect};
use crate::ids::{Correlation, Name, NodeId, RecordId};
use crate::net::Lane;
use crate::trace::Fact;
use crate::workload::{Hand, Library, NewRecord, ProducerApp, Workload};
use accumulator::{AccumulatorConfig, RecordAccumulator};
use alloc::vec::Vec;
use app::{App, AppConfig};
use chooser::{Chooser, Rule};
use kafkascope_kernel::Micros;
use sender::{Sender, SenderConfig};
use transactions::{Transactions, TxnCall};

/// A timer of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProducerTimer {
    /// Time to look after batches, connections and metadata.
    Tick,
    /// The application's next event.
    Event,
}

/// An application with a producer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Producer {
    /// This process.
    pub id: NodeId,
    /// What it was started with.
    pub spec: ProducerSpec,
    /// Producer configs.
    pub config: ProducerConfig,
    /// Brokers to ask first.
    pub bootstrap: Vec<NodeId>,
    /// librdkafka's own configs, if it is built with that.
    librdkafka: Option<LibrdkafkaConfig>,
    app: App,
    sender: Sender,
}

impl Producer {
    /// A process that does not run yet.
    pub fn new(
        id: NodeId,
        spec: ProducerSpec,
        config: ProducerConfig,
        bootstrap: Vec<NodeId>,
    ) -> Self {
        let librdkafka = (spec.app.library == Library::Librdkafka).then(|| {
            let pairs = spec.config.iter().map(|(key, value)| (&**key, &**value));
            LibrdkafkaConfig::from_pairs(pairs).expect("checked before")
        });
        let app = new_app(&config, librdkafka.as_ref(), &spec.app, id, 0);
        let sender = new_sender(&config, librdkafka.as_ref(), bootstrap.clone());
        Self { id, spec, config, bootstrap, librdkafka, app, sender }
    }

    /// Its configs in its library's words.
    pub fn config_entries(&self) -> Vec<ConfigEntry> {
        let mut entries = match &self.librdkafka {
            Some(own) => own.entries(),
            None => self.config.entries(),
        };
        let mut partitioner =
            entries.iter_mut().filter(|row| matches!(row.key, "partitioner" | "partitioner.class"));
        if self.spec.app.partition_of.is_some()
            && let Some(row) = partitioner.next()
        {
            row.value = "own table of keys".into();
        }
        entries
    }

    /// The producer's own thread: batches, connections, metadata.
    pub const fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The application's thread.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// The process begins to run.
    pub fn start(&mut self, cx: &mut Cx<'_>) {
        self.app.set_workload(self.spec.workload.clone(), cx.now);
        self.turn(cx);
    }

    /// Records that are gone if the process is: `send()` has returned, and no request has carried them.
    pub fn never_left(&self) -> impl Iterator<Item = RecordId> {
        self.sender.accumulator.never_left()
    }

    /// The process is gone, and with it every record that no broker has.
    pub fn kill(&mut self) {
        let (config, own) = (&self.config, self.librdkafka.as_ref());
        self.app = new_app(config, own, &self.spec.app, self.id, self.app.sent());
        self.sender = new_sender(config, own, self.bootstrap.clone());
    }

    /// `close()`: everything that waits is sent and answered, then the process ends.
    pub fn shut_down(&mut self, cx: &mut Cx<'_>) {
        self.app.close(cx);
        self.sender.abort_open();
        self.sender.accumulator.flushing = true;
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
        if let Some(answer) = self.sender.client.on_response(from, lane, correlation, body, cx) {
            self.sender.on_answer(answer, cx);
        }
        self.turn(cx);
    }

    /// A connection broke or was refused.
    pub fn on_disconnect(&mut self, peer: NodeId, lane: Lane, cx: &mut Cx<'_>) {
        for answer in self.sender.client.on_disconnect(peer, lane, cx) {
            self.sender.on_answer(answer, cx);
        }
        self.turn(cx);
    }

    /// A timer is due.
    pub fn on_timer(&mut self, timer: ProducerTimer, cx: &mut Cx<'_>) {
        match timer {
            ProducerTimer::Tick => self.turn(cx),
            ProducerTimer::Event => self.on_app(cx),
        }
    }

    /// The application sends these records now and flushes.
    pub fn send(&mut self, topic: &Name, records: &[NewRecord], cx: &mut Cx<'_>) {
        self.app.send_all(topic, records, cx);
        self.on_app(cx);
    }

    /// The application makes a call about its transaction.
    pub fn transact(&mut self, call: TxnCall, cx: &mut Cx<'_>) {
        self.app.transact(call);
        self.on_app(cx);
        self.turn(cx);
    }

    /// The consumer of the same application hands over what was made of a batch.
    pub fn on_pass(&mut self, from: NodeId, hand: Hand, cx: &mut Cx<'_>) {
        if let Hand::Batch(records, offsets) = hand {
            self.app.answer(from, records, offsets);
            self.turn(cx);
        }
    }

    /// The application's own stream of events changes.
    pub fn set_workload(&mut self, workload: Option<Workload>, cx: &mut Cx<'_>) {
        self.app.set_workload(workload, cx.now);
        self.on_app(cx);
    }

    /// The application has something to do; the sender looks only if it has reason to.
    fn on_app(&mut self, cx: &mut Cx<'_>) {
        if self.app.advance(&mut self.sender, cx) {
            self.turn(cx);
        } else {
            self.arm(cx);
        }
    }

    /// Both threads go on until both wait.
    fn turn(&mut self, cx: &mut Cx<'_>) {
        self.app.advance(&mut self.sender, cx);
        self.sender.run(cx);
        while self.app.advance(&mut self.sender, cx) {
            self.sender.run(cx);
        }
        let quiet = !self.sender.has_incomplete()
            && !self.sender.has_in_flight()
            && !self.sender.is_ending();
        if self.app.is_closed() && quiet {
            cx.note(Fact::ClientClosed);
            cx.out.push(Effect::Exit);
        } else {
            self.arm(cx);
        }
    }

    fn arm(&self, cx: &mut Cx<'_>) {
        let wakeups = [self.sender.wakeup_at(), self.app.deadline()];
        match wakeups.into_iter().flatten().min() {
            Some(at) => cx.arm(ProducerTimer::Tick, at.since(cx.now)),
            None => cx.disarm(ProducerTimer::Tick),
        }
        match self.app.next_event_at() {
            Some(at) => cx.arm(ProducerTimer::Event, at.since(cx.now)),
            None => cx.disarm(ProducerTimer::Event),
        }
    }
}

fn new_app(
    config: &ProducerConfig,
    librdkafka: Option<&LibrdkafkaConfig>,
    spec: &ProducerApp,
    id: NodeId,
    sent: u32,
) -> App {
    let ignore_keys = config.partitioner_ignore_keys;
    let rule = match (librdkafka, &spec.partition_of, config.partitioner_class) {
        (_, Some(table), _) => Rule::Table(table.clone()),
        (Some(own), None, _) => Rule::Librdkafka {
            partitioner: own.partitioner,
            linger: Micros::from_config_ms(own.sticky_linger_ms),
        },
        (None, None, PartitionerClass::RoundRobin) => Rule::RoundRobin,
        (None, None, PartitionerClass::BuiltIn) => Rule::BuiltIn { ignore_keys },
    };
    let app = AppConfig {
        max_block: Micros::from_config_ms(config.max_block_ms),
        blocks_on_memory: librdkafka.is_none(),
    };
    App::new(app, Chooser::new(rule), spec, id, sent)
}

fn new_sender(
    config: &ProducerConfig,
    librdkafka: Option<&LibrdkafkaConfig>,
    bootstrap: Vec<NodeId>,
) -> Sender {
    let network = NetworkConfig {
        request_timeout: Micros::from_config_ms(i64::from(config.request_timeout_ms)),
        reconnect_backoff_ms: config.reconnect_backoff_ms,
        reconnect_backoff_max_ms: config.reconnect_backoff_max_ms,
        max_in_flight: config.max_in_flight.unsigned_abs(),
    };
    let metadata = MetadataConfig {
        retry_backoff_ms: config.retry_backoff_ms,
        retry_backoff_max_ms: config.retry_backoff_max_ms,
        max_age: Micros::from_config_ms(config.metadata_max_age_ms),
        max_idle: Some(Micros::from_config_ms(config.metadata_max_idle_ms)),
        allow_auto_create: true,
    };
    let accumulator = AccumulatorConfig {
        batch_size: config.batch_size.unsigned_abs(),
        linger: Micros::from_config_ms(config.linger_ms),
        buffer_memory: config.buffer_memory.unsigned_abs(),
        max_request_size: config.max_request_size.unsigned_abs(),
        delivery_timeout: Micros::from_config_ms(config.effective_delivery_timeout_ms()),
        adaptive: config.partitioner_adaptive,
        availability_timeout: (config.partitioner_availability_timeout_ms > 0)
            .then(|| Micros::from_config_ms(config.partitioner_availability_timeout_ms)),
        one_a_request: librdkafka.is_some(),
    };
    let sender = SenderConfig {
        acks: config.acks.wire(),
        retries: config.retries.unsigned_abs(),
        retry_backoff_ms: config.retry_backoff_ms,
        retry_backoff_max_ms: config.retry_backoff_max_ms,
        request_timeout_ms: librdkafka
            .map_or(config.request_timeout_ms, |own| own.request_timeout_ms),
        guarantee_order: config.max_in_flight == 1,
        codec: config.compression_type,
    };
    let recovery = Recovery {
        rebootstrap: config.metadata_recovery == MetadataRecovery::Rebootstrap,
        trigger: Micros::from_config_ms(config.rebootstrap_trigger_ms),
    };
    let metadata = Metadata::new(metadata, bootstrap);
    let client = KafkaClient::new(network, metadata).with_recovery(recovery);
    let transactions = config
        .transactional_id
        .clone()
        .map(|id| Transactions::new(id, config.transaction_timeout_ms));
    let accumulator = RecordAccumulator::new(accumulator);
    Sender::new(sender, client, accumulator, config.is_idempotent(), transactions)
}

#[cfg(test)]
mod tests;
