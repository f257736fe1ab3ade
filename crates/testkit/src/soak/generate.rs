//! The generator: from a seed to a script.
//!
//! It tries what Kafka's users do and what happens to them, more often what is dangerous. Invariant: equal seeds, equal
//! scripts.

use super::plan::{Consumer, Pairs, Plan, Producer, Step, Topic};
use kafkascope_kernel::{Prng, Seed};

/// The script of a seed.
pub fn generate(seed: u64) -> Plan {
    let mut dice = Dice(Seed(seed).stream("soak", 0));
    let brokers = dice.pick(&[3, 3, 3, 3, 4, 2, 1]);
    let controllers = dice.pick(&[1, 1, 1, 3, 3]);
    let topics = topics(&mut dice, brokers);
    let length = u64::from(dice.between(6, 35)) * 1_000;
    let mut plan = Plan {
        seed,
        latency: dice.pick(&[(200, 100), (200, 100), (1_000, 3_000), (5_000, 20_000)]),
        controllers,
        brokers,
        config: cluster(&mut dice, brokers),
        producers: producers(&mut dice, &topics, length),
        consumers: consumers(&mut dice, &topics),
        topics,
        steps: Vec::new(),
        relief_ms: 8_000 + length,
    };
    plan.steps = steps(&mut dice, &plan, length);
    plan
}

struct Dice(Prng);

impl Dice {
    fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.0.below(high - low + 1)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.below(u32::try_from(from.len()).expect("few")) as usize]
    }

    fn text(&mut self, from: &[&str]) -> String {
        self.pick(from).to_string()
    }

    /// Once in `of` times.
    fn once_in(&mut self, of: u32) -> bool {
        self.0.below(of) == 0
    }
}

fn cluster(dice: &mut Dice, brokers: u32) -> Pairs {
    let mut config = vec![
        ("broker.session.timeout.ms", dice.text(&["3000", "9000"])),
        ("broker.heartbeat.interval.ms", dice.text(&["500", "1000"])),
        ("replica.lag.time.max.ms", dice.text(&["3000", "10000", "30000"])),
        ("offsets.topic.num.partitions", dice.text(&["1", "2"])),
        ("offsets.topic.replication.factor", brokers.min(3).to_string()),
        ("group.initial.rebalance.delay.ms", dice.text(&["0", "3000"])),
    ];
    if dice.once_in(4) {
        config.push(("leader.imbalance.check.interval.seconds", "5".into()));
    }
    if dice.once_in(5) {
        config.push(("replica.fetch.max.bytes", "200".into()));
    }
    if dice.once_in(8) {
        config.push(("controlled.shutdown.enable", "false".into()));
    }
    config
}

fn topics(dice: &mut Dice, brokers: u32) -> Vec<Topic> {
    let count = dice.pick(&[1, 1, 2]);
    (0..count).map(|index| topic(dice, brokers, ["t", "u"][index])).collect()
}

fn topic(dice: &mut Dice, brokers: u32, name: &str) -> Topic {
    let replication_factor = dice.pick(&[3, 3, 3, 2, 1]).min(brokers);
    let mut config = vec![("min.insync.replicas", dice.text(&["1", "2", "2"]))];
    if dice.once_in(8) {
        config.push(("unclean.leader.election.enable", "true".into()));
    }
    if dice.once_in(3) {
        config.push(("segment.ms", dice.text(&["300", "1000"])));
    }
    if dice.once_in(6) {
        config.push(("retention.bytes", "1000".into()));
    }
    if dice.once_in(8) {
        config.push(("message.timestamp.type", "LogAppendTime".into()));
    }
    Topic { name: name.into(), partitions: dice.pick(&[1, 2, 3]), replication_factor, config }
}

fn producers(dice: &mut Dice, topics: &[Topic], length: u64) -> Vec<Producer> {
    let count = dice.pick(&[1, 1, 2, 2, 3]);
    let one = |index: u32| {
        let every_ms = u64::from(dice.pick(&[40_u32, 100, 300, 700]));
        Producer {
            name: format!("p{index}"),
            topic: topics[dice.0.below(topics.len() as u32) as usize].name.clone(),
            every_ms,
            count: (length / every_ms).clamp(3, 150),
            keyed: dice.once_in(2),
            config: producer(dice),
        }
    };
    (1..=count).map(one).collect()
}

fn producer(dice: &mut Dice) -> Pairs {
    let acks = dice.text(&["all", "all", "all", "all", "1", "0"]);
    let mut config = vec![
        ("request.timeout.ms", dice.text(&["2000", "5000"])),
        ("delivery.timeout.ms", dice.text(&["8000", "15000", "30000"])),
        ("max.block.ms", "8000".into()),
        ("linger.ms", dice.text(&["0", "5", "200"])),
        ("batch.size", dice.text(&["0", "120", "16384"])),
        ("max.in.flight.requests.per.connection", dice.text(&["1", "2", "5"])),
    ];
    if acks == "all" && dice.once_in(4) {
        config.push(("enable.idempotence", "false".into()));
    }
    if dice.once_in(6) {
        config.push(("retries", dice.text(&["0", "2"])));
    }
    config.insert(0, ("acks", acks));
    config
}

