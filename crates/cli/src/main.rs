//! `kafkascope`: the simulator without a browser.
//!
//! Invariant: the exit code is 0 only if everything that was asked for was done and, for `conform`, agreed.

mod args;
mod commands;
mod fact_json;
mod output;
mod source;
mod trouble;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match commands::run(&words) {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("kafkascope: {trouble}");
            ExitCode::from(2)
        }
    }
}
