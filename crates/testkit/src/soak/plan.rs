//! A script in the making: a small cluster, its applications, and what happens to them.
//!
//! Invariant: every plan becomes a scenario that loads.

use std::fmt::Write;

/// Configs, in Kafka's words.
pub type Pairs = Vec<(&'static str, String)>;

/// A script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decides all chance in the world.
    pub seed: u64,
    /// Transit time of a message in microseconds, at least and added at most.
    pub latency: (u64, u64),
    /// How many voters.
    pub controllers: u32,
    /// How many brokers.
    pub brokers: u32,
    /// Configs of all nodes.
    pub config: Pairs,
    /// Topics.
    pub topics: Vec<Topic>,
    /// Producers.
    pub producers: Vec<Producer>,
    /// Consumers.
    pub consumers: Vec<Consumer>,
    /// Applications that read, work and write in transactions.
    pub applications: Vec<Application>,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
    /// When everything is put right again, in milliseconds.
    pub relief_ms: u64,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Kafka's own words")]
pub struct Topic {
    pub name: String,
    pub partitions: u32,
    pub replication_factor: u32,
    pub config: Pairs,
}

/// A producer that sends `count` records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Producer {
    pub name: String,
    pub topic: String,
    pub every_ms: u64,
    pub count: u64,
    pub keyed: bool,
    /// Records of a transaction, and of how many one is aborted; 0 for none.
    pub transactions: Option<(u32, u32)>,
    pub config: Pairs,
}

/// Which protocol a group speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub enum ConsumerKind {
    Classic,
    Modern,
    Share,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Consumer {
    pub name: String,
    pub group: String,
    pub topics: Vec<String>,
    pub per_record_ms: u64,
    pub kind: ConsumerKind,
    pub config: Pairs,
}

/// A consumer and a producer that are one application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Application {
    pub name: String,
    pub input: String,
    pub output: String,
    pub per_record_ms: u64,
    /// Of how many transactions one is aborted; 0 for none.
    pub abort_every: u32,
    pub config: Pairs,
    pub out_config: Pairs,
}

/// One line of what happens: the text after `time`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it")]
pub struct Step {
    pub at_ms: u64,
    pub line: String,
}

/// How long after the relief all that Kafka promises must have come about.
pub const QUIET_MS: u64 = 75_000;
/// How long a reader takes that comes then.
pub const READING_MS: u64 = 8_000;
/// The reader that comes last.
pub const READER: &str = "reader";

/// The group of all applications that work in transactions.
pub const APPLICATIONS: &str = "applications";

impl Plan {
    /// The scenario file.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        self.head(&mut text);
        for topic in &self.topics {
            let Topic { name, partitions, replication_factor, config } = topic;
            let config = inline(config);
            let _ = write!(
                text,
                "[[topic]]\nname = \"{name}\"\npartitions = {partitions}\n\
                 replication-factor = {replication_factor}\nconfig = {config}\n\n"
            );
        }
        self.producers.iter().for_each(|producer| producer.write(&mut text));
        self.consumers.iter().for_each(|consumer| consumer.write(&mut text));
        self.applications.iter().for_each(|application| application.write(&mut text));
        for step in self.steps.iter().chain(&self.relief()).chain([&self.reader()]) {
            let _ = write!(text, "[[at]]\ntime = \"{}ms\"\n{}\n\n", step.at_ms, step.line);
        }
        text
    }

    /// When it is over, in milliseconds.
    pub const fn end_ms(&self) -> u64 {
        self.relief_ms + QUIET_MS + READING_MS
    }

    fn head(&self, text: &mut String) {
        let Self { seed, latency: (least, more), controllers, brokers, config, .. } = self;
        let _ = write!(
            text,
            "title = \"Soak {seed}\"\nseed = {seed}\nopens = \"0s\"\n\
             network = {{ latency = \"{least}us\", jitter = \"{more}us\" }}\n\n\
             [cluster]\ncontrollers = {controllers}\nbrokers = {brokers}\n[cluster.config]\n"
        );
        for (key, value) in config {
            let _ = writeln!(text, "{key} = \"{value}\"");
        }
        text.push('\n');
    }

    /// Everything is put right: links healed, sleepers woken, and what is down started, twice since some are still ending.
    fn relief(&self) -> Vec<Step> {
        let controllers = (100..).take(self.controllers as usize);
        let servers: Vec<u32> = (1..=self.brokers).chain(controllers).collect();
        let mut steps = Vec::new();
        let mut step = |later: u64, line: String| {
            steps.push(Step { at_ms: self.relief_ms + later, line });
        };
        for cut in self.steps.iter().filter_map(|step| healing(&step.line)) {
            step(0, cut);
        }
        for one in &servers {
            if self.mentions(&format!("pause = {one}")) {
                step(1, format!("resume = {one}"));
            }
            let ends = ["kill", "stop", "power-cut", "fill-disk"]
                .iter()
                .any(|verb| self.mentions(&format!("{verb} = {one}")));
            if self.steps.iter().any(|step| step.line.contains("{ api = ")) {
                step(0, format!("heal = {one}"));
            }
            for later in [2, 12_000, 24_000].into_iter().filter(|_| ends) {
                step(later, format!("start = {one}"));
            }
        }
        for Producer { name, .. } in &self.producers {
            if self.mentions(&format!("pause = \"{name}\"")) {
                step(1, format!("resume = \"{name}\""));
            }
        }
        steps.sort_by_key(|step| step.at_ms);
        steps
    }

    fn mentions(&self, line: &str) -> bool {
        self.steps.iter().any(|step| step.line == line)
    }

    /// Somebody who reads everything there is.
    fn reader(&self) -> Step {
        let partitions = self.topics.iter().flat_map(|topic| {
            (0..topic.partitions).map(|index| format!("\"{}-{index}\"", topic.name))
        });
        let all = partitions.collect::<Vec<_>>().join(", ");
        let config = "{ auto.offset.reset = \"earliest\", enable.auto.commit = false }";
        Step {
            at_ms: self.relief_ms + QUIET_MS,
            line: format!(
                "add-consumer = {{ name = \"{READER}\", assign = [{all}], config = {config} }}"
            ),
        }
    }
}

