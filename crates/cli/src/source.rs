//! Where a run comes from: a scenario with its tables, or a recording of a real Kafka.
//!
//! Told apart by what the file holds. Invariant: a source is read to the end and checked before anything runs.

use crate::args::Args;
use crate::trouble::{Trouble, read};
use kafkascope_kernel::Seed;
use kafkascope_scenario::{Problem, Scenario, Tables, load, shipped, table_files};
use kafkascope_session::Session;
use kafkascope_testkit::golden::GoldenRun;
use kafkascope_testkit::problem::json;
use std::path::Path;

/// What a run is about.
pub enum Source {
    /// A scenario.
    Scenario(Box<Scenario>),
    /// A recording.
    Recording(Box<GoldenRun>),
}

impl Source {
    /// Reads what `args` name: one file or shipped scenario, `--table` and `--seed`.
    pub fn of(mut args: Args) -> Result<Self, Trouble> {
        let mut tables = Vec::new();
        while let Some(table) = args.option("--table")? {
            tables.push(table);
        }
        let seed = args.number("--seed")?.map(Seed);
        let name = args.only("SCENARIO")?;
        if name.ends_with(".json") {
            return recording(&name).map(|run| Self::Recording(Box::new(run)));
        }
        let mut scenario = scenario(&name, &tables)?;
        scenario.script.spec.seed = seed.unwrap_or(scenario.script.spec.seed);
        Ok(Self::Scenario(Box::new(scenario)))
    }

    /// The scenario, for commands that play no recordings.
    pub fn into_scenario(self) -> Result<Scenario, Trouble> {
        match self {
            Self::Scenario(scenario) => Ok(*scenario),
            Self::Recording(run) => Err(Trouble::new(format!(
                "{} is a recording; 'kafkascope conform' plays it, 'kafkascope trace' shows it",
                run.name
            ))),
        }
    }
}

/// Opens a scenario's run.
pub fn open(scenario: &Scenario) -> Result<Session, Trouble> {
    Session::open(scenario.script.clone()).map_err(|refused| {
        Trouble::new(format!(
            "{}: command {} of its set-up is refused: {}",
            scenario.story.title, refused.index, refused.error
        ))
    })
}

/// A recording in a file.
fn recording(path: &str) -> Result<GoldenRun, Trouble> {
    let text = read(path)?;
    let told = |problem: kafkascope_testkit::problem::Problem| {
        Trouble::new(problem.in_file(path).to_string())
    };
    let document = json(&text).map_err(told)?;
    if !GoldenRun::is(&document) {
        return Err(Trouble::new(format!(
            "{path}: this JSON is no recording: one has `cluster` and `steps`"
        )));
    }
    GoldenRun::from_value(&document).map_err(told)
}

/// A scenario by its file or by the name of a shipped one.
fn scenario(name: &str, tables: &[String]) -> Result<Scenario, Trouble> {
    let (text, folder) = if Path::new(name).is_file() {
        (read(name)?, Path::new(name).parent().map(Path::to_path_buf).unwrap_or_default())
    } else {
        let known = shipped().iter().find(|scenario| scenario.id == name);
        let known = known.ok_or_else(|| unknown(name))?;
        (known.toml.to_string(), Path::new("").to_path_buf())
    };
    let mut files = Tables::native();
    let named = table_files(&text);
    for file in &named {
        if let Ok(bytes) = std::fs::read(folder.join(file)) {
            files.insert(file, bytes);
        }
    }
    for table in tables {
        insert(&mut files, &named, table)?;
    }
    load(&text, &files).map_err(|problems| listed(name, &problems))
}

/// A table of the user's takes the place of the one of its name, or of the only one there is.
fn insert(files: &mut Tables, named: &[String], path: &str) -> Result<(), Trouble> {
    let bytes = std::fs::read(path)
        .map_err(|error| Trouble::new(format!("{path}: cannot be read: {error}")))?;
    let own = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path);
    let same = named.iter().find(|name| name.rsplit('/').next() == Some(own));
    match (same, named) {
        (Some(name), _) | (None, [name]) => files.insert(name, bytes),
        (None, []) => {
            return Err(Trouble::new(format!("{path}: no producer of the scenario reads a table")));
        }
        (None, _) => {
            return Err(Trouble::new(format!(
                "{path}: the scenario reads {}; give the file one of these names",
                named.join(", ")
            )));
        }
    }
    Ok(())
}

fn unknown(name: &str) -> Trouble {
    let ids: Vec<_> = shipped().iter().map(|scenario| scenario.id).collect();
    Trouble::new(format!(
        "{name}: there is no such file, and no such scenario; shipped ones are {}",
        ids.join(", ")
    ))
}

fn listed(name: &str, problems: &[Problem]) -> Trouble {
    let lines: Vec<String> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
    Trouble::new(lines.join("\n"))
}
