//! Lines on standard output.
//!
//! Invariant: a reader that stops listening (`| head`) ends the command quietly.

use kafkascope_kernel::SimTime;
use std::fmt::Display;
use std::io::{BufWriter, Write};

/// Writes lines until they end or nobody listens any more.
pub fn lines(lines: impl IntoIterator<Item = String>) {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
    let _ = out.flush();
}

/// Says on standard error that a command of a scenario could not be carried out; what comes after it still is.
pub fn refused(at: SimTime, error: impl Display) {
    eprintln!("kafkascope: the command at {} ms was refused: {error}", at.as_ms());
}