impl Topic {
    /// Whether only the newest record of a key need stay.
    pub fn is_compacted(&self) -> bool {
        self.config.iter().any(|(key, value)| *key == "cleanup.policy" && value == "compact")
    }
}

impl Producer {
    fn write(&self, text: &mut String) {
        let Self { name, topic, every_ms, count, keyed, transactions, config } = self;
        let config = inline(config);
        let transactions = transactions.map_or_else(String::new, |(records, abort)| {
            let aborts = if abort > 0 { format!(", abort-every = {abort}") } else { String::new() };
            format!("transactions = {{ records = {records}{aborts} }}\n")
        });
        let key = if *keyed { "key = \"{k}\"\n" } else { "" };
        let _ = write!(
            text,
            "[[producer]]\nname = \"{name}\"\ntopic = \"{topic}\"\nevery = \"{every_ms}ms\"\n\
             first-after = \"3s\"\nconfig = {config}\n{transactions}\n\
             [producer.generate]\ncount = {count}\n{key}value = \"{{n}}\"\n\n\
             [producer.generate.fields]\nk = {{ pick = [\"a\", \"b\", \"c\", \"d\", \"e\"] }}\n\n"
        );
    }
}

impl Application {
    fn write(&self, text: &mut String) {
        let Self { name, input, output, per_record_ms, abort_every, config, out_config } = self;
        let (config, out_config) = (inline(config), inline(out_config));
        let aborts = match abort_every {
            0 => String::new(),
            every => format!("abort-every = {every}"),
        };
        let _ = write!(
            text,
            "[[producer]]\nname = \"{name}-out\"\nwrites-to = \"{output}\"\nconfig = {out_config}\n\
             transactions = {{ {aborts} }}\n\n\
             [[consumer]]\nname = \"{name}\"\ngroup = \"{APPLICATIONS}\"\ntopics = [\"{input}\"]\n\
             commits = \"in-transaction\"\nproducer = \"{name}-out\"\n\
             per-record = \"{per_record_ms}ms\"\nconfig = {config}\n\n"
        );
    }
}

impl Consumer {
    fn write(&self, text: &mut String) {
        let Self { name, group, topics, per_record_ms, kind, config } = self;
        let table = if *kind == ConsumerKind::Share { "share-consumer" } else { "consumer" };
        let config = inline(config);
        let _ = write!(
            text,
            "[[{table}]]\nname = \"{name}\"\ngroup = \"{group}\"\ntopics = {topics:?}\n\
             per-record = \"{per_record_ms}ms\"\nconfig = {config}\n\n"
        );
    }
}

/// What undoes a cut or a slow link, a slow or full disk, or a wrong clock.
fn healing(line: &str) -> Option<String> {
    if let Some(link) = line.strip_prefix("cut = ") {
        return Some(format!("heal = {link}"));
    }
    let (verb, rest) = line.split_once(" = ")?;
    let node = rest.lines().next()?;
    match verb {
        "slow" => Some(format!("heal = {node}")),
        "slow-disk" | "fill-disk" => Some(format!("heal-disk = {node}")),
        "skew-clock" => Some(format!("skew-clock = {node}\nby-ms = 0")),
        _ => None,
    }
}

fn inline(pairs: &Pairs) -> String {
    let parts: Vec<_> = pairs.iter().map(|(key, value)| format!("{key} = \"{value}\"")).collect();
    format!("{{ {} }}", parts.join(", "))
}
