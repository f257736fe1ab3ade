//! The applications of a script.
//!
//! Invariant: configs that Kafka refuses beside each other are never drawn together.

use super::super::plan::{Consumer, ConsumerKind, Pairs, Producer, Topic};
use super::Dice;

pub fn producers(dice: &mut Dice, topics: &[Topic], length: u64) -> Vec<Producer> {
    let count = dice.pick(&[1, 1, 2, 2, 3]);
    (1..=count).map(|index| one_producer(dice, topics, length, index)).collect()
}

fn one_producer(dice: &mut Dice, topics: &[Topic], length: u64, index: u32) -> Producer {
    let every_ms = u64::from(dice.pick(&[40_u32, 100, 300, 700]));
    let name = format!("p{index}");
    let transactional = dice.once_in(4);
    let mut config = if transactional { transactions(dice, &name) } else { plain(dice) };
    config.extend([
        ("request.timeout.ms", dice.text(&["2000", "5000"])),
        ("delivery.timeout.ms", dice.text(&["8000", "15000", "30000"])),
        ("max.block.ms", "8000".into()),
        ("linger.ms", dice.text(&["0", "5", "200"])),
        ("batch.size", dice.text(&["0", "120", "16384"])),
        ("max.in.flight.requests.per.connection", dice.text(&["1", "2", "5"])),
    ]);
    let topic = &topics[dice.0.below(topics.len() as u32) as usize];
    let compacted = topic.is_compacted();
    Producer {
        topic: topic.name.clone(),
        every_ms,
        count: (length / every_ms).clamp(3, 150),
        // A compacted topic takes no record without a key.
        keyed: compacted || dice.once_in(2),
        transactions: transactional.then(|| (dice.pick(&[1, 3, 10]), dice.pick(&[0, 0, 3]))),
        name,
        config,
    }
}

fn transactions(dice: &mut Dice, name: &str) -> Pairs {
    let id = if dice.once_in(4) { "shared" } else { name };
    vec![
        ("transactional.id", id.to_string()),
        ("transaction.timeout.ms", dice.text(&["5000", "15000"])),
    ]
}

fn plain(dice: &mut Dice) -> Pairs {
    let acks = dice.text(&["all", "all", "all", "all", "1", "0"]);
    let mut config = Vec::new();
    if acks == "all" && dice.once_in(4) {
        config.push(("enable.idempotence", "false".into()));
    }
    if dice.once_in(6) {
        config.push(("retries", dice.text(&["0", "2"])));
    }
    config.insert(0, ("acks", acks));
    config
}

pub fn consumers(dice: &mut Dice, topics: &[Topic]) -> Vec<Consumer> {
    let count = dice.pick(&[0, 1, 2, 2, 3]);
    let groups = dice.pick(&[1, 1, 2]);
    let kinds: Vec<ConsumerKind> = (0..groups).map(|_| kind(dice)).collect();
    let assignors: Vec<String> = (0..groups).map(|_| assignor(dice)).collect();
    let one = |index: usize| {
        let group = index % groups;
        let kind = kinds[group];
        Consumer {
            name: format!("c{index}"),
            group: format!("g{group}"),
            topics: topics.iter().map(|topic| topic.name.clone()).collect(),
            per_record_ms: u64::from(dice.pick(&[0_u32, 0, 10, 100])),
            config: config(dice, kind, &assignors[group], index),
            kind,
        }
    };
    (0..count).map(one).collect()
}

fn kind(dice: &mut Dice) -> ConsumerKind {
    dice.pick(&[
        ConsumerKind::Classic,
        ConsumerKind::Classic,
        ConsumerKind::Classic,
        ConsumerKind::Modern,
        ConsumerKind::Modern,
        ConsumerKind::Share,
    ])
}

fn assignor(dice: &mut Dice) -> String {
    let name = dice.pick(&[
        "RangeAssignor",
        "RoundRobinAssignor",
        "StickyAssignor",
        "CooperativeStickyAssignor",
    ]);
    format!("org.apache.kafka.clients.consumer.{name}")
}

fn config(dice: &mut Dice, kind: ConsumerKind, assignor: &str, index: usize) -> Pairs {
    let mut config = Vec::new();
    if kind != ConsumerKind::Share {
        config.push(("auto.offset.reset", "earliest".to_string()));
        config.push(("max.poll.interval.ms", "12000".into()));
        config.push(("auto.commit.interval.ms", dice.text(&["300", "2000"])));
        if dice.once_in(5) {
            config.push(("group.instance.id", format!("c{index}")));
        }
        if dice.once_in(4) {
            config.push(("isolation.level", "read_committed".into()));
        }
    }
    match kind {
        ConsumerKind::Classic => {
            config.push(("session.timeout.ms", dice.text(&["6000", "10000"])));
            config.push(("heartbeat.interval.ms", dice.text(&["500", "2000"])));
            config.push(("partition.assignment.strategy", assignor.to_string()));
        }
        ConsumerKind::Modern => {
            config.push(("group.protocol", "consumer".into()));
            config.push(("group.remote.assignor", dice.text(&["uniform", "range"])));
        }
        ConsumerKind::Share => {}
    }
    if dice.once_in(4) {
        config.push(("max.poll.records", dice.text(&["1", "5"])));
    }
    config
}
