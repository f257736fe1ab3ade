//! Producers and consumers.
//!
//! Invariant: no two applications have one name.

use super::{Reading, configs, producers, records, shares, source};
use crate::builder::Builder;
use crate::doc::{Item, Section};
use kafkascope_model::command::{ConfigPairs, ConsumerSpec, ProducerSpec};
use kafkascope_model::config::consumer::ConsumerConfig;
use kafkascope_model::group::modern::pattern::Pattern;
use kafkascope_model::ids::Name;
use kafkascope_model::workload::{CommitStrategy, OnPoison, Outside, Processing, SideEffect};

/// `[[producer]]`, `[[consumer]]` and `[[share-consumer]]`.
pub fn read(root: &Section<'_>, reading: &mut Reading<'_>, mut builder: Builder) -> Builder {
    for section in root.sections("producer") {
        if let Some(spec) = producer(&section, reading) {
            builder = builder.producer(spec);
        }
    }
    for section in root.sections("consumer") {
        for spec in consumers(&section, reading) {
            builder = builder.consumer(spec);
        }
    }
    for section in root.sections("share-consumer") {
        for spec in shares::consumers(&section, reading) {
            builder = builder.share_consumer(spec);
        }
    }
    builder
}

/// One application with a producer.
pub fn producer(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<ProducerSpec> {
    let name = section.need("name").and_then(|item| fresh(&item, reading));
    let (config, app) = producers::app(section, reading);
    let workload = source::workload(section, name.as_deref().unwrap_or(""), reading);
    section.finish();
    let name = name?;
    reading.cast.add_client(&name);
    Some(ProducerSpec { name, config, workload, app })
}

/// One application with a consumer, or `count` of them: `NAME-1`, `NAME-2`, …
pub fn consumers(section: &Section<'_>, reading: &mut Reading<'_>) -> Vec<ConsumerSpec> {
    let spec = consumer(section, reading);
    let names = names(section, reading);
    section.finish();
    names.into_iter().map(|name| ConsumerSpec { name, ..spec.clone() }).collect()
}

/// The names of an application or of `count` of them, from now on taken.
pub fn names(section: &Section<'_>, reading: &mut Reading<'_>) -> Vec<Name> {
    let name = section.need("name");
    let count = section.get("count");
    let Some(name) = name.filter(|item| fresh(item, reading).is_some()) else { return Vec::new() };
    let Some(base) = name.text() else { return Vec::new() };
    let names: Vec<String> = match count.map(|item| item.whole(1..=100)) {
        None => vec![base],
        Some(None) => Vec::new(),
        Some(Some(count)) => (1..=count).map(|index| format!("{base}-{index}")).collect(),
    };
    let mut named = |one: &String| {
        if reading.cast.has_client(one) {
            name.wrong(format!("there is an application '{one}' already"));
        }
        reading.cast.add_client(one);
        Name::from(one.as_str())
    };
    names.iter().map(&mut named).collect()
}

/// Everything of a consumer but its name.
fn consumer(section: &Section<'_>, reading: &Reading<'_>) -> ConsumerSpec {
    let config = config(section);
    let topics = section.get("topics").and_then(|item| item.items()).unwrap_or_default();
    let assign = section.get("assign").and_then(|item| item.items()).unwrap_or_default();
    let subscribe: Vec<Name> = topics.iter().filter_map(|it| reading.cast.topic(it)).collect();
    let pattern = section.text("pattern").map(Name::from);
    let has_group = config.iter().any(|(key, _)| &**key == "group.id");
    if pattern.as_deref().is_some_and(|text| Pattern::parse(text).is_none()) {
        section.wrong("'pattern' is a regular expression in RE2's words, such as 'orders-.*'");
    }
    let ways = [!topics.is_empty(), !assign.is_empty(), pattern.is_some()];
    if ways.iter().filter(|way| **way).count() != 1 {
        section.wrong(
            "a consumer reads 'topics', those of a 'pattern', or the partitions in 'assign': one of them",
        );
    } else if assign.is_empty() && !has_group {
        section.wrong("a consumer that reads 'topics' is a member of a group: write 'group'");
    }
    ConsumerSpec {
        name: "".into(),
        config,
        subscribe,
        pattern,
        assign: assign.iter().filter_map(records::partition).collect(),
        processing: processing(section, reading),
    }
}

/// A consumer's configs, its group among them.
pub fn config(section: &Section<'_>) -> ConfigPairs {
    let mut config = configs::read::<ConsumerConfig>(section, "config");
    if let Some(item) = section.get("group")
        && let Some(group) = item.text()
    {
        if config.iter().any(|(key, _)| &**key == "group.id") {
            item.wrong("'group' and group.id say the same; write one of them");
        }
        config.push(("group.id".into(), group.into()));
    }
    config
}

/// How a consumer's application works.
pub fn processing(section: &Section<'_>, reading: &Reading<'_>) -> Processing {
    let usual = Processing::default();
    Processing {
        per_record: section.time("per-record").unwrap_or(usual.per_record),
        per_poll: section.time("per-poll").unwrap_or(usual.per_poll),
        poll_timeout: section.time("poll-timeout").unwrap_or(usual.poll_timeout),
        commits: commits(section, reading),
        on_poison: on_poison(section),
        effect: effect(section),
    }
}

/// How it commits, in its own words.
fn commits(section: &Section<'_>, reading: &Reading<'_>) -> CommitStrategy {
    let workers = section.whole("workers", 1..=64).unwrap_or(4) as u8;
    let Some(item) = section.get("commits") else { return CommitStrategy::ByConfig };
    if item.raw().as_str() == Some("in-transaction") {
        let producer = section.need("producer").and_then(|item| reading.cast.node(&item));
        if section.get("count").is_some() {
            section.wrong("a producer answers one consumer; leave 'count' out");
        }
        return producer.map_or(CommitStrategy::ByConfig, |producer| {
            CommitStrategy::InTransaction { producer }
        });
    }
    let known = [
        ("by-config", CommitStrategy::ByConfig),
        ("sync-per-batch", CommitStrategy::SyncPerBatch),
        ("sync-per-record", CommitStrategy::SyncPerRecord),
        ("async-per-batch", CommitStrategy::AsyncPerBatch),
        ("background", CommitStrategy::Background { workers }),
        ("pool", CommitStrategy::Pool { workers, careful: false }),
        ("in-transaction", CommitStrategy::ByConfig),
        ("careful-pool", CommitStrategy::Pool { workers, careful: true }),
    ];
    one_of(&item, &known)
}

/// What each record makes it do outside Kafka: `effect = "charge"`, with `effect-once = true` if nothing is done twice there.
fn effect(section: &Section<'_>) -> Option<SideEffect> {
    let knows_again = section.flag("effect-once");
    let Some(item) = section.get("effect") else {
        if knows_again {
            section.wrong(
                "'effect-once' says how an 'effect' is done: \"row\", \"charge\" or \"mail\"",
            );
        }
        return None;
    };
    let known = [("row", Outside::Row), ("charge", Outside::Charge), ("mail", Outside::Mail)];
    Some(SideEffect { kind: one_of(&item, &known), knows_again })
}

/// What it does with a value that begins with `poison`.
fn on_poison(section: &Section<'_>) -> OnPoison {
    let Some(item) = section.get("poison") else { return OnPoison::Harmless };
    let known = [
        ("harmless", OnPoison::Harmless),
        ("stuck", OnPoison::Stuck),
        ("skip", OnPoison::Skip),
        ("retry-in-place", OnPoison::RetryInPlace),
        ("retry-topic", OnPoison::RetryTopic),
        ("dead-letter", OnPoison::DeadLetter),
    ];
    one_of(&item, &known)
}

pub fn one_of<T: Copy>(item: &Item<'_>, known: &[(&str, T)]) -> T {
    let text = item.text().unwrap_or_default();
    let found = known.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        item.wrong(format!("'{text}' is not one of {}", words.join(", ")));
    }
    found.map_or(known[0].1, |(_, choice)| *choice)
}

fn fresh(item: &Item<'_>, reading: &Reading<'_>) -> Option<Name> {
    let name = item.text()?;
    if name.is_empty() || reading.cast.has_client(&name) {
        item.wrong(if name.is_empty() {
            "an application needs a name".to_string()
        } else {
            format!("there is an application '{name}' already")
        });
        return None;
    }
    Some(name.into())
}