fn consumers(dice: &mut Dice, topics: &[Topic]) -> Vec<Consumer> {
    let count = dice.pick(&[0, 1, 2, 2, 3]);
    let groups = dice.pick(&[1, 1, 2]);
    let mut kinds = Vec::new();
    for _ in 0..groups {
        let assignor = dice.pick(&[
            "RangeAssignor",
            "RoundRobinAssignor",
            "StickyAssignor",
            "CooperativeStickyAssignor",
        ]);
        kinds.push(format!("org.apache.kafka.clients.consumer.{assignor}"));
    }
    let one = |index: usize| {
        let group = index % groups;
        let mut config = vec![
            ("auto.offset.reset", "earliest".to_string()),
            ("session.timeout.ms", dice.text(&["6000", "10000"])),
            ("heartbeat.interval.ms", dice.text(&["500", "2000"])),
            ("max.poll.interval.ms", "12000".into()),
            ("auto.commit.interval.ms", dice.text(&["300", "2000"])),
            ("partition.assignment.strategy", kinds[group].clone()),
        ];
        if dice.once_in(5) {
            config.push(("group.instance.id", format!("c{index}")));
        }
        if dice.once_in(4) {
            config.push(("max.poll.records", dice.text(&["1", "5"])));
        }
        Consumer {
            name: format!("c{index}"),
            group: format!("g{group}"),
            topics: topics.iter().map(|topic| topic.name.clone()).collect(),
            per_record_ms: u64::from(dice.pick(&[0_u32, 0, 10, 100])),
            config,
        }
    };
    (0..count).map(one).collect()
}

fn steps(dice: &mut Dice, plan: &Plan, length: u64) -> Vec<Step> {
    let count = dice.between(2, 16);
    let mut times: Vec<u64> =
        (0..count).map(|_| 5_000 + u64::from(dice.0.below(length as u32))).collect();
    times.sort_unstable();
    let mut fate = Fate { plan, down: Vec::new(), paused: Vec::new(), cut: Vec::new() };
    times.into_iter().map(|at_ms| Step { at_ms, line: fate.next(dice) }).collect()
}

/// What has happened so far, so that what comes next makes sense.
struct Fate<'a> {
    plan: &'a Plan,
    down: Vec<u32>,
    paused: Vec<u32>,
    cut: Vec<String>,
}

impl Fate<'_> {
    fn next(&mut self, dice: &mut Dice) -> String {
        match dice.0.below(20) {
            0..=8 => self.fault(dice),
            9..=14 => self.repair(dice),
            15..=17 => self.ask(dice),
            _ => self.application(dice),
        }
    }

    fn server(&self, dice: &mut Dice) -> u32 {
        let Plan { brokers, controllers, .. } = *self.plan;
        if dice.once_in(5) { 100 + dice.0.below(controllers) } else { dice.between(1, brokers) }
    }

    fn fault(&mut self, dice: &mut Dice) -> String {
        let (one, other) = (self.server(dice), self.server(dice));
        let gone = self.down.contains(&one) || self.paused.contains(&one);
        match dice.0.below(9) {
            0..=2 if !gone => {
                self.down.push(one);
                format!("kill = {one}")
            }
            3..=4 if !gone => {
                self.down.push(one);
                format!("stop = {one}")
            }
            5 if !gone => {
                self.paused.push(one);
                format!("pause = {one}")
            }
            6 if one != other => self.cut_off(&format!("[{one}, {other}]"), "\none-way = true"),
            7 => format!("slow = {one}\ntransit = \"{}ms\"", dice.pick(&[20, 300, 1_500])),
            _ if one != other => self.cut_off(&format!("[{one}, {other}]"), ""),
            _ => self.cut_off(&one.to_string(), ""),
        }
    }

    fn cut_off(&mut self, link: &str, way: &str) -> String {
        let line = format!("cut = {link}{way}");
        self.cut.push(format!("heal = {link}{way}"));
        line
    }

    fn repair(&mut self, dice: &mut Dice) -> String {
        if !self.cut.is_empty() && dice.once_in(2) {
            return self.cut.remove(0);
        }
        if !self.paused.is_empty() && dice.once_in(2) {
            return format!("resume = {}", self.paused.remove(0));
        }
        if self.down.is_empty() {
            return self.fault(dice);
        }
        format!("start = {}", self.down.remove(0))
    }

    fn ask(&mut self, dice: &mut Dice) -> String {
        let topic = &self.plan.topics[dice.0.below(self.plan.topics.len() as u32) as usize];
        let partition = format!("\"{}-{}\"", topic.name, dice.0.below(topic.partitions));
        match dice.0.below(6) {
            0 => format!("elect-leaders = {{ partitions = [{partition}] }}"),
            1 if dice.once_in(3) => {
                format!("elect-leaders = {{ unclean = true, partitions = [{partition}] }}")
            }
            2 => {
                let before = dice.pick(&["-1", "1", "7", "20"]);
                format!("delete-records = {{ partition = {partition}, before = {before} }}")
            }
            3 => format!(
                "alter-configs = {{ topic = \"{}\", set = {{ min.insync.replicas = \"{}\" }} }}",
                topic.name,
                dice.pick(&[1, 2])
            ),
            _ => {
                let first = dice.between(1, self.plan.brokers);
                let after = |by: u32| (first + by - 1) % self.plan.brokers + 1;
                let count = dice.between(1, topic.replication_factor);
                let replicas: Vec<_> = (0..count).map(after).collect();
                format!(
                    "reassign-partitions = {{ partitions = [{{ partition = {partition}, replicas = {replicas:?} }}] }}"
                )
            }
        }
    }

    fn application(&mut self, dice: &mut Dice) -> String {
        let consumers = &self.plan.consumers;
        if consumers.is_empty() {
            return self.fault(dice);
        }
        let name = &consumers[dice.0.below(consumers.len() as u32) as usize].name;
        match dice.0.below(4) {
            0 => format!("stop-polling = \"{name}\""),
            1 => format!("poll-again = \"{name}\""),
            2 => format!("stop = \"{name}\""),
            _ => format!("kill = \"{name}\""),
        }
    }
}
