//! The project's chores, as `cargo xtask CHORE`.
//!
//! One entry for people and CI alike, so that both do exactly the same. Every chore first sets up
//! what it needs on this machine and says so, one line a step.
//!
//! Invariant: a chore that fails prints one sentence that says why, and exits with 1.

mod args;
mod bench;
mod dist;
mod problem;
mod repo;
mod run;
mod serve;
mod setup;
mod site;
mod stories;
mod test;
mod tidy;
mod webdriver;

use std::process::ExitCode;

use args::Args;
use problem::{Done, Problem};

const USAGE: &str = "\
Usage: cargo xtask CHORE

  serve [--release] [--port N]   build the page and serve it on 127.0.0.1, rebuilding on changes
  test [--only STAGE] [--dev]    what CI runs; STAGE: tidy, fmt, clippy, native, wasm, e2e
                                 (--dev: the browser stories use a quick build of the page)
  dist [--out DIR]               the optimised static site, with .br and .gz beside each file
  screens [--dev]                pictures of the page in target/screens/
  bench                          the benchmarks, natively and in a browser
  setup                          only set this machine up
  env                            print the shell lines that give plain cargo and trunk the same tools
";

fn main() -> ExitCode {
    match chore(Args::from_command_line()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn chore(mut args: Args) -> Done {
    match args.word().as_deref() {
        Some("serve") => serve::chore(args),
        Some("test") => test::chore(args),
        Some("dist") => dist::chore(args),
        Some("screens") => stories::screens(args),
        Some("bench") => bench::chore(args),
        Some("setup") => setup::chore(args),
        Some("env") => setup::print_env(args),
        None | Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => Err(Problem::new(format!("there is no chore '{other}'\n\n{USAGE}"))),
    }
}
