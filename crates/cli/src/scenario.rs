//! A scenario from a file or from those that come with Kafkascope, opened as a session.
//!
//! Invariant: every problem of the file is told, each with its line.

use crate::args::Args;
use crate::trouble::{Trouble, read};
use kafkascope_kernel::Seed;
use kafkascope_scenario::{Scenario, Tables, load, shipped, table_files};
use kafkascope_session::Session;
use std::path::Path;

/// Reads the scenario that `args` names, with `--seed` and `--table` already taken from them.
pub fn open(
    file: &str,
    seed: Option<u64>,
    table: Option<&str>,
) -> Result<(Scenario, Session), Trouble> {
    let known = shipped().iter().find(|known| known.id == file);
    let text = match known {
        Some(known) => known.toml.to_string(),
        None => read(file)?,
    };
    let mut tables = Tables::native();
    for name in table_files(&text) {
        let beside = Path::new(file).with_file_name(&name);
        let path = table.map_or(beside.as_path(), Path::new);
        if let Ok(bytes) = std::fs::read(path) {
            tables.insert(&name, bytes);
        }
    }
    let mut scenario = load(&text, &tables).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|problem| format!("{file}: {problem}")).collect();
        Trouble::new(lines.join("\n"))
    })?;
    if let Some(seed) = seed {
        scenario.script.spec.seed = Seed(seed);
    }
    let session = Session::open(scenario.script.clone()).map_err(|refused| {
        Trouble::new(format!("{file}: set-up step {}: {}", refused.index, refused.error))
    })?;
    Ok((scenario, session))
}

/// The options that every command on a scenario has, and the scenario itself.
pub fn from_args(mut args: Args) -> Result<(String, Scenario, Session), Trouble> {
    let seed = args.number("--seed")?;
    let table = args.option("--table")?;
    let file = args.only("SCENARIO")?;
    let (scenario, session) = open(&file, seed, table.as_deref())?;
    Ok((file, scenario, session))
}
