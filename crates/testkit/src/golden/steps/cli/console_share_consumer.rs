//! `kafka-console-share-consumer` (`org.apache.kafka.tools.consumer.ConsoleShareConsumer`).
//!
//! It acknowledges each record as it prints it, and closes after so many, or after so long without one. Invariant: it prints what
//! its own share consumer got, in that order.

use super::Output;
use super::options::{Options, pairs};
use crate::golden::action::Pairs;
use crate::golden::book::Seen;
use crate::golden::configs::of_client;
use crate::golden::stage::{PATIENCE, Stage, Stop};
use kafkascope_kernel::Micros;
use kafkascope_model::api::share::AckType;
use kafkascope_model::command::{Command, ShareConsumerSpec};
use kafkascope_model::config::consumer::ConsumerConfig;
use kafkascope_model::ids::{Bytes, Name, NodeId, Offset, RecordId, TopicPartition};
use kafkascope_model::workload::{Answers, Processing};

const TOOL: &str = "org.apache.kafka.tools.consumer.ConsoleShareConsumer";

/// What it says when no record came for so long.
const TIMED_OUT: &str = "[TIME] ERROR Error processing message, terminating consumer process:  \
                         (org.apache.kafka.tools.consumer.ConsoleShareConsumer)\n\
                         org.apache.kafka.common.errors.TimeoutException\n";

pub fn run(stage: &mut Stage, args: &[String]) -> Result<Output, Stop> {
    let mut options = Options::new(args);
    options.value("--bootstrap-server");
    let topic = options.value("--topic").ok_or_else(|| Stop::problem("--topic is missing"))?;
    let properties = options.values("--command-property");
    let properties =
        if properties.is_empty() { options.values("--consumer-property") } else { properties };
    let mut config: Pairs = properties.iter().flat_map(|text| pairs(text)).collect();
    let group = options.value("--group").unwrap_or_else(|| "console-share-consumer".to_string());
    config.entry("group.id".to_string()).or_insert(group);
    config.entry("client.id".to_string()).or_insert_with(|| "console-share-consumer".to_string());
    config.insert("share.acknowledgement.mode".to_string(), "explicit".to_string());
    let usual = match (options.flag("--reject"), options.flag("--release")) {
        (true, _) => AckType::Reject,
        (_, true) => AckType::Release,
        (false, false) => AckType::Accept,
    };
    options.flag("--reject-message-on-error");
    let most: Option<u32> = options.number("--max-messages")?;
    let timeout: Option<u64> = options.number("--timeout-ms")?;
    let formats = options.values("--formatter-property");
    options.done(TOOL)?;
    let group: Name = config["group.id"].as_str().into();
    let spec = ShareConsumerSpec {
        name: stage.unique("cli", "console-share-consumer"),
        config: of_client::<ConsumerConfig>(&config)?,
        subscribe: vec![topic.as_str().into()],
        processing: Processing::default(),
        answers: Answers { usual, odd: None },
        max_messages: most,
        timeout: timeout.map(Micros::from_ms),
    };
    let consumer = stage.add_client("cli", "console", &Command::AddShareConsumer(spec))?;
    stage
        .wait(PATIENCE, |stage| stage.is_down(consumer).then_some(()))
        .ok_or_else(|| Stop::problem("the console consumer did not end"))?;
    let format = Format::new(&formats);
    let lines = printed(stage, consumer, &group, most, &format);
    let ended = format!("Processed a total of {} messages\n", lines.len());
    let waited = most.is_none_or(|most| lines.len() < most as usize);
    let stderr = if waited { format!("{TIMED_OUT}{ended}") } else { ended };
    Ok(Output { exit: 0, stdout: lines.concat(), stderr })
}

/// One line a record that it acknowledged.
fn printed(
    stage: &Stage,
    consumer: NodeId,
    group: &Name,
    most: Option<u32>,
    format: &Format,
) -> Vec<String> {
    let seen = stage.book.logs.get(&consumer).into_iter().flatten();
    let records = seen.filter_map(|seen| match seen {
        Seen::Delivered { record, tp, offset, .. } => Some((*record, *tp, *offset)),
        Seen::Callback { .. } | Seen::Error { .. } => None,
    });
    let most = most.map_or(usize::MAX, |most| most as usize);
    let line = |(record, tp, offset): (RecordId, TopicPartition, Offset)| {
        let (key, value) = stage.book.contents.get(&record).cloned().unwrap_or_default();
        let count = stage.book.deliveries.get(&(group.clone(), tp, offset)).copied().unwrap_or(1);
        format.line(tp.partition, offset, count, key.as_ref(), value.as_ref())
    };
    records.take(most).map(line).collect()
}

/// What the formatter is told to print (`DefaultMessageFormatter`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Format {
    key: bool,
    value: bool,
    partition: bool,
    offset: bool,
    delivery: bool,
    separator: String,
}

impl Format {
    fn new(properties: &[String]) -> Self {
        let properties: Pairs = properties
            .iter()
            .filter_map(|text| text.split_once('='))
            .map(|(key, value)| (key.trim().to_string(), value.to_string()))
            .collect();
        let is = |key: &str| properties.get(key).is_some_and(|value| value.trim() == "true");
        Self {
            key: is("print.key"),
            value: properties.get("print.value").is_none_or(|value| value.trim() == "true"),
            partition: is("print.partition"),
            offset: is("print.offset"),
            delivery: is("print.delivery"),
            separator: properties.get("key.separator").cloned().unwrap_or_else(|| "\t".to_string()),
        }
    }

    fn line(
        &self,
        partition: i32,
        offset: i64,
        count: i16,
        key: Option<&Bytes>,
        value: Option<&Bytes>,
    ) -> String {
        let text = |bytes: Option<&Bytes>| {
            bytes.map_or_else(|| "null".to_string(), |bytes| String::from_utf8_lossy(bytes).into())
        };
        let parts = [
            self.partition.then(|| format!("Partition:{partition}")),
            self.offset.then(|| format!("Offset:{offset}")),
            self.delivery.then(|| format!("Delivery:{count}")),
            self.key.then(|| text(key)),
            self.value.then(|| text(value)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}\n", parts.join(&self.separator))
    }
}
