//! What breaks besides processes and links: single messages, power, disks, clocks.
//!
//! Invariant: whatever can be healed has its healing among the verbs.

use super::{Reading, records};
use crate::doc::{Item, Section};
use kafkascope_kernel::Micros;
use kafkascope_model::api::ApiKey;
use kafkascope_model::command::Command;
use kafkascope_model::ids::{MsgId, NodeId};
use kafkascope_model::net::{MessageFault, MessageSel, NextMessage};

/// The verbs; the healing of messages that are waited for is `heal`, of their links.
pub const VERBS: [&str; 10] = [
    "drop",
    "duplicate",
    "delay",
    "power-cut",
    "wipe",
    "slow-disk",
    "fill-disk",
    "heal-disk",
    "corrupt",
    "skew-clock",
];

/// How late a message is, or how slow a disk, that does not say.
const LATE: Micros = Micros::from_ms(5_000);
/// The latest a message, the slowest a disk may be.
const LONGEST_MS: i64 = 315_360_000_000;

/// The command of a verb.
pub fn read(
    verb: &str,
    item: &Item<'_>,
    entry: &Section<'_>,
    reading: &Reading<'_>,
) -> Option<Command> {
    let node = || reading.cast.node(item);
    Some(match verb {
        "drop" | "duplicate" | "delay" => message(verb, &item.section()?, reading)?,
        "power-cut" => Command::PowerCut(nodes(item, reading)?),
        "wipe" => Command::Wipe(node()?),
        "slow-disk" => Command::SlowDisk(node()?, entry.time("by").unwrap_or(LATE)),
        "fill-disk" => Command::FillDisk(node()?),
        "heal-disk" => Command::HealDisk(node()?),
        "skew-clock" => {
            let by = entry.need("by-ms").and_then(|item| item.whole(-LONGEST_MS..=LONGEST_MS));
            Command::SkewClock(node()?, by?)
        }
        _ => corrupt(&item.section()?, reading)?,
    })
}

/// `{ api = "PRODUCE", from = "shop", to = "broker 1" }`, with `answer = true` for the answers, or `{ message = 17 }`.
fn message(verb: &str, section: &Section<'_>, reading: &Reading<'_>) -> Option<Command> {
    let by = if verb == "delay" { section.time("by").unwrap_or(LATE) } else { LATE };
    let fault = match verb {
        "drop" => MessageFault::Drop,
        "duplicate" => MessageFault::Duplicate,
        _ => MessageFault::Delay(by),
    };
    let sel = match section.whole("message", 0..=i64::MAX) {
        Some(id) => Some(MessageSel::UnderWay(MsgId(id.unsigned_abs()))),
        None => next(section, reading).map(MessageSel::Next),
    };
    section.finish();
    Some(Command::Tamper(sel?, fault))
}

fn next(section: &Section<'_>, reading: &Reading<'_>) -> Option<NextMessage> {
    let end = |key| section.need(key).and_then(|item| reading.cast.node(&item));
    let (from, to, answer) = (end("from"), end("to"), section.flag("answer"));
    let name = section.need("api")?;
    let api = ApiKey::ALL.iter().copied().find(|api| Some(api.name()) == name.text().as_deref());
    if api.is_none() {
        name.wrong("this is no API of Kafka; write it as Kafka does: PRODUCE, FETCH, METADATA");
    }
    Some(NextMessage { api: api?, answer, from: from?, to: to? })
}

fn nodes(item: &Item<'_>, reading: &Reading<'_>) -> Option<Vec<NodeId>> {
    if !item.raw().is_array() {
        return reading.cast.node(item).map(|node| vec![node]);
    }
    item.items()?.iter().map(|node| reading.cast.node(node)).collect()
}

/// `{ broker = 1, partition = "orders-0", offset = 7 }`
fn corrupt(section: &Section<'_>, reading: &Reading<'_>) -> Option<Command> {
    let broker = section.need("broker").and_then(|item| reading.cast.node(&item));
    let offset = section.need("offset").and_then(|item| item.whole(0..=i64::MAX));
    let partition = section.need("partition").and_then(|item| records::partition(&item));
    section.finish();
    let (topic, partition) = partition?;
    Some(Command::Corrupt { broker: broker?, topic, partition, offset: offset? })
}
