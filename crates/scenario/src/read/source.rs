//! Where a producer's events come from: a generator, a list, or a table.
//!
//! Invariant: exactly one of the three.

use super::{Reading, generator, records};
use crate::doc::{Item, Section};
use crate::table::{Columns, Format, Table};
use kafkascope_kernel::Micros;
use kafkascope_model::ids::Name;
use kafkascope_model::workload::{NewRecord, Workload};

const SOURCES: [&str; 3] = ["generate", "records", "table"];
/// The pace of a workload that does not say.
const EVERY: Micros = Micros::from_ms(1_000);

/// The workload of a producer; none if it sends nothing by itself.
pub fn workload(section: &Section<'_>, producer: &str, reading: &Reading<'_>) -> Option<Workload> {
    let topic = section.get("topic").and_then(|item| reading.cast.topic(&item));
    let every = section.time("every").unwrap_or(EVERY);
    let jitter = section.time("jitter").unwrap_or(Micros::ZERO);
    let burst = section.whole("burst", 1..=10_000).map_or(1, |burst| burst as u32);
    let first_after = section.time("first-after").unwrap_or(Micros::ZERO);
    let repeat = section.flag("repeat");
    let events = events(section, producer, reading)?;
    if every == Micros::ZERO {
        section.wrong("'every' must be longer than no time at all");
    }
    if topic.is_none() && section.present(&["topic"]).is_empty() {
        section.wrong("'topic' is missing: where do the events go?");
    }
    let topic: Name = topic?;
    Some(Workload { topic, events: events.into(), repeat, every, burst, jitter, first_after })
}

/// The events of the one source that is there.
pub fn events(
    section: &Section<'_>,
    producer: &str,
    reading: &Reading<'_>,
) -> Option<Vec<NewRecord>> {
    let present = section.present(&SOURCES);
    if present.len() > 1 {
        section.wrong(format!("events come from one source, not from {}", present.join(" and ")));
        return None;
    }
    let item = section.get(present.first()?)?;
    match present[0] {
        "generate" => {
            let generator = generator::read(&item.section()?)?;
            Some(generator.events(reading.seed, producer))
        }
        "records" => records::read(&item),
        _ => table(&item, reading),
    }
}

fn table(item: &Item<'_>, reading: &Reading<'_>) -> Option<Vec<NewRecord>> {
    let section = item.section()?;
    let file = section.need("file");
    let given = section.get("format");
    let limit = section.whole("limit", 1..=i64::from(reading.tables.limits.table_rows));
    let columns = Columns {
        key: section.text("key"),
        value: section.text("value"),
        timestamp: section.text("timestamp"),
        headers: section.texts("headers"),
        leave_out: section.texts("leave-out"),
        skip_malformed: section.flag("skip-malformed"),
    };
    section.finish();
    let file = file?;
    let name = file.text()?;
    let bytes = contents(&file, &name, reading)?;
    let format = format(&file, given.as_ref(), &name)?;
    let limit = limit.map_or(reading.tables.limits.table_rows, |limit| limit as u32);
    let table = file.parsed(Table::parse(&name, bytes, format, limit))?;
    match table.records(&columns) {
        Ok(records) => Some(records),
        Err(problems) => {
            for problem in problems.iter().take(10) {
                section.wrong(format!("{name}: {problem}"));
            }
            None
        }
    }
}

fn contents<'r>(file: &Item<'_>, name: &str, reading: &Reading<'r>) -> Option<&'r [u8]> {
    let bytes = reading.tables.get(name);
    if bytes.is_none() {
        let near = crate::nearest::did_you_mean(name, reading.tables.names());
        file.wrong(format!("there is no file '{name}'.{near}"));
    }
    bytes
}

fn format(file: &Item<'_>, given: Option<&Item<'_>>, name: &str) -> Option<Format> {
    let (item, found) = match given {
        Some(item) => (item, Format::named(&item.text()?)),
        None => (file, Format::of(name)),
    };
    if found.is_none() {
        item.wrong("a table is csv, tsv, ndjson or json; say so with 'format' or the file's name");
    }
    found
}
