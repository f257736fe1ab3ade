//! `[[at]]`: what happens, and when.
//!
//! Invariant: an entry does one thing; entries are read in the order of time, so that names mean who is there then.

use super::{Reading, admin, clients, cluster, faults, records, shares, source};
use crate::builder::Builder;
use crate::doc::{Item, Section};
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::command::Command;
use kafkascope_model::ids::NodeId;
use kafkascope_model::net::LinkSel;

/// What an entry may do besides asking the cluster through the admin client.
const VERBS: [&str; 23] = [
    "add-broker",
    "add-producer",
    "add-consumer",
    "add-share-consumer",
    "close",
    "kill",
    "stop",
    "start",
    "pause",
    "resume",
    "cut",
    "slow",
    "heal",
    "produce",
    "commit",
    "seek",
    "seek-to-time",
    "pause-partitions",
    "resume-partitions",
    "stop-polling",
    "poll-again",
    "processing",
    "workload",
];

/// How long a message takes on a slowed link that does not say.
const SLOW: Micros = Micros::from_ms(5_000);

/// Every `[[at]]`.
pub fn read(root: &Section<'_>, reading: &mut Reading<'_>, mut builder: Builder) -> Builder {
    let sections = root.sections("at").into_iter();
    let mut entries: Vec<_> =
        sections.filter_map(|section| Some((section.need("time")?.time()?, section))).collect();
    entries.sort_by_key(|(at, _)| *at);
    for (at, section) in entries {
        let commands = one(&section, reading);
        section.finish();
        for command in commands {
            builder = builder.at(SimTime::ZERO + at, command);
        }
    }
    builder
}

fn one(section: &Section<'_>, reading: &mut Reading<'_>) -> Vec<Command> {
    let mut present = section.present(&VERBS);
    let asked = section.present(&admin::VERBS);
    let broken = section.present(&faults::VERBS);
    present.extend(asked.iter().chain(&broken));
    section.present(&["one-way", "transit", "by", "by-ms"]);
    let [verb] = present.as_slice() else {
        section.wrong(if present.is_empty() {
            format!(
                "nothing happens: write one of {}, {}, {}",
                VERBS.join(", "),
                faults::VERBS.join(", "),
                admin::VERBS.join(", ")
            )
        } else {
            format!("an entry does one thing, not {}", present.join(" and "))
        });
        return Vec::new();
    };
    let Some(item) = section.get(verb) else { return Vec::new() };
    if !asked.is_empty() {
        let call = admin::read(verb, &item, &mut reading.cast);
        return call.map(Command::Admin).into_iter().collect();
    }
    if !broken.is_empty() {
        return faults::read(verb, &item, section, reading).into_iter().collect();
    }
    if *verb == "add-consumer" {
        let specs = item.section().map(|inside| clients::consumers(&inside, reading));
        return specs.into_iter().flatten().map(Command::AddConsumer).collect();
    }
    if *verb == "add-share-consumer" {
        let specs = item.section().map(|inside| shares::consumers(&inside, reading));
        return specs.into_iter().flatten().map(Command::AddShareConsumer).collect();
    }
    command(verb, &item, section, reading).into_iter().collect()
}

fn command(
    verb: &str,
    item: &Item<'_>,
    entry: &Section<'_>,
    reading: &mut Reading<'_>,
) -> Option<Command> {
    let node = |reading: &Reading<'_>| reading.cast.node(item);
    Some(match verb {
        "add-broker" => add_broker(item, reading)?,
        "add-producer" => Command::AddProducer(clients::producer(&item.section()?, reading)?),
        "close" => Command::CloseClient { client: node(reading)? },
        "kill" => Command::Kill(node(reading)?),
        "stop" => Command::Stop(node(reading)?),
        "start" => Command::Start(node(reading)?),
        "pause" => Command::Pause(node(reading)?),
        "resume" => Command::Resume(node(reading)?),
        "cut" => Command::Cut(link(item, entry, reading)?),
        "heal" => Command::Heal(link(item, entry, reading)?),
        "slow" => Command::Slow(link(item, entry, reading)?, entry.time("transit").unwrap_or(SLOW)),
        "stop-polling" => Command::BlockPolling { consumer: node(reading)?, blocked: true },
        "poll-again" => Command::BlockPolling { consumer: node(reading)?, blocked: false },
        _ => application(verb, &item.section()?, reading)?,
    })
}

