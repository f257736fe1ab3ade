//! Reads a scenario's text.
//!
//! Invariant: either a scenario, or every problem that can be found without running it.

mod admin;
mod cast;
mod clients;
mod cluster;
mod configs;
mod events;
mod faults;
mod generator;
mod producers;
mod records;
mod shares;
mod source;

use crate::builder::{Builder, Scenario, Story};
use crate::doc::{Problems, Section};
use crate::problem::Problem;
use crate::table::Tables;
use cast::Cast;
use kafkascope_kernel::{Micros, SimTime};
use kafkascope_model::net::link::NetworkProfile;
use kafkascope_model::world::World;
use toml::Spanned;
use toml::de::DeTable;

/// The longest text that is read.
const MAX_TEXT: usize = 4 << 20;

/// What every part of the reader needs.
struct Reading<'r> {
    tables: &'r Tables,
    cast: Cast,
    seed: kafkascope_kernel::Seed,
}

/// Reads a scenario; its limits are those of `tables`.
pub fn load(text: &str, tables: &Tables) -> Result<Scenario, Vec<Problem>> {
    let problems = Problems::new(text);
    let document = parse(text)?;
    let root = Section::new(document.get_ref(), 0..0, String::new(), &problems);
    let scenario = read(&root, tables);
    root.finish();
    drop(root);
    let mut found = problems.into_found();
    if found.is_empty() {
        found.extend(trial(&scenario));
    }
    if found.is_empty() { Ok(scenario) } else { Err(found) }
}

/// The files that a scenario's producers name, in order; none if it cannot be read.
pub fn table_files(text: &str) -> Vec<String> {
    let Ok(document) = parse(text) else { return Vec::new() };
    let problems = Problems::new(text);
    let root = Section::new(document.get_ref(), 0..0, String::new(), &problems);
    let tables = root.sections("producer").into_iter().filter_map(|it| it.section("table"));
    let mut files: Vec<String> = tables.filter_map(|table| table.text("file")).collect();
    files.dedup();
    files
}

fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, Vec<Problem>> {
    if text.len() > MAX_TEXT {
        let message = format!("{} MB is the most that is read", MAX_TEXT >> 20);
        return Err(vec![Problem::whole(message)]);
    }
    DeTable::parse(text).map_err(|error| {
        let problems = Problems::new(text);
        let place = error.span().unwrap_or(0..0);
        problems.add(&place, "", format!("this is not TOML: {}", error.message()));
        problems.into_found()
    })
}

fn read(root: &Section<'_>, tables: &Tables) -> Scenario {
    let mut builder = head(root, tables);
    let mut reading = Reading { tables, cast: Cast::default(), seed: builder.seed_of() };
    builder = cluster::read(root, &mut reading, builder);
    for section in root.sections("topic") {
        builder = match cluster::topic(&section, &mut reading.cast) {
            Some(topic) => builder.topic_as(topic),
            None => builder,
        };
    }
    builder = clients::read(root, &mut reading, builder);
    events::read(root, &mut reading, builder).build()
}

/// Texts, seed, network and clocks.
fn head(root: &Section<'_>, tables: &Tables) -> Builder {
    root.whole("format", 1..=1);
    let story = Story {
        title: root.need("title").and_then(|item| item.text()).unwrap_or_default(),
        teaser: root.text("teaser").unwrap_or_default(),
        watch: root.texts("watch"),
    };
    let mut builder = Builder::new("").story(story).limits(tables.limits);
    if let Some(seed) = root.whole("seed", 0..=i64::MAX) {
        builder = builder.seed(seed.unsigned_abs());
    }
    if let Some(profile) = network(root) {
        builder = builder.network(profile);
    }
    if let Some(moment) = root.get("clock").and_then(|item| item.moment()) {
        builder = builder.clock(moment);
    }
    match root.time("opens") {
        Some(at) => builder.opens_at(SimTime::ZERO + at),
        None => builder,
    }
}

fn network(root: &Section<'_>) -> Option<NetworkProfile> {
    let item = root.get("network")?;
    if item.raw().is_table() {
        let own = item.section()?;
        let base = NetworkProfile::KAFKA;
        let or = |key, usual: Micros| own.time(key).unwrap_or(usual);
        let profile = NetworkProfile {
            latency: or("latency", base.latency),
            jitter: or("jitter", base.jitter),
            per_kilobyte: or("per-kilobyte", base.per_kilobyte),
            boot: or("boot", base.boot),
        };
        own.finish();
        return Some(profile);
    }
    match item.text()?.as_str() {
        "kafka" => Some(NetworkProfile::KAFKA),
        "classroom" => Some(NetworkProfile::CLASSROOM),
        other => {
            item.wrong(format!(
                "'{other}' is no network; write \"classroom\" (slow enough to watch), \"kafka\" (a \
                 data centre), or a table with latency, jitter, per-kilobyte and boot"
            ));
            None
        }
    }
}

/// What the world itself refuses of the set-up.
fn trial(scenario: &Scenario) -> Option<Problem> {
    let mut world = World::new(scenario.script.spec.clone());
    for command in &scenario.script.setup {
        if let Err(error) = world.submit(command) {
            return Some(Problem::whole(error.to_string()));
        }
    }
    let (commands, limit) =
        (scenario.script.entries.len(), scenario.script.spec.limits.script_commands);
    (commands as u64 > u64::from(limit))
        .then(|| Problem::whole(format!("{commands} commands; {limit} are the most of one run")))
}
