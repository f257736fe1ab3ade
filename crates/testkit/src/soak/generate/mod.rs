//! The generator: from a seed to a script.
//!
//! It tries what Kafka's users do and what happens to them, more often what is dangerous. Invariant: equal seeds, equal
//! scripts.

mod applications;
mod clients;
mod fate;

use super::plan::{Pairs, Plan, Topic};
use clients::{consumers, producers};
use fate::steps;
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
        applications: Vec::new(),
        steps: Vec::new(),
        relief_ms: 8_000 + length,
    };
    plan.steps = steps(&mut dice, &plan, length);
    applications::add(seed, &mut plan, length);
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
    let copies = brokers.min(3).to_string();
    config.push(("transaction.state.log.num.partitions", "1".into()));
    config.push(("transaction.state.log.replication.factor", copies.clone()));
    config.push(("transaction.state.log.min.isr", "1".into()));
    config.push(("share.coordinator.state.topic.num.partitions", "1".into()));
    config.push(("share.coordinator.state.topic.replication.factor", copies));
    config.push(("share.coordinator.state.topic.min.isr", "1".into()));
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
        config.push(("cleanup.policy", "compact".into()));
        config.push(("min.cleanable.dirty.ratio", "0.1".into()));
    }
    if dice.once_in(8) {
        config.push(("message.timestamp.type", "LogAppendTime".into()));
    }
    Topic { name: name.into(), partitions: dice.pick(&[1, 2, 3]), replication_factor, config }
}