fn add_broker(item: &Item<'_>, reading: &mut Reading<'_>) -> Option<Command> {
    let section = item.section()?;
    let (id, rack, config) = cluster::broker(&section, &section.need("id")?)?;
    reading.cast.know_server(id);
    Some(Command::AddBroker { id, rack, config })
}

/// What an application is told.
fn application(verb: &str, section: &Section<'_>, reading: &Reading<'_>) -> Option<Command> {
    let node = |key| section.need(key).and_then(|item| reading.cast.node(&item));
    let command = match verb {
        "produce" => {
            let producer = node("producer");
            let topic = section.need("topic").and_then(|item| reading.cast.topic(&item));
            let records = source::events(section, "", reading);
            if records.is_none() {
                section.wrong("'produce' needs 'records'");
            }
            Command::Send { producer: producer?, topic: topic?, records: records? }
        }
        "commit" => {
            let consumer = node("consumer");
            let offsets = section.get("offsets").and_then(|item| offsets(&item));
            Command::Commit { consumer: consumer?, offsets }
        }
        "seek" => {
            let (consumer, partition) = (node("consumer"), section.need("partition"));
            let offset = section.need("offset").and_then(|item| item.whole(0..=i64::MAX));
            let (topic, partition) = records::partition(&partition?)?;
            Command::Seek { consumer: consumer?, topic, partition, offset: offset? }
        }
        "seek-to-time" => {
            let timestamp = section.need("moment").and_then(|item| item.moment());
            Command::SeekToTime { consumer: node("consumer")?, timestamp: timestamp? }
        }
        "pause-partitions" | "resume-partitions" => {
            let partitions = section.need("partitions").and_then(|item| item.items());
            let partitions = partitions?.iter().map(records::partition).collect::<Option<_>>()?;
            let paused = verb == "pause-partitions";
            Command::PauseFetching { consumer: node("consumer")?, partitions, paused }
        }
        "processing" => {
            let processing = clients::processing(section, reading);
            Command::SetProcessing { consumer: node("consumer")?, processing }
        }
        _ => {
            let producer = node("producer")?;
            let workload = source::workload(section, "", reading);
            Command::SetWorkload { producer, workload }
        }
    };
    section.finish();
    Some(command)
}

/// `[{ partition = "trips-0", offset = 5 }]`
pub fn offsets(item: &Item<'_>) -> Option<Vec<(kafkascope_model::ids::Name, i32, i64)>> {
    let one = |item: &Item<'_>| {
        let section = item.section()?;
        let partition = section.need("partition").and_then(|item| records::partition(&item));
        let offset = section.need("offset").and_then(|item| item.whole(0..=i64::MAX));
        section.finish();
        let (topic, partition) = partition?;
        Some((topic, partition, offset?))
    };
    item.items()?.iter().map(one).collect()
}

/// A node, or two of them.
fn link(item: &Item<'_>, entry: &Section<'_>, reading: &Reading<'_>) -> Option<LinkSel> {
    let one_way = entry.flag("one-way");
    if !item.raw().is_array() {
        return reading.cast.node(item).map(LinkSel::Around);
    }
    let ends: Vec<NodeId> =
        item.items()?.iter().map(|end| reading.cast.node(end)).collect::<Option<_>>()?;
    match ends.as_slice() {
        [from, to] if one_way => Some(LinkSel::OneWay(*from, *to)),
        [a, b] => Some(LinkSel::Between(*a, *b)),
        _ => {
            item.wrong("a link is a node, or two nodes in [ ]");
            None
        }
    }
}
