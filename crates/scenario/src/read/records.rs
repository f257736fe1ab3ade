//! Records as a list in the text has them.
//!
//! Invariant: a key or value that is not there is null, one that is empty is empty.

use crate::doc::{Item, Section};
use kafkascope_model::ids::{Bytes, Name};
use kafkascope_model::log::Header;
use kafkascope_model::workload::NewRecord;

/// The most records of one list.
const MAX_RECORDS: usize = 10_000;

/// A list of records: texts are values without keys, tables say more.
pub fn read(item: &Item<'_>) -> Option<Vec<NewRecord>> {
    let items = item.items()?;
    if items.len() > MAX_RECORDS {
        item.wrong(format!("{MAX_RECORDS} records are the most of one list; use a table"));
        return None;
    }
    items.iter().map(one).collect()
}

fn one(item: &Item<'_>) -> Option<NewRecord> {
    if item.raw().is_str() {
        return Some(NewRecord { value: item.text().map(bytes), ..NewRecord::default() });
    }
    let section = item.section()?;
    let record = NewRecord {
        key: payload(&section, "key", "key-hex"),
        value: payload(&section, "value", "value-hex"),
        partition: section.whole("partition", 0..=i64::from(i32::MAX)).map(|index| index as i32),
        timestamp: section.get("timestamp").and_then(|item| item.moment()),
        headers: headers(&section),
    };
    section.finish();
    Some(record)
}

fn payload(section: &Section<'_>, plain: &'static str, hex: &'static str) -> Option<Bytes> {
    if let Some(item) = section.get(hex) {
        return from_hex(&item);
    }
    section.text(plain).map(bytes)
}

fn from_hex(item: &Item<'_>) -> Option<Bytes> {
    let text = item.text()?;
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    let read: Option<Vec<u8>> = pairs.map(byte).collect();
    if read.is_none() {
        item.wrong("expected pairs of hexadecimal digits");
    }
    read.map(Into::into)
}

/// A table of headers, or a list of tables with `key` and `value` where names repeat.
fn headers(section: &Section<'_>) -> Option<kafkascope_kernel::Shared<Header>> {
    let item = section.get("headers")?;
    if item.raw().is_array() {
        let header = |item: &Item<'_>| {
            let section = item.section()?;
            let key: Name = section.need("key")?.text()?.into();
            let value = payload(&section, "value", "value-hex");
            section.finish();
            Some(Header { key, value })
        };
        return item.items()?.iter().map(header).collect();
    }
    let header = |(key, item): (&str, Item<'_>)| {
        Some(Header { key: key.into(), value: Some(bytes(item.text()?)) })
    };
    item.section()?.entries().into_iter().map(header).collect()
}

/// `trips-0`, as Kafka writes a partition.
pub fn partition(item: &Item<'_>) -> Option<(Name, i32)> {
    let text = item.text()?;
    let read = text.rsplit_once('-').and_then(|(topic, index)| {
        let index = index.parse().ok().filter(|index| *index >= 0)?;
        (!topic.is_empty()).then(|| (Name::from(topic), index))
    });
    if read.is_none() {
        item.wrong(format!("'{text}' is no partition; write topic and index, as in \"trips-0\""));
    }
    read
}

fn bytes(text: String) -> Bytes {
    text.into_bytes().into()
}
